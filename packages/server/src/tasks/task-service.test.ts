import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { Interrupted, type Task, type TaskContext, TaskFailed, type TaskHandler } from './task.ts';
import { TaskService } from './task-service.ts';

let folder: string;
let storage: Storage;
let now = 1_000_000;
const clock = () => ++now;
let services: TaskService[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-tasks-'));
  storage = openSqlite(folder);
  services = [];
});

afterEach(async () => {
  for (const service of services) await service.stop();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A service of another process each time: another owner. */
function serviceOf(...handlers: TaskHandler[]): TaskService {
  const service = new TaskService(storage, clock, handlers, { owner: `process ${services.length}`, progressMs: 5 });
  services.push(service);
  return service;
}

const enqueue = (tasks: TaskService, kind: string, jobId: number | null = 7, parameters: Record<string, unknown> = {}) =>
  storage.write((tx) => tasks.enqueue(tx, { kind, jobId, parameters, createdBy: 'user:1' }));

/** A handler that reports to the test when it runs and goes on when the test says so. */
function gated(kind: string, more: Partial<TaskHandler> = {}) {
  const runs: { context: TaskContext; go: (message: string) => void; fail: (error: unknown) => void }[] = [];
  const handler: TaskHandler = {
    kind,
    resumable: true,
    run(context) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      context.signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
      runs.push({ context, go: resolve, fail: reject });
      return promise;
    },
    ...more,
  };
  return { handler, runs };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { interval: 2 }).toBe(true);
}

/** As after kill -9: the rows say running, the process is gone. */
const pretendKilled = (id: number, more: { cursor?: unknown; share?: number } = {}) =>
  storage.write((tx) =>
    tx.run(
      `UPDATE tasks SET state = 'running', lease_owner = 'a dead process', lease_until = ?, cursor = ?, share = ? WHERE id = ?`,
      Number.MAX_SAFE_INTEGER,
      more.cursor === undefined ? null : JSON.stringify(more.cursor),
      more.share ?? 0,
      id,
    ),
  );

describe('a task', () => {
  it('goes from waiting to done with its parameters, and says how it ended', async () => {
    const seen: unknown[] = [];
    const tasks = serviceOf({
      kind: 'count',
      resumable: true,
      run: async ({ parameters, cursor, jobId, createdBy }) => {
        seen.push(parameters, cursor, jobId, createdBy);
        return 'Counted 3 events.';
      },
    });
    const asked = await enqueue(tasks, 'count', 7, { to: 3 });
    expect(asked).toMatchObject({ state: 'waiting', share: 0, startedAt: null, createdBy: 'user:1' });
    await tasks.start();
    const task = await tasks.finished(asked.id);
    expect(task).toMatchObject({ state: 'done', share: 1, step: '', message: 'Counted 3 events.' });
    expect(task.startedAt).toBeGreaterThan(task.createdAt);
    expect(task.finishedAt).toBeGreaterThan(task.startedAt!);
    expect(seen).toEqual([{ to: 3 }, null, 7, 'user:1']);
  });

  it('shows its progress, thinned out, held to 0…1, and tells listeners after each commit', async () => {
    const { handler, runs } = gated('count');
    const tasks = serviceOf(handler);
    const told: Task[] = [];
    tasks.onChange((task) => told.push(task));
    await tasks.start();
    const { id } = await enqueue(tasks, 'count');
    await until(() => runs.length === 1);
    for (let item = 0; item <= 1_000; item++) runs[0]!.context.progress(item / 2_000, 'counting', { item });
    await until(async () => (await tasks.get(id)).share === 0.5);
    expect(await tasks.get(id)).toMatchObject({ state: 'running', step: 'counting', cursor: { item: 1_000 } });
    runs[0]!.context.progress(17, 'beyond');
    await until(async () => (await tasks.get(id)).share === 1);
    runs[0]!.context.progress(Number.NaN, 'unknown');
    runs[0]!.go('');
    await tasks.finished(id);
    expect(told.map((task) => task.state).filter((state, index, all) => state !== all[index - 1])).toEqual([
      'waiting',
      'running',
      'done',
    ]);
    expect(told.length).toBeLessThan(20);
  });

  it('fails with the sentence of TaskFailed, and without details of what nobody foresaw', async () => {
    const errors: unknown[] = [];
    const outcomes = [new TaskFailed('Label 2 more buckets.'), new TypeError('secret value')];
    const tasks = new TaskService(
      storage,
      clock,
      [{ kind: 'bad', resumable: true, run: () => Promise.reject(outcomes.shift()) }],
      { onError: (error) => errors.push(error) },
    );
    services.push(tasks);
    await tasks.start();
    const first = await enqueue(tasks, 'bad');
    const second = await enqueue(tasks, 'bad');
    expect(await tasks.finished(first.id)).toMatchObject({ state: 'failed', message: 'Label 2 more buckets.' });
    expect(await tasks.finished(second.id)).toMatchObject({
      state: 'failed',
      message: 'An unexpected error (TypeError); the log has more.',
    });
    expect(errors).toEqual([new TypeError('secret value')]);
  });

  it('ends in one unit with what its handler closes with; a closing that throws fails it and keeps nothing', async () => {
    const closings = [
      async (tx: { run(sql: string): Promise<unknown> }) => void (await tx.run(`INSERT INTO meta VALUES ('kept', '1')`)),
      async (tx: { run(sql: string): Promise<unknown> }) => {
        await tx.run(`INSERT INTO meta VALUES ('half', '1')`);
        throw new TaskFailed('No.');
      },
    ];
    const tasks = serviceOf({
      kind: 'close',
      resumable: false,
      run: async () => ({ message: 'Closed.', commit: closings.shift()! }),
      settled: async (tx, task, state, message) => {
        await tx.run('INSERT INTO meta VALUES (?, ?)', `settled ${task.parameters.n}`, `${state}: ${message}`);
      },
    });
    await tasks.start();
    const first = await enqueue(tasks, 'close', 7, { n: 1 });
    const second = await enqueue(tasks, 'close', 7, { n: 2 });
    await tasks.finished(first.id);
    await tasks.finished(second.id);
    expect(await storage.read((tx) => tx.all(`SELECT name, value FROM meta WHERE name <> 'probe' ORDER BY name`))).toEqual([
      { name: 'kept', value: '1' },
      { name: 'settled 1', value: 'done: Closed.' },
      { name: 'settled 2', value: 'failed: No.' },
    ]);
  });

  it('of a kind that nobody handles is refused', async () => {
    await expect(enqueue(serviceOf(), 'dance')).rejects.toThrow('no handler for tasks of kind "dance"');
  });
});

