import type { Role } from '../http/principal.ts';
import type { ReadTx, Tx } from '../storage/storage.ts';

/** A session and whose it is. Times in microseconds. */
export interface StoredSession {
  readonly hash: Uint8Array;
  readonly user_id: number;
  readonly user_name: string;
  readonly role: Role;
  readonly disabled: number;
  readonly csrf: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly last_seen_at: number;
}

export async function sessionByHash(tx: ReadTx, hash: Uint8Array): Promise<StoredSession | null> {
  const row = await tx.get<StoredSession>(
    `SELECT s.hash, s.user_id, u.name AS user_name, u.role, u.disabled, s.csrf, s.created_at, s.expires_at, s.last_seen_at
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ?`,
    hash,
  );
  return row ?? null;
}

export async function insertSession(
  tx: Tx,
  session: { hash: Uint8Array; userId: number; csrf: string; createdAt: number; expiresAt: number; address: string },
): Promise<void> {
  await tx.run(
    'INSERT INTO sessions (hash, user_id, csrf, created_at, expires_at, last_seen_at, address) VALUES (?, ?, ?, ?, ?, ?, ?)',
    session.hash,
    session.userId,
    session.csrf,
    session.createdAt,
    session.expiresAt,
    session.createdAt,
    session.address,
  );
}

export async function deleteSession(tx: Tx, hash: Uint8Array): Promise<void> {
  await tx.run('DELETE FROM sessions WHERE hash = ?', hash);
}

/** @returns how many there were. */
export async function deleteSessionsOf(tx: Tx, userId: number): Promise<number> {
  return (await tx.run('DELETE FROM sessions WHERE user_id = ?', userId)).changes;
}

/** Forgets sessions that ended, and of one person all but the newest `kept`. */
export async function tidySessions(tx: Tx, now: number, idleSince: number, userId: number, kept: number): Promise<void> {
  await tx.run('DELETE FROM sessions WHERE expires_at <= ? OR last_seen_at < ?', now, idleSince);
  await tx.run(
    'DELETE FROM sessions WHERE user_id = ? AND hash NOT IN (SELECT hash FROM sessions WHERE user_id = ? ORDER BY created_at DESC LIMIT ?)',
    userId,
    userId,
    kept,
  );
}

export async function noteSeen(tx: Tx, hash: Uint8Array, at: number): Promise<void> {
  await tx.run('UPDATE sessions SET last_seen_at = ? WHERE hash = ? AND last_seen_at < ?', at, hash, at);
}
