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

/**
 * All places where a pattern matches, at most 10,000. Patterns come from playbooks, so one that backtracks without an end is stopped after 200 ms.
 *
 * @param pattern in the syntax of JavaScript; `(?i)`, `(?s)`, `(?m)` at its beginning and `(?P<name>…)`, as XSOAR's own engine has them, work too.
 * @throws RegexError
 */
export function findAll(pattern: string, text: string, ignoreCase = false): Found[] {
  if (pattern.length > LONGEST_PATTERN) throw new RegexError(`The pattern is longer than ${LONGEST_PATTERN} characters.`);
  if (text.length > LONGEST_TEXT) throw new RegexError('The text is too long for a pattern.');
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? [];
  const allFlags = [...new Set(`${flags}g${ignoreCase ? 'i' : ''}`)].join('');
  const source = rest.replaceAll('(?P<', '(?<');
  // Only texts go in and only JSON comes out; the context has no names of ours.
  const room = createContext({ source, allFlags, text }, { codeGeneration: { strings: false, wasm: false } });
  try {
    const found: string = runInContext(
      'JSON.stringify(Array.from(text.matchAll(new RegExp(source, allFlags))).slice(0, 10000).map(function (m) { return Array.from(m); }))',
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

/** Errors of the other context are not instances of our Error. */
function isLikeError(error: unknown): error is { message: string } {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}
