import type { Worker } from 'node:worker_threads';
import { stopping } from '../errors.ts';
import { startThread } from '../thread.ts';
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

/** Chooses what to ask about next, in a thread of its own: comparing thousands of buckets would hold up all calls. */
export class QueueThread {
  #worker: Worker | undefined;
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;
  #stopped = false;
  #idle: NodeJS.Timeout | undefined;

  /** What to ask about next, best first. @throws Error when the thread fails (the next call starts another one), Refusal `stopping`. */
  suggest(order: QueueOrder): Promise<readonly Suggested[]> {
    const turn = this.#turn.catch(() => {}).then(() => this.#run(order));
    this.#turn = turn;
    return turn;
  }

  /** Ends the thread for good; what it was doing fails. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  async #run(order: QueueOrder): Promise<readonly Suggested[]> {
    if (this.#stopped) throw stopping();
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    this.#worker = worker;
    const id = ++this.#next;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Suggested[]>();
    const settle = (): void => {
      worker.off('message', heard);
      worker.off('error', broke);
      worker.off('exit', ended);
      worker.unref();
      this.#idle = setTimeout(() => this.#end(worker), IDLE_MS).unref();
    };
    const heard = (message: FromQueue): void => {
      if (message.id !== id) return;
      settle();
      if ('suggested' in message) resolve(message.suggested);
      else reject(new Error(`The queue's thread failed: ${message.failed}`));
    };
    const broke = (error: unknown): void => {
      settle();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const ended = (code: number): void => broke(new Error(`The queue's thread ended with ${code} and no result.`));
    worker.on('message', heard);
    worker.on('error', broke);
    worker.on('exit', ended);
    worker.ref();
    worker.postMessage({ id, order } satisfies ToQueue);
    return promise;
  }

  #end(worker: Worker): void {
    // Forgotten first: what comes before it is gone gets another one.
    this.#worker = undefined;
    void worker.terminate();
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, 'queue-worker');
    // Of one that breaks while it rests nobody hears otherwise; it is gone with its exit.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
