import { randomBytes } from 'node:crypto';
import { INPUT_RIGHTS, SCOPES } from '@verdict/contract';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, type Principal, principalId } from '../http/principal.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { grantableRights, grantableScopes } from './grants.ts';
import {
  checkDraft,
  expiryFault,
  granted,
  KEY_BYTES,
  KEY_PREFIX,
  type Key,
  type KeyDraft,
  type KeyFault,
  type KeyRight,
  keyHash,
  keyNameFault,
  refuseProblems,
  sameHash,
  VALUE_MAX,
} from './key.ts';
import {
  allKeys,
  deleteEndedTokens,
  deleteKey,
  insertKey,
  integrationsOfKey,
  integrationsOfKeys,
  keyByHash,
  keyById,
  keyByName,
  liveKeysOf,
  noteUse,
  type StoredKey,
  updateKey,
} from './key-store.ts';
import { LastUse } from './last-use.ts';
import { RowCache } from './row-cache.ts';

/** Gives `n` random bytes. */
export type Random = (n: number) => Buffer;

/** A key that is thought out but not yet stored, with the only copy of its value. */
export interface PreparedKey {
  readonly value: string;
  readonly row: Omit<StoredKey, 'id'>;
}

/** What a key lets its holder be, or why it is not taken. */
export type KeyOutcome = { readonly principal: Principal } | { readonly fault: KeyFault };

/** A key and the integrations that use it. */
export interface KeyInUse extends Key {
  readonly integrations: readonly string[];
}

/** What of a key can be changed; absent members stay. */
export interface KeyChange {
  readonly name?: string | undefined;
  readonly rights?: readonly KeyRight[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: number | null | undefined;
}

interface KnownKey {
  readonly key: StoredKey;
  readonly principal: Principal;
}

/** Keys held in memory. */
const CACHED_KEYS = 10_000;
/** How long an ended token stays listed, in microseconds: 30 days. */
const ENDED_TOKENS_KEPT = 30 * 86_400_000_000;
const UNKNOWN: KeyOutcome = { fault: 'unknown' };

/** API keys: who made them, what they may, until when; and whether the one that a call presents is one of them. */
export class KeyService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #random: Random;
  readonly #known = new RowCache<KnownKey>(CACHED_KEYS);
  readonly #used: LastUse<number>;

