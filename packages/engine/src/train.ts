import { calibrate, disagreementOf, fitCalibration } from './calibration.ts';
import { denseLayout, measure } from './dense.ts';
import { Ensemble } from './ensemble.ts';
import { computeMetrics } from './evaluation.ts';
import { fitFeatures, sparseRow } from './features.ts';
import { fitLabelledCalibration, fitShrinkage } from './labelled.ts';
import { type AllRows, trainingSet } from './learner/assemble.ts';
import { mixWeights, poolWeights } from './learner/blend.ts';
import { type Fold, planFolds } from './learner/folds.ts';
import type { Learner } from './learner/learner.ts';
import {
  ALL_TRIALS,
  bestTrials,
  fitLearners,
  type HalfFold,
  type HalfFoldPredictions,
  joinFolds,
  type OutOfFold,
  pick,
  predictHalfFold,
  RANDOM_TREES,
  rowVector,
  settingsOf,
  type Trials,
  trialFolds,
} from './learner/out-of-fold.ts';
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

/**
 * One part of a training. Plain data, so that another thread can do it: what comes of it depends on the input alone, not on where or in
 * which order parts are done.
 */
export type TrainingPart = { readonly kind: 'half-fold'; readonly order: HalfFold } | { readonly kind: 'distances' };

/** What came of a part; plain data. */
export type PartResult =
  | { readonly kind: 'half-fold'; readonly of: HalfFoldPredictions }
  /** Cosine distance of each held-back row to the nearest row outside its fold. */
  | { readonly kind: 'distances'; readonly of: Float64Array };

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
  const training = new Training(input);
  const results: PartResult[] = [];
  const first = training.firstParts();
  const parts = first.length + training.furtherPartsCount;
  const workOn = (some: readonly TrainingPart[]) => {
    for (const part of some) {
      progress(0.05 + (0.65 * results.length) / parts, 'checking against held-back feedback');
      results.push(training.work(part));
    }
  };
  workOn(first);
  workOn(training.furtherParts(results));
  progress(0.7, 'learning from everything');
  training.learnFromEverything(results);
  progress(0.95, 'blending and calibrating');
  const result = training.finish(results);
  progress(1, 'done');
  return result;
}

/**
 * A training in parts, for whoever wants to do some of them in another thread; `train` does them one after the other, and what comes out is the
 * same. The order: the first parts, in any order; the further ones, likewise, and learning from everything; then the end.
 */
export class Training {
  readonly #input: TrainingInput;
  readonly #data: CanonicalInput;
  readonly #all: AllRows;
  readonly #folds: readonly Fold[];
  #index: NearestIndex | undefined;
  #chosen: Trials | undefined;
  #learned: Learned | undefined;

  /** @throws TrainingError when there is nothing to learn from. */
  constructor(input: TrainingInput) {
    this.#input = input;
    this.#data = canonicalInput(input);
    this.#all = prepare(this.#data);
    this.#folds = planFolds(this.#data.main, this.#data.groups, this.#data.active.length, input.seed);
  }

