import { argmax, compareStrings, exp, log } from './math.ts';
import type { ModelMetrics } from './types.ts';

const BINS = 15;
/** Floor of a probability in the log-loss. */
const FLOOR = 1e-3;
/** The standard normal is within this of 0 with a chance of 95 %. */
const TWO_SIDED_95 = 1.959963984540054;

/**
 * Figures of a classifier on rows it was not fitted to.
 *
 * Log-loss is the mean of −log p(truth) after flooring each probability at 0.001 and renormalising; Brier the mean of Σ(p − truth)² (Brier 1950);
 * ECE compares mean top probability and share right in 15 equal-width bins (Naeini et al. 2015); macro-F1 is the mean over the classes that occur in
 * the truth or the choices, as scikit-learn has it. A tie goes to the first class. Without rows every figure is 0.
 * @param probabilities one list for each row, one number for each class.
 * @param truth class index of each row.
 * @throws RangeError when the lists differ in length or a class index is out of range.
 */
export function computeMetrics(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
  classCount: number,
): ModelMetrics {
  if (probabilities.length !== truth.length) throw new RangeError('there must be one true class for each row of probabilities');
  const rows = truth.length;
  const confusion = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  const bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  const ranked: { top: number; right: number; row: number }[] = [];
  let right = 0;
  let logLoss = 0;
  let brier = 0;
  probabilities.forEach((row, r) => {
    const actual = truth[r]!;
    if (!(actual >= 0 && actual < classCount) || row.length !== classCount)
      throw new RangeError(`row ${r} does not have ${classCount} classes`);
    const floored = row.map((p) => Math.max(p, FLOOR));
    const sum = floored.reduce((total, p) => total + p, 0);
    const choice = argmax(row, 0, classCount);
    const hit = choice === actual ? 1 : 0;
    confusion[actual]![choice]!++;
    right += hit;
    logLoss -= log(floored[actual]! / sum);
    for (let c = 0; c < classCount; c++) brier += square(row[c]! - (c === actual ? 1 : 0));
    const top = row[choice]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(top * BINS))]!;
    bin.count++;
    bin.confidence += top;
    bin.right += hit;
    ranked.push({ top, right: hit, row: r });
  });
  const share = (value: number) => (rows === 0 ? 0 : value / rows);
  return {
    rows,
    accuracy: share(right),
    macroF1: macroF1(confusion),
    logLoss: share(logLoss),
    brier: share(brier),
    ece: share(bins.reduce((total, bin) => total + Math.abs(bin.confidence - bin.right), 0)),
    confusion,
    shareAt95: share(longestPrefix(ranked, 0.95)),
    reliability: bins.map((bin, b) => ({
      from: b / BINS,
      to: (b + 1) / BINS,
      count: bin.count,
      confidence: bin.count === 0 ? 0 : bin.confidence / bin.count,
      accuracy: bin.count === 0 ? 0 : bin.right / bin.count,
    })),
  };
}

/** A row to be split: when it was last voted on, the group it belongs to, its bucket. */
export interface SplitRow {
  readonly time?: number;
  readonly group?: string;
  readonly key: string;
}

/**
 * Splits rows into what a model may learn from and a later hold-out to judge it by. Rows that share a group or a bucket (also through
 * others) stay together; such a set counts as old as its newest row. The newest sets are held out until about `holdOutShare` of the rows are.
 * Rows without a time count as oldest; where none has one, sets are taken in a fixed order that has nothing to do with their content.
 * @returns positions in `rows`, ascending. One side is empty when there is a single set.
 * @throws RangeError when the share is not between 0 and 1.
 */
