import Database from 'better-sqlite3';
import type { EventStatus } from '../ingest/event.ts';
import type { EventRow } from '../ingest/event-row.ts';
import { ColumnCache } from './column-cache.ts';
import { ColumnReader } from './column-reader.ts';

/**
 * What the reading threads read, over a connection of their own. Statements answer at once here: a thread has nothing else to do, and facts
 * about an event are looked up in the middle of judging it.
 */

/** What of an event is read when many are walked: everything else is looked up for those that need it. */
export type NarrowRow = readonly [seq: number, jobId: number, eventId: string, eventAt: number];

/** What may change of an event, by its number. */
export type ChangingRow = readonly [
  seq: number,
  jobId: number,
  pointsVersion: number,
  bucketId: number | null,
  decisionId: number | null,
  status: EventStatus,
  storageTag: string | null,
];

export interface DecisionRow {
  model_id: number;
  class_no: number | null;
  confidence: number | null;
  outlier: number;
  outlier_score: number | null;
  made_at: number;
}

const COLUMNS = `e.seq, e.job_id, e.event_id, e.event_version, e.is_current, e.duplicated, e.title, e.severity, e.data_source, e.storage_tag,
  e.ingested_at, e.event_at, e.points_version, e.bucket_id, e.decision_id, e.decided_at, e.status, e.error`;

const NARROW = 'e.seq, e.job_id, e.event_id, e.event_at';

/** Which events of a job: by their own time, both ends inclusive. */
export interface Span {
  readonly jobId: number;
  readonly from: number;
  readonly to: number;
}

/** A connection for reading, with the search index beside it where there is one. */
export class SearchStore {
  readonly #database: Database.Database;
  readonly #prepared = new Map<string, Database.Statement>();
  readonly #index: string | null;
  /** What alerts held that were parsed before, kept from one search to the next. */
  readonly remembered = new ColumnCache();
  /** Columns beside the index; undefined without one. */
  readonly columns: ColumnReader | undefined;

