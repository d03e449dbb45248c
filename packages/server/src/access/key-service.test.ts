import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INPUT_RIGHTS, SCOPES } from '@verdict/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditTrail } from '../audit/audit-trail.ts';
import type { Origin, Principal } from '../http/principal.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import type { KeyDraft } from './key.ts';
import { KeyService } from './key-service.ts';
import { RowCache } from './row-cache.ts';

const HOUR = 3_600_000_000;
const by = (principal: Principal): Origin => ({ principal, address: 'api 10.0.0.7' });
const OPERATOR = by({ kind: 'operator', name: 'operator' });
const ADMIN = by({ kind: 'user', userId: 1, name: 'Ada', role: 'admin' });
const LEAD = by({ kind: 'user', userId: 2, name: 'Lea', role: 'lead' });
const keyWith = (...scopes: string[]) => by({ kind: 'management', keyId: 9, name: 'CI', scopes: new Set(scopes) });

let folder: string;
let storage: Storage;
let keys: KeyService;
let now: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-keys-'));
  storage = openSqlite(folder);
  now = 1_700_000_000_000_000;
  keys = open();
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The services as another start of the program would make them: with nothing in memory. */
const open = () => new KeyService(storage, () => now, new AuditTrail(() => now));
const input = (name: string, more: Partial<KeyDraft> = {}): KeyDraft => ({ name, kind: 'input', ...more });
const management = (name: string, more: Partial<KeyDraft> = {}): KeyDraft => ({ name, kind: 'management', ...more });
const auditText = async () => JSON.stringify(await storage.read((tx) => tx.all('SELECT * FROM audit')));

