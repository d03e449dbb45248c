import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Counts } from './piece.ts';

/** Which events count: those of a job whose own time is in a span, both ends included. Microseconds. */
export interface Span {
  readonly jobId: number;
  readonly from: number;
  readonly to: number;
}

/** How many rows of events one statement walks over, so that none holds anybody up for long. */
export const WINDOW = 5_000;

/** A piece of a job's events: numbers above `after` up to `upTo`; of those only `only` (JSON list of numbers), all where it is null. */
export interface Window {
  readonly after: number;
  readonly upTo: number;
  readonly only: string | null;
}

/** The next window of at most `size` rows after a number, and whether it has as many; undefined when there are no events left. */
export async function nextWindow(
  tx: ReadTx,
  jobId: number,
  after: number,
  size: number,
): Promise<(Window & { readonly full: boolean }) | undefined> {
  const full = await tx.get<{ seq: number }>(
    'SELECT seq FROM events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT 1 OFFSET ?',
    jobId,
    after,
    size - 1,
  );
  if (full) return { after, upTo: full.seq, only: null, full: true };
  const last = await tx.get<{ seq: number | null }>(
    'SELECT max(seq) AS seq FROM events WHERE job_id = ? AND seq > ?',
    jobId,
    after,
  );
  return last?.seq == null ? undefined : { after, upTo: last.seq, only: null, full: false };
}

/** Numbers of the rows that the rows of a window took the place of. */
export async function replacedBy(tx: ReadTx, jobId: number, after: number, upTo: number): Promise<number[]> {
  const rows = await tx.all<{ seq: number }>(
    `SELECT p.seq FROM events e
       JOIN events p ON p.job_id = e.job_id AND p.event_id = e.event_id AND p.event_version = e.event_version - 1
     WHERE e.job_id = ? AND e.seq > ? AND e.seq <= ? AND e.event_version > 1`,
    jobId,
    after,
    upTo,
  );
  return rows.map(({ seq }) => seq);
}

/** Counts the current events of the rows after a number up to another. */
export async function countPiece(tx: ReadTx, jobId: number, after: number, upTo: number): Promise<Counts> {
  const rows = await tx.all<{ bucket: number | null; classNo: number; events: number; first: number; last: number }>(
    `WITH grouped AS MATERIALIZED (
       SELECT bucket_id AS bucket, decision_id, count(*) AS events, min(event_at) AS first, max(event_at) AS last
       FROM events WHERE job_id = ? AND seq > ? AND seq <= ? AND is_current = 1 GROUP BY 1, 2)
     SELECT g.bucket, coalesce(d.class_no, -1) AS classNo, sum(g.events) AS events, min(g.first) AS first, max(g.last) AS last
     FROM grouped g LEFT JOIN decisions d ON d.id = g.decision_id GROUP BY 1, 2 ORDER BY 1, 2`,
    jobId,
    after,
    upTo,
  );
  const inBuckets = rows.filter(({ bucket }) => bucket !== null);
  return {
    events: rows.reduce((sum, { events }) => sum + events, 0),
    first: rows.reduce((least, { first }) => Math.min(least, first), Number.POSITIVE_INFINITY),
    last: rows.reduce((most, { last }) => Math.max(most, last), Number.NEGATIVE_INFINITY),
    buckets: Float64Array.from(inBuckets, ({ bucket }) => bucket!),
    classes: Int32Array.from(inBuckets, ({ classNo }) => classNo),
    counts: Float64Array.from(inBuckets, ({ events }) => events),
  };
}

/** What people and a model say of a bucket; class numbers. */
export interface KnownBucket {
  readonly bucket: number;
  readonly agreed: number | null;
  readonly trained: number | null;
}

/** Buckets of a job with a consensus, after a number. */
export async function agreedBuckets(
  tx: ReadTx,
  jobId: number,
  modelId: number,
  after: number,
  limit: number,
): Promise<KnownBucket[]> {
  return tx.all<KnownBucket>(
    `SELECT c.unit_id AS bucket, c.class_no AS agreed, m.class_no AS trained FROM consensus c
       JOIN buckets b ON b.id = c.unit_id LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'b:' || b.key
     WHERE c.job_id = ? AND c.unit_kind = 'b' AND c.unit_id > ? ORDER BY c.unit_id LIMIT ?`,
    modelId,
    jobId,
    after,
    limit,
  );
}

