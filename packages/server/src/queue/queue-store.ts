import { type PointValues, parsePointValues, type QueueReason } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Ask, Suggested } from './queue.ts';

/** Where the queue looks. */
export interface Field {
  readonly jobId: number;
  readonly pointsVersion: number;
  readonly points: readonly string[];
  /** Buckets that others than this caller were asked about since then are left to them. */
  readonly askedOf: string;
  readonly askedSince: number;
}

export interface CandidateRow {
  readonly id: number;
  readonly key: string;
  readonly values: PointValues;
  readonly events: number;
}

/** The biggest buckets without a vote on any of their events, biggest first. */
export async function biggestUnlabelled(tx: ReadTx, field: Field, limit: number): Promise<CandidateRow[]> {
  const rows = await tx.all<{ id: number; key: string; point_values: string; events: number }>(
    `SELECT b.id, b.key, b.point_values, b.events FROM buckets b
     WHERE b.job_id = ? AND b.points_version = ? AND b.events > 0 AND b.point_values <> ?
       AND NOT EXISTS (SELECT 1 FROM votes v WHERE v.bucket_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM unit_votes u WHERE u.unit_kind = 'b' AND u.unit_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM asks a JOIN events e ON e.seq = a.event_seq WHERE a.job_id = b.job_id AND a.at > ? AND a.asked_of <> ? AND e.bucket_id = b.id)
     ORDER BY b.events DESC, b.key LIMIT ?`,
    field.jobId,
    field.pointsVersion,
    nothing(field.points.length),
    field.askedSince,
    field.askedOf,
    limit,
  );
  return rows.map(toCandidate);
}

/** Buckets without a vote in the order of their keys, which are hashes, from a key on: as good as drawn. */
export async function unlabelledFrom(tx: ReadTx, field: Field, from: string, limit: number): Promise<CandidateRow[]> {
  const rows = await tx.all<{ id: number; key: string; point_values: string; events: number }>(
    `SELECT b.id, b.key, b.point_values, b.events FROM buckets b
     WHERE b.job_id = ? AND b.points_version = ? AND b.key >= ? AND b.events > 0 AND b.point_values <> ?
       AND NOT EXISTS (SELECT 1 FROM votes v WHERE v.bucket_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM unit_votes u WHERE u.unit_kind = 'b' AND u.unit_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM asks a JOIN events e ON e.seq = a.event_seq WHERE a.job_id = b.job_id AND a.at > ? AND a.asked_of <> ? AND e.bucket_id = b.id)
     ORDER BY b.key LIMIT ?`,
    field.jobId,
    field.pointsVersion,
    from,
    nothing(field.points.length),
    field.askedSince,
    field.askedOf,
    limit,
  );
  return rows.map(toCandidate);
}

export async function countUnlabelled(tx: ReadTx, field: Field): Promise<number> {
  const row = await tx.get<{ n: number }>(
    `SELECT count(*) AS n FROM buckets b WHERE b.job_id = ? AND b.points_version = ? AND b.events > 0 AND b.point_values <> ?
       AND NOT EXISTS (SELECT 1 FROM votes v WHERE v.bucket_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM unit_votes u WHERE u.unit_kind = 'b' AND u.unit_id = b.id)`,
    field.jobId,
    field.pointsVersion,
    nothing(field.points.length),
  );
  return row?.n ?? 0;
}

/** Labelled buckets with their voters for each class number, newest votes first. */
export async function labelledBuckets(
  tx: ReadTx,
  field: Field,
  limit: number,
): Promise<{ key: string; values: PointValues; votes: ReadonlyMap<number, number> }[]> {
  const rows = await tx.all<{ id: number; key: string; point_values: string; class_no: number; n: number }>(
    `SELECT b.id, b.key, b.point_values, v.class_no, count(DISTINCT v.voter) AS n
     FROM (SELECT bucket_id FROM votes WHERE job_id = ? AND bucket_id IS NOT NULL GROUP BY bucket_id ORDER BY max(feedback_id) DESC LIMIT ?) l
     JOIN buckets b ON b.id = l.bucket_id AND b.points_version = ? JOIN votes v ON v.bucket_id = b.id
     GROUP BY b.id, v.class_no ORDER BY b.key, v.class_no`,
    field.jobId,
    limit,
    field.pointsVersion,
  );
  const found = new Map<number, { key: string; values: PointValues; votes: Map<number, number> }>();
  for (const row of rows) {
    const known = found.get(row.id) ?? { key: row.key, values: parsePointValues(row.point_values), votes: new Map() };
    known.votes.set(row.class_no, row.n);
    found.set(row.id, known);
  }
  return [...found.values()];
}

