import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Key, KeyKind, KeyRight } from './key.ts';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly kind: KeyKind;
  readonly prefix: string;
  readonly last4: string;
  readonly hash: Uint8Array;
  readonly scopes: string;
  readonly rights: string;
  readonly owner: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

/** A key with what is needed to recognise it. */
export interface StoredKey extends Key {
  readonly hash: Uint8Array;
}

const COLUMNS =
  'id, name, kind, prefix, last4, hash, scopes, rights, owner, created_at, created_by, expires_at, revoked_at, last_used_at';

export async function keyByHash(tx: ReadTx, hash: Uint8Array): Promise<StoredKey | null> {
  return present(await tx.get<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE hash = ?`, hash));
}

export async function keyById(tx: ReadTx, id: number): Promise<StoredKey | null> {
  return present(await tx.get<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE id = ?`, id));
}

export async function keyByName(tx: ReadTx, name: string): Promise<StoredKey | null> {
  return present(await tx.get<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE name = ?`, name));
}

export async function allKeys(tx: ReadTx): Promise<StoredKey[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM api_keys ORDER BY id`)).map(fromRow);
}

/** The tokens of a person that are not revoked. */
export async function liveKeysOf(tx: ReadTx, owner: string): Promise<StoredKey[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM api_keys WHERE owner = ? AND revoked_at IS NULL ORDER BY id`, owner)).map(
    fromRow,
  );
}

/** The integrations that use each key: key id and title. */
export function integrationsOfKeys(tx: ReadTx): Promise<{ key_id: number; title: string }[]> {
  return tx.all('SELECT key_id, title FROM integrations WHERE key_id IS NOT NULL ORDER BY title');
}

export async function integrationsOfKey(tx: ReadTx, keyId: number): Promise<string[]> {
  const rows = await tx.all<{ title: string }>('SELECT title FROM integrations WHERE key_id = ? ORDER BY title', keyId);
  return rows.map(({ title }) => title);
}

export async function insertKey(tx: Tx, key: Omit<StoredKey, 'id'>): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO api_keys (name, kind, prefix, last4, hash, scopes, rights, owner, created_at, created_by, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key.name,
    key.kind,
    key.prefix,
    key.last4,
    key.hash,
    JSON.stringify(key.scopes),
    JSON.stringify(key.rights),
    key.owner,
    key.createdAt,
    key.createdBy,
    key.expiresAt,
  );
  return id;
}

export async function updateKey(tx: Tx, key: Key): Promise<void> {
  await tx.run(
    'UPDATE api_keys SET name = ?, scopes = ?, rights = ?, expires_at = ?, revoked_at = ?, version = version + 1 WHERE id = ?',
    key.name,
    JSON.stringify(key.scopes),
    JSON.stringify(key.rights),
    key.expiresAt,
    key.revokedAt,
    key.id,
  );
}

export async function deleteKey(tx: Tx, id: number): Promise<void> {
  await tx.run('DELETE FROM api_keys WHERE id = ?', id);
}

/** Forgets tokens of people that ended before a time. */
export async function deleteEndedTokens(tx: Tx, before: number): Promise<void> {
  await tx.run('DELETE FROM api_keys WHERE owner IS NOT NULL AND coalesce(revoked_at, expires_at) < ?', before);
}

export async function noteUse(tx: Tx, id: number, at: number): Promise<void> {
  await tx.run('UPDATE api_keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?', at, id, at);
}

function present(row: Row | undefined): StoredKey | null {
  return row ? fromRow(row) : null;
}

function fromRow(row: Row): StoredKey {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    prefix: row.prefix,
    last4: row.last4,
    hash: row.hash,
    scopes: JSON.parse(row.scopes) as string[],
    rights: JSON.parse(row.rights) as KeyRight[],
    owner: row.owner,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
