import type { ByteReader, ByteWriter } from '../bytes.ts';
import { BLOCKS_PER_POINT, type FeatureSpace, MEASURES, type SparseRow, VALUE } from '../features.ts';
import { finish, log } from '../math.ts';
import { classPrior, type TrainingSet } from './learner.ts';

const MAX_PRESENCE = 160;
const MAX_CUTS = 63;
const ENCODING_FOLDS = 4;
/** Votes of the class shares that a value's own votes are mixed with. */
const ENCODING_PRIOR = 1;

/**
 * How trees see a row: a few hundred columns of small whole numbers (bins).
 *
 * First the measures (numbers, looks of texts), then for each point with categories the class shares of its value among the labelled
 * rows (target statistics: Micci-Barreca 2001; a training row's own come from three other quarters of the rows, so that it does not see its own label), then
 * the presence of the features that tell most about the class (mutual information). Bin 0 is "missing" or "absent".
 */
export class TreeView {
  readonly columns: number;
  /** Number of bins of each column. */
  readonly sizes: Uint8Array;
  /** For each measured column, its cut points. */
  readonly #cuts: readonly Float64Array[];
  readonly #measures: number;
  /** Points with class shares, ascending. */
  readonly #encoded: Uint32Array;
  readonly #slotOfPoint: Int32Array;
  /** Row of `shares` for a feature, by id; 0 is "unknown". */
  readonly #shareOf: Uint32Array;
  /** Log class shares less log prior. */
  readonly #shares: Float32Array;
  readonly #shareIds: Uint32Array;
  readonly #presence: Uint32Array;
  readonly #presenceOf: Int32Array;
  readonly #space: FeatureSpace;
  readonly #classes: number;
  readonly #encodings: Float64Array;

  private constructor(
    space: FeatureSpace,
    classes: number,
    measures: number,
    cuts: readonly Float64Array[],
    encoded: Uint32Array,
    shareIds: Uint32Array,
    shares: Float32Array,
    presence: Uint32Array,
  ) {
    this.#space = space;
    this.#classes = classes;
    this.#measures = measures;
    this.#cuts = cuts;
    this.#encoded = encoded;
    this.#slotOfPoint = new Int32Array(space.plans.length).fill(-1);
    encoded.forEach((point, slot) => {
      this.#slotOfPoint[point] = slot;
    });
    this.#shareOf = new Uint32Array(space.size);
    shareIds.forEach((id, i) => {
      this.#shareOf[id] = i + 1;
    });
    this.#shareIds = shareIds;
    this.#shares = shares;
    this.#presence = presence;
    this.#presenceOf = new Int32Array(space.size).fill(-1);
    presence.forEach((id, i) => {
      this.#presenceOf[id] = i;
    });
    this.columns = measures + encoded.length * classes + presence.length;
    this.#encodings = new Float64Array(encoded.length * classes);
    this.sizes = Uint8Array.from({ length: this.columns }, (_, c) => (cuts[c]?.length ?? 0) + 2);
  }

