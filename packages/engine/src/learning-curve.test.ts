import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeMetrics, splitByTimeAndGroup } from './evaluation.ts';
import { type LearningCurve, learningCurve } from './learning-curve.ts';
import { random } from './math.ts';
import { loadModel } from './model.ts';
import { train } from './train.ts';
import { TrainingError } from './training-data.ts';
import type { TrainingInput, TrainingRow } from './types.ts';

const POINTS = ['rule', 'host', 'size'];
const CLASSES = ['class_0', 'class_1', 'class_2'];
const ESCALATE = 0;
const DROP = 1;
const misses = (truth: number, said: number) => truth !== said && truth === ESCALATE;

/** Alerts of forty rules, a third of which are escalated: what a rule means can only be learned from alerts of it. */
function alerts(count: number, groups = false): TrainingRow[] {
  const source = random(3);
  return Array.from({ length: count }, (_, r) => {
    const rule = source.below(40);
    const label = r % 60 === 0 ? 2 : rule % 3 === 0 ? ESCALATE : DROP;
    const size = source.below(1000);
    return {
      key: `bucket-${String(r).padStart(4, '0')}`,
      values: [`rule-${rule}`, `host-${source.below(20)}`, size],
      votes: CLASSES.map((_, c) => (c === label ? 1 + source.below(2) : 0)),
      time: 1_000 + r,
      ...(groups ? { group: `incident-${r >> 1}` } : {}),
    };
  });
}

const input = (rows: readonly TrainingRow[], more: Partial<TrainingInput> = {}): TrainingInput => ({
  points: POINTS,
  classes: CLASSES,
  rows,
  seed: 11,
  ...more,
});

describe('a learning curve', () => {
  const rows = alerts(300, true);
  const told: [number, string][] = [];
  const curve = learningCurve(input(rows), misses, (share, step) => told.push([share, step]));

  it('is judged on the newest fifth, whole groups, at doubling numbers of buckets', () => {
    expect(curve.points.map(({ buckets }) => buckets)).toEqual([15, 30, 60, 120, 240]);
    expect([curve.heldOut, curve.clusters]).toEqual([60, 30]);
  });

  it('rises where each rule has to be seen, and says what the last doubling brought', () => {
    const [first, last] = [curve.points[0]!, curve.points.at(-1)!];
    expect(last.accuracy - first.accuracy).toBeGreaterThan(0.15);
    expect(last.logLoss).toBeLessThan(first.logLoss);
    expect(last.missedEscalations).toBeLessThan(first.missedEscalations);
    const { difference, low, high } = curve.lastDoubling!;
    expect(difference).toBeCloseTo(last.accuracy - curve.points.at(-2)!.accuracy, 12);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
  });

  it('ends at the evaluation of a model trained on all that is left beside the hold-out', () => {
    const split = splitByTimeAndGroup(rows, 0.2);
    const { model: bytes } = train(input(split.train.map((r) => rows[r]!)));
    const model = loadModel(bytes, { points: POINTS });
    const truth = split.test.map((r) => rows[r]!.votes.findIndex((count) => count > 0));
    const verdicts = split.test.map((r) => model.decide(rows[r]!.values, rows[r]!.key));
    const expected = computeMetrics(
      verdicts.map(({ probabilities }) => probabilities),
      truth,
      CLASSES.length,
    );
    expect(curve.points.at(-1)).toEqual({
      buckets: split.train.length,
      accuracy: expected.accuracy,
      macroF1: expected.macroF1,
      logLoss: expected.logLoss,
      shareAt95: expected.shareAt95,
      missedEscalations: verdicts.filter(({ choice }, i) => truth[i] === ESCALATE && choice !== ESCALATE).length,
    });
  });

  it('tells how far it is, upwards to 1', () => {
    const shares = told.map(([share]) => share);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect([told[0], told.at(-1)]).toEqual([
      [0, 'reading feedback'],
      [1, 'done'],
    ]);
    expect(told.map(([, step]) => step)).toContain('learning from 15 of 240 buckets');
  });

  it('ends early when its progress throws', () => {
    const stop = () => {
      throw new Error('enough');
    };
    expect(() => learningCurve(input(rows), misses, stop)).toThrow('enough');
  });
});

