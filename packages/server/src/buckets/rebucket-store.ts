import type { ReadTx, Tx } from '../storage/storage.ts';

/** Where a version of an event stands. */
export interface EventPlace {
  readonly seq: number;
  readonly points_version: number;
  readonly bucket_id: number | null;
  readonly is_current: number;
  readonly ingested_at: number;
  readonly status: string;
}

/** First and last number among the events of a job. */
export async function eventRange(tx: ReadTx, jobId: number): Promise<{ first: number; last: number } | undefined> {
  const first = await tx.get<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq LIMIT 1', jobId);
  const last = await tx.get<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq DESC LIMIT 1', jobId);
  return first && last && { first: first.seq, last: last.seq };
}

/** The next events of a job below a number, newest first, whatever their version: a bounded look, however many need nothing. */
export async function eventsBelow(
  tx: ReadTx,
  jobId: number,
  below: number,
  limit: number,
): Promise<{ seq: number; points_version: number }[]> {
  return tx.all(
    'SELECT seq, points_version FROM events WHERE job_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
    jobId,
    below,
    limit,
  );
}

export async function getBody(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM event_records WHERE seq = ?', seq))?.body;
}

export async function getPlace(tx: ReadTx, seq: number): Promise<EventPlace | undefined> {
  return tx.get('SELECT seq, points_version, bucket_id, is_current, ingested_at, status FROM events WHERE seq = ?', seq);
}

export async function setPlace(tx: Tx, seq: number, pointsVersion: number, bucketId: number | null): Promise<void> {
  await tx.run('UPDATE events SET points_version = ?, bucket_id = ? WHERE seq = ?', pointsVersion, bucketId, seq);
}

/** Where a walk over buckets is. */
export interface BucketMark {
  readonly points_version: number;
  readonly key: string;
}

/** The next buckets of versions before `version`, after a mark. */
export async function oldBuckets(
  tx: ReadTx,
  jobId: number,
  version: number,
  after: BucketMark,
  limit: number,
): Promise<(BucketMark & { id: number })[]> {
  return tx.all(
    `SELECT id, points_version, key FROM buckets WHERE job_id = ? AND (points_version, key) > (?, ?) AND points_version < ?
     ORDER BY points_version, key LIMIT ?`,
    jobId,
    after.points_version,
    after.key,
    version,
    limit,
  );
}

/** Whether an event or a vote stands in a bucket. */
export async function isOccupied(tx: ReadTx, bucketId: number): Promise<boolean> {
  return (
    (await tx.get('SELECT 1 FROM events WHERE bucket_id = ? LIMIT 1', bucketId)) !== undefined ||
    (await tx.get('SELECT 1 FROM votes WHERE bucket_id = ? LIMIT 1', bucketId)) !== undefined
  );
}

/** Whether a model of the job was trained on a bucket. */
export async function isTrainedOn(tx: ReadTx, jobId: number, bucket: BucketMark): Promise<boolean> {
  const row = await tx.get(
    `SELECT 1 FROM models m JOIN model_units u ON u.model_id = m.id AND u.unit = ? WHERE m.job_id = ? AND m.points_version = ? LIMIT 1`,
    `b:${bucket.key}`,
    jobId,
    bucket.points_version,
  );
  return row !== undefined;
}

export async function deleteBucket(tx: Tx, id: number): Promise<void> {
  await tx.run('DELETE FROM buckets WHERE id = ?', id);
}
