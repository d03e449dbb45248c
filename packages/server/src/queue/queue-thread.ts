import { startThread } from '../thread.ts';
import { ThreadPool } from '../thread-pool.ts';
import type { Suggested } from './queue.ts';
import type { Field } from './queue-store.ts';

/** What the queue's thread is told to do. */
export interface QueueOrder {
  /** The database file. */
  readonly file: string;
  readonly field: Field;
  readonly modelId: number | null;
  readonly size: number;
}

/** What the thread is sent, and what it sends back. */
export interface ToQueue {
  readonly id: number;
  readonly order: QueueOrder;
}
export type FromQueue =
  | { readonly id: number; readonly suggested: readonly Suggested[] }
  | { readonly id: number; readonly failed: string };

/** The thread is ended after so long without work, in milliseconds: starting it takes longer than what it does. */
const IDLE_MS = 600_000;
/** Calls that may wait: each is one person's page. */
const MOST_WAITING = 256;

/** Chooses what to ask about next, in a thread of its own: comparing thousands of buckets would hold up all calls. */
export class QueueThread {
  readonly #pool = new ThreadPool({
    most: 1,
    mostWaiting: MOST_WAITING,
    tooMany: 'Too many ask for what to label next. Try again in a few seconds.',
    idleMs: IDLE_MS,
    start: () => startThread(import.meta.url, 'queue-worker'),
  });

  /** What to ask about next, best first. @throws Error when the thread fails (the next call starts another one), Refusal `stopping`, `too_many`. */
  suggest(order: QueueOrder): Promise<readonly Suggested[]> {
    return this.#pool.use<readonly Suggested[], FromQueue>(({ worker, id, resolve, reject, keep }) => {
      worker.postMessage({ id, order } satisfies ToQueue);
      return {
        heard(message) {
          if (message.id !== id) return;
          keep();
          if ('suggested' in message) resolve(message.suggested);
          else reject(new Error(`The queue's thread failed: ${message.failed}`));
        },
        broke: reject,
      };
    });
  }

  /** Ends the thread for good; what it was doing fails. */
  stop(): Promise<void> {
    return this.#pool.stop();
  }
}
