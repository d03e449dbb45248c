import { createHash } from 'node:crypto';
import { train as trainHere } from '@verdict/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OVERRULE } from '../feedback/feedback.ts';
import { readSnapshot } from '../storage/sqlite.ts';
import { readModelBytes, removeIncomplete, writeModel } from './model-bytes.ts';
import { ModelCache } from './model-cache.ts';
import { idle, LEAD, makeJob, openWorld, send, vote, type World } from './testing.ts';
import { readFeedback, type TrainingSource } from './training-store.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

const POINTS = ['rule', 'severity'];

/** A job with alerts of four rules in eight buckets, the first two of each label labelled. */
async function labelledJob(category = 'Decision intelligence') {
  const job = await makeJob(world, { points: POINTS, category });
  for (let n = 0; n < 8; n++) {
    await send(world, job.id, `e${n}`, { rule: n % 2 ? 'malware' : 'noise', severity: n }, n < 4 ? 'incident 1' : null);
    await vote(world, job.id, `e${n}`, n % 2 ? 'Escalate' : 'Drop');
  }
  return job;
}

async function trained(jobId: number) {
  const asked = await world.training.requestTraining(jobId, LEAD);
  expect(asked).toMatchObject({ ok: true, sentence: 'Training has started.' });
  return world.tasks.finished(asked.taskId!);
}

const auditActions = async () =>
  (await world.storage.read((tx) => tx.all<{ action: string }>('SELECT action FROM audit ORDER BY seq'))).map(
    (row) => row.action,
  );

const sourceOf = (jobId: number, more: Partial<TrainingSource> = {}): TrainingSource => ({
  jobId,
  pointsVersion: 1,
  points: POINTS,
  classNos: [0, 1, 2],
  shared: true,
  overrule: OVERRULE,
  ...more,
});

describe('a training', () => {
  it('makes a model that decides what comes after it, and says so in the job', async () => {
    const job = await labelledJob();
    const task = await trained(job.id);
    expect(task).toMatchObject({ state: 'done', message: 'Retraining finished successfully', share: 1 });
    const after = (await world.jobs.find(job.id))!;
    expect(after).toMatchObject({ trainState: 'RETRAIN_FINISHED', trainMessage: 'Retraining finished successfully' });
    expect(after.trainFinishedAt).toBeGreaterThan(after.trainStartedAt!);
    const [model, ...others] = await world.training.models(job.id);
    expect(others).toEqual([]);
    expect(model).toMatchObject({
      id: after.activeModelId,
      points: POINTS,
      classes: ['class_0', 'class_1', 'class_2'],
      units: 8,
      createdBy: 'lea',
    });
    expect(model!.metrics.rows).toBe(8);
    await send(world, job.id, 'new', { rule: 'malware', severity: 3 });
    const event = await world.events.get(job.id, 'new');
    expect(await world.decisions.get(event.decisionId!)).toMatchObject({ classNo: 0, labelled: true, modelId: model!.id });
    expect((await world.feedback.state(after, event)).state).toBe('in_knowledge_base');
    expect(await auditActions()).toContain('job.train');
  });

  it('learns in its thread what the engine learns here, from the same rows: the same bytes', async () => {
    const job = await labelledJob();
    await trained(job.id);
    const model = (await world.training.models(job.id))[0]!;
    const { rows } = await readSnapshot(world.storage.file, (tx) => readFeedback(tx, sourceOf(job.id)));
    const here = trainHere({
      points: POINTS,
      pointTypes: {},
      classes: ['class_0', 'class_1', 'class_2'],
      rows,
      seed: job.id,
      outlierRate: 0.02,
    });
    expect(createHash('sha256').update(here.model).digest('hex')).toBe(model.sha256);
    expect((await readModelBytes(world.storage, model.id))!.bytes).toEqual(new Uint8Array(here.model));
  });

  it('works on a stopped job, and when events are on their own', async () => {
    const job = await labelledJob('Event centric decision intelligence');
    await world.jobs.stop(job.id, LEAD);
    expect((await trained(job.id)).state).toBe('done');
    const model = (await world.training.models(job.id))[0]!;
    const units = await world.storage.read((tx) =>
      tx.all<{ unit: string; class_no: number }>(
        'SELECT unit, class_no FROM model_units WHERE model_id = ? ORDER BY unit',
        model.id,
      ),
    );
    const events = await Promise.all(Array.from({ length: 8 }, (_, n) => world.events.get(job.id, `e${n}`)));
    expect(units).toEqual(
      events.map(({ seq }, n) => ({ unit: `e:${seq}`, class_no: n % 2 ? 0 : 1 })).sort((a, b) => (a.unit < b.unit ? -1 : 1)),
    );
  });
});

