import { type ArcannaBlock, microsToZ } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { toEvent } from '../ingest/event-row.ts';
import { collectorOf } from './aggregate.ts';
import { EventCounts } from './event-counts.ts';
import { EventFacts } from './event-facts.ts';
import { EventWalk } from './event-walk.ts';
import { csvLine, jsonLine } from './export-lines.ts';
import { FieldCollector } from './field-collector.ts';
import { Best, filterSource, type Placed, type SortKey, shownSort, sortValues } from './hits.ts';
import { Offering } from './offer.ts';
import { type After, type Effort, type Found, fieldsRead, type SearchOrder, type Want } from './order.ts';
import { planOf } from './plan.ts';
import type { SearchDocument } from './query.ts';
import { keep } from './rows.ts';
import type { SearchStore } from './search-store.ts';
import { TermHash } from './term-hash.ts';

/**
 * Does one search over one consistent state of the database.
 * @param unwanted asked between events that are looked at together: whether nobody waits for the answer any more.
 * @throws Refusal when aggregations grow beyond their limits, and `caller_gone` when it is not wanted any more.
 */
export function runSearch(
  store: SearchStore,
  order: SearchOrder,
  unwanted: () => boolean = () => false,
): { readonly found: Found; readonly effort: Effort } {
  return store.snapshot(() => new Search(store, order, unwanted).run());
}

class Search {
  readonly #store: SearchStore;
  readonly #order: SearchOrder;
  readonly #facts: EventFacts;
  readonly #walk: EventWalk;
  readonly #indexed: boolean;

  constructor(store: SearchStore, order: SearchOrder, unwanted: () => boolean) {
    this.#store = store;
    this.#order = order;
    this.#facts = new EventFacts(store, order.jobs, order.hidden);
    const fields = fieldsRead(order.query, order.want);
    store.remembered.wanted(fields);
    const key = store.indexKey();
    const plan = planOf(order.query, key === undefined ? undefined : new TermHash(key));
    this.#walk = new EventWalk(store, this.#facts, order.jobs, plan, fields, unwanted);
    this.#indexed = plan.expression !== undefined;
  }

  run(): { readonly found: Found; readonly effort: Effort } {
    const found = this.#find(this.#order.want);
    return { found, effort: { looked: this.#walk.looked, parsed: this.#facts.parsed, indexed: this.#indexed } };
  }

  #find(want: Want): Found {
    switch (want.kind) {
      case 'events':
        return this.#events(want);
      case 'elastic':
        return this.#elastic(want);
      case 'counts': {
        const counts = new EventCounts(want);
        this.#walk.each((rows) => {
          counts.addRows(rows);
          return true;
        });
        return { kind: 'counts', counts: counts.result() };
      }
      case 'ids': {
        const ids: { jobId: number; eventId: string; seq: number }[] = [];
        this.#each(({ id, jobId, seq }) => ids.push({ jobId, eventId: id, seq }));
        ids.sort((a, b) => a.seq - b.seq);
        return { kind: 'ids', ids: ids.map(({ jobId, eventId }) => ({ jobId, eventId })) };
      }
      case 'names': {
        const names: { id: string; seq: number }[] = [];
        this.#each(({ id, seq }) => names.push({ id, seq }));
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
    const best = new Map(this.#order.jobs.map(({ id }) => [id, new Best<Placed>(from + size, sort)]));
    const offering = new Offering(sort);
    let total = 0;
    this.#walk.each((rows) => {
      total += rows.places.length;
      if (size === 0) return true;
      const { block, places } = rows;
      if (best.size === 1) for (const one of best.values()) offering.offer(one, rows);
      else
        for (const job of new Set(Array.from(places, (place) => block.job(place))))
          offering.offer(best.get(job)!, { block, places: keep(places, (place) => block.job(place) === job) });
      return true;
    });
    const pages = [...best.values()].flatMap((one) => one.list().slice(from));
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
    const { from, size, sort, after, source, aggregations, pointsOnly } = want;
    const best = new Best<Placed>(size === 0 ? 0 : from + size, sort);
    const collector = Object.keys(aggregations).length > 0 ? collectorOf(aggregations) : undefined;
    const offering = new Offering(sort, after && this.#placeOf(after, sort));
    let total = 0;
    this.#walk.each((rows) => {
      total += rows.places.length;
      collector?.addRows(rows);
      if (size > 0) offering.offer(best, rows);
      return true;
    });
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

  /** The exact place of an event: what is shown of it is rounded. */
  #placeOf({ seq, sort: shown }: After, sort: readonly SortKey[]): Placed {
    const row = this.#store.bySeq(seq);
    const known = row !== undefined && this.#order.jobs.some(({ id }) => id === row.job_id);
    return { seq, sort: known ? sortValues(this.#facts.documentOf(toEvent(row)), sort) : shown };
  }

  #lines(columns: readonly string[] | null): Found {
    const lines: string[] = [];
    this.#each((document) => {
      if (columns !== null) lines.push(csvLine(document, columns));
      else lines.push(jsonLine(document, this.#facts.arcanna(this.#facts.event(document.seq)), this.#store.body(document.seq)));
    });
    return { kind: 'json', text: lines.join(''), total: lines.length };
  }

  /** Every event that is meant, one by one. */
  #each(visit: (document: SearchDocument) => void): void {
    this.#walk.each(({ block, places }) => {
      for (const place of places) visit(block.document(place));
      return true;
    });
  }

  #pointsSource(event: StoredEvent): Readonly<Record<string, unknown>> {
    const arcanna: ArcannaBlock = this.#facts.arcanna(event);
    return { '@timestamp': microsToZ(event.eventAt), decision_points: this.#facts.pointValues(event), arcanna };
  }

  #fields(newest: number): Found {
    const fields = new FieldCollector();
    let looked = 0;
    for (const job of this.#order.jobs) {
      let count = 0;
      for (const row of this.#store.walk({ jobId: job.id, ...ALWAYS }, 0)) {
        looked++;
        fields.add(this.#facts.document(row));
        if (++count >= newest) break;
      }
    }
    return { kind: 'fields', fields: fields.list(), events: looked };
  }
}

const ALWAYS = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

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
