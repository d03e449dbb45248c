import type { Aggregation, Aggregations } from './aggregation.ts';
import { DateHistogram, Histogram, Ranges } from './collect-histograms.ts';
import { Cardinality, Count, Numbers, Percentiles, TopHits } from './collect-metrics.ts';
import { Terms } from './collect-terms.ts';
import { addEach, type Bucket, type Collector, isPlain, type MakeBucket, MOST_DISTINCT, type Of, tooMany } from './collector.ts';
import { matches } from './evaluate.ts';
import type { SearchDocument } from './query.ts';
import { keep, type Rows } from './rows.ts';
import { minus, select } from './select.ts';

/**
 * One collector for all aggregations of a level; `result` has them by name.
 * @throws Refusal, from its methods, when they come to more buckets or values than can be held.
 */
export function collectorOf(aggregations: Aggregations): Collector {
  let buckets = 0;
  const make: MakeBucket = (subs) => {
    if (++buckets > MOST_DISTINCT) throw tooMany(`more than ${MOST_DISTINCT} buckets to hold`);
    return isPlain(subs) ? new PlainBucket() : new FullBucket(subs, make);
  };
  return new Level(aggregations, make);
}

class Level implements Collector {
  readonly #named: readonly (readonly [string, Collector])[];

  constructor(aggregations: Aggregations, make: MakeBucket) {
    this.#named = Object.entries(aggregations).map(([name, one]) => [name, collectorFor(one, make)] as const);
  }

  add(document: SearchDocument): void {
    for (const [, collector] of this.#named) collector.add(document);
  }

  addRows(rows: Rows): void {
    for (const [, collector] of this.#named) collector.addRows(rows);
  }

  result(): Record<string, unknown> {
    return Object.fromEntries(this.#named.map(([name, collector]) => [name, collector.result()]));
  }
}

function collectorFor(one: Aggregation, make: MakeBucket): Collector {
  switch (one.kind) {
    case 'terms':
      return new Terms(one, make);
    case 'date_histogram':
      return new DateHistogram(one, make);
    case 'histogram':
      return new Histogram(one, make);
    case 'range':
      return new Ranges(one, make);
    case 'filter': {
      const bucket = make(one.subs);
      return {
        add: (document) => matches(one.query, document) && bucket.add(document),
        addRows: (rows) => bucket.addRows(select(one.query, rows)),
        result: () => bucket.result(),
      };
    }
    case 'filters':
      return new Filters(one, make);
    case 'missing':
      return new Missing(one, make);
    case 'cardinality':
      return new Cardinality(one);
    case 'value_count':
      return new Count(one);
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

/** A bucket with nothing below: there can be very many of them. */
class PlainBucket implements Bucket {
  count = 0;

  add(): void {
    this.count++;
  }

  addRows({ places }: Rows): void {
    this.count += places.length;
  }

  result(): Record<string, unknown> {
    return { doc_count: this.count };
  }
}

class FullBucket implements Bucket {
  count = 0;
  readonly #below: Level;

  constructor(subs: Aggregations, make: MakeBucket) {
    this.#below = new Level(subs, make);
  }

  add(document: SearchDocument): void {
    this.count++;
    this.#below.add(document);
  }

  addRows(rows: Rows): void {
    if (rows.places.length === 0) return;
    this.count += rows.places.length;
    this.#below.addRows(rows);
  }

  result(): Record<string, unknown> {
    return { doc_count: this.count, ...this.#below.result() };
  }
}

class Missing implements Collector {
  readonly #spec: Of<'missing'>;
  readonly #bucket: Bucket;

  constructor(spec: Of<'missing'>, make: MakeBucket) {
    this.#spec = spec;
    this.#bucket = make(spec.subs);
  }

  add(document: SearchDocument): void {
    if (document.values(this.#spec.field).length === 0) this.#bucket.add(document);
  }

  addRows(rows: Rows): void {
    const column = rows.block.column(this.#spec.field, rows.places.length);
    if (!column) {
      addEach(this, rows);
      return;
    }
    const { codes, entries } = column;
    const places = keep(rows.places, (place) => entries[codes[place]!]!.values.length === 0);
    this.#bucket.addRows({ block: rows.block, places });
  }

  result(): Record<string, unknown> {
    return this.#bucket.result();
  }
}

class Filters implements Collector {
  readonly #spec: Of<'filters'>;
  readonly #buckets: readonly Bucket[];
  readonly #other: Bucket | undefined;

  constructor(spec: Of<'filters'>, make: MakeBucket) {
    this.#spec = spec;
    this.#buckets = spec.filters.map(() => make(spec.subs));
    this.#other = spec.other === undefined ? undefined : make(spec.subs);
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

  addRows(rows: Rows): void {
    let rest = rows;
    for (const [index, { query }] of this.#spec.filters.entries()) {
      const found = select(query, rows);
      this.#buckets[index]!.addRows(found);
      if (this.#other) rest = minus(rest, among(rest, found));
    }
    this.#other?.addRows(rest);
  }

  result(): Record<string, unknown> {
    const { filters, keyed, other } = this.#spec;
    const made = this.#buckets.map((bucket, index) => [filters[index]!.key, bucket.result()] as const);
    if (this.#other) made.push([other!, this.#other.result()]);
    return { buckets: keyed ? Object.fromEntries(made) : made.map(([, bucket]) => bucket) };
  }
}

/** Those of the second rows that are among the first. */
function among(rows: Rows, found: Rows): Rows {
  if (rows.places.length === 0) return rows;
  const there = new Set(rows.places);
  return { block: rows.block, places: keep(found.places, (place) => there.has(place)) };
}
