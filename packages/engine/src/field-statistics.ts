/** What the fields of the alerts seen hold, counted as they come, in bounded memory. */
import { hash } from 'node:crypto';
import { listFields } from './fields.ts';
import { hashString } from './math.ts';
import { type CompiledPath, compilePath } from './point-path.ts';
import type { PointValue, Scalar } from './types.ts';

/** Rows kept to compare fields with one another. */
const SAMPLE_ROWS = 1_024;
const SAMPLE_SEED = 0x2545f491;
/** Values in memory over all fields, and the characters of them. */
const MAX_VALUES = 40_000;
const MAX_CHARACTERS = 6_000_000;
const MAX_LABELS = 64;
/** Longer texts and sets are kept shortened (and told apart by a hash of the whole). */
const MAX_KEPT_TEXT = 512;
const MAX_KEPT_ELEMENTS = 32;

export interface FieldStatisticsOptions {
  /** Most fields followed, the first ones seen; 500 by default. */
  readonly maxFields?: number;
  /** Most distinct values counted for each field, and as many again that came with a label; 1,000 by default. */
  readonly maxDistinct?: number;
}

/** Rows that hold one value. */
export interface ValueCount {
  readonly value: PointValue;
  count: number;
  /** Rows with each label, by the label's number; holes are 0. */
  readonly labels: number[];
}

/** One field over all alerts so far. */
export interface FieldCounts {
  readonly path: string;
  /** Alerts that have it, and those of them with each label. */
  seen: number;
  readonly labels: number[];
  readonly values: Map<string, ValueCount>;
  /** Rows with values beyond the limit; `count` is 0 until then. */
  readonly other: ValueCount;
  /** Rows up to the first value beyond the limit, and distinct values among them: what is known of how values repeat. */
  exactRows: number;
  exactDistinct: number;
  /** A hash of the value in each sampled row; 0 = missing. */
  readonly sample: Uint32Array;
}

export class FieldCounter {
  readonly fields = new Map<string, FieldCounts>();
  readonly labels = new Map<string, number>();
  /** Labelled alerts by the label's number. */
  readonly labelRows: number[] = [];
  events = 0;
  /** Rows in the sample. */
  sampled = 0;
  /** Whether alerts had more fields than are followed. */
  truncated = false;
  readonly #maxFields: number;
  readonly #maxDistinct: number;
  readonly #paths = new Map<string, CompiledPath>();
  #stride = 1;
  #values = 0;
  #characters = 0;

  constructor(options: FieldStatisticsOptions = {}) {
    this.#maxFields = options.maxFields ?? 500;
    this.#maxDistinct = options.maxDistinct ?? 1_000;
  }

  /** Counts one alert (parsed JSON). A label beyond the 64th is counted as none. */
  add(alert: unknown, label?: string): void {
    const number = label === undefined ? -1 : this.#labelNumber(label);
    if (number >= 0) this.labelRows[number] = (this.labelRows[number] ?? 0) + 1;
    const slot = this.events % this.#stride === 0 ? this.#nextSlot() : -1;
    this.events++;
    for (const { path, value } of listFields(alert, { compile: (p) => this.#paths.get(p) ?? compilePath(p) })) {
      const field = this.fields.get(path) ?? this.#newField(path);
      if (field !== undefined) this.#count(field, value, number, slot);
    }
  }

  #labelNumber(label: string): number {
    const known = this.labels.get(label);
    if (known !== undefined) return known;
    if (this.labels.size >= MAX_LABELS) return -1;
    this.labels.set(label, this.labels.size);
    return this.labels.size - 1;
  }

  #newField(path: string): FieldCounts | undefined {
    if (this.fields.size >= this.#maxFields) {
      this.truncated = true;
      return undefined;
    }
    const field: FieldCounts = {
      path,
      seen: 0,
      labels: [],
      values: new Map(),
      other: { value: null, count: 0, labels: [] },
      exactRows: 0,
      exactDistinct: 0,
      sample: new Uint32Array(SAMPLE_ROWS),
    };
    this.fields.set(path, field);
    this.#paths.set(path, compilePath(path));
    return field;
  }

  #count(field: FieldCounts, value: PointValue, label: number, slot: number): void {
    field.seen++;
    if (label >= 0) field.labels[label] = (field.labels[label] ?? 0) + 1;
    const text = JSON.stringify(value);
    const key = text.length <= MAX_KEPT_TEXT ? text : hash('sha256', text, 'hex');
    if (slot >= 0) field.sample[slot] = hashString(key, SAMPLE_SEED) || 1;
    let cell = field.values.get(key);
    if (cell === undefined) {
      if (this.#hasRoom(field, key, label >= 0)) {
        cell = { value: shortened(value), count: 0, labels: [] };
        field.values.set(key, cell);
      } else {
        cell = field.other;
      }
    }
    cell.count++;
    if (label >= 0) cell.labels[label] = (cell.labels[label] ?? 0) + 1;
    if (field.other.count > 0) return;
    field.exactRows = field.seen;
    field.exactDistinct = field.values.size;
  }

  /** Labels are few and come late: there is as much room again that only labelled alerts may take. */
  #hasRoom(field: FieldCounts, key: string, labelled: boolean): boolean {
    if (!labelled && field.other.count > 0) return false;
    const times = labelled ? 2 : 1;
    if (field.values.size >= times * this.#maxDistinct) return false;
    if (this.#values >= times * MAX_VALUES || this.#characters >= times * MAX_CHARACTERS) return false;
    this.#values++;
    this.#characters += 2 * key.length;
    return true;
  }

  /** A place in the sample: every row at first; when it is full, every second row kept is dropped and half as many are taken. */
  #nextSlot(): number {
    if (this.sampled === SAMPLE_ROWS) {
      for (const { sample } of this.fields.values()) {
        for (let i = 0; i < SAMPLE_ROWS / 2; i++) sample[i] = sample[2 * i]!;
        sample.fill(0, SAMPLE_ROWS / 2);
      }
      this.sampled = SAMPLE_ROWS / 2;
      this.#stride *= 2;
    }
    return this.sampled++;
  }
}

function shortened(value: PointValue): PointValue {
  if (Array.isArray(value)) return value.slice(0, MAX_KEPT_ELEMENTS).map((element: Scalar) => shorten(element, 128));
  return typeof value === 'string' ? shorten(value, MAX_KEPT_TEXT) : value;
}

function shorten(value: Scalar, length: number): Scalar {
  return typeof value === 'string' ? value.slice(0, length) : value;
}
