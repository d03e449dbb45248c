import { documentFrequency, type SparseRow, sparseRow } from '../features.ts';
import { log } from '../math.ts';
import { type AllRows, exampleOf, trainingSet } from './assemble.ts';
import { FLOOR, fitTemperature, temper } from './blend.ts';
import { type BoostedTrees, fitBoostedTrees, ROUNDS } from './boosted-trees.ts';
import type { Fold } from './folds.ts';
import type { Learner, TrainingSet } from './learner.ts';
import { fitNaiveBayes } from './naive-bayes.ts';
import { fitRandomTrees } from './random-trees.ts';
import { fitSoftmax, PENALTIES } from './softmax.ts';
import { TreeView } from './tree-view.ts';

/** Settings of learners, chosen by what they do out of fold. */
export interface Settings {
  /** Of the softmax regression. */
  readonly penalty: number;
  /** Of the boosted trees. */
  readonly rounds: number;
}

/** Predictions of rows by learners that had not seen them. A row may occur twice where folds of two kinds are used. */
export interface OutOfFold {
  readonly rows: Int32Array;
  /** Number of the fold that each entry comes from. */
  readonly fold: Int32Array;
  /** Tempered probabilities of each learner, in the order of {@link fitLearners}, row-major. */
  readonly members: readonly Float64Array[];
  readonly temperatures: Float64Array;
  readonly targets: Float64Array;
  readonly importance: Float64Array;
  readonly settings: Settings;
}

/** Position of the randomised trees among the learners. */
export const RANDOM_TREES = 3;

/** Rows up to which every setting is tried in two folds; of more, one fold says enough. The other folds get the best of these. */
const SMALL = 500;

/** Settings that a fold tries: positions in {@link PENALTIES} and {@link ROUNDS}, ascending. */
export interface Trials {
  readonly penalties: readonly number[];
  readonly rounds: readonly number[];
}

/** Every setting. */
export const ALL_TRIALS: Trials = { penalties: PENALTIES.map((_, t) => t), rounds: ROUNDS.map((_, t) => t) };

/**
 * Half of the work on a fold: its learners are of two kinds that need nothing of one another, so that two threads can share it. Plain data.
 * Linear: the regression and naive Bayes; trees: boosted and randomised.
 */
export interface HalfFold {
  readonly fold: number;
  readonly half: 'linear' | 'trees';
  readonly trials: Trials;
}

/** What came of it: for each trial, and last for the learner without one, the probabilities of the fold's rows, row-major. Plain data. */
export interface HalfFoldPredictions extends HalfFold {
  readonly predictions: readonly Float64Array[];
}

/** How many folds try every setting. */
export function trialFolds(all: AllRows, folds: readonly Fold[]): number {
  return Math.min(folds.length, all.importance.length <= SMALL ? 2 : 1);
}

/** Fits the learners of the blend to all rows: softmax, naive Bayes, boosted trees, randomised trees. */
export function fitLearners(set: TrainingSet, view: TreeView, bins: Uint8Array, settings: Settings, seed: number): Learner[] {
  return [
    fitSoftmax(set, settings.penalty, seed),
    fitNaiveBayes(set),
    fitBoostedTrees(set, bins, view.sizes, settings.rounds, seed),
    fitRandomTrees(set, bins, view.sizes, seed),
  ];
}

