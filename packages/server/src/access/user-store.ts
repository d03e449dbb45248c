import type { Role } from '../http/principal.ts';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { User } from './user.ts';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly password_hash: string;
  readonly disabled: number;
  readonly created_at: number;
  readonly last_sign_in_at: number | null;
}

/** A user with the hash of the password, which leaves this folder never. */
export interface StoredUser extends User {
  readonly passwordHash: string;
}

const COLUMNS = 'id, name, role, password_hash, disabled, created_at, last_sign_in_at';

export async function userByName(tx: ReadTx, nameKey: string): Promise<StoredUser | null> {
  return present(await tx.get<Row>(`SELECT ${COLUMNS} FROM users WHERE name_key = ?`, nameKey));
}

export async function userById(tx: ReadTx, id: number): Promise<StoredUser | null> {
  return present(await tx.get<Row>(`SELECT ${COLUMNS} FROM users WHERE id = ?`, id));
}

export async function allUsers(tx: ReadTx): Promise<StoredUser[]> {
  return (await tx.all<Row>(`SELECT ${COLUMNS} FROM users ORDER BY id`)).map(fromRow);
}

/** Admins who can sign in. */
export async function countAdmins(tx: ReadTx): Promise<number> {
  return (
    (await tx.get<{ count: number }>(`SELECT count(*) AS count FROM users WHERE role = 'admin' AND disabled = 0`))?.count ?? 0
  );
}

export async function insertUser(tx: Tx, user: Omit<StoredUser, 'id'>, nameKey: string): Promise<number> {
  const { id } = await tx.run(
    'INSERT INTO users (name, name_key, role, password_hash, disabled, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    user.name,
    nameKey,
    user.role,
    user.passwordHash,
    user.disabled ? 1 : 0,
    user.createdAt,
  );
  return id;
}

export async function updateUser(tx: Tx, user: StoredUser, nameKey: string): Promise<void> {
  await tx.run(
    'UPDATE users SET name = ?, name_key = ?, role = ?, password_hash = ?, disabled = ?, version = version + 1 WHERE id = ?',
    user.name,
    nameKey,
    user.role,
    user.passwordHash,
    user.disabled ? 1 : 0,
    user.id,
  );
}

export async function noteSignIn(tx: Tx, id: number, at: number): Promise<void> {
  await tx.run('UPDATE users SET last_sign_in_at = ? WHERE id = ?', at, id);
}

function present(row: Row | undefined): StoredUser | null {
  return row ? fromRow(row) : null;
}

function fromRow(row: Row): StoredUser {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    passwordHash: row.password_hash,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
  };
}
