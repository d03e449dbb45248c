import { useQuery } from '@tanstack/react-query';
import { keys, verdict } from '../../app/api.ts';

interface TermBucket {
  readonly key: string;
  readonly doc_count: number;
}
interface TimeBucket {
  readonly key: number;
  readonly doc_count: number;
  readonly by?: { readonly buckets: readonly TermBucket[] };
  readonly sure?: { readonly value: number | null };
}

/** Events over time by decision, the mean confidence, how many are decided with at least 90 %, how many ask for a person. */
export function useVolume(jobId: number, days: number) {
  return useQuery({
    queryKey: keys.of(jobId, 'volume', days),
    placeholderData: (before) => before,
    async queryFn() {
      const now = Date.now();
      const interval = days <= 1 ? '1h' : days <= 7 ? '6h' : days <= 31 ? '1d' : '7d';
      const within = { range: { '@timestamp': { gte: new Date(now - days * 86_400_000).toISOString() } } };
      const answer = await verdict.v2.elastic({
        job_ids: [jobId],
        query_body: {
          query: within,
          size: 0,
          aggs: {
            over: {
              date_histogram: {
                field: '@timestamp',
                fixed_interval: interval,
                time_zone: zone(now),
                extended_bounds: { min: now - days * 86_400_000, max: now },
              },
              aggs: {
                by: { terms: { field: 'arcanna.result_label', size: 20 } },
                sure: { avg: { field: 'arcanna.confidence_score' } },
              },
            },
            decided: { filter: { range: { 'arcanna.confidence_score': { gte: 90 } } } },
            attention: {
              filter: {
                bool: {
                  should: [{ range: { 'arcanna.confidence_score': { lt: 60 } } }, { term: { 'arcanna.outlier_flag': true } }],
                  minimum_should_match: 1,
                },
              },
            },
          },
        },
      });
      const found = answer.aggregations as {
        over: { buckets: TimeBucket[] };
        decided: { doc_count: number };
        attention: { doc_count: number };
      };
      const buckets = found.over.buckets;
      const names = [...new Set(buckets.flatMap((bucket) => bucket.by?.buckets.map(({ key }) => key) ?? []))].sort();
      const of = (bucket: TimeBucket, name: string) => bucket.by?.buckets.find(({ key }) => key === name)?.doc_count ?? 0;
      const undecided = buckets.map(
        (bucket) => bucket.doc_count - (bucket.by?.buckets ?? []).reduce((sum, { doc_count: count }) => sum + count, 0),
      );
      return {
        times: buckets.map(({ key }) => key / 1000),
        series: [
          ...names.map((name) => ({ name, values: buckets.map((bucket) => of(bucket, name)) })),
          ...(undecided.some((count) => count > 0) ? [{ name: 'no decision', values: undecided }] : []),
        ],
        confidence: buckets.map(({ sure }) => sure?.value ?? null),
        decided: found.decided.doc_count,
        attention: found.attention.doc_count,
      };
    },
  });
}

const STATES = [
  { key: 'new', state: 'New', means: 'Nobody has labelled these.' },
  { key: 'pending', state: 'Pending', means: 'Labelled, and learned with the next training.' },
  { key: 'in_knowledge_base', state: 'In the model', means: 'The active model was trained on these.' },
  { key: 'retrain', state: 'Retrain', means: 'People changed their mind since.' },
] as const;

/** How many events stand where. */
export function useKnowledge(jobId: number) {
  return useQuery({
    queryKey: keys.of(jobId, 'knowledge'),
    async queryFn() {
      const answer = await verdict.v2.elastic({
        job_ids: [jobId],
        query_body: { size: 0, aggs: { s: { terms: { field: 'arcanna.bucket_state', size: 10 } } } },
      });
      const { buckets } = (answer.aggregations as { s: { buckets: TermBucket[] } }).s;
      const total = Math.max(
        1,
        buckets.reduce((sum, { doc_count: count }) => sum + count, 0),
      );
      return STATES.map(({ key, state, means }) => {
        const count = buckets.find((bucket) => bucket.key === key)?.doc_count ?? 0;
        return { state, means, count, share: count / total };
      });
    },
  });
}

/** The person's zone as an offset, which every service knows: `+02:00`. */
function zone(now: number): string {
  const minutes = -new Date(now).getTimezoneOffset();
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
