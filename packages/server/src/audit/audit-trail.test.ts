import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Origin } from '../http/principal.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { type AuditEntry, MASK, SIDE_MAX, sideText } from './audit.ts';
import type { AuditFilter } from './audit-store.ts';
import { AuditTrail } from './audit-trail.ts';

const ORIGIN: Origin = { principal: { kind: 'user', userId: 7, name: 'Ada', role: 'admin' }, address: 'api 10.0.0.7' };
const ALL: AuditFilter = { actor: null, action: null, objectKind: null, objectId: null, jobId: null, from: null, to: null };

let folder: string;
let storage: Storage;
let trail: AuditTrail;
let now: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-audit-'));
  storage = openSqlite(folder);
  now = 1_700_000_000_000_000;
  trail = new AuditTrail(() => now++);
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const record = (entry: Partial<AuditEntry> = {}, origin = ORIGIN) =>
  storage.write((tx) =>
    trail.record(tx, origin, { action: 'job.start', objectKind: 'job', objectId: 1201, jobId: 1201, ...entry }),
  );
const verify = () => trail.verify((reader) => storage.read(reader));
const list = (filter: Partial<AuditFilter> = {}, before: number | null = null, size = 100) =>
  trail.list((reader) => storage.read(reader), { ...ALL, ...filter }, before, size);

/** Changes the file behind the service's back, as somebody with access to the disk would. */
function tamper(...statements: string[]): void {
  const database = new Database(storage.file);
  database.exec('DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete');
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe('verify', () => {
  it('finds a changed, a removed, an inserted and a replaced entry, and entries cut off at the end', async () => {
    for (let n = 0; n < 6; n += 1) await record({ after: { n } });
    expect(await verify()).toMatchObject({ ok: true, rows: 6, head: { seq: 6 } });
    const { rows } = await list();
    tamper(`UPDATE audit SET actor_name = 'Eve' WHERE seq = 3`);
    expect(await verify()).toMatchObject({ ok: false, rows: 2, firstBroken: 3 });
    tamper(`UPDATE audit SET actor_name = 'Ada' WHERE seq = 3`);
    expect(await verify()).toMatchObject({ ok: true, rows: 6 });
    tamper('DELETE FROM audit WHERE seq = 6');
    expect(await verify()).toMatchObject({ ok: false, rows: 5, firstBroken: 6 });
    tamper('DELETE FROM audit WHERE seq IN (2, 3)');
    const gap = await verify();
    expect(gap).toMatchObject({ ok: false, rows: 1, firstBroken: 2 });
    expect(gap.sentence).toContain('Entries 2 to 3 are missing.');
    expect(rows.map((row) => row.seq)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('finds rows that do not follow one another, rows beyond the noted end, and a noted end that is gone', async () => {
    for (let n = 0; n < 3; n += 1) await record();
    tamper(
      `INSERT INTO audit SELECT 4, at, actor_kind, actor_id, actor_name, origin, action, object_kind, object_id, job_id, before, after, previous_hash, hash FROM audit WHERE seq = 3`,
    );
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 4, rows: 3 });
    tamper('DELETE FROM audit WHERE seq = 4', `DELETE FROM meta WHERE name = 'audit_tail'`);
    expect(await verify()).toMatchObject({ ok: false });
    await record();
    // The gap stays to be found after the trail went on.
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 4, rows: 3 });
  });

  it('goes on after entries were cut off, and still finds it', async () => {
    for (let n = 0; n < 4; n += 1) await record();
    tamper('DELETE FROM audit WHERE seq > 2');
    await record();
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 3, rows: 2 });
  });

  it('calls an empty trail in order', async () => {
    expect(await verify()).toMatchObject({ ok: true, rows: 0 });
  });

  it('walks more than one batch, while others write', async () => {
    await storage.write(async (tx) => {
      for (let n = 0; n < 2_100; n += 1) await trail.record(tx, ORIGIN, { action: 'a', objectKind: 'k', objectId: n });
    });
    const [verdict] = await Promise.all([verify(), record(), record()]);
    expect(verdict).toMatchObject({ ok: true });
    expect(verdict.rows).toBeGreaterThanOrEqual(2_100);
    expect(await verify()).toMatchObject({ ok: true, rows: 2_102 });
  });

  it('holds for whatever is recorded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.jsonValue(), async (text, after) => {
        await record({ objectId: text, after: { text, after } }, { ...ORIGIN, address: text });
        expect((await verify()).ok).toBe(true);
      }),
      { numRuns: 30 },
    );
    await record({ objectId: 'lone \ud800 and \0 nul', after: { 'name \udfff': '\ud800' } });
    expect(await verify()).toMatchObject({ ok: true });
  });
});