/** The name of the last of the next `limit` units that a model was trained on. @param kind `b` = buckets, `e` = events on their own. */
export async function endOfTrained(
  tx: ReadTx,
  modelId: number,
  kind: 'b' | 'e',
  after: string,
  limit: number,
): Promise<string | undefined> {
  const row = await tx.get<{ unit: string | null }>(
    'SELECT max(unit) AS unit FROM (SELECT unit FROM model_units WHERE model_id = ? AND unit > ? AND unit < ? ORDER BY unit LIMIT ?)',
    modelId,
    after,
    // The character after the colon.
    `${kind};`,
    limit,
  );
  return row?.unit ?? undefined;
}

/** Buckets of a job, by any version of its decision points (CROSS JOIN keeps SQLite from walking over all its buckets instead), that a model was trained on, and what people say of them now. */
export async function trainedBuckets(
  tx: ReadTx,
  jobId: number,
  modelId: number,
  after: string,
  upTo: string,
): Promise<KnownBucket[]> {
  return tx.all<KnownBucket>(
    `SELECT b.id AS bucket, c.class_no AS agreed, m.class_no AS trained FROM model_units m CROSS JOIN point_versions v
       CROSS JOIN buckets b ON b.job_id = v.job_id AND b.points_version = v.version AND b.key = substr(m.unit, 3)
       LEFT JOIN consensus c ON c.unit_kind = 'b' AND c.unit_id = b.id
     WHERE m.model_id = ? AND m.unit > ? AND m.unit <= ? AND v.job_id = ?`,
    modelId,
    after,
    upTo,
    jobId,
  );
}

/** Events that are units of their own and have a consensus, after a number. */
export async function agreedEvents(
  tx: ReadTx,
  span: Span,
  shared: boolean,
  modelId: number,
  after: number,
  upTo: number,
): Promise<OwnUnit[]> {
  return tx.all<OwnUnit>(
    `SELECT e.seq, e.event_id AS eventId, d.class_no AS decided, c.class_no AS agreed, m.class_no AS trained FROM consensus c
       JOIN events e ON e.seq = c.unit_id LEFT JOIN decisions d ON d.id = e.decision_id
       LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'e:' || e.seq
     WHERE c.job_id = ? AND c.unit_kind = 'e' AND c.unit_id > ? AND c.unit_id <= ? AND c.class_no IS NOT NULL
       AND e.job_id = c.job_id AND e.is_current = 1 AND e.event_at >= ? AND e.event_at <= ? AND (? = 0 OR e.bucket_id IS NULL)`,
    modelId,
    span.jobId,
    after,
    upTo,
    span.from,
    span.to,
    shared ? 1 : 0,
  );
}

/** The number of the last of the next `size` events of a job that have a consensus of their own, also a split one. */
export async function endOfAgreedEvents(tx: ReadTx, jobId: number, after: number, size: number): Promise<number | undefined> {
  const row = await tx.get<{ id: number | null }>(
    `SELECT max(unit_id) AS id FROM (SELECT unit_id FROM consensus WHERE job_id = ? AND unit_kind = 'e' AND unit_id > ?
       ORDER BY unit_id LIMIT ?)`,
    jobId,
    after,
    size,
  );
  return row?.id ?? undefined;
}

/** Events that are units of their own, have no consensus, and are in the knowledge base of a model. */
export async function trainedEvents(
  tx: ReadTx,
  span: Span,
  shared: boolean,
  modelId: number,
  after: string,
  upTo: string,
): Promise<OwnUnit[]> {
  return tx.all<OwnUnit>(
    `SELECT e.seq, e.event_id AS eventId, d.class_no AS decided, NULL AS agreed, m.class_no AS trained FROM model_units m
       JOIN events e ON e.seq = CAST(substr(m.unit, 3) AS INTEGER) LEFT JOIN decisions d ON d.id = e.decision_id
       LEFT JOIN consensus c ON c.unit_kind = 'e' AND c.unit_id = e.seq
     WHERE m.model_id = ? AND m.unit > ? AND m.unit <= ? AND c.class_no IS NULL
       AND e.job_id = ? AND e.is_current = 1 AND e.event_at >= ? AND e.event_at <= ? AND (? = 0 OR e.bucket_id IS NULL)`,
    modelId,
    after,
    upTo,
    span.jobId,
    span.from,
    span.to,
    shared ? 1 : 0,
  );
}

