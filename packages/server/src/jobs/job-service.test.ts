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

describe('types of decision points', () => {
  const jobs = () => new JobService(storage, wallClock, new AuditTrail(wallClock));

  it('are kept with the version of the points, follow their points to the next one, and can be taken back', async () => {
    const service = jobs();
    const made = await service.create(
      { title: 'Types', points: ['rule.id', 'command'], pointTypes: { command: 'text', 'rule.id': null } },
      ORIGIN,
    );
    expect(made).toMatchObject({ pointsVersion: 1, pointTypes: { command: 'text' } });
    const typed = await service.update(made.id, { pointTypes: { 'rule.id': 'number' } }, ORIGIN);
    expect(typed).toMatchObject({ pointsVersion: 1, pointTypes: { 'rule.id': 'number', command: 'text' } });
    expect(typed.version).toBeGreaterThan(made.version);
    const moved = await service.update(made.id, { points: ['host', 'command'] }, ORIGIN);
    expect(moved.pointsVersion).toBe(2);
    expect(moved.pointTypes).toEqual({ command: 'text' });
    const back = await service.update(made.id, { pointTypes: { command: null } }, ORIGIN);
    expect(back.pointTypes).toEqual({});
    expect((await service.find(made.id))!.pointTypes).toEqual({});
  });

  it('belong to decision points only', async () => {
    const service = jobs();
    const { id } = await service.create({ title: 'Types elsewhere', points: ['host'] }, ORIGIN);
    await expect(service.update(id, { pointTypes: { user: 'text' } }, ORIGIN)).rejects.toThrow(
      '"user" is not a decision point of this AI use case; choose it first, or leave its type out.',
    );
    await expect(service.update(id, { pointTypes: { ['__proto__']: 'text' } }, ORIGIN)).rejects.toThrow(
      '"__proto__" is not a decision point',
    );
  });
});