  constructor(file: string, index: string | null) {
    this.#database = new Database(file, { readonly: true, timeout: 10_000 });
    this.#database.pragma('cache_size = -16000');
    this.#database.pragma('query_only = ON');
    this.#index = index;
    if (index !== null) {
      this.#database.prepare('ATTACH ? AS search').run(index);
      this.columns = new ColumnReader(this.#database);
    }
  }

  close(): void {
    this.#database.close();
  }

  /** Reads one consistent state. The index is looked at first: what it does not know yet is then in the main database for certain. */
  snapshot<T>(read: () => T): T {
    this.#database.exec('BEGIN');
    try {
      if (this.#index !== null) this.indexedUntil();
      this.columns?.begin();
      return read();
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  /** The number of the first event that waits for its code steps: from there on, what an alert holds may still change. */
  pendingFrom(): number {
    const row = this.#one<{ seq: number | null }>(
      `SELECT min(seq) AS seq FROM main.events INDEXED BY events_pending WHERE status = 'pending_inference'`,
    );
    return row?.seq ?? Number.MAX_SAFE_INTEGER;
  }

  /** The number of the last event in the index; 0 without one. */
  indexedUntil(): number {
    if (this.#index === null) return 0;
    return this.#one<{ value: number }>(`SELECT value FROM search.state WHERE name = 'last_seq'`)?.value ?? 0;
  }

  /** The key of the index's hashes. */
  indexKey(): string | undefined {
    if (this.#index === null) return undefined;
    return this.#one<{ value: string }>(`SELECT value FROM search.state WHERE name = 'key'`)?.value;
  }

  /** Current events of a job after a number (exclusive), newest first. */
  walk({ jobId, from, to }: Span, after: number): IterableIterator<NarrowRow> {
    return this.#each(
      `SELECT ${NARROW} FROM main.events e WHERE e.job_id = ? AND e.seq > ? AND e.is_current = 1 AND e.event_at BETWEEN ? AND ? ORDER BY e.seq DESC`,
      jobId,
      after,
      from,
      to,
    );
  }

  /** Numbers of at most so many events that the index finds, the newest first. What they hold must be looked up: some may be gone. */
  found(expression: string, most: number): number[] {
    return this.#prepare('SELECT rowid FROM search.terms WHERE terms MATCH ? ORDER BY rowid DESC LIMIT ?')
      .pluck()
      .all(expression, most) as number[];
  }

  /** The id of an event that a search walked over. */
  eventId(seq: number): string {
    return this.#prepare('SELECT e.event_id FROM main.events e WHERE e.seq = ?').pluck().get(seq) as string;
  }

  /** One version by its number, when it is current. */
  current(seq: number): NarrowRow | undefined {
    return this.#prepare(`SELECT ${NARROW} FROM main.events e WHERE e.seq = ? AND e.is_current = 1`).raw().get(seq) as
      | NarrowRow
      | undefined;
  }

  /** What may change of the current events between two numbers (inclusive), and what else their shared facts hang on. */
  changing(from: number, to: number): ChangingRow[] {
    return this.#prepare(
      `SELECT e.seq, e.job_id, e.points_version, e.bucket_id, e.decision_id, e.status, e.storage_tag FROM main.events e
       WHERE e.seq BETWEEN ? AND ? AND e.is_current = 1`,
    )
      .raw()
      .all(from, to) as ChangingRow[];
  }

  /** Current events of a job that the index holds only in part, because they have too many words. */
  walkPartial({ jobId, from, to }: Span): IterableIterator<NarrowRow> {
    return this.#each(
      `SELECT ${NARROW} FROM search.partial p CROSS JOIN main.events e ON e.seq = p.seq
       WHERE e.job_id = ? AND e.is_current = 1 AND e.event_at BETWEEN ? AND ? ORDER BY p.seq DESC`,
      jobId,
      from,
      to,
    );
  }

  /** The current version of one event. */
  event(jobId: number, eventId: string): NarrowRow | undefined {
    return this.#prepare(
      `SELECT ${NARROW} FROM main.events e WHERE e.job_id = ? AND e.event_id = ? AND e.is_current = 1 ORDER BY e.event_version DESC LIMIT 1`,
    )
      .raw()
      .get(jobId, eventId) as NarrowRow | undefined;
  }

  /** One version by its number. */
  bySeq(seq: number): EventRow | undefined {
    return this.#one(`SELECT ${COLUMNS} FROM main.events e WHERE e.seq = ?`, seq);
  }

  body(seq: number): string {
    return this.#one<{ body: string }>('SELECT body FROM main.event_records WHERE seq = ?', seq)?.body ?? '{}';
  }

  decision(id: number): DecisionRow | undefined {
    return this.#one(
      'SELECT model_id, class_no, confidence, outlier, outlier_score, made_at FROM main.decisions WHERE id = ?',
      id,
    );
  }

  /** The decision that the last reprocessing replaced. */
  before(seq: number): { class_no: number | null } | undefined {
    return this.#one(
      'SELECT d.class_no FROM main.past_decisions p JOIN main.decisions d ON d.id = p.decision_id WHERE p.event_seq = ? ORDER BY p.id DESC LIMIT 1',
      seq,
    );
  }

  bucket(id: number): { id: number; key: string; point_values: string } | undefined {
    return this.#one('SELECT id, key, point_values FROM main.buckets WHERE id = ?', id);
  }

  consensus(unitKind: string, unitId: number): { class_no: number | null } | undefined {
    return this.#one('SELECT class_no FROM main.consensus WHERE unit_kind = ? AND unit_id = ?', unitKind, unitId);
  }

  trainedClass(modelId: number, unit: string): number | undefined {
    return this.#one<{ class_no: number }>('SELECT class_no FROM main.model_units WHERE model_id = ? AND unit = ?', modelId, unit)
      ?.class_no;
  }

  points(jobId: number, version: number): readonly string[] {
    const row = this.#one<{ points: string }>(
      'SELECT points FROM main.point_versions WHERE job_id = ? AND version = ?',
      jobId,
      version,
    );
    return row ? (JSON.parse(row.points) as string[]) : [];
  }

  #one<Row>(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  #each(sql: string, ...values: (string | number)[]): IterableIterator<NarrowRow> {
    return this.#prepare(sql)
      .raw()
      .iterate(...values) as IterableIterator<NarrowRow>;
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
