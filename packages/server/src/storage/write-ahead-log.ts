import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';

const dataSync = promisify(fdatasync);

/** What a checkpoint left: pages in the log, and how many of them stand in the database too. */
export interface Checkpointed {
  readonly pages: number;
  readonly done: number;
}

/** Pages written, about, after which a checkpoint is made. */
const CHECKPOINT_AFTER = 4_000;
/** A log longer than this (64 MiB) has to begin again from its start. */
const LONG_LOG = 16_384;
const PAGE = 4096;

/**
 * The write-ahead log of the store, kept durable and short beside the main thread. What SQLite does in COMMIT with `synchronous = FULL`, waiting for
 * the disk, is done here by the system's threads while the main thread reads the next requests; nothing is answered before it is done.
 * Copying the log's pages into the database happens in a thread with a connection of its own.
 */
export class WriteAheadLog {
  readonly #database: string;
  readonly #log: number;
  #written = 0;
  #checkpointing: Promise<void> | null = null;
  #gate: Promise<void> | null = null;
  #worker: Worker | null = null;
  #answered: ((outcome: Checkpointed | null) => void) | null = null;
  #broken = false;

  /** @param database the file of a database that is open in WAL mode, so that its log is there. */
  constructor(database: string) {
    this.#database = database;
    // Closing a file drops the locks that the process has on it; SQLite locks the database and its index, never the log.
    this.#log = openSync(`${database}-wal`, 'r+');
  }

  /** Resolves when everything that was committed is on the disk. @throws the system's error when it is not known to be. */
  sync(): Promise<void> {
    return dataSync(this.#log);
  }

  /** Notes about how much was written, and has a checkpoint made where it is time for one. */
  wrote(rows: number, bytes: number): void {
    this.#written += rows + bytes / PAGE;
    if (this.#written < CHECKPOINT_AFTER || this.#checkpointing || this.#broken) return;
    this.#written = 0;
    this.#checkpointing = this.#checkpoint().finally(() => {
      this.#checkpointing = null;
    });
  }

  /** What the writer waits for before its next transaction: a checkpoint that must reach the end of the log. Almost always null. */
  get gate(): Promise<void> | null {
    return this.#gate;
  }

  /** Ends the thread. The connections may be closed before or after. */
  async close(): Promise<void> {
    // A thread that keeps nobody from ending must be waited for all the same.
    this.#worker?.ref();
    await this.#checkpointing;
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('close');
      await ended;
    }
    closeSync(this.#log);
  }

  async #checkpoint(): Promise<void> {
    const left = await this.#ask();
    if (!left || left.pages < LONG_LOG) return;
    // A busy writer is always some pages ahead, and the log would grow for ever: it waits while those few are copied.
    this.#gate = this.#ask().then(() => {
      this.#gate = null;
    });
    await this.#gate;
  }

  /** Never rejects: without the thread SQLite makes its own checkpoints, later and in the main thread. */
  #ask(): Promise<Checkpointed | null> {
    if (this.#broken) return Promise.resolve(null);
    this.#worker ??= this.#start();
    const { promise, resolve } = Promise.withResolvers<Checkpointed | null>();
    this.#answered = resolve;
    this.#worker.postMessage('checkpoint');
    return promise;
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, 'checkpoint-worker', {
      workerData: this.#database,
    });
    const end = () => {
      this.#broken = true;
      this.#worker = null;
      this.#answered?.(null);
    };
    worker.on('message', (outcome: Checkpointed | null) => this.#answered?.(outcome));
    worker.on('error', end);
    worker.on('exit', end);
    worker.unref();
    return worker;
  }
}
