import type { ReadTx } from '../storage/storage.ts';

/** A current event as reprocessing looks at it. */
export interface Candidate {
  readonly seq: number;
  readonly event_at: number;
}

/** The next current events of a job after a number: a bounded look, however many are out of the span that is asked for. */
export async function eventsAfter(
  tx: ReadTx,
  jobId: number,
  after: number,
  limit: number,
): Promise<(Candidate & { is_current: number })[]> {
  return tx.all(
    'SELECT seq, event_at, is_current FROM events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    jobId,
    after,
    limit,
  );
}

/** The newest number among the events of a job; 0 without any. */
export async function lastEvent(tx: ReadTx, jobId: number): Promise<number> {
  const row = await tx.get<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq DESC LIMIT 1', jobId);
  return row?.seq ?? 0;
}

/** The number of the current version of an event. */
export async function currentSeq(tx: ReadTx, jobId: number, eventId: string): Promise<number | undefined> {
  const row = await tx.get<{ seq: number }>(
    'SELECT seq FROM events WHERE job_id = ? AND event_id = ? ORDER BY event_version DESC LIMIT 1',
    jobId,
    eventId,
  );
  return row?.seq;
}
