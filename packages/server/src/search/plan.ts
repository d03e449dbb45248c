import { needsAlert } from './document.ts';
import { timeValue } from './evaluate.ts';
import type { Bound, Query } from './query.ts';
import type { TermHash } from './term-hash.ts';

/** How the events of a query are found. */
export interface Plan {
  /** The event's own time, inclusive, microseconds. */
  readonly from: number;
  readonly to: number;
  /** Only events with these ids. */
  readonly ids: readonly string[] | undefined;
  /** What the index is asked; undefined = it cannot help, every event is looked at. */
  readonly expression: string | undefined;
  /** Whether what the index finds needs no further look. */
  readonly exact: boolean;
  /** What is left to judge of each event found, beside time and ids. */
  readonly rest: Query;
}

/** Most terms in one question to the index. */
const MOST_TERMS = 400;

/**
 * Takes from a query what rows and index can tell: the time span and the ids that all have to fulfil, and terms that every event found must
 * have. The index knows the alert's values by path, and words of any field; it knows nothing of `arcanna`, ranges and patterns.
 */
export function planOf(query: Query, hash: TermHash | undefined): Plan {
  let from = Number.MIN_SAFE_INTEGER;
  let to = Number.MAX_SAFE_INTEGER;
  let ids: readonly string[] | undefined;
  const rest: Query[] = [];
  for (const part of query.kind === 'and' ? query.of : [query]) {
    if (part.kind === 'range' && part.field === '@timestamp' && Object.values(part.range).every(isTime)) {
      const { gt, gte, lt, lte } = part.range;
      from = Math.max(from, gt ? timeValue(gt) + 1 : from, gte ? timeValue(gte) : from);
      to = Math.min(to, lt ? timeValue(lt) - 1 : to, lte ? timeValue(lte) : to);
    } else if (part.kind === 'ids') {
      const wanted = new Set(part.ids);
      ids = ids ? ids.filter((id) => wanted.has(id)) : [...wanted];
    } else if (part.kind !== 'all') rest.push(part);
  }
  const left: Query = rest.length === 0 ? { kind: 'all' } : rest.length === 1 ? rest[0]! : { kind: 'and', of: rest };
  const question = hash && left.kind !== 'all' ? new Questioner(hash).ask(left) : undefined;
  const usable = question !== undefined && question.terms <= MOST_TERMS;
  return {
    from: Math.ceil(from),
    to: Math.floor(to),
    ids,
    expression: usable ? question.text : undefined,
    exact: left.kind === 'all' || (usable && question.exact),
    rest: sortByCost(left),
  };
}

/** The term that every event in the index has. */
export const EVERY = 'a';

interface Question {
  readonly text: string;
  readonly exact: boolean;
  readonly terms: number;
}

class Questioner {
  readonly #hash: TermHash;

  constructor(hash: TermHash) {
    this.#hash = hash;
  }

  /** A question that finds at least all events of the query; undefined when there is none better than all events. */
  ask(query: Query): Question | undefined {
    switch (query.kind) {
      case 'and': {
        const asked = query.of.map((part) => this.ask(part));
        const useful = asked.filter((one) => one !== undefined);
        if (useful.length === 0) return undefined;
        return { ...join(useful, ' AND '), exact: useful.every(({ exact }) => exact) && useful.length === asked.length };
      }
      case 'some': {
        const asked = query.of.map((part) => this.ask(part));
        if (query.least === query.of.length) return this.ask({ kind: 'and', of: query.of });
        // Where any one part cannot be asked for, every event may be meant.
        if (asked.some((one) => one === undefined)) return undefined;
        const all = asked.filter((one) => one !== undefined);
        return { ...join(all, ' OR '), exact: query.least === 1 && all.every(({ exact }) => exact) };
      }
      case 'not': {
        const inner = this.ask(query.of);
        return inner?.exact ? { text: `(${EVERY} NOT ${inner.text})`, exact: true, terms: inner.terms } : undefined;
      }
      case 'equals': {
        const path = alertPath(query.field);
        if (path === undefined || query.keys.length > MOST_TERMS) return undefined;
        return this.#any(
          query.keys.map((key) => this.#hash.value(path, key)),
          true,
        );
      }
      case 'words': {
        if (!this.#hasWords(query.field.path, query.field.glob)) return undefined;
        const asked = query.words.map((word) => this.#hash.word(word));
        const anywhere = query.field.glob && query.field.path === '*';
        if (query.least === asked.length) return this.#every(asked, anywhere);
        return this.#any(asked, anywhere && query.least === 1);
      }
      case 'phrase':
        if (!this.#hasWords(query.field.path, query.field.glob)) return undefined;
        return this.#every(
          query.pieces.map((piece) => this.#hash.word(piece)),
          false,
        );
      default:
        return undefined;
    }
  }

  /** Words of the alert, its id and title are indexed, those of nothing else. */
  #hasWords(path: string, glob: boolean): boolean {
    return glob || path === 'metadata.description' || path === 'metadata.id' || alertPath(path) !== undefined;
  }

  #any(terms: readonly string[], exact: boolean): Question {
    return { text: `(${terms.join(' OR ')})`, exact, terms: terms.length };
  }

  #every(terms: readonly string[], exact: boolean): Question {
    return { text: `(${terms.join(' AND ')})`, exact, terms: terms.length };
  }
}

/** The path inside the alert that a field means; undefined when it is a field of ours. */
export function alertPath(field: string): string | undefined {
  if (!needsAlert(field)) return undefined;
  if (field === 'raw_event') return undefined;
  return field.startsWith('raw_event.') ? field.slice('raw_event.'.length) : field;
}

function join(questions: readonly Question[], word: string): Omit<Question, 'exact'> {
  return {
    text: questions.length === 1 ? questions[0]!.text : `(${questions.map(({ text }) => text).join(word)})`,
    terms: questions.reduce((sum, { terms }) => sum + terms, 0),
  };
}

/** What rows tell first, then what is looked up, then what needs the alert. */
function sortByCost(query: Query): Query {
  if (query.kind !== 'and') return query;
  return { kind: 'and', of: query.of.toSorted((a, b) => cost(a) - cost(b)) };
}

function cost(query: Query): number {
  switch (query.kind) {
    case 'all':
    case 'none':
    case 'ids':
      return 0;
    case 'and':
    case 'some':
      return Math.max(0, ...query.of.map(cost));
    case 'not':
      return cost(query.of);
    case 'equals':
    case 'exists':
    case 'range':
      return needsAlert(query.field) ? 2 : 1;
    default:
      return query.field.glob || needsAlert(query.field.path) ? 3 : 1;
  }
}

function isTime(bound: Bound): boolean {
  return bound.kind === 'time';
}