describe('a training is refused', () => {
  it('for a job that is not there', async () => {
    await expect(world.training.requestTraining(4711, LEAD)).rejects.toThrow('There is no AI use case with the job id 4711');
  });

  it('before decision points are chosen, and before there is enough feedback, saying what to do', async () => {
    const job = await makeJob(world);
    expect(await world.training.requestTraining(job.id, LEAD)).toEqual({
      ok: false,
      sentence: 'Choose decision points first: they are what the model may look at.',
    });
    await world.jobs.update(job.id, { points: POINTS }, LEAD);
    for (const [id, label] of [
      ['a', 'Drop'],
      ['b', 'Drop'],
      ['c', 'Escalate'],
    ] as const) {
      await send(world, job.id, id, { rule: id, severity: 1 });
      await vote(world, job.id, id, label);
    }
    await send(world, job.id, 'twin', { rule: 'c', severity: 1, other: 2 });
    await vote(world, job.id, 'twin', 'Escalate', 'bob');
    await send(world, job.id, 'empty', { nothing: true });
    await vote(world, job.id, 'empty', 'Escalate');
    const { ok, sentence } = await world.training.requestTraining(job.id, LEAD);
    expect(ok).toBe(false);
    expect(sentence).toBe(
      'Training needs at least 2 labels with 2 buckets each. Missing: 1 more bucket labelled Escalate, or 2 more labelled Investigate.',
    );
    expect((await world.jobs.find(job.id))!.trainState).toBeNull();
    const status = await world.training.status(job.id);
    expect(status).toMatchObject({ missing: sentence, unit: 'bucket', undecided: 0, task: undefined });
    expect(status.labels.map(({ name, units }) => [name, units])).toEqual([
      ['Escalate', 1],
      ['Drop', 2],
      ['Investigate', 0],
    ]);
  });

  it('while one runs', async () => {
    const job = await labelledJob();
    const first = await world.training.requestTraining(job.id, LEAD);
    expect(await world.training.requestTraining(job.id, LEAD)).toEqual({ ok: false, sentence: 'Training is already running.' });
    await world.tasks.finished(first.taskId!);
    expect((await world.training.requestTraining(job.id, LEAD)).ok).toBe(true);
    await idle(world);
    expect(await world.training.models(job.id)).toHaveLength(2);
  });

  it('while stored events are put in buckets, when that takes long', async () => {
    const job = await labelledJob();
    await world.tasks.stop();
    await world.jobs.update(job.id, { points: ['rule'] }, LEAD);
    expect((await world.training.requestTraining(job.id, LEAD)).sentence).toBe(
      'Stored events are being put in buckets by the new decision points (0 % done). Train when that is finished.',
    );
  });
});

describe('a training that ends early', () => {
  it('by a cancel leaves the model that decides, and the job says that this training did not succeed', async () => {
    const job = await labelledJob();
    await trained(job.id);
    const before = (await world.jobs.find(job.id))!;
    const asked = await world.training.requestTraining(job.id, LEAD);
    await world.tasks.cancel(asked.taskId!);
    expect((await world.tasks.finished(asked.taskId!)).state).toBe('cancelled');
    expect(await world.jobs.find(job.id)).toMatchObject({
      // Not the success of the one before: who asked and waits for the end would take it for this one's.
      trainState: 'RETRAIN_FAILED',
      trainMessage: 'The training was cancelled; the model that decides stays.',
      activeModelId: before.activeModelId,
    });
    const after = (await world.jobs.find(job.id))!;
    expect(after.trainStartedAt).toBeGreaterThan(before.trainFinishedAt!);
    expect(after.trainFinishedAt).toBeGreaterThan(after.trainStartedAt!);
    expect(await world.training.models(job.id)).toHaveLength(1);
    expect(await world.storage.read((tx) => tx.all('SELECT id FROM models WHERE complete = 0'))).toEqual([]);
  });

  it('by a cancel before there is any model says so too', async () => {
    const job = await labelledJob();
    const asked = await world.training.requestTraining(job.id, LEAD);
    await world.tasks.cancel(asked.taskId!);
    await world.tasks.finished(asked.taskId!);
    expect(await world.jobs.find(job.id)).toMatchObject({
      trainState: 'RETRAIN_FAILED',
      trainMessage: 'The training was cancelled.',
      activeModelId: null,
    });
  });

  it('by the deletion of its job leaves nothing behind', async () => {
    const job = await labelledJob();
    await world.jobs.stop(job.id, LEAD);
    const { taskId } = await world.training.requestTraining(job.id, LEAD);
    await world.jobs.delete(job.id, LEAD);
    await world.tasks.stop();
    await expect(world.tasks.get(taskId!)).rejects.toThrow(`There is no task with the id ${taskId}.`);
    expect(await world.storage.read((tx) => tx.all('SELECT id FROM models'))).toEqual([]);
  });

  it('by a stop of the service begins again in the next one', async () => {
    const job = await labelledJob();
    const { taskId } = await world.training.requestTraining(job.id, LEAD);
    await world.close();
    world = await openWorld(world.folder);
    expect((await world.tasks.finished(taskId!)).state).toBe('done');
    expect((await world.jobs.find(job.id))!.trainState).toBe('RETRAIN_FINISHED');
  });

  it('by kill -9 begins again once, then fails and says so', async () => {
    const job = await labelledJob();
    const killed = async (crashes: number) => {
      await world.tasks.stop();
      const { taskId } = await world.training.requestTraining(job.id, LEAD);
      await world.storage.write((tx) =>
        tx.run(`UPDATE tasks SET state = 'running', lease_owner = 'dead', crashes = ? WHERE id = ?`, crashes, taskId!),
      );
      await world.close();
      world = await openWorld(world.folder);
      return world.tasks.finished(taskId!);
    };
    expect((await killed(0)).state).toBe('done');
    expect((await killed(1)).state).toBe('failed');
    expect(await world.jobs.find(job.id)).toMatchObject({
      trainState: 'RETRAIN_FAILED',
      trainMessage: 'Interrupted by a restart 2 times; start it again if you want another try.',
    });
    expect(await world.training.models(job.id)).toHaveLength(1);
  });
});

