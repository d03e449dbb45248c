import { describe, expect, it } from 'vitest';
import { calibrate, disagreementOf, fitCalibration, UNCALIBRATED } from './calibration.ts';
import { fitTemperature, mixWeights, poolWeights, temper } from './learner/blend.ts';
import { random } from './math.ts';

/** Rows whose true chance is p, told with the log-odds times `sharpness`. */
function told(count: number, sharpness: (row: number) => number) {
  const source = random(3);
  const probabilities = new Float64Array(count * 2);
  const targets = new Float64Array(count * 2);
  for (let r = 0; r < count; r++) {
    const p = 0.05 + 0.9 * source.next();
    const odds = (p / (1 - p)) ** sharpness(r);
    probabilities[2 * r] = odds / (1 + odds);
    probabilities[2 * r + 1] = 1 / (1 + odds);
    targets[2 * r + (source.next() < p ? 0 : 1)] = 1;
  }
  return { probabilities, targets, importance: new Float64Array(count).fill(1) };
}

describe('temperature', () => {
  it('agrees with SciPy (bench/peers/metrics.py)', () => {
    const rows = [
      ...[0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.25, 0.25, 0.5, 0.6, 0.3, 0.1],
      ...[0.05, 0.05, 0.9, 0.42, 0.35, 0.23, 0.2, 0.5, 0.3, 0.34, 0.33, 0.33],
    ];
    const targets = new Float64Array(24);
    [0, 1, 2, 1, 2, 0, 0, 2].forEach((c, r) => {
      targets[r * 3 + c] = 1;
    });
    const fitted = fitTemperature(Float64Array.from(rows), targets, new Float64Array(8).fill(1), 3);
    expect(fitted).toBeCloseTo(0.8747393782090874, 4);
  });

  it('finds how much too sure the numbers are', () => {
    const rows = told(3000, () => 2);
    expect(fitTemperature(rows.probabilities, rows.targets, rows.importance, 2)).toBeCloseTo(2, 0);
    expect(fitTemperature(new Float64Array(), new Float64Array(), new Float64Array(), 2)).toBe(1);
  });

  it('keeps the order and sum of probabilities', () => {
    const row = Float64Array.from([0.9, 0.5, 0.3, 0.2, 0.9]);
    temper(row, 1, 3, 4);
    expect(row[0]).toBe(0.9);
    expect(row[4]).toBe(0.9);
    expect(row[1]! + row[2]! + row[3]!).toBeCloseTo(1, 14);
    expect(row[1]).toBeGreaterThan(row[2]!);
    expect(row[2]).toBeGreaterThan(row[3]!);
  });
});