  /** The folds in which every setting is tried, and the distances between rows. */
  firstParts(): TrainingPart[] {
    const trying = Array.from({ length: trialFolds(this.#all, this.#folds) }, (_, fold) => halves(fold, ALL_TRIALS));
    return [...trying.flat(), { kind: 'distances' }];
  }

  /** How many further parts there will be. */
  get furtherPartsCount(): number {
    return 2 * (this.#folds.length - trialFolds(this.#all, this.#folds));
  }

  /**
   * The other folds, with the settings that were best in the first parts.
   * @param results of the first parts.
   */
  furtherParts(results: readonly PartResult[]): TrainingPart[] {
    const best = this.#best(results);
    const tried = trialFolds(this.#all, this.#folds);
    return this.#folds.slice(tried).flatMap((_, f) => halves(tried + f, best));
  }

  /** Does one part. */
  work(part: TrainingPart): PartResult {
    if (part.kind === 'distances') return { kind: 'distances', of: this.#distances() };
    return { kind: 'half-fold', of: predictHalfFold(this.#all, this.#folds, part.order, this.#input.seed) };
  }

  /**
   * Fits the learners to all rows.
   * @param results of the first parts at least.
   */
  learnFromEverything(results: readonly PartResult[]): void {
    const { space, importance } = this.#all;
    const everyRow = Int32Array.from({ length: importance.length }, (_, r) => r);
    const full = trainingSet(this.#all, everyRow, space.frequency);
    const { view, bins } = TreeView.fit(space, full);
    const settings = settingsOf(this.#best(results));
    this.#learned = { view, learners: fitLearners(full, view, bins, settings, this.#input.seed) };
  }

  /**
   * Blends, calibrates, and writes the model.
   * @param results of all parts, in any order; `learnFromEverything` must have been called.
   */
  finish(results: readonly PartResult[]): TrainResult {
    const [input, data, all, folds] = [this.#input, this.#data, this.#all, this.#folds];
    const k = data.active.length;
    const outOfFold = joinFolds(all, folds, halfFoldsOf(results), this.#best(results));
    const { targets, importance } = outOfFold;
    const distances = results.find((result) => result.kind === 'distances')!.of;
    const novelty = outOfFoldNovelty(distances, outOfFold, k);
    const threshold = quantile(Float64Array.from(novelty.scores).sort(), 1 - (input.outlierRate ?? OUTLIER_RATE));

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

    const { view, learners } = this.#learned!;
    const model = writeModel({
      classes: input.classes,
      active: data.active,
      space: all.space,
      ensemble: new Ensemble(all.space, view, learners, outOfFold.temperatures, weights, k),
      calibration,
      labelledCalibration,
      strength,
      index: this.#nearest(),
      distances: thin(novelty.distances),
      entropies: thin(novelty.entropies),
      outlierThreshold: threshold,
      keys: data.keys,
      votes: data.votes,
      opinions: opinionsWithout(outOfFold.rows, calibrated, data.votes.length, k),
      values: data.values.map((values) => values.map(shorten)),
    });
    return { model, metrics: metricsOf(input, data, folds, outOfFold, calibrated) };
  }

  /** The settings that were best in the first parts, chosen once. */
  #best(results: readonly PartResult[]): Trials {
    this.#chosen ??= bestTrials(this.#all, this.#folds, halfFoldsOf(results));
    return this.#chosen;
  }

  #nearest(): NearestIndex {
    const buffer = sparseRow();
    this.#index ??= NearestIndex.build(this.#all.space, this.#all.importance.length, (r) => rowVector(this.#all, r, buffer));
    return this.#index;
  }

  #distances(): Float64Array {
    const index = this.#nearest();
    const buffer = sparseRow();
    const inFold = new Uint8Array(this.#all.importance.length);
    const distances = this.#folds.map(({ rows }) => {
      inFold.fill(0);
      for (const row of rows) inFold[row] = 1;
      return Float64Array.from(rows, (r) => {
        const [nearest] = index.nearest(rowVector(this.#all, r, buffer), 1, (other) => inFold[other] === 1);
        return 1 - (nearest?.similarity ?? 0);
      });
    });
    return Float64Array.from(distances.flatMap((some) => [...some]));
  }
}

/** The learners fitted to all rows, and the bins that the trees among them look at. */
interface Learned {
  readonly view: TreeView;
  readonly learners: Learner[];
}

function halves(fold: number, trials: Trials): TrainingPart[] {
  return [
    { kind: 'half-fold', order: { fold, half: 'trees', trials } },
    { kind: 'half-fold', order: { fold, half: 'linear', trials } },
  ];
}

function halfFoldsOf(results: readonly PartResult[]): HalfFoldPredictions[] {
  return results.flatMap((result) => (result.kind === 'half-fold' ? [result.of] : []));
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

function outOfFoldNovelty(distanceOf: Float64Array, outOfFold: OutOfFold, k: number): Novelty {
  const entropyOf = Float64Array.from(outOfFold.rows, (_, i) => normalisedEntropy(outOfFold.members[RANDOM_TREES]!, i * k, k));
  const distances = distanceOf.slice().sort();
  const entropies = entropyOf.slice().sort();
  const gates = distanceOf.map((distance) => percentile(distances, distance));
  const scores = distanceOf.map((distance, i) => outlierScore(distances, entropies, distance, entropyOf[i]!));
  return { distances, entropies, gates, scores };
}

/** The out-of-fold probabilities of each row, row-major; NaN where there are none. Of folds of two kinds the first counts: with others of the row's group. */
function opinionsWithout(rows: Int32Array, calibrated: Float64Array, length: number, k: number): Float32Array {
  const opinions = new Float32Array(length).fill(Number.NaN);
  rows.forEach((row, i) => {
    if (Number.isNaN(opinions[row * k]!)) opinions.set(calibrated.subarray(i * k, (i + 1) * k), row * k);
  });
  return opinions;
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
