import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../jobs/job.ts';
import { idle, LEAD, makeJob, openWorld, send, vote, type World } from '../training/testing.ts';
import { ReprocessService } from './reprocess-service.ts';

let world: World;
let reprocess: ReprocessService;
/** A store with a trained job, made once and copied for each test. */
let template: string;
let job: Job;
beforeAll(async () => {
  world = await openWorld();
  template = world.folder;
  job = await trainedJob();
  await world.close();
});
afterAll(() => rmSync(template, { recursive: true, force: true }));

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-reprocess-'));
  cpSync(template, folder, { recursive: true });
  await open(await openWorld(folder));
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

async function open(opened: World): Promise<void> {
  world = opened;
  reprocess = new ReprocessService(world.storage, world.audit, world.jobs, world.events, world.tasks, world.reprocess);
}

/** Labelled alerts `e0` … `e7` and a model of them: malware is Escalate, noise is Drop. */
async function trainedJob() {
  const job = await makeJob(world, { points: ['rule', 'severity'] });
  for (let n = 0; n < 8; n++) {
    await send(world, job.id, `e${n}`, {
      rule: n % 2 ? 'malware' : 'noise',
      severity: n,
      '@timestamp': `2026-03-0${n + 1}T00:00:00Z`,
    });
    await vote(world, job.id, `e${n}`, n % 2 ? 'Escalate' : 'Drop');
  }
  await train(job.id);
  return job;
}

async function train(jobId: number): Promise<number> {
  const { taskId } = await world.training.requestTraining(jobId, LEAD);
  expect((await world.tasks.finished(taskId!)).state).toBe('done');
  return (await world.jobs.find(jobId))!.activeModelId!;
}

async function run(jobId: number, selection: Parameters<ReprocessService['request']>[1]): Promise<string> {
  const task = await world.tasks.finished((await reprocess.request(jobId, selection, LEAD)).id);
  expect(task.state).toBe('done');
  return task.message;
}

const decisionOf = async (jobId: number, eventId: string) => {
  const { decisionId } = await world.events.get(jobId, eventId);
  return decisionId === null ? undefined : world.decisions.get(decisionId);
};

const micros = (text: string) => Date.parse(text) * 1000;

