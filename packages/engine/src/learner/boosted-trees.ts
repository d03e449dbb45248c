import type { ByteReader, ByteWriter } from '../bytes.ts';
import { log, random, shuffle, softmaxInPlace } from '../math.ts';
import { classPrior, type Example, type Learner, type TrainingSet } from './learner.ts';
import { Forest } from './tree.ts';

/** Numbers of trees that are tried; the one with the lowest out-of-fold log-loss is kept. */
export const ROUNDS = [15, 30, 60, 100] as const;

const RATE = 0.12;
const MAX_LEAVES = 12;
const PULL = 1;
/** Rows in a leaf at least. */
const SMALLEST = 3;
const COLUMN_SHARE = 0.4;

/**
 * Gradient-boosted trees on the log-loss (Friedman 2001) with histograms over bins and second-order leaf values (Chen and Guestrin 2016). One tree a
 * round, with a number for each class in its leaves; grown best leaf first; a share of the columns is drawn for each.
 * @param bins of the rows, row-major.
 * @param sizes number of bins of each column.
 * @param rounds number of trees.
 */
export function fitBoostedTrees(
  set: TrainingSet,
  bins: Uint8Array,
  sizes: ArrayLike<number>,
  rounds: number,
  seed: number,
): BoostedTrees {
  return new Boosting(set, bins, sizes, seed).grow(rounds);
}

/** The fitted trees over the log class shares. */
export class BoostedTrees implements Learner {
  readonly name = 'boosted-trees';
  readonly #forest: Forest;
  readonly #start: Float64Array;

  constructor(forest: Forest, start: Float64Array) {
    this.#forest = forest;
    this.#start = start;
  }

