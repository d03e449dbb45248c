import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from './math.ts';
import { loadModel } from './model.ts';
import { type PartResult, Training, TrainingError, type TrainingPart, train } from './train.ts';
import type { PointValue, TrainingInput, TrainingRow } from './types.ts';

const POINTS = ['rule.name', 'source.ip', 'stats.count', 'user.tags'];
const CLASSES = ['class_0', 'class_1', 'class_2'];

/** Alerts whose label follows the rule, with a share of contrary votes. */
function alerts(count: number, seed = 1, noise = 0.05): TrainingRow[] {
  const source = random(seed);
  const rules = [
    'SSH brute force attempt',
    'Suspicious PowerShell download',
    'New user created',
    'Policy update installed',
    'Port scan seen',
  ];
  return Array.from({ length: count }, (_, r) => {
    const rule = source.below(rules.length);
    const size = source.below(1000);
    const label = source.next() < noise ? source.below(3) : rule < 2 ? 2 : rule === 2 ? (size > 500 ? 1 : 0) : 0;
    const values: PointValue[] = [
      rules[rule]!,
      source.next() < 0.2 ? null : `10.0.${source.below(20)}.${source.below(250)}`,
      size,
      source.next() < 0.5 ? ['admin', `team-${source.below(4)}`] : null,
    ];
    return { key: `bucket-${r}`, values, votes: CLASSES.map((__, c) => (c === label ? 1 : 0)), time: r };
  });
}

function input(rows: readonly TrainingRow[], more: Partial<TrainingInput> = {}): TrainingInput {
  return { points: POINTS, classes: CLASSES, rows, seed: 7, ...more };
}

describe('what cannot be trained on', () => {
  it.each([
    ['no rows', input([]), 'There is no feedback to learn from yet; label some alerts first.'],
    [
      'no points',
      input(alerts(3), { points: [] }),
      'Choose decision points first: training has nothing to look at without them.',
    ],
    ['too few values', input([{ key: 'a', values: [1], votes: [1, 0, 0] }]), 'Bucket "a" has 1 values for 4 decision points.'],
    ['too few votes', input([{ key: 'a', values: [1, 2, 3, 4], votes: [1] }]), 'Bucket "a" has 1 vote counts for 3 labels.'],
    [
      'NaN votes',
      input([{ key: 'a', values: [1, 2, 3, 4], votes: [Number.NaN, 1, 0] }]),
      'Bucket "a" has a vote count that is not a number of 0 or more.',
    ],
    [
      'negative votes',
      input([{ key: 'a', values: [1, 2, 3, 4], votes: [-1, 1, 0] }]),
      'Bucket "a" has a vote count that is not a number of 0 or more.',
    ],
    ['no votes', input([{ key: 'a', values: [1, 2, 3, 4], votes: [0, 0, 0] }]), 'Bucket "a" has no votes; leave it out.'],
    [
      'one class',
      input([{ key: 'a', values: [1, 2, 3, 4], votes: [0, 4, 0] }]),
      'Training needs feedback for at least two different labels. So far all of it says "class_1". Label some alerts otherwise, then train again.',
    ],
    [
      'a point twice',
      input([{ key: 'a', values: [1, 2], votes: [1, 1, 0] }], { points: ['x', 'x'] }),
      'The decision point "x" is listed twice; remove one.',
    ],
  ])('%s', (_, bad, message) => {
    expect(() => train(bad)).toThrow(new TrainingError(message));
  });
});