describe('deciding stored events again', () => {
  it('gives events from before the first model their decision, and does nothing the second time', async () => {
    expect(await decisionOf(job.id, 'e1')).toBeUndefined();
    expect(await run(job.id, {})).toBe('8 events decided again; the decision changed on 8.');
    expect((await decisionOf(job.id, 'e1'))!.classNo).toBe(0);
    expect((await decisionOf(job.id, 'e2'))!.classNo).toBe(1);
    const { decidedAt, seq } = await world.events.get(job.id, 'e1');
    expect(await run(job.id, {})).toBe('8 events decided again; the decision changed on 0.');
    expect((await world.events.get(job.id, 'e1')).decidedAt).toBe(decidedAt);
    expect(await world.decisions.past(seq)).toEqual([]);
  });

  it('keeps what was decided before in the history of the event', async () => {
    await run(job.id, {});
    const first = (await decisionOf(job.id, 'e1'))!;
    for (const voter of ['bob', 'cid', 'dan']) await vote(world, job.id, 'e1', 'Investigate', voter);
    const model = await train(job.id);
    await run(job.id, {});
    const now = (await decisionOf(job.id, 'e1'))!;
    expect(now).toMatchObject({ modelId: model, classNo: 2 });
    const { seq } = await world.events.get(job.id, 'e1');
    const past = await world.decisions.past(seq);
    expect(past).toHaveLength(1);
    expect(past[0]).toMatchObject({ id: first.id, classNo: 0, modelId: first.modelId, why: 'reprocess' });
  });

  it('takes only the events of a span of their own time, or those named', async () => {
    expect(await run(job.id, { from: micros('2026-03-02T00:00:00Z'), to: micros('2026-03-04T00:00:00Z') })).toBe(
      '2 events decided again; the decision changed on 2.',
    );
    expect(await run(job.id, { eventIds: ['e7', 'nowhere', 'e1'] })).toBe('2 events decided again; the decision changed on 1.');
    const decided = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map(async (n) => (await decisionOf(job.id, `e${n}`)) !== undefined),
    );
    expect(decided).toEqual([false, true, true, false, false, false, false, true]);
  });

  it('leaves older versions of an event as they were', async () => {
    const old = (await world.events.get(job.id, 'e1')).seq;
    await send(world, job.id, 'e1', { rule: 'noise', severity: 1 });
    expect(await run(job.id, {})).toBe('8 events decided again; the decision changed on 7.');
    expect((await world.events.getBySeq(old))!.decisionId).toBeNull();
  });

  it('goes on after a restart where it was, and begins again under another model', async () => {
    const first = (await world.jobs.find(job.id))!.activeModelId!;
    await train(job.id);
    await world.tasks.stop();
    const seqs = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async (n) => (await world.events.get(job.id, `e${n}`)).seq));
    const killed = async (modelId: number) => {
      const { id } = await reprocess.request(job.id, {}, LEAD);
      const cursor = JSON.stringify({ after: seqs[5], decided: 6, changed: 0, modelId });
      await world.storage.write((tx) =>
        tx.run(`UPDATE tasks SET state = 'running', lease_owner = 'dead', cursor = ? WHERE id = ?`, cursor, id),
      );
      await world.close();
      await open(await openWorld(world.folder));
      return (await world.tasks.finished(id)).message;
    };
    const active = (await world.jobs.find(job.id))!.activeModelId!;
    expect(await killed(active)).toBe('8 events decided again; the decision changed on 2.');
    expect(await decisionOf(job.id, 'e5')).toBeUndefined();
    expect(await killed(first)).toBe('8 events decided again; the decision changed on 6.');
    expect((await decisionOf(job.id, 'e5'))!.modelId).toBe(active);
  });

  it('decides by the points the model was trained on, also after others were chosen', async () => {
    await world.jobs.update(job.id, { points: ['severity'] }, LEAD);
    await idle(world);
    await run(job.id, { eventIds: ['e1'] });
    expect((await decisionOf(job.id, 'e1'))!.values).toBe('["malware",1]');
  });
});

describe('one event', () => {
  it('is decided at once, with a record of it', async () => {
    expect(await reprocess.one(job.id, 'e1', LEAD)).toBe(true);
    expect(await reprocess.one(job.id, 'e1', LEAD)).toBe(false);
    expect((await decisionOf(job.id, 'e1'))!.classNo).toBe(0);
    const records = await world.storage.read((tx) =>
      tx.all<{ object_id: string; after: string }>(`SELECT object_id, after FROM audit WHERE action = 'event.reprocess'`),
    );
    expect(records.map((record) => [record.object_id, (JSON.parse(record.after) as { changed: boolean }).changed])).toEqual([
      ['e1', true],
      ['e1', false],
    ]);
    await expect(reprocess.one(job.id, 'nowhere', LEAD)).rejects.toThrow('There is no event "nowhere"');
  });
});

describe('a request is refused', () => {
  it('without a model, for a job that is not there, and for what cannot be meant', async () => {
    const untrained = await makeJob(world, { title: 'Untrained' });
    const sentence = 'Train a model first: there is none to decide with.';
    await expect(reprocess.request(untrained.id, {}, LEAD)).rejects.toThrow(sentence);
    await expect(reprocess.one(untrained.id, 'e1', LEAD)).rejects.toThrow(sentence);
    await expect(reprocess.request(4711, {}, LEAD)).rejects.toThrow('job id 4711');
    await expect(reprocess.request(job.id, { from: 5, to: 5 }, LEAD)).rejects.toThrow('ends before it begins');
    await expect(reprocess.request(job.id, { eventIds: new Array(10_001).fill('x') }, LEAD)).rejects.toThrow('At most 10000');
  });
});
