import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { isOutOfMemory, startThread } from '../thread.ts';
import { reasonOf, ThreadPool } from '../thread-pool.ts';
import { failedRun, type Ran, type RunOrder } from './code-step.ts';
import { interpreter } from './interpreter.ts';

/** What a thread is sent, and what it sends back. */
export interface ToCode {
  readonly id: number;
  readonly order: RunOrder;
}
export type FromCode =
  | { readonly type: 'begun'; readonly id: number }
  | { readonly type: 'ran'; readonly id: number; readonly ran: Ran };

/** Runs that may wait for a thread. */
const MOST_WAITING = 256;
/** A thread without work is ended after this long, in milliseconds: alerts of a quiet night still find it warm. */
const IDLE_MS = 300_000;
/** How long a thread may take to start, in milliseconds. */
const START_MS = 30_000;
/** A step computes at most its limit; on a busy machine that takes longer. Beyond this many times the limit, and a little, its thread is ended. */
const PATIENCE = 4;
const PATIENCE_MS = 1_000;
/** What a thread has beside the memory of the interpreter, in MB: records come and go as text. */
const HEAP_MB = 96;
/** Of the thread's own stack, in MB: the interpreter's limit must be met first. */
const STACK_MB = 32;

/**
 * Threads that run customers' code: started when first needed, ended when idle, and ended with code that does not come to an end where the
 * interpreter cannot stop it.
 */
export class CodeThreads {
  readonly #pool: ThreadPool;

  constructor(most: number = Math.max(1, availableParallelism() - 1), idleMs = IDLE_MS) {
    this.#pool = new ThreadPool({
      most,
      mostWaiting: MOST_WAITING,
      tooMany: 'Too many code steps are waiting. Try again in a few seconds.',
      idleMs,
      start: startCodeThread,
    });
  }

  /** Threads that there are now. */
  get count(): number {
    return this.#pool.count;
  }

  /**
   * Runs steps on a record. What the code does wrong is in the answer.
   * @param signal ends it; then the error is the signal's reason.
   * @throws Refusal `too_many` with too many waiting, `stopping` when the service stops.
   */
  run(order: RunOrder, signal?: AbortSignal): Promise<Ran> {
    return this.#pool.use<Ran, FromCode>(({ worker, id, resolve, reject, keep, discard }) => {
      const limitMs = order.steps.reduce((sum, { limits }) => sum + limits.cpuSeconds * 1_000, 0);
      const end = (ran: Ran): void => {
        discard();
        resolve(ran);
      };
      let timer = setTimeout(() => end(failedRun('The thread of the code steps did not start.')), START_MS);
      worker.postMessage({ id, order } satisfies ToCode);
      return {
        heard(message) {
          if (message.id !== id) return;
          if (message.type === 'begun') {
            clearTimeout(timer);
            timer = setTimeout(() => end(failedRun(tooLong(order), { exhausted: true })), limitMs * PATIENCE + PATIENCE_MS);
            return;
          }
          // Memory that the interpreter has taken is given back only with its thread.
          if (message.ran.exhausted) discard();
          else keep();
          resolve(message.ran);
        },
        broke: (error) => resolve(failedRun(crashed(error), { exhausted: true })),
        aborted() {
          discard();
          reject(reasonOf(signal!));
        },
        left: () => clearTimeout(timer),
      };
    }, signal);
  }

  /** Ends all threads and refuses what waits. */
  stop(): Promise<void> {
    return this.#pool.stop();
  }
}

function startCodeThread(): Worker {
  return startThread(import.meta.url, 'code-worker', {
    workerData: interpreter(),
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: STACK_MB },
    // Nothing of ours is to be seen from there, should anything ever get out of the interpreter.
    env: {},
  });
}

function tooLong({ steps }: RunOrder): string {
  const named = steps.map(({ title }) => `"${title}"`).join(', ');
  return `The code ${steps.length === 1 ? 'step' : 'steps'} ${named} failed: it took too long and was ended with its thread.`;
}

function crashed(error: Error): string {
  return isOutOfMemory(error) ? 'The code steps needed too much memory and were ended.' : 'The thread of the code steps broke.';
}
