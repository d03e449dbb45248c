import {
  addByEntry,
  type Bucket,
  type Collector,
  type MakeBucket,
  MOST_BUCKETS,
  millisText,
  type Of,
  tooMany,
} from './collector.ts';
import type { SearchDocument } from './query.ts';
import type { Rows } from './rows.ts';
import { addTime, floorTime } from './time-text.ts';
import { numberOf, type Scalar, timeOf } from './value.ts';

/** Buckets of time. */
export class DateHistogram implements Collector {
  readonly #spec: Of<'date_histogram'>;
  readonly #make: MakeBucket;
  readonly #buckets = new Map<number, Bucket>();

  constructor(spec: Of<'date_histogram'>, make: MakeBucket) {
    this.#spec = spec;
    this.#make = make;
  }

  add(document: SearchDocument): void {
    for (const bucket of this.#bucketsOf(document.times(this.#spec.field))) bucket.add(document);
  }

  addRows(rows: Rows): void {
    if (this.#spec.field === '@timestamp') this.#addTimes(rows);
    else addByEntry(this, this.#spec, rows, (values) => this.#bucketsOf(values.flatMap((value) => timeOf(value) ?? [])));
  }

  /** Events come in about the order of their times: those one after the other mostly fall into the same bucket. */
  #addTimes({ block, places }: Rows): void {
    let [from, to] = [Infinity, -Infinity];
    let began = 0;
    const flush = (end: number): void => {
      if (end > began) this.#bucket(from).addRows({ block, places: places.subarray(began, end) });
      began = end;
    };
    for (const [index, place] of places.entries()) {
      const time = block.time(place);
      if (time >= from && time < to) continue;
      flush(index);
      from = this.#floor(time);
      to = this.#next(from);
    }
    flush(places.length);
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
        ...(this.#buckets.get(key) ?? this.#make(this.#spec.subs)).result(),
      }),
      millisText,
    );
  }

  #bucketsOf(found: readonly number[]): Bucket[] {
    const { missing } = this.#spec;
    const times = found.length === 0 && missing !== undefined ? [missing] : found;
    return [...new Set(times.map((time) => this.#floor(time)))].map((key) => this.#bucket(key));
  }

  #bucket(key: number): Bucket {
    return bucketAt(this.#buckets, key, () => this.#make(this.#spec.subs));
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

/** Buckets of numbers. */
export class Histogram implements Collector {
  readonly #spec: Of<'histogram'>;
  readonly #make: MakeBucket;
  readonly #buckets = new Map<number, Bucket>();

  constructor(spec: Of<'histogram'>, make: MakeBucket) {
    this.#spec = spec;
    this.#make = make;
  }

  add(document: SearchDocument): void {
    for (const bucket of this.#bucketsOf(document.values(this.#spec.field))) bucket.add(document);
  }

  addRows(rows: Rows): void {
    addByEntry(this, this.#spec, rows, (values) => this.#bucketsOf(values));
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
      (key) => ({ key: value(key), ...(this.#buckets.get(key) ?? this.#make(this.#spec.subs)).result() }),
      (key) => String(value(key)),
    );
  }

  #bucketsOf(values: readonly Scalar[]): Bucket[] {
    const { missing } = this.#spec;
    const numbers = values.flatMap((value) => numberOf(value) ?? []);
    if (numbers.length === 0 && missing !== undefined) numbers.push(missing);
    return [...new Set(numbers.map((number) => this.#step(number)))].map((step) =>
      bucketAt(this.#buckets, step, () => this.#make(this.#spec.subs)),
    );
  }

  #step(number: number): number {
    return Math.floor((number - this.#spec.offset) / this.#spec.interval);
  }
}

/** Buckets between bounds, which may overlap. */
export class Ranges implements Collector {
  readonly #spec: Of<'range'>;
  readonly #buckets: readonly Bucket[];

  constructor(spec: Of<'range'>, make: MakeBucket) {
    this.#spec = spec;
    this.#buckets = spec.ranges.map(() => make(spec.subs));
  }

  add(document: SearchDocument): void {
    for (const bucket of this.#bucketsOf(document.values(this.#spec.field))) bucket.add(document);
  }

  addRows(rows: Rows): void {
    addByEntry(this, this.#spec, rows, (values) => this.#bucketsOf(values));
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

  #bucketsOf(values: readonly Scalar[]): Bucket[] {
    const numbers = values.flatMap((value) => numberOf(value) ?? []);
    return this.#buckets.filter((_, index) => {
      const { from, to } = this.#spec.ranges[index]!;
      return numbers.some((number) => (from === undefined || number >= from) && (to === undefined || number < to));
    });
  }
}

function bucketAt(buckets: Map<number, Bucket>, key: number, make: () => Bucket): Bucket {
  let bucket = buckets.get(key);
  if (!bucket) {
    bucket = make();
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
