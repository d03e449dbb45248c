import { Refusal } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import { PIECE } from './column-piece.ts';
import type { ColumnReader, PieceRows } from './column-reader.ts';
import { onTimes } from './evaluate.ts';
import type { EventFacts } from './event-facts.ts';
import { PieceBlocks } from './piece-block.ts';
import { alertPath, type Plan } from './plan.ts';
import type { Query, SearchDocument } from './query.ts';
import { keep, type Rows, rowsOfDocuments } from './rows.ts';
import type { NarrowRow, SearchStore } from './search-store.ts';
import { select } from './select.ts';

/** Events that are looked at together where they are not in pieces. */
const TOGETHER = 1_024;
/** With more hits than this, columns that know all fields of a query are faster than the index. */
const MANY_HITS = 5_000;

/** Walks over the events that a query means, the newest first, as many together as is handy. */
export class EventWalk {
  readonly #store: SearchStore;
  readonly #facts: EventFacts;
  readonly #jobs: readonly Job[];
  readonly #plan: Plan;
  readonly #blocks: PieceBlocks | undefined;
  readonly #wanted: ReadonlySet<number>;
  readonly #unwanted: () => boolean;
  /** Events that were looked at. */
  looked = 0;

  /**
   * @param fields those that the search reads.
   * @param unwanted whether nobody waits for the search any more: then the walk ends with a Refusal.
   */
  constructor(
    store: SearchStore,
    facts: EventFacts,
    jobs: readonly Job[],
    plan: Plan,
    fields: ReadonlySet<string>,
    unwanted: () => boolean,
  ) {
    this.#store = store;
    this.#facts = facts;
    this.#jobs = jobs;
    this.#plan = plan;
    this.#wanted = new Set(jobs.map(({ id }) => id));
    this.#unwanted = unwanted;
    this.#blocks = store.columns && new PieceBlocks(store, store.columns, facts, jobs, fields);
  }

  /**
   * Every event that is meant, each once. `visit` says false when it has seen enough.
   * @throws Refusal `caller_gone` as soon as the search is not wanted any more.
   */
  each(visit: (rows: Rows) => boolean): void {
    const { ids, expression, rest } = this.#plan;
    if (rest.kind === 'none') return;
    for (const rows of ids ? this.#named(ids) : expression === undefined ? this.#all() : this.#found(expression)) {
      if (this.#unwanted()) throw new Refusal('caller_gone', 'The search was cancelled.');
      if (rows.places.length > 0 && !visit(rows)) return;
    }
  }

  *#named(ids: readonly string[]): Generator<Rows> {
    const { from, to } = this.#plan;
    const rows: NarrowRow[] = [];
    for (const job of this.#jobs)
      for (const id of ids) {
        const row = this.#store.event(job.id, id);
        if (row && row[3] >= from && row[3] <= to) rows.push(row);
      }
    yield* this.#judged(
      rows.sort((a, b) => b[0] - a[0]),
      false,
    );
  }

  *#all(): Generator<Rows> {
    const reader = this.#store.columns;
    const pieces = reader?.pieces ?? 0;
    yield* this.#stored(pieces * PIECE - 1);
    if (!reader) return;
    for (let piece = pieces - 1; piece >= 0; piece--) {
      const rows = this.#meant(reader, piece);
      this.looked += rows.places.length;
      yield select(this.#plan.rest, rows);
    }
  }

