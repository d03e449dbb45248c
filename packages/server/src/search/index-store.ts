import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ColumnStore } from './column-store.ts';

/**
 * The search index: a database file of its own that can be thrown away and built again from the events. `terms` holds, for each event, the hashes
 * of its values by path and of its words; nothing of the alert can be read back from it.
 */

/** Raised when terms are made in another way: an index of another version is built anew. */
const VERSION = '1';

const SCHEMA = `
CREATE TABLE state (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
-- Events with more terms than are kept: readers look at them each time.
CREATE TABLE partial (seq INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE terms USING fts5 (hashes, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
`;

/** Most events, and about the most characters of alerts, that are read at once. */
const BATCH_EVENTS = 1_000;
const BATCH_CHARACTERS = 4_000_000;

/**
 * The events after a number. The record is looked up for each: SQLite cannot join a view that is itself an outer join from the outside without
 * writing all of it down first, which would be every alert there is, for each batch.
 */
export const NEXT_EVENTS = `
SELECT seq, job_id, event_id, event_version, is_current, title, status, ingested_at,
       (SELECT r.body FROM event_records r WHERE r.seq = e.seq) AS body
FROM events e WHERE seq > ? ORDER BY seq LIMIT ${BATCH_EVENTS}`;

/** Microseconds that the index waits for events whose code steps have not run. */
const PENDING_PATIENCE = 60_000_000;

/** An event as the index takes it in. */
export interface Unindexed {
  readonly seq: number;
  readonly job_id: number;
  readonly event_id: string;
  readonly event_version: number;
  readonly is_current: number;
  readonly title: string | null;
  readonly body: string | null;
  readonly status: string;
  readonly ingested_at: number;
}

/** The writing side of the index, with the events beside it for reading. */
export class IndexStore {
  readonly #events: Database.Database;
  readonly #index: Database.Database;
  readonly #next: Database.Statement;
  readonly #before: Database.Statement;
  readonly #isThere: Database.Statement;
  readonly #pending: Database.Statement;
  /** What events have at the fields that people ask for, in the same file. */
  readonly columns: ColumnStore;

