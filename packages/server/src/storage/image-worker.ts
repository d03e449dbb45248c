import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { ImageOrder, ImageOutcome } from './image.ts';

/** The thread of `copyImage`. */
const { from, to } = workerData as ImageOrder;
const outcome: ImageOutcome = { code: null };
try {
  const database = new Database(from, { readonly: true, timeout: 10_000 });
  try {
    // One read transaction, so one moment of the store; the copy has no free pages and no write-ahead log.
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
} catch (error) {
  outcome.code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
parentPort?.postMessage(outcome);
