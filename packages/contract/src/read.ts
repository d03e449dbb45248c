import { type Problem, type ProblemType, type Result, SHORT_TEXT_CHARS_MAX } from './common.ts';

/**
 * Small readers for input from outside. A `Reader` looks at one object's own members, gathers every problem it meets with its
 * place, and never throws, never changes or copies what it reads. `null` and absent are the same everywhere.
 */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #loc: readonly string[];

  /** `source` should be an object; anything else becomes one problem at `loc` and reads as empty. */
  constructor(source: unknown, loc: readonly string[]) {
    this.#loc = loc;
    this.#source = isObject(source) ? source : {};
    if (!isObject(source)) this.problems.push(notAnObject(source, loc));
  }

  /** The member's value, `undefined` where it is absent or `null`. Inherited members (`constructor`, `__proto__`) are absent. */
  get(name: string): unknown {
    return Object.hasOwn(this.#source, name) ? (this.#source[name] ?? undefined) : undefined;
  }

  /** Notes a problem of the member `name`. */
  note(name: string, msg: string, type: ProblemType): undefined {
    this.problems.push({ loc: [...this.#loc, name], msg, type });
    return undefined;
  }

  /** A text of at most `max` characters; `undefined` when absent or wrong (then noted). */
  text(name: string, max: number = SHORT_TEXT_CHARS_MAX): string | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.note(name, `must be a string, not ${kindOf(value)}`, 'wrong_type');
    if (longerThan(value, max)) return this.note(name, `must have at most ${max} characters`, 'too_long');
    return value;
  }

  /** As `text`, but trimmed, and a blank text is absent. */
  filled(name: string, max: number = SHORT_TEXT_CHARS_MAX): string | undefined {
    return this.text(name, max)?.trim() || undefined;
  }

  /** An integer from `min` to `max`, also as a decimal string (`"1201"`, `"1201.0"`); a blank string is absent. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.get(name);
    if (value === undefined || isBlank(value)) return undefined;
    const read = integerOf(value);
    const range = max === Number.POSITIVE_INFINITY || max >= 2 ** 53 ? `${min} or more` : `from ${min} to ${max}`;
    if (read === null) return this.note(name, `must be an integer ${range}, not ${shown(value)}`, 'wrong_type');
    if (read < min || read > max) return this.note(name, `must be an integer ${range}, not ${shown(value)}`, 'out_of_range');
    return read;
  }

  /** Any finite number, also as a decimal string; a blank string is absent. */
  number(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || isBlank(value)) return undefined;
    const read = numberOf(value);
    if (read === null) return this.note(name, `must be a number, not ${shown(value)}`, 'wrong_type');
    if (!Number.isFinite(read)) return this.note(name, 'must be a finite number', 'out_of_range');
    return read;
  }

  /** The value, or everything noted so far. `value` is only called when nothing was noted. */
  result<T>(value: () => T): Result<T> {
    return this.problems.length > 0 ? { ok: false, problems: this.problems } : { ok: true, value: value() };
  }
}

/** Whether `value` is a JSON object (not null, not an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The problem of something that should have been a JSON object. */
export function notAnObject(value: unknown, loc: readonly string[]): Problem {
  if (value === undefined || value === null)
    return { loc: [...loc], msg: 'must be a JSON object, and is missing', type: 'missing' };
  return { loc: [...loc], msg: `must be a JSON object, not ${kindOf(value)}`, type: 'wrong_type' };
}

/** What JSON calls the kind of `value`, with its article. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Members with `undefined` left out, so that optional members are absent rather than undefined. */
export function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 100 && value.trim() === '';
}

const NUMBER_CHARS_MAX = 100;
const INTEGER = /^([+-]?\d+)(?:\.0*)?$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** `null` for what is no integer; a text whose number a double cannot hold exactly is none either (2^53 + 1 is not 2^53). */
function integerOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  if (typeof value !== 'string' || value.length > NUMBER_CHARS_MAX) return null;
  const digits = INTEGER.exec(value.trim())?.[1];
  if (digits === undefined) return null;
  const read = Number(digits);
  return BigInt(read) === BigInt(digits.replace('+', '')) ? read : null;
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > NUMBER_CHARS_MAX) return null;
  return NUMBER.test(value.trim()) ? Number(value) : null;
}

/** The value itself where it is short and harmless to repeat, else its kind. */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.length <= 40 ? JSON.stringify(value) : kindOf(value);
}

/** Counts code points as JSON Schema does, and only where the count could matter. */
function longerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || [...text].length > max;
}
