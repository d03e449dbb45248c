import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEAD, makeJob, openWorld, send, type World } from './testing.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

const BAD = ['mimikatz', 'ransom note', 'beacon', 'dumped hashes'];
const GOOD = ['backup', 'patch', 'scanner', 'print job'];

/** Alert `n`: one of eight rules (half of them bad) on one of fifty hosts, with a command line. */
const alert = (n: number) => {
  const names = n % 2 ? BAD : GOOD;
  const rule = names[(n >> 1) % names.length]!;
  return { rule, host: `host-${(n * 7) % 50}`, command: `${rule} run ${n % 13} --flag ${n}` };
};
const truth = (n: number) => (n % 2 ? 'Escalate' : 'Drop');

const say = (jobId: number, n: number, label: string, voter: string, keyId?: number) =>
  world.feedback.vote(jobId, `e${n}`, { label, voter: { id: voter, name: voter }, through: 'api', asked: 'playbook', keyId });

async function train(jobId: number) {
  const { taskId } = await world.training.requestTraining(jobId, LEAD);
  await world.tasks.finished(taskId!);
  return (await world.training.models(jobId))[0]!;
}

/** Decides alerts that nobody labelled. */
async function decide(modelId: number, from: number, to: number) {
  const model = await world.models.get(modelId);
  const points = world.decisions.compile(model.points);
  return Array.from({ length: to - from }, (_, index) => {
    const values = points.values(alert(from + index));
    return model.decide(values, points.key(values)).choice;
  });
}

/** 95 labels of one analyst through one key, then `count` of somebody else through another. */
async function job(tenth: (n: number) => string, voter: (n: number) => string, keyId: number, count = 5) {
  const made = await makeJob(world, { points: ['rule', 'host', 'command'] });
  for (let n = 0; n < 95; n++) {
    await send(world, made.id, `e${n}`, alert(n));
    await say(made.id, n, truth(n), 'key:1/ana', 1);
  }
  const before = await train(made.id);
  expect(before.setAside).toEqual([]);
  for (let i = 0; i < count; i++) {
    // All of them one bad rule, to turn it.
    const n = 1001 + 8 * i;
    await send(world, made.id, `e${n}`, alert(n));
    await say(made.id, n, tenth(n), voter(i), keyId);
  }
  return { id: made.id, before, after: await train(made.id) };
}

it('5 % of the labels poisoned through one key, under five names, turn at most 1 % of the decisions outside its buckets, none to an automated Drop', async () => {
  const { before, after } = await job(
    () => 'Drop',
    (i) => `key:2/name ${i}`,
    2,
  );
  expect(after.setAside).toEqual([{ name: 'key 2', votes: 5, agreed: 0, expected: expect.any(Number) }]);
  expect(after.units).toBe(95);
  const [clean, poisoned] = [await decide(before.id, 2000, 2400), await decide(after.id, 2000, 2400)];
  const changed = poisoned.filter((choice, index) => choice !== clean[index]).length;
  expect(changed / clean.length).toBeLessThanOrEqual(0.01);
  const drop = after.classes.indexOf('class_1');
  expect(poisoned.filter((choice, index) => choice === drop && clean[index] !== drop)).toEqual([]);
  // Nor does it touch the alerts of the rule that was to be turned.
  const model = await world.models.get(after.id);
  const points = world.decisions.compile(model.points);
  for (let n = 3001; n < 3401; n += 8) {
    const values = points.values(alert(n));
    expect(model.classes[model.decide(values, points.key(values)).choice]).toBe('class_0');
  }
});

it('a newcomer who is right is learned from', async () => {
  const { after } = await job(truth, () => 'key:2/ben', 2);
  expect(after).toMatchObject({ setAside: [], units: 100 });
});

it('an overrule of a lead brings a bucket back', async () => {
  const { id, after } = await job(
    () => 'Drop',
    () => 'key:2/eve',
    2,
    6,
  );
  expect(after.setAside.map(({ name }) => name).sort()).toEqual(['key 2', 'key:2/eve']);
  await world.feedback.overrule(id, 'e1001', 'Drop', 'The red team was here', LEAD, { id: 'user:1', name: 'lea' });
  const again = await train(id);
  expect(again.units).toBe(96);
});

it('one analyst alone is never weighed against themselves, however they label', async () => {
  const made = await makeJob(world, { points: ['rule', 'host', 'command'] });
  for (let n = 0; n < 60; n++) {
    await send(world, made.id, `e${n}`, alert(n));
    await say(made.id, n, n > 50 ? 'Drop' : truth(n), 'key:1/ana', 1);
  }
  expect(await train(made.id)).toMatchObject({ setAside: [], units: 60 });
});
