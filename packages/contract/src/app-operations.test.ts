import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { BackupList, BackupMade, BackupView, Health, ReadyAnswer } from './app-operations.ts';

const backup = {
  name: '2026-03-01T12-00-00Z',
  folder: '/var/lib/verdict/backups/2026-03-01T12-00-00Z',
  created_at: '2026-03-01T12:00:00.000Z',
  version: '0.1.0',
  bytes: 4096,
  sha256: 'a'.repeat(64),
  with_key: false,
};

describe('what operations answer', () => {
  it('has examples that fit', () => {
    for (const schema of [Health, ReadyAnswer]) {
      const examples = (schema as TSchema & { examples?: unknown[] }).examples ?? [];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(Value.Check(schema, example)).toBe(true);
    }
  });

  it('takes a backup as it is and refuses one with a size that is no number', () => {
    expect(Value.Check(BackupList, { backups: [backup] })).toBe(true);
    expect(Value.Check(BackupMade, { backup, message: 'The key file is not in it.' })).toBe(true);
    expect(Value.Check(BackupView, { ...backup, bytes: '4096' })).toBe(false);
    expect(Value.Check(ReadyAnswer, { status: 'maybe', checks: [], warnings: [] })).toBe(false);
  });
});
