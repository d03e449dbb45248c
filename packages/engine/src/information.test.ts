import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entropy, explainedShare } from './information.ts';

describe('entropy', () => {
  it('is the plain entropy plus half a nat for each outcome but one, by the rows', () => {
    expect(entropy([])).toBe(0);
    expect(entropy([0, 0])).toBe(0);
    expect(entropy([7])).toBe(0);
    expect(entropy([5, 5, 0])).toBeCloseTo(Math.LN2 + 1 / 20, 12);
    expect(entropy([1, 3])).toBeCloseTo(-0.25 * Math.log(0.25) - 0.75 * Math.log(0.75) + 1 / 8, 12);
  });
});

/** Information of two lists of numbers, straight from the definition. */
function information(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const count = (test: (i: number) => boolean) => x.filter((_, i) => test(i)).length / n;
  let sum = 0;
  for (const a of new Set(x)) {
    for (const b of new Set(y)) {
      const joint = count((i) => x[i] === a && y[i] === b);
      if (joint > 0) sum += joint * Math.log(joint / (count((i) => x[i] === a) * count((i) => y[i] === b)));
    }
  }
  return sum;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

function tableOf(x: readonly number[], y: readonly number[]): number[][] {
  const table: number[][] = [];
  for (let i = 0; i < x.length; i++) {
    table[x[i]!] ??= [0, 0, 0];
    table[x[i]!]![y[i]!]!++;
  }
  return table.filter((row) => row !== undefined);
}

describe('explainedShare', () => {
  it('takes off exactly what shuffled labels would give on average', () => {
    const lists: [number[], number[]][] = [
      [
        [0, 0, 0, 1, 1, 2, 2],
        [0, 0, 0, 1, 1, 1, 0],
      ],
      [
        [0, 0, 0, 0, 1, 1, 1],
        [0, 0, 0, 0, 1, 1, 2],
      ],
    ];
    for (const [x, y] of lists) {
      const shuffled = permutations(y);
      const chance = shuffled.reduce((sum, one) => sum + information(x, one), 0) / shuffled.length;
      const labelEntropy = information(y, y);
      expect(explainedShare(tableOf(x, y), 3)).toBeCloseTo((information(x, y) - chance) / labelEntropy, 10);
    }
  });

  it('gives nothing to values that never repeat, and nearly all to the label itself', () => {
    const ids = Array.from({ length: 400 }, (_, i) => (i % 2 ? [1, 0] : [0, 1]));
    expect(explainedShare(ids, 2)).toBeCloseTo(0, 9);
    expect(
      explainedShare(
        [
          [200, 0],
          [0, 200],
        ],
        2,
      ),
    ).toBeGreaterThan(0.99);
  });

  it('is 0 where there is nothing to explain', () => {
    expect(explainedShare([], 2)).toBe(0);
    expect(explainedShare([[0, 0]], 2)).toBe(0);
    expect(explainedShare([[5], [3, 0]], 2)).toBe(0);
    expect(
      explainedShare(
        [
          [5, 5],
          [5, 5],
        ],
        2,
      ),
    ).toBe(0);
  });

  it('goes over to the asymptote without a step', () => {
    const rows = (n: number) =>
      explainedShare(
        Array.from({ length: 50 }, (_, v) => [n * (v % 5), n * 4]),
        2,
      );
    expect(rows(660) - rows(670)).toBeCloseTo(0, 4);
  });

  it('stays between 0 and 1 and does not depend on the order of values', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }), { maxLength: 20 }), (table) => {
        const share = explainedShare(table, 3);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        expect(explainedShare([...table].reverse(), 3)).toBeCloseTo(share, 9);
      }),
    );
  });
});