describe('a trained model', () => {
  const rows = alerts(240);
  const trained = train(input(rows));
  const model = loadModel(trained.model, { points: POINTS });

  it('decides new alerts like those it learned from', () => {
    const fresh = alerts(200, 99, 0);
    const right = fresh.filter((row) => row.votes[model.decide(row.values).choice] === 1).length;
    expect(right).toBeGreaterThanOrEqual(180);
  });

  it('gives probabilities that sum to 1, and the largest as confidence', () => {
    for (const row of alerts(50, 5)) {
      const verdict = model.decide(row.values);
      expect(verdict.probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(verdict.confidence).toBe(Math.max(...verdict.probabilities));
      expect(verdict.labelled).toBe(false);
    }
  });

  it('lets the votes of a labelled bucket decide it', () => {
    for (const row of rows) {
      const verdict = model.decide(row.values, row.key);
      expect(row.votes[verdict.choice]).toBe(1);
      expect(verdict).toMatchObject({ labelled: true, outlier: false, similarity: 1 });
    }
  });

  it('says what it was trained on', () => {
    expect(model.points).toEqual(POINTS);
    expect(loadModel(trained.model).points).toEqual([...POINTS].sort());
    expect(model.classes).toEqual(CLASSES);
    expect(trained.metrics.rows).toBe(240);
    expect(trained.metrics.accuracy).toBeGreaterThan(0.85);
  });

  it('finds that an alert unlike all others is an outlier', () => {
    const strange = model.decide(['¿qué? <script>', 'fe80::1', 1e12, ['never', 'seen']]);
    expect(strange.outlierScore).toBeGreaterThan(0.85);
    expect(strange.similarity).toBeLessThan(0.5);
    expect(model.decide(rows[0]!.values, rows[0]!.key).outlierScore).toBeLessThan(0.6);
  });

  it('refuses values for other points', () => {
    expect(() => model.decide([1])).toThrow('The model needs 4 values, one for each decision point, not 1.');
    expect(() => loadModel(trained.model, { points: ['a', 'b', 'c', 'd'] })).toThrow(
      'The model was trained on other decision points',
    );
  });

  it('refuses bytes that are no model, are damaged or come from another version', () => {
    expect(() => loadModel(new Uint8Array())).toThrow('These bytes are not a trained model.');
    expect(() => loadModel(new Uint8Array(100))).toThrow('These bytes are not a trained model.');
    const other = trained.model.slice();
    other[4] = 99;
    expect(() => loadModel(other)).toThrow('The model has format 99');
    fc.assert(
      fc.property(fc.nat(trained.model.length - 9), (at) => {
        const damaged = trained.model.slice();
        damaged[at + 8]! ^= 0x10;
        expect(() => loadModel(damaged)).toThrow('damaged');
      }),
      { numRuns: 20 },
    );
    expect(() => loadModel(trained.model.slice(0, -10))).toThrow('damaged');
  });
});

describe('the same rows give the same bytes', () => {
  const rows = alerts(45);
  const model = train(input(rows)).model;

  it('in any order of rows and points', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(rows, { minLength: 45 }),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        (shuffled, order) => {
          const points = order.map((p) => POINTS[p]!);
          const moved = shuffled.map((row) => ({ ...row, values: order.map((p) => row.values[p]!) }));
          expect(train(input(moved, { points })).model).toEqual(model);
        },
      ),
      { numRuns: 2 },
    );
  });

  it('and the same probabilities in any order of classes', () => {
    const before = loadModel(model, { points: POINTS });
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
        const moved = rows.map((row) => ({ ...row, votes: order.map((c) => row.votes[c]!) }));
        const after = loadModel(train(input(moved, { classes: order.map((c) => CLASSES[c]!) })).model, { points: POINTS });
        for (const row of alerts(20, 3)) {
          const a = before.decide(row.values).probabilities;
          const b = after.decide(row.values).probabilities;
          order.forEach((c, i) => {
            expect(Math.abs(a[c]! - b[i]!)).toBeLessThan(1e-9);
          });
        }
      }),
      { numRuns: 2 },
    );
  });

  it('but for rows of one bucket, whose votes are added up', () => {
    const split = rows.flatMap((row) => [row, { ...row }]);
    const doubled = rows.map((row) => ({ ...row, votes: row.votes.map((count) => count * 2) }));
    expect(train(input(split)).model).toEqual(train(input(doubled)).model);
  });
});

describe('a training in parts', () => {
  const workOn = (some: Training, parts: TrainingPart[]) =>
    parts.reverse().map((part): PartResult => structuredClone(some.work(structuredClone(part))));

  it.each([
    ['two folds that try every setting', 300, undefined],
    ['fewer rows than folds', 3, undefined],
    ['environments', 90, (r: number) => `site ${r % 3}`],
  ])('gives the same bytes when others do them, in another order: %s', (_, count, groupOf) => {
    const rows = alerts(count).map((row, r) => (groupOf ? { ...row, group: groupOf(r) } : row));
    const [here, there] = [new Training(input(rows)), new Training(input(rows))];
    const first = workOn(there, here.firstParts());
    const further = here.furtherParts(first);
    expect(further.length).toBe(here.furtherPartsCount);
    here.learnFromEverything(first);
    const together = here.finish([...workOn(there, further), ...first]);
    expect(together).toEqual(train(input(rows)));
  });
});

describe('a training that ends early', () => {
  it('stops when progress throws', () => {
    const shares: number[] = [];
    train(input(alerts(40)), (share) => shares.push(share));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(() =>
      train(input(alerts(40)), (share) => {
        if (share > 0.5) throw new Error('cancelled');
      }),
    ).toThrow('cancelled');
  });
});

describe('counts that are spelled as strings', () => {
  it('are learned as counts, also of numbers never seen', () => {
    const source = random(5);
    const flows = (from: number) =>
      Array.from({ length: 150 }, (_, r) => {
        const size = 1 + source.below(90_000);
        return { key: `bucket-${from + r}`, values: [String(size), 'tcp'], votes: size > 30_000 ? [0, 1] : [1, 0] };
      });
    const rows = flows(0);
    const model = loadModel(train({ points: ['bytes', 'transport'], classes: ['x', 'y'], rows, seed: 1 }).model);
    const right = flows(1000).filter(({ values, votes }) => votes[model.decide(values).choice] === 1);
    expect(right.length).toBeGreaterThan(140);
  });
});

describe('a labelled bucket', () => {
  it('is not told its own vote twice: once by itself and once by a model that has learned it', () => {
    const source = random(11);
    // Two thirds follow their rule; of the others nothing tells the label.
    const rows = Array.from({ length: 240 }, (_, r) => {
      const label = source.below(2);
      const values = [r % 3 ? `rule-${label}` : 'unclear', `id-${source.below(40)}`, `id-${source.below(400)}`];
      return { key: `bucket-${r}`, values, votes: [1 - label, label] };
    });
    const model = loadModel(train({ points: ['a', 'b', 'c'], classes: ['x', 'y'], rows, seed: 1 }).model);
    const unclear = rows.filter((_, r) => r % 3 === 0);
    const mean = unclear.reduce((sum, row) => sum + model.decide(row.values, row.key).confidence / unclear.length, 0);
    // One vote drawn by half a vote towards even odds is left: 1.25 / 1.5.
    expect(mean).toBeGreaterThan(0.8);
    expect(mean).toBeLessThan(0.86);
  });
});
