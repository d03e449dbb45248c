/** The thread that copies pages of the write-ahead log into the database, so that the main thread need not. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { Checkpointed } from './write-ahead-log.ts';

const port = parentPort!;
const database = new Database(workerData as string, { timeout: 10_000 });
database.pragma('synchronous = FULL');
const checkpoint = database.prepare<[], { busy: number; log: number; checkpointed: number }>('PRAGMA wal_checkpoint(PASSIVE)');

port.on('message', (message) => {
  if (message === 'close') {
    database.close();
    port.close();
    return;
  }
  let outcome: Checkpointed | null = null;
  try {
    const row = checkpoint.get();
    if (row) outcome = { pages: row.log, done: row.checkpointed };
  } catch {
    // The disk is full or failing: the writer meets the same and says so; here it is tried again with the next pages.
  }
  port.postMessage(outcome);
});
