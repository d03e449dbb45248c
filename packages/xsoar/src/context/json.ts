/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** The context of an incident: what commands and scripts leave for those that come after them. */
export type Context = JsonObject;

/** Something is wrong with a path, an expression or a value of the context; the sentence is meant for people. */
export class ContextError extends Error {
  override readonly name: string = 'ContextError';
}

/** An expression that XSOAR may well understand, and that is not understood here: nothing can be said of what it would give. */
export class UnsupportedExpression extends ContextError {
  override readonly name = 'UnsupportedExpression';
}

const DEEPEST = 100;
const MOST_VALUES = 1_000_000;
/** XSOAR's own limit for a value of `Set`, in UTF-16 units. */
export const LONGEST_TEXT = 25 * 1024 * 1024;

/** Names that reach behind an object in careless code; no path may use them. */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isUnsafeKey(key: string): boolean {
  return UNSAFE_KEYS.has(key);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member that the object itself has. */
export function memberOf(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A copy of the object with one member set, or left out where `value` is undefined. */
export function withMember(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const entries = Object.entries(object);
  const index = entries.findIndex(([name]) => name === key);
  if (value === undefined) return index === -1 ? object : Object.fromEntries(entries.toSpliced(index, 1));
  return Object.fromEntries(index === -1 ? [...entries, [key, value]] : entries.with(index, [key, value]));
}

/**
 * A copy of what came from outside as plain JSON data. Members named `__proto__` are left out, undefined ones too, and what JSON
 * cannot say becomes null.
 * @throws ContextError when it is deeper than 100 levels, has more than a million values, or more than 25 MiB of text.
 */
export function copyJson(value: unknown): Json {
  let values = 0;
  let text = 0;
  const copy = (from: unknown, depth: number): Json => {
    if (depth > DEEPEST) throw new ContextError(`A value is nested more than ${DEEPEST} levels deep.`);
    values += 1;
    if (values > MOST_VALUES) throw new ContextError('A value has more than a million members.');
    if (typeof from === 'string') {
      text += from.length;
      if (text > LONGEST_TEXT) throw new ContextError('A value has more than 25 MiB of text.');
      return from;
    }
    if (typeof from === 'number') return Number.isFinite(from) ? from + 0 : null; // -0 is 0 in JSON
    if (typeof from === 'boolean') return from;
    if (Array.isArray(from)) return from.map((item) => copy(item, depth + 1));
    if (typeof from !== 'object' || from === null) return null;
    const kept = Object.entries(from).filter(([key, member]) => key !== '__proto__' && member !== undefined);
    return Object.fromEntries(kept.map(([key, member]) => [key, copy(member, depth + 1)]));
  };
  return copy(value, 0);
}

/** Whether two values say the same; the order of members does not count. */
export function sameJson(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((item, index) => sameJson(item, right[index]!));
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key]!, right[key]!))
  );
}

/** A value as text in a sentence: text as it is, a list with commas, an object as JSON, nothing for null. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (isList(value)) return value.map(textOf).join(',');
  return isObject(value) ? JSON.stringify(value) : String(value);
}