/** Numbers of the current versions of events. */
export async function currentRows(tx: ReadTx, jobId: number, eventIds: readonly string[]): Promise<number[]> {
  const rows = await tx.all<{ seq: number }>(
    'SELECT seq FROM events WHERE job_id = ? AND event_id IN (SELECT value FROM json_each(?)) AND is_current = 1',
    jobId,
    JSON.stringify(eventIds),
  );
  return rows.map(({ seq }) => seq);
}

/** Events of a window that share their bucket and decision. */
export interface Group {
  /** null: events that stand on their own; these are in `ownUnits` too where people or the model know them. */
  readonly bucket: number | null;
  readonly events: number;
  readonly first: number;
  readonly last: number;
  /** Class number decided; null without a decision. */
  readonly decided: number | null;
  /** Class number of the consensus; null without one, also when the votes are split. */
  readonly agreed: number | null;
  /** Class number the model was trained on; null for a bucket that is not in its knowledge base. */
  readonly trained: number | null;
}

/** The current events of a window; filled in by `within`. */
const WITHIN = `e.job_id = ? AND e.seq > ? AND e.seq <= ? AND e.is_current = 1 AND e.event_at >= ? AND e.event_at <= ?
  AND (? IS NULL OR e.seq IN (SELECT value FROM json_each(?)))`;

function within({ jobId, from, to }: Span, { after, upTo, only }: Window) {
  return [jobId, after, upTo, from, to, only, only];
}

/**
 * Counts the current events of a window grouped by bucket and decision, so that consensus, decision and knowledge base are looked up once for
 * each group and not for each event.
 * @param shared votes are counted over buckets; else every event stands on its own.
 * @param modelId whose knowledge base; 0 for none.
 */
export async function countGroups(tx: ReadTx, span: Span, window: Window, shared: boolean, modelId: number): Promise<Group[]> {
  return tx.all<Group>(
    `WITH grouped AS MATERIALIZED (
       SELECT CASE WHEN ? = 1 THEN bucket_id END AS bucket, decision_id, count(*) AS events, min(event_at) AS first, max(event_at) AS last
       FROM events e WHERE ${WITHIN} GROUP BY 1, 2)
     SELECT g.bucket, g.events, g.first, g.last, d.class_no AS decided, c.class_no AS agreed, m.class_no AS trained
     FROM grouped g LEFT JOIN decisions d ON d.id = g.decision_id
       LEFT JOIN consensus c ON c.unit_kind = 'b' AND c.unit_id = g.bucket
       LEFT JOIN buckets b ON b.id = g.bucket
       LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'b:' || b.key`,
    shared ? 1 : 0,
    ...within(span, window),
    modelId,
  );
}

/** An event that is a unit of its own. */
export interface OwnUnit {
  readonly seq: number;
  readonly eventId: string;
  readonly decided: number | null;
  readonly agreed: number | null;
  readonly trained: number | null;
}

/** Events of a window that are units of their own and have a consensus or are in the knowledge base, oldest first. */
export async function ownUnits(tx: ReadTx, span: Span, window: Window, shared: boolean, modelId: number): Promise<OwnUnit[]> {
  return tx.all<OwnUnit>(
    `SELECT e.seq, e.event_id AS eventId, d.class_no AS decided, c.class_no AS agreed, m.class_no AS trained
     FROM events e LEFT JOIN consensus c ON c.unit_kind = 'e' AND c.unit_id = e.seq
       LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'e:' || e.seq
       LEFT JOIN decisions d ON d.id = e.decision_id
     WHERE ${WITHIN} AND (? = 0 OR e.bucket_id IS NULL)
       AND (c.class_no IS NOT NULL OR m.class_no IS NOT NULL) ORDER BY e.seq`,
    modelId,
    ...within(span, window),
    shared ? 1 : 0,
  );
}

/** The newest events of a window in these buckets (not an empty list). */
export async function newestOfBuckets(
  tx: ReadTx,
  span: Span,
  window: Window,
  bucketIds: readonly number[],
  limit: number,
): Promise<{ seq: number; eventId: string }[]> {
  return tx.all(
    `SELECT seq, event_id AS eventId FROM events e WHERE ${WITHIN} AND bucket_id IN (SELECT value FROM json_each(?))
     ORDER BY seq DESC LIMIT ?`,
    ...within(span, window),
    JSON.stringify(bucketIds),
    limit,
  );
}