describe('order', () => {
  it('runs one of a kind for a job at a time, no more than the kind allows, in the order asked for', async () => {
    const { handler, runs } = gated('walk', { atOnce: 2 });
    const tasks = serviceOf(handler);
    await tasks.start();
    for (const jobId of [1, 1, 2, 3]) await enqueue(tasks, 'walk', jobId);
    await until(() => runs.length === 2);
    await sleep(20);
    expect(runs.map(({ context }) => context.jobId)).toEqual([1, 2]);
    runs[1]!.go('');
    await until(() => runs.length === 3);
    await sleep(20);
    expect(runs.map(({ context }) => context.jobId)).toEqual([1, 2, 3]);
    runs[0]!.go('');
    await until(() => runs.length === 4);
    expect(runs.map(({ context }) => context.jobId)).toEqual([1, 2, 3, 1]);
  });

  it('holds back a kind while another waits or runs for the same job', async () => {
    const walk = gated('walk');
    const train = gated('train', { after: ['walk'] });
    const tasks = serviceOf(walk.handler, train.handler);
    await enqueue(tasks, 'train', 1);
    await enqueue(tasks, 'walk', 1);
    await enqueue(tasks, 'train', 2);
    await tasks.start();
    await until(() => walk.runs.length === 1 && train.runs.length === 1);
    await sleep(20);
    expect(train.runs.map(({ context }) => context.jobId)).toEqual([2]);
    walk.runs[0]!.go('');
    await until(() => train.runs.length === 2);
    expect(train.runs[1]!.context.jobId).toBe(1);
  });
});

