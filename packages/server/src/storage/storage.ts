/**
 * Where everything is kept. Every change is a *unit of work*: `storage.write(async tx => …)`. Units run one at a time on the only
 * writer connection; those that wait together share one commit (one fsync), each in a savepoint of its own, and are answered after it.
 *
 * Inside a unit only `tx` is awaited: no hashing, no HTTP, no worker, no other `write`. Nobody else says BEGIN.
 */

/** What SQL statements take and give: times are integer microseconds, booleans 0 or 1. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** The result of a statement that changes rows. */
export interface Changed {
  readonly changes: number;
  /** Row id of the last insert. */
  readonly id: number;
}

/** Reads within a unit or on a reader. Statements are prepared once and kept by their text: never build one from input. */
export interface ReadTx {
  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined>;
  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
}

/** A unit of work. */
export interface Tx extends ReadTx {
  run(sql: string, ...values: SqlValue[]): Promise<Changed>;
  /** Runs after the commit that made this unit durable (caches, live events); never when the unit failed. Must not throw. */
  afterCommit(action: () => void): void;
}

export interface Storage {
  /**
   * Runs a unit of work; resolves with its result once it is durable.
   * @throws what the unit throws (nothing of it is kept), or StorageUnavailable when it could not be made durable.
   */
  write<T>(unit: (tx: Tx) => Promise<T>): Promise<T>;
  /** Reads what is committed. Each statement sees its own snapshot. */
  read<T>(reader: (tx: ReadTx) => Promise<T>): Promise<T>;
  /** Units waiting for the writer. */
  readonly waiting: number;
  /** Copies one moment of the database to a file (missing or empty) while the service runs; everything acknowledged before is in it. */
  backup(file: string, progress?: (share: number) => void): Promise<void>;
  /** Whether a small write succeeds now. */
  writable(): Promise<boolean>;
  /** The folder that holds the database and the files beside it. */
  readonly folder: string;
  /** The database file, for workers that open it read-only. */
  readonly file: string;
  /** Waits for the units that were accepted, then closes. */
  close(): Promise<void>;
}

/** The store is full, read-only or broken; nothing of the unit was kept. Answered with 503 and Retry-After. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}
