import type { ReadTx, Tx } from '../storage/storage.ts';
import type { AuditRow, AuditTail } from './audit.ts';

const TAIL = 'audit_tail';
const COLUMNS =
  'seq, at, actor_kind, actor_id, actor_name, origin, action, object_kind, object_id, job_id, before, after, previous_hash, hash';

/** The tail as it was noted, and the last row that the table has, from one snapshot. */
export async function ends(tx: ReadTx): Promise<{ noted: AuditTail | null; last: number }> {
  const row = await tx.get<{ noted: string | null; last: number | null }>(
    'SELECT (SELECT value FROM meta WHERE name = ?) AS noted, (SELECT max(seq) FROM audit) AS last',
    TAIL,
  );
  return { noted: parseTail(row?.noted ?? null), last: row?.last ?? 0 };
}

/** The tail to append after; null when none is noted. */
export async function notedTail(tx: ReadTx): Promise<AuditTail | null> {
  const row = await tx.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', TAIL);
  return parseTail(row?.value ?? null);
}

export async function lastSeq(tx: ReadTx): Promise<number> {
  return (await tx.get<{ last: number | null }>('SELECT max(seq) AS last FROM audit'))?.last ?? 0;
}

export async function append(tx: Tx, row: AuditRow): Promise<void> {
  await tx.run(
    `INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.seq,
    row.at,
    row.actor_kind,
    row.actor_id,
    row.actor_name,
    row.origin,
    row.action,
    row.object_kind,
    row.object_id,
    row.job_id,
    row.before,
    row.after,
    row.previous_hash,
    row.hash,
  );
  await tx.run(
    'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    TAIL,
    JSON.stringify({ seq: row.seq, hash: row.hash }),
  );
}

/** Rows after `seq`, oldest first. */
export function following(tx: ReadTx, seq: number, size: number): Promise<AuditRow[]> {
  return tx.all<AuditRow>(`SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, seq, size);
}

/** What to look for; null leaves a member out. Times in microseconds, `from` included, `to` not. */
export interface AuditFilter {
  /** Id (`user:1`, `key:3`) or name of who did it. */
  readonly actor: string | null;
  readonly action: string | null;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly jobId: number | null;
  readonly from: number | null;
  readonly to: number | null;
}

/** Rows of `after < seq < before` that fit, newest first. */
export function newest(tx: ReadTx, filter: AuditFilter, after: number, before: number, size: number): Promise<AuditRow[]> {
  const { actor, action, objectKind, objectId, jobId, from, to } = filter;
  return tx.all<AuditRow>(
    `SELECT ${COLUMNS} FROM audit WHERE seq > ? AND seq < ?
       AND actor_id = CASE WHEN actor_name = ? THEN actor_id ELSE coalesce(?, actor_id) END
       AND action = coalesce(?, action) AND object_kind = coalesce(?, object_kind) AND object_id = coalesce(?, object_id)
       AND coalesce(job_id, -1) = coalesce(?, job_id, -1) AND at >= coalesce(?, at) AND at < coalesce(?, at + 1)
     ORDER BY seq DESC LIMIT ?`,
    after,
    before,
    actor,
    actor,
    action,
    objectKind,
    objectId,
    jobId,
    from,
    to,
    size,
  );
}

/** The same for one object, by its index. */
export function newestOf(
  tx: ReadTx,
  kind: string,
  id: string,
  filter: AuditFilter,
  before: number,
  size: number,
): Promise<AuditRow[]> {
  const { actor, action, jobId, from, to } = filter;
  return tx.all<AuditRow>(
    `SELECT ${COLUMNS} FROM audit WHERE object_kind = ? AND object_id = ? AND seq < ?
       AND actor_id = CASE WHEN actor_name = ? THEN actor_id ELSE coalesce(?, actor_id) END AND action = coalesce(?, action)
       AND coalesce(job_id, -1) = coalesce(?, job_id, -1) AND at >= coalesce(?, at) AND at < coalesce(?, at + 1)
     ORDER BY seq DESC LIMIT ?`,
    kind,
    id,
    before,
    actor,
    actor,
    action,
    jobId,
    from,
    to,
    size,
  );
}

function parseTail(text: string | null): AuditTail | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || !('seq' in value) || !('hash' in value)) return null;
    return Number.isSafeInteger(value.seq) && typeof value.hash === 'string'
      ? { seq: Number(value.seq), hash: value.hash }
      : null;
  } catch {
    return null;
  }
}
