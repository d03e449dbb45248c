import type { Tx } from '../storage/storage.ts';

/** Most entries removed in one unit of work. */
const AT_ONCE = 5_000;

/**
 * Removes entries of the list of events that are gone, up to a number (inclusive), the oldest first.
 * @returns the last number that is removed for certain.
 */
export async function removeGone(tx: Tx, until: number): Promise<number> {
  const first = await tx.get<{ n: number | null }>('SELECT min(n) AS n FROM gone_events');
  if (first === undefined || first.n === null || first.n > until) return until;
  const last = Math.min(until, first.n + AT_ONCE - 1);
  await tx.run('DELETE FROM gone_events WHERE n <= ?', last);
  return last;
}
