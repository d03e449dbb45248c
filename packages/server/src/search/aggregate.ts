import { microsToZ } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { Aggregation, Aggregations, BucketOrder } from './aggregation.ts';
import { matches } from './evaluate.ts';
import { Best, filterSource, type Placed, shownSort, sortValues } from './hits.ts';
import type { SearchDocument } from './query.ts';
import { addTime, floorTime } from './time-text.ts';
import { equalityKey, numberOf, type Scalar, textOf, timeOf } from './value.ts';

/** Most buckets in one answer, and most distinct values looked at by one aggregation. */
export const MOST_BUCKETS = 65_536;
const MOST_DISTINCT = 2_000_000;

/** Takes in events one by one and says in the end what they come to, in the shape of Elasticsearch. */
export interface Collector {
  add(document: SearchDocument): void;
  result(): Record<string, unknown>;
}

/** One collector for all aggregations of a level; `result` has them by name. */
export function collectorOf(aggregations: Aggregations): Collector {
  return new Level(aggregations, { buckets: 0 });
}

/** Buckets in the whole answer so far. */
interface Budget {
  buckets: number;
}

class Level implements Collector {
  readonly #named: readonly (readonly [string, Collector])[];

  constructor(aggregations: Aggregations, budget: Budget) {
    this.#named = Object.entries(aggregations).map(([name, one]) => [name, make(one, budget)] as const);
  }

