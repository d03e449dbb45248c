import { type ByteReader, type ByteWriter, finished, type Steps } from './bytes.ts';
import { BLOCKS_PER_POINT, type FeatureSpace, RUNS, type SparseRow, VALUE } from './features.ts';
import { exp, finish, log, percentile } from './math.ts';

/** The nearest labelled rows to one vector: row numbers and cosines (0 to 1), nearest first. */
export interface Nearest {
  readonly row: number;
  readonly similarity: number;
}

/** Entries of posting lists read for one vector at most; common features come last, and what is left is settled by exact cosines. */
const BUDGET = 60_000;
const CANDIDATES = 48;
/** Weight of a feature that every row has, so that rows without anything else are alike. */
const COMMON = 0.3;
/** The stored weight that stands for 1. */
const FULL_WEIGHT = 255;
/** Rows that are turned into lists in one step of reading. */
const ROWS_PER_STEP = 2_000;
/** Entries of them that are counted in one. */
const IDS_PER_STEP = 500_000;
const UNFIT = 'the index of rows does not fit';

/**
 * Finds the labelled rows nearest to a vector by their cosine, with an inverted index. One in four character runs is used, by hash. A value never seen in training counts in the length of
 * the vector and matches nothing, so it makes the alert less similar.
 */
export class NearestIndex {
  readonly #space: FeatureSpace;
  readonly #start: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #weights: Uint8Array;
  readonly #used: Uint8Array;
  readonly #lengths: Float64Array;
  readonly #postingStart: Uint32Array;
  readonly #postings: Uint32Array;
  readonly #postingWeights: Float32Array;
  readonly #dots: Float64Array;
  readonly #query: Float64Array;
  readonly #touched: number[] = [];

  private constructor(space: FeatureSpace, { start, ids, weights }: StoredRows, used: Uint8Array, inverted: Inverted) {
    this.#space = space;
    this.#start = start;
    this.#ids = ids;
    this.#weights = weights;
    this.#used = used;
    this.#lengths = inverted.lengths;
    this.#dots = new Float64Array(start.length - 1);
    this.#query = new Float64Array(space.size);
    this.#postingStart = inverted.postingStart;
    this.#postings = inverted.postings;
    this.#postingWeights = inverted.postingWeights;
  }

