import { fitsPattern } from './pattern.ts';
import type { Bound, FieldRef, Query, Range, SearchDocument } from './query.ts';
import { equalityKey, folded, numberOf, pieces, type Scalar, storedWords, textOf, timeOf } from './value.ts';

/**
 * Whether an event is what a query asks for. This plain walk is the specification of search: whatever finds events faster has to give the
 * same answer.
 *
 * A condition holds when one of the values at its path fulfils it; a missing field fulfils none, and so fulfils every negation.
 */
export function matches(query: Query, document: SearchDocument): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'and':
      return query.of.every((part) => matches(part, document));
    case 'some':
      return atLeast(query.of, query.least, (part) => matches(part, document));
    case 'not':
      return !matches(query.of, document);
    case 'equals':
      return document.values(query.field).some((value) => query.keys.includes(equalityKey(value)));
    case 'words': {
      const words = new Set<string>();
      eachValue(document, query.field, (value) => {
        storedWords(value, words);
      });
      return atLeast(query.words, query.least, (word) => words.has(word));
    }
    case 'phrase':
      return anyValue(document, query.field, (value) => holdsSequence(pieces(value), query.pieces));
    case 'pattern':
      return anyValue(document, query.field, (value) => fits(value, query));
    case 'exists':
      return document.exists(query.field);
    case 'range':
      return onTimes(query.range)
        ? document.times(query.field).some((time) => holdsTime(time, query.range))
        : document.values(query.field).some((value) => inRange(value, query.range));
    case 'ids':
      return query.ids.includes(document.id);
  }
}

/**
 * Whether a value lies in a range. Numbers compare with numbers (and texts that are numbers), times with texts that are dates, texts with
 * texts by UTF-16 code units; two values that cannot be compared are not in it.
 */
export function inRange(value: Scalar, { gt, gte, lt, lte }: Range): boolean {
  return (
    holds(value, gt, (order) => order > 0) &&
    holds(value, gte, (order) => order >= 0) &&
    holds(value, lt, (order) => order < 0) &&
    holds(value, lte, (order) => order <= 0)
  );
}

/** Whether all bounds are times, so that only times can lie between them. */
export function onTimes(range: Range): boolean {
  return Object.values(range).every(({ kind }) => kind === 'time');
}

/** Whether a time (microseconds) lies between bounds that are all times. */
export function holdsTime(time: number, { gt, gte, lt, lte }: Range): boolean {
  return !(
    (gt && !(time > timeValue(gt))) ||
    (gte && !(time >= timeValue(gte))) ||
    (lt && !(time < timeValue(lt))) ||
    (lte && !(time <= timeValue(lte)))
  );
}

/** The microseconds of a bound that is a time; NaN, which nothing compares with, for any other. */
export function timeValue(bound: Bound): number {
  return bound.kind === 'time' ? bound.value : Number.NaN;
}

function holds(value: Scalar, bound: Bound | undefined, wanted: (order: number) => boolean): boolean {
  if (!bound) return true;
  const order = compareTo(value, bound);
  return order !== undefined && wanted(order);
}

function compareTo(value: Scalar, bound: Bound): number | undefined {
  if (bound.kind === 'text') {
    if (typeof value !== 'string') return undefined;
    const text = textOf(value);
    return text < bound.value ? -1 : text > bound.value ? 1 : 0;
  }
  const number = bound.kind === 'number' ? numberOf(value) : timeOf(value);
  return number === null ? undefined : number - bound.value;
}

function fits(value: Scalar, { pattern, fold, words }: Query & { kind: 'pattern' }): boolean {
  const text = textOf(value);
  if (fitsPattern(fold ? folded(text) : text, pattern)) return true;
  if (!words) return false;
  for (const word of storedWords(value)) if (fitsPattern(word, pattern)) return true;
  return false;
}

function holdsSequence(all: readonly string[], wanted: readonly string[]): boolean {
  for (let from = 0; from + wanted.length <= all.length; from++)
    if (wanted.every((piece, index) => all[from + index] === piece)) return true;
  return false;
}

function anyValue(document: SearchDocument, field: FieldRef, test: (value: Scalar) => boolean): boolean {
  if (!field.glob) return document.values(field.path).some(test);
  let found = false;
  eachValue(document, field, (value) => {
    found ||= test(value);
  });
  return found;
}

function eachValue(document: SearchDocument, field: FieldRef, visit: (value: Scalar) => void): void {
  if (!field.glob) {
    for (const value of document.values(field.path)) visit(value);
    return;
  }
  document.leaves((path, value) => {
    if (field.path === '*' || fitsPattern(path, field.path)) visit(value);
  });
}

function atLeast<T>(of: readonly T[], least: number, test: (one: T) => boolean): boolean {
  let found = 0;
  if (least <= 0) return true;
  for (const one of of) if (test(one) && ++found >= least) return true;
  return false;
}
