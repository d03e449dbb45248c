import { type Formula, parseFormula } from './expression.ts';
import { ContextError, isUnsafeKey } from './json.ts';

/** One step down: a member, an item, a range of items (both ends count, as in XSOAR), or all members. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'all' };

/** A step, and the selector in parentheses behind it. */
export interface Leg {
  readonly step: Step;
  readonly where?: Formula;
}

/** An expression of DT: a path, and behind `=` what is made of each value found. */
export interface Path {
  readonly legs: readonly Leg[];
  readonly mutator?: Formula;
}

const LONGEST = 20_000;
const MOST_LEGS = 100;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const QUOTES = new Set(['"', "'", '`']);

/**
 * Reads an expression of DT such as `Arcanna.Jobs(val.title == 'x').job_id`, `A.[0].b`, `A.[0:2]`, `A.*`, `.` (all there is),
 * `A.b=val.toUpperCase()`. A dot in a name is written `\.`.
 * @throws ContextError with what is wrong.
 */
export function parsePath(text: string): Path {
  if (text.length > LONGEST) throw new ContextError(`A path is longer than ${LONGEST} characters.`);
  const trimmed = text.trim();
  if (trimmed === '') throw new ContextError('A path is empty.');
  const legs: Leg[] = [];
  let at = trimmed.startsWith('.') ? 1 : 0;
  while (at < trimmed.length) {
    if (trimmed[at] === '=') return { legs, mutator: parseFormula(trimmed.slice(at + 1)) };
    const [step, end] = readStep(trimmed, at);
    at = skipBlanks(trimmed, end);
    if (trimmed[at] === '(') {
      const close = closingOf(trimmed, at);
      legs.push({ step, where: parseFormula(trimmed.slice(at + 1, close)) });
      at = skipBlanks(trimmed, close + 1);
    } else {
      legs.push({ step });
    }
    if (legs.length > MOST_LEGS) throw new ContextError(`A path has more than ${MOST_LEGS} steps.`);
    if (trimmed[at] === '.') {
      at += 1;
      if (at === trimmed.length) throw new ContextError(`"${trimmed}" ends with a dot.`);
    } else if (at < trimmed.length && trimmed[at] !== '=' && trimmed[at] !== '[') {
      throw new ContextError(`"${trimmed}" has "${trimmed[at]}" where a dot should be.`);
    }
  }
  return { legs };
}

/**
 * Where the bracket that opens at `from` is closed; brackets inside of quotes do not count.
 * @throws ContextError where it is never closed.
 */
export function closingOf(text: string, from: number): number {
  const open: string[] = [];
  let quote: string | undefined;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]!;
    if (quote !== undefined) {
      if (character === '\\') at += 1;
      else if (character === quote) quote = undefined;
    } else if (QUOTES.has(character)) {
      quote = character;
    } else if (CLOSING[character] !== undefined) {
      open.push(CLOSING[character]);
    } else if (character === open.at(-1)) {
      open.pop();
      if (open.length === 0) return at;
    }
  }
  throw new ContextError(`"${text}" has a bracket that is not closed.`);
}

function readStep(text: string, from: number): [Step, number] {
  if (text[from] === '[') {
    const close = closingOf(text, from);
    return [indexStep(text.slice(from + 1, close), text), close + 1];
  }
  let key = '';
  let at = from;
  for (; at < text.length && !'.([='.includes(text[at]!); at += 1) {
    if (text[at] === '\\' && at + 1 < text.length) at += 1;
    key += text[at];
  }
  key = key.trim();
  if (key === '') throw new ContextError(`"${text}" has an empty name.`);
  if (isUnsafeKey(key)) throw new ContextError(`"${key}" cannot be part of a path.`);
  return [key === '*' ? { kind: 'all' } : { kind: 'key', key }, at];
}

function indexStep(inside: string, text: string): Step {
  const [, from, to] = /^\s*(\d{1,9})\s*(?::\s*(\d{1,9})\s*)?$/.exec(inside) ?? [];
  if (from === undefined) throw new ContextError(`"${text}" has [${inside}], which is neither [number] nor [from:to].`);
  return to === undefined ? { kind: 'index', index: Number(from) } : { kind: 'range', from: Number(from), to: Number(to) };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}
