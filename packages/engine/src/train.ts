import { calibrate, disagreementOf, fitCalibration } from './calibration.ts';
import { denseLayout, measure } from './dense.ts';
import { Ensemble } from './ensemble.ts';
import { computeMetrics } from './evaluation.ts';
import { fitFeatures, sparseRow } from './features.ts';
import { fitLabelledCalibration, fitShrinkage } from './labelled.ts';
import { type AllRows, trainingSet } from './learner/assemble.ts';
import { mixWeights, poolWeights } from './learner/blend.ts';
import { type Fold, planFolds } from './learner/folds.ts';
import { fitLearners, type OutOfFold, pick, predictOutOfFold, RANDOM_TREES, rowVector } from './learner/out-of-fold.ts';
import { TreeView } from './learner/tree-view.ts';
import { normalisedEntropy, percentile, quantile } from './math.ts';
import { writeModel } from './model.ts';
import { NearestIndex, outlierScore } from './novelty.ts';
import { shorten } from './stored-values.ts';
import { type CanonicalInput, canonicalInput } from './training-data.ts';
import type { ModelMetrics, Progress, TrainingInput } from './types.ts';

export { TrainingError } from './training-data.ts';

/** What a training gives. */
export interface TrainResult {
  /** For `loadModel`; the same input gives the same bytes, in whatever order its rows and points come. */
  readonly model: Uint8Array;
  /** On rows predicted by learners that had seen neither them nor others of their group, with the consensus of each bucket as truth. */
  readonly metrics: ModelMetrics;
}

const OUTLIER_RATE = 0.02;
const MAX_PERCENTILES = 1000;

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
  const folds = planFolds(data.main, data.groups, k, input.seed);
  const outOfFold = predictOutOfFold(all, folds, input.seed, (share, step) => progress(0.05 + 0.55 * share, step));
  const { targets, importance } = outOfFold;

  progress(0.6, 'finding outliers');
  const buffer = sparseRow();
  const index = NearestIndex.build(all.space, rows, (r) => rowVector(all, r, buffer));
  const novelty = outOfFoldNovelty(all, index, folds, outOfFold);
  const threshold = quantile(Float64Array.from(novelty.scores).sort(), 1 - (input.outlierRate ?? OUTLIER_RATE));

  progress(0.7, 'blending and calibrating');
  const weights = poolWeights(outOfFold.members, targets, importance, novelty.gates, k);
  const { pool, disagreement } = pooled(outOfFold, weights, novelty.gates, k);
  const calibration = fitCalibration({ probabilities: pool, targets, importance, outlier: novelty.scores, disagreement }, k);
  const calibrated = pool.slice();
  novelty.scores.forEach((score, i) => {
    calibrate(calibration, calibrated, i * k, k, score, disagreement[i]!);
  });
  const votes = pick(data.votes, outOfFold.rows, k);
  const strength = fitShrinkage(votes, calibrated, k);
  const labelledCalibration = fitLabelledCalibration(votes, calibrated, strength, k);

  progress(0.8, 'learning from everything');
  const full = trainingSet(all, everyRow, all.space.frequency);
  const { view, bins } = TreeView.fit(all.space, full);
  const learners = fitLearners(full, view, bins, outOfFold.settings, input.seed);
  progress(0.98, 'writing the model');
  const model = writeModel({
    classes: input.classes,
    active: data.active,
    space: all.space,
    ensemble: new Ensemble(all.space, view, learners, outOfFold.temperatures, weights, k),
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
  return { model, metrics: metricsOf(input, data, folds, outOfFold, calibrated) };
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

/** Distances, entropies and outlier scores of the out-of-fold entries, each measured against the rows of other folds. */
interface Novelty {
  /** Upwards. */
  readonly distances: Float64Array;
  /** Upwards. */
  readonly entropies: Float64Array;
  /** Percentile of each entry's distance. */
  readonly gates: Float64Array;
  readonly scores: Float64Array;
}

function outOfFoldNovelty(all: AllRows, index: NearestIndex, folds: readonly Fold[], outOfFold: OutOfFold): Novelty {
  const k = all.classes;
  const buffer = sparseRow();
  const inFold = new Uint8Array(all.importance.length);
  let current = -1;
  const distanceOf = Float64Array.from(outOfFold.rows, (r, i) => {
    const fold = outOfFold.fold[i]!;
    if (fold !== current) {
      inFold.fill(0);
      for (const row of folds[fold]!.rows) inFold[row] = 1;
      current = fold;
    }
    return 1 - (index.nearest(rowVector(all, r, buffer), 1, (other) => inFold[other] === 1)[0]?.similarity ?? 0);
  });
  const entropyOf = Float64Array.from(outOfFold.rows, (_, i) => normalisedEntropy(outOfFold.members[RANDOM_TREES]!, i * k, k));
  const distances = distanceOf.slice().sort();
  const entropies = entropyOf.slice().sort();
  const gates = distanceOf.map((distance) => percentile(distances, distance));
  const scores = distanceOf.map((distance, i) => outlierScore(distances, entropies, distance, entropyOf[i]!));
  return { distances, entropies, gates, scores };
}

/** The pool of each out-of-fold entry and how far its learners differ. */
function pooled(
  outOfFold: OutOfFold,
  weights: Float64Array,
  gates: Float64Array,
  k: number,
): { pool: Float64Array; disagreement: Float64Array } {
  const { members } = outOfFold;
  const pool = new Float64Array(gates.length * k);
  const mixed = new Float64Array(members.length);
  const disagreement = gates.map((gate, i) => {
    mixWeights(weights, gate, mixed);
    for (let m = 0; m < members.length; m++) {
      for (let c = 0; c < k; c++) pool[i * k + c] = pool[i * k + c]! + mixed[m]! * members[m]![i * k + c]!;
    }
    return disagreementOf(members, mixed, pool, i, k);
  });
  return { pool, disagreement };
}

function metricsOf(
  input: TrainingInput,
  data: CanonicalInput,
  folds: readonly Fold[],
  outOfFold: OutOfFold,
  calibrated: Float64Array,
): ModelMetrics {
  const k = data.active.length;
  const probabilities: number[][] = [];
  const truth: number[] = [];
  outOfFold.rows.forEach((r, i) => {
    if (!data.decided[r] || !folds[outOfFold.fold[i]!]!.strict) return;
    const row = new Array<number>(input.classes.length).fill(0);
    data.active.forEach((c, a) => {
      row[c] = calibrated[i * k + a]!;
    });
    probabilities.push(row);
    truth.push(data.active[data.main[r]!]!);
  });
  return computeMetrics(probabilities, truth, input.classes.length);
}

/** At most 1,000 sorted numbers at equal steps of rank, the ends kept. */
function thin(sorted: Float64Array): Float64Array {
  if (sorted.length <= MAX_PERCENTILES) return sorted;
  return Float64Array.from({ length: MAX_PERCENTILES }, (_, i) => quantile(sorted, i / (MAX_PERCENTILES - 1)));
}
