import type { ByteReader, ByteWriter } from '../bytes.ts';
import { random } from '../math.ts';
import { classPrior, type Example, type Learner, type TrainingSet } from './learner.ts';
import { Forest } from './tree.ts';

const TREES = 60;
const MAX_LEAVES = 1500;
/** Rows of a node that are looked at to choose its split, about. */
const SAMPLE = 400;
/** Votes of the class shares that each leaf's own votes are mixed with. */
const LEAF_PRIOR = 0.5;

/**
 * Extremely randomised trees (Geurts, Ernst and Wehenkel 2006): each node draws columns and one cut in each at random and keeps the one that parts
 * the classes best (Gini 1912), so the trees differ a lot and their mean is well calibrated. Every tree sees every row.
 * @param bins of the rows, row-major.
 * @param sizes number of bins of each column.
 */
export function fitRandomTrees(set: TrainingSet, bins: Uint8Array, sizes: ArrayLike<number>, seed: number): RandomTrees {
  const columns = sizes.length;
  const k = set.classes;
  const forest = new Forest(k);
  const prior = classPrior(set);
  const source = random(seed ^ 0x5eed1234);
  const tried = Math.max(1, Math.min(columns, Math.floor(1.5 * Math.sqrt(columns)) + 1));
  const smallest = Math.max(1, Math.floor(set.rows / MAX_LEAVES));
  const rows = new Int32Array(set.rows);
  const buffer = new Int32Array(set.rows);
  const left = new Float64Array(k);
  const all = new Float64Array(k);
  const leaf = new Float64Array(k);
  const votes = votesOf(set);
  const byColumn = transposed(bins, set.rows, columns);
  // The rows of a node that are looked at, side by side: their votes and their bins in the column that is tried.
  const seenRows = new Int32Array(2 * SAMPLE);
  const seenVotes = new Float64Array(2 * SAMPLE * k);
  const seenBins = new Uint8Array(2 * SAMPLE);
  for (let t = 0; t < TREES; t++) {
    for (let r = 0; r < set.rows; r++) rows[r] = r;
    const root = forest.addNode();
    forest.roots.push(root);
    const open = [{ node: root, from: 0, to: set.rows }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, from, to } = next;
      all.fill(0);
      for (let i = from; i < to; i++) add(votes, rows[i]! * k, all);
      const split = to - from >= 2 * smallest && !isPure(all) ? findSplit(from, to) : undefined;
      if (!split) {
        const total = all.reduce((sum, votes) => sum + votes, LEAF_PRIOR);
        for (let c = 0; c < k; c++) leaf[c] = (all[c]! + LEAF_PRIOR * prior[c]!) / total;
        forest.setLeaf(node, leaf);
        continue;
      }
      const middle = part(split.column, split.cut, from, to);
      const child = forest.setSplit(node, split.column, split.cut);
      open.push({ node: child + 1, from: middle, to }, { node: child, from, to: middle });
    }
  }
  return new RandomTrees(forest);

  /** The best of the cuts drawn, if any parts the rows. Constant columns do not count as drawn, within reason. Of many rows a sample is looked at. */
  function findSplit(from: number, to: number): { column: number; cut: number } | undefined {
    const step = Math.max(1, Math.floor((to - from) / SAMPLE));
    all.fill(0);
    let seen = 0;
    for (let i = from; i < to; i += step, seen++) {
      const row = rows[i]!;
      seenRows[seen] = row;
      for (let c = 0; c < k; c++) seenVotes[seen * k + c] = votes[row * k + c]!;
      add(votes, row * k, all);
    }
    let best: { column: number; cut: number } | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    let useful = 0;
    for (let draw = 0; draw < 3 * tried && useful < tried; draw++) {
      const column = source.below(columns);
      const at = column * set.rows;
      let low = 255;
      let high = 0;
      for (let s = 0; s < seen; s++) {
        const bin = byColumn[at + seenRows[s]!]!;
        seenBins[s] = bin;
        if (bin < low) low = bin;
        if (bin > high) high = bin;
      }
      const wide = sizes[column]! > 2;
      if (wide && low >= high) continue;
      const cut = wide ? low + source.below(high - low) : source.below(1);
      if (low >= high) continue;
      left.fill(0);
      for (let s = 0; s < seen; s++) if (seenBins[s]! <= cut) add(seenVotes, s * k, left);
      useful++;
      const score = purity(left, all);
      if (score > bestScore) {
        bestScore = score;
        best = { column, cut };
      }
    }
    return best;
  }

  /** Moves rows that go left to the front, keeping their order, and returns where the others begin. */
  function part(column: number, cut: number, from: number, to: number): number {
    let at = from;
    let held = 0;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      if (byColumn[column * set.rows + row]! <= cut) rows[at++] = row;
      else buffer[held++] = row;
    }
    for (let i = 0; i < held; i++) rows[at + i] = buffer[i]!;
    return at;
  }
}

/** The fitted trees; a prediction is the mean of their leaves. */
export class RandomTrees implements Learner {
  readonly name = 'random-trees';
  readonly #forest: Forest;

  constructor(forest: Forest) {
    this.#forest = forest;
  }

  predict(example: Example, out: Float64Array, offset: number): void {
    const k = this.#forest.width;
    const trees = this.#forest.roots.length;
    out.fill(0, offset, offset + k);
    this.#forest.addTo(example.bins, 0, 0, trees, out, offset);
    let sum = 0;
    for (let c = 0; c < k; c++) sum += out[offset + c]!;
    for (let c = 0; c < k; c++) out[offset + c] = out[offset + c]! / sum;
  }

  write(writer: ByteWriter): void {
    this.#forest.write(writer);
  }

  static read(reader: ByteReader, columns: number, classes: number): RandomTrees {
    return new RandomTrees(Forest.read(reader, columns, classes));
  }
}

/** The share of each class times what the row counts, row-major. */
function votesOf({ targets, importance, rows, classes }: TrainingSet): Float64Array {
  const votes = new Float64Array(rows * classes);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < classes; c++) votes[r * classes + c] = targets[r * classes + c]! * importance[r]!;
  return votes;
}

/** The bins column by column: a column is read for many rows at a time. */
function transposed(bins: Uint8Array, rows: number, columns: number): Uint8Array {
  const turned = new Uint8Array(bins.length);
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) turned[c * rows + r] = bins[r * columns + c]!;
  return turned;
}

function add(votes: Float64Array, at: number, into: Float64Array): void {
  for (let c = 0; c < into.length; c++) into[c] = into[c]! + votes[at + c]!;
}

function isPure(votes: Float64Array): boolean {
  let present = 0;
  for (const count of votes) if (count > 0) present++;
  return present < 2;
}

/** Σ left² / Σ left + Σ right² / Σ right: higher = purer sides. */
function purity(left: Float64Array, all: Float64Array): number {
  let leftSum = 0;
  let rightSum = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let c = 0; c < all.length; c++) {
    const l = left[c]!;
    const r = all[c]! - l;
    leftSum += l;
    rightSum += r;
    leftSquares += l * l;
    rightSquares += r * r;
  }
  return (leftSum > 0 ? leftSquares / leftSum : 0) + (rightSum > 0 ? rightSquares / rightSum : 0);
}
