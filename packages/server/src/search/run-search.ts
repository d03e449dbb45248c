import { type ArcannaBlock, microsToZ } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { collectorOf } from './aggregate.ts';
import { aggregatedFields } from './aggregation.ts';
import { matches } from './evaluate.ts';
import { EventFacts } from './event-facts.ts';
import { csvLine, jsonLine } from './export-lines.ts';
import { FieldCollector } from './field-collector.ts';
import { Best, filterSource, type Placed, shownSort, sortValues } from './hits.ts';
import type { Effort, Found, SearchOrder, Want } from './order.ts';
import { type Plan, planOf } from './plan.ts';
import { fieldsOf, type SearchDocument } from './query.ts';
import type { NarrowRow, SearchStore } from './search-store.ts';
import { TermHash } from './term-hash.ts';

/**
 * Does one search over one consistent state of the database. Runs for as long as it takes: whoever calls it from a thread ends the thread.
 * @throws Refusal when aggregations grow beyond their limits.
 */
export function runSearch(store: SearchStore, order: SearchOrder): { readonly found: Found; readonly effort: Effort } {
  return store.snapshot(() => new Search(store, order).run());
}

class Search {
  readonly #store: SearchStore;
  readonly #order: SearchOrder;
  readonly #facts: EventFacts;
  readonly #plan: Plan;
  #looked = 0;

  constructor(store: SearchStore, order: SearchOrder) {
    this.#store = store;
    this.#order = order;
    this.#facts = new EventFacts(store, order.jobs, order.hidden);
    store.columns.wanted(fieldsRead(order));
    const key = store.indexKey();
    this.#plan = planOf(order.query, key === undefined ? undefined : new TermHash(key));
  }