/** A number that changes with each feedback of the job: the same questions come back until somebody has answered. */
export async function newestFeedback(tx: ReadTx, jobId: number): Promise<number> {
  return (await tx.get<{ id: number | null }>('SELECT max(id) AS id FROM feedback WHERE job_id = ?', jobId))?.id ?? 0;
}

/** A number that changes with each question that was put to others than a caller since then; null where none was. */
export async function newestAskOfOthers(tx: ReadTx, jobId: number, askedOf: string, since: number): Promise<number | null> {
  const row = await tx.get<{ id: number }>(
    'SELECT id FROM asks WHERE job_id = ? AND at > ? AND asked_of <> ? ORDER BY id DESC LIMIT 1',
    jobId,
    since,
    askedOf,
  );
  return row?.id ?? null;
}

/** Whether there is an event of this number, and it is the newest version. */
export async function isThere(tx: ReadTx, seq: number): Promise<boolean> {
  return (await tx.get('SELECT 1 FROM events WHERE seq = ? AND is_current = 1', seq)) !== undefined;
}

/** The newest event of a bucket. */
export async function newestEvent(tx: ReadTx, bucketId: number): Promise<{ seq: number; event_id: string } | undefined> {
  return tx.get('SELECT seq, event_id FROM events WHERE bucket_id = ? AND is_current = 1 ORDER BY seq DESC LIMIT 1', bucketId);
}

interface AskRow {
  readonly token: string;
  readonly reason: QueueReason;
  readonly chance: number | null;
}

/** A question about the event that was put to the same person before and is still open to them. */
export async function openAsk(tx: ReadTx, askedOf: string, eventSeq: number, since: number): Promise<AskRow | undefined> {
  return tx.get(
    'SELECT token, reason, chance FROM asks WHERE event_seq = ? AND asked_of = ? AND at > ? ORDER BY id DESC LIMIT 1',
    eventSeq,
    askedOf,
    since,
  );
}

export async function insertAsk(
  tx: Tx,
  jobId: number,
  askedOf: string,
  ask: Pick<Suggested, 'eventSeq' | 'reason' | 'chance'> & Pick<Ask, 'token'>,
  at: number,
): Promise<void> {
  await tx.run(
    'INSERT INTO asks (token, job_id, event_seq, asked_of, reason, chance, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ask.token,
    jobId,
    ask.eventSeq,
    askedOf,
    ask.reason,
    ask.chance,
    at,
  );
}

/** What was asked under a token, and about which event. */
export async function findAsk(
  tx: ReadTx,
  jobId: number,
  token: string,
): Promise<(Omit<AskRow, 'token'> & { readonly event_id: string }) | undefined> {
  return tx.get(
    'SELECT a.reason, a.chance, e.event_id FROM asks a JOIN events e ON e.seq = a.event_seq WHERE a.token = ? AND a.job_id = ?',
    token,
    jobId,
  );
}

/** Forgets old questions of a job; votes that answered them carry what they need. */
export async function deleteOldAsks(tx: Tx, jobId: number, before: number): Promise<void> {
  await tx.run(
    'DELETE FROM asks WHERE id IN (SELECT id FROM asks WHERE job_id = ? AND at < ? ORDER BY id LIMIT 1000)',
    jobId,
    before,
  );
}

function toCandidate(row: { id: number; key: string; point_values: string; events: number }): CandidateRow {
  return { id: row.id, key: row.key, values: parsePointValues(row.point_values), events: row.events };
}

function nothing(points: number): string {
  return JSON.stringify(new Array<null>(points).fill(null));
}
