import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Refusal, stopping } from '../errors.ts';
import { startThread } from '../thread.ts';
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

interface Thread {
  readonly worker: Worker;
  readonly unwanted: Int32Array;
}

interface Waiting {
  readonly order: SearchOrder;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (done: { readonly found: Found; readonly effort: Effort }) => void;
  readonly reject: (error: Error) => void;
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
  readonly #most: number;
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Worker>();
  readonly #queue: Waiting[] = [];
  #next = 0;
  #started = 0;
  #stopped = false;

  /** @param deadlineMs how long one search may run. */
  constructor(deadlineMs: number, most: number = Math.max(1, availableParallelism() - 1)) {
    this.#deadlineMs = deadlineMs;
    this.#most = most;
  }

  /** Threads that were ever started, those that had to be ended among them. */
  get started(): number {
    return this.#started;
  }

  /** @throws Refusal `too_slow` past the deadline, `caller_gone` when `signal` ends it, `too_many` with too many waiting, `invalid` from the search itself. */
  search(order: SearchOrder, signal?: AbortSignal): Promise<{ readonly found: Found; readonly effort: Effort }> {
    if (this.#stopped) return Promise.reject(stopping());
    if (this.#queue.length >= MOST_WAITING)
      return Promise.reject(
        new Refusal('too_many', 'Too many searches are waiting. Try again in a few seconds.', { retryAfter: 5 }),
      );
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly found: Found; readonly effort: Effort }>();
    this.#queue.push({ order, signal, resolve, reject });
    this.#pump();
    return promise;
  }

  /** Ends all threads and refuses what waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { reject } of this.#queue.splice(0)) reject(stopping());
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #pump(): void {
    while (this.#queue.length > 0 && (this.#idle.length > 0 || this.#all.size < this.#most)) {
      const waiting = this.#queue.shift()!;
      if (waiting.signal?.aborted) waiting.reject(cancelled());
      else this.#run(this.#idle.pop() ?? this.#start(), waiting);
    }
  }

  #run(thread: Thread, { order, signal, resolve, reject }: Waiting): void {
    const { worker, unwanted } = thread;
    const id = ++this.#next;
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      worker.off('message', heard);
      worker.off('error', broke);
      worker.off('exit', ended);
      worker.unref();
    };
    const end = (error: Error): void => {
      settle();
      this.#all.delete(worker);
      void worker.terminate();
      reject(error);
      this.#pump();
    };
    /** The caller need not wait until the thread has noticed. */
    const leave = (error: Error): void => {
      reject(error);
      signal?.removeEventListener('abort', abort);
      clearTimeout(timer);
      timer = setTimeout(() => end(error), LEAVE_MS);
      Atomics.store(unwanted, 0, id);
    };
    const heard = (message: FromThread): void => {
      if (message.id !== id) return;
      settle();
      this.#idle.push(thread);
      if (message.type === 'found') resolve(message);
      else if (message.type === 'refused') reject(new Refusal('invalid', message.sentence));
      else reject(new Error(`A search failed: ${message.message}`));
      this.#pump();
    };
    const broke = (error: unknown): void => {
      const memory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      end(memory ? new Refusal('invalid', TOO_BIG) : error instanceof Error ? error : new Error(String(error)));
    };
    const ended = (): void => end(this.#stopped ? stopping() : new Error('The reading thread ended without an answer.'));
    const abort = (): void => leave(cancelled());
    let timer = setTimeout(() => leave(tooSlow(this.#deadlineMs)), this.#deadlineMs);
    worker.on('message', heard);
    worker.on('error', broke);
    worker.on('exit', ended);
    signal?.addEventListener('abort', abort, { once: true });
    worker.ref();
    worker.postMessage({ id, order } satisfies ToThread);
  }

  #start(): Thread {
    const unwanted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const worker = startThread(import.meta.url, 'search-worker', {
      workerData: { unwanted } satisfies SearchThreadData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#started++;
    this.#all.add(worker);
    worker.on('exit', () => {
      this.#all.delete(worker);
      const at = this.#idle.findIndex((idle) => idle.worker === worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return { worker, unwanted };
  }
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