  /** @param events the main database. @param index the file of the index; made anew when it does not belong to these events. */
  constructor(events: string, index: string) {
    this.#events = new Database(events, { readonly: true, timeout: 10_000 });
    this.#events.pragma('cache_size = -4000');
    this.#events.pragma('query_only = ON');
    this.#next = this.#events.prepare(NEXT_EVENTS);
    this.#before = this.#events.prepare(
      'SELECT seq FROM events WHERE job_id = ? AND event_id = ? AND event_version < ? ORDER BY event_version DESC LIMIT 1',
    );
    this.#isThere = this.#events.prepare('SELECT 1 FROM events WHERE seq = ? AND is_current = 1');
    this.#pending = this.#events.prepare(
      `SELECT min(seq) AS seq FROM events INDEXED BY events_pending WHERE status = 'pending_inference'`,
    );
    this.#index = this.#open(index);
    this.columns = new ColumnStore(this.#index, this.#events);
  }

  /** The key of its hashes; drawn when it was made. */
  get key(): string {
    return String(this.#state('key'));
  }

  /** The number of the last event that is in. */
  get lastSeq(): number {
    return Number(this.#state('last_seq'));
  }

  /** The number of the newest event there is. */
  get newestSeq(): number {
    return (this.#events.prepare('SELECT max(seq) AS seq FROM events').get() as { seq: number | null }).seq ?? 0;
  }

  /** The number of the first event that waits for its code steps; beyond all where none does. */
  get pendingFrom(): number {
    return (this.#pending.get() as { seq: number | null }).seq ?? Number.MAX_SAFE_INTEGER;
  }

  /** The next events that are not in; few when they are large. */
  next(after: number): Unindexed[] {
    const rows: Unindexed[] = [];
    let characters = 0;
    for (const row of this.#next.iterate(after) as IterableIterator<Unindexed>) {
      if (waits(row)) break;
      rows.push(row);
      characters += row.body?.length ?? 0;
      if (characters >= BATCH_CHARACTERS) break;
    }
    return rows;
  }

  /** The version of an event that this one took the place of. */
  replacedBy({ job_id, event_id, event_version }: Unindexed): number | undefined {
    return event_version <= 1
      ? undefined
      : (this.#before.get(job_id, event_id, event_version) as { seq: number } | undefined)?.seq;
  }

  /** Takes in events and goes on to a number, all or nothing. `terms` null = too many to keep. */
  take(
    rows: readonly { readonly seq: number; readonly terms: string | null }[],
    replaced: readonly number[],
    upTo: number,
  ): void {
    const insert = this.#index.prepare('INSERT INTO terms (rowid, hashes) VALUES (?, ?)');
    const insertPartial = this.#index.prepare('INSERT OR IGNORE INTO partial (seq) VALUES (?)');
    this.#index.transaction(() => {
      this.#drop(replaced);
      for (const { seq, terms } of rows) {
        if (terms === null) insertPartial.run(seq);
        else insert.run(seq, terms);
      }
      this.#note('last_seq', upTo);
      this.#note('last_mark', this.#markOf(upTo));
    })();
  }

  /**
   * Takes out some events that are not there any more, or not current. Readers do not find these anyway; this is for the disk.
   * @returns where to go on; 0 at the end.
   */
  sweep(after: number): number {
    const ids = this.#index
      .prepare('SELECT id FROM terms_docsize WHERE id > ? ORDER BY id LIMIT 500')
      .pluck()
      .all(after) as number[];
    const gone = ids.filter((seq) => this.#isThere.get(seq) === undefined);
    if (gone.length > 0) this.#index.transaction(() => this.#drop(gone))();
    return ids.length < 500 ? 0 : ids.at(-1)!;
  }

  close(): void {
    this.#index.close();
    this.#events.close();
  }

  #drop(seqs: readonly number[]): void {
    const terms = this.#index.prepare('DELETE FROM terms WHERE rowid = ?');
    const partial = this.#index.prepare('DELETE FROM partial WHERE seq = ?');
    for (const seq of seqs) {
      terms.run(seq);
      partial.run(seq);
    }
  }

  #open(file: string): Database.Database {
    try {
      const opened = prepared(file);
      if (this.#belongs(opened)) return opened;
      opened.close();
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
    }
    removeIndex(file);
    const fresh = prepared(file);
    fresh.exec(SCHEMA);
    const note = fresh.prepare('INSERT INTO state (name, value) VALUES (?, ?)');
    note.run('version', VERSION);
    note.run('key', randomBytes(8).toString('hex'));
    note.run('last_seq', 0);
    note.run('last_mark', '');
    return fresh;
  }

  /** Whether an index was made from these events: another database (a backup put back) has another event under the last number. */
  #belongs(index: Database.Database): boolean {
    const state = (name: string): unknown => index.prepare('SELECT value FROM state WHERE name = ?').pluck().get(name);
    if (index.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'state'`).get() === undefined) return false;
    if (state('version') !== VERSION) return false;
    const last = Number(state('last_seq'));
    const given = this.#events.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`).pluck().get() as
      | number
      | undefined;
    if (last > (given ?? 0)) return false;
    const mark = this.#markOf(last);
    return mark === '' || mark === state('last_mark');
  }

  #markOf(seq: number): string {
    return (this.#events.prepare('SELECT hex(body_hash) FROM events WHERE seq = ?').pluck().get(seq) as string | undefined) ?? '';
  }

  #state(name: string): unknown {
    return this.#index.prepare('SELECT value FROM state WHERE name = ?').pluck().get(name);
  }

  #note(name: string, value: string | number): void {
    this.#index.prepare('UPDATE state SET value = ? WHERE name = ?').run(value, name);
  }
}

/**
 * Whether an event will soon be something else: code steps run on it. One that waits for long, because many are before it, is taken in without
 * terms, so that those behind it need not wait.
 */
function waits(row: Unindexed): boolean {
  return isPending(row) && row.ingested_at > Date.now() * 1_000 - PENDING_PATIENCE;
}

/** Whether what an event holds may still change. */
export function isPending({ status }: Pick<Unindexed, 'status'>): boolean {
  return status === 'pending_inference';
}

/** Removes an index with its log; it is built again from the events. */
export function removeIndex(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${end}`, { force: true });
}

function prepared(file: string): Database.Database {
  const database = new Database(file, { timeout: 10_000 });
  database.pragma('journal_mode = WAL');
  // What a power failure takes is built again.
  database.pragma('synchronous = NORMAL');
  database.pragma('cache_size = -16000');
  return database;
}
