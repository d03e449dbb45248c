import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { keys, verdict } from '../../app/api.ts';
import { type ExplorerState, intervalOf, queryOf } from './explorer-query.ts';

const PAGE = 100;
/** The furthest event that one query reaches; beyond, the next query begins at the time of the last one. */
const FURTHEST = 10_000;

/** An event in the list. */
export interface Hit {
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly hits: readonly Hit[];
  readonly total: number;
  readonly next: Cursor | null;
}

interface Cursor {
  readonly from: number;
  /** Only events up to this time, where a new query had to be begun. */
  readonly until: string | null;
}

/** The events of the list, page by page; total is exact; `cut` says that the list ends before the last. `asOf` holds the list still while new events come in. */
export function useHits(jobId: number, state: ExplorerState, asOf: number, enabled = true) {
  const { event: _, group: __, ...asked } = state;
  const query = useInfiniteQuery({
    queryKey: keys.of(jobId, 'hits', asked, asOf),
    enabled,
    initialPageParam: { from: 0, until: null } as Cursor,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    meta: { live: false },
    async queryFn({ pageParam }): Promise<Page> {
      const base = queryOf(state, asOf);
      const filtered =
        pageParam.until === null
          ? base
          : { bool: { filter: [base, { range: { '@timestamp': { [state.descending ? 'lte' : 'gte']: pageParam.until } } }] } };
      const answer = await verdict.v2.elastic({
        job_ids: [jobId],
        query_body: {
          query: filtered,
          from: pageParam.from,
          size: PAGE,
          sort: [{ [state.sort]: { order: state.descending ? 'desc' : 'asc' } }],
          _source: ['id', '@timestamp', 'metadata', 'arcanna', ...state.columns],
        },
      });
      const hits = answer.hits.hits.map((hit) => ({ id: hit._id, source: hit._source }));
      return { hits, total: answer.hits.total.value, next: nextOf(pageParam, hits, state) };
    },
    getNextPageParam: (page) => page.next,
  });
  const pages = query.data?.pages;
  const hits = useMemo(() => {
    const seen = new Set<string>();
    return (pages ?? []).flatMap((page) => page.hits.filter((hit) => !seen.has(hit.id) && seen.add(hit.id)));
  }, [pages]);
  const total = pages?.[0]?.total;
  return { ...query, hits, total, cut: !query.hasNextPage && total !== undefined && hits.length < total };
}

function nextOf(cursor: Cursor, hits: readonly Hit[], state: ExplorerState): Cursor | null {
  if (hits.length < PAGE) return null;
  const from = cursor.from + PAGE;
  if (from + PAGE <= FURTHEST) return { from, until: cursor.until };
  const last = hits[hits.length - 1]?.source['@timestamp'];
  // With so many events of one time, those after them cannot be reached this way.
  return state.sort === '@timestamp' && typeof last === 'string' && last !== cursor.until ? { from: 0, until: last } : null;
}

export interface Bucket {
  readonly key: string | number;
  readonly count: number;
}

/** Events over time, and how often the values of some fields occur. */
export function useCounts(jobId: number, state: ExplorerState, fields: readonly string[], asOf: number) {
  const { event: _, columns: __, sort: ___, descending: ____, group: _____, ...asked } = state;
  return useQuery({
    queryKey: keys.of(jobId, 'counts', asked, fields, asOf),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: (before) => before,
    meta: { live: false },
    async queryFn() {
      const query = queryOf(state, asOf);
      const elastic = (body: Record<string, unknown>) =>
        verdict.v2.elastic({ job_ids: [jobId], query_body: { query, size: 0, ...body } });
      const first = await elastic({
        aggs: {
          oldest: { min: { field: '@timestamp' } },
          newest: { max: { field: '@timestamp' } },
          ...Object.fromEntries(fields.map((field, index) => [`f${index}`, { terms: { field, size: 8 } }])),
        },
      });
      const found = first.aggregations as Record<
        string,
        { value?: number | null; buckets?: { key: string | number; doc_count: number }[]; sum_other_doc_count?: number }
      >;
      const oldest = found.oldest?.value ?? null;
      const newest = found.newest?.value ?? null;
      const interval = oldest !== null && newest !== null ? intervalOf(Math.max(1, newest - oldest)) : null;
      const over =
        interval === null
          ? []
          : (
              (await elastic({ aggs: { t: { date_histogram: { field: '@timestamp', fixed_interval: interval } } } }))
                .aggregations as { t: { buckets: { key: number; doc_count: number }[] } }
            ).t.buckets;
      return {
        times: over.map(({ key }) => key / 1000),
        counts: over.map(({ doc_count: count }) => count),
        facets: fields.map((field, index) => ({
          field,
          values: (found[`f${index}`]?.buckets ?? []).map(({ key, doc_count: count }) => ({ key, count })),
          more: found[`f${index}`]?.sum_other_doc_count ?? 0,
        })),
      };
    },
  });
}

/** Fields that can be filtered by, for completing what is typed. */
export function useFields(jobId: number): readonly string[] {
  const { data } = useQuery({
    queryKey: keys.of(jobId, 'filter-fields'),
    queryFn: () => verdict.v2.filterFields({ job_ids: [jobId] }),
    staleTime: 300_000,
    meta: { live: false },
  });
  return useMemo(() => (data ?? []).map((field) => field.field_name), [data]);
}

/** Values of a field for completing what is typed: the most frequent that begin with it. */
export function useValues(jobId: number, field: string, typed: string): readonly string[] {
  const { data } = useQuery({
    queryKey: keys.of(jobId, 'values', field, typed),
    enabled: field !== '',
    staleTime: 300_000,
    placeholderData: (before) => before,
    meta: { live: false },
    async queryFn() {
      const query = typed === '' ? { match_all: {} } : { prefix: { [field]: { value: typed, case_insensitive: true } } };
      const answer = await verdict.v2.elastic({
        job_ids: [jobId],
        query_body: { query, size: 0, aggs: { v: { terms: { field, size: 50 } } } },
      });
      return (answer.aggregations as { v: { buckets: { key: unknown }[] } }).v.buckets.map(({ key }) => String(key));
    },
  });
  return data ?? [];
}
