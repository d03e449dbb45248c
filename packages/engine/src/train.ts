import { type Calibration, calibrate, disagreementOf, fitCalibration, UNCALIBRATED } from './calibration.ts';
import { denseLayout, measure } from './dense.ts';
import { Ensemble, poolOf } from './ensemble.ts';
import { computeMetrics } from './evaluation.ts';
import { documentFrequency, fitFeatures, sparseRow } from './features.ts';
import { fitShrinkage } from './labelled.ts';
import { type AllRows, exampleOf, trainingSet } from './learner/assemble.ts';
import { FLOOR, poolWeights } from './learner/blend.ts';
import { dealFolds, type Folds } from './learner/folds.ts';
import type { Learner, LearnerName } from './learner/learner.ts';
import { fitSoftmax, PENALTIES } from './learner/softmax.ts';
import { log, normalisedEntropy, percentile, quantile } from './math.ts';
import { writeModel } from './model.ts';
import { NearestIndex } from './novelty.ts';
import { shorten } from './stored-values.ts';
import { type CanonicalInput, canonicalInput } from './training-data.ts';
import type { ModelMetrics, Progress, TrainingInput } from './types.ts';

export { TrainingError } from './training-data.ts';

/** What a training gives. */
export interface TrainResult {
  /** For `loadModel`; the same input gives the same bytes, in whatever order its rows and points come. */
  readonly model: Uint8Array;
  /** On the rows that were predicted by learners which had not seen them, with the consensus of each bucket as truth. */
  readonly metrics: ModelMetrics;
}

const OUTLIER_RATE = 0.02;
const MAX_PERCENTILES = 1000;
const SAMPLED_DISTANCES = 2000;

/**
 * Trains on labelled buckets: features, learners predicted out of fold, the weights of their pool, calibration, outlier scores, then every
 * learner again on all rows.
 * @param progress called between steps; throwing from it ends the training.
 * @throws TrainingError when there is nothing to learn from.
 */
export function train(input: TrainingInput, progress: Progress = () => {}): TrainResult {
  progress(0, 'reading feedback');
  const data = canonicalInput(input);
  const k = data.active.length;
  const all = prepare(data);
  const rows = data.keys.length;
  const everyRow = Int32Array.from({ length: rows }, (_, r) => r);
  const folds = dealFolds(data.main, data.groups, k, input.seed);
  const outOfFold = predictOutOfFold(all, folds, input.seed, progress);
  const held = outOfFold.rows;

  progress(0.6, 'blending');
  const targets = pick(all.targets, held, k);
  const importance = pick(all.importance, held, 1);
  const weights = poolWeights(outOfFold.members, targets, importance, k);
  const pool = poolOf(outOfFold.members, weights, held.length, k);

  progress(0.65, 'finding outliers');
  const buffer = sparseRow();
  const index = NearestIndex.build(all.space, rows, (r) => exampleOf(all, r, all.space.frequency, buffer).sparse);
  const novelty = outOfFoldNovelty(all, index, folds, outOfFold, pool);
  const threshold = quantile(Float64Array.from(novelty.scores).sort(), 1 - (input.outlierRate ?? OUTLIER_RATE));

  progress(0.75, 'calibrating');
  const disagreement = Float64Array.from(held, (_, i) => disagreementOf(outOfFold.members, weights, pool, i, k));
  const calibration = fitCalibration({ probabilities: pool, targets, importance, outlier: novelty.scores, disagreement }, k);
  const calibrated = pool.slice();
  held.forEach((_, i) => {
    calibrate(calibration, calibrated, i * k, k, novelty.scores[i]!, disagreement[i]!);
  });
  const strength = fitShrinkage(pick(data.votes, held, k), calibrated, positions(held), k);
  const labelledCalibration = fitLabelledCalibration(pick(data.votes, held, k), calibrated, strength, k);

  progress(0.8, 'learning from everything');
  const full = trainingSet(all, everyRow, all.space.frequency);
  const learners = fitLearners(full, outOfFold.penalty, input.seed, (share) =>
    progress(0.8 + 0.18 * share, 'learning from everything'),
  );
  progress(0.98, 'writing the model');
  const model = writeModel({
    classes: input.classes,
    active: data.active,
    space: all.space,
    ensemble: new Ensemble(all.space, learners, weights, k),
    calibration,
    labelledCalibration,
    strength,
    index,
    distances: thin(novelty.distances),
    entropies: thin(novelty.entropies),
    outlierThreshold: threshold,
    keys: data.keys,
    votes: data.votes,
    values: data.values.map((values) => values.map(shorten)),
  });
  progress(1, 'done');
  return { model, metrics: metricsOf(input, data, held, calibrated) };
}

