import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { copyImage } from './image.ts';
import { migrate } from './migrations.ts';
import { type Changed, type ReadTx, type SqlValue, type Storage, StorageUnavailable, type Tx } from './storage.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Units that may share one commit: enough to make fsync cheap, few enough that nobody waits long for a neighbour. */
const UNITS_PER_COMMIT = 256;
/** A commit is not held open longer than this for more units to join, in milliseconds. */
const LONGEST_GROUP_MS = 25;

/** Pages of the write-ahead log (128 MiB) at which SQLite checkpoints by itself, should the thread that does it be behind or gone. */
const LATEST_CHECKPOINT = 32_768;

/** The file name of the main database inside a data folder. */
export const DATABASE_FILE = 'verdict.db';

/**
 * Opens (and creates or migrates) the SQLite store of a data folder.
 * @throws StoreInUse when another process holds the folder, NewerDatabase when a later version of Verdict wrote it.
 */
export function openSqlite(folder: string): Storage {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = lockFolder(folder);
  try {
    return new SqliteStorage(folder, release);
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Reads one consistent state of the database in `file` over a connection of its own: for worker threads, which cannot share the main one's.
 * Nothing is written or locked; the write-ahead log cannot shrink meanwhile, so finish reading before long computations.
 */
export async function readSnapshot<T>(file: string, reader: (tx: ReadTx) => Promise<T>): Promise<T> {
  const connection = new Connection(openReader(file));
  try {
    connection.begin.run();
    return await reader(connection);
  } finally {
    connection.database.close();
  }
}

/** Another process works on the data folder. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';
}

/**
 * Takes a data folder for this process alone; the returned function gives it back. The lock is a database held in an exclusive
 * transaction: the system drops it by itself when the process ends, however it ends.
 * @throws StoreInUse when another process holds the folder.
 */
export function lockFolder(folder: string): () => void {
  const lock = new Database(join(folder, 'lock.db'), { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new StoreInUse(
        `Another Verdict process is using the data folder ${folder}. Stop it first, or set VERDICT_DATA_DIR to another folder.`,
      );
    }
    throw error;
  }
  return () => lock.close();
}

interface Waiting {
  readonly unit: (tx: Tx) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Finished {
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
  readonly after: readonly (() => void)[];
}

class SqliteStorage implements Storage {
  readonly folder: string;
  readonly file: string;
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #release: () => void;
  readonly #log: WriteAheadLog;
  /** Set when the disk refused what had been written to it: from then on nobody knows what it holds. */
  #failed: StorageUnavailable | null = null;
  #queue: Waiting[] = [];
  /** Committed, and not yet known to be on the disk. */
  #committed: Finished[] = [];
  #syncing: Promise<void> | null = null;
  #pumping: Promise<void> | null = null;
  #closed = false;

  constructor(folder: string, release: () => void) {
    this.folder = folder;
    this.file = join(folder, DATABASE_FILE);
    this.#release = release;
    const database = new Database(this.file, { timeout: 10_000 });
    database.pragma('journal_mode = WAL');
    // FULL while the schema is made; later each group is brought to the disk by `WriteAheadLog.sync` before it is answered, which is the same
    // promise without holding up the thread that answers everybody.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('cache_size = -16000');
    database.pragma('temp_store = MEMORY');
    migrate(database);
    database.pragma('synchronous = NORMAL');
    database.pragma(`wal_autocheckpoint = ${LATEST_CHECKPOINT}`);
    database.pragma(`journal_size_limit = ${LATEST_CHECKPOINT * 4096}`);
    this.#log = new WriteAheadLog(this.file);
    this.#writer = new Connection(database);
    this.#reader = new Connection(openReader(this.file));
  }

  get waiting(): number {
    return this.#queue.length;
  }

  write<T>(unit: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageUnavailable('The store is closed.'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue.push({ unit, resolve: (value) => resolve(value as T), reject });
    this.#pumping ??= this.#pump();
    return promise;
  }

  read<T>(reader: (tx: ReadTx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageUnavailable('The store is closed.'));
    return reader(this.#reader);
  }

  backup(file: string, progress?: (share: number) => void): Promise<void> {
    if (this.#closed) return Promise.reject(new StorageUnavailable('The store is closed.'));
    return copyImage({ from: this.file, to: file }, progress);
  }

  async writable(): Promise<boolean> {
    try {
      await this.write((tx) =>
        tx.run(`INSERT INTO meta (name, value) VALUES ('probe', '1') ON CONFLICT (name) DO UPDATE SET value = 1 - value`),
      );
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#pumping) await this.#pumping;
    await this.#syncing;
    await this.#log.close();
    this.#reader.database.close();
    this.#writer.database.close();
    this.#release();
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      // Requests that arrive in one turn of the loop wait together here, and so share the commit.
      await nextTurn();
      if (this.#log.gate) await this.#log.gate;
      await this.#group();
    }
    this.#pumping = null;
  }

  /** Runs waiting units in one transaction. Whatever goes wrong, each of them is answered exactly once, after the outcome is known. */
  async #group(): Promise<void> {
    const { database } = this.#writer;
    const finished: Finished[] = [];
    const started = performance.now();
    let broken: unknown = null;
    try {
      if (this.#failed) throw this.#failed;
      this.#writer.begin.run();
    } catch (error) {
      const batch = this.#queue.splice(0);
      for (const waiting of batch) waiting.reject(unavailable(error));
      return;
    }
    // One at least, however long BEGIN had to wait.
    while (
      this.#queue.length > 0 &&
      finished.length < UNITS_PER_COMMIT &&
      (finished.length === 0 || performance.now() - started < LONGEST_GROUP_MS)
    ) {
      const waiting = this.#queue.shift()!;
      const unit = new Unit(this.#writer);
      try {
        this.#writer.savepoint.run();
        const value = await waiting.unit(unit);
        this.#writer.release.run();
        finished.push({ settle: () => waiting.resolve(value), fail: waiting.reject, after: unit.after });
      } catch (error) {
        if (database.inTransaction) {
          this.#writer.rollbackTo.run();
          this.#writer.release.run();
          finished.push({ settle: () => waiting.reject(translate(error)), fail: waiting.reject, after: [] });
        } else {
          // SQLite ended the whole transaction by itself (disk full, I/O error): nothing of this group is kept.
          broken = error;
          finished.push({ settle: () => {}, fail: waiting.reject, after: [] });
          break;
        }
      } finally {
        unit.end();
      }
    }
    if (!broken) {
      try {
        this.#writer.commit.run();
      } catch (error) {
        broken = error;
        if (database.inTransaction) this.#writer.rollback.run();
      }
    }
    if (broken) {
      for (const unit of finished) unit.fail(unavailable(broken));
      return;
    }
    // With nothing to answer it would end before it is noted as running, and be taken for running ever after.
    if (finished.length === 0) return;
    this.#committed.push(...finished);
    this.#syncing ??= this.#answer();
  }

  /** Answers units once they are on the disk; groups that were committed while it was busy are brought there together. */
  async #answer(): Promise<void> {
    while (this.#committed.length > 0) {
      const units = this.#committed;
      this.#committed = [];
      const broken = await this.#makeDurable();
      for (const unit of units) {
        if (broken) unit.fail(broken);
        else {
          for (const action of unit.after) action();
          unit.settle();
        }
      }
    }
    this.#syncing = null;
  }

  /** The error that kept commits from the disk, or null when they are there. */
  async #makeDurable(): Promise<StorageUnavailable | null> {
    if (this.#failed) return this.#failed;
    const { rows, bytes } = this.#writer.takeWritten();
    try {
      await this.#log.sync();
    } catch (error) {
      // What the system could not write it may forget, and say later that all is well.
      this.#failed = new StorageUnavailable(
        'The disk failed while storing: what was sent last may be lost. Check the disk, then start the service again.',
        { cause: error },
      );
      return this.#failed;
    }
    this.#log.wrote(rows, bytes);
    return null;
  }
}

function openReader(file: string): Database.Database {
  const database = new Database(file, { readonly: true, timeout: 10_000 });
  database.pragma('cache_size = -16000');
  database.pragma('query_only = ON');
  return database;
}

/** One connection with its prepared statements, kept by their text. */
class Connection implements ReadTx {
  readonly database: Database.Database;
  readonly begin: Database.Statement;
  readonly commit: Database.Statement;
  readonly rollback: Database.Statement;
  readonly savepoint: Database.Statement;
  readonly release: Database.Statement;
  readonly rollbackTo: Database.Statement;
  readonly #prepared = new Map<string, Database.Statement>();
  #rows = 0;
  #bytes = 0;

  constructor(database: Database.Database) {
    this.database = database;
    this.begin = database.prepare(database.readonly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.rollback = database.prepare('ROLLBACK');
    this.savepoint = database.prepare('SAVEPOINT unit');
    this.release = database.prepare('RELEASE unit');
    this.rollbackTo = database.prepare('ROLLBACK TO unit');
  }

  prepare(sql: string): Database.Statement {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  /** Runs a statement that changes rows. */
  change(sql: string, values: readonly SqlValue[]): Changed {
    const { changes, lastInsertRowid } = this.prepare(sql).run(...values);
    this.#rows += changes;
    for (const value of values) if (value instanceof Uint8Array) this.#bytes += value.length;
    return { changes, id: Number(lastInsertRowid) };
  }

  /** Rows changed and large values given since it was last asked. */
  takeWritten(): { readonly rows: number; readonly bytes: number } {
    const written = { rows: this.#rows, bytes: this.#bytes };
    this.#rows = 0;
    this.#bytes = 0;
    return written;
  }

  async get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return this.prepare(sql).get(...values) as Row | undefined;
  }

  async all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.prepare(sql).all(...values) as Row[];
  }
}

class Unit implements Tx {
  readonly after: (() => void)[] = [];
  #connection: Connection | null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return this.#open()
      .prepare(sql)
      .get(...values) as Row | undefined;
  }

  async all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#open()
      .prepare(sql)
      .all(...values) as Row[];
  }

  async run(sql: string, ...values: SqlValue[]): Promise<Changed> {
    return this.#open().change(sql, values);
  }

  afterCommit(action: () => void): void {
    this.after.push(action);
  }

  /** A `tx` that leaks out of its unit must fail loudly, not write into somebody else's transaction. */
  end(): void {
    this.#connection = null;
  }

  #open(): Connection {
    if (!this.#connection) throw new Error('This unit of work has ended; its tx cannot be used any more.');
    return this.#connection;
  }
}

const UNAVAILABLE = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|BUSY|LOCKED|PERM|PROTOCOL)/;

function translate(error: unknown): unknown {
  return error instanceof Database.SqliteError && UNAVAILABLE.test(error.code) ? unavailable(error) : error;
}

function unavailable(error: unknown): StorageUnavailable {
  if (error instanceof StorageUnavailable) return error;
  const code = error instanceof Database.SqliteError ? error.code : String(error);
  const sentence = code.startsWith('SQLITE_FULL')
    ? 'The disk is full: nothing was stored. Free some space and send it again.'
    : `The store cannot be written (${code}): nothing was stored. Send it again later.`;
  return new StorageUnavailable(sentence, { cause: error });
}
