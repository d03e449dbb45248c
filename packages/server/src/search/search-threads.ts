import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Refusal } from '../errors.ts';
import { isOutOfMemory, startThread } from '../thread.ts';
import { ThreadPool } from '../thread-pool.ts';
import type { Effort, Found, SearchOrder } from './order.ts';

/** What a reading thread is sent, and what it sends back. */
export interface ToThread {
  readonly id: number;
  readonly order: SearchOrder;
}
export type FromThread =
  | { readonly type: 'found'; readonly id: number; readonly found: Found; readonly effort: Effort }
  | { readonly type: 'refused'; readonly id: number; readonly sentence: string }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** What a reading thread is started with. */
export interface SearchThreadData {
  /** Shared with the thread: the id of the search that nobody waits for any more. */
  readonly unwanted: Int32Array;
}

/** Searches that may wait for a thread. */
const MOST_WAITING = 64;
/**
 * How long a thread whose search is not wanted any more may take to notice, in milliseconds. Only then it is ended: a thread that is ended by force
 * is slow to replace, and V8 of Node 24 can bring down the process while it takes its code apart beside another thread that compiles
 * (nodejs/node 64500).
 */
const LEAVE_MS = 2_000;
/** Memory of one thread's heap, in MB: a search that needs more fails alone. */
const HEAP_MB = 512;
/** What a search makes lives for a moment: a small nursery does, and keeps the process small. */
const YOUNG_MB = 16;

/**
 * Threads that read: as many as there are spare cores, started when first needed. A search that passes its deadline, or that nobody waits for
 * any more, is told to stop, and ended with its thread if it does not hear; writing never waits for one.
 */
export class SearchThreads {
  readonly #deadlineMs: number;
  readonly #pool: ThreadPool;
  readonly #unwanted = new WeakMap<Worker, Int32Array>();

  /** @param deadlineMs how long one search may run. */
  constructor(deadlineMs: number, most: number = Math.max(1, availableParallelism() - 1)) {
    this.#deadlineMs = deadlineMs;
    this.#pool = new ThreadPool({
      most,
      mostWaiting: MOST_WAITING,
      tooMany: 'Too many searches are waiting. Try again in a few seconds.',
      start: () => this.#start(),
      aborted: cancelled,
    });
  }

  /** Threads that were ever started, those that had to be ended among them. */
  get started(): number {
    return this.#pool.started;
  }

  /** @throws Refusal `too_slow` past the deadline, `caller_gone` when `signal` ends it, `too_many` with too many waiting, `invalid` from the search itself. */
  search(order: SearchOrder, signal?: AbortSignal): Promise<Searched> {
    return this.#pool.use<Searched, FromThread>(({ worker, id, resolve, reject, keep, discard }) => {
      /** The caller need not wait until the thread has noticed. */
      const leave = (error: Error): void => {
        reject(error);
        clearTimeout(timer);
        timer = setTimeout(discard, LEAVE_MS);
        Atomics.store(this.#unwanted.get(worker)!, 0, id);
      };
      let timer = setTimeout(() => leave(tooSlow(this.#deadlineMs)), this.#deadlineMs);
      worker.postMessage({ id, order } satisfies ToThread);
      return {
        heard(message) {
          if (message.id !== id) return;
          keep();
          if (message.type === 'found') resolve(message);
          else if (message.type === 'refused') reject(new Refusal('invalid', message.sentence));
          else reject(new Error(`A search failed: ${message.message}`));
        },
        broke: (error) => reject(isOutOfMemory(error) ? new Refusal('invalid', TOO_BIG) : error),
        aborted: () => leave(cancelled()),
        left: () => clearTimeout(timer),
      };
    }, signal);
  }

  /** Ends all threads and refuses what waits. */
  stop(): Promise<void> {
    return this.#pool.stop();
  }

  #start(): Worker {
    const unwanted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const worker = startThread(import.meta.url, 'search-worker', {
      workerData: { unwanted } satisfies SearchThreadData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#unwanted.set(worker, unwanted);
    return worker;
  }
}

interface Searched {
  readonly found: Found;
  readonly effort: Effort;
}

const TOO_BIG = 'The search needs too much memory. Ask for a shorter time, fewer buckets or fewer events.';

function tooSlow(ms: number): Refusal {
  return new Refusal(
    'too_slow',
    `The search took longer than ${ms / 1000} seconds and was ended. Ask for a shorter time, fewer jobs, or an exact value or word.`,
  );
}

function cancelled(): Refusal {
  return new Refusal('caller_gone', 'The search was cancelled.');
}
