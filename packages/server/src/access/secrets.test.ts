import { chmodSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { SECRET_KEY_FILE, Vault } from './secrets.ts';

let folder: string;
let file: string;
let storage: Storage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-vault-'));
  file = join(folder, SECRET_KEY_FILE);
  storage = openSqlite(folder);
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

async function vault(): Promise<Vault> {
  const made = new Vault(storage);
  await made.prepare();
  return made;
}

describe('the vault', () => {
  it('says which file to restore when the key file is missing, and works again once it is back, without a new start', async () => {
    const sealed = (await vault()).seal('s3cret', 'integration:1');
    renameSync(file, `${file}.away`);
    const without = await vault();
    const sentence = /restore secret\.key from your backup/;
    expect(() => without.open(sealed, 'integration:1')).toThrow(sentence);
    expect(() => without.seal('more', 'integration:1')).toThrow(sentence);
    expect(without.problem()).toMatch(sentence);
    expect(readdirSync(folder)).not.toContain(SECRET_KEY_FILE);
    renameSync(`${file}.away`, file);
    expect(without.open(sealed, 'integration:1')).toBe('s3cret');
    expect(without.problem()).toBeNull();
  });

  it('refuses another key file and a damaged one', async () => {
    const sealed = (await vault()).seal('s3cret', 'integration:1');
    const own = readFileSync(file);
    writeFileSync(file, `verdict-secret-key-1:${Buffer.alloc(32, 1).toString('base64url')}\n`);
    expect((await vault()).problem()).toContain('is not the one that the stored secrets were sealed with');
    for (const damaged of ['', 'nonsense', own.subarray(0, 40)]) {
      writeFileSync(file, damaged);
      const broken = await vault();
      expect(() => broken.open(sealed, 'integration:1')).toThrow('damaged');
    }
    writeFileSync(file, own);
    expect((await vault()).open(sealed, 'integration:1')).toBe('s3cret');
  });

  it('refuses an envelope that was changed, cut or moved to another place', async () => {
    const one = await vault();
    const sealed = one.seal('s3cret', 'integration:1');
    expect(() => one.open(sealed, 'integration:2')).toThrow('moved from where it belongs');
    for (const bad of [
      '',
      'v1',
      'v2.a.b.c',
      sealed.slice(0, -4),
      sealed.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
      's3cret',
    ]) {
      expect(() => one.open(bad, 'integration:1')).toThrow(/Enter it again|sealed with/);
    }
  });

  it('makes a key file once, for its owner alone, and tightens a loose one', async () => {
    await vault();
    const made = readFileSync(file, 'utf8');
    expect(made).toMatch(/^verdict-secret-key-1:[A-Za-z0-9_-]{43}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.startsWith(SECRET_KEY_FILE))).toEqual([SECRET_KEY_FILE]);
    chmodSync(file, 0o644);
    (await vault()).seal('x', 'y');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(made);
  });

  it('gives back whatever was sealed, never twice the same envelope', async () => {
    const one = await vault();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, context) => {
        const [a, b] = [one.seal(plain, context), one.seal(plain, context)];
        expect(a).not.toBe(b);
        expect([one.open(a, context), one.open(b, context)]).toEqual([plain, plain]);
      }),
      { numRuns: 50 },
    );
  });
});
