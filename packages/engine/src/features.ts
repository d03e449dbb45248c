import type { ByteReader, ByteWriter } from './bytes.ts';
import { Growing, HashIndex, RawSink } from './feature-sink.ts';
import { finish, hashString, log, mix } from './math.ts';
import { elements, type PointPlan, planPoint, toNumber } from './point-types.ts';
import { characterRuns, ipTokens, textShape, words } from './tokens.ts';
import type { PointType, PointValue, PointValues } from './types.ts';

/**
 * Features without configuration: decision-point values become sparse vectors of hashed features (the hashing trick: Weinberger et al.
 * 2009), in *blocks*. A block is one decision point's values, words, character runs, or measures; each of the first three has length
 * 1 whatever it holds, so that a stuffed field weighs no more than any other.
 */

/** Kinds of block, four for each decision point. */
export const VALUE = 0;
export const WORDS = 1;
export const RUNS = 2;
export const MEASURES = 3;
export const BLOCKS_PER_POINT = 4;

const MAX_ELEMENTS = 256;
const MAX_FEATURES = 1 << 18;
const RARE = 'rare';
const MISSING = 'missing';
const POINT_TYPES: readonly PointType[] = ['category', 'text', 'number', 'boolean', 'ip', 'time', 'set'];

/** One vector: `ids[i]` has `weights[i]`, for i below `length`. Made to be filled again and again. */
export interface SparseRow {
  ids: Int32Array;
  weights: Float64Array;
  length: number;
}

/** Rows of features before it is known which of them count: `start[r] … start[r + 1]` are the entries of row r. */
export interface RawRows {
  readonly start: Int32Array;
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/** In how many rows each feature occurs, which decides what a row's vector holds. */
export type DocumentFrequency = Uint32Array;

/** An empty vector with room to grow. */
export function sparseRow(): SparseRow {
  return { ids: new Int32Array(256), weights: new Float64Array(256), length: 0 };
}

/** What turns decision-point values into vectors: the plans of the points (sorted by path) and the features known from training. */
export class FeatureSpace {
  readonly plans: readonly PointPlan[];
  /** Hash of each feature, in the order of first sight. */
  readonly hashes: Uint32Array;
  /** Block of each feature: point × 4 + kind. */
  readonly blocks: Uint32Array;
  /** Rows of the whole training set with each feature. */
  readonly frequency: DocumentFrequency;
  readonly rows: number;
  readonly #ids: HashIndex;
  readonly #seeds: Uint32Array;
  readonly #rare: Int32Array;
  readonly #raw = new RawSink();

  constructor(plans: readonly PointPlan[], hashes: Uint32Array, blocks: Uint32Array, frequency: DocumentFrequency, rows: number) {
    this.plans = plans;
    this.hashes = hashes;
    this.blocks = blocks;
    this.frequency = frequency;
    this.rows = rows;
    this.#ids = HashIndex.of(hashes);
    this.#seeds = blockSeeds(plans);
    this.#rare = Int32Array.from(plans, (_, p) => this.#ids.get(rareHash(this.#seeds, p)));
  }

  /** Number of features. */
  get size(): number {
    return this.hashes.length;
  }

