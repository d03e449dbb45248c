import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NewerDatabase, SCHEMA_VERSION } from './migrations.ts';
import { openSqlite, StoreInUse } from './sqlite.ts';
import { type Storage, StorageUnavailable } from './storage.ts';

let folder: string;
let storage: Storage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-storage-'));
  storage = openSqlite(folder);
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, value: string) =>
  storage.write((tx) => tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, value));
const names = () => storage.read((tx) => tx.all<{ name: string }>('SELECT name FROM meta ORDER BY name'));

describe('units of work', () => {
  it('keeps what a unit wrote and drops all of one that throws, also when they share a commit', async () => {
    const outcomes = await Promise.allSettled([
      put('a', '1'),
      storage.write(async (tx) => {
        await tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', 'half', 'written');
        throw new Error('no');
      }),
      put('b', '2'),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await names()).toEqual([{ name: 'a' }, { name: 'b' }]);
  });

  it('runs actions after the commit only for units that were kept', async () => {
    const seen: string[] = [];
    await Promise.allSettled([
      storage.write(async (tx) => {
        tx.afterCommit(() => seen.push('kept'));
      }),
      storage.write(async (tx) => {
        tx.afterCommit(() => seen.push('dropped'));
        throw new Error('no');
      }),
    ]);
    expect(seen).toEqual(['kept']);
  });

  it('refuses a tx that is used after its unit', async () => {
    const leaked = await storage.write(async (tx) => tx);
    await expect(leaked.run('DELETE FROM meta')).rejects.toThrow('This unit of work has ended');
  });

  it('answers StorageUnavailable when the disk is full, keeps nothing of the unit, and recovers', async () => {
    await put('before', 'full');
    const limit = new Database(join(folder, 'verdict.db'));
    const pages = limit.pragma('page_count', { simple: true }) as number;
    limit.close();
    await storage.write(async (tx) => {
      await tx.get(`PRAGMA max_page_count = ${pages}`);
    });
    await expect(put('big', 'x'.repeat(1_000_000))).rejects.toBeInstanceOf(StorageUnavailable);
    expect(await names()).toEqual([{ name: 'before' }]);
    await storage.write(async (tx) => {
      await tx.get('PRAGMA max_page_count = 1073741823');
    });
    await put('big', 'x'.repeat(1_000_000));
    expect(await names()).toEqual([{ name: 'before' }, { name: 'big' }]);
  });

  it('finishes what it accepted before it closes, and refuses what comes later', async () => {
    const accepted = put('accepted', '1');
    await Promise.all([storage.close(), accepted]);
    await expect(put('late', '1')).rejects.toBeInstanceOf(StorageUnavailable);
    storage = openSqlite(folder);
    expect(await names()).toEqual([{ name: 'accepted' }]);
  });
});

describe('a writer that had to wait', () => {
  it('answers all units all the same', async () => {
    // Another connection holds the database for longer than a commit is held open.
    const holder = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const database = new (require(workerData.driver))(workerData.file);
       database.exec('BEGIN IMMEDIATE');
       parentPort.postMessage('held');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
       database.exec('COMMIT');
       database.close();`,
      { eval: true, workerData: { file: storage.file, driver: createRequire(import.meta.url).resolve('better-sqlite3') } },
    );
    const ended = once(holder, 'exit');
    await once(holder, 'message');
    await put('waited', '1');
    await put('after', '2');
    await ended;
    expect((await names()).map(({ name }) => name)).toEqual(expect.arrayContaining(['after', 'waited']));
  });
});

describe('the data folder', () => {
  it('belongs to one process', () => {
    expect(() => openSqlite(folder)).toThrow(StoreInUse);
    expect(() => openSqlite(folder)).toThrow(/Another Verdict process is using the data folder/);
  });

  it('is refused when a newer version wrote it, and stays as it was', async () => {
    await storage.close();
    const newer = new Database(join(folder, 'verdict.db'));
    newer.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    newer.close();
    expect(() => openSqlite(folder)).toThrow(NewerDatabase);
    const again = new Database(join(folder, 'verdict.db'));
    again.pragma(`user_version = ${SCHEMA_VERSION}`);
    again.close();
    storage = openSqlite(folder);
    expect(await storage.writable()).toBe(true);
  });
});
