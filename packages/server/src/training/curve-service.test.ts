import { learningCurve } from '@verdict/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OVERRULE } from '../feedback/feedback.ts';
import { readSnapshot } from '../storage/sqlite.ts';
import { LEARNING_CURVE } from './curve-task.ts';
import { idle, LEAD, makeJob, openWorld, send, vote, type World } from './testing.ts';
import { readFeedback } from './training-store.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

const POINTS = ['rule', 'size'];

/** Labels alerts `from` … `to`, each in a bucket of its own. */
async function label(jobId: number, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    await send(world, jobId, `e${n}`, { rule: `rule-${n % 9}`, size: n });
    await vote(world, jobId, `e${n}`, n % 9 < 3 ? 'Escalate' : 'Drop');
  }
}

/** A job with a model that learned from sixty buckets. */
async function trainedJob(category = 'Decision intelligence', labels = 60) {
  const job = await makeJob(world, { points: POINTS, category });
  await label(job.id, 0, labels);
  return { jobId: job.id, modelId: await train(job.id) };
}

async function train(jobId: number): Promise<number> {
  const { taskId } = await world.training.requestTraining(jobId, LEAD);
  expect((await world.tasks.finished(taskId!)).state).toBe('done');
  return (await world.training.models(jobId))[0]!.id;
}

const about = async (jobId: number, modelId: number) =>
  [(await world.jobs.find(jobId))!, await world.training.model(jobId, modelId)] as const;
const status = async (jobId: number, modelId: number) => world.curves.status(...(await about(jobId, modelId)));
const start = async (jobId: number, modelId: number) => world.curves.start(...(await about(jobId, modelId)), LEAD);
const cancel = async (jobId: number, modelId: number) => world.curves.cancel(...(await about(jobId, modelId)), LEAD);
const count = async (table: 'learning_curves' | 'audit', where = '1') =>
  (await world.storage.read((tx) => tx.get<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)))!.n;

describe('a learning curve', () => {
  it('is worked out once, kept with its model, and gone with it', async () => {
    const { jobId, modelId } = await trainedJob();
    expect(await status(jobId, modelId)).toEqual({ curve: undefined, task: undefined, unit: 'bucket', missing: null });
    const asked = await start(jobId, modelId);
    expect(asked.task).toMatchObject({ kind: LEARNING_CURVE, jobId, parameters: { modelId, askedBy: 'lea' } });
    expect((await start(jobId, modelId)).task!.id).toBe(asked.task!.id);
    expect(await world.tasks.finished(asked.task!.id)).toMatchObject({
      state: 'done',
      message: `The learning curve of model ${modelId} is there.`,
    });
    const done = await status(jobId, modelId);
    expect(done).toMatchObject({ task: undefined, missing: null, curve: { madeBy: 'lea' } });
    expect(done.curve!.curve.points.map(({ buckets }) => buckets)).toEqual([12, 24, 48]);
    expect(await start(jobId, modelId)).toEqual(done);
    expect(await world.tasks.list()).toHaveLength(2);
    expect(await count('audit', "action = 'model.learning_curve'")).toBe(1);
    await world.jobs.stop(jobId, LEAD);
    await world.jobs.delete(jobId, LEAD);
    expect(await count('learning_curves')).toBe(0);
  });

  it('is what the engine finds here in the same rows, which are those of the model', async () => {
    const { jobId, modelId } = await trainedJob();
    const model = await world.training.model(jobId, modelId);
    const source = { jobId, pointsVersion: 1, points: POINTS, classNos: [0, 1, 2], shared: true, overrule: OVERRULE };
    const { rows } = await readSnapshot(world.storage.file, (tx) => readFeedback(tx, source));
    const here = learningCurve(
      { points: POINTS, pointTypes: {}, classes: model.classes, rows, seed: model.seed, outlierRate: 0.02 },
      // Escalate is class 0 and must not be missed, Drop is class 1.
      (truth, said) => truth === 0 && said !== 0,
    );
    // Labelled later: the model knows nothing of them.
    await label(jobId, 60, 80);
    const { task } = await start(jobId, modelId);
    await world.tasks.finished(task!.id);
    expect((await status(jobId, modelId)).curve!.curve).toEqual(here);
  });

  it('counts events where they are on their own', async () => {
    const { jobId, modelId } = await trainedJob('Event centric decision intelligence');
    const { task, unit } = await start(jobId, modelId);
    await world.tasks.finished(task!.id);
    expect(unit).toBe('event');
    expect((await status(jobId, modelId)).curve!.curve.points.at(-1)!.buckets).toBe(48);
  });
});

