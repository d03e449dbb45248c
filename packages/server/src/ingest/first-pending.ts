import type { ReadTx } from '../storage/storage.ts';

/**
 * The number of the first row of a job that waits for its code steps; undefined where none does. What rows come to can only be kept before it:
 * from there on they will get a decision.
 */
export async function firstPending(tx: ReadTx, jobId: number): Promise<number | undefined> {
  const row = await tx.get<{ seq: number | null }>(
    "SELECT min(seq) AS seq FROM events WHERE job_id = ? AND status = 'pending_inference'",
    jobId,
  );
  return row?.seq ?? undefined;
}
