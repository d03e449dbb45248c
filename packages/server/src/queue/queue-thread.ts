import { Worker } from 'node:worker_threads';
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

/** Chooses what to ask about next, in a thread of its own: comparing thousands of buckets would hold up all calls. */
export function suggestInThread(order: QueueOrder): Promise<readonly Suggested[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Suggested[]>();
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(new URL(source ? './queue-worker.ts' : './queue-worker.js', import.meta.url), {
    workerData: order,
    // From source, packages of ours are found by their source too, whatever the process was started with.
    ...(source ? { execArgv: ['--conditions=source'] } : {}),
  });
  worker.on('message', (found: readonly Suggested[]) => resolve(found));
  worker.on('error', reject);
  worker.on('exit', (code) => reject(new Error(`The queue's thread ended with ${code} and no result.`)));
  return promise;
}