  predict(example: Example, out: Float64Array, offset: number): void {
    this.predictStages(example, [this.#forest.roots.length], [out], offset);
  }

  /** Predicts with the first `rounds[i]` trees into `outs[i]`; rounds ascend. */
  predictStages(example: Example, rounds: readonly number[], outs: readonly Float64Array[], offset: number): void {
    const k = this.#forest.width;
    const scores = this.#start.slice();
    let done = 0;
    rounds.forEach((round, i) => {
      const to = Math.min(round, this.#forest.roots.length);
      this.#forest.addTo(example.bins, 0, done, to, scores, 0);
      done = to;
      const out = outs[i]!;
      for (let c = 0; c < k; c++) out[offset + c] = scores[c]!;
      softmaxInPlace(out, offset, k);
    });
  }

  write(writer: ByteWriter): void {
    writer.f64s(this.#start);
    this.#forest.write(writer);
  }

  static read(reader: ByteReader, columns: number, classes: number): BoostedTrees {
    const start = reader.f64s();
    if (start.length !== classes) throw new RangeError('the trees of the model do not fit its classes');
    return new BoostedTrees(Forest.read(reader, columns, classes), start);
  }
}

/** A leaf that may still be split. */
interface Candidate {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly histogram: Float64Array;
  readonly gain: number;
  readonly column: number;
  readonly cut: number;
}

/**
 * Classes that the splits of one tree look at, where there are more: those with the largest slopes, which are furthest from their votes (the top
 * outputs of SketchBoost: Iosipoi and Vakhrushev 2022). Its leaves have values for all. Otherwise forty labels would take forty times as long as one.
 */
const MOST_CLASSES = 10;

/** Rows that one tree is grown on at most; all get its leaf values. */
const MAX_ROWS = 4000;

/** Buffers and steps of one fit. */
class Boosting {
  readonly #set: TrainingSet;
  readonly #bins: Uint8Array;
  readonly #columns: number;
  readonly #source: ReturnType<typeof random>;
  readonly #rows: Int32Array;
  readonly #buffer: Int32Array;
  /** Gradient and hessian of each class for each row. */
  readonly #slopes: Float64Array;
  /** The classes that splits look at, and their slopes: the same as those of all, where all are looked at. */
  readonly #shownClasses: number;
  readonly #shown: Float64Array;
  readonly #scores: Float64Array;
  readonly #used: Int32Array;
  readonly #usedCount: number;
  readonly #sizes: ArrayLike<number>;
  /** Where the bins of each used column begin in a histogram, and their number at the end. */
  readonly #begin: Int32Array;
  /** The same by column; −1 for one that is not used. */
  readonly #beginOf: Int32Array;
  /** The used columns with other than two bins come first in this list. */
  readonly #wide: Int32Array;
  #wideCount = 0;
  /** For each row, its columns with two bins that are in bin 1. */
  readonly #present: { readonly start: Int32Array; readonly columns: Int32Array };

  constructor(set: TrainingSet, bins: Uint8Array, sizes: ArrayLike<number>, seed: number) {
    const columns = sizes.length;
    this.#set = set;
    this.#bins = bins;
    this.#columns = columns;
    this.#sizes = sizes;
    this.#source = random(seed ^ 0x0b005700);
    this.#rows = new Int32Array(set.rows);
    this.#buffer = new Int32Array(set.rows);
    this.#slopes = new Float64Array(set.rows * set.classes * 2);
    this.#shownClasses = Math.min(set.classes, MOST_CLASSES);
    this.#shown = set.classes > MOST_CLASSES ? new Float64Array(set.rows * MOST_CLASSES * 2) : this.#slopes;
    this.#scores = new Float64Array(set.rows * set.classes);
    this.#used = Int32Array.from({ length: columns }, (_, c) => c);
    this.#usedCount = Math.min(columns, Math.max(8, Math.ceil(columns * COLUMN_SHARE)));
    this.#begin = new Int32Array(this.#usedCount + 1);
    this.#beginOf = new Int32Array(columns);
    this.#wide = new Int32Array(columns);
    this.#present = presentColumns(bins, sizes, set.rows);
  }

  grow(rounds: number): BoostedTrees {
    const { rows, classes } = this.#set;
    const start = classPrior(this.#set).map(log);
    for (let r = 0; r < rows; r++) this.#scores.set(start, r * classes);
    const forest = new Forest(classes);
    for (let round = 0; round < rounds; round++) {
      this.#slope();
      this.#show();
      shuffle(this.#used, this.#source);
      this.#place();
      this.#growTree(forest);
    }
    return new BoostedTrees(forest, start);
  }

  /** Says where in a histogram the bins of each used column begin. */
  #place(): void {
    this.#beginOf.fill(-1);
    this.#wideCount = 0;
    for (let u = 0; u < this.#usedCount; u++) {
      const column = this.#used[u]!;
      this.#begin[u + 1] = this.#begin[u]! + this.#sizes[column]!;
      this.#beginOf[column] = this.#begin[u]!;
      if (this.#sizes[column]! !== 2) this.#wide[this.#wideCount++] = column;
    }
  }

  #slope(): void {
    const { rows, classes, targets, importance } = this.#set;
    const p = new Float64Array(classes);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < classes; c++) p[c] = this.#scores[r * classes + c]!;
      softmaxInPlace(p, 0, classes);
      for (let c = 0; c < classes; c++) {
        const at = (r * classes + c) * 2;
        this.#slopes[at] = (p[c]! - targets[r * classes + c]!) * importance[r]!;
        this.#slopes[at + 1] = Math.max(1e-6, p[c]! * (1 - p[c]!)) * importance[r]!;
      }
    }
  }

  /** Copies the slopes of the classes that the next splits look at. */
  #show(): void {
    const { rows, classes } = this.#set;
    const slopes = this.#slopes;
    const shown = this.#shown;
    if (shown === slopes) return;
    const squares = new Float64Array(classes);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < classes; c++) {
        const slope = slopes[(r * classes + c) * 2]!;
        squares[c] = squares[c]! + slope * slope;
      }
    const top = [...squares.keys()].sort((a, b) => squares[b]! - squares[a]! || a - b).slice(0, MOST_CLASSES);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < MOST_CLASSES; i++) {
        const from = (r * classes + top[i]!) * 2;
        const to = (r * MOST_CLASSES + i) * 2;
        shown[to] = slopes[from]!;
        shown[to + 1] = slopes[from + 1]!;
      }
  }

