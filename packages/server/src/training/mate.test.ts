import { type PartResult, Training, type TrainingInput, type TrainingRow, train } from '@verdict/engine';
import { describe, expect, it } from 'vitest';
import { type Ground, judge } from './judge.ts';
import { learn } from './learn.ts';
import { Mate, takePart } from './mate.ts';
import type { TrainOrder } from './train-thread.ts';

const CLASSES = ['class_0', 'class_1'];
const RULES = ['port scan', 'policy update', 'password spray', 'new printer'];

const rows = Array.from({ length: 260 }, (_, r): TrainingRow => {
  const rule = (r * r + 3 * r) % RULES.length;
  const label = (rule % 2) ^ (r % 11 === 0 ? 1 : 0);
  return { key: `b${r}`, values: [RULES[rule]!, `host-${r % 37}`], votes: [1 - label, label], time: r };
});
const input: TrainingInput = { points: ['rule', 'host'], classes: CLASSES, rows, seed: 3 };
const alone = train(input);

const order: TrainOrder = {
  file: '',
  source: { jobId: 1, pointsVersion: 1, points: input.points, classNos: [0, 1], shared: true, overrule: 'overrule' },
  seed: input.seed,
  outlierRate: 0.02,
  championId: 1,
  labels: [
    { classNo: 0, name: 'Escalate' },
    { classNo: 1, name: 'Drop' },
  ],
  now: 0,
};
const heldOut = rows.map((_, index) => index).slice(200);
const ground: Ground = {
  championId: 1,
  heldOut,
  missing: null,
  units: heldOut.map((index) => ({
    index,
    unit: `bucket ${index}`,
    cluster: `bucket ${index}`,
    classNo: rows[index]!.votes[1]!,
    champion: { classNo: 0, probabilities: new Map([[0, 1]]) },
    eventId: null,
  })),
};

/** One of which this thread is to do nothing. */
class Idle extends Training {
  override work(): PartResult {
    expect.fail('Another thread was to do it.');
  }
}

describe('the second thread of a training', () => {
  it.each([
    ['is not there on one core', 1],
    ['takes parts on two', 2],
  ])('%s, and the model is the same', async (_, cores) => {
    const { comparison, ...learned } = await learn(input, order, null, new Mate(input, cores));
    expect(learned).toEqual(alone);
    expect(comparison).toBeNull();
  });

  it('does some of the parts', async () => {
    const mate = new Mate(input, 2);
    const training = new Idle(input);
    // All this thread does is wait until the other one has taken everything.
    const next = new Int32Array(new SharedArrayBuffer(4));
    const wait = () => {
      for (let look = 0; look < 600 && Atomics.load(next, 0) <= parts.length; look++)
        Atomics.wait(next, 0, Atomics.load(next, 0), 50);
    };
    const parts = training.firstParts();
    const results = await mate.work(training, parts, () => {}, wait, next);
    await mate.end();
    expect(results.map(({ kind }) => kind)).toEqual(parts.map(({ kind }) => kind));
  });

  it('ends at any time, and the training goes on without it', async () => {
    const mate = new Mate(input, 2);
    const learned = learn(input, order, ground, mate);
    await mate.end();
    expect((await learned).model).toEqual(alone.model);
    expect((await learned).comparison).toEqual(judge(ground, input, order));
  });

  it('compares as the training thread would', async () => {
    const { comparison, ...learned } = await learn(input, order, ground, new Mate(input, 2));
    expect(learned).toEqual(alone);
    expect(comparison).toEqual(judge(ground, input, order));
    expect(comparison).toMatchObject({ championId: 1, heldOut: heldOut.length });
  });
});

it('parts are taken once each', () => {
  const next = new Int32Array(new SharedArrayBuffer(4));
  expect(Array.from({ length: 4 }, () => takePart(next, 2))).toEqual([0, 1, undefined, undefined]);
});
