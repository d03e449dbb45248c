import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AppCounts } from '@verdict/client/browser';
import { useMemo } from 'react';
import { api, keys, verdict } from '../../app/api.ts';
import { type ExplorerState, queryOf } from './explorer-query.ts';
import { hitsQuery } from './hits-query.ts';

/** In how many of the newest events values are counted for a first answer. */
const NEWEST = 50_000;

/** The events of the list, page by page to the last one; total is exact. `asOf` holds the list still while new events come in. */
export function useHits(jobId: number, state: ExplorerState, asOf: number, enabled = true) {
  const query = useInfiniteQuery({ ...hitsQuery(jobId, state, asOf), enabled });
  const pages = query.data?.pages;
  const hits = useMemo(() => (pages ?? []).flatMap((page) => page.hits), [pages]);
  return { ...query, hits, total: pages?.[0]?.total };
}

/** Events over time, and how often the values of a field occur. */
export interface Counts {
  readonly total: number;
  /** In how many events the values were counted: the newest, fewer than `total` until all are. */
  readonly counted: number;
  /** Seconds since 1970, for each bar. */
  readonly times: readonly number[];
  readonly counts: readonly number[];
  readonly facets: AppCounts['facets'];
}

/**
 * Counts events by time and by the values of some fields: those of the newest at once, then those of all. Times are exact from the start.
 * @param fields undefined while they are not known: then nothing is asked yet.
 * @param wanted false while something else goes before it.
 */
export function useCounts(
  jobId: number,
  state: ExplorerState,
  fields: readonly string[] | undefined,
  asOf: number,
  wanted: boolean,
) {
  const { event: _, columns: __, widths: ___, sort: ____, descending: _____, group: ______, ...asked } = state;
  const ask = (newest?: number) => ({
    queryKey: keys.of(jobId, 'counts', asked, fields, asOf, newest),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    meta: { live: false },
    queryFn: async () =>
      countsOf(
        await api.countEvents(jobId, {
          query: queryOf(state, asOf),
          fields: [...(fields ?? [])],
          ...(newest === undefined ? {} : { newest }),
        }),
      ),
  });
  const first = useQuery({ ...ask(NEWEST), enabled: wanted && fields !== undefined, placeholderData: keepPreviousData });
  const { data, isPlaceholderData: before } = first;
  const exact = useQuery({ ...ask(), enabled: data !== undefined && !before && data.counted < data.total });
  // Where counting all of them fails, what was counted stays, with the words that say in how many.
  return { ...first, data: before ? data : (exact.data ?? data) };
}

function countsOf({ total, counted, facets, over_time: over }: AppCounts): Counts {
  return {
    total,
    counted,
    times: over.bars.map(({ at }) => at / 1000),
    counts: over.bars.map(({ count }) => count),
    facets,
  };
}

/**
 * Fields that can be filtered by, for completing what is typed.
 * @param wanted false while something else goes before it.
 */
export function useFields(jobId: number, wanted = true): readonly string[] {
  const { data } = useQuery({
    queryKey: keys.of(jobId, 'filter-fields'),
    enabled: wanted,
    queryFn: () => verdict.v2.filterFields({ job_ids: [jobId] }),
    staleTime: 300_000,
    meta: { live: false },
  });
  return useMemo(() => (data ?? []).map((field) => field.field_name), [data]);
}

/** Values of a field for completing what is typed: the most frequent that begin with it, in the newest events that have such. */
export function useValues(jobId: number, field: string, typed: string): readonly string[] {
  const { data } = useQuery({
    queryKey: keys.of(jobId, 'values', field, typed),
    enabled: field !== '',
    staleTime: 300_000,
    placeholderData: keepPreviousData,
    meta: { live: false },
    async queryFn() {
      const query = typed === '' ? { match_all: {} } : { prefix: { [field]: { value: typed, case_insensitive: true } } };
      const { facets } = await api.countEvents(jobId, { query, fields: [field], values: 50, newest: NEWEST, bars: 1 });
      return (facets[0]?.values ?? []).map(({ value }) => String(value));
    },
  });
  return data ?? [];
}
