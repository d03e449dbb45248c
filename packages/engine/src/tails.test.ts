import { describe, expect, it } from 'vitest';
import { chiSquaredAbove, fAbove, logGamma } from './tails.ts';

// Expected values from bench/peers/drift_values.py: closed forms and Simpson's rule with the standard library of Python.

describe('chiSquaredAbove', () => {
  it.each([
    [0.5, 1, 4.79500122187e-1],
    [3.84, 1, 5.004352124871e-2],
    [10, 4, 4.042768199451e-2],
    [40, 5, 1.49336790005e-7],
    [12, 20, 9.160759830051e-1],
    [200, 60, 5.893259698661e-17],
    [60, 9, 1.340678048396e-9],
  ])('of %d with %d degrees of freedom', (x, freedom, expected) => {
    expect(Math.abs(chiSquaredAbove(x, freedom) / expected - 1)).toBeLessThan(1e-9);
  });

  it('covers the ends and refuses nonsense', () => {
    expect(chiSquaredAbove(0, 3)).toBe(1);
    expect(chiSquaredAbove(Number.POSITIVE_INFINITY, 3)).toBe(0);
    expect(() => chiSquaredAbove(1, 0)).toThrow(RangeError);
    expect(() => chiSquaredAbove(Number.NaN, 1)).toThrow(RangeError);
  });
});

describe('fAbove', () => {
  it.each([
    [4.2, 1, 12, 6.2939433641e-2],
    [2.5, 3, 20, 8.8843751938e-2],
    [0.7, 6, 40, 6.5116106315e-1],
    [9, 2, 5, 2.2034612671e-2],
  ])('of %d with %d and %d degrees of freedom', (x, upper, lower, expected) => {
    expect(Math.abs(fAbove(x, upper, lower) / expected - 1)).toBeLessThan(1e-8);
  });

  it('covers the ends and refuses nonsense', () => {
    expect(fAbove(-1, 1, 1)).toBe(1);
    expect(fAbove(1e300, 1, 400)).toBe(0);
    expect(fAbove(1e-300, 1, 400)).toBeCloseTo(1, 12);
    expect(fAbove(Number.POSITIVE_INFINITY, 1, 1)).toBe(0);
    expect(() => fAbove(1, 0, 1)).toThrow(RangeError);
    expect(() => fAbove(Number.NaN, 1, 1)).toThrow(RangeError);
  });
});

describe('logGamma', () => {
  it.each([
    [0.1, 2.252712651734],
    [0.5, 0.5723649429247],
    [3.7, 1.428072326665],
    [120.5, 455.4176004462],
  ])('of %d', (x, expected) => {
    expect(logGamma(x)).toBeCloseTo(expected, 9);
  });
});
