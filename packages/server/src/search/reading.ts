import { Refusal } from '../errors.ts';
import type { Scalar } from './value.ts';

/** A member of a query and where it stands, so that a refusal can name the place. */
export interface Place {
  readonly value: unknown;
  /** `query.bool.must[0]`. */
  readonly at: string;
}

/** Most clauses, values and aggregations in one request; deepest nesting of either. */
export const MOST_CLAUSES = 2_000;
export const MOST_VALUES = 10_000;
export const DEEPEST = 20;
/** Longest text that is searched for. */
export const LONGEST_TEXT = 10_000;

/** A refusal that names a place of the query. */
export function refused(at: string, sentence: string): Refusal {
  const msg = sentence;
  return new Refusal('invalid', `${at}: ${msg}`, { problems: [{ loc: ['body', ...at.split('.')], msg, type: 'invalid' }] });
}

/** A refusal of something that exists in Elasticsearch, or nowhere, but not here. */
export function unsupported(at: string, what: string): Refusal {
  const msg = `${what} is not supported.`;
  return new Refusal('invalid', `${at}: ${msg}`, { problems: [{ loc: ['body', ...at.split('.')], msg, type: 'unsupported' }] });
}

export function within({ value, at }: Place, name: string): Place {
  const members = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return { value: members ? (value as Record<string, unknown>)[name] : undefined, at: `${at}.${name}` };
}

/** The members of an object. @throws Refusal when it is none. */
export function objectAt({ value, at }: Place): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw refused(at, 'must be an object.');
}

/** Refuses every member of an object that is not among those named, by its name. */
export function onlyMembers(place: Place, names: readonly string[], what: string): void {
  for (const name of Object.keys(objectAt(place)))
    if (!names.includes(name)) throw unsupported(place.at, `"${name.slice(0, 100)}" in ${what}`);
}

/** The one member of an object such as `{"term": {…}}`. */
export function soleMember(place: Place): { readonly name: string; readonly place: Place } {
  const names = Object.keys(objectAt(place));
  if (names.length !== 1) throw refused(place.at, `must have exactly one member, and has ${names.length}.`);
  const name = names[0]!;
  return { name, place: within(place, name) };
}

export function textAt({ value, at }: Place): string {
  if (typeof value !== 'string') throw refused(at, 'must be text.');
  if (value.length > LONGEST_TEXT) throw refused(at, `must have at most ${LONGEST_TEXT} characters.`);
  return value;
}

/** The name of a field. */
export function fieldAt({ value, at }: Place): string {
  const name = textAt({ value, at });
  if (name === '' || name.length > 1_000) throw refused(at, 'must be the name of a field.');
  return name;
}

/** A text, number or boolean. */
export function scalarAt({ value, at }: Place): Scalar {
  if (typeof value === 'string') return textAt({ value, at });
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  throw refused(at, 'must be text, a number or a boolean.');
}

/** A scalar, or a list of them. */
export function scalarsAt({ value, at }: Place): Scalar[] {
  if (!Array.isArray(value)) return [scalarAt({ value, at })];
  if (value.length > MOST_VALUES) throw refused(at, `can have at most ${MOST_VALUES} values.`);
  return value.map((element, index) => scalarAt({ value: element, at: `${at}[${index}]` }));
}

export function booleanAt({ value, at }: Place, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw refused(at, 'must be true or false.');
}

/** A whole number within limits; `otherwise` when it is absent. */
export function wholeAt({ value, at }: Place, otherwise: number, least: number, most: number): number {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw refused(at, `must be a whole number from ${least} to ${most}.`);
}

export function numberAt({ value, at }: Place): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refused(at, 'must be a number.');
}

/** A list, or a single element taken as a list of one. */
export function listAt({ value, at }: Place): Place[] {
  if (!Array.isArray(value)) return [{ value, at }];
  return value.map((element, index) => ({ value: element, at: `${at}[${index}]` }));
}