describe('record', () => {
  it('refuses to change or remove an entry', async () => {
    await record();
    await expect(storage.write((tx) => tx.run(`UPDATE audit SET action = 'x'`))).rejects.toThrow('append-only');
    await expect(storage.write((tx) => tx.run('DELETE FROM audit'))).rejects.toThrow('append-only');
  });

  it('is kept only with the change that it records, and chains units that share a commit', async () => {
    const failing = storage.write(async (tx) => {
      await trail.record(tx, ORIGIN, { action: 'lost', objectKind: 'job', objectId: 1 });
      throw new Error('no');
    });
    const outcomes = await Promise.allSettled([record(), failing, record()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await verify()).toMatchObject({ ok: true, rows: 2 });
  });

  it('masks secrets by name and our own keys wherever they stand, and keeps whether one is set', () => {
    const text = sideText({
      password: 'hunter2hunter2',
      deep: [
        { apiToken: 'abc', api_key: 'pasted by a customer', has_password: true, note: 'key vrd_0123456789abcdefghijklmnop here' },
      ],
      client_secret: null,
      keyName: 'SOAR',
    });
    expect(text).toBe(
      `{"client_secret":null,"deep":[{"apiToken":"${MASK}","api_key":"${MASK}","has_password":true,"note":"key ${MASK} here"}],"keyName":"SOAR","password":"${MASK}"}`,
    );
  });

  it('keeps only the hash of a side that is too long', () => {
    const text = sideText({ text: 'x'.repeat(SIDE_MAX) });
    expect(JSON.parse(text ?? '')).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), too_long: SIDE_MAX + 11 });
  });
});

describe('list', () => {
  it('filters by who, what, which, job and time, newest first, page by page', async () => {
    const key: Origin = { principal: { kind: 'management', keyId: 3, name: 'CI', scopes: new Set() }, address: 'api 10.0.0.9' };
    for (let n = 0; n < 5; n += 1) await record({ objectId: n, jobId: 1201 + (n % 2) });
    await record({ action: 'key.revoke', objectKind: 'key', objectId: 3, jobId: null }, key);
    const seqs = async (filter: Partial<AuditFilter>) => (await list(filter)).rows.map((row) => row.seq);
    expect(await seqs({ actor: 'user:7' })).toEqual([5, 4, 3, 2, 1]);
    expect(await seqs({ actor: 'CI' })).toEqual([6]);
    expect(await seqs({ action: 'key.revoke' })).toEqual([6]);
    expect(await seqs({ jobId: 1202 })).toEqual([4, 2]);
    expect(await seqs({ objectKind: 'job', objectId: '2' })).toEqual([3]);
    expect(await seqs({ objectKind: 'key' })).toEqual([6]);
    const { rows } = await list();
    expect(await seqs({ from: rows[3]!.at, to: rows[1]!.at })).toEqual([4, 3]);
    const first = await list({}, null, 4);
    expect(first.rows.map((row) => row.seq)).toEqual([6, 5, 4, 3]);
    expect(first.next).toBe(3);
    const second = await list({}, first.next, 4);
    expect(second.rows.map((row) => row.seq)).toEqual([2, 1]);
    expect(second.next).toBeNull();
    expect(await seqs({ actor: `x' OR 1=1 --` })).toEqual([]);
  });
});
