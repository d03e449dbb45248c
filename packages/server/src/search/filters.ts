import type { Filter, FilterOperator } from '@verdict/contract';
import { and, equals, not, range, some } from './conditions.ts';
import type { Query } from './query.ts';
import { fieldAt, type Place, refused, scalarAt, scalarsAt } from './reading.ts';
import type { TimeContext } from './time-text.ts';
import { asPattern, canonicalField, folded, textOf } from './value.ts';

const MOST_FILTERS = 100;

/**
 * What a list of filters asks for: all of them. `is` compares whole values with their letter case; `contains` and `starts with` do without it.
 * A negation holds where the field is missing.
 * @throws Refusal that names the filter whose value does not fit its operator.
 */
export function readFilters(filters: readonly Filter[], context: TimeContext, at = 'filters'): Query {
  if (filters.length > MOST_FILTERS) throw refused(at, `can have at most ${MOST_FILTERS} conditions.`);
  return and(filters.map((filter, index) => readFilter(filter, context, `${at}[${index}]`)));
}

function readFilter(filter: Filter, context: TimeContext, at: string): Query {
  const field = canonicalField(fieldAt({ value: filter.field, at: `${at}.field` }));
  const value: Place = { value: filter.value, at: `${at}.value` };
  const make = OPERATORS[filter.operator];
  return make(field, value, context);
}

type Make = (field: string, value: Place, context: TimeContext) => Query;

const is: Make = (field, value, context) => equals(field, [scalarAt(value)], context);
const isOneOf: Make = (field, value, context) => equals(field, scalarsAt(value), context);
const startsWith: Make = (field, value) => pattern(field, `${asPattern(folded(textOf(scalarAt(value))))}*`);
const contains: Make = (field, value) =>
  some(
    scalarsAt(value).map((one) => pattern(field, `*${asPattern(folded(textOf(one)))}*`)),
    1,
  );
const exists: Make = (field) => ({ kind: 'exists', field });
const compare =
  (name: 'lt' | 'lte' | 'gt' | 'gte'): Make =>
  (field, value, context) => {
    scalarAt(value);
    return range(field, { [name]: value }, context);
  };
const none =
  (make: Make): Make =>
  (field, value, context) =>
    not(make(field, value, context));

const OPERATORS: Readonly<Record<FilterOperator, Make>> = {
  is,
  'is not': none(is),
  'is one of': isOneOf,
  'is not one of': none(isOneOf),
  'starts with': startsWith,
  'not starts with': none(startsWith),
  contains,
  'not contains': none(contains),
  exists,
  'not exists': none(exists),
  lt: compare('lt'),
  lte: compare('lte'),
  gt: compare('gt'),
  gte: compare('gte'),
};

function pattern(path: string, text: string): Query {
  return { kind: 'pattern', field: { path, glob: false }, pattern: text, fold: true, words: false };
}