/** Predicts the rows of a fold by learners fitted to all other rows. The same whenever and wherever it is done. */
export function predictHalfFold(all: AllRows, folds: readonly Fold[], order: HalfFold, seed: number): HalfFoldPredictions {
  const k = all.classes;
  const outside = folds[order.fold]!.rows;
  const inside = others(outside, all.importance.length);
  const frequency = documentFrequency(all.raw, inside, all.space.size);
  const set = trainingSet(all, inside, frequency);
  const blank = () => new Float64Array(outside.length * k);
  const buffer = sparseRow();
  if (order.half === 'linear') {
    const softmax = order.trials.penalties.map((t) => fitSoftmax(set, PENALTIES[t]!, seed));
    const learners = [...softmax, fitNaiveBayes(set)];
    const predictions = learners.map(blank);
    outside.forEach((r, i) => {
      all.space.rowVector(all.raw, r, frequency, buffer);
      learners.forEach((learner, l) => {
        learner.predict({ sparse: buffer, dense: NO_MEASURES, bins: NO_BINS }, predictions[l]!, i * k);
      });
    });
    return { ...order, predictions };
  }
  const { view, bins } = TreeView.fit(all.space, set);
  const rounds = order.trials.rounds.map((t) => ROUNDS[t]!);
  const boosted: BoostedTrees = fitBoostedTrees(set, bins, view.sizes, rounds.at(-1)!, seed);
  const randomTrees = fitRandomTrees(set, bins, view.sizes, seed);
  const stages = rounds.map(blank);
  const trees = blank();
  const binned = new Uint8Array(view.columns);
  outside.forEach((r, i) => {
    const example = exampleOf(all, r, frequency, view, buffer, binned);
    boosted.predictStages(example, rounds, stages, i * k);
    randomTrees.predict(example, trees, i * k);
  });
  return { ...order, predictions: [...stages, trees] };
}

const NO_MEASURES = new Float64Array(0);
const NO_BINS = new Uint8Array(0);

/**
 * The best of every setting, by the predictions of the folds that tried them all.
 * @param done both halves of these folds at least.
 */
export function bestTrials(all: AllRows, folds: readonly Fold[], done: readonly HalfFoldPredictions[]): Trials {
  const tried = trialFolds(all, folds);
  const { importance, targets } = entriesOf(all, folds);
  const best = (half: HalfFold['half'], trials: number) => {
    const trying = done.filter(({ fold }) => fold < tried);
    const losses = Array.from({ length: trials }, (_, t) =>
      temperedLogLoss(joined(trying, half, t), targets, importance, all.classes),
    );
    return losses.indexOf(Math.min(...losses));
  };
  return { penalties: [best('linear', PENALTIES.length)], rounds: [best('trees', ROUNDS.length)] };
}

/**
 * Joins the predictions of all folds, those by the chosen settings, and gives each learner a temperature.
 * @param done both halves of every fold, in any order.
 * @param best one setting each, see {@link bestTrials}.
 */
export function joinFolds(all: AllRows, folds: readonly Fold[], done: readonly HalfFoldPredictions[], best: Trials): OutOfFold {
  const k = all.classes;
  const { rows, fold, targets, importance } = entriesOf(all, folds);
  const [penalty, round] = [best.penalties[0]!, best.rounds[0]!];
  const members = [joined(done, 'linear', penalty), joined(done, 'linear'), joined(done, 'trees', round), joined(done, 'trees')];
  const temperatures = Float64Array.from(members, (member) => {
    const temperature = fitTemperature(member, targets, importance, k);
    for (let i = 0; i < rows.length; i++) temper(member, i * k, k, temperature);
    return temperature;
  });
  return { rows, fold, members, temperatures, targets, importance, settings: settingsOf(best) };
}

/** The settings that a choice of one trial each stands for. */
export function settingsOf(best: Trials): Settings {
  return { penalty: PENALTIES[best.penalties[0]!]!, rounds: ROUNDS[best.rounds[0]!]! };
}

/** The rows of all folds one after the other, with what each counts. */
function entriesOf(all: AllRows, folds: readonly Fold[]): Pick<OutOfFold, 'rows' | 'fold' | 'targets' | 'importance'> {
  const rows = Int32Array.from(folds.flatMap((fold) => [...fold.rows]));
  const fold = Int32Array.from(folds.flatMap((one, f) => [...one.rows].map(() => f)));
  const targets = pick(all.targets, rows, all.classes);
  const importance = pick(all.importance, rows, 1);
  discountScarce(all, folds, fold, targets, importance);
  balance(importance, folds, fold);
  return { rows, fold, targets, importance };
}