export function splitByTimeAndGroup(rows: readonly SplitRow[], holdOutShare: number): { train: number[]; test: number[] } {
  if (!(holdOutShare >= 0 && holdOutShare <= 1)) throw new RangeError('the share to hold out must be between 0 and 1');
  const sets = connected(rows).map((list) => ({
    list,
    newest: list.reduce((time, r) => Math.max(time, rows[r]!.time ?? Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY),
    name: list.reduce((name, r) => (compareStrings(rows[r]!.key, name) < 0 ? rows[r]!.key : name), rows[list[0]!]!.key),
  }));
  sets.sort((a, b) => (a.newest === b.newest ? 0 : a.newest > b.newest ? -1 : 1) || compareStrings(a.name, b.name));
  const wanted = rows.length * holdOutShare;
  const test: number[] = [];
  const train: number[] = [];
  sets.forEach(({ list }, s) => {
    const last = s === sets.length - 1 && train.length === 0;
    const fits = test.length === 0 ? wanted > 0 : test.length + list.length / 2 <= wanted;
    (fits && !last ? test : train).push(...list);
  });
  return { train: train.sort((a, b) => a - b), test: test.sort((a, b) => a - b) };
}

/** What {@link pairedTest} finds. */
export interface PairedTest {
  /** Mean of the challenger's loss less the champion's; above 0 = the challenger is worse. */
  readonly difference: number;
  /** One-sided chance of a difference at least this bad if both were equally good. */
  readonly p: number;
  /** Whether the challenger is worse at the level asked for. */
  readonly worse: boolean;
}

/**
 * Whether a challenger is worse than the champion on the same rows: a paired test of the mean loss difference, rows of one cluster (group or
 * bucket) taken together (cluster-robust standard error: Liang and Zeger 1986, with the normal distribution). Fewer than five clusters, or no
 * difference anywhere, are no evidence: p = 0.5.
 * @param champion loss of each row, for instance −log p(truth) or 0/1.
 * @param challenger loss of each row, in the same order.
 * @param clusters name of each row's cluster; each row its own when left out.
 * @param level chance of calling an equal challenger worse, 0.05 by default.
 * @throws RangeError when the lists differ in length.
 */
export function pairedTest(
  champion: readonly number[],
  challenger: readonly number[],
  clusters?: readonly string[],
  level = 0.05,
): PairedTest {
  const rows = champion.length;
  if (challenger.length !== rows || (clusters && clusters.length !== rows)) throw new RangeError('both need a loss for each row');
  const differences = champion.map((loss, r) => challenger[r]! - loss);
  const difference = rows === 0 ? 0 : differences.reduce((sum, d) => sum + d, 0) / rows;
  const sums = new Map<string, number>();
  differences.forEach((d, r) => {
    const name = clusters ? clusters[r]! : String(r);
    sums.set(name, (sums.get(name) ?? 0) + (d - difference));
  });
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const count = sums.size;
  if (count < 5 || (squares === 0 && difference === 0)) return { difference, p: 0.5, worse: false };
  const error = Math.sqrt((squares * count) / (count - 1)) / rows;
  const p = error === 0 ? (difference > 0 ? 0 : 1) : 1 - normalBelow(difference / error);
  return { difference, p, worse: p < level };
}

/** What {@link pairedInterval} finds. */
export interface PairedInterval {
  /** Mean of the second less the first. */
  readonly difference: number;
  /** Ends of the 95 % interval, −1 to 1. */
  readonly low: number;
  readonly high: number;
}

/**
 * How much one model decides right more often than another on the same rows, and how far chance among the rows may have moved that: the 95 %
 * interval of Bonett and Price (2012) for paired shares, which adds one row to either side. So rows on which both agree are no proof that nothing
 * differs, as they are for the plain interval, whose width is 0 then. Rows of one cluster (group or bucket) are taken together: what is added is
 * a cluster of mean size to either side, and with each row its own cluster the result is theirs.
 * @param first 1 for each row that the first model decides right, else 0.
 * @param second the same for the second one, in the same order.
 * @param clusters name of each row's cluster; each row its own when left out.
 * @returns null with fewer than five clusters, which say too little.
 * @throws RangeError when the lists differ in length.
 */
export function pairedInterval(
  first: readonly number[],
  second: readonly number[],
  clusters?: readonly string[],
): PairedInterval | null {
  const rows = first.length;
  if (second.length !== rows || (clusters && clusters.length !== rows)) throw new RangeError('both need an outcome for each row');
  const known = new Map<string, { rows: number; sum: number }>();
  let total = 0;
  first.forEach((before, r) => {
    const name = clusters ? clusters[r]! : String(r);
    const cluster = known.get(name) ?? { rows: 0, sum: 0 };
    known.set(name, { rows: cluster.rows + 1, sum: cluster.sum + second[r]! - before });
    total += second[r]! - before;
  });
  if (known.size < 5) return null;
  const mean = rows / known.size;
  const all = [...known.values(), { rows: mean, sum: mean }, { rows: mean, sum: -mean }];
  const count = rows + 2 * mean;
  const centre = total / count;
  const squares = all.reduce((sum, cluster) => sum + square(cluster.sum - cluster.rows * centre), 0);
  const reach = (TWO_SIDED_95 * Math.sqrt(squares)) / count;
  return { difference: total / rows, low: Math.max(-1, centre - reach), high: Math.min(1, centre + reach) };
}

/** Chance that a standard normal is at most `z` (Abramowitz and Stegun 1964, 26.2.17; error below 7.5e-8). */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    0.3989422804014327 *
    exp(-(z * z) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

function square(x: number): number {
  return x * x;
}

function macroF1(confusion: readonly (readonly number[])[]): number {
  let sum = 0;
  let present = 0;
  confusion.forEach((row, c) => {
    const actual = row.reduce((total, count) => total + count, 0);
    const chosen = confusion.reduce((total, other) => total + other[c]!, 0);
    if (actual + chosen === 0) return;
    present++;
    sum += (2 * row[c]!) / (actual + chosen);
  });
  return present === 0 ? 0 : sum / present;
}

/** Rows of the longest most-confident-first prefix in which at least `precision` are right. Rows of equal confidence keep their order. */
function longestPrefix(ranked: { top: number; right: number; row: number }[], precision: number): number {
  const sorted = [...ranked].sort((a, b) => b.top - a.top || a.row - b.row);
  let right = 0;
  let longest = 0;
  sorted.forEach((entry, i) => {
    right += entry.right;
    if (right >= precision * (i + 1)) longest = i + 1;
  });
  return longest;
}

/** Rows linked by a shared group or key, as lists of positions (union-find with path halving: Tarjan and van Leeuwen 1984). */
function connected(rows: readonly SplitRow[]): number[][] {
  const parent = rows.map((_, r) => r);
  const root = (r: number) => {
    let at = r;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  const firsts = new Map<string, number>();
  rows.forEach((row, r) => {
    for (const name of [`key ${row.key}`, ...(row.group === undefined ? [] : [`group ${row.group}`])]) {
      const first = firsts.get(name);
      if (first === undefined) firsts.set(name, r);
      else parent[root(r)] = root(first);
    }
  });
  const sets = new Map<number, number[]>();
  rows.forEach((_, r) => {
    const name = root(r);
    const list = sets.get(name);
    if (list) list.push(r);
    else sets.set(name, [r]);
  });
  return [...sets.values()];
}