describe('what is learned from', () => {
  it('is each bucket with its votes, its newest vote and its group; undecided ones train and are not in the knowledge base', async () => {
    const job = await labelledJob();
    await vote(world, job.id, 'e0', 'Escalate', 'bob');
    await vote(world, job.id, 'e1', 'Escalate', 'bob');
    await world.feedback.overrule(job.id, 'e2', 'Investigate', 'seen in the lab', LEAD, { id: 'user:lea', name: 'lea' });
    await vote(world, job.id, 'e2', 'Drop', 'bob');
    const { rows, units } = await readSnapshot(world.storage.file, (tx) => readFeedback(tx, sourceOf(job.id)));
    const of = (rule: string, severity: number) => rows.find((row) => row.values[0] === rule && row.values[1] === severity)!;
    expect(rows).toHaveLength(8);
    expect(of('noise', 0)).toMatchObject({ votes: [1, 1, 0], group: 'incident 1' });
    expect(of('malware', 1)).toMatchObject({ votes: [2, 0, 0], group: 'incident 1' });
    expect(of('noise', 2).votes).toEqual([0, 0, 2]);
    expect(of('malware', 7)).toMatchObject({ votes: [1, 0, 0] });
    expect(of('malware', 7)).not.toHaveProperty('group');
    expect(of('noise', 2).time).toBeGreaterThan(of('malware', 7).time!);
    expect(units).toHaveLength(7);
    expect(units).toContainEqual([`b:${of('noise', 2).key}`, 2]);
    expect(units.map(([unit]) => unit)).not.toContain(`b:${of('noise', 0).key}`);
  });

  it('leaves out votes for retired labels, and buckets that have no others', async () => {
    const job = await labelledJob();
    await vote(world, job.id, 'e0', 'Investigate', 'bob');
    await vote(world, job.id, 'e0', 'Investigate', 'cid');
    await vote(world, job.id, 'e2', 'Investigate');
    await world.jobs.update(job.id, { labels: [{ name: 'Escalate' }, { name: 'Drop' }] }, LEAD);
    const { rows, units } = await readSnapshot(world.storage.file, (tx) =>
      readFeedback(tx, sourceOf(job.id, { classNos: [0, 1] })),
    );
    expect(rows).toHaveLength(7);
    expect(rows.find((row) => row.values[1] === 0)!.votes).toEqual([0, 1]);
    expect(units).toHaveLength(6);
  });

  it('keeps events of one bucket together when they are on their own', async () => {
    const job = await makeJob(world, { points: ['rule'], category: 'Event centric decision intelligence' });
    for (const id of ['a', 'b']) await send(world, job.id, id, { rule: 'same', id });
    await vote(world, job.id, 'a', 'Drop');
    await vote(world, job.id, 'b', 'Escalate');
    const { rows } = await readSnapshot(world.storage.file, (tx) =>
      readFeedback(tx, sourceOf(job.id, { shared: false, points: ['rule'] })),
    );
    expect(rows.map((row) => row.votes)).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(rows[0]!.group).toBe(rows[1]!.group);
    expect(rows.map((row) => row.key)).toEqual(rows.map((_, n) => `${rows[0]!.group}:${String(n + 1).padStart(16, '0')}`));
  });
});