  *#found(expression: string): Generator<Rows> {
    const reader = this.#store.columns;
    const covered = (reader?.pieces ?? 0) * PIECE;
    const { rest, exact } = this.#plan;
    let hits = this.#store.found(expression, MANY_HITS + 1);
    if (hits.length > MANY_HITS) {
      if (reader && covers(rest, reader)) return yield* this.#all();
      hits = this.#store.found(expression, -1);
    }
    yield* this.#stored(this.#store.indexedUntil());
    // Events with too many words are known to the index by their number alone, and looked at each time.
    yield* this.#judged(
      this.#jobs.flatMap(({ id }) => [...this.#store.walkPartial({ ...this.#plan, jobId: id })]),
      false,
    );
    let at = 0;
    const loose: NarrowRow[] = [];
    for (; at < hits.length && hits[at]! >= covered; at++) {
      const row = this.#store.current(hits[at]!);
      if (row && this.#wanted.has(row[1]) && row[3] >= this.#plan.from && row[3] <= this.#plan.to) loose.push(row);
    }
    yield* this.#judged(loose, exact);
    if (!reader) return;
    while (at < hits.length) {
      const piece = Math.floor(hits[at]! / PIECE);
      const begin = at;
      while (at < hits.length && hits[at]! >= piece * PIECE) at++;
      const meant = this.#meant(reader, piece);
      const places = among(meant.places, hits, begin, at);
      this.looked += places.length;
      const rows = { block: meant.block, places };
      yield exact ? rows : select(rest, rows);
    }
  }

  /** Events after a number, read from the store. */
  *#stored(after: number): Generator<Rows> {
    const { from, to, rest } = this.#plan;
    for (const { id } of this.#jobs) {
      let batch: NarrowRow[] = [];
      for (const row of this.#store.walk({ jobId: id, from, to }, after)) {
        batch.push(row);
        if (batch.length < TOGETHER) continue;
        yield* this.#judged(batch, rest.kind === 'all');
        batch = [];
      }
      yield* this.#judged(batch, rest.kind === 'all');
    }
  }

  *#judged(rows: readonly NarrowRow[], known: boolean): Generator<Rows> {
    this.looked += rows.length;
    for (let from = 0; from < rows.length; from += TOGETHER) {
      const documents: SearchDocument[] = rows.slice(from, from + TOGETHER).map((row) => this.#facts.document(row));
      const made = rowsOfDocuments(documents);
      yield known ? made : select(this.#plan.rest, made);
    }
  }

  /** The events of a piece that belong to the jobs and lie in the time. */
  #meant(reader: ColumnReader, piece: number): Rows {
    const rows = reader.rows(piece);
    const block = this.#blocks!.block(piece, rows);
    return { block, places: this.#placesOf(rows) };
  }

  #placesOf({ jobs, times, places, job, earliest, latest }: PieceRows): Int32Array {
    const { from, to } = this.#plan;
    if (places.length === 0 || latest < from || earliest > to) return NONE;
    if (job !== undefined && !this.#wanted.has(job)) return NONE;
    const anyTime = earliest >= from && latest <= to;
    if (job !== undefined && anyTime) return places;
    return keep(
      places,
      (place) =>
        (job !== undefined || this.#wanted.has(jobs[place]!)) && (anyTime || (times[place]! >= from && times[place]! <= to)),
    );
  }
}

const NONE = new Int32Array(0);

/** Places of a piece (the newest first) that are among hits from one to another (likewise). */
function among(places: Int32Array, hits: readonly number[], from: number, to: number): Int32Array {
  const found = new Int32Array(Math.min(places.length, to - from));
  let count = 0;
  let at = from;
  for (const place of places) {
    while (at < to && hits[at]! % PIECE > place) at++;
    if (at === to) break;
    if (hits[at]! % PIECE === place) found[count++] = place;
  }
  return found.subarray(0, count);
}

/** Whether columns know every field of a query, in every piece. */
function covers(query: Query, reader: ColumnReader): boolean {
  switch (query.kind) {
    case 'all':
    case 'none':
      return true;
    case 'and':
    case 'some':
      return query.of.every((part) => covers(part, reader));
    case 'not':
      return covers(query.of, reader);
    case 'ids':
      return false;
    case 'range':
      return (query.field === '@timestamp' && onTimes(query.range)) || isWhole(query.field, reader);
    case 'equals':
    case 'exists':
      return isWhole(query.field, reader);
    default:
      return !query.field.glob && isWhole(query.field.path, reader);
  }
}

function isWhole(field: string, reader: ColumnReader): boolean {
  const path = alertPath(field);
  return path !== undefined && reader.isWhole(path);
}
