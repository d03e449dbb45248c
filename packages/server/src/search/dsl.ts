import { ALL, ANY_FIELD, and, equals, NONE, not, phrase, range, some, words } from './conditions.ts';
import { asPattern } from './pattern.ts';
import type { FieldRef, Query } from './query.ts';
import { readQueryString } from './query-string.ts';
import {
  booleanAt,
  DEEPEST,
  fieldAt,
  listAt,
  MOST_CLAUSES,
  objectAt,
  onlyMembers,
  type Place,
  refused,
  scalarAt,
  scalarsAt,
  soleMember,
  textAt,
  unsupported,
  within,
} from './reading.ts';
import { readOffset, type TimeContext } from './time-text.ts';
import { canonicalField, folded, textOf } from './value.ts';

/** What a query needs to be read; counts its clauses on the way. */
export class DslReader {
  readonly context: TimeContext;
  #clauses = 0;

  /** @param now the present moment in microseconds, for `now-1d`. */
  constructor(now: number) {
    this.context = { now };
  }

  /**
   * Reads one clause of the query DSL. Scores do not exist here, so `boost` and `_name` are taken and mean nothing.
   * @throws Refusal naming the place of whatever is not supported or not well-formed.
   */
  read(place: Place, depth = 0): Query {
    if (depth > DEEPEST) throw refused(place.at, `is nested more than ${DEEPEST} deep.`);
    if (++this.#clauses > MOST_CLAUSES) throw refused(place.at, `is one of more than ${MOST_CLAUSES} clauses.`);
    const { name, place: body } = soleMember(place);
    if (name === 'bool') return this.#bool(body, depth);
    const make = CLAUSES[name];
    if (!make || !Object.hasOwn(CLAUSES, name)) throw unsupported(place.at, `the query "${name.slice(0, 100)}"`);
    return make(body, this.context);
  }

  #bool(body: Place, depth: number): Query {
    onlyMembers(body, ['must', 'filter', 'should', 'must_not', 'minimum_should_match', 'boost', '_name'], 'bool');
    const clauses = (name: string): Query[] => {
      const place = within(body, name);
      return place.value === undefined || place.value === null ? [] : listAt(place).map((clause) => this.read(clause, depth + 1));
    };
    const must = [...clauses('must'), ...clauses('filter')];
    const should = clauses('should');
    const never = clauses('must_not');
    const least = minimumShouldMatch(within(body, 'minimum_should_match'), must.length > 0 || should.length === 0 ? 0 : 1);
    return and([...must, some(should, least(should.length)), ...never.map(not)]);
  }
}

type Clause = (body: Place, context: TimeContext) => Query;

const COMMON = ['boost', '_name'];
/** Members of full-text clauses that change nothing where scores, analysers and fuzziness do not exist. */
const HARMLESS = [...COMMON, 'lenient', 'zero_terms_query', 'auto_generate_synonyms_phrase_query'];

