import type { ReadTx } from '../storage/storage.ts';
import { type Key, keyHash } from './key.ts';
import { keyByHash, keyById, keyByName, type StoredKey } from './key-store.ts';

/** Look-ups within a unit of somebody else's: what a document refers to may have been made a statement before. */

/** The key of that name; undefined when there is none. */
export async function keyNamed(tx: ReadTx, name: string): Promise<Key | undefined> {
  return withoutHash(await keyByName(tx, name));
}

/** The key of that number; undefined when there is none. */
export async function keyNumbered(tx: ReadTx, id: number): Promise<Key | undefined> {
  return withoutHash(await keyById(tx, id));
}

/** The key whose value this is; undefined when there is none. */
export async function keyWithValue(tx: ReadTx, value: string): Promise<Key | undefined> {
  return withoutHash(await keyByHash(tx, keyHash(value)));
}

function withoutHash(stored: StoredKey | null): Key | undefined {
  if (!stored) return undefined;
  const { hash: _, ...key } = stored;
  return key;
}