  constructor(storage: Storage, clock: Clock, audit: AuditTrail, random: Random = randomBytes) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#random = random;
    this.#used = new LastUse((uses) =>
      storage.write(async (tx) => {
        for (const [id, at] of uses) await noteUse(tx, id, at);
      }),
    );
  }

  /**
   * Recognises a key: the way of every ingest. A known key costs a hash and a look-up in memory, an unknown one a look-up by index in the
   * store; what is longer than any key costs nothing.
   */
  authenticate(presented: string): KeyOutcome | Promise<KeyOutcome> {
    if (presented === '' || presented.length > VALUE_MAX) return UNKNOWN;
    const hash = keyHash(presented);
    const name = hash.toString('base64');
    const known = this.#known.get(name);
    return known ? this.#judge(known, hash) : this.#lookUp(name, hash);
  }

  /**
   * Thinks out a key, so that a unit has only to store it.
   * @throws Refusal `invalid` for a bad draft, `forbidden` for scopes or rights that the maker does not have.
   */
  prepare(origin: Origin, draft: KeyDraft, owner: string | null = null): PreparedKey {
    const { principal } = origin;
    const now = this.#clock();
    checkDraft(draft, now);
    if (
      draft.kind === 'management' &&
      principal.kind !== 'operator' &&
      !(principal.kind === 'user' && principal.role === 'admin')
    ) {
      throw new Refusal('forbidden', 'Management keys come only from the command line or an administrator.');
    }
    const value = draft.value ?? KEY_PREFIX + this.#random(KEY_BYTES).toString('base64url');
    const management = draft.kind === 'management';
    return {
      value,
      row: {
        name: draft.name,
        kind: draft.kind,
        // A pasted key may be short; showing eight of its characters at the front would give too much of it away.
        prefix: draft.value === undefined ? value.slice(0, KEY_PREFIX.length + 4) : '',
        last4: value.slice(-4),
        hash: keyHash(value),
        scopes: management ? granted(draft.scopes, [...grantableScopes(principal)], SCOPES, 'scope') : [],
        rights: management ? [] : granted(draft.rights, grantableRights(principal), INPUT_RIGHTS, 'right'),
        owner,
        createdAt: now,
        createdBy: principalId(principal),
        expiresAt: draft.expiresAt ?? null,
        revokedAt: null,
        lastUsedAt: null,
      },
    };
  }

  /**
   * Stores a prepared key within a unit of somebody else's, say a document that makes key, integration and job at once.
   * @throws Refusal `refused` where the name or the value is taken.
   */
  async insert(tx: Tx, origin: Origin, { row }: PreparedKey): Promise<Key> {
    const namesake = await keyByName(tx, row.name);
    if (namesake) {
      const state = namesake.revokedAt === null ? '' : ' (revoked)';
      throw new Refusal('refused', `A key named "${row.name}" exists already${state}. Choose another name.`);
    }
    // Only a pasted value can be taken; that it is, is all that is said of the other key.
    if (await keyByHash(tx, row.hash))
      throw new Refusal('refused', 'This key value is in use already. Every key needs a value of its own.');
    if (row.owner !== null) await deleteEndedTokens(tx, row.createdAt - ENDED_TOKENS_KEPT);
    const key: StoredKey = { ...row, id: await insertKey(tx, row) };
    await this.#record(tx, origin, 'key.create', key.id, undefined, view(key));
    tx.afterCommit(() => this.#known.clear());
    return publicKey(key);
  }

  /** Makes a key. The value is in the answer and nowhere else, ever. */
  async create(origin: Origin, draft: KeyDraft, owner: string | null = null): Promise<{ key: Key; value: string }> {
    const prepared = this.prepare(origin, draft, owner);
    const key = await this.#storage.write((tx) => this.insert(tx, origin, prepared));
    return { key, value: prepared.value };
  }

  /** All keys, oldest first, with the integrations that use them. */
  async list(): Promise<KeyInUse[]> {
    const [keys, uses] = await this.#storage.read(async (tx) => [await allKeys(tx), await integrationsOfKeys(tx)] as const);
    const titles = Map.groupBy(uses, ({ key_id }) => key_id);
    return keys.map((key) => ({ ...this.#withUse(key), integrations: titles.get(key.id)?.map(({ title }) => title) ?? [] }));
  }

  /** @throws Refusal `not_found`. */
  async get(id: number): Promise<Key> {
    return this.#withUse(await this.#storage.read((tx) => found(tx, id)));
  }

  /** The key of that name; null when there is none. */
  async byName(name: string): Promise<Key | null> {
    const key = await this.#storage.read((tx) => keyByName(tx, name));
    return key ? this.#withUse(key) : null;
  }

  /**
   * Changes the name, rights, scopes or expiry of a key.
   * @throws Refusal `not_found`, `invalid`, `forbidden` (more than the caller has), `refused` (revoked, or the name is taken).
   */
  update(origin: Origin, id: number, change: KeyChange): Promise<Key> {
    const problems = [
      ['name', change.name === undefined ? null : keyNameFault(change.name)] as const,
      ['expires_at', expiryFault(change.expiresAt, this.#clock())] as const,
    ].flatMap(([member, msg]) => (msg ? [{ loc: ['body', member], msg, type: 'bad_format' }] : []));
    return this.#storage.write(async (tx) => {
      refuseProblems('The key cannot be changed', problems);
      const before = await found(tx, id);
      if (before.revokedAt !== null)
        throw new Refusal('refused', `The key "${before.name}" is revoked for good. Make a new one.`);
      if (before.kind === 'input' ? change.scopes : change.rights) {
        const sentence =
          before.kind === 'input' ? 'An input key has rights, not scopes.' : 'A management key has scopes, not rights.';
        throw new Refusal('invalid', sentence);
      }
      if (change.name !== undefined && change.name !== before.name && (await keyByName(tx, change.name))) {
        throw new Refusal('refused', `A key named "${change.name}" exists already. Choose another name.`);
      }
      const after: StoredKey = {
        ...before,
        name: change.name ?? before.name,
        rights: change.rights
          ? granted(change.rights, widened(grantableRights(origin.principal), before.rights), INPUT_RIGHTS, 'right')
          : before.rights,
        scopes: change.scopes
          ? granted(change.scopes, widened([...grantableScopes(origin.principal)], before.scopes), SCOPES, 'scope')
          : before.scopes,
        expiresAt: change.expiresAt === undefined ? before.expiresAt : change.expiresAt,
      };
      await updateKey(tx, after);
      await this.#record(tx, origin, 'key.change', id, view(before), view(after));
      tx.afterCommit(() => this.#known.clear());
      return this.#withUse(after);
    });
  }

  /** Ends a key for good; doing it again changes nothing. @throws Refusal `not_found`. */
  revoke(origin: Origin, id: number): Promise<Key> {
    return this.#storage.write(async (tx) => this.#withUse(await this.#revoke(tx, origin, await found(tx, id))));
  }

  /** Ends the tokens of a person, within the unit that ends the person's access. */
  async revokeTokensOf(tx: Tx, origin: Origin, owner: string): Promise<void> {
    for (const key of await liveKeysOf(tx, owner)) await this.#revoke(tx, origin, key);
  }

  /**
   * Removes a key and its name, within a unit. Its number is never given to another key.
   * @throws Refusal `not_found`, `in_use` naming the integrations that use it.
   */
  async remove(tx: Tx, origin: Origin, id: number): Promise<void> {
    const key = await found(tx, id);
    const titles = await integrationsOfKey(tx, id);
    if (titles.length > 0) {
      const named = titles.map((title) => `"${title}"`).join(', ');
      throw new Refusal(
        'in_use',
        `The key "${key.name}" is used by the integration ${named}. Give it another key or delete it first.`,
      );
    }
    await deleteKey(tx, id);
    await this.#record(tx, origin, 'key.delete', id, view(key), undefined);
    tx.afterCommit(() => this.#known.clear());
  }

  /** Writes down when keys were last used, without waiting for the minute. */
  flush(): Promise<void> {
    return this.#used.flush();
  }

  async #lookUp(name: string, hash: Buffer): Promise<KeyOutcome> {
    const known = await this.#known.load(name, async () => {
      const key = await this.#storage.read((tx) => keyByHash(tx, hash));
      return key ? { key, principal: principalOf(key) } : null;
    });
    return known ? this.#judge(known, hash) : UNKNOWN;
  }

  #judge({ key, principal }: KnownKey, hash: Buffer): KeyOutcome {
    if (!sameHash(key.hash, hash)) return UNKNOWN;
    if (key.revokedAt !== null) return { fault: 'revoked' };
    const now = this.#clock();
    if (key.expiresAt !== null && now >= key.expiresAt) return { fault: 'expired' };
    this.#used.note(key.id, now);
    return { principal };
  }

  async #revoke(tx: Tx, origin: Origin, before: StoredKey): Promise<StoredKey> {
    if (before.revokedAt !== null) return before;
    const after = { ...before, revokedAt: this.#clock() };
    await updateKey(tx, after);
    await this.#record(tx, origin, 'key.revoke', before.id, view(before), view(after));
    tx.afterCommit(() => this.#known.clear());
    return after;
  }

  #record(tx: Tx, origin: Origin, action: string, id: number, before: unknown, after: unknown): Promise<void> {
    return this.#audit.record(tx, origin, { action, objectKind: 'key', objectId: id, before, after });
  }

  #withUse(key: StoredKey): Key {
    return { ...publicKey(key), lastUsedAt: this.#used.pending(key.id) ?? key.lastUsedAt };
  }
}

async function found(tx: ReadTx, id: number): Promise<StoredKey> {
  const key = await keyById(tx, id);
  if (!key) throw new Refusal('not_found', `There is no key ${id}.`);
  return key;
}

/** What a key has already may stay on it, whoever changes the rest. */
function widened<Name extends string>(grantable: readonly Name[], has: readonly Name[]): Name[] {
  return [...new Set([...grantable, ...has])];
}

function principalOf(key: StoredKey): Principal {
  return key.kind === 'input'
    ? { kind: 'input', keyId: key.id, name: key.name, rights: new Set(key.rights) }
    : { kind: 'management', keyId: key.id, name: key.name, scopes: new Set(key.scopes) };
}

function publicKey({ hash: _, ...key }: StoredKey): Key {
  return key;
}

/** What the audit trail keeps of a key. */
function view({ name, kind, prefix, last4, scopes, rights, owner, expiresAt, revokedAt }: Key): Record<string, unknown> {
  return { name, kind, prefix, last4, scopes, rights, owner, expires_at: expiresAt, revoked_at: revokedAt };
}
