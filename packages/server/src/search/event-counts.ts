import type { AppCounts } from '@verdict/contract';
import { collectorOf } from './aggregate.ts';
import type { Aggregations } from './aggregation.ts';
import type { Collector } from './collector.ts';
import type { Rows } from './rows.ts';
import type { Scalar } from './value.ts';

/** What is counted: values of fields, perhaps in the newest events alone, and events over time. */
export interface CountsWanted {
  readonly fields: readonly string[];
  readonly values: number;
  /** Values are counted in so many of the newest events; undefined = in all. */
  readonly newest: number | undefined;
  readonly bars: number;
}

const SECOND = 1_000_000;
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3_600 * SECOND, 86_400 * SECOND];
/** Spans of time that people are used to, microseconds. */
const INTERVALS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((count) => count * DAY),
];

/** Counts events for a page: rows come in, the newest first. */
export class EventCounts {
  readonly #wanted: CountsWanted;
  readonly #collector: Collector;
  readonly #times: Float64Array[] = [];
  #total = 0;
  #counted = 0;
  #earliest = Infinity;
  #latest = -Infinity;

  constructor(wanted: CountsWanted) {
    this.#wanted = wanted;
    this.#collector = collectorOf(Object.fromEntries(wanted.fields.map((field, index) => [index, this.#terms(field)])));
  }

  addRows({ block, places }: Rows): void {
    this.#total += places.length;
    const times = new Float64Array(places.length);
    for (const [index, place] of places.entries()) {
      const time = block.time(place);
      times[index] = time;
      if (time < this.#earliest) this.#earliest = time;
      if (time > this.#latest) this.#latest = time;
    }
    this.#times.push(times);
    const left = (this.#wanted.newest ?? Infinity) - this.#counted;
    if (left <= 0) return;
    const some = places.length > left ? places.subarray(0, left) : places;
    this.#counted += some.length;
    this.#collector.addRows({ block, places: some });
  }

  result(): AppCounts {
    const found = this.#collector.result() as Record<string, TermsResult>;
    return {
      total: this.#total,
      counted: this.#counted,
      facets: this.#wanted.fields.map((field, index) => {
        const { buckets, sum_other_doc_count: more } = found[index]!;
        const values = buckets.map(({ key, key_as_string: text, doc_count: count }) => ({
          value: text === undefined ? key : key === 1,
          count,
        }));
        return { field, values, more };
      }),
      over_time: this.#overTime(),
    };
  }

  #overTime(): AppCounts['over_time'] {
    if (this.#total === 0) return { interval_ms: 0, bars: [] };
    const { bars: most } = this.#wanted;
    const interval = this.#intervalFor(most);
    const first = Math.floor(this.#earliest / interval);
    const counts = new Uint32Array(Math.floor(this.#latest / interval) - first + 1);
    for (const times of this.#times) for (const time of times) counts[Math.floor(time / interval) - first]!++;
    const bars = Array.from(counts, (count, index) => ({ at: ((first + index) * interval) / 1000, count }));
    return { interval_ms: interval / 1000, bars };
  }

  #intervalFor(most: number): number {
    const fits = (interval: number): boolean =>
      Math.floor(this.#latest / interval) - Math.floor(this.#earliest / interval) < most;
    const usual = INTERVALS.find(fits);
    if (usual !== undefined) return usual;
    let years = 365 * DAY;
    while (!fits(years)) years *= 2;
    return years;
  }

  #terms(field: string): Aggregations[string] {
    return {
      kind: 'terms',
      field,
      size: this.#wanted.values,
      order: [{ by: '_count', descending: true }],
      least: 1,
      missing: undefined,
      include: undefined,
      exclude: [],
      subs: {},
    };
  }
}

interface TermsResult {
  readonly buckets: readonly { readonly key: Scalar; readonly key_as_string?: string; readonly doc_count: number }[];
  readonly sum_other_doc_count: number;
}
