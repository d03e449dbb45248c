import type { Bound, FieldRef, Query, Range } from './query.ts';
import { type Place, refused, scalarAt } from './reading.ts';
import { readTime, type TimeContext } from './time-text.ts';
import { equalityKey, numberOf, pieces, queryWords, type Scalar, TIME_FIELDS, textOf } from './value.ts';

/** The parts that filters and the query DSL are both made of. Fields are canonical names. */

export const ALL: Query = { kind: 'all' };
export const NONE: Query = { kind: 'none' };
export const ANY_FIELD: FieldRef = { path: '*', glob: true };

export function and(of: readonly Query[]): Query {
  const parts = of.flatMap((part) => (part.kind === 'and' ? part.of : part.kind === 'all' ? [] : [part]));
  if (parts.some(({ kind }) => kind === 'none')) return NONE;
  return parts.length === 0 ? ALL : parts.length === 1 ? parts[0]! : { kind: 'and', of: parts };
}

export function some(of: readonly Query[], least: number): Query {
  if (least <= 0) return ALL;
  if (least > of.length) return NONE;
  return of.length === 1 ? of[0]! : { kind: 'some', least, of };
}

export function not(of: Query): Query {
  return of.kind === 'not' ? of.of : of.kind === 'all' ? NONE : of.kind === 'none' ? ALL : { kind: 'not', of };
}

/** One value of the field equals one of these. A day on a field of times means the whole day. */
export function equals(field: string, values: readonly Scalar[], context: TimeContext): Query {
  if (field === '_id' || field === 'id' || field === 'metadata.id' || field === 'arcanna.original_id')
    return { kind: 'ids', ids: values.map(textOf) };
  if (!TIME_FIELDS.has(field)) return values.length === 0 ? NONE : { kind: 'equals', field, keys: values.map(equalityKey) };
  return some(
    values.map((value): Query => {
      const from = timeBound(value, context, false);
      const to = timeBound(value, context, true);
      if (from === null || to === null) return NONE;
      return { kind: 'range', field, range: { gte: { kind: 'time', value: from }, lte: { kind: 'time', value: to } } };
    }),
    1,
  );
}

/** At least so many of the words of a value; a value without words finds nothing. */
export function words(field: FieldRef, value: Scalar, least: (count: number) => number, context: TimeContext): Query {
  if (!field.glob && TIME_FIELDS.has(field.path)) return equals(field.path, [value], context);
  const wanted = [...new Set(queryWords(value))];
  if (wanted.length === 0) return NONE;
  const needed = least(wanted.length);
  if (needed <= 0) return ALL;
  const found: Query = needed > wanted.length ? NONE : { kind: 'words', field, words: wanted, least: needed };
  // A number such as -5 or 1e3 is one word where it is stored as a number, and another one as text.
  const asNumber = typeof value === 'string' && !field.glob ? numberOf(value) : null;
  return asNumber === null || wanted[0] === textOf(asNumber) ? found : some([found, equals(field.path, [asNumber], context)], 1);
}

/** The words of a text one after the other in one value. */
export function phrase(field: FieldRef, value: Scalar, context: TimeContext): Query {
  if (!field.glob && TIME_FIELDS.has(field.path)) return equals(field.path, [value], context);
  const wanted = pieces(value);
  return wanted.length === 0 ? NONE : { kind: 'phrase', field, pieces: wanted };
}

/** How bounds of a range are to be read. */
export interface BoundForm extends TimeContext {
  /** Digits are milliseconds since 1970. */
  readonly epochMillis?: boolean;
}

/**
 * A range from bounds as they were sent.
 * @throws Refusal when a bound is no text, number or boolean, or a field of times is compared with something that is no time.
 */
export function range(
  field: string,
  bounds: Readonly<Partial<Record<'gt' | 'gte' | 'lt' | 'lte', Place>>>,
  form: BoundForm,
): Query {
  const made: { -readonly [K in keyof Range]: Bound } = {};
  for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
    const place = bounds[name];
    if (!place || place.value === undefined || place.value === null) continue;
    made[name] = readBound(field, place, form, name === 'lte' || name === 'gt');
  }
  return Object.keys(made).length === 0 ? { kind: 'exists', field } : { kind: 'range', field, range: made };
}

function readBound(field: string, place: Place, form: BoundForm, up: boolean): Bound {
  const value = scalarAt(place);
  const onTimes = TIME_FIELDS.has(field);
  if (onTimes || form.epochMillis) {
    const millis = numberOf(value);
    if (millis !== null && (form.epochMillis || typeof value === 'number'))
      return { kind: 'time', value: Math.round(millis * 1000) };
  }
  if (typeof value === 'number') return { kind: 'number', value };
  if (typeof value === 'string') {
    const time = readTime(value, form, up);
    // A bare month such as 2021-09 is a time only where times are meant.
    if (time !== null && (onTimes || value.trim().length !== 7)) return { kind: 'time', value: time };
    if (!onTimes) {
      const number = numberOf(value);
      return number === null ? { kind: 'text', value: textOf(value) } : { kind: 'number', value: number };
    }
  }
  if (onTimes) throw refused(place.at, 'must be a time such as 2026-03-02T09:46:22Z or now-1d.');
  return { kind: 'text', value: textOf(value) };
}

function timeBound(value: Scalar, context: TimeContext, up: boolean): number | null {
  if (typeof value === 'number') return Math.round(value * 1000);
  return typeof value === 'string' ? readTime(value, context, up) : null;
}
