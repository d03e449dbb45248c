import { parseTimestamp } from '@verdict/contract';
import { canonicalDecimal } from '@verdict/engine';

/** What stands at the end of a path. Numbers that a double cannot hold are strings in canonical spelling. */
export type Scalar = string | number | boolean;

/** Fields that always hold a time; a date of a whole day means the whole day there. */
export const TIME_FIELDS: ReadonlySet<string> = new Set([
  '@timestamp',
  'timestamp_inference',
  'metadata.ingested_timestamp',
  'arcanna.model.timestamp',
]);

/** The one name of a field: without `.keyword`, and `attention.…` as the `arcanna.attention.…` that it stands for. */
export function canonicalField(name: string): string {
  const bare = name.endsWith('.keyword') && name.length > '.keyword'.length ? name.slice(0, -'.keyword'.length) : name;
  return bare === 'attention' || bare.startsWith('attention.') ? `arcanna.${bare}` : bare;
}

/**
 * All scalars at a path, in the order in which they stand: arrays on the way or at the end are gone through, and a dot in the path may be a
 * step or part of a name. null, missing and objects at the end give nothing.
 */
export function leavesAt(node: unknown, path: string, found: Scalar[] = []): Scalar[] {
  walkTo(node, path, (value) => takeLeaves(value, found));
  return found;
}

/** Whether anything but null stands at a path: a scalar, or an object or array that holds one. */
export function existsAt(node: unknown, path: string): boolean {
  let found = false;
  walkTo(node, path, (value) => {
    found ||= holdsScalar(value);
  });
  return found;
}

/** Every scalar with its path; elements of an array have the path of the array. */
export function eachLeaf(node: unknown, visit: (path: string, value: Scalar) => void, path?: string): void {
  if (Array.isArray(node)) {
    for (const element of node) eachLeaf(element, visit, path);
  } else if (typeof node === 'object' && node !== null) {
    for (const [name, value] of Object.entries(node)) eachLeaf(value, visit, path === undefined ? name : `${path}.${name}`);
  } else if (path !== undefined && isScalar(node)) {
    visit(path, node);
  }
}

/** A value as text: numbers in canonical decimal spelling, text in Unicode form NFC. */
export function textOf(value: Scalar): string {
  if (typeof value === 'string') return toNfc(value);
  if (typeof value === 'boolean') return String(value);
  const text = String(value + 0);
  return text.includes('e') ? canonicalDecimal(text) : text;
}

/**
 * What two values have in common when they are equal: a number and its text are, so are two spellings of one moment (dates without a
 * zone are UTC). Letter case counts.
 */
export function equalityKey(value: Scalar): string {
  if (typeof value !== 'string') return textOf(value);
  const time = timeOf(value);
  return time === null ? toNfc(value) : `\u0000${time}`;
}

const DATE = /^\d{4}-\d\d-\d\d(?:[Tt ]|$)/;

/** A text that is a date or a date and time in extended form, as microseconds; else null. */
export function timeOf(value: Scalar): number | null {
  return typeof value === 'string' && value.length >= 10 && value.length <= 40 && DATE.test(value) ? parseTimestamp(value) : null;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number, or a text that is one as JSON spells it; else null. */
export function numberOf(value: Scalar): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > 400 || !NUMBER.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

const WORD = /[\p{L}\p{N}\p{M}_]+(?:[.'’][\p{L}\p{N}\p{M}_]+)*/gu;
const JOINT = /[.'’]/;

/**
 * The words of a value as a query names them: runs of letters and digits in small letters; a dot or apostrophe inside joins
 * (`powershell.exe`, `10.0.0.1`). Numbers and booleans are one word.
 */
export function queryWords(value: Scalar): string[] {
  if (typeof value !== 'string') return [textOf(value)];
  return (folded(value).match(WORD) ?? []) as string[];
}

/** The words that a stored value answers to: those of {@link queryWords}, and the pieces of joined ones. */
export function storedWords(value: Scalar, words: Set<string> = new Set()): Set<string> {
  for (const word of queryWords(value)) {
    words.add(word);
    if (typeof value === 'string' && JOINT.test(word)) for (const piece of word.split(JOINT)) words.add(piece);
  }
  return words;
}

/** The words of a value in order, joined ones in pieces: what phrases are compared by. */
export function pieces(value: Scalar): string[] {
  return typeof value === 'string' ? queryWords(value).flatMap((word) => word.split(JOINT)) : queryWords(value);
}

/** Small letters in Unicode form NFC. */
export function folded(text: string): string {
  return toNfc(toNfc(text).toLowerCase());
}

function walkTo(node: unknown, path: string, take: (value: unknown) => void): void {
  if (Array.isArray(node)) {
    for (const element of node) walkTo(element, path, take);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const members = node as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(members, path)) take(members[path]);
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (Object.hasOwn(members, name)) walkTo(members[name], path.slice(dot + 1), take);
  }
}

function takeLeaves(value: unknown, found: Scalar[]): void {
  if (Array.isArray(value)) for (const element of value) takeLeaves(element, found);
  else if (isScalar(value)) found.push(value);
}

function holdsScalar(value: unknown): boolean {
  if (typeof value !== 'object') return isScalar(value);
  return value !== null && Object.values(value).some(holdsScalar);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with them
const ASCII = /^[\u0000-\u007f]*$/;

function toNfc(text: string): string {
  return ASCII.test(text) ? text : text.normalize('NFC');
}