const CLAUSES: Readonly<Record<string, Clause>> = {
  match_all(body) {
    onlyMembers(body, COMMON, 'match_all');
    return ALL;
  },
  match_none(body) {
    onlyMembers(body, COMMON, 'match_none');
    return NONE;
  },
  term(body, context) {
    const { field, value, options } = fieldClause(body, 'value', ['case_insensitive', ...COMMON], 'term');
    const wanted = scalarAt(value);
    return options && booleanAt(within(options, 'case_insensitive'), false)
      ? pattern(field, asPattern(folded(textOf(wanted))), true)
      : equals(field, [wanted], context);
  },
  terms(body, context) {
    const names = Object.keys(objectAt(body)).filter((name) => !COMMON.includes(name));
    if (names.length !== 1) throw refused(body.at, 'must name exactly one field.');
    const place = within(body, names[0]!);
    if (!Array.isArray(place.value)) throw unsupported(place.at, 'anything but a list of values (a terms lookup)');
    return equals(canonicalField(names[0]!), scalarsAt(place), context);
  },
  match(body, context) {
    const known = ['operator', 'minimum_should_match', ...HARMLESS];
    const { field, value, options } = fieldClause(body, 'query', known, 'match');
    return words(single(field), scalarAt(value), leastWords(options), context);
  },
  match_phrase(body, context) {
    const { field, value, options } = fieldClause(body, 'query', ['slop', ...HARMLESS], 'match_phrase');
    if (options) refuseSlop(options);
    return phrase(single(field), scalarAt(value), context);
  },
  multi_match: multiMatch,
  prefix(body) {
    const { field, value, options } = fieldClause(body, 'value', ['case_insensitive', 'rewrite', ...COMMON], 'prefix');
    const fold = options !== undefined && booleanAt(within(options, 'case_insensitive'), false);
    const text = textOf(scalarAt(value));
    return pattern(field, `${asPattern(fold ? folded(text) : text)}*`, fold);
  },
  wildcard(body) {
    const name = Object.keys(objectAt(body))[0] ?? '';
    const inner = within(body, name).value;
    const member = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'wildcard') ? 'wildcard' : 'value';
    const { field, value, options } = fieldClause(body, member, ['case_insensitive', 'rewrite', ...COMMON], 'wildcard');
    const fold = options !== undefined && booleanAt(within(options, 'case_insensitive'), false);
    const text = textOf(textAt(value));
    return pattern(field, fold ? folded(text) : text, fold);
  },
  exists(body) {
    onlyMembers(body, ['field', ...COMMON], 'exists');
    return { kind: 'exists', field: canonicalField(fieldAt(within(body, 'field'))) };
  },
  range: readRange,
  ids(body) {
    onlyMembers(body, ['values', ...COMMON], 'ids');
    return { kind: 'ids', ids: scalarsAt(within(body, 'values')).map(textOf) };
  },
  query_string: queryString,
};

/** `{"field": value}` or `{"field": {"value": value, …}}`. */
function fieldClause(
  body: Place,
  member: string,
  options: readonly string[],
  what: string,
): { readonly field: string; readonly value: Place; readonly options: Place | undefined } {
  const { name, place } = soleMember(body);
  const field = canonicalField(fieldAt({ value: name, at: body.at }));
  if (typeof place.value !== 'object' || place.value === null || Array.isArray(place.value))
    return { field, value: place, options: undefined };
  onlyMembers(place, [member, ...options], what);
  return { field, value: within(place, member), options: place };
}

function readRange(body: Place, context: TimeContext): Query {
  const { name, place } = soleMember(body);
  const known = ['gt', 'gte', 'lt', 'lte', 'from', 'to', 'include_lower', 'include_upper', 'format', 'time_zone', ...COMMON];
  onlyMembers(place, known, 'range');
  const format = within(place, 'format').value;
  const forms = format === undefined || format === null ? [] : textAt(within(place, 'format')).split('||');
  for (const form of forms)
    if (!FORMATS.includes(form)) throw unsupported(`${place.at}.format`, `the format "${form.slice(0, 100)}"`);
  const zone = within(place, 'time_zone').value;
  const offset = zone === undefined || zone === null ? 0 : readOffset(textAt(within(place, 'time_zone')));
  if (offset === null) throw unsupported(`${place.at}.time_zone`, 'a time zone that is not an offset such as +02:00');
  const lower = booleanAt(within(place, 'include_lower'), true) ? 'gte' : 'gt';
  const upper = booleanAt(within(place, 'include_upper'), true) ? 'lte' : 'lt';
  const bounds: Partial<Record<'gt' | 'gte' | 'lt' | 'lte', Place>> = {};
  for (const [bound, from] of [
    ['gt', 'gt'],
    ['gte', 'gte'],
    ['lt', 'lt'],
    ['lte', 'lte'],
    [lower, 'from'],
    [upper, 'to'],
  ] as const) {
    const value = within(place, from);
    if (value.value !== undefined && value.value !== null) bounds[bound] = value;
  }
  const field = canonicalField(fieldAt({ value: name, at: body.at }));
  return range(field, bounds, { ...context, offset, epochMillis: forms.includes('epoch_millis') });
}

