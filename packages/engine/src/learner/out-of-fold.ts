import { documentFrequency, type SparseRow, sparseRow } from '../features.ts';
import { log } from '../math.ts';
import type { Progress } from '../types.ts';
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

/** Fits the learners of the blend to all rows: softmax, naive Bayes, boosted trees, randomised trees. */
export function fitLearners(set: TrainingSet, view: TreeView, bins: Uint8Array, settings: Settings, seed: number): Learner[] {
  return [
    fitSoftmax(set, settings.penalty, seed),
    fitNaiveBayes(set),
    fitBoostedTrees(set, bins, view.sizes, settings.rounds, seed),
    fitRandomTrees(set, bins, view.sizes, seed),
  ];
}

/**
 * Predicts the rows of each fold by learners fitted to all other rows, chooses settings by these predictions, and gives each
 * learner a temperature.
 * @param progress called with shares from 0 to 1.
 */
export function predictOutOfFold(all: AllRows, folds: readonly Fold[], seed: number, progress: Progress): OutOfFold {
  const k = all.classes;
  const rows = Int32Array.from(folds.flatMap((fold) => [...fold.rows]));
  const fold = Int32Array.from(folds.flatMap((one, f) => [...one.rows].map(() => f)));
  const blank = () => new Float64Array(rows.length * k);
  const penalties = PENALTIES.map(blank);
  const stages = ROUNDS.map(blank);
  const [bayes, trees] = [blank(), blank()];
  const targets = pick(all.targets, rows, k);
  const importance = pick(all.importance, rows, 1);
  discountScarce(all, folds, fold, targets, importance);
  balance(importance, folds, fold);
  const buffer = sparseRow();
  const trialFolds = all.importance.length <= SMALL ? 2 : 1;
  let done = 0;
  let penaltyTrials = PENALTIES.map((_, t) => t);
  let roundTrials = ROUNDS.map((_, t) => t);
  folds.forEach(({ rows: outside }, f) => {
    progress(f / folds.length, 'checking against held-back feedback');
    if (f === trialFolds) {
      penaltyTrials = [bestOf(penalties, done)];
      roundTrials = [bestOf(stages, done)];
    }
    const inside = others(outside, all.importance.length);
    const frequency = documentFrequency(all.raw, inside, all.space.size);
    const set = trainingSet(all, inside, frequency);
    const { view, bins } = TreeView.fit(all.space, set);
    const softmax = penaltyTrials.map((t) => fitSoftmax(set, PENALTIES[t]!, seed));
    const naiveBayes = fitNaiveBayes(set);
    const rounds = roundTrials.map((t) => ROUNDS[t]!);
    const boosted: BoostedTrees = fitBoostedTrees(set, bins, view.sizes, rounds.at(-1)!, seed);
    const randomTrees = fitRandomTrees(set, bins, view.sizes, seed);
    const binned = new Uint8Array(view.columns);
    const outs = roundTrials.map((t) => stages[t]!);
    outside.forEach((r, i) => {
      const example = exampleOf(all, r, frequency, view, buffer, binned);
      const offset = (done + i) * k;
      softmax.forEach((learner, t) => {
        learner.predict(example, penalties[penaltyTrials[t]!]!, offset);
      });
      naiveBayes.predict(example, bayes, offset);
      boosted.predictStages(example, rounds, outs, offset);
      randomTrees.predict(example, trees, offset);
    });
    done += outside.length;
  });
  const penalty = penaltyTrials.length === 1 ? penaltyTrials[0]! : bestOf(penalties, done);
  const round = roundTrials.length === 1 ? roundTrials[0]! : bestOf(stages, done);
  const members = [penalties[penalty]!, bayes, stages[round]!, trees];
  const temperatures = Float64Array.from(members, (member) => {
    const temperature = fitTemperature(member, targets, importance, k);
    for (let i = 0; i < rows.length; i++) temper(member, i * k, k, temperature);
    return temperature;
  });
  return {
    rows,
    fold,
    members,
    temperatures,
    targets,
    importance,
    settings: { penalty: PENALTIES[penalty]!, rounds: ROUNDS[round]! },
  };

  /** The trial with the lowest tempered log-loss on the first `count` entries. */
  function bestOf(trials: readonly Float64Array[], count: number): number {
    const losses = trials.map((trial) =>
      temperedLogLoss(trial.subarray(0, count * k), targets.subarray(0, count * k), importance.subarray(0, count), k),
    );
    return losses.indexOf(Math.min(...losses));
  }
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

function temperedLogLoss(probabilities: Float64Array, targets: Float64Array, importance: Float64Array, classes: number): number {
  const temperature = fitTemperature(probabilities, targets, importance, classes);
  const tempered = probabilities.slice();
  let loss = 0;
  importance.forEach((counts, i) => {
    temper(tempered, i * classes, classes, temperature);
    for (let c = 0; c < classes; c++) {
      const share = targets[i * classes + c]!;
      if (share > 0) loss -= counts * share * log(Math.max(FLOOR, tempered[i * classes + c]!));
    }
  });
  return loss;
}
