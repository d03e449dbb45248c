import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Refusal, stopping } from '../errors.ts';
import { startThread } from '../thread.ts';
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

interface Waiting {
  readonly order: RunOrder;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (ran: Ran) => void;
  readonly reject: (error: Error) => void;
}

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
  readonly #most: number;
  readonly #idleMs: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #queue: Waiting[] = [];
  readonly #idleTimers = new Map<Worker, NodeJS.Timeout>();
  #next = 0;
  #stopped = false;

  constructor(most: number = Math.max(1, availableParallelism() - 1), idleMs = IDLE_MS) {
    this.#most = most;
    this.#idleMs = idleMs;
  }

  /** Threads that there are now. */
  get count(): number {
    return this.#all.size;
  }

  /**
   * Runs steps on a record. What the code does wrong is in the answer.
   * @param signal ends it; then the error is the signal's reason.
   * @throws Refusal `too_many` with too many waiting, `stopping` when the service stops.
   */
  run(order: RunOrder, signal?: AbortSignal): Promise<Ran> {
    if (this.#stopped) return Promise.reject(stopping());
    if (this.#queue.length >= MOST_WAITING) {
      const sentence = 'Too many code steps are waiting. Try again in a few seconds.';
      return Promise.reject(new Refusal('too_many', sentence, { retryAfter: 5 }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Ran>();
    this.#queue.push({ order, signal, resolve, reject });
    this.#pump();
    return promise;
  }

  /** Ends all threads and refuses what waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { reject } of this.#queue.splice(0)) reject(stopping());
    for (const timer of this.#idleTimers.values()) clearTimeout(timer);
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #pump(): void {
    while (this.#queue.length > 0 && (this.#idle.length > 0 || this.#all.size < this.#most)) {
      const waiting = this.#queue.shift()!;
      if (waiting.signal?.aborted) waiting.reject(reasonOf(waiting.signal));
      else this.#run(this.#take() ?? this.#start(), waiting);
    }
  }

  #take(): Worker | undefined {
    const worker = this.#idle.pop();
    if (worker) clearTimeout(this.#idleTimers.get(worker));
    return worker;
  }

  #run(worker: Worker, { order, signal, resolve, reject }: Waiting): void {
    const id = ++this.#next;
    const limitMs = order.steps.reduce((sum, { limits }) => sum + limits.cpuSeconds * 1_000, 0);
    let timer = setTimeout(() => give(failedRun('The thread of the code steps did not start.')), START_MS);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      worker.off('message', heard);
      worker.off('error', broke);
      worker.off('exit', ended);
      worker.unref();
    };
    const end = (): void => {
      settle();
      this.#all.delete(worker);
      void worker.terminate();
      this.#pump();
    };
    const give = (ran: Ran): void => {
      end();
      resolve(ran);
    };
    const heard = (message: FromCode): void => {
      if (message.id !== id) return;
      if (message.type === 'begun') {
        clearTimeout(timer);
        timer = setTimeout(() => give(failedRun(tooLong(order), { exhausted: true })), limitMs * PATIENCE + PATIENCE_MS);
        return;
      }
      // Memory that the interpreter has taken is given back only with its thread.
      if (message.ran.exhausted) {
        give(message.ran);
        return;
      }
      settle();
      this.#rest(worker);
      resolve(message.ran);
      this.#pump();
    };
    const broke = (error: unknown): void => give(failedRun(crashed(error), { exhausted: true }));
    const ended = (): void => give(failedRun('The thread of the code steps ended.', { exhausted: true }));
    const abort = (): void => {
      end();
      reject(reasonOf(signal!));
    };
    worker.on('message', heard);
    worker.on('error', broke);
    worker.on('exit', ended);
    signal?.addEventListener('abort', abort, { once: true });
    worker.ref();
    worker.postMessage({ id, order } satisfies ToCode);
  }

  #rest(worker: Worker): void {
    this.#idle.push(worker);
    const timer = setTimeout(() => void worker.terminate(), this.#idleMs);
    this.#idleTimers.set(worker, timer.unref());
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, 'code-worker', {
      workerData: interpreter(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: STACK_MB },
      // Nothing of ours is to be seen from there, should anything ever get out of the interpreter.
      env: {},
    });
    this.#all.add(worker);
    // Of one that breaks while it rests nobody hears otherwise; it is gone with its exit.
    worker.on('error', () => {});
    worker.on('exit', () => {
      this.#all.delete(worker);
      clearTimeout(this.#idleTimers.get(worker));
      this.#idleTimers.delete(worker);
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return worker;
  }
}

function tooLong({ steps }: RunOrder): string {
  const named = steps.map(({ title }) => `"${title}"`).join(', ');
  return `The code ${steps.length === 1 ? 'step' : 'steps'} ${named} failed: it took too long and was ended with its thread.`;
}

function crashed(error: unknown): string {
  const memory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return memory ? 'The code steps needed too much memory and were ended.' : 'The thread of the code steps broke.';
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The run was ended.');
}
