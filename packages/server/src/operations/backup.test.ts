import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../storage/migrations.ts';
import { openSqlite, StoreInUse } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { createBackup } from './backup-create.ts';
import { type Manifest, sha256Of } from './backup-manifest.ts';
import { restoreBackup } from './backup-restore.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const options = { version: '0.1.0', now: NOW };

let root: string;
let data: string;
let backup: string;
let storage: Storage;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'verdict-backup-'));
  data = join(root, 'data');
  backup = join(root, 'backup');
  storage = openSqlite(data);
  await storage.write((tx) =>
    tx.run(
      `INSERT INTO jobs (id, title, category, created_at, created_by, updated_at) VALUES (1201, 'IDS', 'Decision intelligence', 1, 'test', 1)`,
    ),
  );
  await storage.write((tx) => tx.run('INSERT INTO job_counters (job_id) VALUES (1201)'));
});

afterEach(async () => {
  await storage.close();
  rmSync(root, { recursive: true, force: true });
});

/** Stores one event with its body as ingest does: row, body and counter in one unit. */
async function store(n: number): Promise<number> {
  return storage.write(async (tx) => {
    const { id } = await tx.run(
      `INSERT INTO events (job_id, event_id, event_version, body_hash, duplicated, ingested_at, event_at, points_version, status) VALUES (1201, ?, 1, ?, 0, ?, ?, 0, 'OK')`,
      `e-${n}`,
      Buffer.alloc(16, n % 256),
      n,
      n,
    );
    await tx.run('INSERT INTO event_bodies (seq, body) VALUES (?, ?)', id, JSON.stringify({ n, padding: 'x'.repeat(1_600) }));
    await tx.run('UPDATE job_counters SET events = events + 1 WHERE job_id = 1201');
    return id;
  });
}

const storeMany = async (from: number, to: number) => {
  await Promise.all(Array.from({ length: to - from }, (_, index) => store(from + index)));
};

