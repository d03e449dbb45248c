import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqlite } from './sqlite.ts';
import type { Storage } from './storage.ts';

const MEGABYTE = Buffer.alloc(1_000_000, 'a');

let folder: string;
let storage: Storage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-log-'));
  storage = openSqlite(folder);
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = (seq: number) =>
  storage.write((tx) => tx.run('INSERT INTO event_bodies (seq, body) VALUES (?, CAST(? AS TEXT))', seq, MEGABYTE));
const sizeOf = (file: string) => statSync(join(folder, file)).size;

it('copies the log into the database while the store is open, and the log begins again instead of growing', async () => {
  for (let seq = 1; seq <= 200; seq++) await put(seq);
  await expect.poll(() => sizeOf('verdict.db')).toBeGreaterThan(150_000_000);
  // Of 200 MB at most what SQLite lets come together before it copies by itself, should the thread be late (128 MiB), and a little.
  expect(sizeOf('verdict.db-wal')).toBeLessThan(140_000_000);
  expect(await storage.read((tx) => tx.get('SELECT count(*) AS n FROM event_bodies'))).toEqual({ n: 200 });
});

it('leaves one whole file behind when it is closed', async () => {
  await Promise.all(Array.from({ length: 30 }, (_, seq) => put(seq + 1)));
  await storage.close();
  expect(existsSync(join(folder, 'verdict.db-wal'))).toBe(false);
  const database = new Database(join(folder, 'verdict.db'), { readonly: true });
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(database.prepare('SELECT count(*) FROM event_bodies').pluck().get()).toBe(30);
  database.close();
});