/** Out-of-fold predictions: which rows have them, and each learner's probabilities for these, row-major. */
interface OutOfFold {
  readonly rows: Int32Array;
  readonly names: readonly LearnerName[];
  readonly members: readonly Float64Array[];
  readonly penalty: number;
}

function prepare(data: CanonicalInput): AllRows {
  const { space, raw } = fitFeatures(data.points, data.types, data.values);
  const layout = denseLayout(space.plans);
  const dense = new Float64Array(data.values.length * layout.width);
  data.values.forEach((values, r) => {
    measure(layout, values, dense, r * layout.width);
  });
  const classes = data.active.length;
  return { space, raw, dense, denseWidth: layout.width, targets: data.targets, importance: importanceOf(data), classes };
}

/** A bucket counts by the square root of its votes: more votes say more, but no bucket outweighs the rest. Mean 1. */
function importanceOf(data: CanonicalInput): Float64Array {
  const k = data.active.length;
  const importance = Float64Array.from(data.keys, (_, r) => {
    let total = 0;
    for (let c = 0; c < k; c++) total += data.votes[r * k + c]!;
    return Math.sqrt(total);
  });
  const mean = importance.reduce((sum, x) => sum + x, 0) / importance.length;
  return importance.map((x) => x / mean);
}

function predictOutOfFold(all: AllRows, folds: Folds, seed: number, progress: Progress): OutOfFold {
  const k = all.classes;
  const rows = Int32Array.from([...folds.of.keys()].filter((r) => folds.of[r]! >= 0));
  const position = new Int32Array(folds.of.length).fill(-1);
  rows.forEach((r, i) => {
    position[r] = i;
  });
  const trials = PENALTIES.map(() => new Float64Array(rows.length * k));
  const buffer = sparseRow();
  for (let fold = 0; fold < folds.count; fold++) {
    progress(0.05 + (0.5 * fold) / folds.count, 'checking against held-back feedback');
    const inside = [...folds.of.keys()].filter((r) => folds.of[r] !== fold);
    const outside = [...rows].filter((r) => folds.of[r] === fold);
    const frequency = documentFrequency(all.raw, inside, all.space.size);
    const set = trainingSet(all, inside, frequency);
    const softmax = PENALTIES.map((penalty) => fitSoftmax(set, penalty, seed));
    for (const r of outside) {
      const example = exampleOf(all, r, frequency, buffer);
      softmax.forEach((learner, t) => {
        learner.predict(example, trials[t]!, position[r]! * k);
      });
    }
  }
  const losses = trials.map((trial) => lossOf(trial, all, rows));
  let best = 0;
  losses.forEach((loss, t) => {
    if (loss < losses[best]!) best = t;
  });
  return { rows, names: ['softmax'], members: [trials[best]!], penalty: PENALTIES[best]! };
}

function fitLearners(
  set: ReturnType<typeof trainingSet>,
  penalty: number,
  seed: number,
  progress: (share: number) => void,
): Learner[] {
  progress(0);
  return [fitSoftmax(set, penalty, seed)];
}

function lossOf(probabilities: Float64Array, all: AllRows, rows: Int32Array): number {
  const k = all.classes;
  let loss = 0;
  rows.forEach((r, i) => {
    for (let c = 0; c < k; c++) {
      const share = all.targets[r * k + c]!;
      if (share > 0) loss -= all.importance[r]! * share * log(Math.max(FLOOR, probabilities[i * k + c]!));
    }
  });
  return loss;
}