/** The predictions of one trial, or of the learner that has none, fold by fold. */
function joined(done: readonly HalfFoldPredictions[], half: HalfFold['half'], trial?: number): Float64Array {
  const pieces = done.filter((one) => one.half === half).sort((a, b) => a.fold - b.fold);
  const chosen = pieces.map(({ trials, predictions }) => {
    const tried = half === 'linear' ? trials.penalties : trials.rounds;
    return predictions[trial === undefined ? tried.length : tried.indexOf(trial)]!;
  });
  const whole = new Float64Array(chosen.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of chosen) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Counts each entry by the share of its classes' rows that its fold's learners had seen. The error that a learner still makes for want of
 * examples falls about as one over their number (the learning curves of Amari, Fujita and Shinomoto 1992), so where half of a class is held
 * back, its error here is about twice what the final learners will make; where a tenth is, a tenth more. Without this, two rows of a rare
 * class would make every other decision humbler than it should be.
 */
function discountScarce(
  all: AllRows,
  folds: readonly Fold[],
  fold: Int32Array,
  targets: Float64Array,
  importance: Float64Array,
): void {
  const k = all.classes;
  const add = (into: Float64Array, row: number) => {
    for (let c = 0; c < k; c++) into[c] = into[c]! + all.importance[row]! * all.targets[row * k + c]!;
  };
  const total = new Float64Array(k);
  all.importance.forEach((_, r) => {
    add(total, r);
  });
  const seen = folds.map(({ rows }) => {
    const held = new Float64Array(k);
    for (const r of rows) add(held, r);
    return total.map((sum, c) => Math.max(0, sum - held[c]!) / sum);
  });
  for (let i = 0; i < importance.length; i++) {
    let share = 0;
    for (let c = 0; c < k; c++) share += targets[i * k + c]! * seen[fold[i]!]![c]!;
    importance[i] = importance[i]! * share;
  }
}

/**
 * Where folds of two kinds are used, gives each kind the same weight: alerts of known environments and of new ones both lie
 * ahead.
 */
function balance(importance: Float64Array, folds: readonly Fold[], fold: Int32Array): void {
  const sums = [0, 0];
  importance.forEach((weight, i) => {
    sums[folds[fold[i]!]!.strict ? 1 : 0]! += weight;
  });
  if (sums[0] === 0 || sums[1] === 0) return;
  const scale = sums[0]! / sums[1]!;
  for (let i = 0; i < importance.length; i++) if (folds[fold[i]!]!.strict) importance[i] = importance[i]! * scale;
}

/** The vector of a row among all rows. */
export function rowVector(all: AllRows, row: number, buffer: SparseRow): SparseRow {
  all.space.rowVector(all.raw, row, all.space.frequency, buffer);
  return buffer;
}

/** The rows `from` of a row-major array of `width`. */
export function pick(values: Float64Array, from: Int32Array, width: number): Float64Array {
  const picked = new Float64Array(from.length * width);
  from.forEach((r, i) => {
    picked.set(values.subarray(r * width, (r + 1) * width), i * width);
  });
  return picked;
}

function others(rows: Int32Array, count: number): Int32Array {
  const inside = new Uint8Array(count).fill(1);
  for (const r of rows) inside[r] = 0;
  return Int32Array.from([...inside.keys()].filter((r) => inside[r] === 1));
}

/** Of the first entries, as many as there are probabilities of. */
function temperedLogLoss(probabilities: Float64Array, targets: Float64Array, importance: Float64Array, classes: number): number {
  const count = probabilities.length / classes;
  const [truth, counts] = [targets.subarray(0, count * classes), importance.subarray(0, count)];
  const temperature = fitTemperature(probabilities, truth, counts, classes);
  const tempered = probabilities.slice();
  let loss = 0;
  counts.forEach((weight, i) => {
    temper(tempered, i * classes, classes, temperature);
    for (let c = 0; c < classes; c++) {
      const share = truth[i * classes + c]!;
      if (share > 0) loss -= weight * share * log(Math.max(FLOOR, tempered[i * classes + c]!));
    }
  });
  return loss;
}
