import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../config.ts';
import { type Services, wireServices } from '../services.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { TaskService } from '../tasks/task-service.ts';
import { OPERATOR } from '../testing.ts';
import { RetentionService } from './retention-service.ts';

const DAY = 86_400_000_000;
const START = Date.UTC(2026, 0, 1) * 1000;

let folder: string;
let storage: Storage;
let services: Services;
let retention: RetentionService;
let tasks: TaskService;
let now: number;
let reported: number;
let jobs = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-retention-'));
  storage = openSqlite(folder);
  now = START;
  reported = 0;
  const clock = () => now;
  services = wireServices({ config: DEFAULTS, storage, clock, log: pino({ level: 'silent' }) });
  retention = new RetentionService(storage, clock, (events) => {
    reported += events;
  });
  tasks = new TaskService(storage, clock, [retention.handler], { progressMs: 1 });
  await tasks.start();
  await storage.write((tx) =>
    tx.run(
      `INSERT INTO integrations (id, title, type, parameters, created_at, created_by, updated_at) VALUES (1, 'XSOAR', 'Cortex XSOAR', '{}', 0, 'test', 0)`,
    ),
  );
});

afterEach(async () => {
  await tasks.stop();
  await services.stop();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

async function makeJob(retentionDays: number | null): Promise<number> {
  const integrations = [{ integrationId: 1, role: 'input', enabled: true, settings: {} }];
  const job = await services.jobs.create(
    { title: `Job ${++jobs}`, points: ['user'], integrations, settings: { retentionDays } },
    OPERATOR,
  );
  await services.jobs.start(job.id, OPERATOR);
  return job.id;
}

const send = (jobId: number, eventId: string, alert: Record<string, unknown>) =>
  services.ingest.ingest({
    jobId,
    eventId,
    body: Buffer.from(JSON.stringify(alert)),
    title: null,
    severity: null,
    dataSource: null,
    storageTag: null,
    keyId: null,
    group: null,
    eventAt: null,
  });

const vote = (jobId: number, eventId: string) =>
  services.feedback.vote(jobId, eventId, {
    label: 'Drop',
    voter: { id: 'user:1', name: 'Ada' },
    through: 'app',
    asked: 'playbook',
  });

async function sweep(): Promise<string> {
  const task = await retention.request(tasks, 'test');
  return task ? (await tasks.finished(task.id)).message : 'nothing to do';
}

const all = <Row>(sql: string, ...values: (string | number)[]) => storage.read((tx) => tx.all<Row>(sql, ...values));
const eventIds = async (jobId: number) =>
  (await all<{ event_id: string }>('SELECT event_id FROM events WHERE job_id = ? AND is_current = 1 ORDER BY seq', jobId)).map(
    (row) => row.event_id,
  );

/** What must hold at any moment, in one list of what does not. */
async function violations(): Promise<unknown[]> {
  return [
    ...(await all(
      `SELECT 'job count' AS what, c.job_id FROM job_counters c WHERE c.events <> (SELECT count(*) FROM events e WHERE e.job_id = c.job_id AND e.is_current = 1)`,
    )),
    ...(await all(
      `SELECT 'bucket count' AS what, b.id FROM buckets b WHERE b.events <> (SELECT count(*) FROM events e WHERE e.bucket_id = b.id AND e.is_current = 1)`,
    )),
    ...(await all(`SELECT 'event without body' AS what, seq FROM events WHERE seq NOT IN (SELECT seq FROM event_bodies)`)),
    ...(await all(`SELECT 'body without event' AS what, seq FROM event_bodies WHERE seq NOT IN (SELECT seq FROM events)`)),
    ...(await all(
      `SELECT 'event without bucket' AS what, seq FROM events WHERE bucket_id IS NOT NULL AND bucket_id NOT IN (SELECT id FROM buckets)`,
    )),
    ...(await all(`SELECT 'vote without event' AS what, event_seq FROM votes WHERE event_seq NOT IN (SELECT seq FROM events)`)),
    ...(await all(
      `SELECT 'feedback without event' AS what, event_seq FROM feedback WHERE event_seq NOT IN (SELECT seq FROM events)`,
    )),
    ...(await all(
      `SELECT 'past without event' AS what, event_seq FROM past_decisions WHERE event_seq NOT IN (SELECT seq FROM events)`,
    )),
    ...(await all(
      `SELECT 'event without current version' AS what, event_id FROM events GROUP BY job_id, event_id HAVING sum(is_current) <> 1`,
    )),
  ];
}

describe('what stays', () => {
  it('is everything where no retention is set', async () => {
    const jobId = await makeJob(null);
    await send(jobId, 'a', { user: 'alice' });
    now += 10_000 * DAY;
    expect(await sweep()).toBe('nothing to do');
    expect(await eventIds(jobId)).toEqual(['a']);
  });

  it('is everything where the setting is no number of days', async () => {
    const jobId = await makeJob(1);
    await send(jobId, 'a', { user: 'alice' });
    now += 100 * DAY;
    for (const wrong of ['"7"', '0', '-1', 'true', 'null']) {
      await storage.write((tx) => tx.run('UPDATE jobs SET settings = ? WHERE id = ?', `{"retentionDays": ${wrong}}`, jobId));
      expect(await sweep()).toBe('nothing to do');
    }
    expect(await eventIds(jobId)).toEqual(['a']);
  });

  it('is what came in later, whatever time the alert itself says', async () => {
    const jobId = await makeJob(30);
    await send(jobId, 'old', { user: 'alice', timestamp: '2026-01-01T00:00:00Z' });
    now += 20 * DAY;
    await send(jobId, 'says old', { user: 'alice', timestamp: '1999-01-01T00:00:00Z' });
    now += 11 * DAY;
    expect(await sweep()).toBe('Removed 1 event past the retention of 1 AI use case.');
    expect(await eventIds(jobId)).toEqual(['says old']);
    expect(await violations()).toEqual([]);
    expect(reported).toBe(1);
  });

  it('is an event with feedback, also when it was withdrawn, with all its versions', async () => {
    const jobId = await makeJob(30);
    await send(jobId, 'voted', { user: 'alice' });
    await vote(jobId, 'voted');
    await send(jobId, 'voted', { user: 'bob' });
    await send(jobId, 'withdrawn', { user: 'carol' });
    await vote(jobId, 'withdrawn');
    await storage.write((tx) =>
      tx.run('DELETE FROM votes WHERE event_seq = (SELECT seq FROM events WHERE event_id = ?)', 'withdrawn'),
    );
    await send(jobId, 'plain', { user: 'dave' });
    now += 31 * DAY;
    expect(await sweep()).toBe(
      'Removed 1 event past the retention of 1 AI use case. 2 events as old stay: people gave feedback on them or a model needs them.',
    );
    expect(await eventIds(jobId)).toEqual(['voted', 'withdrawn']);
    expect(await all('SELECT event_version, is_current FROM events WHERE event_id = ? ORDER BY 1', 'voted')).toEqual([
      { event_version: 1, is_current: 0 },
      { event_version: 2, is_current: 1 },
    ]);
    expect(await violations()).toEqual([]);
  });

  it('is an event that a model was trained on', async () => {
    const jobId = await makeJob(30);
    const { seq } = await send(jobId, 'trained', { user: 'alice' });
    await storage.write(async (tx) => {
      const { id } = await tx.run(
        `INSERT INTO models (job_id, points_version, points, classes, size, sha256, metrics, units, seed, created_at, created_by) VALUES (?, 1, '[]', '[]', 0, '', '{}', 1, 1, 1, 'test')`,
        jobId,
      );
      await tx.run('INSERT INTO model_units (model_id, unit, class_no) VALUES (?, ?, 0)', id, `e:${seq}`);
    });
    now += 31 * DAY;
    expect(await sweep()).toContain('1 event as old stays');
    expect(await eventIds(jobId)).toEqual(['trained']);
  });

  it('is an old event that was sent anew since, with its history', async () => {
    const jobId = await makeJob(30);
    await send(jobId, 'a', { user: 'alice' });
    now += 20 * DAY;
    await send(jobId, 'a', { user: 'alice', more: 1 });
    now += 20 * DAY;
    await sweep();
    expect(await all('SELECT event_version FROM events ORDER BY 1')).toEqual([{ event_version: 1 }, { event_version: 2 }]);
    now += 11 * DAY;
    await sweep();
    expect(await all('SELECT seq FROM events')).toEqual([]);
    expect(await violations()).toEqual([]);
  });
});

describe('what goes', () => {
  it('takes its alert, its replaced decisions and its empty bucket along; a bucket that is needed stays', async () => {
    const jobId = await makeJob(30);
    await send(jobId, 'a', { user: 'alice' });
    const { seq } = await send(jobId, 'b', { user: 'bob' });
    await send(jobId, 'c', { user: 'bob' });
    await send(jobId, 'd', { user: 'known' });
    await vote(jobId, 'a');
    await storage.write(async (tx) => {
      await tx.run('INSERT INTO past_decisions (event_seq, decided_at, replaced_at, why) VALUES (?, 1, 2, ?)', seq, 'reprocess');
      const { id } = await tx.run(
        `INSERT INTO models (job_id, points_version, points, classes, size, sha256, metrics, units, seed, created_at, created_by) VALUES (?, 1, '[]', '[]', 0, '', '{}', 1, 1, 1, 'test')`,
        jobId,
      );
      await tx.run(
        `INSERT INTO model_units (model_id, unit, class_no) SELECT ?, 'b:' || key, 0 FROM buckets WHERE id = (SELECT bucket_id FROM events WHERE event_id = 'd')`,
        id,
      );
    });
    now += 31 * DAY;
    await sweep();
    expect(await eventIds(jobId)).toEqual(['a']);
    expect(await all('SELECT id FROM past_decisions')).toEqual([]);
    const buckets = await all<{ point_values: string; events: number }>('SELECT point_values, events FROM buckets ORDER BY id');
    expect(buckets.map(({ point_values, events }) => [/alice|bob|known/.exec(point_values)?.[0], events])).toEqual([
      ['alice', 1],
      ['known', 0],
    ]);
    expect(await services.jobs.counters(jobId)).toMatchObject({ events: 1 });
    expect(await violations()).toEqual([]);
    // The bucket is made anew, and the id is free again.
    await send(jobId, 'b', { user: 'bob' });
    expect(await eventIds(jobId)).toEqual(['a', 'b']);
    expect(await violations()).toEqual([]);
  });

  it('goes in units of bounded size, also an event with very many versions', async () => {
    const jobId = await makeJob(30);
    for (let version = 0; version < 450; version++) void send(jobId, 'loop', { user: 'alice', version }).catch(() => {});
    await Promise.all(Array.from({ length: 450 }, (_, n) => send(jobId, `e-${n}`, { user: `user ${n % 7}` })));
    now += 31 * DAY;
    const sizes: number[] = [];
    let rows = (await all('SELECT seq FROM events')).length;
    expect(rows).toBe(900);
    const watched: Pick<Storage, 'read' | 'write'> = {
      read: (reader) => storage.read(reader),
      async write(unit) {
        const value = await storage.write(unit);
        const left = (await all('SELECT seq FROM events')).length;
        sizes.push(rows - left);
        rows = left;
        return value;
      },
    };
    const service = new RetentionService(watched, () => now);
    const other = new TaskService(storage, () => now, [service.handler], { owner: 'other' });
    await other.start();
    const task = await storage.write((tx) => other.enqueue(tx, { kind: 'retention', jobId: null, createdBy: 'test' }));
    expect((await other.finished(task.id)).message).toBe('Removed 451 events past the retention of 1 AI use case.');
    await other.stop();
    expect(rows).toBe(0);
    expect(Math.max(...sizes)).toBe(50);
    expect(await violations()).toEqual([]);
  });

  it('is only that, whatever comes in and whoever votes', async () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 8 }),
      user: fc.constantFrom('alice', 'bob', 'carol'),
      vote: fc.boolean(),
      days: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const jobId = await makeJob(20);
        const latest = new Map<string, number>();
        const voted = new Set<string>();
        for (const { id, user, vote: votes, days } of steps) {
          now += days * DAY;
          const eventId = `e-${id}`;
          const { outcome } = await send(jobId, eventId, { user });
          if (outcome !== 'repeated') latest.set(eventId, now);
          if (votes) {
            await vote(jobId, eventId);
            voted.add(eventId);
          }
        }
        await sweep();
        const expected = [...latest].filter(([id, at]) => voted.has(id) || at >= now - 20 * DAY).map(([id]) => id);
        expect((await eventIds(jobId)).sort()).toEqual(expected.sort());
        expect(await violations()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the task', () => {
  it('goes on behind its cursor, ends when cancelled, and what it removed stays removed', async () => {
    const jobId = await makeJob(30);
    await Promise.all(Array.from({ length: 20 }, (_, n) => send(jobId, `e-${n}`, { user: 'alice' })));
    now += 31 * DAY;
    const seqs = await all<{ seq: number }>('SELECT seq FROM events ORDER BY seq');
    const progress: unknown[] = [];
    const context = {
      taskId: 1,
      jobId: null,
      parameters: {},
      cursor: { jobId, seq: seqs[9]!.seq, removed: 5, kept: 2 },
      createdBy: 'test',
      signal: new AbortController().signal,
      progress: (_share: number, _step: string, cursor: unknown) => progress.push(cursor),
      cancelled: () => false,
      check() {},
    };
    expect(await retention.handler.run(context)).toBe(
      'Removed 15 events past the retention of 1 AI use case. 2 events as old stay: people gave feedback on them or a model needs them.',
    );
    expect((await eventIds(jobId)).length).toBe(10);
    expect(progress).toEqual([{ jobId, seq: seqs[19]!.seq, removed: 15, kept: 2 }]);
    const stopped = {
      ...context,
      cursor: 'nonsense',
      check: () => {
        throw new Error('cancelled');
      },
    };
    await expect(retention.handler.run(stopped)).rejects.toThrow('cancelled');
    expect((await eventIds(jobId)).length).toBe(10);
  });

  it('is asked for once while one waits', async () => {
    await makeJob(30);
    const [first, second] = [await retention.request(tasks, 'a'), await retention.request(tasks, 'b')];
    expect(first?.kind).toBe('retention');
    expect(second).toBeUndefined();
    await tasks.finished(first!.id);
    expect((await retention.request(tasks, 'c'))?.createdBy).toBe('c');
  });

  it('is scheduled each day at the time that is set', () => {
    const schedule = retention.schedule('03:30', tasks, () => {});
    const next = schedule.next()!;
    expect([next.getHours(), next.getMinutes(), next.getSeconds()]).toEqual([3, 30, 0]);
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(25 * 3_600_000);
    schedule.stop();
    expect(schedule.next()).toBeNull();
  });
});