describe('a kind that yields', () => {
  it('waits while the other waits or runs for any job', async () => {
    const work = gated('work');
    const aside = gated('aside', { resumable: false, restarts: 0, yieldsTo: ['work'] });
    const tasks = serviceOf(work.handler, aside.handler);
    const first = await enqueue(tasks, 'work', 7);
    const second = await enqueue(tasks, 'aside', 8);
    await tasks.start();
    await until(() => work.runs.length === 1);
    await sleep(20);
    expect([aside.runs.length, (await tasks.get(second.id)).state]).toEqual([0, 'waiting']);
    work.runs[0]!.go('');
    await tasks.finished(first.id);
    await until(() => aside.runs.length === 1);
    aside.runs[0]!.go('');
    expect(await tasks.finished(second.id)).toMatchObject({ state: 'done' });
  });

  it('is put back when the other is asked for while it runs, and begins again after it', async () => {
    const work = gated('work');
    const aside = gated('aside', { resumable: false, restarts: 0, yieldsTo: ['work'] });
    const tasks = serviceOf(work.handler, aside.handler);
    await tasks.start();
    const put = await enqueue(tasks, 'aside', 8);
    await until(() => aside.runs.length === 1);
    aside.runs[0]!.context.progress(0.5, 'half');
    const first = await enqueue(tasks, 'work', 7);
    await until(() => work.runs.length === 1);
    await until(async () => (await tasks.get(put.id)).state === 'waiting');
    expect(await tasks.get(put.id)).toMatchObject({ share: 0, crashes: 0, cancelRequested: false });
    work.runs[0]!.go('');
    await tasks.finished(first.id);
    await until(() => aside.runs.length === 2);
    aside.runs[1]!.go('Done after all.');
    expect(await tasks.finished(put.id)).toMatchObject({ state: 'done', message: 'Done after all.' });
  });

  it('is cancelled where it was, also while it is put back', async () => {
    const work = gated('work');
    const aside = gated('aside', { resumable: false, restarts: 0, yieldsTo: ['work'] });
    const tasks = serviceOf(work.handler, aside.handler);
    await tasks.start();
    const put = await enqueue(tasks, 'aside', 8);
    await until(() => aside.runs.length === 1);
    await enqueue(tasks, 'work', 7);
    await tasks.cancel(put.id);
    expect(await tasks.finished(put.id)).toMatchObject({ state: 'cancelled' });
    await until(() => work.runs.length === 1);
    work.runs[0]!.go('');
    expect(aside.runs).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('ends a waiting task at once and a running one when it next looks', async () => {
    const settled: string[] = [];
    const { handler, runs } = gated('walk', {
      settled: async (_tx, task, state) => void settled.push(`${task.id} ${state}`),
    });
    const tasks = serviceOf(handler);
    await tasks.start();
    const running = await enqueue(tasks, 'walk');
    const waiting = await enqueue(tasks, 'walk');
    await until(() => runs.length === 1);
    expect(await tasks.cancel(waiting.id)).toMatchObject({ state: 'cancelled', message: 'Cancelled.' });
    expect(await tasks.cancel(running.id)).toMatchObject({ state: 'running', cancelRequested: true });
    expect(await tasks.finished(running.id)).toMatchObject({ state: 'cancelled', message: 'Cancelled.' });
    expect(settled).toEqual([`${waiting.id} cancelled`, `${running.id} cancelled`]);
    expect(runs).toHaveLength(1);
  });

  it('keeps the last step of a task that had done its work from being taken', async () => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const tasks = serviceOf({
      kind: 'train',
      resumable: false,
      run: async () => {
        reached.resolve();
        await go.promise;
        return { message: 'Trained.', commit: async (tx) => void (await tx.run(`INSERT INTO meta VALUES ('model', '1')`)) };
      },
    });
    await tasks.start();
    const { id } = await enqueue(tasks, 'train');
    await reached.promise;
    await tasks.cancel(id);
    go.resolve();
    expect(await tasks.finished(id)).toMatchObject({ state: 'cancelled' });
    expect(await storage.read((tx) => tx.get(`SELECT 1 FROM meta WHERE name = 'model'`))).toBeUndefined();
  });

  it('refuses what is over or unknown, and does nothing twice', async () => {
    const { handler, runs } = gated('walk');
    const tasks = serviceOf(handler);
    await tasks.start();
    const { id } = await enqueue(tasks, 'walk');
    await until(() => runs.length === 1);
    const records: number[] = [];
    const record = async (_tx: unknown, task: Task) => void records.push(task.id);
    await tasks.cancel(id, record);
    await tasks.cancel(id, record);
    await tasks.finished(id);
    await tasks.cancel(id, record);
    expect(records).toEqual([id]);
    const other = await enqueue(tasks, 'walk');
    await until(() => runs.length === 2);
    runs[1]!.go('');
    await tasks.finished(other.id);
    await expect(tasks.cancel(other.id)).rejects.toThrow('This task is over already.');
    await expect(tasks.cancel(999)).rejects.toThrow('There is no task with the id 999.');
  });
});

describe('the end of the process', () => {
  it('by a stop leaves what can go on waiting at its cursor, and the next process goes on there', async () => {
    const first = gated('walk');
    const before = serviceOf(first.handler);
    await before.start();
    const { id } = await enqueue(before, 'walk');
    await until(() => first.runs.length === 1);
    first.runs[0]!.context.progress(0.25, 'walking', { below: 75 });
    await before.stop();
    expect(await before.get(id)).toMatchObject({ state: 'waiting', share: 0.25, cursor: { below: 75 }, crashes: 0 });
    const second = gated('walk');
    const after = serviceOf(second.handler);
    await after.start();
    await until(() => second.runs.length === 1);
    expect(second.runs[0]!.context.cursor).toEqual({ below: 75 });
    second.runs[0]!.go('Done.');
    expect(await after.finished(id)).toMatchObject({ state: 'done', message: 'Done.' });
  });

  it('by kill -9 goes on at the cursor, however long the dead lease lasts', async () => {
    const { id } = await enqueue(serviceOf(gated('walk').handler), 'walk');
    await pretendKilled(id, { cursor: { below: 40 }, share: 0.6 });
    const { handler, runs } = gated('walk');
    const tasks = serviceOf(handler);
    await tasks.start();
    await until(() => runs.length === 1);
    expect(runs[0]!.context.cursor).toEqual({ below: 40 });
    expect(await tasks.get(id)).toMatchObject({ state: 'running', share: 0.6, crashes: 1 });
    runs[0]!.context.progress(0.7, 'walking', { below: 30 });
    await until(async () => (await tasks.get(id)).crashes === 0);
  });

  it('fails what cannot go on, in the same unit as what depends on it', async () => {
    const settled: string[] = [];
    const more = { resumable: false, settled: async (_tx: unknown, _task: Task, state: string) => void settled.push(state) };
    const { id } = await enqueue(serviceOf(gated('once', more).handler), 'once');
    await pretendKilled(id);
    const tasks = serviceOf(gated('once', more).handler);
    await tasks.start();
    expect(await tasks.get(id)).toMatchObject({ state: 'failed', message: 'Interrupted by a restart; start it again.' });
    expect(settled).toEqual(['failed']);
  });

  it('begins again as often as its kind allows, then fails', async () => {
    const { id } = await enqueue(serviceOf(gated('train', { resumable: false, restarts: 1 }).handler), 'train');
    await pretendKilled(id, { cursor: 'ignored', share: 0.9 });
    const { handler, runs } = gated('train', { resumable: false, restarts: 1 });
    const again = serviceOf(handler);
    await again.start();
    await until(() => runs.length === 1);
    expect(runs[0]!.context.cursor).toBeNull();
    expect(await again.get(id)).toMatchObject({ state: 'running', share: 0, crashes: 1 });
    const third = serviceOf(gated('train', { resumable: false, restarts: 1 }).handler);
    await third.start();
    expect(await third.get(id)).toMatchObject({
      state: 'failed',
      message: 'Interrupted by a restart 2 times; start it again if you want another try.',
    });
  });

  it('leaves a task cancelled that was to be', async () => {
    const { id } = await enqueue(serviceOf(gated('walk').handler), 'walk');
    await pretendKilled(id);
    await storage.write((tx) => tx.run('UPDATE tasks SET cancel_requested = 1 WHERE id = ?', id));
    const tasks = serviceOf(gated('walk').handler);
    await tasks.start();
    expect(await tasks.get(id)).toMatchObject({ state: 'cancelled' });
  });
});

describe('a full disk', () => {
  it('makes what can go on try again until there is room', async () => {
    let tries = 0;
    const tasks = serviceOf({
      kind: 'fill',
      resumable: true,
      run: async (context) => {
        tries++;
        context.progress(0.5, 'filling', { at: tries });
        await storage.write((tx) => tx.run(`INSERT INTO meta VALUES ('big', ?)`, 'x'.repeat(1_000_000)));
        return `Filled at try ${tries}.`;
      },
    });
    await tasks.start();
    await storage.write(async (tx) => {
      const { page_count } = (await tx.get<{ page_count: number }>('PRAGMA page_count'))!;
      await tx.get(`PRAGMA max_page_count = ${page_count + 8}`);
    });
    const { id } = await enqueue(tasks, 'fill');
    await until(() => tries > 0);
    await sleep(50);
    await storage.write(async (tx) => void (await tx.get('PRAGMA max_page_count = 1073741823')));
    expect(await tasks.finished(id)).toMatchObject({ state: 'done', message: `Filled at try ${tries}.` });
    expect(tries).toBeGreaterThan(1);
  });
});

describe('lists', () => {
  it('are newest first, of all or of one job, and find the active and the latest of a kind', async () => {
    const tasks = serviceOf(gated('walk').handler, gated('train').handler);
    const ids: number[] = [];
    for (const [kind, jobId] of [
      ['walk', 1],
      ['train', 1],
      ['walk', 2],
    ] as const)
      ids.push((await enqueue(tasks, kind, jobId)).id);
    expect((await tasks.list()).map((task) => task.id)).toEqual([...ids].reverse());
    expect((await tasks.list(1)).map((task) => task.id)).toEqual([ids[1], ids[0]]);
    expect((await tasks.list(undefined, 1)).map((task) => task.id)).toEqual([ids[2]]);
    await tasks.cancel(ids[1]!);
    expect(await storage.read((tx) => tasks.activeIn(tx, 1, 'train'))).toBeUndefined();
    expect((await storage.read((tx) => tasks.activeIn(tx, 1, 'walk')))?.id).toBe(ids[0]);
    expect((await tasks.latest(1, 'train'))?.state).toBe('cancelled');
  });
});
