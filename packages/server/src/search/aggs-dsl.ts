import type { Aggregation, Aggregations, BucketOrder } from './aggregation.ts';
import type { DslReader } from './dsl.ts';
import { readSort, readSource } from './hits-dsl.ts';
import {
  booleanAt,
  fieldAt,
  listAt,
  numberAt,
  objectAt,
  onlyMembers,
  type Place,
  refused,
  scalarAt,
  scalarsAt,
  soleMember,
  textAt,
  unsupported,
  wholeAt,
  within,
} from './reading.ts';
import { readOffset, readTime } from './time-text.ts';
import { canonicalField, equalityKey, type Scalar } from './value.ts';

const MOST_AGGREGATIONS = 100;

const MOST_BUCKETS = 65_536;
const DEEPEST_AGGREGATION = 5;

/**
 * Reads `aggs`.
 * @throws Refusal naming the place of whatever is not supported or not well-formed.
 */
export function readAggregations(place: Place, dsl: DslReader): Aggregations {
  return new AggregationReader(dsl).level(place, 0);
}

class AggregationReader {
  readonly #dsl: DslReader;
  #count = 0;

  constructor(dsl: DslReader) {
    this.#dsl = dsl;
  }

  level(place: Place, depth: number): Aggregations {
    if (place.value === undefined || place.value === null) return {};
    if (depth > DEEPEST_AGGREGATION) throw refused(place.at, `is nested more than ${DEEPEST_AGGREGATION} deep.`);
    const read = Object.keys(objectAt(place)).map((name) => {
      if (!/^[^[\]>]{1,200}$/.test(name))
        throw refused(place.at, `"${name.slice(0, 100)}" cannot be the name of an aggregation.`);
      if (++this.#count > MOST_AGGREGATIONS) throw refused(place.at, `has more than ${MOST_AGGREGATIONS} aggregations.`);
      return [name, this.#one(within(place, name), depth)] as const;
    });
    return Object.fromEntries(read);
  }

  #one(place: Place, depth: number): Aggregation {
    const kinds = Object.keys(objectAt(place)).filter((name) => !['aggs', 'aggregations', 'meta'].includes(name));
    if (kinds.length !== 1) throw refused(place.at, 'must name exactly one kind of aggregation.');
    const kind = kinds[0]!;
    const body = within(place, kind);
    const below = within(place, 'aggs').value === undefined ? within(place, 'aggregations') : within(place, 'aggs');
    const metric = Object.hasOwn(METRICS, kind) ? METRICS[kind] : undefined;
    if (metric) {
      if (below.value !== undefined) throw refused(below.at, `cannot stand below ${kind}, which makes no buckets.`);
      return metric(body);
    }
    const subs = this.level(below, depth + 1);
    if (kind === 'filter') return { kind, query: this.#dsl.read(body), subs };
    if (kind === 'filters') return { ...this.#filters(body), subs };
    const bucket = Object.hasOwn(BUCKETS, kind) ? BUCKETS[kind] : undefined;
    if (!bucket) throw unsupported(place.at, `the aggregation "${kind.slice(0, 100)}"`);
    return { ...bucket(body, subs, this.#dsl.context.now), subs } as Aggregation;
  }

  #filters(body: Place): Omit<Extract<Aggregation, { kind: 'filters' }>, 'subs'> {
    onlyMembers(body, ['filters', 'other_bucket', 'other_bucket_key'], 'filters');
    const place = within(body, 'filters');
    const keyed = !Array.isArray(place.value);
    const places = keyed
      ? Object.keys(objectAt(place)).map((key) => ({ key, place: within(place, key) }))
      : listAt(place).map((one, index) => ({ key: String(index), place: one }));
    if (places.length === 0 || places.length > MOST_AGGREGATIONS)
      throw refused(place.at, `must have 1 to ${MOST_AGGREGATIONS} filters.`);
    const key = within(body, 'other_bucket_key');
    const other =
      key.value === undefined ? (booleanAt(within(body, 'other_bucket'), false) ? '_other_' : undefined) : textAt(key);
    return { kind: 'filters', filters: places.map((one) => ({ key: one.key, query: this.#dsl.read(one.place) })), keyed, other };
  }
}

type BucketMaker = (body: Place, subs: Aggregations, now: number) => object;

const BUCKETS: Readonly<Record<string, BucketMaker>> = {
  terms(body, subs) {
    const known = ['field', 'size', 'shard_size', 'order', 'min_doc_count', 'missing', 'include', 'exclude', 'execution_hint'];
    onlyMembers(body, [...known, 'collect_mode', 'show_term_doc_count_error'], 'terms');
    return {
      kind: 'terms',
      field: field(body),
      size: wholeAt(within(body, 'size'), 10, 1, MOST_BUCKETS),
      order: readOrder(within(body, 'order'), subs),
      least: wholeAt(within(body, 'min_doc_count'), 1, 1, Number.MAX_SAFE_INTEGER),
      missing: missing(body),
      include: exactly(within(body, 'include')),
      exclude: exactly(within(body, 'exclude')),
    };
  },
  date_histogram(body, _subs, now) {
    const known = ['field', 'calendar_interval', 'fixed_interval', 'interval', 'time_zone', 'offset', 'min_doc_count', 'keyed'];
    onlyMembers(body, [...known, 'missing', 'extended_bounds', 'format', 'order'], 'date_histogram');
    const format = within(body, 'format').value;
    if (
      format !== undefined &&
      format !== 'strict_date_optional_time' &&
      format !== 'date_optional_time' &&
      format !== 'epoch_millis'
    )
      throw unsupported(`${body.at}.format`, `the format "${String(format).slice(0, 100)}"`);
    ascendingOnly(within(body, 'order'));
    const zonePlace = within(body, 'time_zone');
    const zone = zonePlace.value === undefined ? 0 : readOffset(textAt(zonePlace));
    if (zone === null) throw unsupported(zonePlace.at, 'a time zone that is not an offset such as +02:00');
    const time = (place: Place, up: boolean): number => {
      const read = typeof place.value === 'number' ? place.value * 1000 : readTime(textAt(place), { now, offset: zone }, up);
      if (read === null) throw refused(place.at, 'must be a time.');
      return read;
    };
    const other = within(body, 'missing');
    return {
      kind: 'date_histogram',
      field: field(body),
      interval: readInterval(body),
      zone,
      offset: readShift(within(body, 'offset')),
      least: wholeAt(within(body, 'min_doc_count'), 0, 0, Number.MAX_SAFE_INTEGER),
      keyed: booleanAt(within(body, 'keyed'), false),
      missing: other.value === undefined ? undefined : time(other, false),
      extended: readBounds(within(body, 'extended_bounds'), time),
    };
  },
  histogram(body) {
    const known = ['field', 'interval', 'offset', 'min_doc_count', 'keyed', 'missing', 'extended_bounds', 'order'];
    onlyMembers(body, known, 'histogram');
    ascendingOnly(within(body, 'order'));
    const interval = numberAt(within(body, 'interval'));
    if (interval <= 0) throw refused(`${body.at}.interval`, 'must be above 0.');
    const optional = (name: string): number | undefined =>
      within(body, name).value === undefined ? undefined : numberAt(within(body, name));
    return {
      kind: 'histogram',
      field: field(body),
      interval,
      offset: optional('offset') ?? 0,
      least: wholeAt(within(body, 'min_doc_count'), 0, 0, Number.MAX_SAFE_INTEGER),
      keyed: booleanAt(within(body, 'keyed'), false),
      missing: optional('missing'),
      extended: readBounds(within(body, 'extended_bounds'), numberAt),
    };
  },
  range(body) {
    onlyMembers(body, ['field', 'ranges', 'keyed'], 'range');
    const list = listAt(within(body, 'ranges'));
    if (list.length === 0 || list.length > 1_000) throw refused(`${body.at}.ranges`, 'must have 1 to 1000 ranges.');
    const ranges = list.map((place) => {
      onlyMembers(place, ['from', 'to', 'key'], 'ranges');
      const [from, to] = (['from', 'to'] as const).map((name) =>
        within(place, name).value === undefined ? undefined : numberAt(within(place, name)),
      );
      const key = within(place, 'key').value === undefined ? `${decimal(from)}-${decimal(to)}` : textAt(within(place, 'key'));
      return { key, from, to };
    });
    // As Elasticsearch answers: by where they begin, then by where they end.
    ranges.sort((a, b) => (a.from ?? -Infinity) - (b.from ?? -Infinity) || (a.to ?? Infinity) - (b.to ?? Infinity));
    return { kind: 'range', field: field(body), ranges, keyed: booleanAt(within(body, 'keyed'), false) };
  },
  missing(body) {
    onlyMembers(body, ['field'], 'missing');
    return { kind: 'missing', field: field(body) };
  },
};

const simple =
  (kind: 'cardinality' | 'value_count' | 'min' | 'max' | 'avg' | 'sum', extra: readonly string[] = []) =>
  (body: Place): Aggregation => {
    onlyMembers(body, ['field', 'missing', ...extra], kind);
    return { kind, field: field(body), missing: missing(body) } as Aggregation;
  };

const METRICS: Readonly<Record<string, (body: Place) => Aggregation>> = {
  // Counted exactly here, so there is nothing to trade for precision.
  cardinality: simple('cardinality', ['precision_threshold']),
  value_count: simple('value_count'),
  min: simple('min'),
  max: simple('max'),
  avg: simple('avg'),
  sum: simple('sum'),
  percentiles(body) {
    onlyMembers(body, ['field', 'percents', 'keyed', 'missing', 'tdigest'], 'percentiles');
    const given = within(body, 'percents');
    const percents = given.value === undefined ? [1, 5, 25, 50, 75, 95, 99] : listAt(given).map(numberAt);
    if (percents.length === 0 || percents.length > 100 || percents.some((one) => one < 0 || one > 100))
      throw refused(given.at, 'must be 1 to 100 numbers from 0 to 100.');
    return {
      kind: 'percentiles',
      field: field(body),
      percents,
      keyed: booleanAt(within(body, 'keyed'), true),
      missing: missing(body),
    };
  },
  top_hits(body) {
    onlyMembers(body, ['size', 'from', 'sort', '_source'], 'top_hits');
    const size = wholeAt(within(body, 'size'), 3, 0, 100);
    return {
      kind: 'top_hits',
      size,
      from: wholeAt(within(body, 'from'), 0, 0, 100 - size),
      sort: readSort(within(body, 'sort')),
      source: readSource(within(body, '_source')),
    };
  },
};

function field(body: Place): string {
  if (within(body, 'script').value !== undefined) throw unsupported(`${body.at}.script`, 'a script');
  return canonicalField(fieldAt(within(body, 'field')));
}

function missing(body: Place): Scalar | undefined {
  const place = within(body, 'missing');
  return place.value === undefined ? undefined : scalarAt(place);
}

function exactly(place: Place): string[] | undefined {
  if (place.value === undefined) return undefined;
  if (!Array.isArray(place.value)) throw unsupported(place.at, 'anything but a list of values');
  return scalarsAt(place).map(equalityKey);
}

function readOrder(place: Place, subs: Aggregations): BucketOrder[] {
  const given = place.value === undefined ? [] : listAt(place);
  const order = given.map((one): BucketOrder => {
    const { name, place: direction } = soleMember(one);
    const text = textAt(direction).toLowerCase();
    if (text !== 'asc' && text !== 'desc') throw refused(direction.at, 'must be asc or desc.');
    const by = name === '_term' ? '_key' : name.endsWith('.value') ? name.slice(0, -'.value'.length) : name;
    const metric = Object.hasOwn(subs, by) ? subs[by]?.kind : undefined;
    const single = ['cardinality', 'value_count', 'min', 'max', 'avg', 'sum'];
    if (by !== '_count' && by !== '_key' && (metric === undefined || !single.includes(metric)))
      throw unsupported(one.at, `an order by "${name.slice(0, 100)}", which is no metric with one value below`);
    return { by, descending: text === 'desc' };
  });
  return order.length > 0 ? order : [{ by: '_count', descending: true }];
}

function ascendingOnly(place: Place): void {
  if (place.value === undefined) return;
  for (const one of listAt(place)) {
    const { name, place: direction } = soleMember(one);
    if (name !== '_key' || textAt(direction).toLowerCase() !== 'asc') throw unsupported(one.at, 'an order other than _key asc');
  }
}

const CALENDAR: Readonly<Record<string, string>> = {
  minute: 'm',
  '1m': 'm',
  hour: 'h',
  '1h': 'h',
  day: 'd',
  '1d': 'd',
  week: 'w',
  '1w': 'w',
  month: 'M',
  '1M': 'M',
  quarter: 'q',
  '1q': 'q',
  year: 'y',
  '1y': 'y',
};
const FIXED: Readonly<Record<string, number>> = { ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 };

function readInterval(body: Place): string | number {
  const given = (['calendar_interval', 'fixed_interval', 'interval'] as const).filter(
    (name) => within(body, name).value !== undefined,
  );
  if (given.length !== 1) throw refused(body.at, 'needs either calendar_interval or fixed_interval.');
  const place = within(body, given[0]!);
  const text = textAt(place);
  const unit = Object.hasOwn(CALENDAR, text) ? CALENDAR[text] : undefined;
  if (unit !== undefined && given[0] !== 'fixed_interval') return unit;
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match || Number(match[1]) === 0 || given[0] === 'calendar_interval')
    throw unsupported(place.at, `the interval "${text.slice(0, 100)}"`);
  return Number(match[1]) * FIXED[match[2]!]!;
}

/** `+6h`, `-1d` as microseconds. */
function readShift(place: Place): number {
  if (place.value === undefined) return 0;
  const match = /^([+-]?)(\d{1,9})(ms|s|m|h|d)$/.exec(textAt(place));
  if (!match) throw refused(place.at, 'must be a span such as +6h.');
  return (match[1] === '-' ? -1 : 1) * Number(match[2]) * FIXED[match[3]!]!;
}

function readBounds(place: Place, read: (place: Place, up: boolean) => number): [number, number] | undefined {
  if (place.value === undefined) return undefined;
  onlyMembers(place, ['min', 'max'], 'extended_bounds');
  const [from, to] = [read(within(place, 'min'), false), read(within(place, 'max'), true)];
  if (from > to) throw refused(place.at, 'has a min above its max.');
  return [from, to];
}

/** As Elasticsearch spells the ends of a range: `*`, `10.0`. */
function decimal(value: number | undefined): string {
  return value === undefined ? '*' : Number.isInteger(value) ? value.toFixed(1) : String(value);
}