describe('authenticate', () => {
  it('refuses no key, an unknown one, one that is too long and one of another letter case', async () => {
    const { value } = await keys.create(ADMIN, input('SOAR'));
    const swapped = value.slice(0, -1) + (value.endsWith('A') ? 'B' : 'A');
    for (const presented of ['', 'nonsense', 'x'.repeat(100_000), swapped, ` ${value}`, `${value}\0`, value.toUpperCase()]) {
      expect(await keys.authenticate(presented)).toEqual({ fault: 'unknown' });
    }
  });

  it('refuses an expired key from the moment it ends, also when it was just used', async () => {
    const { value } = await keys.create(ADMIN, input('SOAR', { expiresAt: now + HOUR }));
    expect(await keys.authenticate(value)).toHaveProperty('principal');
    now += HOUR - 1;
    expect(await keys.authenticate(value)).toHaveProperty('principal');
    now += 1;
    expect(await keys.authenticate(value)).toEqual({ fault: 'expired' });
    expect(await open().authenticate(value)).toEqual({ fault: 'expired' });
  });

  it('refuses a revoked key at once, though it was in memory', async () => {
    const { key, value } = await keys.create(ADMIN, input('SOAR'));
    expect(await keys.authenticate(value)).toHaveProperty('principal');
    const revoked = await keys.revoke(ADMIN, key.id);
    expect(revoked.revokedAt).toBe(now);
    expect(await keys.authenticate(value)).toEqual({ fault: 'revoked' });
    now += 5;
    expect((await keys.revoke(ADMIN, key.id)).revokedAt).toBe(revoked.revokedAt);
    await expect(keys.revoke(ADMIN, 999)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('says who the key is: an input key with its rights, a management key with its scopes', async () => {
    const soar = await keys.create(ADMIN, input('SOAR', { rights: ['decisions', 'events'] }));
    const ci = await keys.create(OPERATOR, management('CI', { scopes: ['read:resources'] }));
    expect(await keys.authenticate(soar.value)).toEqual({
      principal: { kind: 'input', keyId: soar.key.id, name: 'SOAR', rights: new Set(['events', 'decisions']) },
    });
    expect(await keys.authenticate(ci.value)).toEqual({
      principal: { kind: 'management', keyId: ci.key.id, name: 'CI', scopes: new Set(['read:resources']) },
    });
  });

  it('follows a change of rights and scopes from the commit on', async () => {
    const { key, value } = await keys.create(ADMIN, input('SOAR'));
    expect(await keys.authenticate(value)).toMatchObject({ principal: { rights: new Set(INPUT_RIGHTS) } });
    await keys.update(ADMIN, key.id, { rights: ['events'], name: 'XSOAR' });
    expect(await keys.authenticate(value)).toMatchObject({ principal: { name: 'XSOAR', rights: new Set(['events']) } });
  });

  it('does not hold what is unknown, nor a row that changed while it was read', async () => {
    const cache = new RowCache<number>(2);
    expect(await cache.load('nobody', async () => null)).toBeNull();
    expect(cache.size).toBe(0);
    const stale = cache.load('a', async () => {
      cache.clear();
      return 1;
    });
    expect(await stale).toBe(1);
    expect(cache.get('a')).toBeUndefined();
    for (const [n, name] of ['a', 'b', 'c'].entries()) await cache.load(name, async () => n);
    expect([cache.size, cache.get('a'), cache.get('c')]).toEqual([2, undefined, 2]);
  });
});

describe('create', () => {
  it('refuses to grant more than the maker has', async () => {
    await expect(keys.create(keyWith(...SCOPES), management('more'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.create(LEAD, management('more'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.create(keyWith('write:resources'), input('more', { rights: ['events'] }))).rejects.toMatchObject({
      code: 'forbidden',
      message: 'You cannot grant the right events: you do not have it yourself.',
    });
    const { key } = await keys.create(keyWith('write:resources', 'write:events', 'execute:job_operations'), input('as much'));
    expect(key.rights).toEqual(['events', 'train', 'start_stop']);
    await expect(keys.update(keyWith('write:resources'), key.id, { rights: ['events', 'export'] })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await keys.update(keyWith('write:resources'), key.id, { rights: ['events'] })).rights).toEqual(['events']);
  });

  it('refuses bad names, values, scopes and expiries, naming each', async () => {
    const refused = (draft: KeyDraft) =>
      keys.create(ADMIN, draft).then(
        () => 'made',
        (error: Error) => error.message,
      );
    expect(await refused(input(''))).toContain('name must be a name');
    expect(await refused(input(' a'))).toContain('name must be a name');
    expect(await refused(input('a\nb'))).toContain('control characters');
    expect(await refused(input('x'.repeat(201)))).toContain('at most 200');
    expect(await refused(input('a', { value: 'short' }))).toContain('16 to 256');
    expect(await refused(input('a', { value: 'a'.repeat(40) }))).toContain('easy to guess');
    expect(await refused(input('a', { value: 'with blanks in the key' }))).toContain('printable ASCII');
    expect(await refused(input('a', { expiresAt: now }))).toContain('future');
    expect(await refused(management('a', { value: 'pasted-by-a-customer-1' }))).toContain('only for input keys');
    expect(await refused(management('a', { scopes: ['read:everything'] }))).toContain('There is no scope read:everything');
    expect(await refused(input('a', { scopes: ['read:resources'] }))).toContain('has rights');
    expect(await keys.list()).toEqual([]);
  });

  it('refuses a name and a pasted value that are taken, also when both come at once', async () => {
    const outcomes = await Promise.allSettled([keys.create(ADMIN, input('SOAR')), keys.create(ADMIN, input('SOAR'))]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const value = 'pasted-by-a-customer-1';
    const pasted = await keys.create(ADMIN, input('old pack', { value }));
    expect(await keys.authenticate(value)).toMatchObject({ principal: { keyId: pasted.key.id } });
    await expect(keys.create(ADMIN, input('again', { value }))).rejects.toMatchObject({ code: 'refused' });
  });

  it('shows prefix and last four, stores only the hash, and writes no value into the audit trail', async () => {
    const { key, value } = await keys.create(ADMIN, management('CI'));
    expect(value).toMatch(/^vrd_[A-Za-z0-9_-]{43}$/);
    expect(key).toMatchObject({ prefix: value.slice(0, 8), last4: value.slice(-4), scopes: SCOPES, createdBy: 'user:1' });
    expect(key).not.toHaveProperty('hash');
    const pasted = await keys.create(ADMIN, input('old pack', { value: 'pasted-by-a-customer-1' }));
    expect(pasted.key).toMatchObject({ prefix: '', last4: 'er-1' });
    const stored = JSON.stringify(await storage.read((tx) => tx.all('SELECT name, prefix, last4, scopes FROM api_keys')));
    for (const secret of [value, value.slice(8, -4), 'pasted-by']) {
      expect(stored).not.toContain(secret);
      expect(await auditText()).not.toContain(secret);
    }
    expect(await auditText()).toContain('key.create');
  });

  it('lets a fresh key in at once though it was refused a moment before', async () => {
    const value = 'pasted-by-a-customer-1';
    expect(await keys.authenticate(value)).toEqual({ fault: 'unknown' });
    await keys.create(ADMIN, input('old pack', { value }));
    expect(await keys.authenticate(value)).toHaveProperty('principal');
  });
});

describe('remove', () => {
  it('refuses while an integration uses the key, naming it, and never gives its number again', async () => {
    const { key, value } = await keys.create(ADMIN, input('SOAR'));
    await storage.write((tx) =>
      tx.run(
        `INSERT INTO integrations (title, type, parameters, key_id, created_at, created_by, updated_at) VALUES ('Main SOAR', 'x', '{}', ?, 0, 'x', 0)`,
        key.id,
      ),
    );
    expect((await keys.list())[0]?.integrations).toEqual(['Main SOAR']);
    await expect(storage.write((tx) => keys.remove(tx, ADMIN, key.id))).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining('"Main SOAR"'),
    });
    await storage.write((tx) => tx.run('DELETE FROM integrations'));
    await storage.write((tx) => keys.remove(tx, ADMIN, key.id));
    expect(await keys.authenticate(value)).toEqual({ fault: 'unknown' });
    expect((await keys.create(ADMIN, input('SOAR'))).key.id).toBe(key.id + 1);
  });
});

describe('last used', () => {
  it('shows the last use at once and writes it when flushed', async () => {
    const { key, value } = await keys.create(ADMIN, input('SOAR'));
    expect((await keys.get(key.id)).lastUsedAt).toBeNull();
    now += 7;
    await keys.authenticate(value);
    expect((await keys.get(key.id)).lastUsedAt).toBe(now);
    expect((await open().get(key.id)).lastUsedAt).toBeNull();
    await keys.flush();
    expect((await open().get(key.id)).lastUsedAt).toBe(now);
    const used = now;
    now -= HOUR;
    await keys.authenticate(value);
    await keys.flush();
    expect((await open().get(key.id)).lastUsedAt).toBe(used);
  });
});