  add(document: SearchDocument): void {
    for (const [, collector] of this.#named) collector.add(document);
  }

  result(): Record<string, unknown> {
    return Object.fromEntries(this.#named.map(([name, collector]) => [name, collector.result()]));
  }
}

function make(one: Aggregation, budget: Budget): Collector {
  switch (one.kind) {
    case 'terms':
      return new Terms(one, budget);
    case 'date_histogram':
      return new DateHistogram(one, budget);
    case 'histogram':
      return new Histogram(one, budget);
    case 'range':
      return new Ranges(one, budget);
    case 'filter': {
      const bucket = new Bucket(one.subs, budget);
      return { add: (document) => matches(one.query, document) && bucket.add(document), result: () => bucket.result() };
    }
    case 'filters':
      return new Filters(one, budget);
    case 'missing': {
      const bucket = new Bucket(one.subs, budget);
      return {
        add: (document) => document.values(one.field).length === 0 && bucket.add(document),
        result: () => bucket.result(),
      };
    }
    case 'cardinality':
      return new Cardinality(one);
    case 'value_count': {
      let value = 0;
      return {
        add(document) {
          value += valuesOf(one, document).length;
        },
        result: () => ({ value }),
      };
    }
    case 'min':
    case 'max':
    case 'avg':
    case 'sum':
      return new Numbers(one);
    case 'percentiles':
      return new Percentiles(one);
    case 'top_hits':
      return new TopHits(one);
  }
}

/** A bucket: how many events, and what they come to below. */
class Bucket implements Collector {
  count = 0;
  readonly #below: Level;

  constructor(subs: Aggregations, budget: Budget) {
    if (++budget.buckets > MOST_DISTINCT) throw tooMany(`more than ${MOST_DISTINCT} buckets to hold`);
    this.#below = new Level(subs, budget);
  }

  add(document: SearchDocument): void {
    this.count++;
    this.#below.add(document);
  }

  result(): Record<string, unknown> {
    return { doc_count: this.count, ...this.#below.result() };
  }
}

type Of<K extends Aggregation['kind']> = Extract<Aggregation, { kind: K }>;

class Terms implements Collector {
  readonly #spec: Of<'terms'>;
  readonly #budget: Budget;
  readonly #buckets = new Map<string, { readonly bucket: Bucket; key: Scalar }>();
  readonly #include: ReadonlySet<string> | undefined;
  readonly #exclude: ReadonlySet<string>;

  constructor(spec: Of<'terms'>, budget: Budget) {
    this.#spec = spec;
    this.#budget = budget;
    this.#include = spec.include && new Set(spec.include);
    this.#exclude = new Set(spec.exclude);
  }

  add(document: SearchDocument): void {
    const seen = new Set<string>();
    for (const value of valuesOf(this.#spec, document)) {
      const text = textOf(value);
      if (seen.has(text)) continue;
      seen.add(text);
      const key = equalityKey(value);
      if (this.#exclude.has(key) || (this.#include && !this.#include.has(key))) continue;
      let entry = this.#buckets.get(text);
      if (!entry) {
        entry = { bucket: new Bucket(this.#spec.subs, this.#budget), key: value };
        this.#buckets.set(text, entry);
      }
      // A number and the same as text are one bucket; it is shown as text then, whichever came first.
      if (typeof entry.key !== typeof value) entry.key = text;
      entry.bucket.add(document);
    }
  }

  result(): Record<string, unknown> {
    const { least, order, size } = this.#spec;
    const entries = [...this.#buckets.entries()]
      .filter(([, { bucket }]) => bucket.count >= least)
      .map(([text, { bucket, key }]) => ({ text, key, count: bucket.count, made: bucket.result() }));
    entries.sort((a, b) => compareBuckets(a, b, order));
    const shown = entries.slice(0, size);
    return {
      doc_count_error_upper_bound: 0,
      sum_other_doc_count: entries.slice(size).reduce((sum, { count }) => sum + count, 0),
      buckets: shown.map(({ key, text, made }) => ({
        ...(typeof key === 'boolean' ? { key: key ? 1 : 0, key_as_string: text } : { key: typeof key === 'string' ? text : key }),
        ...made,
      })),
    };
  }
}

interface TermEntry {
  readonly text: string;
  readonly key: Scalar;
  readonly count: number;
  readonly made: Record<string, unknown>;
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
  const value = (entry.made[by] as { readonly value?: unknown }).value;
  return typeof value === 'number' ? value : null;
}

/** A bucket without a value comes last in both directions. */
function compareNumbers(a: number | null, b: number | null, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === descending ? -1 : 1;
  return a - b;
}

class DateHistogram implements Collector {
  readonly #spec: Of<'date_histogram'>;
  readonly #budget: Budget;
  readonly #buckets = new Map<number, Bucket>();

  constructor(spec: Of<'date_histogram'>, budget: Budget) {
    this.#spec = spec;
    this.#budget = budget;
  }

  add(document: SearchDocument): void {
    const { missing } = this.#spec;
    const times = [...document.times(this.#spec.field)];
    if (times.length === 0 && missing !== undefined) times.push(missing);
    const keys = new Set(times.map((time) => this.#floor(time)));
    for (const key of keys) bucketOf(this.#buckets, key, this.#spec.subs, this.#budget).add(document);
  }

  result(): Record<string, unknown> {
    const { least, extended, keyed } = this.#spec;
    const found = [...this.#buckets.keys()].sort((a, b) => a - b);
    const span: readonly [number, number] | undefined = spanOf(
      found,
      extended && [this.#floor(extended[0]), this.#floor(extended[1])],
    );
    const keys = least > 0 || !span ? found : [...steps(span[0], span[1], (at) => this.#next(at))];
    return shown(
      keys.filter((key) => (this.#buckets.get(key)?.count ?? 0) >= least),
      keyed,
      (key) => ({
        key_as_string: millisText(key),
        key: Math.floor(key / 1000),
        ...(this.#buckets.get(key) ?? new Bucket(this.#spec.subs, this.#budget)).result(),
      }),
      millisText,
    );
  }

  #floor(time: number): number {
    const { interval, zone, offset } = this.#spec;
    const at = time - offset;
    if (typeof interval === 'string') return floorTime(at, interval, zone) + offset;
    return Math.floor((at + zone) / interval) * interval - zone + offset;
  }

  #next(at: number): number {
    const { interval, zone, offset } = this.#spec;
    return typeof interval === 'number' ? at + interval : addTime(at - offset, 1, interval, zone) + offset;
  }
}

class Histogram implements Collector {
  readonly #spec: Of<'histogram'>;
  readonly #budget: Budget;
  readonly #buckets = new Map<number, Bucket>();

  constructor(spec: Of<'histogram'>, budget: Budget) {
    this.#spec = spec;
    this.#budget = budget;
  }

  add(document: SearchDocument): void {
    const { missing } = this.#spec;
    const numbers = document.values(this.#spec.field).flatMap((value) => numberOf(value) ?? []);
    if (numbers.length === 0 && missing !== undefined) numbers.push(missing);
    for (const step of new Set(numbers.map((number) => this.#step(number))))
      bucketOf(this.#buckets, step, this.#spec.subs, this.#budget).add(document);
  }

  result(): Record<string, unknown> {
    const { least, extended, keyed, interval, offset } = this.#spec;
    const found = [...this.#buckets.keys()].sort((a, b) => a - b);
    const span = spanOf(found, extended && [this.#step(extended[0]), this.#step(extended[1])]);
    const keys = least > 0 || !span ? found : [...steps(span[0], span[1], (at) => at + 1)];
    const value = (step: number) => step * interval + offset;
    return shown(
      keys.filter((key) => (this.#buckets.get(key)?.count ?? 0) >= least),
      keyed,
      (key) => ({ key: value(key), ...(this.#buckets.get(key) ?? new Bucket(this.#spec.subs, this.#budget)).result() }),
      (key) => String(value(key)),
    );
  }

  #step(number: number): number {
    return Math.floor((number - this.#spec.offset) / this.#spec.interval);
  }
}

class Ranges implements Collector {
  readonly #spec: Of<'range'>;
  readonly #buckets: readonly Bucket[];

  constructor(spec: Of<'range'>, budget: Budget) {
    this.#spec = spec;
    this.#buckets = spec.ranges.map(() => new Bucket(spec.subs, budget));
  }

  add(document: SearchDocument): void {
    const numbers = document.values(this.#spec.field).flatMap((value) => numberOf(value) ?? []);
    for (const [index, { from, to }] of this.#spec.ranges.entries())
      if (numbers.some((number) => (from === undefined || number >= from) && (to === undefined || number < to)))
        this.#buckets[index]!.add(document);
  }

  result(): Record<string, unknown> {
    const { ranges, keyed } = this.#spec;
    const made = ranges.map(({ key, from, to }, index) => ({
      key,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...this.#buckets[index]!.result(),
    }));
    return { buckets: keyed ? Object.fromEntries(made.map(({ key, ...rest }) => [key, rest])) : made };
  }
}

class Filters implements Collector {
  readonly #spec: Of<'filters'>;
  readonly #buckets: readonly Bucket[];
  readonly #other: Bucket | undefined;

  constructor(spec: Of<'filters'>, budget: Budget) {
    this.#spec = spec;
    this.#buckets = spec.filters.map(() => new Bucket(spec.subs, budget));
    this.#other = spec.other === undefined ? undefined : new Bucket(spec.subs, budget);
  }

  add(document: SearchDocument): void {
    let any = false;
    for (const [index, { query }] of this.#spec.filters.entries()) {
      if (!matches(query, document)) continue;
      any = true;
      this.#buckets[index]!.add(document);
    }
    if (!any) this.#other?.add(document);
  }

  result(): Record<string, unknown> {
    const { filters, keyed, other } = this.#spec;
    const made = this.#buckets.map((bucket, index) => [filters[index]!.key, bucket.result()] as const);
    if (this.#other) made.push([other!, this.#other.result()]);
    return { buckets: keyed ? Object.fromEntries(made) : made.map(([, bucket]) => bucket) };
  }
}

class Cardinality implements Collector {
  readonly #spec: Of<'cardinality' | 'value_count'>;
  readonly #seen = new Set<string>();

  constructor(spec: Of<'cardinality' | 'value_count'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    for (const value of valuesOf(this.#spec, document)) this.#seen.add(equalityKey(value));
    if (this.#seen.size > MOST_DISTINCT) throw tooMany(`more than ${MOST_DISTINCT} distinct values`);
  }

  result(): Record<string, unknown> {
    return { value: this.#seen.size };
  }
}

/** Numbers as they are, times in milliseconds; what is neither is passed over. */
class Numbers implements Collector {
  readonly #spec: Of<'min' | 'max' | 'avg' | 'sum'>;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  #times = false;

  constructor(spec: Of<'min' | 'max' | 'avg' | 'sum'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    for (const value of valuesOf(this.#spec, document)) {
      const number = measured(value);
      if (number === null) continue;
      if (typeof value === 'string' && timeOf(value) !== null) this.#times = true;
      this.#count++;
      this.#sum += number;
      this.#min = Math.min(this.#min, number);
      this.#max = Math.max(this.#max, number);
    }
  }

  result(): Record<string, unknown> {
    const { kind } = this.#spec;
    const value =
      kind === 'sum'
        ? this.#sum
        : this.#count === 0
          ? null
          : { min: this.#min, max: this.#max, avg: this.#sum / this.#count }[kind];
    return value !== null && this.#times && kind !== 'sum' ? { value, value_as_string: millisText(value * 1000) } : { value };
  }
}

/** Exact, by linear interpolation between the two nearest ranks (definition 7 of Hyndman and Fan, 1996). */
class Percentiles implements Collector {
  readonly #spec: Of<'percentiles'>;
  readonly #numbers: number[] = [];

  constructor(spec: Of<'percentiles'>) {
    this.#spec = spec;
  }

  add(document: SearchDocument): void {
    for (const value of valuesOf(this.#spec, document)) {
      const number = measured(value);
      if (number !== null) this.#numbers.push(number);
    }
    if (this.#numbers.length > 10 * MOST_DISTINCT) throw tooMany('too many values for percentiles');
  }

  result(): Record<string, unknown> {
    const sorted = Float64Array.from(this.#numbers).sort();
    const at = (percent: number): number | null => {
      if (sorted.length === 0) return null;
      const place = (percent / 100) * (sorted.length - 1);
      const below = Math.floor(place);
      const low = sorted[below]!;
      return low + (place - below) * ((sorted[below + 1] ?? low) - low);
    };
    const name = (percent: number): string => (Number.isInteger(percent) ? percent.toFixed(1) : String(percent));
    const { percents, keyed } = this.#spec;
    return {
      values: keyed
        ? Object.fromEntries(percents.map((percent) => [name(percent), at(percent)]))
        : percents.map((key) => ({ key, value: at(key) })),
    };
  }
}

interface TopHit extends Placed {
  readonly id: string;
  readonly jobId: number;
  readonly source: Record<string, unknown>;
}

class TopHits implements Collector {
  readonly #spec: Of<'top_hits'>;
  readonly #best: Best<TopHit>;
  #count = 0;

  constructor(spec: Of<'top_hits'>) {
    this.#spec = spec;
    this.#best = new Best(spec.from + spec.size, spec.sort);
  }

  add(document: SearchDocument): void {
    this.#count++;
    const placed = { seq: document.seq, sort: sortValues(document, this.#spec.sort) };
    const { id, jobId } = document;
    this.#best.offer(placed, () => ({ ...placed, id, jobId, source: filterSource(document.source(), this.#spec.source) }));
  }

  result(): Record<string, unknown> {
    const { sort, from } = this.#spec;
    const hits = this.#best.list().slice(from);
    return {
      hits: {
        total: { value: this.#count, relation: 'eq' },
        max_score: null,
        hits: hits.map(({ id, jobId, source, sort: values }) => ({
          _index: String(jobId),
          _id: id,
          _score: null,
          _source: source,
          sort: values.map((value, index) => shownSort(value, sort[index]!.field)),
        })),
      },
    };
  }
}

function valuesOf(
  spec: { readonly field: string; readonly missing: Scalar | undefined },
  document: SearchDocument,
): readonly Scalar[] {
  const values = document.values(spec.field);
  return values.length === 0 && spec.missing !== undefined ? [spec.missing] : values;
}

function measured(value: Scalar): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const time = timeOf(value);
  return time === null ? numberOf(value) : time / 1000;
}

function bucketOf(buckets: Map<number, Bucket>, key: number, subs: Aggregations, budget: Budget): Bucket {
  let bucket = buckets.get(key);
  if (!bucket) {
    bucket = new Bucket(subs, budget);
    buckets.set(key, bucket);
  }
  return bucket;
}

function spanOf(
  found: readonly number[],
  extended: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  if (found.length === 0) return extended;
  const [first, last] = [found[0]!, found.at(-1)!];
  return extended ? [Math.min(first, extended[0]), Math.max(last, extended[1])] : [first, last];
}

function* steps(from: number, to: number, next: (at: number) => number): Generator<number> {
  let count = 0;
  for (let at = from; at <= to; at = next(at)) {
    if (++count > MOST_BUCKETS) throw tooMany(`more than ${MOST_BUCKETS} buckets`);
    yield at;
  }
}

function shown<T>(
  keys: readonly number[],
  keyed: boolean,
  of: (key: number) => T,
  name: (key: number) => string,
): Record<string, unknown> {
  if (keys.length > MOST_BUCKETS) throw tooMany(`more than ${MOST_BUCKETS} buckets`);
  return { buckets: keyed ? Object.fromEntries(keys.map((key) => [name(key), of(key)])) : keys.map(of) };
}

/** A time as Elasticsearch writes it: with milliseconds. */
function millisText(micros: number): string {
  return microsToZ(Math.floor(micros / 1000) * 1000).replace(/\d{3}Z$/, 'Z');
}

function tooMany(what: string): Refusal {
  return new Refusal('invalid', `The aggregations need ${what}. Ask for a shorter time, a wider interval or fewer events.`);
}