  run(): { readonly found: Found; readonly effort: Effort } {
    const found = this.#find(this.#order.want);
    return { found, effort: { looked: this.#looked, parsed: this.#facts.parsed, indexed: this.#plan.expression !== undefined } };
  }

  #find(want: Want): Found {
    switch (want.kind) {
      case 'events':
        return this.#events(want);
      case 'elastic':
        return this.#elastic(want);
      case 'ids': {
        const ids: { jobId: number; eventId: string; seq: number }[] = [];
        for (const job of this.#order.jobs)
          this.#each(job.id, (document) => ids.push({ jobId: job.id, eventId: document.id, seq: document.seq }));
        ids.sort((a, b) => a.seq - b.seq);
        return { kind: 'ids', ids: ids.map(({ jobId, eventId }) => ({ jobId, eventId })) };
      }
      case 'names': {
        const names: { id: string; seq: number }[] = [];
        for (const job of this.#order.jobs) this.#each(job.id, ({ id, seq }) => names.push({ id, seq }));
        names.sort((a, b) => b.seq - a.seq);
        return { kind: 'json', text: names.map(({ id }) => id).join('\n'), total: names.length };
      }
      case 'lines':
        return this.#lines(want.columns);
      case 'fields':
        return this.#fields(want.newest);
    }
  }

  #events({ from, size, sort, withAlerts }: Extract<Want, { kind: 'events' }>): Found {
    const pages: Placed[] = [];
    let total = 0;
    for (const job of this.#order.jobs) {
      const best = new Best<Placed>(from + size, sort);
      this.#each(job.id, (document) => {
        total++;
        const placed = { seq: document.seq, sort: sortValues(document, sort) };
        best.offer(placed, () => placed);
      });
      pages.push(...best.list().slice(from));
    }
    const all = new Best<Placed>(pages.length, sort);
    for (const hit of pages) all.offer(hit, () => hit);
    const titles = new Map(this.#order.jobs.map(({ id, title }) => [id, title]));
    const room = new Room();
    const texts = all.list().map(({ seq }) => {
      const event = this.#facts.event(seq);
      const head = JSON.stringify({
        event_id: event.eventId,
        job_id: event.jobId,
        job_title: titles.get(event.jobId),
        decision_points: this.#facts.pointValues(event),
        arcanna: this.#facts.arcanna(event),
      });
      return room.take(withAlerts ? `${head.slice(0, -1)},"raw_event":${this.#store.body(event.seq)}}` : head);
    });
    return { kind: 'json', text: `{"events":[${texts.join(',')}],"total_count":${total}}`, total };
  }

  #elastic(want: Extract<Want, { kind: 'elastic' }>): Found {
    const { from, size, sort, source, aggregations, pointsOnly } = want;
    const best = new Best<Placed>(size === 0 ? 0 : from + size, sort);
    const collector = Object.keys(aggregations).length > 0 ? collectorOf(aggregations) : undefined;
    let total = 0;
    for (const job of this.#order.jobs) {
      this.#each(job.id, (document) => {
        total++;
        collector?.add(document);
        if (size === 0) return;
        const placed = { seq: document.seq, sort: sortValues(document, sort) };
        best.offer(placed, () => placed);
      });
    }
    const room = new Room();
    const hits = best
      .list()
      .slice(from)
      .map(({ seq, sort: values }) => {
        const event = this.#facts.event(seq);
        room.take(pointsOnly || source === false ? '' : this.#store.body(event.seq));
        const whole = pointsOnly ? this.#pointsSource(event) : this.#facts.documentOf(event).source();
        return {
          _index: String(event.jobId),
          _id: event.eventId,
          _score: null,
          _source: filterSource(whole, source),
          sort: values.map((value, index) => shownSort(value, sort[index]!.field)),
        };
      });
    const text = JSON.stringify({
      hits: { total: { value: total, relation: 'eq' }, max_score: null, hits },
      ...(collector ? { aggregations: collector.result() } : {}),
    });
    return { kind: 'json', text, total };
  }

  #lines(columns: readonly string[] | null): Found {
    const lines: string[] = [];
    for (const job of this.#order.jobs)
      this.#each(job.id, (document) => {
        if (columns !== null) lines.push(csvLine(document, columns));
        else lines.push(jsonLine(document, this.#facts.arcanna(this.#facts.event(document.seq)), this.#store.body(document.seq)));
      });
    return { kind: 'json', text: lines.join(''), total: lines.length };
  }

  #pointsSource(event: StoredEvent): Readonly<Record<string, unknown>> {
    const arcanna: ArcannaBlock = this.#facts.arcanna(event);
    return { '@timestamp': microsToZ(event.eventAt), decision_points: this.#facts.pointValues(event), arcanna };
  }

  #fields(newest: number): Found {
    const fields = new FieldCollector();
    for (const job of this.#order.jobs) {
      let count = 0;
      for (const row of this.#store.walk({ jobId: job.id, from: this.#plan.from, to: this.#plan.to }, 0)) {
        this.#looked++;
        fields.add(this.#facts.document(row));
        if (++count >= newest) break;
      }
    }
    return { kind: 'fields', fields: fields.list(), events: this.#looked };
  }

  /** Every event of a job that the query means, each once. */
  #each(jobId: number, visit: (document: SearchDocument) => unknown): void {
    const { from, to, ids, expression, exact, rest } = this.#plan;
    if (rest.kind === 'none') return;
    const span = { jobId, from, to };
    const judge = (row: NarrowRow, known: boolean): void => {
      this.#looked++;
      const document = this.#facts.document(row);
      if (known || matches(rest, document)) visit(document);
    };
    if (ids) {
      for (const id of ids) {
        const row = this.#store.event(jobId, id);
        if (row && row[3] >= from && row[3] <= to) judge(row, false);
      }
      return;
    }
    const everything = rest.kind === 'all';
    if (expression === undefined) {
      for (const row of this.#store.walk(span, 0)) judge(row, everything);
      return;
    }
    const until = this.#store.indexedUntil();
    for (const row of this.#store.walk(span, until)) judge(row, false);
    // Events with too many words are known to the index by their number alone, and looked at each time.
    for (const row of this.#store.walkPartial(span)) judge(row, false);
    for (const row of this.#store.walkIndexed(span, expression)) judge(row, exact);
  }
}

/** Most characters of alerts in one answer. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

/** Counts what goes into an answer. */
class Room {
  #left = MOST_CHARACTERS;

  /** @throws Refusal when the answer would be too large. */
  take(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0)
      throw new Refusal('invalid', 'The answer would be larger than 64 MB. Ask for fewer events at once, or without the alerts.');
    return text;
  }
}

/** The fields that a search names, those of its aggregations' filters left out. */
function fieldsRead({ query, want }: SearchOrder): Set<string> {
  const fields = fieldsOf(query);
  if (want.kind === 'elastic') aggregatedFields(want.aggregations, fields);
  if (want.kind === 'elastic' || want.kind === 'events') for (const { field } of want.sort) fields.add(field);
  return fields;
}