describe('the draw', () => {
  const rows = alerts(120);
  const curve = learningCurve(input(rows), misses);

  it('gives the same curve for the same rows in any order, and leaves them as they were', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }), (shuffled) => {
        const frozen = Object.freeze(shuffled.map((row) => Object.freeze({ ...row, votes: Object.freeze([...row.votes]) })));
        expect(learningCurve(input(frozen), misses)).toEqual(curve);
      }),
      { numRuns: 4, seed: 5 },
    );
  });

  it('does not depend on the order of the decision points', () => {
    const turned = rows.map((row) => ({ ...row, values: row.values.toReversed() }));
    expect(learningCurve(input(turned, { points: POINTS.toReversed() }), misses)).toEqual(curve);
  });

  it('counts votes that came under one key in two rows as one bucket', () => {
    const halves = rows.flatMap((row) =>
      row.votes.includes(2) ? [row, row].map((one) => ({ ...one, votes: halved(row) })) : [row],
    );
    expect(halves.length).toBeGreaterThan(rows.length);
    expect(learningCurve(input(halves), misses)).toEqual(curve);
  });

  it('has rare labels in the smallest set too: they could not be chosen otherwise', () => {
    // 5 of 160 are of the third label; by shares alone the smallest set of 10 would have none of them.
    const rare = alerts(200).map((row, r) => {
      const third = r % 32 === 7;
      const values = third ? ['rule-rare', 'host-rare', 7] : row.values;
      return { ...row, values, votes: third ? [0, 0, 3] : [row.votes[0]!, row.votes[1]! + row.votes[2]!, 0] };
    });
    const held = rare.map((row, r) => (r >= 160 ? { ...row, values: ['rule-rare', 'host-rare', 7], votes: [0, 0, 1] } : row));
    const { points } = learningCurve(input(held), misses);
    expect(points[0]!.buckets).toBe(10);
    expect(points[0]!.accuracy).toBeGreaterThan(0.9);
  });
});

describe('where it says little or nothing', () => {
  const refused = (rows: readonly TrainingRow[]) => {
    try {
      learningCurve(input(rows), misses);
    } catch (error) {
      expect(error).toBeInstanceOf(TrainingError);
      return (error as Error).message;
    }
    return null;
  };

  it('refuses with what is missing', () => {
    expect(refused([])).toBe('There is no feedback to learn from yet; label some alerts first.');
    expect(refused(alerts(38))).toBe('A learning curve needs at least 50 labelled buckets; there are 38. Label 12 more.');
    const undecided = alerts(60).map((row, r) => (r < 20 ? { ...row, votes: [1, 1, 0] } : row));
    expect(refused(undecided)).toBe('A learning curve needs at least 50 labelled buckets; there are 40. Label 10 more.');
    const one = alerts(60).map((row) => ({ ...row, votes: [0, 1, 0] }));
    expect(refused(one)).toMatch(/^Training needs feedback for at least two different labels. So far all of it says "class_1"/);
    const late = alerts(60).map((row, r) => ({ ...row, votes: r < 50 ? [0, 1, 0] : [1, 0, 0] }));
    expect(refused(late)).toMatch(/^A learning curve needs 2 buckets each of two labels beside the newest fifth/);
    const together = alerts(60).map((row) => ({ ...row, group: 'one incident' }));
    expect(refused(together)).toBe(
      'A learning curve needs at least 20 buckets to learn from and 10 later ones to judge by, in groups of their own; there are 60 and 0. Label alerts of other groups.',
    );
    const spoiled = alerts(60).map((row, r) => (r === 5 ? { ...row, votes: [Number.NaN, 1, 0] } : row));
    expect(refused(spoiled)).toBe('Bucket "bucket-0005" has a vote count that is not a number of 0 or more.');
  });

  it('needs more where there are many labels', () => {
    const classes = Array.from({ length: 15 }, (_, c) => `class_${c}`);
    const rows = alerts(60).map((row, r) => ({ ...row, votes: classes.map((_, c) => (c === r % 15 ? 1 : 0)) }));
    expect(() => learningCurve(input(rows, { classes }), misses)).toThrow(
      'A learning curve over 15 labels needs at least 60 buckets beside the hold-out; there are 48. Label 12 more.',
    );
  });

  it('takes a time that is no number for none, and NaN among the values for a value', () => {
    const odd = alerts(60).map((row, r) =>
      r % 7 === 0 ? { ...row, time: Number.NaN, values: [row.values[0]!, null, Number.NaN] } : row,
    );
    const without = odd.map(({ time, ...row }) => (time === undefined || Number.isNaN(time) ? row : { ...row, time }));
    const found = learningCurve(input(odd), misses);
    expect(found).toEqual(learningCurve(input(without), misses));
    expect(numbersOf(found).every(Number.isFinite)).toBe(true);
  });

  it('gives no interval where the hold-out is of fewer than five groups', () => {
    const rows = alerts(100).map((row, r) => ({ ...row, group: `site-${Math.floor(r / 10)}` }));
    const curve = learningCurve(input(rows), misses);
    expect([curve.heldOut, curve.clusters, curve.lastDoubling]).toEqual([20, 2, null]);
  });
});

function halved(row: TrainingRow): number[] {
  return row.votes.map((count) => count / 2);
}

function numbersOf({ points, lastDoubling }: LearningCurve): number[] {
  return [...points.flatMap((point) => Object.values(point) as number[]), ...Object.values(lastDoubling ?? {})];
}