/** Numbers of the complete models of a job, oldest first. */
export async function modelIds(tx: ReadTx, jobId: number): Promise<number[]> {
  return (await tx.all<{ id: number }>('SELECT id FROM models WHERE job_id = ? AND complete = 1 ORDER BY id', jobId)).map(
    (row) => row.id,
  );
}

/** A unit with a consensus, and what the model was trained on there. */
export interface AgreedUnit {
  /** Number of the bucket, or of the event's row. */
  readonly id: number;
  readonly agreed: number;
  readonly trained: number | null;
  readonly pointsVersion: number;
  readonly values: string | null;
}

/**
 * Units of a job with a consensus that the model did not learn: not in its knowledge base, or there with another label. After a number,
 * in the order of numbers.
 */
export async function unlearnedUnits(
  tx: ReadTx,
  jobId: number,
  modelId: number,
  kind: 'b' | 'e',
  after: number,
  limit: number,
): Promise<AgreedUnit[]> {
  return tx.all<AgreedUnit>(
    kind === 'b'
      ? `SELECT b.id, c.class_no AS agreed, m.class_no AS trained, b.points_version AS pointsVersion, b.point_values AS "values"
         FROM consensus c JOIN buckets b ON b.id = c.unit_id LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'b:' || b.key
         WHERE c.unit_kind = 'b' AND c.unit_id > ? AND c.job_id = ? AND c.class_no IS NOT NULL AND b.events > 0
           AND (m.class_no IS NULL OR m.class_no <> c.class_no) ORDER BY c.unit_id LIMIT ?`
      : `SELECT e.seq AS id, c.class_no AS agreed, m.class_no AS trained, e.points_version AS pointsVersion, b.point_values AS "values"
         FROM consensus c JOIN events e ON e.seq = c.unit_id LEFT JOIN buckets b ON b.id = e.bucket_id
           LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'e:' || e.seq
         WHERE c.unit_kind = 'e' AND c.unit_id > ? AND c.job_id = ? AND c.class_no IS NOT NULL AND e.is_current = 1
           AND (m.class_no IS NULL OR m.class_no <> c.class_no) ORDER BY c.unit_id LIMIT ?`,
    modelId,
    after,
    jobId,
    limit,
  );
}

/** What a model was trained on in the bucket with this key; undefined when it was not in its knowledge base. */
export async function trainedAs(tx: ReadTx, modelId: number, key: string): Promise<number | undefined> {
  const row = await tx.get<{ classNo: number }>(
    `SELECT class_no AS classNo FROM model_units WHERE model_id = ? AND unit = 'b:' || ?`,
    modelId,
    key,
  );
  return row?.classNo;
}

/** What a model was trained on in an event of this bucket that stood on its own. */
export async function trainedOnEventOf(tx: ReadTx, modelId: number, bucketId: number): Promise<number | undefined> {
  const row = await tx.get<{ classNo: number }>(
    `SELECT m.class_no AS classNo FROM events e JOIN model_units m ON m.model_id = ? AND m.unit = 'e:' || e.seq
     WHERE e.bucket_id = ? ORDER BY e.seq LIMIT 1`,
    modelId,
    bucketId,
  );
  return row?.classNo;
}

/** What a model was judged to do when somebody asked again. */
export interface Recomputed {
  readonly at: number;
  /** JSON of pairs. */
  readonly pairs: string;
}

export async function saveRecomputed(tx: Tx, modelId: number, at: number, pairs: string): Promise<void> {
  await tx.run(
    `INSERT INTO model_metrics (model_id, at, pairs) VALUES (?, ?, ?)
     ON CONFLICT (model_id) DO UPDATE SET at = excluded.at, pairs = excluded.pairs`,
    modelId,
    at,
    pairs,
  );
}

export async function getRecomputed(tx: ReadTx, modelId: number): Promise<Recomputed | undefined> {
  return tx.get('SELECT at, pairs FROM model_metrics WHERE model_id = ?', modelId);
}

/** Recomputations of a job that wait or run. */
export async function openRecomputations(
  tx: ReadTx,
  jobId: number,
  kind: string,
): Promise<{ id: number; parameters: string; createdAt: number }[]> {
  return tx.all(
    `SELECT id, parameters, created_at AS createdAt FROM tasks WHERE job_id = ? AND kind = ? AND state IN ('waiting', 'running') ORDER BY id`,
    jobId,
    kind,
  );
}