  static *#of(space: FeatureSpace, rows: StoredRows): Steps<NearestIndex> {
    const inverted = yield* invertInSteps(rows, space.size);
    return new NearestIndex(space, rows, usedFeatures(space), inverted);
  }

  /** Builds the index of `rows` vectors; `vector(r)` gives the one of row r (it may reuse its buffer). */
  static build(space: FeatureSpace, rows: number, vector: (row: number) => SparseRow): NearestIndex {
    const used = usedFeatures(space);
    const start = new Uint32Array(rows + 1);
    const ids: number[] = [];
    const weights: number[] = [];
    for (let r = 0; r < rows; r++) {
      const row = vector(r);
      for (let i = 0; i < row.length; i++) {
        const id = row.ids[i]!;
        if (!used[id] || row.weights[i]! <= 0) continue;
        ids.push(id);
        weights.push(Math.max(1, Math.floor(Math.min(1, row.weights[i]!) * FULL_WEIGHT + 0.5)));
      }
      start[r + 1] = ids.length;
    }
    return finished(NearestIndex.#of(space, { start, ids: Uint32Array.from(ids), weights: Uint8Array.from(weights) }));
  }

  /**
   * The up to `count` nearest rows.
   * @param skip tells which rows do not count (the row itself, its fold); none when left out.
   */
  nearest(vector: SparseRow, count: number, skip?: (row: number) => boolean): Nearest[] {
    const query = this.#query;
    const touched = this.#touched;
    let squares = COMMON * COMMON;
    touched.length = 0;
    for (let i = 0; i < vector.length; i++) {
      const id = vector.ids[i]!;
      const rare = id < this.#space.plans.length;
      if (rare && i > 0 && this.#space.blocks[vector.ids[i - 1]!]! === id * BLOCKS_PER_POINT + VALUE && vector.ids[i - 1]! !== id)
        continue;
      const weight = rare ? 1 : this.#used[id] ? Math.min(1, vector.weights[i]!) : 0;
      squares += weight * weight;
      if (rare || weight <= 0) continue;
      query[id] = weight;
      touched.push(id);
    }
    const length = Math.sqrt(squares);
    const dots = this.#dots;
    dots.fill(0);
    const size = (id: number) => this.#postingStart[id + 1]! - this.#postingStart[id]!;
    touched.sort((a, b) => size(a) - size(b) || a - b);
    let read = 0;
    let exact = true;
    for (const id of touched) {
      read += size(id);
      if (read > BUDGET) {
        exact = false;
        break;
      }
      const weight = query[id]!;
      for (let at = this.#postingStart[id]!; at < this.#postingStart[id + 1]!; at++) {
        const row = this.#postings[at]!;
        dots[row] = dots[row]! + weight * this.#postingWeights[at]!;
      }
    }
    const best = this.#top(exact ? count : Math.max(count, CANDIDATES), length, skip);
    const found = exact ? best : best.map(({ row }) => ({ row, similarity: this.#cosine(row, length) }));
    if (!exact) found.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
    for (const id of touched) query[id] = 0;
    return found.slice(0, count);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.#start.length - 1);
    for (let r = 0; r + 1 < this.#start.length; r++) writer.varint(this.#start[r + 1]! - this.#start[r]!);
    writer.varints(this.#ids);
    writer.u8s(this.#weights);
  }

  static read(reader: ByteReader, space: FeatureSpace): NearestIndex {
    return finished(NearestIndex.readInSteps(reader, space));
  }

  /** `read` in steps. */
  static *readInSteps(reader: ByteReader, space: FeatureSpace): Steps<NearestIndex> {
    const rows = reader.varint();
    const start = new Uint32Array(rows + 1);
    for (let r = 0; r < rows; r++) start[r + 1] = start[r]! + reader.varint();
    yield;
    const ids = yield* reader.varintsInSteps();
    yield;
    const weights = reader.u8s();
    if (start[rows] !== ids.length || ids.length !== weights.length) throw new RangeError(UNFIT);
    return yield* NearestIndex.#of(space, { start, ids, weights });
  }

  #weightAt(at: number): number {
    return this.#weights[at]! / FULL_WEIGHT;
  }

  #cosine(row: number, length: number): number {
    let dot = COMMON * COMMON;
    for (let at = this.#start[row]!; at < this.#start[row + 1]!; at++) dot += this.#weightAt(at) * this.#query[this.#ids[at]!]!;
    return Math.min(1, dot / (length * this.#lengths[row]!));
  }

  #top(count: number, length: number, skip: ((row: number) => boolean) | undefined): Nearest[] {
    const best: { row: number; similarity: number }[] = [];
    for (let r = 0; r < this.#lengths.length; r++) {
      const similarity = Math.min(1, (this.#dots[r]! + COMMON * COMMON) / (length * this.#lengths[r]!));
      if (best.length === count && similarity <= best[count - 1]!.similarity) continue;
      if (skip?.(r)) continue;
      let at = best.length;
      while (at > 0 && best[at - 1]!.similarity < similarity) at--;
      best.splice(at, 0, { row: r, similarity });
      if (best.length > count) best.pop();
    }
    return best;
  }
}

/** The features of row r are `ids[start[r] … start[r + 1]]`, with their weights. */
interface StoredRows {
  readonly start: Uint32Array;
  readonly ids: Uint32Array;
  readonly weights: Uint8Array;
}

/** The rows of each feature with its weight there, and the length of each row. */
interface Inverted {
  readonly postingStart: Uint32Array;
  readonly postings: Uint32Array;
  readonly postingWeights: Float32Array;
  readonly lengths: Float64Array;
}

/** @throws RangeError for a feature that there is not. */
function* invertInSteps({ start, ids, weights }: StoredRows, features: number): Steps<Inverted> {
  const rows = start.length - 1;
  const lengths = new Float64Array(rows);
  const postingStart = new Uint32Array(features + 1);
  for (let at = 0; at < ids.length; at++) {
    if (at % IDS_PER_STEP === IDS_PER_STEP - 1) yield;
    const id = ids[at]!;
    if (id >= features) throw new RangeError(UNFIT);
    postingStart[id + 1]!++;
  }
  yield;
  for (let id = 0; id < features; id++) postingStart[id + 1]! += postingStart[id]!;
  const postings = new Uint32Array(ids.length);
  const postingWeights = new Float32Array(ids.length);
  const next = postingStart.slice();
  for (let r = 0; r < rows; r++) {
    if (r % ROWS_PER_STEP === 0) yield;
    let squares = COMMON * COMMON;
    for (let at = start[r]!; at < start[r + 1]!; at++) {
      const weight = weights[at]! / FULL_WEIGHT;
      squares += weight * weight;
      const slot = next[ids[at]!]!++;
      postings[slot] = r;
      postingWeights[slot] = weight;
    }
    lengths[r] = Math.sqrt(squares);
  }
  return { postingStart, postings, postingWeights, lengths };
}

/** Which features count for closeness: all but the "rare" marks and three of four character runs, by hash. */
function usedFeatures(space: FeatureSpace): Uint8Array {
  const used = new Uint8Array(space.size);
  for (let id = space.plans.length; id < space.size; id++) {
    used[id] = space.blocks[id]! % BLOCKS_PER_POINT === RUNS && (finish(space.hashes[id]!) & 3) !== 0 ? 0 : 1;
  }
  return used;
}

/**
 * How unlike the labelled rows an alert is, 0 to 1: the percentiles of its distance and of its entropy among those of rows that the learners had
 * not seen, joined by Fisher's method (1925), so that one extreme percentile is enough. Evenly spread over ordinary alerts if the two are
 * independent.
 * @param distances of ordinary rows, upwards.
 * @param entropies of ordinary rows, upwards.
 */
export function outlierScore(distances: Float64Array, entropies: Float64Array, distance: number, entropy: number): number {
  const t = surprise(distances, distance) + surprise(entropies, entropy);
  return 1 - (1 + t) * exp(-t);
}

/** −log of the share of ordinary values that are higher, never quite 0. */
function surprise(sorted: Float64Array, value: number): number {
  return -log(1 - (percentile(sorted, value) * sorted.length) / (sorted.length + 1));
}
