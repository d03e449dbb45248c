import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  argmax,
  exp,
  hashString,
  log,
  minimise,
  normalisedEntropy,
  percentile,
  power,
  quantile,
  random,
  shuffle,
  sigmoid,
  softmaxInPlace,
} from './math.ts';

describe('exp and log', () => {
  it('are within 4 units in the last place of the platform', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(Math.log(x))));
      }),
    );
  });

  it('take the ends of the line', () => {
    expect([exp(0), exp(710), exp(-746), exp(Number.NaN), exp(Number.NEGATIVE_INFINITY)]).toEqual([
      1,
      Number.POSITIVE_INFINITY,
      0,
      Number.NaN,
      0,
    ]);
    expect([log(1), log(0), log(-1), log(Number.NaN), log(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
    expect(exp(709.7)).toBe(1.6549840276802644e308);
    expect(exp(-720)).toBe(Math.exp(-720));
    expect(log(1e-310)).toBe(Math.log(1e-310));
  });

  it('make powers', () => {
    expect(power(2, 10)).toBeCloseTo(1024, 10);
    expect(power(0, 3)).toBe(0);
  });
});

describe('probabilities', () => {
  it('sigmoid is symmetric', () => {
    expect(sigmoid(0)).toBe(0.5);
    expect(sigmoid(-800)).toBe(0);
    expect(sigmoid(800)).toBe(1);
    expect(sigmoid(1.5) + sigmoid(-1.5)).toBeCloseTo(1, 15);
  });

  it('softmax sums to 1 for any scores and leaves its neighbours alone', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 6 }), (scores) => {
        const all = Float64Array.from([7, ...scores, 7]);
        softmaxInPlace(all, 1, scores.length);
        expect(all[0]).toBe(7);
        expect(all.at(-1)).toBe(7);
        expect(all.slice(1, -1).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      }),
    );
  });

  it('argmax gives the first of the largest', () => {
    expect(argmax([9, 1, 3, 3], 1, 3)).toBe(1);
  });

  it('entropy is 0 when sure, 1 when torn, 0 for one class', () => {
    expect(normalisedEntropy([1, 0, 0], 0, 3)).toBe(0);
    expect(normalisedEntropy([0.5, 0.5], 0, 2)).toBeCloseTo(1, 14);
    expect(normalisedEntropy([1], 0, 1)).toBe(0);
  });
});

describe('random', () => {
  it('gives the same numbers for the same seed', () => {
    const source = random(42);
    expect([source.next(), source.next(), source.below(10)]).toEqual([0.6011037519201636, 0.44829055899754167, 8]);
  });

  it('shuffles without losing anything', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    shuffle(items, random(1));
    expect(items).not.toEqual(items.toSorted((a, b) => a - b));
    expect(items.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('hashes text by content and seed', () => {
    expect(hashString('abc', 1)).toBe(hashString('abc', 1));
    expect(new Set(['', 'a', 'b', 'ab', 'ba', 'aa'].map((text) => hashString(text, 1))).size).toBe(6);
    expect(hashString('abc', 1)).not.toBe(hashString('abc', 2));
  });
});

describe('sorted numbers', () => {
  it('have quantiles (definition 7) and mid-rank percentiles', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((q) => quantile([1, 2, 4, 8], q))).toEqual([1, 1.75, 3, 5, 8]);
    expect(() => quantile([], 0.5)).toThrow('a quantile needs at least one number');
    expect([0, 1, 2, 3, 9].map((x) => percentile([1, 2, 2, 3], x))).toEqual([0, 0.125, 0.5, 0.875, 1]);
    expect(percentile([], 3)).toBe(0.5);
  });
});

describe('minimise', () => {
  it('finds the bottom of a dip', () => {
    expect(minimise((x) => (x - 1.25) * (x - 1.25), -10, 10, 60)).toBeCloseTo(1.25, 6);
    expect(minimise((x) => x, 2, 3)).toBeCloseTo(2, 6);
  });
});