describe('calibration', () => {
  it('is humbler where outliers were told too surely', () => {
    const rows = told(4000, (r) => (r % 2 === 0 ? 1 : 3));
    const outlier = Float64Array.from({ length: 4000 }, (_, r) => (r % 2 === 0 ? 0 : 1));
    const disagreement = new Float64Array(4000);
    const fitted = fitCalibration({ ...rows, outlier, disagreement }, 2);
    expect(fitted.outlier).toBeGreaterThan(0.8);
    expect(fitted.disagreement).toBe(0 + fitted.disagreement);
    const near = Float64Array.from([0.9, 0.1]);
    const far = Float64Array.from([0.9, 0.1]);
    calibrate(fitted, near, 0, 2, 0, 0);
    calibrate(fitted, far, 0, 2, 1, 0);
    expect(near[0]).toBeGreaterThan(0.88);
    expect(far[0]).toBeLessThan(0.75);
  });

  it('tells wrong votes from unclear alerts', () => {
    const rows = told(3000, () => 1);
    // Clear alerts beside the others, and every tenth vote wrong, whatever the alert is like.
    for (let r = 0; r < 3000; r += 2) {
      rows.probabilities.set([0.999, 0.001], 2 * r);
      rows.targets.set([1, 0], 2 * r);
    }
    for (let r = 0; r < 3000; r++) if (r % 20 < 2) rows.targets.subarray(2 * r, 2 * r + 2).reverse();
    const outlier = new Float64Array(3000).fill(0.5);
    const fitted = fitCalibration({ ...rows, outlier, disagreement: new Float64Array(3000) }, 2);
    const after = [0.999, 0.8].map((p) => {
      const row = Float64Array.from([p, 1 - p]);
      calibrate(fitted, row, 0, 2, 0.5, 0);
      expect(row[0]! + row[1]!).toBeCloseTo(1, 12);
      return row[0]!;
    });
    expect(after[0]).toBeCloseTo(0.9, 1);
    expect(after[1]).toBeCloseTo(0.74, 1);
    expect(Math.exp(fitted.base)).toBeCloseTo(1, 0);
  });

  it('is humbler where learners differ, by much or by little', () => {
    const disagreements = [0.3, 0.06].map((spread) => {
      const rows = told(1000, (r) => (r % 2 === 0 ? 1 : 2));
      const disagreement = Float64Array.from({ length: 1000 }, (_, r) => (r % 2 === 0 ? 0 : spread));
      const outlier = new Float64Array(1000).fill(0.5);
      const { base, disagreement: slope } = fitCalibration({ ...rows, outlier, disagreement }, 2);
      expect(Math.exp(base)).toBeCloseTo(1, 0);
      return slope * spread;
    });
    expect(disagreements[0]).toBeGreaterThan(0.4);
    expect(disagreements[1]).toBeGreaterThan(0.25);
  });

  it('gives no slope to what never moves', () => {
    const rows = told(300, () => 2);
    const fitted = fitCalibration({ ...rows, outlier: new Float64Array(300).fill(0.5), disagreement: new Float64Array(300) }, 2);
    expect(fitted.outlier).toBeLessThan(0.01);
    expect(fitted.disagreement).toBeLessThan(0.01);
  });

  it('changes nothing without rows', () => {
    const none = new Float64Array();
    expect(fitCalibration({ probabilities: none, targets: none, importance: none, outlier: none, disagreement: none }, 2)).toBe(
      UNCALIBRATED,
    );
    const row = Float64Array.from([0.7, 0.3]);
    calibrate(UNCALIBRATED, row, 0, 2, 1, 1);
    expect(row[0]).toBeCloseTo(0.7, 14);
  });
});

describe('the pool', () => {
  it('gives the weight to the learner that is right, near and far apart', () => {
    const count = 400;
    const source = random(5);
    const targets = new Float64Array(count * 2);
    const a = new Float64Array(count * 2);
    const b = new Float64Array(count * 2);
    const gates = new Float64Array(count);
    for (let r = 0; r < count; r++) {
      const truth = source.below(2);
      gates[r] = r % 2;
      targets[r * 2 + truth] = 1;
      const [good, poor] = [0.9, 0.5];
      a[r * 2 + truth] = gates[r] ? poor : good;
      a[r * 2 + 1 - truth] = gates[r] ? 1 - poor : 1 - good;
      b[r * 2 + truth] = gates[r] ? good : poor;
      b[r * 2 + 1 - truth] = gates[r] ? 1 - good : 1 - poor;
    }
    const weights = poolWeights([a, b], targets, new Float64Array(count).fill(1), gates, 2);
    expect(weights[0]).toBeGreaterThan(0.95);
    expect(weights[3]).toBeGreaterThan(0.95);
    const mixed = new Float64Array(2);
    mixWeights(weights, 0.5, mixed);
    expect(mixed[0]! + mixed[1]!).toBeCloseTo(1, 12);
    expect(mixed[0]).toBeCloseTo(0.5, 1);
  });

  it('shares equally where there is nothing to go by', () => {
    const none = new Float64Array();
    expect([...poolWeights([none, none, none, none], none, none, none, 2)]).toEqual(new Array(8).fill(0.25));
  });

  it('knows how far learners differ', () => {
    const members = [Float64Array.from([1, 0]), Float64Array.from([0, 1])];
    expect(disagreementOf(members, [0.5, 0.5], Float64Array.from([0.5, 0.5]), 0, 2)).toBe(0.5);
    expect(disagreementOf([members[0]!, members[0]!], [0.5, 0.5], members[0]!, 0, 2)).toBe(0);
  });
});