describe('models', () => {
  it('can be activated again, with a record, and the caches are told', async () => {
    const job = await labelledJob();
    const told: [number, number][] = [];
    world.train.onActivated((jobId, modelId) => told.push([jobId, modelId]));
    await trained(job.id);
    await vote(world, job.id, 'e0', 'Investigate');
    await trained(job.id);
    const [second, first] = await world.training.models(job.id);
    expect((await world.jobs.find(job.id))!.activeModelId).toBe(second!.id);
    const again = await world.training.activate(job.id, first!.id, LEAD);
    expect(again.activatedAt).toBeGreaterThan(second!.activatedAt!);
    expect((await world.jobs.find(job.id))!.activeModelId).toBe(first!.id);
    await world.training.activate(job.id, first!.id, LEAD);
    expect(told).toEqual([
      [job.id, first!.id],
      [job.id, second!.id],
      [job.id, first!.id],
    ]);
    expect((await auditActions()).filter((action) => action === 'model.activate')).toHaveLength(1);
    const event = await world.events.get(job.id, 'e0');
    const state = await world.feedback.state((await world.jobs.find(job.id))!, event);
    expect(state.state).toBe('retrain');
  });

  it('of another job are not found', async () => {
    const job = await labelledJob();
    await trained(job.id);
    const other = await makeJob(world, { title: 'Other' });
    const { id } = (await world.training.models(job.id))[0]!;
    await expect(world.training.model(other.id, id)).rejects.toThrow(`The AI use case ${other.id} has no model ${id}.`);
    await expect(world.training.activate(other.id, id, LEAD)).rejects.toThrow('has no model');
  });

  it('stay in memory as many as fit, those asked for last, and are read once by those who ask at once', async () => {
    const job = await labelledJob();
    for (let n = 0; n < 3; n++) await trained(job.id);
    const [c, b, a] = (await world.training.models(job.id)).map((model) => model.id);
    const cache = new ModelCache(world.storage, 2);
    const [one, two] = await Promise.all([cache.get(a!), cache.get(a!)]);
    expect(one).toBe(two);
    expect(one.points).toEqual(POINTS);
    await cache.get(b!);
    expect(cache.peek(a!)).toBe(one);
    await cache.get(c!);
    expect([cache.peek(a!) !== undefined, cache.peek(b!), cache.peek(c!) !== undefined]).toEqual([true, undefined, true]);
    await expect(cache.get(4711)).rejects.toThrow('There is no model 4711.');
  });

  it('whose bytes are damaged are refused with a sentence, and nothing changes', async () => {
    const job = await labelledJob();
    await trained(job.id);
    await trained(job.id);
    const [active, older] = await world.training.models(job.id);
    await world.close();
    world = await openWorld(world.folder);
    await world.storage.write((tx) =>
      tx.run('UPDATE model_parts SET bytes = zeroblob(length(bytes)) WHERE model_id = ?', older!.id),
    );
    await expect(world.training.activate(job.id, older!.id, LEAD)).rejects.toThrow(`Model ${older!.id} cannot be used:`);
    expect((await world.jobs.find(job.id))!.activeModelId).toBe(active!.id);
  });

  it('are not seen before they are complete, and what was left of them goes', async () => {
    const job = await labelledJob();
    await trained(job.id);
    const { id: _, ...model } = (await world.training.models(job.id))[0]!;
    const bytes = new Uint8Array(1_000_000).map((_byte, index) => index % 251);
    const units = [Array.from({ length: 700 }, (_unit, n) => [`b:${n}`, 0] as const)];
    const size = bytes.length;
    const modelId = await writeModel(world.storage, { ...model, size, reference: null }, bytes, units, () => {});
    expect(await world.training.models(job.id)).toHaveLength(1);
    await expect(world.training.model(job.id, modelId)).rejects.toThrow('has no model');
    expect((await readModelBytes(world.storage, modelId))!.bytes).toEqual(bytes);
    await removeIncomplete(world.storage, job.id);
    const left = await world.storage.read((tx) =>
      tx.get(
        `SELECT (SELECT count(*) FROM model_parts WHERE model_id = ?) AS parts, (SELECT count(*) FROM model_units WHERE model_id = ?) AS units,
           (SELECT count(*) FROM models) AS models`,
        modelId,
        modelId,
      ),
    );
    expect(left).toEqual({ parts: 0, units: 0, models: 1 });
  });
});