  #growTree(forest: Forest): void {
    const rows = this.#draw();
    const root = forest.addNode();
    forest.roots.push(root);
    let open = [this.#candidate(root, 0, rows, this.#histogram(0, rows))];
    let leaves = 1;
    while (leaves < MAX_LEAVES) {
      let best = open[0];
      for (const candidate of open) if (best && candidate.gain > best.gain) best = candidate;
      if (!best || best.gain <= 0) break;
      const chosen = best;
      const middle = this.#part(chosen);
      const left = forest.setSplit(chosen.node, chosen.column, chosen.cut);
      const leftSmaller = middle - chosen.from <= chosen.to - middle;
      const small = leftSmaller ? this.#histogram(chosen.from, middle) : this.#histogram(middle, chosen.to);
      const large = chosen.histogram;
      for (let i = 0; i < large.length; i++) large[i] = large[i]! - small[i]!;
      open = open.filter((candidate) => candidate !== chosen);
      open.push(this.#candidate(left, chosen.from, middle, leftSmaller ? small : large));
      open.push(this.#candidate(left + 1, middle, chosen.to, leftSmaller ? large : small));
      leaves++;
    }
    for (const candidate of open) this.#finishLeaf(forest, candidate);
    const tree = forest.roots.length - 1;
    for (let r = 0; r < this.#set.rows; r++) {
      forest.addTo(this.#bins, r * this.#columns, tree, tree + 1, this.#scores, r * this.#set.classes);
    }
  }

  /** Puts the rows that the next tree is grown on first: all, or a random part of many (Friedman 2002). Returns their number. */
  #draw(): number {
    const { rows } = this.#set;
    if (rows <= MAX_ROWS) {
      for (let r = 0; r < rows; r++) this.#rows[r] = r;
      return rows;
    }
    let count = 0;
    for (let r = 0; r < rows && count < MAX_ROWS; r++) {
      if (this.#source.next() * (rows - r) < MAX_ROWS - count) this.#rows[count++] = r;
    }
    return count;
  }

  /** Sums of slopes and counts for each used column, bin and class. Of columns with two bins the rows in bin 1 are added up, the rest is bin 0. */
  #histogram(from: number, to: number): Float64Array {
    const slopeCount = 2 * this.#shownClasses;
    const width = slopeCount + 1;
    const histogram = new Float64Array(this.#begin[this.#usedCount]! * width);
    const total = new Float64Array(width);
    // Read once: a private member read in the loops below costs as much as the sums.
    const [rows, bins, slopes, wide, beginOf] = [this.#rows, this.#bins, this.#shown, this.#wide, this.#beginOf];
    const [columns, wideCount] = [this.#columns, this.#wideCount];
    const { start, columns: present } = this.#present;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const binRow = row * columns;
      const slopeRow = row * slopeCount;
      for (let s = 0; s < slopeCount; s++) total[s] = total[s]! + slopes[slopeRow + s]!;
      for (let u = 0; u < wideCount; u++) {
        const column = wide[u]!;
        const at = (beginOf[column]! + bins[binRow + column]!) * width;
        for (let s = 0; s < slopeCount; s++) histogram[at + s] = histogram[at + s]! + slopes[slopeRow + s]!;
        histogram[at + slopeCount] = histogram[at + slopeCount]! + 1;
      }
      for (let p = start[row]!, end = start[row + 1]!; p < end; p++) {
        const begin = beginOf[present[p]!]!;
        if (begin < 0) continue;
        const at = (begin + 1) * width;
        for (let s = 0; s < slopeCount; s++) histogram[at + s] = histogram[at + s]! + slopes[slopeRow + s]!;
        histogram[at + slopeCount] = histogram[at + slopeCount]! + 1;
      }
    }
    total[slopeCount] = to - from;
    for (let u = 0; u < this.#usedCount; u++) {
      const begin = this.#begin[u]!;
      if (this.#begin[u + 1]! - begin !== 2) continue;
      for (let s = 0; s < width; s++) histogram[begin * width + s] = total[s]! - histogram[(begin + 1) * width + s]!;
    }
    return histogram;
  }

  /** Finds the best split of a leaf. */
  #candidate(node: number, from: number, to: number, histogram: Float64Array): Candidate {
    const k = this.#shownClasses;
    const width = 2 * k + 1;
    const total = new Float64Array(width);
    const firstSize = this.#begin[1]!;
    for (let b = 0; b < firstSize; b++) for (let s = 0; s < width; s++) total[s] = total[s]! + histogram[b * width + s]!;
    let base = 0;
    for (let c = 0; c < k; c++) base += (total[2 * c]! * total[2 * c]!) / (total[2 * c + 1]! + PULL);
    let gain = 0;
    let column = -1;
    let cut = 0;
    const left = new Float64Array(width);
    for (let u = 0; u < this.#usedCount && to - from >= 2 * SMALLEST; u++) {
      left.fill(0);
      const size = this.#begin[u + 1]! - this.#begin[u]!;
      for (let b = 0; b < size - 1; b++) {
        const at = (this.#begin[u]! + b) * width;
        if (histogram[at + 2 * k]! < 0.5) continue;
        for (let s = 0; s < width; s++) left[s] = left[s]! + histogram[at + s]!;
        const count = left[2 * k]!;
        if (count < SMALLEST) continue;
        if (to - from - count < SMALLEST) break;
        let score = -base;
        for (let c = 0; c < k; c++) {
          const g = left[2 * c]!;
          const h = left[2 * c + 1]!;
          score += (g * g) / (h + PULL) + ((total[2 * c]! - g) * (total[2 * c]! - g)) / (total[2 * c + 1]! - h + PULL);
        }
        if (score > gain + 1e-9) {
          gain = score;
          column = this.#used[u]!;
          cut = b;
        }
      }
    }
    return { node, from, to, histogram, gain: column < 0 ? 0 : gain, column, cut };
  }

  #part({ from, to, column, cut }: Candidate): number {
    let at = from;
    let held = 0;
    for (let i = from; i < to; i++) {
      const row = this.#rows[i]!;
      if (this.#bins[row * this.#columns + column]! <= cut) this.#rows[at++] = row;
      else this.#buffer[held++] = row;
    }
    for (let i = 0; i < held; i++) this.#rows[at + i] = this.#buffer[i]!;
    return at;
  }

  #finishLeaf(forest: Forest, { node, from, to }: Candidate): void {
    const k = this.#set.classes;
    const leaf = new Float64Array(k);
    for (let c = 0; c < k; c++) {
      let g = 0;
      let h = PULL;
      for (let i = from; i < to; i++) {
        const at = (this.#rows[i]! * k + c) * 2;
        g += this.#slopes[at]!;
        h += this.#slopes[at + 1]!;
      }
      leaf[c] = Math.fround((-RATE * g) / h);
    }
    forest.setLeaf(node, leaf);
  }
}

function presentColumns(bins: Uint8Array, sizes: ArrayLike<number>, rows: number): { start: Int32Array; columns: Int32Array } {
  const narrow = Int32Array.from({ length: sizes.length }, (_, c) => c).filter((c) => sizes[c] === 2);
  const start = new Int32Array(rows + 1);
  const columns: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (const c of narrow) if (bins[r * sizes.length + c] === 1) columns.push(c);
    start[r + 1] = columns.length;
  }
  return { start, columns: Int32Array.from(columns) };
}