describe('a learning curve is not worked out', () => {
  it('from too few labels, or by other decision points than the job has now', async () => {
    const { jobId, modelId } = await trainedJob(undefined, 12);
    const few = `A learning curve needs at least 50 labelled buckets; model ${modelId} learned from 12. Label 38 more and train again.`;
    expect((await status(jobId, modelId)).missing).toBe(few);
    await expect(start(jobId, modelId)).rejects.toThrow(few);
    await world.jobs.update(jobId, { points: ['rule'] }, LEAD);
    await expect(start(jobId, modelId)).rejects.toThrow('The decision points have changed since model');
    expect(await world.tasks.latest(jobId, LEARNING_CURVE)).toBeUndefined();
  });

  it('from labels that were taken back since: the task says how many it needs', async () => {
    const { jobId, modelId } = await trainedJob();
    for (let n = 0; n < 20; n++) await world.feedback.withdraw(jobId, `e${n}`, { id: 'user:ann', name: 'ann' }, 'app');
    const { task } = await start(jobId, modelId);
    const message = 'A learning curve needs at least 50 labelled buckets; there are 40. Label 10 more.';
    expect(await world.tasks.finished(task!.id)).toMatchObject({ state: 'failed', message });
    expect(await status(jobId, modelId)).toMatchObject({ curve: undefined, task: { state: 'failed', message }, missing: null });
  });

  it('while that of another model of the job is', async () => {
    const { jobId, modelId } = await trainedJob();
    const second = await train(jobId);
    const { task } = await start(jobId, modelId);
    expect(await status(jobId, second)).toMatchObject({
      task: undefined,
      missing: `The learning curve of model ${modelId} is being worked out; wait until it is there, or cancel it.`,
    });
    await expect(start(jobId, second)).rejects.toThrow(`The learning curve of model ${modelId} is being worked out`);
    await expect(cancel(jobId, second)).rejects.toThrow(`No learning curve of model ${second} is being worked out.`);
    await world.tasks.finished(task!.id);
    expect((await status(jobId, second)).missing).toBeNull();
  });
});

describe('work on a learning curve', () => {
  it('gives way to a training of any job, and begins again after it', async () => {
    const { jobId, modelId } = await trainedJob();
    const other = await makeJob(world, { points: POINTS, title: 'Other' });
    await label(other.id, 0, 30);
    const states: string[] = [];
    world.tasks.onChange(({ kind, state }) => {
      const told = `${kind} ${state}`;
      if (states.at(-1) !== told) states.push(told);
    });
    const { task } = await start(jobId, modelId);
    await until(() => states.includes('learning_curve running'));
    await train(other.id);
    expect(await world.tasks.finished(task!.id)).toMatchObject({ state: 'done', crashes: 0 });
    expect(states).toContain('train done');
    const ended = states.indexOf('train done');
    expect(states.slice(0, ended)).not.toContain('learning_curve done');
    expect(states.slice(ended).filter((told) => told.startsWith('learning_curve'))).toEqual([
      'learning_curve running',
      'learning_curve done',
    ]);
    expect((await status(jobId, modelId)).curve).toBeDefined();
  });

  it('can be cancelled, with a record, and asked for again', async () => {
    const { jobId, modelId } = await trainedJob();
    await expect(cancel(jobId, modelId)).rejects.toThrow(`No learning curve of model ${modelId} is being worked out.`);
    const { task } = await start(jobId, modelId);
    await cancel(jobId, modelId);
    expect((await world.tasks.finished(task!.id)).state).toBe('cancelled');
    expect(await status(jobId, modelId)).toMatchObject({ curve: undefined, task: { state: 'cancelled' }, missing: null });
    expect(await count('audit', "action = 'task.cancel'")).toBe(1);
    expect(await count('learning_curves')).toBe(0);
    const again = await start(jobId, modelId);
    expect((await world.tasks.finished(again.task!.id)).state).toBe('done');
  });

  it('ends with a stop or a kill -9 of the service: the curve is not there and can be asked for again', async () => {
    const { jobId, modelId } = await trainedJob();
    const interrupted = 'Interrupted by a restart; start it again.';
    await start(jobId, modelId);
    await until(async () => (await world.tasks.latest(jobId, LEARNING_CURVE))!.state === 'running');
    await world.close();
    world = await openWorld(world.folder, false);
    expect(await status(jobId, modelId)).toMatchObject({ curve: undefined, task: { state: 'failed', message: interrupted } });
    const { task } = await start(jobId, modelId);
    await world.storage.write((tx) => tx.run(`UPDATE tasks SET state = 'running', lease_owner = 'dead' WHERE id = ?`, task!.id));
    await world.close();
    world = await openWorld(world.folder);
    await idle(world);
    expect(await status(jobId, modelId)).toMatchObject({ curve: undefined, task: { state: 'failed', message: interrupted } });
    const again = await start(jobId, modelId);
    expect((await world.tasks.finished(again.task!.id)).state).toBe('done');
    expect((await status(jobId, modelId)).curve).toBeDefined();
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true);
}
