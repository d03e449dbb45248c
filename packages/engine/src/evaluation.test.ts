import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeMetrics, normalBelow, pairedInterval, pairedTest, type SplitRow, splitByTimeAndGroup } from './evaluation.ts';

// Values from bench/peers/metrics.py (scikit-learn 1.2.1, SciPy).
const PROBABILITIES = [
  [0.7, 0.2, 0.1],
  [0.1, 0.8, 0.1],
  [0.25, 0.25, 0.5],
  [0.6, 0.3, 0.1],
  [0.05, 0.05, 0.9],
  [0.42, 0.35, 0.23],
  [0.2, 0.5, 0.3],
  [0.34, 0.33, 0.33],
];
const TRUTH = [0, 1, 2, 1, 2, 0, 0, 2];

describe('computeMetrics', () => {
  const metrics = computeMetrics(Object.freeze(PROBABILITIES), Object.freeze(TRUTH), 3);

  it('agrees with scikit-learn', () => {
    expect(metrics.rows).toBe(8);
    expect(metrics.accuracy).toBe(0.625);
    expect(metrics.macroF1).toBeCloseTo(0.6238095238095239, 14);
    expect(metrics.logLoss).toBeCloseTo(0.7709875125571355, 14);
    expect(metrics.brier).toBeCloseTo(0.45189999999999997, 14);
    expect(metrics.ece).toBeCloseTo(0.265, 14);
    expect(metrics.confusion).toEqual([
      [2, 1, 0],
      [1, 1, 0],
      [1, 0, 2],
    ]);
    const curve = metrics.reliability.filter((bin) => bin.count > 0);
    expect(curve.map((bin) => bin.accuracy)).toEqual([0, 1, 0.5, 0, 1, 1, 1]);
    [0.34, 0.42, 0.5, 0.6, 0.7, 0.8, 0.9].forEach((confidence, i) => {
      expect(curve[i]!.confidence).toBeCloseTo(confidence, 14);
    });
  });

  it('counts the most confident prefix that is right', () => {
    expect(metrics.shareAt95).toBe(3 / 8);
  });

  it('gives zeros for no rows, and refuses lists that do not fit', () => {
    expect(computeMetrics([], [], 2)).toMatchObject({
      rows: 0,
      accuracy: 0,
      macroF1: 0,
      logLoss: 0,
      brier: 0,
      ece: 0,
      shareAt95: 0,
    });
    expect(() => computeMetrics([[1, 0]], [], 2)).toThrow(RangeError);
    expect(() => computeMetrics([[1, 0]], [2], 2)).toThrow('row 0 does not have 2 classes');
    expect(() => computeMetrics([[1]], [0], 2)).toThrow('row 0 does not have 2 classes');
  });

  it('floors what was called impossible', () => {
    expect(computeMetrics([[1, 0]], [1], 2).logLoss).toBeCloseTo(Math.log(1001), 12);
  });
});

describe('splitByTimeAndGroup', () => {
  it('holds out the newest rows', () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ key: `k${i}`, time: (i * 7) % 10 }));
    expect(splitByTimeAndGroup(rows, 0.3)).toEqual({ train: [0, 2, 3, 5, 6, 8, 9].sort((a, b) => a - b), test: [1, 4, 7] });
  });

  it('keeps groups and buckets together, also through one another', () => {
    const rows: SplitRow[] = [
      { key: 'a', group: 'g', time: 1 },
      { key: 'b', group: 'g', time: 2 },
      { key: 'b', time: 9 },
      { key: 'c', time: 3 },
      { key: 'd', time: 4 },
      { key: 'e', time: 5 },
    ];
    expect(splitByTimeAndGroup(rows, 0.5)).toEqual({ train: [3, 4, 5], test: [0, 1, 2] });
  });

  it('never splits a group or bucket, loses no row, and leaves something to learn from', () => {
    const row = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      group: fc.constantFrom('x', 'y', 'z', undefined),
      time: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
        const rows = drawn.map(({ group, ...rest }) => (group === undefined ? rest : { ...rest, group }));
        const { train, test } = splitByTimeAndGroup(rows, share);
        expect([...train, ...test].sort((a, b) => a - b)).toEqual(rows.map((_, r) => r));
        expect(train.length).toBeGreaterThan(0);
        for (const a of train) {
          for (const b of test) {
            expect(rows[a]!.key).not.toBe(rows[b]!.key);
            if ('group' in rows[a]! && 'group' in rows[b]!) expect(rows[a]).not.toMatchObject({ group: rows[b]!.group });
          }
        }
      }),
    );
    expect(() => splitByTimeAndGroup([], 2)).toThrow(RangeError);
    expect(splitByTimeAndGroup([], 0.3)).toEqual({ train: [], test: [] });
  });
});

