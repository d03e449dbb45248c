import type { Entry } from './column-piece.ts';
import { holdsTime, matches, onTimes } from './evaluate.ts';
import type { Query, SearchDocument } from './query.ts';
import { keep, type Rows } from './rows.ts';
import { type Scalar, timeOf } from './value.ts';

/**
 * The rows that a query means: what {@link matches} says of each of their documents. Where a column knows a field, each of its different values is
 * judged once instead of each event.
 */
export function select(query: Query, rows: Rows): Rows {
  const { block, places } = rows;
  if (places.length === 0) return rows;
  switch (query.kind) {
    case 'all':
      return rows;
    case 'none':
      return { block, places: NONE };
    case 'and':
      return query.of.reduce((left, part) => select(part, left), rows);
    case 'not':
      return minus(rows, select(query.of, rows));
    case 'some':
      return atLeast(query.of, query.least, rows);
    case 'ids':
      return oneByOne(query, rows);
    case 'equals':
    case 'exists':
      return byValues(query, query.field, rows);
    case 'range':
      if (query.field === '@timestamp' && onTimes(query.range))
        return { block, places: keep(places, (place) => holdsTime(block.time(place), query.range)) };
      return byValues(query, query.field, rows);
    case 'words':
    case 'phrase':
    case 'pattern':
      return query.field.glob ? oneByOne(query, rows) : byValues(query, query.field.path, rows);
  }
}

const NONE = new Int32Array(0);

/** The rows of the first that are not among the second, which are some of them in the same order. */
export function minus({ block, places }: Rows, without: Rows): Rows {
  if (without.places.length === 0) return { block, places };
  let next = 0;
  return {
    block,
    places: keep(places, (place) => {
      if (without.places[next] !== place) return true;
      next++;
      return false;
    }),
  };
}

function atLeast(of: readonly Query[], least: number, rows: Rows): Rows {
  if (least <= 0) return rows;
  const { block, places } = rows;
  const found = new Map<number, number>();
  for (const part of of) for (const place of select(part, rows).places) found.set(place, (found.get(place) ?? 0) + 1);
  return { block, places: keep(places, (place) => (found.get(place) ?? 0) >= least) };
}

function oneByOne(query: Query, { block, places }: Rows): Rows {
  return { block, places: keep(places, (place) => matches(query, block.document(place))) };
}

function byValues(query: Query, field: string, rows: Rows): Rows {
  const { block, places } = rows;
  const column = block.column(field, places.length);
  if (!column) return oneByOne(query, rows);
  const { codes, entries } = column;
  const verdicts = new Uint8Array(entries.length);
  const holds = judgeOf(query);
  return {
    block,
    places: keep(places, (place) => {
      const code = codes[place]!;
      if (verdicts[code] === 0) verdicts[code] = holds(entries[code]!) ? 1 : 2;
      return verdicts[code] === 1;
    }),
  };
}

/** What conditions say of entries, for as long as somebody asks with them: pieces of a column share their entries. */
const judged = new WeakMap<Query, WeakMap<Entry, boolean>>();

function judgeOf(query: Query): (entry: Entry) => boolean {
  const known = judged.get(query) ?? new WeakMap<Entry, boolean>();
  judged.set(query, known);
  return (entry) => {
    let verdict = known.get(entry);
    if (verdict === undefined) {
      verdict = matches(query, new EntryDocument(entry));
      known.set(entry, verdict);
    }
    return verdict;
  };
}

/** An entry as a document of which one field is known; only that is asked for. */
class EntryDocument implements SearchDocument {
  readonly id = '';
  readonly jobId = 0;
  readonly seq = 0;
  readonly #entry: Entry;

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  values(): readonly Scalar[] {
    return this.#entry.values;
  }

  times(): readonly number[] {
    return this.#entry.values.flatMap((value) => timeOf(value) ?? []);
  }

  exists(): boolean {
    return this.#entry.exists;
  }

  leaves(): void {}

  source(): Readonly<Record<string, unknown>> {
    return {};
  }
}
