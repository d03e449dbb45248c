import { microsToZ } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { Aggregation, Aggregations } from './aggregation.ts';
import type { ColumnPiece, Entry } from './column-piece.ts';
import type { SearchDocument } from './query.ts';
import type { Rows } from './rows.ts';
import { numberOf, type Scalar, timeOf } from './value.ts';

/** Most buckets in one answer, and most distinct values looked at by one aggregation. */
export const MOST_BUCKETS = 65_536;
export const MOST_DISTINCT = 2_000_000;

/** Takes in events and says in the end what they come to, in the shape of Elasticsearch. */
export interface Collector {
  /** One event by itself: what this makes of all events is the specification. */
  add(document: SearchDocument): void;
  /** The same for many, by columns where there are some. */
  addRows(rows: Rows): void;
  result(): Record<string, unknown>;
}

/** A bucket: how many events, and what they come to below. */
export interface Bucket extends Collector {
  count: number;
}

/** Makes the buckets of one answer, and refuses when they become too many. */
export type MakeBucket = (subs: Aggregations) => Bucket;

export type Of<K extends Aggregation['kind']> = Extract<Aggregation, { kind: K }>;

/** Takes rows one by one. */
export function addEach(collector: Collector, { block, places }: Rows): void {
  for (const place of places) collector.add(block.document(place));
}

/** How many of the rows have each entry of a column, by the number of the entry. */
export function countEntries({ codes, entries }: ColumnPiece, places: Int32Array): Uint32Array {
  const counts = new Uint32Array(entries.length);
  for (const place of places) counts[codes[place]!]!++;
  return counts;
}

/** The rows with each entry of a column that some have, in their order. */
export function eachEntry(column: ColumnPiece, { block, places }: Rows, visit: (entry: Entry, rows: Rows) => void): void {
  const { codes, entries } = column;
  const counts = countEntries(column, places);
  const starts = new Uint32Array(entries.length);
  for (let code = 1; code < entries.length; code++) starts[code] = starts[code - 1]! + counts[code - 1]!;
  const next = starts.slice();
  const sorted = new Int32Array(places.length);
  for (const place of places) sorted[next[codes[place]!]!++] = place;
  for (const [code, entry] of entries.entries()) {
    const count = counts[code]!;
    if (count > 0) visit(entry, { block, places: sorted.subarray(starts[code]!, starts[code]! + count) });
  }
}

/** Adds rows to the buckets that their entries in the field's column belong to; each row by itself where the block has no column of it. */
export function addByEntry(
  collector: Collector,
  { field, subs }: { readonly field: string; readonly subs: Aggregations },
  rows: Rows,
  bucketsOf: (values: readonly Scalar[]) => readonly Bucket[],
): void {
  const column = rows.block.column(field, rows.places.length);
  if (!column) {
    addEach(collector, rows);
    return;
  }
  if (isPlain(subs)) {
    for (const [code, count] of countEntries(column, rows.places).entries())
      if (count > 0) for (const bucket of bucketsOf(column.entries[code]!.values)) bucket.count += count;
    return;
  }
  eachEntry(column, rows, (entry, some) => {
    for (const bucket of bucketsOf(entry.values)) bucket.addRows(some);
  });
}

/** Whether nothing is collected below, so that counting is enough. */
export function isPlain(subs: Aggregations): boolean {
  return Object.keys(subs).length === 0;
}

interface Valued {
  readonly field: string;
  readonly missing: Scalar | undefined;
}

/** The values of a document that are counted. */
export function valuesOf(spec: Valued, document: SearchDocument): readonly Scalar[] {
  return orMissing(spec, document.values(spec.field));
}

export function orMissing({ missing }: Valued, values: readonly Scalar[]): readonly Scalar[] {
  return values.length === 0 && missing !== undefined ? [missing] : values;
}

/** A number as it is, a time in milliseconds, a boolean as 0 or 1; null for what is none of them. */
export function measured(value: Scalar): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const time = timeOf(value);
  return time === null ? numberOf(value) : time / 1000;
}

/** A time as Elasticsearch writes it: with milliseconds. */
export function millisText(micros: number): string {
  return microsToZ(Math.floor(micros / 1000) * 1000).replace(/\d{3}Z$/, 'Z');
}

export function tooMany(what: string): Refusal {
  return new Refusal('invalid', `The aggregations need ${what}. Ask for a shorter time, a wider interval or fewer events.`);
}
