import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from './migrations.ts';
import { openSqlite } from './sqlite.ts';
import { type Storage, StorageUnavailable } from './storage.ts';

let folder: string;
let storage: Storage;
let copy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-image-'));
  storage = openSqlite(join(folder, 'data'));
  copy = join(folder, 'copy.db');
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an image of the database', () => {
  it('is refused where something is already, into a folder that is not there, and from a closed store', async () => {
    writeFileSync(copy, 'mine');
    await expect(storage.backup(copy)).rejects.toThrow(StorageUnavailable);
    expect(statSync(copy).size).toBe(4);
    await expect(storage.backup(join(folder, 'none', 'copy.db'))).rejects.toThrow(
      'The copy of the database could not be written (SQLITE_',
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
    await storage.close();
    await expect(storage.backup(join(folder, 'other.db'))).rejects.toThrow('The store is closed.');
  });

  it('is one whole file with the schema version, into an empty file that keeps its mode', async () => {
    mkdirSync(join(folder, 'out'));
    copy = join(folder, 'out', 'copy.db');
    writeFileSync(copy, '', { mode: 0o600 });
    await storage.write((tx) => tx.run(`INSERT INTO meta (name, value) VALUES ('a', 'b')`));
    const shares: number[] = [];
    await storage.backup(copy, (share) => shares.push(share));
    expect(shares.at(-1)).toBe(1);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const database = new Database(copy, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION);
    expect(database.prepare(`SELECT value FROM meta WHERE name = 'a'`).get()).toEqual({ value: 'b' });
    database.close();
    expect(existsSync(`${copy}-wal`)).toBe(false);
  });
});
