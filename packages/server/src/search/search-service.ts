import type { AppCounts, AppCountsRequest, EventQuery, FieldsRequest, Filter, RawQuery } from '@verdict/contract';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Principal } from '../http/principal.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import { readAggregations } from './aggs-dsl.ts';
import { ALL, and, range } from './conditions.ts';
import { DslReader } from './dsl.ts';
import { readFilters } from './filters.ts';
import type { SortKey } from './hits.ts';
import { readAfter, readSort, readSource } from './hits-dsl.ts';
import { type Effort, type Found, type FoundField, fieldsRead, type Want } from './order.ts';
import { alertPath, planOf } from './plan.ts';
import type { Query } from './query.ts';
import { booleanAt, fieldAt, onlyMembers, type Place, refused, wholeAt, within } from './reading.ts';
import type { SearchIndex } from './search-index.ts';
import type { SearchThreads } from './search-threads.ts';
import { readTime } from './time-text.ts';
import { canonicalField } from './value.ts';

/** Furthest hit that can be asked for: a page and all before it are held while searching. */
const FURTHEST = 10_000;
/** Newest events of each job whose fields are told. */
const FIELDS_OF = 1_000;

/** Conditions in the words of filters. */
export interface Conditions {
  readonly filters?: readonly Filter[] | null | undefined;
  readonly start_date?: string | null | undefined;
  readonly end_date?: string | null | undefined;
  readonly date_field?: string | null | undefined;
}

/** Which jobs: by numbers and titles; all that the caller sees when there are neither. */
export interface JobSelection {
  readonly job_ids?: number | readonly number[] | null | undefined;
  readonly job_titles?: string | readonly string[] | null | undefined;
}

/** Events that fulfil conditions. */
export interface Chosen {
  readonly ids: readonly string[];
  /** Microseconds, the end exclusive; undefined where it takes more than times to tell them. */
  readonly span: { readonly from: number | undefined; readonly to: number | undefined } | undefined;
}

/** Numbers of the events of which a caller must not see what the machine says. */
export type Hidden = (principal: Principal, jobs: readonly Job[]) => Promise<readonly number[]>;

/** Events whose lines are made at once for an export. */
const LINES = 500;

