/**
 * Reading paths in an alert: whatever shape a SOAR or SIEM sends, one path gives one {@link PointValue}. The language of paths is
 * described in `point-path.ts`. Only own properties are ever read, nothing is ever written, and time is linear in the alert's size.
 */
import { hash } from 'node:crypto';
import { parseAlert } from './exact-json.ts';
import { type CompiledPath, foldName, type Segment, toNfc } from './point-path.ts';
import type { PointValue, Scalar } from './types.ts';

/** Most distinct values kept of a set: the first in canonical order, so that the choice does not depend on the order sent. */
export const MAX_SET_VALUES = 1_000;
/** A string longer than this is not looked into for JSON. */
export const MAX_EMBEDDED_LENGTH = 1_048_576;
/** How many strings inside strings are looked into. */
export const MAX_EMBEDDED_LEVELS = 3;
/** An object at the end of a path is held as JSON text of at most this many characters, and a hash of the rest. */
const MAX_OBJECT_TEXT = 4_096;
/** Nested arrays or objects beyond this are not read. */
const MAX_DEPTH = 256;

const NAME_KEYS = ['type', 'name', 'key', 'label', 'field', 'id', 'Type', 'Name', 'Key', 'Label', 'Field', 'Id'];
const VALUE_KEYS = ['value', 'val', 'values', 'data', 'text', 'Value', 'Val', 'Values', 'Data', 'Text'];

export type JsonObject = { readonly [key: string]: unknown };

/** Reads paths of one alert. Keeps what JSON strings inside it parse to, so that several paths through one string parse it once. */
export class AlertReader {
  readonly #alert: unknown;
  #parsed: Map<string, unknown> | undefined;
  #found: Scalar[] = [];
  #isSet = false;
  #steps = 0;

  /** @param alert parsed JSON, best by {@link parseAlert}. It is not changed and must not change while it is read. */
  constructor(alert: unknown) {
    this.#alert = alert;
  }