const FORMATS = [
  'strict_date_optional_time',
  'date_optional_time',
  'strict_date_time',
  'date_time',
  'epoch_millis',
  'yyyy-MM-dd',
];

const MULTI_TYPES = ['best_fields', 'most_fields', 'phrase'];

/**
 * Like Elasticsearch's best_fields: one of the fields has to hold the words by itself. Only where no fields are named (any field) the words
 * may stand in different fields: that is what searching an alert for words means.
 */
function multiMatch(body: Place, context: TimeContext): Query {
  const known = ['query', 'fields', 'type', 'operator', 'minimum_should_match', 'slop', 'tie_breaker', ...HARMLESS];
  onlyMembers(body, known, 'multi_match');
  const type = within(body, 'type').value ?? 'best_fields';
  if (typeof type !== 'string' || !MULTI_TYPES.includes(type)) throw unsupported(`${body.at}.type`, `the type "${String(type)}"`);
  refuseSlop(body);
  const value = scalarAt(within(body, 'query'));
  const make = (field: FieldRef) =>
    type === 'phrase' ? phrase(field, value, context) : words(field, value, leastWords(body), context);
  return some(readFields(within(body, 'fields')).map(make), 1);
}

function queryString(body: Place, context: TimeContext): Query {
  const known = [
    'query',
    'default_field',
    'fields',
    'default_operator',
    'analyze_wildcard',
    'allow_leading_wildcard',
    ...HARMLESS,
  ];
  onlyMembers(body, known, 'query_string');
  const named = within(body, 'default_field');
  const fields = named.value === undefined || named.value === null ? readFields(within(body, 'fields')) : readFields(named);
  const operator = within(body, 'default_operator');
  return readQueryString(textAt(within(body, 'query')), {
    fields,
    all: isAnd(operator),
    context,
    at: `${body.at}.query`,
  });
}

/** Names of fields, patterns among them; a boost is taken off. Any field when there are none. */
function readFields(place: Place): FieldRef[] {
  if (place.value === undefined || place.value === null) return [ANY_FIELD];
  const list = listAt(place);
  if (list.length === 0 || list.length > 100) throw refused(place.at, 'must have 1 to 100 fields.');
  return list.map((one) => {
    const path = canonicalField(fieldAt(one).replace(/\^\d+(?:\.\d+)?$/, ''));
    return { path, glob: path.includes('*') };
  });
}

function leastWords(options: Place | undefined): (count: number) => number {
  if (!options) return () => 1;
  return isAnd(within(options, 'operator')) ? (count) => count : minimumShouldMatch(within(options, 'minimum_should_match'), 1);
}

function isAnd(place: Place): boolean {
  if (place.value === undefined || place.value === null) return false;
  const text = textAt(place).toLowerCase();
  if (text === 'and' || text === 'or') return text === 'and';
  throw refused(place.at, 'must be and or or.');
}

/** `2`, `-1`, `75%`, `-25%`: how many of so many; at least `floor` of them where it is a rule. */
function minimumShouldMatch(place: Place, otherwise: number): (count: number) => number {
  const { value, at } = place;
  if (value === undefined || value === null) return (count) => Math.min(otherwise, count);
  const match = /^(-?\d{1,6})(%?)$/.exec(String(value).trim());
  if (!match) throw unsupported(at, `the minimum_should_match "${String(value).slice(0, 100)}"`);
  const number = Number(match[1]);
  return (count) => {
    const part = match[2] === '%' ? Math.trunc((count * number) / 100) : number;
    return Math.max(0, number < 0 ? count + part : part);
  };
}

function refuseSlop(options: Place): void {
  const slop = within(options, 'slop');
  if (slop.value !== undefined && slop.value !== null && slop.value !== 0) throw unsupported(slop.at, 'a slop other than 0');
}

function single(path: string): FieldRef {
  return { path, glob: false };
}

function pattern(path: string, text: string, fold: boolean): Query {
  return { kind: 'pattern', field: single(path), pattern: text, fold, words: false };
}
