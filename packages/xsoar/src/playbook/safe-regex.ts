import { createContext, runInContext } from 'node:vm';
import { LONGEST_TEXT } from '../context/json.ts';

/** A pattern is wrong or takes too long; the sentence is meant for people. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

const MOST_MS = 200;
const LONGEST_PATTERN = 5_000;

/** What a pattern found: the whole match and its groups. */
export type Found = readonly (string | null)[];

/** A match with the place where it begins, in UTF-16 units, and its groups that have names. */
export interface Place {
  readonly at: number;
  readonly found: Found;
  readonly named: Readonly<Record<string, string | null>>;
}

/** How a pattern reads: letters of either case, `^` and `$` at each line, `.` at line ends too. */
export interface PatternFlags {
  readonly ignoreCase?: boolean;
  readonly multiLine?: boolean;
  readonly dotAll?: boolean;
}

const MOST_FOUND = 10_000;

/**
 * All places where a pattern matches, at most 10,000. Patterns come from playbooks, so one that backtracks without an end is stopped after 200 ms.
 *
 * @param pattern in the syntax of JavaScript; `(?i)`, `(?s)`, `(?m)` at its beginning, `(?P<name>…)`, `(?P=name)`, `\A`, `\Z` and `\z`, as the engines of
 * XSOAR and its scripts have them, work too.
 * @throws RegexError
 */
export function findAll(pattern: string, text: string, flags: PatternFlags = {}): Found[] {
  return findPlaces(pattern, text, flags).map(({ found }) => found);
}

/**
 * The text with each match replaced, and nothing else of it.
 * @throws RegexError, also where there are more than 10,000 matches; what `made` throws.
 */
export function replaceEach(pattern: string, text: string, made: (place: Place) => string, flags: PatternFlags = {}): string {
  const places = findPlaces(pattern, text, flags);
  if (places.length >= MOST_FOUND) throw new RegexError(`The pattern matches more than ${MOST_FOUND} times.`);
  let end = 0;
  const pieces = places.map((place) => {
    const before = text.slice(end, place.at);
    end = place.at + (place.found[0] ?? '').length;
    return before + made(place);
  });
  return pieces.join('') + text.slice(end);
}

function findPlaces(pattern: string, text: string, flags: PatternFlags): Place[] {
  if (pattern.length > LONGEST_PATTERN) throw new RegexError(`The pattern is longer than ${LONGEST_PATTERN} characters.`);
  if (text.length > LONGEST_TEXT) throw new RegexError('The text is too long for a pattern.');
  const [, written = '', rest = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? [];
  const asked = `${flags.ignoreCase ? 'i' : ''}${flags.multiLine ? 'm' : ''}${flags.dotAll ? 's' : ''}`;
  const allFlags = [...new Set(`${written}g${asked}`)].join('');
  // Only texts go in and only JSON comes out; the context has no names of ours.
  const room = createContext({ source: inJavaScript(rest), allFlags, text }, { codeGeneration: { strings: false, wasm: false } });
  try {
    const found: string = runInContext(
      `JSON.stringify(Array.from(text.matchAll(new RegExp(source, allFlags))).slice(0, ${MOST_FOUND}).map(function (m) {
        return { at: m.index, found: Array.from(m), named: Object.assign({}, m.groups) };
      }))`,
      room,
      { timeout: MOST_MS },
    );
    return JSON.parse(found);
  } catch (error) {
    const message = error instanceof Error || isLikeError(error) ? error.message : String(error);
    if (/timed out/.test(message)) throw new RegexError(`The pattern ${pattern} takes longer than ${MOST_MS} ms on this text.`);
    throw new RegexError(`The pattern cannot be used: ${message}.`);
  }
}

/** JavaScript takes `\A` for an A, and says nothing. */
function inJavaScript(pattern: string): string {
  const ends: Readonly<Record<string, string>> = { '\\A': '(?<![\\s\\S])', '\\Z': '(?![\\s\\S])', '\\z': '(?![\\s\\S])' };
  return pattern
    .replaceAll(/\\[\s\S]/g, (written) => ends[written] ?? written)
    .replaceAll(/\(\?P=(\w+)\)/g, (_, name: string) => `\\k<${name}>`)
    .replaceAll('(?P<', '(?<');
}

/** Errors of the other context are not instances of our Error. */
function isLikeError(error: unknown): error is { message: string } {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}
