import { afterEach, beforeEach, expect, it } from 'vitest';
import { idle, LEAD, makeJob, openWorld, send, vote, type World } from './testing.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

const ruleOf = (n: number) => (n % 2 ? 'malware' : 'noise');
/** Another for each alert, whose digits do not tell odd from even numbers, as those of the hosts do. */
const ticketOf = (n: number) => (n * (n + 1)) / 2;
const truth = (n: number) => (n % 2 ? 'Escalate' : 'Drop');

/** Labelled alerts of two rules, each in a bucket of its own. */
async function label(jobId: number, from: number, to: number, say: (n: number) => string, group: string | null = null) {
  for (let n = from; n < to; n++) {
    await send(world, jobId, `e${n}`, { rule: ruleOf(n), host: `h${n}`, ticket: ticketOf(n), site: `s${n % 3}` }, group);
    await vote(world, jobId, `e${n}`, say(n));
  }
}

async function train(jobId: number) {
  const { taskId } = await world.training.requestTraining(jobId, LEAD);
  const task = await world.tasks.finished(taskId!);
  await idle(world);
  return { task, job: (await world.jobs.find(jobId))!, model: (await world.training.models(jobId))[0]! };
}

it('a first model takes over without a comparison; a better one beside it, with one', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'] });
  await label(job.id, 0, 24, truth);
  const first = await train(job.id);
  expect(first.model.comparison).toBeNull();
  expect(first.job.activeModelId).toBe(first.model.id);
  await label(job.id, 24, 48, truth);
  const second = await train(job.id);
  expect(second.task.message).toBe('Retraining finished successfully');
  expect(second.job.activeModelId).toBe(second.model.id);
  expect(second.model.comparison).toMatchObject({ championId: first.model.id, heldOut: 10, clusters: 10, worse: false });
  expect(second.model.comparison!.champion!.rows).toBe(10);
  expect(second.model.comparison!.since).toBeGreaterThan(first.model.createdAt);
});

it('one that is worse is trained, not activated, and a lead can activate it all the same', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'] });
  await label(job.id, 0, 40, truth);
  const first = await train(job.id);
  // The old alerts are labelled the wrong way round, then new ones come with the right labels.
  for (let n = 0; n < 40; n++) await vote(world, job.id, `e${n}`, truth(n + 1));
  await label(job.id, 40, 52, truth);
  const second = await train(job.id);
  expect(second.task.state).toBe('done');
  expect(second.job).toMatchObject({ activeModelId: first.model.id, trainState: 'RETRAIN_FINISHED' });
  expect(second.job.trainMessage).toMatch(
    /^trained, not activated: On 10 buckets labelled since the active model was trained, it misses 5 escalations instead of 0/,
  );
  expect(second.model).toMatchObject({ activatedAt: null, message: second.job.trainMessage });
  const { missedEscalations, champion, challenger } = second.model.comparison!;
  expect(missedEscalations.map(({ eventId }) => eventId).sort()).toEqual(['e43', 'e45', 'e47', 'e49', 'e51']);
  expect(missedEscalations[0]).toMatchObject({ classNo: 0, championSays: 0, challengerSays: 1 });
  expect([champion!.accuracy, challenger!.accuracy]).toEqual([1, 0]);
  await world.training.activate(job.id, second.model.id, LEAD);
  expect((await world.jobs.find(job.id))!.activeModelId).toBe(second.model.id);
  await world.training.activate(job.id, first.model.id, LEAD);
  expect((await world.jobs.find(job.id))!.activeModelId).toBe(first.model.id);
});

it('without new feedback it says that there is nothing to compare on, and takes over', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'] });
  await label(job.id, 0, 24, truth);
  await train(job.id);
  const again = await train(job.id);
  expect(again.model.comparison).toMatchObject({
    heldOut: 0,
    sentence: 'No bucket was labelled since the active model was trained.',
  });
  expect(again.job.activeModelId).toBe(again.model.id);
});

it('holds out nothing of a group that the active model learned from', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'] });
  await label(job.id, 0, 24, truth, 'incident 1');
  await train(job.id);
  await label(job.id, 24, 40, truth, 'incident 1');
  const again = await train(job.id);
  expect(again.model.comparison!.heldOut).toBe(0);
});

it('lets a champion of other decision points decide by its own, on events of the held-out buckets', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'] });
  await label(job.id, 0, 24, truth);
  const first = await train(job.id);
  await world.jobs.update(job.id, { points: ['ticket', 'site'] }, LEAD);
  await idle(world);
  await label(job.id, 24, 48, truth);
  const second = await train(job.id);
  expect(second.model.points).toEqual(['ticket', 'site']);
  expect(second.model.comparison).toMatchObject({ championId: first.model.id, heldOut: 10, worse: true });
  expect(second.model.comparison!.champion!.accuracy).toBe(1);
  expect(second.job.activeModelId).toBe(first.model.id);
});

it('compares events on their own in an event-centric job', async () => {
  const job = await makeJob(world, { points: ['rule', 'host'], category: 'Event centric decision intelligence' });
  await label(job.id, 0, 24, truth);
  await train(job.id);
  await label(job.id, 24, 48, truth);
  const second = await train(job.id);
  expect(second.model.comparison).toMatchObject({ heldOut: 10, worse: false });
  expect(second.model.comparison!.sentence).toContain('On 10 events labelled since');
});
