import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJsonFile, readTextFile } from './text-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, bytes: Buffer): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe('files that a person named', () => {
  const text = '{"name": "Phish ü 漢 🦊"}\r\n';

  it('are read as PowerShell writes them: with a mark of UTF-8, and as UTF-16', () => {
    const marked = file('marked.json', Buffer.from(`\uFEFF${text}`, 'utf8'));
    const wide = file('wide.json', Buffer.from(`\uFEFF${text}`, 'utf16le'));
    for (const one of [marked, wide, file('plain.json', Buffer.from(text))]) {
      expect(readTextFile(one)).toBe(text);
      expect(readJsonFile(one)).toEqual({ name: 'Phish ü 漢 🦊' });
    }
  });

  it('say what is wrong with them', () => {
    expect(() => readJsonFile(file('torn.json', Buffer.from('{"a"')))).toThrow(/torn\.json is not JSON: /);
    expect(() => readJsonFile(join(folder, 'none.json'))).toThrow(/There is no file .*none\.json/);
    expect(() => readTextFile(folder)).toThrow(/is not a file/);
  });
});
