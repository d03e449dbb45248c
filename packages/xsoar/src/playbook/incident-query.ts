import { type Json, type JsonObject, textOf } from '../context/index.ts';
import { isEmpty, listOf, momentFrom, NotKnown, ValueError } from './values.ts';

/** Whether an incident, with its own and its custom fields side by side, is among those looked for. */
export type IncidentTest = (fields: JsonObject) => boolean;

/**
 * Reads a search of XSOAR's incident page, as far as it goes here: `field:value` and `field:"some words"` joined by `and`, `or`, `not`, `-` and
 * round brackets; `*` and `?` in a value stand for any characters and for one; `field:""` finds what is empty, and `field:>=3` compares numbers
 * or dates. Letters of either case are the same. `status` is one of active, pending, closed, archived, or its number.
 * @throws NotKnown with what of the search is not understood: nothing is found by guessing.
 */
export function readIncidentQuery(query: string): IncidentTest {
  const tokens = tokensOf(query);
  if (tokens.length === 0) return () => true;
  const [test, end] = either(tokens, 0, query, 0);
  if (end < tokens.length) {
    throw notUnderstood(
      query,
      tokens[end] === ')' ? 'a bracket closes that none opened' : 'write and or or between two conditions',
    );
  }
  return test;
}

/** The number of a status, from its word or its number. @throws NotKnown */
export function statusOf(text: string): number {
  const word = text.trim().toLowerCase();
  const number = STATUSES.indexOf(word);
  if (number >= 0) return number;
  if (/^[0-3]$/.test(word)) return Number(word);
  throw new NotKnown(`"${text}" is no status of an incident; there are ${STATUSES.join(', ')}`);
}

/** By number, as XSOAR keeps them. */
const STATUSES: readonly string[] = ['pending', 'active', 'closed', 'archived'];
const MOST_CHARACTERS = 10_000;
const MOST_DEPTH = 50;

type Read = readonly [test: IncidentTest, end: number];

function tokensOf(query: string): string[] {
  if (query.length > MOST_CHARACTERS) throw new NotKnown(`the search has more than ${MOST_CHARACTERS} characters`);
  // A field with its value is one token, so that a word inside quotes is never taken for an operator.
  const tokens = query.match(/[()]|-?[\w.]+:(?:>=|<=|>|<)?(?:"(?:[^"\\]|\\.)*"|[^\s()"]*)|[^\s()]+/g) ?? [];
  return tokens;
}

function either(tokens: readonly string[], from: number, query: string, depth: number): Read {
  let [test, at] = both(tokens, from, query, depth);
  while (isWord(tokens[at], 'or')) {
    const left = test;
    const [right, end] = both(tokens, at + 1, query, depth);
    test = (fields) => left(fields) || right(fields);
    at = end;
  }
  return [test, at];
}

function both(tokens: readonly string[], from: number, query: string, depth: number): Read {
  let [test, at] = one(tokens, from, query, depth);
  while (isWord(tokens[at], 'and')) {
    const left = test;
    const [right, end] = one(tokens, at + 1, query, depth);
    test = (fields) => left(fields) && right(fields);
    at = end;
  }
  return [test, at];
}

function one(tokens: readonly string[], at: number, query: string, depth: number): Read {
  if (depth > MOST_DEPTH) throw notUnderstood(query, `it is nested deeper than ${MOST_DEPTH} levels`);
  const token = tokens[at];
  if (token === undefined) throw notUnderstood(query, 'it ends where a condition should stand');
  if (isWord(token, 'not') || token === '-') {
    const [test, end] = one(tokens, at + 1, query, depth + 1);
    return [(fields) => !test(fields), end];
  }
  if (token === '(') {
    const [test, end] = either(tokens, at + 1, query, depth + 1);
    if (tokens[end] !== ')') throw notUnderstood(query, 'a bracket is not closed');
    return [test, end + 1];
  }
  return [condition(token, query), at + 1];
}

function condition(token: string, query: string): IncidentTest {
  const [, minus, field, operator = '', quoted, bare = ''] =
    /^(-?)([\w.]+):(>=|<=|>|<)?(?:"((?:[^"\\]|\\.)*)"|(.*))$/s.exec(token) ?? [];
  if (field === undefined) throw notUnderstood(query, `${token} is no field:value`);
  if (quoted === undefined && (bare === '' || /[[\]{}~^:/\\"]/.test(bare))) {
    throw notUnderstood(query, bare === '' ? `${token} has no value` : `${bare} has to stand in quotes`);
  }
  const value = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/gs, '$1');
  const test = operator === '' ? alike(field, value, quoted === undefined) : inOrder(field, operator, value, query);
  return minus === '-' ? (fields) => !test(fields) : test;
}

function alike(field: string, value: string, wild: boolean): IncidentTest {
  if (field.toLowerCase() === 'status' && value !== '') {
    const status = statusOf(value);
    return (fields) => fields.status === status;
  }
  if (value === '') return (fields) => isEmpty(fieldValue(fields, field));
  const wanted = value.toLowerCase();
  if (!wild || !/[*?]/.test(value)) return (fields) => textsOf(fields, field).includes(wanted);
  return (fields) => textsOf(fields, field).some((text) => fits(wanted, text));
}

function inOrder(field: string, operator: string, value: string, query: string): IncidentTest {
  const measure = /^-?\d+(\.\d+)?$/.test(value) ? Number : momentFrom;
  let limit: number;
  try {
    limit = measure(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw notUnderstood(query, `${value} is neither a number nor a date`);
  }
  return (fields) => {
    const found = fieldValue(fields, field);
    if (isEmpty(found) || typeof found === 'object') return false;
    const size = measure === Number ? Number(found) : Date.parse(textOf(found));
    if (operator === '>=') return size >= limit;
    if (operator === '<=') return size <= limit;
    return operator === '>' ? size > limit : size < limit;
  };
}

/** Whether a text is what a pattern with `*` and `?` says; linear but for going back to the last `*`. */
function fits(pattern: string, text: string): boolean {
  let [at, star, mark] = [0, -1, 0];
  for (let place = 0; place < text.length; ) {
    if (pattern[at] === '*') [star, mark, at] = [at, place, at + 1];
    else if (pattern[at] === '?' || (at < pattern.length && pattern[at] === text[place])) [at, place] = [at + 1, place + 1];
    else if (star >= 0) {
      mark += 1;
      [at, place] = [star + 1, mark];
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

function textsOf(fields: JsonObject, field: string): string[] {
  return listOf(fieldValue(fields, field)).map((one) => textOf(one).toLowerCase());
}

/** XSOAR keeps fields in small letters, but for some of its own. */
function fieldValue(fields: JsonObject, field: string): Json | undefined {
  const wanted = field.toLowerCase();
  const name = Object.keys(fields).find((key) => key.toLowerCase() === wanted);
  return name === undefined ? undefined : fields[name];
}

function isWord(token: string | undefined, word: string): boolean {
  return token?.toLowerCase() === word;
}

function notUnderstood(query: string, why: string): NotKnown {
  return new NotKnown(`the search ${query.length > 200 ? `${query.slice(0, 199)}…` : query} is not understood: ${why}`);
}
