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
  for (let t = 0; t < TREES; t++) {
    for (let r = 0; r < set.rows; r++) rows[r] = r;
    const root = forest.addNode();
    forest.roots.push(root);
    const open = [{ node: root, from: 0, to: set.rows }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, from, to } = next;
      all.fill(0);
      for (let i = from; i < to; i++) addRow(set, rows[i]!, all);
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
    for (let i = from; i < to; i += step, seen++) addRow(set, rows[i]!, all);
    let best: { column: number; cut: number } | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    let useful = 0;
    for (let draw = 0; draw < 3 * tried && useful < tried; draw++) {
      const column = source.below(columns);
      let low = 0;
      let high = 1;
      if (sizes[column]! > 2) {
        low = 255;
        high = 0;
        for (let i = from; i < to; i += step) {
          const bin = bins[rows[i]! * columns + column]!;
          if (bin < low) low = bin;
          if (bin > high) high = bin;
        }
        if (low >= high) continue;
      }
      const cut = low + source.below(high - low);
      left.fill(0);
      let count = 0;
      for (let i = from; i < to; i += step) {
        if (bins[rows[i]! * columns + column]! > cut) continue;
        addRow(set, rows[i]!, left);
        count++;
      }
      if (count === 0 || count === seen) continue;
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
      if (bins[row * columns + column]! <= cut) rows[at++] = row;
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

function addRow(set: TrainingSet, row: number, into: Float64Array): void {
  const k = set.classes;
  for (let c = 0; c < k; c++) into[c] = into[c]! + set.targets[row * k + c]! * set.importance[row]!;
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
