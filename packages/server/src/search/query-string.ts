import { and, equals, not, phrase, range, some, words } from './conditions.ts';
import type { FieldRef, Query } from './query.ts';
import { DEEPEST, type Place, refused, unsupported } from './reading.ts';
import type { TimeContext } from './time-text.ts';
import { canonicalField, folded } from './value.ts';

/** How a query string is read. */
export interface QueryStringOptions {
  /** Where words without a field are looked for. */
  readonly fields: readonly FieldRef[];
  /** Whether clauses side by side have all to hold; else one of them. */
  readonly all: boolean;
  readonly context: TimeContext;
  readonly at: string;
}

type Token =
  | { readonly kind: 'sign'; readonly text: string }
  | { readonly kind: 'field'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'range'; readonly text: string }
  | { readonly kind: 'term'; readonly text: string };

const MOST_TOKENS = 1_000;

/**
 * Reads the simple part of Lucene's query syntax: `field:value`, quotes, `AND OR NOT && || ! + -`, brackets, `*` and `?`, `field:[a TO b]`,
 * `field:>=5`, `_exists_:field`. AND binds before OR.
 * @throws Refusal for what is not well-formed, and by name for fuzziness, proximity, boosts and regular expressions.
 */
export function readQueryString(text: string, options: QueryStringOptions): Query {
  const reader = new Reader(tokens(text, options.at), options);
  return reader.whole();
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #options: QueryStringOptions;
  #next = 0;
  #depth = 0;

  constructor(list: readonly Token[], options: QueryStringOptions) {
    this.#tokens = list;
    this.#options = options;
  }

  whole(): Query {
    if (this.#tokens.length === 0) return { kind: 'none' };
    const query = this.#side(this.#options.fields);
    if (this.#next < this.#tokens.length) throw refused(this.#options.at, `has a "${this.#tokens[this.#next]!.text}" too many.`);
    return query;
  }

  /** Clauses side by side without a word between them. */
  #side(fields: readonly FieldRef[]): Query {
    const must: Query[] = [];
    const should: Query[] = [];
    const never: Query[] = [];
    while (this.#next < this.#tokens.length && !this.#is(')')) {
      const sign = this.#take('+') ? '+' : this.#take('-') ? '-' : '';
      const clause = this.#or(fields);
      if (sign === '-') never.push(clause);
      else if (sign === '+' || this.#options.all) must.push(clause);
      else should.push(clause);
    }
    if (must.length + should.length + never.length === 0) throw refused(this.#options.at, 'has empty brackets.');
    return and([...must, some(should, must.length > 0 || should.length === 0 ? 0 : 1), ...never.map(not)]);
  }

  #or(fields: readonly FieldRef[]): Query {
    const parts = [this.#and(fields)];
    while (this.#take('OR')) parts.push(this.#and(fields));
    return some(parts, 1);
  }

  #and(fields: readonly FieldRef[]): Query {
    const parts = [this.#not(fields)];
    while (this.#take('AND')) parts.push(this.#not(fields));
    return and(parts);
  }

  #not(fields: readonly FieldRef[]): Query {
    let negated = false;
    while (this.#take('NOT')) negated = !negated;
    if (this.#take('-')) negated = !negated;
    else this.#take('+');
    const one = this.#one(fields);
    return negated ? not(one) : one;
  }

  #one(fields: readonly FieldRef[]): Query {
    const token = this.#tokens[this.#next++];
    if (!token) throw refused(this.#options.at, 'ends where a word is missing.');
    if (token.kind === 'sign') {
      if (token.text !== '(') throw refused(this.#options.at, `has a "${token.text}" where a word is missing.`);
      if (++this.#depth > DEEPEST) throw refused(this.#options.at, `is nested more than ${DEEPEST} deep.`);
      const inner = this.#side(fields);
      this.#depth--;
      if (!this.#take(')')) throw refused(this.#options.at, 'lacks a closing bracket.');
      return inner;
    }
    if (token.kind === 'field') return this.#inField(token.text);
    if (token.kind === 'term' && token.text === '*' && fields.some(({ path }) => path === '*')) return { kind: 'all' };
    return some(
      fields.map((field) => this.#value(field, token)),
      1,
    );
  }

  #inField(name: string): Query {
    if (name === '_exists_') {
      const token = this.#tokens[this.#next++];
      if (token?.kind !== 'term' && token?.kind !== 'quoted') throw refused(this.#options.at, 'lacks a field after _exists_.');
      return { kind: 'exists', field: canonicalField(token.text) };
    }
    const path = canonicalField(name);
    return this.#one([{ path, glob: path.includes('*') }]);
  }

  #value(field: FieldRef, token: Token): Query {
    const { context, at } = this.#options;
    if (token.kind === 'quoted') return phrase(field, token.text, context);
    if (token.kind === 'range') return this.#range(field, token.text);
    if (!field.glob) {
      const compared = /^(>=|<=|>|<)(.+)$/s.exec(token.text);
      if (compared) {
        const name = ({ '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const)[compared[1] as '>'];
        return range(field.path, { [name]: { value: compared[2], at } }, context);
      }
      if (token.text === '*') return { kind: 'exists', field: field.path };
    }
    if (/(?<!\\)[*?]/.test(token.text)) return { kind: 'pattern', field, pattern: folded(token.text), fold: true, words: true };
    const plain = token.text.replaceAll(/\\(.)/gsu, '$1');
    if (!field.glob && field.path === '_id') return equals('_id', [plain], context);
    // One term that falls into several words has to have all of them.
    return words(field, plain, (count) => count, context);
  }

  #range(field: FieldRef, text: string): Query {
    const match = /^([[{])\s*(\S+)\s+TO\s+(\S+?)\s*([\]}])$/s.exec(text);
    if (!match || field.glob)
      throw refused(this.#options.at, `has a range that is not like field:[a TO b]: "${text.slice(0, 100)}".`);
    const place = (value: string): Place | undefined =>
      value === '*' ? undefined : { value: value.replaceAll('"', ''), at: this.#options.at };
    const bounds: Partial<Record<'gt' | 'gte' | 'lt' | 'lte', Place>> = {};
    const from = place(match[2]!);
    const to = place(match[3]!);
    if (from) bounds[match[1] === '[' ? 'gte' : 'gt'] = from;
    if (to) bounds[match[4] === ']' ? 'lte' : 'lt'] = to;
    return range(field.path, bounds, this.#options.context);
  }

  #is(text: string): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === 'sign' && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#next++;
    return true;
  }
}

const FIELD = /(?:\\.|[^\s()"[\]{}:\\])+?:/suy;
const QUOTED = /"((?:\\.|[^"\\])*)"/suy;
const RANGE = /[[{][^\]}]*[\]}]/suy;
const TERM = /(?:\\.|[^\s()"\\])+/suy;
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\(/y, '('],
  [/\)/y, ')'],
  [/&&|AND(?=[\s(])/y, 'AND'],
  [/\|\||OR(?=[\s(])/y, 'OR'],
  [/!|NOT(?=[\s(])/y, 'NOT'],
  [/\+/y, '+'],
  [/-/y, '-'],
];

function tokens(text: string, at: string): Token[] {
  const found: Token[] = [];
  let from = 0;
  let afterField = false;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match) from = pattern.lastIndex;
    return match;
  };
  for (;;) {
    read(/\s+/y);
    if (from >= text.length) return found;
    if (found.length >= MOST_TOKENS) throw refused(at, `has more than ${MOST_TOKENS} words.`);
    const token = nextToken(read, afterField, text, from, at);
    afterField = token.kind === 'field';
    found.push(token);
  }
}

function nextToken(
  read: (pattern: RegExp) => RegExpExecArray | null,
  afterField: boolean,
  text: string,
  from: number,
  at: string,
): Token {
  // Right after a field a minus belongs to the value, as in field:-5.
  const signs = afterField ? SIGNS.slice(0, 1) : SIGNS;
  for (const [pattern, sign] of signs) if (read(pattern)) return { kind: 'sign', text: sign };
  const quoted = read(QUOTED);
  if (quoted) {
    refuseSuffix(read, at);
    return { kind: 'quoted', text: quoted[1]!.replaceAll(/\\(.)/gsu, '$1') };
  }
  const field = afterField ? null : read(FIELD);
  if (field) return { kind: 'field', text: field[0].slice(0, -1).replaceAll(/\\(.)/gsu, '$1') };
  const span = read(RANGE);
  if (span) return { kind: 'range', text: span[0] };
  const term = read(TERM);
  if (!term) throw refused(at, `is not well-formed at "${text.slice(from, from + 20)}".`);
  const word = term[0];
  if (/^\/.*\/$/s.test(word)) throw unsupported(at, 'a regular expression');
  if (/(?<!\\)~\d*(?:\.\d+)?$/.test(word)) throw unsupported(at, 'fuzziness (~)');
  if (/(?<!\\)\^\d+(?:\.\d+)?$/.test(word)) throw unsupported(at, 'a boost (^)');
  return { kind: 'term', text: word };
}

function refuseSuffix(read: (pattern: RegExp) => RegExpExecArray | null, at: string): void {
  if (read(/~\d*/y)) throw unsupported(at, 'proximity (~)');
  if (read(/\^[\d.]+/y)) throw unsupported(at, 'a boost (^)');
}
