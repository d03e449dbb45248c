import { isList, isObject, type Json, textOf } from '../context/json.ts';

/** What an expression gives: nothing where the context has nothing there. */
export type Given = Json | undefined;

/** The cast of a filter or a transformer failed, or an argument makes no sense; the sentence is meant for people. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** The runner does not know what a playbook asks for. The run stops, whatever the playbook says about errors. */
export class NotKnown extends Error {
  override readonly name = 'NotKnown';
}

/** A list as it is, nothing as an empty one, anything else as a list of one. */
export function listOf(value: Given): readonly Json[] {
  if (value === undefined || value === null) return [];
  return isList(value) ? value : [value];
}

/** An argument that may be a list, or one written with commas or as JSON. */
export function listOfArgument(value: Given): readonly Json[] {
  if (typeof value !== 'string') return listOf(value);
  const text = value.trim();
  if (text === '') return [];
  if (text.startsWith('[')) {
    const parsed = tryJson(text);
    if (parsed !== undefined && isList(parsed)) return parsed;
  }
  return text.split(',').map((item) => item.trim());
}

/** Nothing, an empty text, list or object. */
export function isEmpty(value: Given): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (isList(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** @throws ValueError where it is an object or a list. */
export function textFrom(value: Given): string {
  if (value !== null && typeof value === 'object') throw new ValueError(`${short(value)} is not text`);
  return textOf(value);
}

/** @throws ValueError where it is no number. */
export function numberFrom(value: Given): number {
  const text = textFrom(value).trim();
  const number = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) throw new ValueError(`${short(value)} is not a number`);
  return number;
}

/** @throws ValueError where it is no whole number. */
export function wholeFrom(value: Given): number {
  const number = numberFrom(value);
  if (!Number.isSafeInteger(number)) throw new ValueError(`${short(value)} is not a whole number`);
  return number;
}

/** `true`, `yes` and 1 are true, as XSOAR takes them. */
export function flagFrom(value: Given): boolean {
  return ['true', 'yes', '1'].includes(textOf(value).trim().toLowerCase());
}

/**
 * A moment in milliseconds since 1970, from ISO 8601, the dates of mail and HTTP, or seconds since 1970. A time without a zone is UTC.
 * @throws ValueError
 */
export function momentFrom(value: Given): number {
  const text = textFrom(value).trim();
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,13}$/.test(text)) return Number(text);
  const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(text)
    ? `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`
    : text;
  const moment = Date.parse(iso);
  if (Number.isNaN(moment)) throw new ValueError(`${short(value)} is not a date`);
  return moment;
}

export function tryJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function short(value: Given): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