/** Searches events: reads what is asked, has a thread find it. Who may see which job is checked here. */
export class SearchService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #threads: SearchThreads;
  readonly #index: SearchIndex;
  readonly #hidden: Hidden;

  constructor(
    storage: Storage,
    clock: Clock,
    jobs: JobService,
    threads: SearchThreads,
    index: SearchIndex,
    hidden: Hidden = async () => [],
  ) {
    this.#hidden = hidden;
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
    this.#threads = threads;
    this.#index = index;
  }

  /**
   * The answer of `/api/v2/events/query` as JSON text.
   * @throws Refusal `job_not_found`, `invalid` naming what is wrong, `too_slow`.
   */
  async events(principal: Principal, request: EventQuery, signal?: AbortSignal): Promise<string> {
    const jobs = await this.#jobsOf(principal, request);
    const size = request.count_results_only ? 0 : (request.size ?? 5);
    const from = size * (request.page ?? 0);
    if (from + size > FURTHEST)
      throw refused('size', `and page reach beyond the event number ${FURTHEST}; narrow the search instead.`);
    const column = request.sort_by_column ?? '@timestamp';
    const sort: SortKey[] = [
      {
        field: canonicalField(fieldAt({ value: column, at: 'sort_by_column' })),
        descending: (request.sort_order ?? 'desc') === 'desc',
        missingFirst: false,
      },
    ];
    const ids = request.event_ids === undefined || request.event_ids === null ? [] : [request.event_ids].flat();
    const named: Query = ids.length > 0 ? { kind: 'ids', ids } : ALL;
    const query = and([this.#conditions(request, jobs), named]);
    const { found } = await this.#search(
      principal,
      jobs,
      query,
      { kind: 'events', from, size, sort, withAlerts: request.decision_points_only !== true },
      signal,
    );
    return textOf(found);
  }

  /** The answer of `/api/v2/events/raw_es_query` as JSON text; throws like {@link events}. */
  async elastic(principal: Principal, request: RawQuery, signal?: AbortSignal): Promise<string> {
    const started = performance.now();
    const jobs = await this.#jobsOf(principal, request);
    const body: Place = { value: request.query_body, at: 'query_body' };
    const known = [
      'query',
      'size',
      'from',
      'sort',
      'search_after',
      '_source',
      'aggs',
      'aggregations',
      'track_total_hits',
      'track_scores',
    ];
    onlyMembers(body, known, 'query_body');
    const total = within(body, 'track_total_hits');
    // Hits are always counted to the last one.
    if (typeof total.value !== 'number') booleanAt(total, true);
    const dsl = new DslReader(this.#clock());
    const asked = within(body, 'query');
    const query = asked.value === undefined || asked.value === null ? ALL : dsl.read(asked);
    const size = wholeAt(within(body, 'size'), 10, 0, FURTHEST);
    const from = wholeAt(within(body, 'from'), 0, 0, FURTHEST);
    if (from + size > FURTHEST)
      throw refused('query_body.from', `and size reach beyond the hit number ${FURTHEST}; narrow the query instead.`);
    const sort = readSort(within(body, 'sort'));
    const named = within(body, 'aggs').value === undefined ? within(body, 'aggregations') : within(body, 'aggs');
    const want: Want = {
      kind: 'elastic',
      from,
      size,
      sort,
      after: readAfter(within(body, 'search_after'), sort, from),
      source: readSource(within(body, '_source')),
      aggregations: readAggregations(named, dsl),
      pointsOnly: request.decision_points_only === true,
    };
    const { found } = await this.#search(principal, jobs, query, want, signal);
    const took = Math.round(performance.now() - started);
    return `{"took":${took},"timed_out":false,${textOf(found).slice(1)}`;
  }

  /** Has a thread read what all searches read, so that nobody waits for its start: the first page would take seconds otherwise. */
  async warmUp(jobs: readonly Job[]): Promise<void> {
    await this.#search(undefined, jobs, ALL, { kind: 'counts', fields: [], values: 1, newest: undefined, bars: 1 }, undefined);
  }

  /** How many events of a job a query means, when they were, and which values are frequent; throws like {@link events}. */
  async counts(principal: Principal, jobId: number, request: AppCountsRequest, signal?: AbortSignal): Promise<AppCounts> {
    const job = await this.#jobs.get(principal, jobId);
    const asked: Place = { value: request.query, at: 'query' };
    const query = request.query === undefined ? ALL : new DslReader(this.#clock()).read(asked);
    const fields = (request.fields ?? []).map((value, index) => canonicalField(fieldAt({ value, at: `fields[${index}]` })));
    const { values = 8, bars = 80, newest } = request;
    const { found } = await this.#search(principal, [job], query, { kind: 'counts', fields, values, newest, bars }, signal);
    if (found.kind !== 'counts') throw new Refusal('internal', 'The search came to something else than was asked for.');
    return found.counts;
  }

  /** Fields of the newest events of these jobs, and the jobs. */
  async fields(
    principal: Principal,
    request: FieldsRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly fields: readonly FoundField[]; readonly jobs: readonly Job[] }> {
    const jobs = await this.#jobsOf(principal, request);
    const { found } = await this.#search(principal, jobs, ALL, { kind: 'fields', newest: FIELDS_OF }, signal);
    return { fields: found.kind === 'fields' ? found.fields : [], jobs };
  }

  /** The events of a job that fulfil conditions: their ids, oldest first, and the span of time where the conditions name nothing else. */
  async chosen(job: Job, conditions: Conditions, signal?: AbortSignal): Promise<Chosen> {
    const query = this.#conditions(conditions, [job]);
    const { found } = await this.#search(undefined, [job], query, { kind: 'ids' }, signal);
    const plan = planOf(query, undefined);
    const bound = (time: number): number | undefined => (Math.abs(time) === Number.MAX_SAFE_INTEGER ? undefined : time);
    const to = bound(plan.to);
    const span = { from: bound(plan.from), to: to === undefined ? undefined : to + 1 };
    return {
      ids: found.kind === 'ids' ? found.ids.map(({ eventId }) => eventId) : [],
      span: plan.rest.kind === 'all' && plan.ids === undefined ? span : undefined,
    };
  }

  /**
   * All events of a job that a query finds, newest first, as lines of a file. Which they are is settled at the start; one that is removed
   * meanwhile is left out, of one that came again its newest version is written.
   * @param query in the query DSL; all events where it is undefined.
   * @param columns of the table; null for whole events as JSON.
   * @throws Refusal `invalid` naming what is wrong with the query.
   */
  async export(
    principal: Principal,
    job: Job,
    query: unknown,
    columns: readonly string[] | null,
    signal: AbortSignal,
  ): Promise<{ readonly total: number; readonly lines: AsyncIterable<string> }> {
    const asked = query === undefined ? ALL : new DslReader(this.#clock()).read({ value: query, at: 'query' });
    const { found } = await this.#search(principal, [job], asked, { kind: 'names' }, signal);
    const names = textOf(found);
    const line = async (ids: readonly string[]): Promise<string> =>
      textOf((await this.#search(principal, [job], { kind: 'ids', ids }, { kind: 'lines', columns }, signal)).found);
    async function* lines(): AsyncGenerator<string> {
      // The ids stand in one text, because a million of them as values would hold up everything else while they are handed over.
      let ids: string[] = [];
      for (let from = 0; from < names.length; ) {
        const end = names.indexOf('\n', from);
        ids.push(names.slice(from, end < 0 ? names.length : end));
        from = end < 0 ? names.length : end + 1;
        if (ids.length < LINES && from < names.length) continue;
        yield await line(ids);
        ids = [];
      }
    }
    return { total: found.kind === 'json' ? found.total : 0, lines: lines() };
  }

  #conditions({ filters, start_date: start, end_date: end, date_field: named }: Conditions, jobs: readonly Job[]): Query {
    const context = { now: this.#clock() };
    const field = canonicalField(fieldAt({ value: named ?? '@timestamp', at: 'date_field' }));
    const bounds: { gte?: Place; lte?: Place } = {};
    for (const [name, at, text] of [
      ['gte', 'start_date', start],
      ['lte', 'end_date', end],
    ] as const) {
      if (text === undefined || text === null) continue;
      if (readTime(text, context, false) === null) throw refused(at, 'must be a time such as 2026-03-02T09:46:22Z.');
      bounds[name] = { value: text, at };
    }
    const time = bounds.gte || bounds.lte ? range(field, bounds, context) : ALL;
    return and([time, readFilters(filters ?? [], context, jobs)]);
  }

  async #jobsOf(principal: Principal, selection: JobSelection): Promise<Job[]> {
    const ids = [selection.job_ids ?? []].flat();
    const titles = [selection.job_titles ?? []].flat();
    if (ids.length + titles.length > 1_000) throw refused('job_ids', 'and job_titles can name at most 1000 jobs.');
    if (ids.length + titles.length === 0) return this.#jobs.list(principal);
    const found = new Map<number, Job>();
    for (const id of ids) found.set(id, await this.#jobs.get(principal, id));
    for (const title of titles) {
      const job = await this.#jobs.getByTitle(principal, title);
      found.set(job.id, job);
    }
    return [...found.values()];
  }

  async #search(
    principal: Principal | undefined,
    jobs: readonly Job[],
    query: Query,
    want: Want,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly found: Found; readonly effort: Effort }> {
    await this.#index.opened();
    this.#index.asked(alertFields(query, want), Math.floor(this.#clock() / 1000));
    const hidden = principal && (await this.#hidden(principal, jobs));
    return this.#threads.search({ file: this.#storage.file, index: this.#index.file, jobs, query, want, hidden }, signal);
  }
}

/** Fields of the alert that a search reads, by their paths in it. */
function alertFields(query: Query, want: Want): string[] {
  return [...new Set([...fieldsRead(query, want)].flatMap((field) => alertPath(field) ?? []))];
}

function textOf(found: Found): string {
  if (found.kind === 'json') return found.text;
  throw new Refusal('internal', 'The search came to something else than was asked for.');
}
