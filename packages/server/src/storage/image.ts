import { stat } from 'node:fs/promises';
import { startThread } from '../thread.ts';
import { StorageUnavailable } from './storage.ts';

export interface ImageOrder {
  readonly from: string;
  readonly to: string;
}

export interface ImageOutcome {
  /** What SQLite said when it failed. */
  code: string | null;
}

/** How often a copy that grows is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * Writes one moment of a database to another file (missing or empty) while others go on writing. In a thread, because the system may
 * take seconds to put a large file on the disk, and over a connection of its own: a copy that follows the writer page by page begins
 * anew with each write.
 * @param progress told the share that is written, 0 to 1, a few times a second
 * @throws StorageUnavailable when it cannot be written.
 */
export async function copyImage(order: ImageOrder, progress: (share: number) => void = () => {}): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<ImageOutcome>();
  const worker = startThread(import.meta.url, 'image-worker', { workerData: order });
  worker.on('message', resolve);
  worker.on('error', reject);
  worker.on('exit', (code) => reject(new Error(`The thread that copies the database ended with ${code} and no result.`)));

  const size = Math.max(1, (await stat(order.from)).size);
  let ended = false;
  const timer = setInterval(() => {
    stat(order.to).then(
      (copy) => {
        if (!ended) progress(Math.min(0.99, copy.size / size));
      },
      () => {},
    );
  }, LOOK_MS);
  try {
    const { code } = await promise;
    if (code !== null) {
      const why = code.startsWith('SQLITE_FULL') ? 'the disk is full' : code;
      throw new StorageUnavailable(`The copy of the database could not be written (${why}).`);
    }
    ended = true;
    progress(1);
  } finally {
    ended = true;
    clearInterval(timer);
  }
}
