import { Button, Group, Skeleton, Table, Text, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { bucketsOf } from '../feedback/label-by-filter.tsx';
import { type ExplorerState, queryOf } from './explorer-query.ts';

const PAGE = 100;
/** Buckets that are told apart; the biggest are the first. */
const MOST = 5_000;

/** The events that fit, as the buckets they are in: those with most of them first. */
export function BucketList({
  job,
  state,
  asOf,
  open,
}: {
  readonly job: AppJob;
  readonly state: ExplorerState;
  readonly asOf: number;
  /** Shows the events of one bucket. */
  readonly open: (bucketId: number) => void;
}) {
  const { event: _, columns: __, sort: ___, descending: ____, ...asked } = state;
  const groups = useInfiniteQuery({
    queryKey: keys.of(job.job_id, 'groups', asked, asOf),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    meta: { live: false },
    initialPageParam: null as {
      readonly ids: readonly number[];
      readonly counts: ReadonlyMap<number, number>;
      readonly from: number;
    } | null,
    async queryFn({ pageParam }) {
      const { ids, counts, from } = pageParam ?? { ...(await bucketsOf(job.job_id, queryOf(state, asOf), MOST)), from: 0 };
      const page = ids.slice(from, from + PAGE);
      const found = page.length === 0 ? [] : (await api.findBuckets(job.job_id, { bucket_ids: page })).buckets;
      const rows = found.map((bucket) => ({ bucket, matching: counts.get(bucket.bucket_id) ?? 0 }));
      return { rows, total: ids.length, next: from + PAGE < ids.length ? { ids, counts, from: from + PAGE } : null };
    },
    getNextPageParam: (page) => page.next,
  });
  if (groups.error) return <ErrorPanel error={groups.error} retry={() => void groups.refetch()} />;
  if (!groups.data) return <Skeleton height={400} />;
  const rows = groups.data.pages.flatMap((page) => page.rows);
  const total = groups.data.pages[0]?.total ?? 0;
  if (rows.length === 0)
    return (
      <EmptyState title="No bucket fits">
        Events are in buckets once decision points are chosen. Clear filters to see more.
      </EmptyState>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
    <section className="groups" tabIndex={0} aria-label="Buckets">
      <Table stickyHeader highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="right">Fit</Table.Th>
            <Table.Th ta="right">Events</Table.Th>
            <Table.Th>Bucket</Table.Th>
            <Table.Th>Decision</Table.Th>
            <Table.Th>Confidence</Table.Th>
            <Table.Th>Feedback</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ bucket, matching }) => (
            <Table.Tr key={bucket.bucket_id}>
              <Table.Td ta="right">{matching.toLocaleString()}</Table.Td>
              <Table.Td ta="right">{bucket.events.toLocaleString()}</Table.Td>
              <Table.Td>
                <UnstyledButton className="group-open" onClick={() => open(bucket.bucket_id)} title="Show its events">
                  {bucket.decision_points
                    .filter(({ value }) => value !== null)
                    .map(({ point, value }, index) => (
                      <span key={point}>
                        {index > 0 && ' · '}
                        <AlertText text={typeof value === 'string' ? value : JSON.stringify(value)} limit={80} />
                      </span>
                    ))}
                </UnstyledButton>
              </Table.Td>
              <Table.Td>{bucket.blind ? 'hidden' : <LabelBadge label={bucket.decision?.label} labels={job.labels} />}</Table.Td>
              <Table.Td>
                <Confidence value={bucket.decision?.confidence} />
              </Table.Td>
              <Table.Td>
                {bucket.consensus === null ? (
                  <span className="label-none">–</span>
                ) : bucket.consensus.label === null ? (
                  'undecided'
                ) : (
                  <LabelBadge label={bucket.consensus.label} labels={job.labels} />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group p="xs" justify="space-between">
        <Text size="xs" c="dimmed">
          {rows.length.toLocaleString()} of {total.toLocaleString()}
          {total === MOST ? ' biggest' : ''} buckets
        </Text>
        {groups.hasNextPage && (
          <Button variant="default" loading={groups.isFetchingNextPage} onClick={() => void groups.fetchNextPage()}>
            More
          </Button>
        )}
      </Group>
    </section>
  );
}
