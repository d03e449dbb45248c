import { describe, expect, it } from 'vitest';
import { UNCALIBRATED } from './calibration.ts';
import { fitLabelledCalibration, fitShrinkage, shrink } from './labelled.ts';

const even = (rows: number) => new Float64Array(rows * 2).fill(0.5);

describe('shrinkage towards the model', () => {
  it('stays at half a vote where no bucket has several votes', () => {
    expect(fitShrinkage(Float64Array.from([1, 0, 0, 1]), even(2), 2)).toBeCloseTo(0.5, 6);
  });

  it('is weak where votes of a bucket agree, strong where they do not', () => {
    const agree = Float64Array.from(Array.from({ length: 100 }, (_, r) => (r % 2 === 0 ? [4, 0] : [0, 4])).flat());
    const differ = Float64Array.from(Array.from({ length: 100 }, () => [2, 2]).flat());
    expect(fitShrinkage(agree, even(100), 2)).toBeLessThan(0.1);
    expect(fitShrinkage(differ, even(100), 2)).toBeGreaterThan(10);
  });

  it('mixes votes and model', () => {
    const row = Float64Array.from([0.8, 0.2]);
    shrink([0, 3], 0, row, 0, 2, 1);
    expect(row[0]).toBeCloseTo(0.2, 14);
    expect(row[1]).toBeCloseTo(0.8, 14);
  });
});

describe('the calibration of labelled buckets', () => {
  it('is left alone where no bucket has several votes', () => {
    expect(fitLabelledCalibration(Float64Array.from([1, 0]), even(1), 0.5, 2)).toEqual(UNCALIBRATED);
  });

  it('is humbler where votes of a bucket contradict one another', () => {
    const votes = Float64Array.from(Array.from({ length: 60 }, () => [1, 1]).flat());
    expect(fitLabelledCalibration(votes, even(60), 0.5, 2).base).toBeGreaterThan(1);
  });
});
