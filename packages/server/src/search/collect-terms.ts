import type { BucketOrder } from './aggregation.ts';
import { addByEntry, type Bucket, type Collector, type MakeBucket, type Of, orMissing } from './collector.ts';
import type { SearchDocument } from './query.ts';
import type { Rows } from './rows.ts';
import { equalityKey, type Scalar, textOf } from './value.ts';

/** Buckets of the values of a field. */
export class Terms implements Collector {
  readonly #spec: Of<'terms'>;
  readonly #make: MakeBucket;
  readonly #buckets = new Map<string, { readonly bucket: Bucket; key: Scalar }>();
  readonly #include: ReadonlySet<string> | undefined;
  readonly #exclude: ReadonlySet<string>;

  constructor(spec: Of<'terms'>, make: MakeBucket) {
    this.#spec = spec;
    this.#make = make;
    this.#include = spec.include && new Set(spec.include);
    this.#exclude = new Set(spec.exclude);
  }

  add(document: SearchDocument): void {
    for (const bucket of this.#bucketsOf(document.values(this.#spec.field))) bucket.add(document);
  }

  addRows(rows: Rows): void {
    addByEntry(this, this.#spec, rows, (values) => this.#bucketsOf(values));
  }

  result(): Record<string, unknown> {
    const { least, order, size } = this.#spec;
    // What they come to below is found out for those that are shown, and for all only where they are ordered by it.
    const ordered = order.some(({ by }) => by !== '_count' && by !== '_key');
    const entries: TermEntry[] = [];
    for (const [text, { bucket, key }] of this.#buckets)
      if (bucket.count >= least)
        entries.push({ text, key, bucket, count: bucket.count, made: ordered ? bucket.result() : undefined });
    entries.sort((a, b) => compareBuckets(a, b, order));
    const rest = entries.splice(size);
    return {
      doc_count_error_upper_bound: 0,
      sum_other_doc_count: rest.reduce((sum, { count }) => sum + count, 0),
      buckets: entries.map(({ key, text, bucket, made }) => ({
        ...(typeof key === 'boolean' ? { key: key ? 1 : 0, key_as_string: text } : { key: typeof key === 'string' ? text : key }),
        ...(made ?? bucket.result()),
      })),
    };
  }

  /** An event is counted once for a value that it has twice. */
  #bucketsOf(found: readonly Scalar[]): Bucket[] {
    const values = orMissing(this.#spec, found);
    if (values.length === 1) {
      const only = this.#bucketOf(values[0]!);
      return only ? [only] : [];
    }
    return [...new Set(values.flatMap((value) => this.#bucketOf(value) ?? []))];
  }

  #bucketOf(value: Scalar): Bucket | undefined {
    const text = textOf(value);
    const key = equalityKey(value);
    if (this.#exclude.has(key) || (this.#include && !this.#include.has(key))) return undefined;
    let entry = this.#buckets.get(text);
    if (!entry) {
      entry = { bucket: this.#make(this.#spec.subs), key: value };
      this.#buckets.set(text, entry);
    }
    // A number and the same as text are one bucket; it is shown as text then, whichever came first.
    if (typeof entry.key !== typeof value) entry.key = text;
    return entry.bucket;
  }
}

interface TermEntry {
  readonly text: string;
  readonly key: Scalar;
  readonly bucket: Bucket;
  readonly count: number;
  readonly made: Record<string, unknown> | undefined;
}

function compareBuckets(a: TermEntry, b: TermEntry, order: readonly BucketOrder[]): number {
  for (const { by, descending } of order) {
    const difference = by === '_key' ? compareKeys(a, b) : compareNumbers(measure(a, by), measure(b, by), descending);
    if (difference !== 0) return descending ? -difference : difference;
  }
  return compareKeys(a, b);
}

function compareKeys(a: TermEntry, b: TermEntry): number {
  if (typeof a.key === 'number' && typeof b.key === 'number') return a.key - b.key;
  if (typeof a.key !== typeof b.key) return typeof a.key < typeof b.key ? -1 : 1;
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

function measure(entry: TermEntry, by: string): number | null {
  if (by === '_count') return entry.count;
  const made = entry.made?.[by];
  return typeof made === 'object' && made !== null && 'value' in made && typeof made.value === 'number' ? made.value : null;
}

/** A bucket without a value comes last in both directions. */
function compareNumbers(a: number | null, b: number | null, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === descending ? -1 : 1;
  return a - b;
}