  /** Fits the view to training rows and gives their bins, row-major. */
  static fit(space: FeatureSpace, set: TrainingSet): { view: TreeView; bins: Uint8Array } {
    const { classes } = set;
    const encoded = Uint32Array.from(
      space.plans.map((_, p) => p).filter((p) => space.plans[p]!.type !== 'number' && space.plans[p]!.type !== 'time'),
    );
    const prior = classPrior(set);
    const statistics = valueStatistics(space, set, encoded);
    const shares = logShares(statistics.total, statistics.ids.length, prior, classes, undefined);
    const view0 = new TreeView(
      space,
      classes,
      set.denseWidth,
      [],
      encoded,
      statistics.ids,
      shares,
      informative(space, set, prior),
    );
    const width = view0.#measures + encoded.length * classes;
    const values = new Float64Array(set.rows * width);
    const folds = statistics.folds.map((fold) => logShares(statistics.total, statistics.ids.length, prior, classes, fold));
    const row: SparseRow = { ids: new Int32Array(0), weights: new Float64Array(0), length: 0 };
    for (let r = 0; r < set.rows; r++) {
      values.set(set.dense.subarray(r * set.denseWidth, (r + 1) * set.denseWidth), r * width);
      row.ids = set.ids.subarray(set.start[r]!, set.start[r + 1]!);
      row.length = row.ids.length;
      view0.#encode(row, folds[foldOf(r)]!);
      values.set(view0.#encodings, r * width + set.denseWidth);
    }
    const cuts = Array.from({ length: width }, (_, column) => columnCuts(values, column, width, set.rows));
    const view = new TreeView(space, classes, set.denseWidth, cuts, encoded, statistics.ids, shares, view0.#presence);
    const bins = new Uint8Array(set.rows * view.columns);
    for (let r = 0; r < set.rows; r++) {
      for (let c = 0; c < width; c++) bins[r * view.columns + c] = binOf(cuts[c]!, values[r * width + c]!);
      for (let at = set.start[r]!; at < set.start[r + 1]!; at++) {
        const column = view.#presenceOf[set.ids[at]!]!;
        if (column >= 0) bins[r * view.columns + width + column] = 1;
      }
    }
    return { view, bins };
  }

  /** Writes the bins of a row that was not trained on. */
  bin(sparse: SparseRow, dense: Float64Array, out: Uint8Array): void {
    this.#encode(sparse, this.#shares);
    const width = this.#measures + this.#encodings.length;
    for (let c = 0; c < this.#measures; c++) out[c] = binOf(this.#cuts[c]!, dense[c]!);
    for (let c = 0; c < this.#encodings.length; c++)
      out[this.#measures + c] = binOf(this.#cuts[this.#measures + c]!, this.#encodings[c]!);
    out.fill(0, width);
    for (let i = 0; i < sparse.length; i++) {
      const column = this.#presenceOf[sparse.ids[i]!]!;
      if (column >= 0) out[width + column] = 1;
    }
  }

  write(writer: ByteWriter): void {
    writer.varint(this.#measures);
    writer.varint(this.#cuts.length);
    for (const cuts of this.#cuts) writer.f64s(cuts);
    writer.varints(this.#encoded);
    writer.varints(this.#shareIds);
    writer.f32s(this.#shares);
    writer.varints(this.#presence);
  }

  static read(reader: ByteReader, space: FeatureSpace, classes: number): TreeView {
    const measures = reader.varint();
    const cuts = Array.from({ length: reader.varint() }, () => reader.f64s());
    const encoded = reader.varints();
    const shareIds = reader.varints();
    const shares = reader.f32s();
    const presence = reader.varints();
    const sound =
      cuts.length === measures + encoded.length * classes &&
      shares.length === (shareIds.length + 1) * classes &&
      encoded.every((point) => point < space.plans.length) &&
      [shareIds, presence].every((ids) => ids.every((id) => id < space.size));
    if (!sound) throw new RangeError('the columns of the trees do not fit the features');
    return new TreeView(space, classes, measures, cuts, encoded, shareIds, shares, presence);
  }

  /** Mean log class shares of the values of each encoded point; NaN where the row has nothing of the point. */
  #encode(row: SparseRow, shares: Float32Array): void {
    const k = this.#classes;
    const out = this.#encodings;
    out.fill(Number.NaN);
    let current = -1;
    let count = 0;
    const close = () => {
      if (current >= 0 && count > 1) for (let c = 0; c < k; c++) out[current * k + c] = out[current * k + c]! / count;
    };
    for (let i = 0; i < row.length; i++) {
      const id = row.ids[i]!;
      const block = this.#space.blocks[id]!;
      if (block % BLOCKS_PER_POINT !== VALUE) continue;
      const slot = this.#slotOfPoint[Math.floor(block / BLOCKS_PER_POINT)]!;
      if (slot < 0) continue;
      if (slot !== current) {
        close();
        current = slot;
        count = 0;
        for (let c = 0; c < k; c++) out[slot * k + c] = 0;
      }
      if (id < this.#space.plans.length && count > 0) continue;
      const from = this.#shareOf[id]! * k;
      for (let c = 0; c < k; c++) out[slot * k + c] = out[slot * k + c]! + shares[from + c]!;
      count++;
    }
    close();
  }
}

/** Votes of each class for each value feature: in all, and in each fold of the encoding. */
function valueStatistics(
  space: FeatureSpace,
  set: TrainingSet,
  encoded: Uint32Array,
): { ids: Uint32Array; total: Float64Array; folds: Float64Array[] } {
  const k = set.classes;
  const wanted = new Uint8Array(space.plans.length);
  for (const point of encoded) wanted[point] = 1;
  const slots = new Int32Array(space.size).fill(-1);
  const ids: number[] = [];
  for (const id of set.ids) {
    const block = space.blocks[id]!;
    if (block % BLOCKS_PER_POINT !== VALUE || !wanted[Math.floor(block / BLOCKS_PER_POINT)] || slots[id]! >= 0) continue;
    slots[id] = ids.length;
    ids.push(id);
  }
  const total = new Float64Array(ids.length * k);
  const folds = Array.from({ length: ENCODING_FOLDS }, () => new Float64Array(ids.length * k));
  for (let r = 0; r < set.rows; r++) {
    const fold = folds[foldOf(r)]!;
    for (let at = set.start[r]!; at < set.start[r + 1]!; at++) {
      const slot = slots[set.ids[at]!]!;
      if (slot < 0) continue;
      for (let c = 0; c < k; c++) {
        const share = set.targets[r * k + c]! * Math.min(1, set.importance[r]!);
        total[slot * k + c] = total[slot * k + c]! + share;
        fold[slot * k + c] = fold[slot * k + c]! + share;
      }
    }
  }
  return { ids: Uint32Array.from(ids), total, folds };
}

/** Log class shares less log prior for "unknown" and each value, leaving out the votes of `without`. */
function logShares(
  total: Float64Array,
  count: number,
  prior: Float64Array,
  k: number,
  without: Float64Array | undefined,
): Float32Array {
  const shares = new Float32Array((count + 1) * k);
  for (let i = 0; i < count; i++) {
    let sum = ENCODING_PRIOR;
    for (let c = 0; c < k; c++) sum += total[i * k + c]! - (without?.[i * k + c] ?? 0);
    for (let c = 0; c < k; c++) {
      const votes = Math.max(0, total[i * k + c]! - (without?.[i * k + c] ?? 0));
      shares[(i + 1) * k + c] = log((votes + ENCODING_PRIOR * prior[c]!) / (sum * prior[c]!));
    }
  }
  return shares;
}

/** The features in at least three rows that tell most about the class, ascending by id. */
function informative(space: FeatureSpace, set: TrainingSet, prior: Float64Array): Uint32Array {
  const k = set.classes;
  const votes = new Float64Array(space.size * k);
  const rows = new Uint32Array(space.size);
  let all = 0;
  for (let r = 0; r < set.rows; r++) {
    all += set.importance[r]!;
    for (let at = set.start[r]!; at < set.start[r + 1]!; at++) {
      const id = set.ids[at]!;
      rows[id]!++;
      for (let c = 0; c < k; c++) votes[id * k + c] = votes[id * k + c]! + set.targets[r * k + c]! * set.importance[r]!;
    }
  }
  const scored: { id: number; gain: number }[] = [];
  for (let id = 0; id < space.size; id++) {
    const block = space.blocks[id]!;
    if (rows[id]! < 3 || rows[id]! > set.rows - 3 || isOrderedMeasure(space, block)) continue;
    scored.push({ id, gain: information(votes, id * k, k, prior, all) });
  }
  scored.sort((a, b) => b.gain - a.gain || a.id - b.id);
  return Uint32Array.from(scored.slice(0, MAX_PRESENCE), ({ id }) => id).sort();
}

/** Measures of numbers and texts are columns already. */
function isOrderedMeasure(space: FeatureSpace, block: number): boolean {
  return block % BLOCKS_PER_POINT === MEASURES && space.plans[Math.floor(block / BLOCKS_PER_POINT)]!.cuts.length > 0;
}

/** Mutual information between the presence of a feature and the class, from votes with it, the class shares and all votes. */
function information(votes: Float64Array, offset: number, k: number, prior: Float64Array, all: number): number {
  let present = 0;
  for (let c = 0; c < k; c++) present += votes[offset + c]!;
  let sum = 0;
  for (let c = 0; c < k; c++) {
    const yes = votes[offset + c]!;
    const no = Math.max(0, prior[c]! * all - yes);
    if (yes > 0) sum += yes * log(yes / (present * prior[c]!));
    if (no > 0 && all > present) sum += no * log(no / ((all - present) * prior[c]!));
  }
  return sum / all;
}

/** The quarter of the rows that a training row belongs to, for class shares. */
function foldOf(row: number): number {
  return finish(row + 0x2545f491) & (ENCODING_FOLDS - 1);
}

/** Up to 63 cut points halfway between distinct values, at equal shares of the rows. */
function columnCuts(values: Float64Array, column: number, width: number, rows: number): Float64Array {
  const present = new Float64Array(rows);
  let count = 0;
  for (let r = 0; r < rows; r++) {
    const value = values[r * width + column]!;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  const sorted = present.subarray(0, count).sort();
  const cuts: number[] = [];
  let distinct = 0;
  for (let i = 1; i < count; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  let last = -1;
  for (let i = 1; i < count; i++) {
    if (sorted[i] === sorted[i - 1]) continue;
    const rank = distinct <= MAX_CUTS ? i : Math.floor((i * (MAX_CUTS + 1)) / count);
    if (rank === last || cuts.length === MAX_CUTS) continue;
    last = rank;
    const middle = sorted[i - 1]! + (sorted[i]! - sorted[i - 1]!) / 2;
    cuts.push(middle > sorted[i - 1]! ? middle : sorted[i]!);
  }
  return Float64Array.from(cuts);
}

/** 0 for NaN, else 1 + the number of cuts at or below the value. */
function binOf(cuts: Float64Array, value: number): number {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cuts[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}