  /**
   * The value of a path: null when it is missing, null or an empty array; a scalar; or, where an array was on the way or at the end,
   * the set of its values in canonical order. Strings are in Unicode form NFC; an object is its canonical JSON text.
   */
  read(path: CompiledPath): PointValue {
    this.#isSet = false;
    if (!this.#walk(this.#alert, path, 0, 0, 0)) return null;
    const found = this.#found;
    if (!this.#isSet && found.length === 1) return found.pop()!;
    this.#found = [];
    return canonicalSet(found);
  }

  /** Elements of arrays looked at by all reads so far: what a caller that reads very many paths has to bound. */
  get steps(): number {
    return this.#steps;
  }

  /** What a string holds where it is JSON of an object or array within the limits; else undefined. */
  embedded(text: string, level: number): unknown {
    if (level >= MAX_EMBEDDED_LEVELS || !looksLikeJson(text)) return undefined;
    const known = this.#parsed?.get(text);
    if (known !== undefined) return known ?? undefined;
    let value: unknown = null;
    try {
      value = parseAlert(text);
    } catch {
      // Text that only looks like JSON is text; null remembers that.
    }
    this.#parsed ??= new Map();
    this.#parsed.set(text, value);
    return value ?? undefined;
  }

  /** Follows the path from segment `at`; true when it found at least one value. Finding nothing leaves no trace. */
  #walk(node: unknown, path: CompiledPath, at: number, depth: number, level: number): boolean {
    let value = node;
    let i = at;
    while (i < path.length) {
      if (typeof value === 'string') {
        value = this.embedded(value, level++);
        if (value === undefined) return false;
      }
      if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
      const segment = path[i]!;
      if (Array.isArray(value)) {
        if (segment.index < 0) return this.#walkArray(value, path, i, depth + 1, level);
        value = value[segment.index];
        i++;
        continue;
      }
      const tries = segment.tries;
      const last = tries.length - 1;
      let next: unknown;
      for (let t = 0; t <= last; t++) {
        const { key, next: after } = tries[t]!;
        const child = (value as JsonObject)[key];
        if (child === undefined || child === null || !Object.hasOwn(value, key)) continue;
        if (t === last) {
          next = child;
          i = after;
        } else if (this.#walk(child, path, after, depth + 1, level)) {
          return true;
        }
      }
      if (next === undefined) return false;
      value = next;
    }
    return this.#take(value, depth);
  }

  #walkArray(array: readonly unknown[], path: CompiledPath, at: number, depth: number, level: number): boolean {
    this.#steps += array.length;
    const segment = path[at]!;
    const first = this.#found.length;
    let picked = 0;
    let walked = false;
    for (const element of array) {
      if (typeof element !== 'object' && typeof element !== 'string') continue;
      const value = segment.bracket ? namedValue(element, segment) : undefined;
      if (value !== undefined) {
        if (this.#walk(value, path, at + 1, depth, level)) picked++;
      } else if (this.#walk(element, path, at, depth, level)) {
        walked = true;
      }
    }
    // What is gathered from all elements is a set, even a set of one. What was picked by its name is a set only where there are
    // different values: the same pair sent twice is still that pair.
    if (walked || (picked > 1 && !this.#allSame(first))) this.#isSet = true;
    return walked || picked > 0;
  }

  /** Whether the values found from index `first` on are one value; if so, only one of them is kept. */
  #allSame(first: number): boolean {
    const found = this.#found;
    for (let i = first + 1; i < found.length; i++) if (found[i] !== found[first]) return false;
    found.length = first + 1;
    return true;
  }

  #take(value: unknown, depth: number): boolean {
    if (Array.isArray(value)) {
      if (depth > MAX_DEPTH) return false;
      this.#steps += value.length;
      let any = false;
      for (const element of value) if (this.#take(element, depth + 1)) any = true;
      if (any) this.#isSet = true;
      return any;
    }
    const scalar = toScalar(value);
    if (scalar === null) return false;
    this.#found.push(scalar);
    return true;
  }
}

/** The name under which an element stands in a list of names and values, and its value; undefined where it is no such element. */
export function nameAndValue(element: unknown): { readonly name: string; readonly value: unknown } | undefined {
  if (!isObject(element)) return undefined;
  const value = firstOwn(element, VALUE_KEYS);
  if (value === undefined) return undefined;
  for (const key of NAME_KEYS) {
    const name = ownName(element, key);
    if (name !== undefined) return { name, value };
  }
  return undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Booleans before numbers before strings; numbers by size, strings by UTF-16 code units. */
export function compareScalars(a: Scalar, b: Scalar): number {
  const rank = typeRank(a) - typeRank(b);
  if (rank !== 0) return rank;
  return a < b ? -1 : a > b ? 1 : 0;
}

function typeRank(value: Scalar): number {
  return typeof value === 'boolean' ? 0 : typeof value === 'number' ? 1 : 2;
}

function canonicalSet(values: readonly Scalar[]): readonly Scalar[] {
  const part = 4 * MAX_SET_VALUES;
  let kept: Scalar[] = [];
  // In parts, so that of a huge array only what can still be among the first is ever sorted.
  for (let start = 0; start < values.length; start += part) {
    const last = kept.length === MAX_SET_VALUES ? kept[MAX_SET_VALUES - 1]! : undefined;
    const next = values.length <= part ? values : values.slice(start, start + part);
    const eligible = last === undefined ? next : next.filter((value) => compareScalars(value, last) < 0);
    if (eligible.length > 0) kept = [...new Set([...kept, ...eligible])].sort(compareScalars).slice(0, MAX_SET_VALUES);
  }
  return kept;
}

/** A value as an atom; null for what is nothing. */
function toScalar(value: unknown): Scalar | null {
  if (typeof value === 'string') return toNfc(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (typeof value === 'bigint') return String(value);
  if (!isObject(value)) return null;
  const text = canonicalJson(value, 0);
  if (text.length <= MAX_OBJECT_TEXT) return text;
  return `${text.slice(0, MAX_OBJECT_TEXT)}…#${hash('sha256', text, 'hex').slice(0, 32)}`;
}

/** JSON text with sorted keys, in which arrays are sets too; what is nested beyond the limit is left out. */
function canonicalJson(value: unknown, depth: number): string {
  if (Array.isArray(value)) {
    if (depth > MAX_DEPTH) return '[]';
    const texts = new Set(value.map((element) => canonicalJson(element, depth + 1)));
    return `[${[...texts].sort().join(',')}]`;
  }
  if (!isObject(value)) return JSON.stringify(toScalar(value));
  if (depth > MAX_DEPTH) return '{}';
  const members = Object.keys(value).map((key) => `${JSON.stringify(toNfc(key))}:${canonicalJson(value[key], depth + 1)}`);
  return `{${members.sort().join(',')}}`;
}

function namedValue(element: unknown, segment: Segment): unknown {
  if (!isObject(element)) return undefined;
  for (const key of NAME_KEYS) {
    const name = ownName(element, key);
    if (name !== undefined && (name === segment.name || foldName(name) === segment.folded)) return firstOwn(element, VALUE_KEYS);
  }
  return undefined;
}

function ownName(element: JsonObject, key: string): string | undefined {
  const name = element[key];
  if (name === undefined || !Object.hasOwn(element, key)) return undefined;
  if (typeof name === 'number') return String(name);
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function firstOwn(element: JsonObject, keys: readonly string[]): unknown {
  for (const key of keys) {
    const value = element[key];
    if (value !== undefined && value !== null && Object.hasOwn(element, key)) return value;
  }
  return undefined;
}

/** Whether the first and last characters that are not blank are those of a JSON object or array. */
function looksLikeJson(text: string): boolean {
  if (text.length < 2 || text.length > MAX_EMBEDDED_LENGTH) return false;
  let start = 0;
  while (start < text.length && isBlank(text.charCodeAt(start))) start++;
  const open = text[start];
  if (open !== '{' && open !== '[') return false;
  let end = text.length - 1;
  while (end > start && isBlank(text.charCodeAt(end))) end--;
  return text[end] === (open === '{' ? '}' : ']');
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}