/** Distances, entropies and combined scores of the out-of-fold rows, each against the rows of other folds (above 3,000 rows: of none of its own). */
function outOfFoldNovelty(
  all: AllRows,
  index: NearestIndex,
  folds: Folds,
  outOfFold: OutOfFold,
  pool: Float64Array,
): { distances: Float64Array; entropies: Float64Array; scores: Float64Array } {
  const k = all.classes;
  const own = outOfFold.names.indexOf('random-trees');
  const source = own < 0 ? pool : outOfFold.members[own]!;
  const count = outOfFold.rows.length;
  const entropies = Float64Array.from(outOfFold.rows, (_, i) => normalisedEntropy(source, i * k, k));
  const step = Math.max(1, Math.ceil(count / SAMPLED_DISTANCES));
  const distanceOf = new Float64Array(count);
  const sampled: number[] = [];
  const buffer = sparseRow();
  for (let i = 0; i < count; i++) {
    const r = outOfFold.rows[i]!;
    const vector = exampleOf(all, r, all.space.frequency, buffer).sparse;
    const fold = folds.of[r]!;
    distanceOf[i] = 1 - (index.nearest(vector, 1, (other) => folds.of[other] === fold)[0]?.similarity ?? 0);
    if (i % step === 0) sampled.push(distanceOf[i]!);
  }
  const distances = Float64Array.from(sampled).sort();
  const sorted = entropies.slice().sort();
  const scores = Float64Array.from(
    distanceOf,
    (distance, i) => (percentile(distances, distance) + percentile(sorted, entropies[i]!)) / 2,
  );
  return { distances, entropies: sorted, scores };
}

/** Temperature of the labelled kind, from buckets with several votes: each vote predicted from the others. */
function fitLabelledCalibration(votes: Float64Array, model: Float64Array, strength: number, classes: number): Calibration {
  const probabilities: number[] = [];
  const targets: number[] = [];
  const importance: number[] = [];
  for (let r = 0; r * classes < votes.length; r++) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += votes[r * classes + c]!;
    if (total < 2) continue;
    for (let c = 0; c < classes; c++) {
      const count = votes[r * classes + c]!;
      if (count <= 0) continue;
      for (let d = 0; d < classes; d++) {
        const others = Math.max(0, votes[r * classes + d]! - (d === c ? 1 : 0));
        probabilities.push((others + strength * model[r * classes + d]!) / (total - 1 + strength));
        targets.push(d === c ? 1 : 0);
      }
      importance.push(count);
    }
  }
  const rows = importance.length;
  if (rows === 0) return UNCALIBRATED;
  return fitCalibration(
    {
      probabilities: Float64Array.from(probabilities),
      targets: Float64Array.from(targets),
      importance: Float64Array.from(importance),
      outlier: new Float64Array(rows).fill(0.5),
      disagreement: new Float64Array(rows),
    },
    classes,
  );
}

function metricsOf(input: TrainingInput, data: CanonicalInput, held: Int32Array, calibrated: Float64Array): ModelMetrics {
  const k = data.active.length;
  const probabilities: number[][] = [];
  const truth: number[] = [];
  held.forEach((r, i) => {
    if (!data.decided[r]) return;
    const row = new Array<number>(input.classes.length).fill(0);
    data.active.forEach((c, a) => {
      row[c] = calibrated[i * k + a]!;
    });
    probabilities.push(row);
    truth.push(data.active[data.main[r]!]!);
  });
  return computeMetrics(probabilities, truth, input.classes.length);
}

/** The rows `from` of a row-major array of `width`. */
function pick(values: Float64Array, from: Int32Array, width: number): Float64Array {
  const picked = new Float64Array(from.length * width);
  from.forEach((r, i) => {
    picked.set(values.subarray(r * width, (r + 1) * width), i * width);
  });
  return picked;
}

function positions(rows: Int32Array): Int32Array {
  return Int32Array.from(rows, (_, i) => i);
}

/** At most 1,000 sorted numbers at equal steps of rank, the ends kept. */
function thin(sorted: Float64Array): Float64Array {
  if (sorted.length <= MAX_PERCENTILES) return sorted;
  return Float64Array.from({ length: MAX_PERCENTILES }, (_, i) => quantile(sorted, i / (MAX_PERCENTILES - 1)));
}