describe('pairedTest', () => {
  const champion = Array.from({ length: 100 }, (_, i) => (i % 10) / 10);

  it('calls a clearly worse challenger worse, and a better one not', () => {
    const worse = pairedTest(
      champion,
      champion.map((loss, i) => loss + 0.1 + (i % 3) / 10),
    );
    expect(worse.difference).toBeCloseTo(0.199, 12);
    expect(worse.worse).toBe(true);
    expect(
      pairedTest(
        champion.map((loss, i) => loss + 0.1 + (i % 3) / 10),
        champion,
      ),
    ).toMatchObject({ worse: false });
  });

  it('takes equal models, a few rows, and one cluster as no evidence', () => {
    expect(pairedTest(champion, champion)).toEqual({ difference: 0, p: 0.5, worse: false });
    expect(pairedTest([0, 0, 0], [1, 1, 1]).worse).toBe(false);
    const clusters = champion.map(() => 'one');
    expect(
      pairedTest(
        champion,
        champion.map((loss) => loss + 1),
        clusters,
      ),
    ).toEqual({ difference: 1, p: 0.5, worse: false });
    expect(pairedTest([], [])).toEqual({ difference: 0, p: 0.5, worse: false });
    expect(
      pairedTest(
        champion,
        champion.map((loss) => loss + 1),
      ),
    ).toMatchObject({ p: 0, worse: true });
  });

  it('is less sure when rows come in clusters', () => {
    const challenger = champion.map((loss, i) => loss + (Math.floor(i / 10) % 2 === 0 ? 0.5 : -0.3));
    const alone = pairedTest(champion, challenger);
    const clustered = pairedTest(
      champion,
      challenger,
      champion.map((_, i) => String(Math.floor(i / 10))),
    );
    expect(alone.p).toBeLessThan(clustered.p);
    expect(() => pairedTest([1], [])).toThrow('both need a loss for each row');
  });

  it('uses the normal distribution (SciPy)', () => {
    const expected = [0.006209665325776132, 0.15865525393145707, 0.5, 0.6914624612740131, 0.9500150944608786, 0.9986501019683699];
    [-2.5, -1, 0, 0.5, 1.645, 3].forEach((z, i) => {
      expect(Math.abs(normalBelow(z) - expected[i]!)).toBeLessThan(7.5e-8);
    });
  });
});

describe('pairedInterval', () => {
  /** Rows of which the second model wins and loses so many, both are right or wrong on the rest. */
  const outcomes = (won: number, lost: number, rows: number) => ({
    first: Array.from({ length: rows }, (_, r) => (r < won ? 0 : r < won + lost ? 1 : r % 2)),
    second: Array.from({ length: rows }, (_, r) => (r < won ? 1 : r < won + lost ? 0 : r % 2)),
  });

  it('is that of Bonett and Price where each row is its own cluster (their formula in Python)', () => {
    for (const [won, lost, rows, low, high] of [
      [0, 0, 40, -0.06599542020712751, 0.06599542020712751],
      [7, 1, 40, 0.0017529991364291786, 0.2839612865778565],
      [12, 20, 200, -0.09591625046954544, 0.016708329677466237],
    ] as const) {
      const { first, second } = outcomes(won, lost, rows);
      const found = pairedInterval(first, second)!;
      expect(found.difference).toBeCloseTo((won - lost) / rows, 12);
      expect(found.low).toBeCloseTo(low, 12);
      expect(found.high).toBeCloseTo(high, 12);
    }
  });

  it('holds the true difference about as often as it says: all outcomes of 30 rows, by their chances', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    const rows = 30;
    for (const [win, lose] of [
      [0.02, 0.02],
      [0.1, 0.02],
      [0.2, 0.1],
    ] as const) {
      let held = 0;
      for (let won = 0; won <= rows; won++) {
        for (let lost = 0; won + lost <= rows; lost++) {
          const chance =
            choose(rows, won) * choose(rows - won, lost) * win ** won * lose ** lost * (1 - win - lose) ** (rows - won - lost);
          const { first, second } = outcomes(won, lost, rows);
          const { low, high } = pairedInterval(first, second)!;
          if (low <= win - lose && win - lose <= high) held += chance;
        }
      }
      expect(held).toBeGreaterThan(0.93);
    }
  });

  it('is wider where rows come in clusters, and none where there are fewer than five', () => {
    const { first, second } = outcomes(30, 10, 100);
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const clusters = first.map((_, r) => String(Math.floor(r / 10)));
    expect(width(pairedInterval(first, second, clusters)!)).toBeGreaterThan(1.5 * width(pairedInterval(first, second)!));
    expect(
      pairedInterval(
        first,
        second,
        first.map((_, r) => String(r % 4)),
      ),
    ).toBeNull();
    expect(pairedInterval([], [])).toBeNull();
    expect(() => pairedInterval([1], [])).toThrow('both need an outcome for each row');
  });

  it('stays within −1 and 1', () => {
    const none = [0, 0, 0, 0, 0, 0];
    const all = [1, 1, 1, 1, 1, 1];
    expect(pairedInterval(none, all)).toMatchObject({ difference: 1, high: 1 });
    expect(pairedInterval(all, none)).toMatchObject({ difference: -1, low: -1 });
  });
});