function rowsOf(folder: string, sql: string): unknown[] {
  const database = new Database(join(folder, 'verdict.db'), { readonly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
const writeManifest = (folder: string, manifest: unknown) =>
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
const mode = (file: string) => statSync(file).mode & 0o777;

describe('a backup that cannot be made', () => {
  it('is refused into a folder that is not empty, and leaves it alone', async () => {
    mkdirSync(backup);
    writeFileSync(join(backup, 'verdict.db'), 'mine');
    await expect(createBackup(storage, backup, options)).rejects.toThrow(
      `${backup} is not empty. Name a new folder for each backup.`,
    );
    expect(readFileSync(join(backup, 'verdict.db'), 'utf8')).toBe('mine');
  });

  it('is refused inside the data folder, but for its backups', async () => {
    await expect(createBackup(storage, join(data, 'copy'), options)).rejects.toThrow('is inside the data folder');
    await expect(createBackup(storage, data, options)).rejects.toThrow('is inside the data folder');
    await expect(createBackup(storage, join(data, 'backups'), options)).rejects.toThrow('is inside the data folder');
    await createBackup(storage, join(data, 'backups', 'one'), options);
    await createBackup(storage, join(root, '..data-is-no-parent'), options);
    expect(existsSync(join(data, 'copy'))).toBe(false);
  });

  it('leaves nothing behind when the store cannot be read', async () => {
    await storage.close();
    await expect(createBackup(storage, backup, options)).rejects.toThrow();
    expect(existsSync(backup)).toBe(false);
  });
});

describe('a backup', () => {
  it('is private and says what it holds, and that the key file is not in it', async () => {
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    await store(1);
    const made = await createBackup(storage, backup, options);
    expect(made.message).toBe(
      'The key file secret.key is not in the backup. Keep a copy of it elsewhere: after a restore without it, the secrets of your integrations cannot be read and must be entered again.',
    );
    expect(readdirSync(backup).sort()).toEqual(['manifest.json', 'verdict.db']);
    expect([mode(backup), mode(join(backup, 'verdict.db')), mode(join(backup, 'manifest.json'))]).toEqual([0o700, 0o600, 0o600]);
    expect(manifestOf(backup)).toEqual({
      product: 'verdict',
      format: 1,
      version: '0.1.0',
      schema: SCHEMA_VERSION,
      created_at: '2026-03-01T12:00:00.000Z',
      database: { bytes: statSync(join(backup, 'verdict.db')).size, sha256: await sha256Of(join(backup, 'verdict.db')) },
      key_file: { included: false, sha256: await sha256Of(join(data, 'secret.key')) },
    });
  });

  it('holds the key file only when asked', async () => {
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    const made = await createBackup(storage, backup, { ...options, withKey: true });
    expect(made.message).toContain('whoever has the backup can read the secrets');
    expect(readFileSync(join(backup, 'secret.key'), 'utf8')).toBe('k'.repeat(64));
    expect(mode(join(backup, 'secret.key'))).toBe(0o600);
  });

  it('says so when there is no key file to keep', async () => {
    expect((await createBackup(storage, backup, { ...options, withKey: true })).message).toContain('There is no key file yet');
    expect(manifestOf(backup).key_file).toEqual({ included: false, sha256: null });
  });

  it('made under load holds all that was acknowledged before it, and is one moment of the store', async () => {
    await storeMany(0, 3_000);
    let stop = false;
    let written = 3_000;
    const load = (async () => {
      while (!stop) {
        await storeMany(written, written + 50);
        written += 50;
      }
    })();
    const shares: number[] = [];
    await createBackup(storage, backup, { ...options, progress: (share) => shares.push(share) });
    const afterwards = written;
    stop = true;
    await load;
    expect(shares.at(-1)).toBe(1);
    expect(afterwards).toBeGreaterThan(3_000);

    const restored = join(root, 'restored');
    await restoreBackup(backup, restored);
    const events = rowsOf(restored, 'SELECT seq, event_id FROM events ORDER BY seq') as { seq: number }[];
    expect(events.length).toBeGreaterThanOrEqual(3_000);
    expect(events.length).toBeLessThanOrEqual(afterwards + 50);
    const sameRows = (await storage.read((tx) =>
      tx.all('SELECT seq, event_id FROM events WHERE seq <= ? ORDER BY seq', events.at(-1)!.seq),
    )) as unknown[];
    expect(events).toEqual(sameRows);
    expect(rowsOf(restored, 'SELECT events FROM job_counters')).toEqual([{ events: events.length }]);
    const bodies = rowsOf(restored, 'SELECT seq, body FROM event_bodies ORDER BY seq');
    expect(bodies).toEqual(
      await storage.read((tx) => tx.all('SELECT seq, body FROM event_bodies WHERE seq <= ? ORDER BY seq', events.at(-1)!.seq)),
    );
  });
});

describe('a restore that is refused leaves the data folder as it was', () => {
  const target = () => join(root, 'target');

  let good: string;

  beforeEach(async () => {
    await storeMany(0, 20);
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    // One backup is made for all of these; each spoils a copy of its own.
    if (!good) {
      good = join(mkdtempSync(join(tmpdir(), 'verdict-backup-')), 'good');
      await createBackup(storage, good, { ...options, withKey: true });
    }
    cpSync(good, backup, { recursive: true });
  });

  afterAll(() => rmSync(dirname(good), { recursive: true, force: true }));

  it.each<[string, () => void, string]>([
    [
      'without a manifest',
      () => rmSync(join(backup, 'manifest.json')),
      'is not a complete backup: its manifest.json cannot be read (ENOENT)',
    ],
    [
      'with a manifest of something else',
      () => writeManifest(backup, { product: 'other' }),
      'is not the manifest of a Verdict backup',
    ],
    [
      'with a manifest that is no JSON',
      () => writeFileSync(join(backup, 'manifest.json'), '{'),
      'is not the manifest of a Verdict backup',
    ],
    [
      'by a newer Verdict',
      () => writeManifest(backup, { ...manifestOf(backup), schema: 99 }),
      `made by a newer Verdict (0.1.0, schema 99; this program knows ${SCHEMA_VERSION})`,
    ],
    ['without its database', () => rmSync(join(backup, 'verdict.db')), 'The backup is not complete:'],
    ['with a database that was cut off', () => truncateSync(join(backup, 'verdict.db'), 8192), 'its SHA-256 differs'],
    ['with a database that was added to', () => appendFileSync(join(backup, 'verdict.db'), 'x'), 'its SHA-256 differs'],
    ['with another key file', () => writeFileSync(join(backup, 'secret.key'), 'other'), 'secret.key is missing or not as it was'],
    ['without its key file', () => rmSync(join(backup, 'secret.key')), 'secret.key is missing or not as it was'],
  ])('%s', async (_what, spoil, sentence) => {
    spoil();
    await expect(restoreBackup(backup, target())).rejects.toThrow(sentence);
    expect(existsSync(target())).toBe(false);
  });

  it('with a damaged database whose hash is right', async () => {
    const file = join(backup, 'verdict.db');
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 3, 4096 * 6);
    writeFileSync(file, bytes);
    const manifest = manifestOf(backup);
    writeManifest(backup, { ...manifest, database: { ...manifest.database, sha256: await sha256Of(file) } });
    await expect(restoreBackup(backup, target())).rejects.toThrow(/The database of the backup (is damaged|cannot be read)/);
    expect(existsSync(target())).toBe(false);
  });

  it('with a schema in the database that is not the one of the manifest', async () => {
    const database = new Database(join(backup, 'verdict.db'));
    database.pragma('user_version = 7');
    database.close();
    const manifest = manifestOf(backup);
    writeManifest(backup, {
      ...manifest,
      database: { ...manifest.database, sha256: await sha256Of(join(backup, 'verdict.db')) },
    });
    await expect(restoreBackup(backup, target())).rejects.toThrow(`has schema 7, its manifest says ${SCHEMA_VERSION}`);
  });

  it('while a service holds the data folder, also with force', async () => {
    await expect(restoreBackup(backup, data, { force: true })).rejects.toThrow(StoreInUse);
    await store(20);
    expect(rowsOf(data, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 21 }]);
  });

  it('into a folder that is not empty', async () => {
    mkdirSync(target());
    writeFileSync(join(target(), 'notes.txt'), 'mine');
    await expect(restoreBackup(backup, target())).rejects.toThrow('is not empty. Restore into an empty folder, or say --force');
    expect(readdirSync(target()).filter((name) => !name.startsWith('lock.db'))).toEqual(['notes.txt']);
  });
});

describe('a restore', () => {
  it('brings back every row, ends sign-ins, and the service starts on it', async () => {
    await storeMany(0, 100);
    await storage.write((tx) =>
      tx.run(`INSERT INTO users (id, name, name_key, role, password_hash, created_at) VALUES (1, 'Ada', 'ada', 'admin', 'x', 1)`),
    );
    await storage.write((tx) =>
      tx.run(
        `INSERT INTO sessions (hash, user_id, csrf, created_at, expires_at, last_seen_at) VALUES (x'01', 1, 'c', 1, 9e15, 1)`,
      ),
    );
    await createBackup(storage, backup, options);
    const target = join(root, 'elsewhere', 'data');
    const shares: number[] = [];
    const { messages, previous, keyMissing } = await restoreBackup(backup, target, { progress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect([previous, keyMissing]).toEqual([null, false]);
    expect(messages).toEqual([
      'Restored the backup of 2026-03-01T12:00:00.000Z (Verdict 0.1.0). Users and API keys are as they were then: what was revoked since is valid again, so revoke it anew.',
    ]);
    expect(readdirSync(target).sort()).toEqual(['lock.db', 'verdict.db']);
    expect([mode(target), mode(join(target, 'verdict.db'))]).toEqual([0o700, 0o600]);
    for (const table of ['events', 'event_bodies', 'jobs', 'job_counters', 'users']) {
      expect(rowsOf(target, `SELECT * FROM ${table}`)).toEqual(await storage.read((tx) => tx.all(`SELECT * FROM ${table}`)));
    }
    expect(rowsOf(target, 'SELECT * FROM sessions')).toEqual([]);
    const again = openSqlite(target);
    expect(await again.writable()).toBe(true);
    await again.close();
  });

  it('with force keeps what was there beside it, and leaves backups in place', async () => {
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    await storeMany(0, 10);
    const inside = join(data, 'backups', 'one');
    await createBackup(storage, inside, options);
    await storeMany(10, 15);
    await storage.close();
    const { previous, messages, keyMissing } = await restoreBackup(inside, data, { force: true, now: NOW });
    expect(previous).toBe(join(data, 'before-restore-2026-03-01T12-00-00-000Z'));
    expect(rowsOf(data, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 10 }]);
    expect(rowsOf(previous!, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 15 }]);
    expect(existsSync(join(inside, 'manifest.json'))).toBe(true);
    expect(keyMissing).toBe(false);
    expect(messages.at(-1)).toBe(
      'The key file secret.key is not in the backup; the one that is in the data folder belongs to it and was kept.',
    );
    expect(readFileSync(join(data, 'secret.key'), 'utf8')).toBe('k'.repeat(64));
    expect(readFileSync(join(previous!, 'secret.key'), 'utf8')).toBe('k'.repeat(64));
  });

  it('says when the key file is missing, and never keeps one of another service', async () => {
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    await createBackup(storage, backup, options);
    const target = join(root, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'secret.key'), 'of another service');
    await expect(restoreBackup(backup, target)).rejects.toThrow('is not empty');
    const { keyMissing, messages, previous } = await restoreBackup(backup, target, { force: true });
    expect(keyMissing).toBe(true);
    expect(existsSync(join(target, 'secret.key'))).toBe(false);
    expect(readFileSync(join(previous!, 'secret.key'), 'utf8')).toBe('of another service');
    expect(messages.at(-1)).toContain(`Copy the one of the original service to ${join(target, 'secret.key')} before you start`);
  });

  it('takes a folder where only the right key file was put before, and one from a backup that has it', async () => {
    writeFileSync(join(data, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    await createBackup(storage, backup, { ...options, withKey: true });
    const fresh = join(root, 'fresh');
    expect((await restoreBackup(backup, fresh)).keyMissing).toBe(false);
    expect(readFileSync(join(fresh, 'secret.key'), 'utf8')).toBe('k'.repeat(64));
    expect(mode(join(fresh, 'secret.key'))).toBe(0o600);
    const prepared = join(root, 'prepared');
    mkdirSync(prepared);
    writeFileSync(join(prepared, 'secret.key'), 'k'.repeat(64), { mode: 0o600 });
    expect((await restoreBackup(backup, prepared)).previous).toBeNull();
  });

  it('removes what a restore that was killed left behind', async () => {
    await createBackup(storage, backup, options);
    const target = join(root, 'target');
    mkdirSync(join(target, '.restoring-abc'), { recursive: true });
    writeFileSync(join(target, '.restoring-abc', 'verdict.db'), 'half');
    await restoreBackup(backup, target);
    expect(readdirSync(target).sort()).toEqual(['lock.db', 'verdict.db']);
  });
});
