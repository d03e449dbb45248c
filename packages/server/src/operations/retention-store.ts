import type { ReadTx, Tx } from '../storage/storage.ts';

/** A job with the settings that it stores. */
export interface JobSettingsRow {
  readonly id: number;
  readonly title: string;
  readonly settings: string;
}

/** A version of an event, as the sweep walks over them. */
export interface SweptRow {
  readonly seq: number;
  readonly event_id: string;
  readonly is_current: number;
  readonly ingested_at: number;
}

export async function listJobSettings(tx: ReadTx): Promise<JobSettingsRow[]> {
  return tx.all('SELECT id, title, settings FROM jobs ORDER BY id');
}

/** Number of the job's newest event; 0 without any. */
export async function newestSeq(tx: ReadTx, jobId: number): Promise<number> {
  const row = await tx.get<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq DESC LIMIT 1', jobId);
  return row?.seq ?? 0;
}

/** The next events of a job after a number, whatever their age: a bounded look, however many of them stay. */
export async function eventsAfter(tx: ReadTx, jobId: number, after: number, limit: number): Promise<SweptRow[]> {
  return tx.all(
    'SELECT seq, event_id, is_current, ingested_at FROM events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    jobId,
    after,
    limit,
  );
}

/** When the current version of an event came in. */
export async function currentSince(tx: ReadTx, jobId: number, eventId: string): Promise<number | undefined> {
  const row = await tx.get<{ ingested_at: number }>(
    'SELECT ingested_at FROM events WHERE job_id = ? AND event_id = ? AND is_current = 1 ORDER BY event_version DESC LIMIT 1',
    jobId,
    eventId,
  );
  return row?.ingested_at;
}

/** Whether people said something of any version of an event, or a model was trained on one. */
export async function isNeeded(tx: ReadTx, jobId: number, eventId: string): Promise<boolean> {
  const said = await tx.get(
    `SELECT 1 FROM events e WHERE e.job_id = ? AND e.event_id = ?
       AND (EXISTS (SELECT 1 FROM feedback f WHERE f.event_seq = e.seq) OR EXISTS (SELECT 1 FROM votes v WHERE v.event_seq = e.seq)) LIMIT 1`,
    jobId,
    eventId,
  );
  if (said) return true;
  const trained = await tx.get(
    `SELECT 1 FROM events e JOIN models m ON m.job_id = e.job_id JOIN model_units u ON u.model_id = m.id AND u.unit = 'e:' || e.seq
     WHERE e.job_id = ? AND e.event_id = ? LIMIT 1`,
    jobId,
    eventId,
  );
  return trained !== undefined;
}

/** Versions of an event, oldest first: the current one, which is what lists and counts see, is the last to go. */
export async function versionsOf(
  tx: ReadTx,
  jobId: number,
  eventId: string,
  limit: number,
): Promise<{ seq: number; is_current: number; bucket_id: number | null }[]> {
  return tx.all(
    'SELECT seq, is_current, bucket_id FROM events WHERE job_id = ? AND event_id = ? ORDER BY event_version LIMIT ?',
    jobId,
    eventId,
    limit,
  );
}

/** Removes one version of an event with its alert and the decisions it had before. */
export async function deleteVersion(tx: Tx, seq: number): Promise<void> {
  await tx.run('DELETE FROM past_decisions WHERE event_seq = ?', seq);
  await tx.run('DELETE FROM shadow_decisions WHERE event_seq = ?', seq);
  await tx.run('DELETE FROM asks WHERE event_seq = ?', seq);
  await tx.run('DELETE FROM event_bodies WHERE seq = ?', seq);
  await tx.run('DELETE FROM enriched_bodies WHERE seq = ?', seq);
  await tx.run('DELETE FROM events WHERE seq = ?', seq);
}

/** Takes current events out of the count of their bucket. */
export async function uncountInBucket(tx: Tx, bucketId: number, removed: number): Promise<void> {
  await tx.run('UPDATE buckets SET events = events - ? WHERE id = ?', removed, bucketId);
}

/** Takes events out of the count of their job, which counts the events that are stored now. */
export async function uncountInJob(tx: Tx, jobId: number, removed: number): Promise<void> {
  await tx.run('UPDATE job_counters SET events = events - ? WHERE job_id = ?', removed, jobId);
}

/** Removes a bucket that nothing stands in any more: no event of any version, no vote or consensus, and no model that was trained on it. */
export async function deleteIfEmpty(tx: Tx, bucketId: number): Promise<boolean> {
  const { changes } = await tx.run(
    `DELETE FROM buckets WHERE id = ? AND events <= 0
       AND NOT EXISTS (SELECT 1 FROM events e WHERE e.bucket_id = buckets.id)
       AND NOT EXISTS (SELECT 1 FROM votes v WHERE v.bucket_id = buckets.id)
       AND NOT EXISTS (SELECT 1 FROM unit_votes u WHERE u.unit_kind = 'b' AND u.unit_id = buckets.id)
       AND NOT EXISTS (SELECT 1 FROM consensus c WHERE c.unit_kind = 'b' AND c.unit_id = buckets.id)
       AND NOT EXISTS (SELECT 1 FROM models m JOIN model_units t ON t.model_id = m.id AND t.unit = 'b:' || buckets.key WHERE m.job_id = buckets.job_id)`,
    bucketId,
  );
  return changes > 0;
}