  /** Writes the vector of one list of values (in the order of the plans) to `out`. */
  vector(values: PointValues, out: SparseRow): void {
    const raw = this.#raw;
    raw.clear();
    emitRow(this.plans, this.#seeds, values, raw);
    raw.resolve(this.#ids);
    this.assemble(raw.ids, raw.blocks, raw.weights, 0, raw.length, this.frequency, out);
  }

  /** Writes the vector of row `row` to `out`, as it would be if only the rows counted in `frequency` had been seen in training. */
  rowVector(raw: RawRows, row: number, frequency: DocumentFrequency, out: SparseRow): void {
    this.assemble(raw.ids, this.blocks, raw.weights, raw.start[row]!, raw.start[row + 1]!, frequency, out, true);
  }

  /** The point that a feature belongs to, as an index into the plans. */
  pointOf(id: number): number {
    return Math.floor(this.blocks[id]! / BLOCKS_PER_POINT);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.plans.length);
    for (const plan of this.plans) {
      writer.string(plan.path);
      writer.u8(POINT_TYPES.indexOf(plan.type));
      writer.u8((plan.words ? 1 : 0) | (plan.runs ? 2 : 0) | (plan.timeOfDay ? 4 : 0));
      writer.f64s(plan.cuts);
      writer.f64(plan.centre);
      writer.f64(plan.scale);
    }
    writer.u32s(this.hashes);
    writer.varints(this.blocks);
    writer.varints(this.frequency);
    writer.varint(this.rows);
  }

  static read(reader: ByteReader): FeatureSpace {
    const plans: PointPlan[] = [];
    const count = reader.varint();
    for (let p = 0; p < count; p++) {
      const path = reader.string();
      const type = POINT_TYPES[reader.u8()] ?? 'category';
      const flags = reader.u8();
      const cuts = reader.f64s();
      const centre = reader.f64();
      const scale = reader.f64();
      plans.push({ path, type, words: (flags & 1) > 0, runs: (flags & 2) > 0, cuts, centre, scale, timeOfDay: (flags & 4) > 0 });
    }
    return new FeatureSpace(plans, reader.u32s(), reader.varints(), reader.varints(), reader.varint());
  }

  /**
   * Keeps the entries of known features, adds the "rare" feature of a point whose value was seen in at most one row, and scales each
   * block. With `byId` the block of an entry is looked up by its feature.
   */
  assemble(
    ids: Int32Array,
    blocks: Uint32Array,
    weights: Float32Array,
    start: number,
    end: number,
    frequency: DocumentFrequency,
    out: SparseRow,
    byId = false,
  ): void {
    out.length = 0;
    if (out.ids.length < end - start + this.plans.length) grow(out, end - start + this.plans.length);
    let at = start;
    while (at < end) {
      const block = byId ? blocks[ids[at]!]! : blocks[at]!;
      const kind = block % BLOCKS_PER_POINT;
      const first = out.length;
      let squares = 0;
      let rare = false;
      for (; at < end && (byId ? blocks[ids[at]!]! : blocks[at]!) === block; at++) {
        const id = ids[at]!;
        const seen = id < 0 ? 0 : frequency[id]!;
        if (kind === VALUE && seen <= 1 && this.plans[Math.floor(block / BLOCKS_PER_POINT)]!.type !== 'number') rare = true;
        if (seen === 0 || (kind === RUNS && seen < 2)) continue;
        const weight = weights[at]!;
        squares += weight * weight;
        out.ids[out.length] = id;
        out.weights[out.length++] = weight;
      }
      if (kind !== MEASURES && squares > 0) {
        const scale = 1 / Math.sqrt(squares);
        for (let i = first; i < out.length; i++) out.weights[i] = out.weights[i]! * scale;
      }
      const rareId = rare ? this.#rare[Math.floor(block / BLOCKS_PER_POINT)]! : -1;
      if (rareId >= 0) {
        out.ids[out.length] = rareId;
        out.weights[out.length++] = 1;
      }
    }
  }
}

/**
 * Fits a feature space to training rows and gives their raw features. Types, cut points and scales come from these rows alone. When more
 * than 2^18 features occur, the character runs, then words, that occur in fewest rows are dropped.
 * @param order for each sorted point, its position in the rows' values.
 */
export function fitFeatures(
  paths: readonly string[],
  types: readonly (PointType | undefined)[],
  rows: readonly PointValues[],
): { readonly space: FeatureSpace; readonly raw: RawRows } {
  const plans = paths.map((path, p) =>
    planPoint(
      path,
      rows.map((values) => values[p] ?? null),
      types[p],
    ),
  );
  const seeds = blockSeeds(plans);
  const index = new HashIndex(1 << 12);
  const hashes: number[] = [];
  const blocks: number[] = [];
  for (let p = 0; p < plans.length; p++) addFeature(index, hashes, blocks, rareHash(seeds, p), p * BLOCKS_PER_POINT + VALUE);
  const ids = new Growing();
  const weights: number[] = [];
  const start = new Int32Array(rows.length + 1);
  const sink = new RawSink();
  rows.forEach((values, r) => {
    sink.clear();
    emitRow(plans, seeds, values, sink);
    for (let i = 0; i < sink.length; i++) {
      ids.push(addFeature(index, hashes, blocks, sink.hashes[i]!, sink.blocks[i]!));
      weights.push(sink.weights[i]!);
    }
    start[r + 1] = ids.length;
  });
  const raw = { start, ids: ids.finish(), weights: Float32Array.from(weights) };
  return compact(plans, hashes, blocks, raw);
}

/** Counts in how many of the chosen rows each feature occurs. */
export function documentFrequency(raw: RawRows, rows: ArrayLike<number>, size: number): DocumentFrequency {
  const frequency = new Uint32Array(size);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    for (let at = raw.start[row]!; at < raw.start[row + 1]!; at++) frequency[raw.ids[at]!]!++;
  }
  return frequency;
}

function addFeature(index: HashIndex, hashes: number[], blocks: number[], hash: number, block: number): number {
  const known = index.get(hash);
  if (known >= 0) return known;
  index.set(hash, hashes.length);
  hashes.push(hash);
  blocks.push(block);
  return hashes.length - 1;
}

/** Drops what cannot count (numbers and character runs seen once) or is too much, and numbers the rest anew. */
function compact(
  plans: readonly PointPlan[],
  hashes: number[],
  blocks: number[],
  raw: RawRows,
): { space: FeatureSpace; raw: RawRows } {
  const rows = raw.start.length - 1;
  const all = Int32Array.from({ length: rows }, (_, r) => r);
  const frequency = documentFrequency(raw, all, hashes.length);
  const once = (id: number) => {
    const kind = blocks[id]! % BLOCKS_PER_POINT;
    return kind === RUNS || (kind === VALUE && plans[Math.floor(blocks[id]! / BLOCKS_PER_POINT)]!.type === 'number');
  };
  let kept = hashes.map((_, id) => id).filter((id) => id < plans.length || frequency[id]! > 1 || !once(id));
  if (kept.length > MAX_FEATURES) {
    const worth = (id: number) => {
      const kind = blocks[id]! % BLOCKS_PER_POINT;
      return (kind === RUNS ? 0 : kind === WORDS ? 1 : 2) * 4294967296 + frequency[id]!;
    };
    kept = kept
      .sort((a, b) => Number(b < plans.length) - Number(a < plans.length) || worth(b) - worth(a) || a - b)
      .slice(0, MAX_FEATURES)
      .sort((a, b) => a - b);
  }
  const renamed = new Int32Array(hashes.length).fill(-1);
  kept.forEach((id, i) => {
    renamed[id] = i;
  });
  const start = new Int32Array(rows + 1);
  const ids = new Int32Array(raw.ids.length);
  const weights = new Float32Array(raw.ids.length);
  let length = 0;
  for (let r = 0; r < rows; r++) {
    for (let at = raw.start[r]!; at < raw.start[r + 1]!; at++) {
      const id = renamed[raw.ids[at]!]!;
      if (id < 0) continue;
      ids[length] = id;
      weights[length++] = raw.weights[at]!;
    }
    start[r + 1] = length;
  }
  const space = new FeatureSpace(
    plans,
    Uint32Array.from(kept, (id) => hashes[id]!),
    Uint32Array.from(kept, (id) => blocks[id]!),
    Uint32Array.from(kept, (id) => frequency[id]!),
    rows,
  );
  return { space, raw: { start, ids: ids.slice(0, length), weights: weights.slice(0, length) } };
}

function emitRow(plans: readonly PointPlan[], seeds: Uint32Array, values: PointValues, sink: RawSink): void {
  for (let p = 0; p < plans.length; p++) emitPoint(plans[p]!, p, seeds, values[p] ?? null, sink);
}

function emitPoint(plan: PointPlan, point: number, seeds: Uint32Array, value: PointValue, sink: RawSink): void {
  const held = elements(value).slice(0, MAX_ELEMENTS);
  const block = point * BLOCKS_PER_POINT;
  const add = (kind: number, token: string, weight = 1) =>
    sink.add(hashString(token, seeds[block + kind]!), block + kind, weight);
  if (held.length === 0) add(VALUE, MISSING);
  if (plan.type === 'time') {
    if (held.length > 0) emitTime(plan, held[0]!, add);
    return;
  }
  for (const element of held)
    add(VALUE, `${typeof element === 'string' ? 's' : typeof element === 'number' ? 'n' : 'b'}:${element}`);
  sink.mergeFrom(block + VALUE);
  if (plan.type === 'ip')
    for (const element of held) for (const token of ipTokens(String(element)) ?? ['none']) add(WORDS, token);
  if (plan.words) for (const element of held) emitWords(String(element), add);
  sink.mergeFrom(block + WORDS);
  if (plan.runs) {
    const seed = seeds[block + RUNS]!;
    for (const element of held.slice(0, 16))
      characterRuns(String(element), (hash) => sink.add(finish(mix(seed, hash)), block + RUNS, 1));
    sink.mergeFrom(block + RUNS);
    sink.dampenFrom(block + RUNS);
  }
  if (plan.cuts.length > 0) emitNumbers(plan, held, add);
  if (plan.runs && held.length > 0) emitShape(String(held[0]), add);
  if (plan.type === 'set') add(MEASURES, `count:${Math.min(20, held.length)}`, 0.5);
}

function emitWords(text: string, add: (kind: number, token: string) => void): void {
  const found = words(text);
  for (let i = 0; i < found.length; i++) {
    add(WORDS, found[i]!);
    if (i > 0) add(WORDS, `${found[i - 1]} ${found[i]}`);
  }
}

/** Soft quantile bins of the mean of the numbers, and its distance from the median in robust units, squashed to −1 … 1. */
function emitNumbers(
  plan: PointPlan,
  held: readonly PointValue[],
  add: (kind: number, token: string, weight: number) => void,
): void {
  const numbers = held.map((element) => toNumber(element as number)).filter((number) => !Number.isNaN(number));
  if (numbers.length === 0) return;
  const x = numbers.reduce((sum, number) => sum + number / numbers.length, 0);
  const cuts = plan.cuts;
  let bin = 0;
  while (bin < cuts.length && x >= cuts[bin]!) bin++;
  add(MEASURES, `bin:${bin}`, 1);
  for (let i = 0; i < cuts.length; i++) if (i < bin) add(MEASURES, `from:${i}`, 0.3);
  const distance = (x - plan.centre) / plan.scale;
  const squashed = distance / (1 + Math.abs(distance));
  add(MEASURES, squashed < 0 ? 'less' : 'more', Math.abs(squashed));
}

function emitShape(text: string, add: (kind: number, token: string, weight: number) => void): void {
  const shape = textShape(text);
  const weight = 0.4;
  const share = (count: number) =>
    shape.length === 0 || count === 0 ? 0 : 1 + Math.min(4, Math.floor((5 * count) / shape.length));
  add(MEASURES, `length:${Math.floor(2 * log(1 + shape.length))}`, weight);
  add(MEASURES, `digits:${share(shape.digits)}`, weight);
  add(MEASURES, `upper:${share(shape.upper)}`, weight);
  add(MEASURES, `spaces:${Math.min(5, shape.spaces)}`, weight);
  add(MEASURES, `punctuation:${Math.min(9, shape.punctuation)}`, weight);
  add(MEASURES, `other:${share(shape.other)}`, weight);
  add(MEASURES, `pattern:${shape.pattern}`, weight);
}

/** Hour and weekday (UTC) of an ISO time or a count of seconds, milliseconds or microseconds since 1970, if a person asked for them. */
function emitTime(
  plan: PointPlan,
  element: string | number | boolean,
  add: (kind: number, token: string, weight?: number) => void,
): void {
  if (!plan.timeOfDay) {
    add(VALUE, 'present');
    return;
  }
  let seconds = typeof element === 'string' ? isoSeconds(element) : toNumber(element);
  while (Math.abs(seconds) > 1e11) seconds /= 1000;
  if (Number.isNaN(seconds)) {
    add(VALUE, 'unreadable');
    return;
  }
  add(VALUE, 'present');
  add(MEASURES, `hour:${Math.floor((((seconds % 86400) + 86400) % 86400) / 3600)}`, 1);
  add(MEASURES, `day:${(((Math.floor(seconds / 86400) + 4) % 7) + 7) % 7}`, 1);
}

/** Seconds since 1970 of an ISO 8601 time, read as UTC where it names no zone; NaN where it is none. */
function isoSeconds(text: string): number {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || text.length <= 10 ? text : `${text}Z`;
  return Date.parse(zoned.replace(' ', 'T')) / 1000;
}

function blockSeeds(plans: readonly PointPlan[]): Uint32Array {
  const seeds = new Uint32Array(plans.length * BLOCKS_PER_POINT);
  plans.forEach((plan, p) => {
    for (let kind = 0; kind < BLOCKS_PER_POINT; kind++)
      seeds[p * BLOCKS_PER_POINT + kind] = hashString(plan.path, 0x7f4a7c15 + kind);
  });
  return seeds;
}

function rareHash(seeds: Uint32Array, point: number): number {
  return hashString(RARE, seeds[point * BLOCKS_PER_POINT + VALUE]!);
}

function grow(row: SparseRow, room: number): void {
  row.ids = new Int32Array(room * 2);
  row.weights = new Float64Array(room * 2);
}
