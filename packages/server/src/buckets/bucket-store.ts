import { parsePointValues } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Bucket } from './bucket.ts';
import type { BucketFacts } from './bucket-queue.ts';

interface BucketRow {
  id: number;
  job_id: number;
  points_version: number;
  key: string;
  point_values: string;
  events: number;
  first_seen_at: number;
  last_seen_at: number;
}

export async function getBucket(tx: ReadTx, id: number): Promise<Bucket | undefined> {
  const row = await tx.get<BucketRow>('SELECT * FROM buckets WHERE id = ?', id);
  return row && toBucket(row);
}

export async function getBucketByKey(tx: ReadTx, jobId: number, pointsVersion: number, key: string): Promise<Bucket | undefined> {
  const row = await tx.get<BucketRow>(
    'SELECT * FROM buckets WHERE job_id = ? AND points_version = ? AND key = ?',
    jobId,
    pointsVersion,
    key,
  );
  return row && toBucket(row);
}

/** The id of a bucket, which is made, empty, where it is not there yet. */
export async function ensureBucket(
  tx: Tx,
  jobId: number,
  pointsVersion: number,
  key: string,
  values: string,
  at: number,
): Promise<number> {
  const row = await tx.get<{ id: number }>(
    'SELECT id FROM buckets WHERE job_id = ? AND points_version = ? AND key = ?',
    jobId,
    pointsVersion,
    key,
  );
  if (row) return row.id;
  const { id } = await tx.run(
    'INSERT INTO buckets (job_id, points_version, key, point_values, events, first_seen_at, last_seen_at) VALUES (?, ?, ?, ?, 0, ?, ?)',
    jobId,
    pointsVersion,
    key,
    values,
    at,
    at,
  );
  return id;
}

/** Adds (or takes away) current events. Times only widen. */
export async function countInBucket(tx: Tx, id: number, added: number, at: number): Promise<void> {
  await tx.run(
    'UPDATE buckets SET events = events + ?, first_seen_at = min(first_seen_at, ?), last_seen_at = max(last_seen_at, ?) WHERE id = ?',
    added,
    at,
    at,
    id,
  );
}

/** Buckets of the job's current decision points, biggest first. */
export async function listBuckets(
  tx: ReadTx,
  jobId: number,
  pointsVersion: number,
  limit: number,
  offset: number,
): Promise<Bucket[]> {
  const rows = await tx.all<BucketRow>(
    'SELECT * FROM buckets WHERE job_id = ? AND points_version = ? AND events > 0 ORDER BY events DESC, key LIMIT ? OFFSET ?',
    jobId,
    pointsVersion,
    limit,
    offset,
  );
  return rows.map(toBucket);
}

interface FactsRow {
  id: number;
  key: string;
  events: number;
  voted: number | null;
  consensus: number | null;
  tally: string | null;
  voters: number | null;
  overrule_id: number | null;
  decision_id: number | null;
  class_no: number | null;
  confidence: number | null;
  outlier: number | null;
}

/**
 * What tells in which lists buckets stand, in the order of their keys after one (exclusive): a part of them at a time, so that nobody waits.
 * @param shared whether votes count for the whole bucket, or only for the event they were given on.
 * @returns with the last key looked at; undefined when there are no more.
 */
export async function bucketFacts(
  tx: ReadTx,
  job: { readonly id: number; readonly pointsVersion: number; readonly shared: boolean },
  after: string,
  limit: number,
): Promise<{ readonly facts: BucketFacts[]; readonly last: string | undefined }> {
  const rows = await tx.all<FactsRow>(
    `SELECT b.id, b.key, b.events, c.unit_id AS voted, c.class_no AS consensus, c.tally, c.voters, c.overrule_id,
       d.id AS decision_id, d.class_no, d.confidence, d.outlier
     FROM (SELECT id, key, events FROM buckets WHERE job_id = ? AND points_version = ? AND key > ? ORDER BY key LIMIT ?) b
     LEFT JOIN events e ON e.seq = (SELECT x.seq FROM events x WHERE x.bucket_id = b.id AND x.is_current = 1 ORDER BY x.seq DESC LIMIT 1)
     LEFT JOIN consensus c ON c.unit_kind = ? AND c.unit_id = ${job.shared ? 'b.id' : 'e.seq'}
     LEFT JOIN decisions d ON d.id = e.decision_id
     ORDER BY b.key`,
    job.id,
    job.pointsVersion,
    after,
    limit,
    job.shared ? 'b' : 'e',
  );
  return {
    facts: rows.filter(({ events }) => events > 0).map(toFacts),
    last: rows.length < limit ? undefined : rows.at(-1)!.key,
  };
}

function toFacts(row: FactsRow): BucketFacts {
  return {
    id: row.id,
    events: row.events,
    consensus:
      row.voted === null
        ? undefined
        : {
            classNo: row.consensus,
            tally: JSON.parse(row.tally ?? '{}') as Record<string, number>,
            voters: row.voters ?? 0,
            overruled: row.overrule_id !== null,
          },
    decision:
      row.decision_id === null ? undefined : { classNo: row.class_no, confidence: row.confidence, outlier: row.outlier === 1 },
  };
}

/** The consensus on a unit: undefined = nobody voted, `classNo` null = undecided. */
export async function trainedClass(tx: ReadTx, modelId: number, unit: string): Promise<number | undefined> {
  return (await tx.get<{ class_no: number }>('SELECT class_no FROM model_units WHERE model_id = ? AND unit = ?', modelId, unit))
    ?.class_no;
}

function toBucket(row: BucketRow): Bucket {
  return {
    id: row.id,
    jobId: row.job_id,
    pointsVersion: row.points_version,
    key: row.key,
    values: parsePointValues(row.point_values),
    events: row.events,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  };
}
