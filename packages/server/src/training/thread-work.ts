import { Interrupted, TaskFailed } from '../tasks/task.ts';
import { isOutOfMemory, startThread } from '../thread.ts';

/** How a thread's work ends: with a result, or with a sentence that says why it cannot be done. */
export interface Ends<Result> {
  done(result: Result): void;
  refused(sentence: string): void;
}

/**
 * Has a thread of its own do one work, and ends the thread when `signal` is aborted.
 * @param name of its file in this folder, without the ending.
 * @param hear told of each message of the thread; calls one of `Ends` on the last.
 * @throws Interrupted when `signal` was aborted; TaskFailed with a sentence when it cannot be done.
 */
export function workInThread<Message, Result>(
  name: string,
  order: unknown,
  signal: AbortSignal,
  hear: (message: Message, ends: Ends<Result>) => void,
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const worker = startThread(import.meta.url, name, { workerData: order });
  const stop = () => {
    reject(new Interrupted());
    void worker.terminate();
  };
  const ends: Ends<Result> = { done: resolve, refused: (sentence) => reject(new TaskFailed(sentence)) };
  worker.on('message', (message: Message) => hear(message, ends));
  worker.on('error', (error) => reject(isOutOfMemory(error) ? new TaskFailed(OUT_OF_MEMORY) : error));
  worker.on('exit', (code) => reject(new Error(`The thread ${name} ended with ${code} and no result.`)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => signal.removeEventListener('abort', stop));
}

const OUT_OF_MEMORY =
  'Training ran out of memory. Choose fewer decision points or ones with shorter values, or give the service more memory.';
