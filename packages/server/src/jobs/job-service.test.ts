import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditTrail } from '../audit/audit-trail.ts';
import { wallClock } from '../clock.ts';
import type { Origin } from '../http/principal.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { ReadTx, Storage } from '../storage/storage.ts';
import { JobService } from './job-service.ts';

const ORIGIN: Origin = { principal: { kind: 'operator', name: 'operator' }, address: 'test' };

let folder: string;
let storage: Storage;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-jobs-'));
  storage = openSqlite(folder);
});

afterAll(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('jobs kept in memory', () => {
  it('are never older than the last change, though a read from before it ends after it', async () => {
    let slow: Promise<void> = Promise.resolve();
    // The same store, whose reads are answered late while `slow` is.
    const late: Storage = Object.assign(Object.create(storage) as Storage, {
      file: storage.file,
      folder: storage.folder,
      write: storage.write.bind(storage),
      async read<T>(reader: (tx: ReadTx) => Promise<T>): Promise<T> {
        const value = await storage.read(reader);
        await slow;
        return value;
      },
    });
    const jobs = new JobService(late, wallClock, new AuditTrail(wallClock));
    const { id } = await jobs.create({ title: 'Read and changed at once', description: 'before' }, ORIGIN);
    const { promise, resolve } = Promise.withResolvers<void>();
    slow = promise;
    const early = jobs.find(id);
    await jobs.update(id, { description: 'after' }, ORIGIN);
    resolve();
    expect((await early)!.description).toBe('before');
    expect((await jobs.find(id))!.description).toBe('after');
  });
});
