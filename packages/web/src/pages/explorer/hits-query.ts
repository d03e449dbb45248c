import { infiniteQueryOptions } from '@tanstack/react-query';
import { keys, queryClient, verdict } from '../../app/api.ts';
import { type ExplorerState, queryOf, readState, writeState } from './explorer-query.ts';

const PAGE = 100;
/** Milliseconds that may lie between asking ahead and the page that takes it over. */
const TAKEN_WITHIN = 5_000;

/** An event in the list. */
export interface Hit {
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly hits: readonly Hit[];
  readonly total: number;
  /** Where the next page begins: the sort values of the last event of this one; null after the last page. */
  readonly next: unknown[] | null;
}

/** Asks for the events of the list, page by page; `asOf` (milliseconds since 1970) holds it still while new events come in. */
export function hitsQuery(jobId: number, state: ExplorerState, asOf: number) {
  const { event: _, group: __, widths: ___, ...asked } = state;
  // In another order the same columns need nothing that is not there.
  const columns = state.columns.toSorted();
  return infiniteQueryOptions({
    queryKey: keys.of(jobId, 'hits', { ...asked, columns }, asOf),
    initialPageParam: null as Page['next'],
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    meta: { live: false },
    async queryFn({ pageParam }): Promise<Page> {
      const answer = await verdict.v2.elastic({
        job_ids: [jobId],
        query_body: {
          query: queryOf(state, asOf),
          size: PAGE,
          // Which event came first settles the order of those that are equal, so that no page leaves one out or tells it twice.
          sort: [{ [state.sort]: state.descending ? 'desc' : 'asc' }, { _doc: 'desc' }],
          ...(pageParam === null ? {} : { search_after: pageParam }),
          _source: ['id', '@timestamp', 'metadata', 'arcanna', ...columns],
        },
      });
      const found = answer.hits.hits;
      return {
        hits: found.map((hit) => ({ id: hit._id, source: hit._source })),
        total: answer.hits.total.value,
        next: found.length < PAGE ? null : (found.at(-1)?.sort ?? null),
      };
    },
    getNextPageParam: (page) => page.next,
  });
}

/** What was asked for before its page was there. */
let ahead = { jobId: Number.NaN, asOf: 0 };

/** Asks for the list that an address shows while the page's own files are still being fetched. */
export function askHitsAhead(jobId: number, search: Readonly<Record<string, unknown>>): void {
  const state = withColumns(jobId, readState(search), search);
  if (state.group !== 'none') return;
  ahead = { jobId, asOf: Date.now() };
  // What goes wrong here, the page is told when it asks itself.
  void queryClient.prefetchInfiniteQuery(hitsQuery(jobId, state, ahead.asOf));
}

/** The moment as of which a page that opens now shows the events: that of the list asked for ahead, or now. Milliseconds since 1970. */
export function openedAsOf(jobId: number): number {
  const now = Date.now();
  return ahead.jobId === jobId && now - ahead.asOf < TAKEN_WITHIN ? ahead.asOf : now;
}

/** Columns and widths that were chosen last stay until others are chosen; an address that names columns goes before. */
export function withColumns(jobId: number, state: ExplorerState, search: Readonly<Record<string, unknown>>): ExplorerState {
  if (Array.isArray(search.columns)) return state;
  const columns = kept(`columns ${jobId}`);
  const widths = kept(`widths ${jobId}`);
  return Array.isArray(columns) && columns.length > 0
    ? readState({ ...writeState(state), columns: columns.map(String), ...(typeof widths === 'string' ? { widths } : {}) })
    : state;
}

/** Keeps them in this browser. */
export function rememberColumns(jobId: number, state: ExplorerState): void {
  localStorage.setItem(`columns ${jobId}`, JSON.stringify(state.columns));
  localStorage.setItem(`widths ${jobId}`, JSON.stringify(writeState(state).widths ?? ''));
}

/** What this browser keeps under a name; null for what is not there or cannot be read. */
function kept(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null');
  } catch {
    return null;
  }
}
