import { FLOOR, temper } from './learner/blend.ts';
import { exp, log, minimise } from './math.ts';

/**
 * One temperature for each alert: log T = base + outlier·(outlier score − ½) + disagreement·(how far the learners differ). What is
 * unlike the training rows, or splits the learners, so gets a humbler probability as part of the fit, not by a deduction after it.
 * Temperature scaling: Guo et al. 2017.
 *
 * Then a share of `noise` is given to all labels alike: votes that are wrong however clear the alert is (slips of the hand, people who
 * see it otherwise). Without it the temperature would answer for them, and make everything that is less clear humbler than it should be.
 */
export interface Calibration {
  readonly base: number;
  readonly outlier: number;
  readonly disagreement: number;
  /** 0 (none) to {@link MOST_NOISE}. */
  readonly noise: number;
}

/** Rows to fit a calibration to, none of them seen by what made their probabilities. */
export interface CalibrationRows {
  /** Row-major. */
  readonly probabilities: Float64Array;
  /** Share of votes for each class, row-major. */
  readonly targets: Float64Array;
  readonly importance: Float64Array;
  /** 0 to 1. */
  readonly outlier: Float64Array;
  /** 0 to 1. */
  readonly disagreement: Float64Array;
}

/** Changes nothing. */
export const UNCALIBRATED: Calibration = { base: 0, outlier: 0, disagreement: 0, noise: 0 };

/**
 * What the prior of a slope lets log T move (one deviation) where its input moves by one deviation of its own. Outlier scores spread alike on
 * all data, disagreement by a quarter to a tenth as much: a prior of one size for both slopes all but forbids it to count.
 */
const EFFECT = 0.15;
/** Spread that an input is taken to have at least, so that one that never moves gets no slope. */
const LEAST_SPREAD = 0.03;
const STEEPEST = 6;
const MOST_NOISE = 0.4;
/** Rows without a wrong vote that the prior of the noise is worth. */
const CLEAN_ROWS = 20;

/**
 * Fits a calibration by the likelihood of the votes, one number after another in turn, with a Gaussian prior on each (of deviation 1 for the base,
 * {@link EFFECT} over the spread of their input for the slopes, which are not negative; exponential for the noise). Without rows it changes nothing.
 */
export function fitCalibration(rows: CalibrationRows, classes: number): Calibration {
  if (rows.importance.length === 0) return UNCALIBRATED;
  const outlierPull = pullOf(rows.outlier, rows.importance);
  const disagreementPull = pullOf(rows.disagreement, rows.importance);
  const logs = belowTop(rows.probabilities, classes);
  let fitted = UNCALIBRATED;
  const loss = (calibration: Calibration) => {
    const { base, outlier, disagreement, noise } = calibration;
    let sum = 0.5 * base * base + outlierPull * outlier * outlier + disagreementPull * disagreement * disagreement;
    sum += CLEAN_ROWS * noise;
    for (let r = 0; r < rows.importance.length; r++) {
      const inverse = exp(-logTemperature(calibration, rows.outlier[r]!, rows.disagreement[r]!));
      sum += rows.importance[r]! * rowLoss(logs, rows.targets, r, classes, inverse, noise);
    }
    return sum;
  };
  for (let pass = 0; pass < 4; pass++) {
    // Noise and base explain the same votes in two ways, so one after the other would hardly move: base is found anew for each noise.
    if (pass % 2 === 0) {
      const start = fitted;
      const bestBase = (noise: number) => minimise((base) => loss({ ...start, base, noise }), -1.6, 2.5, 12);
      const noise = minimise((share) => loss({ ...start, base: bestBase(share), noise: share }), 0, MOST_NOISE, 12);
      fitted = { ...start, noise };
    }
    const first = fitted;
    fitted = { ...first, base: minimise((base) => loss({ ...first, base }), -1.6, 2.5, 22) };
    const second = fitted;
    fitted = { ...second, outlier: minimise((outlier) => loss({ ...second, outlier }), 0, STEEPEST, 20) };
    const third = fitted;
    fitted = { ...third, disagreement: minimise((disagreement) => loss({ ...third, disagreement }), 0, STEEPEST, 20) };
  }
  return fitted;
}

/** Applies a calibration to the probabilities of one row, in place. */
export function calibrate(
  calibration: Calibration,
  probabilities: Float64Array,
  offset: number,
  classes: number,
  outlier: number,
  disagreement: number,
): void {
  temper(probabilities, offset, classes, exp(logTemperature(calibration, outlier, disagreement)));
  for (let c = offset; c < offset + classes; c++)
    probabilities[c] = (1 - calibration.noise) * probabilities[c]! + calibration.noise / classes;
}

/**
 * How far the learners differ: the mean total-variation distance between each and their pool, weighted like the pool, 0 to 1.
 * @param members probabilities of each, row-major; row `row` is looked at.
 */
export function disagreementOf(
  members: readonly Float64Array[],
  weights: ArrayLike<number>,
  pool: Float64Array,
  row: number,
  classes: number,
): number {
  let sum = 0;
  for (let m = 0; m < members.length; m++) {
    let distance = 0;
    for (let c = 0; c < classes; c++) distance += Math.abs(members[m]![row * classes + c]! - pool[row * classes + c]!);
    sum += (weights[m]! * distance) / 2;
  }
  return sum;
}

/** Half the inverse variance of the prior of a slope, from the spread of its input over the rows. */
function pullOf(input: Float64Array, importance: Float64Array): number {
  let total = 0;
  let mean = 0;
  for (let r = 0; r < input.length; r++) {
    total += importance[r]!;
    mean += importance[r]! * input[r]!;
  }
  mean /= total;
  let squares = 0;
  for (let r = 0; r < input.length; r++) squares += importance[r]! * (input[r]! - mean) * (input[r]! - mean);
  const spread = Math.max(LEAST_SPREAD, Math.sqrt(squares / total));
  return (0.5 * spread * spread) / (EFFECT * EFFECT);
}

function logTemperature(calibration: Calibration, outlier: number, disagreement: number): number {
  const value = calibration.base + calibration.outlier * (outlier - 0.5) + calibration.disagreement * disagreement;
  return Math.max(-1.6, Math.min(3, value));
}

/** Logarithms of probabilities, each row's less its largest, so that this need not be done for each calibration that is tried. */
function belowTop(probabilities: Float64Array, classes: number): Float64Array {
  const logs = probabilities.map((p) => log(Math.max(p, FLOOR)));
  for (let from = 0; from < logs.length; from += classes) {
    const row = logs.subarray(from, from + classes);
    const top = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    for (let c = 0; c < classes; c++) row[c]! -= top;
  }
  return logs;
}

/** @param logs as {@link belowTop} makes them. */
function rowLoss(
  logs: Float64Array,
  targets: Float64Array,
  row: number,
  classes: number,
  inverse: number,
  noise: number,
): number {
  const from = row * classes;
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const below = logs[from + c]!;
    sum += below === 0 ? 1 : exp(below * inverse);
  }
  let loss = 0;
  for (let c = 0; c < classes; c++) {
    const share = targets[from + c]!;
    if (share <= 0) continue;
    const scaled = logs[from + c]! * inverse;
    loss -= share * (noise > 0 ? log(((1 - noise) * exp(scaled)) / sum + noise / classes) : scaled - log(sum));
  }
  return loss;
}
