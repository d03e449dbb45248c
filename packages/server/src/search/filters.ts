import type { Filter, FilterOperator } from '@verdict/contract';
import { classId, findLabel, type Job } from '../jobs/job.ts';
import { and, equals, not, range, some } from './conditions.ts';
import { asPattern } from './pattern.ts';
import type { Query } from './query.ts';
import { fieldAt, type Place, refused, scalarAt, scalarsAt } from './reading.ts';
import type { TimeContext } from './time-text.ts';
import { canonicalField, folded, textOf } from './value.ts';

const MOST_FILTERS = 100;

/**
 * What a list of filters asks for: all of them. `is` compares whole values with their letter case; `contains` and `starts with` do without it.
 * A negation holds where the field is missing.
 * @param jobs whose events are looked through: what holds a class id can be compared with the names of their labels too.
 * @throws Refusal that names the filter whose value does not fit its operator.
 */
export function readFilters(
  filters: readonly Filter[],
  context: TimeContext,
  jobs: readonly Pick<Job, 'id' | 'labels'>[] = [],
  at = 'filters',
): Query {
  if (filters.length > MOST_FILTERS) throw refused(at, `can have at most ${MOST_FILTERS} conditions.`);
  return and(filters.map((filter, index) => readFilter(filter, context, jobs, `${at}[${index}]`)));
}

function readFilter(filter: Filter, context: TimeContext, jobs: readonly Pick<Job, 'id' | 'labels'>[], at: string): Query {
  const field = canonicalField(fieldAt({ value: filter.field, at: `${at}.field` }));
  const value: Place = { value: filter.value, at: `${at}.value` };
  const make = OPERATORS[filter.operator];
  return CLASS_FIELDS.has(field) && BY_LABEL.has(filter.operator)
    ? byLabel(field, value, jobs, context, filter.operator.startsWith('is not'))
    : make(field, value, context);
}

/** Fields that hold class ids. Arcanna's clients compare them with the names of labels. */
const CLASS_FIELDS: ReadonlySet<string> = new Set([
  'arcanna.consensus',
  'arcanna.result',
  'arcanna.inference_result',
  'arcanna.previous_result',
]);
const BY_LABEL: ReadonlySet<FilterOperator> = new Set(['is', 'is not', 'is one of', 'is not one of']);

/** The values as they are, or in each job the class ids of its labels that have such a name: the same name may be another class elsewhere. */
function byLabel(
  field: string,
  value: Place,
  jobs: readonly Pick<Job, 'id' | 'labels'>[],
  context: TimeContext,
  negated: boolean,
): Query {
  const values = scalarsAt(value);
  const named = jobs.flatMap((job) => {
    const ids = values
      .flatMap((name) => (typeof name === 'string' ? (findLabel(job.labels, name)?.classNo ?? []) : []))
      .map(classId);
    return ids.length === 0 ? [] : [and([equals('_index', [String(job.id)], context), equals(field, ids, context)])];
  });
  const found = some([equals(field, values, context), ...named], 1);
  return negated ? not(found) : found;
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
