import { Alert, Anchor, Paper, SegmentedControl, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { AppActivity } from '@verdict/client/browser';
import { useMemo } from 'react';
import { api, keys, verdict } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { SELDOM_MS, useLive } from '../../app/live.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { JobFailed } from '../../components/job-failed.tsx';
import { safeColor } from '../../components/label-badge.tsx';
import { LineChart } from '../../components/line-chart.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Reliability } from '../../components/reliability.tsx';
import { StatTile } from '../../components/stat-tile.tsx';
import { JobActions } from '../jobs/job-actions.tsx';
import { activityQuery, useActivity } from '../jobs/use-activity.ts';
import { AttentionPanel } from './attention-panel.tsx';
import { GuardPanel } from './guard-panel.tsx';
import { KnowledgePanel } from './knowledge-panel.tsx';
import { TimeSaved } from './time-saved.tsx';
import { TrainPanel } from './train-panel.tsx';

const SPANS = [
  { value: '1', label: 'Day' },
  { value: '7', label: 'Week' },
  { value: '30', label: 'Month' },
  { value: '365', label: 'Year' },
];

/** How a use case stands: what comes in, what is decided, what people say, what to do next. */
export function OverviewPage() {
  const { jobId, job, error } = useJob();
  const { days } = useSearch({ from: '/shell/jobs/$jobId' });
  const navigate = useNavigate();
  const client = useQueryClient();
  useLive(jobId);
  const activity = useActivity(jobId, days ?? 30);
  const metrics = useQuery({
    ...metricsQuery(jobId, days ?? 30),
    placeholderData: (before) => before,
    refetchInterval: SELDOM_MS,
  });
  const model = useQuery({
    queryKey: keys.of(jobId, 'model', job?.active_model_id),
    queryFn: () => api.model(jobId, job!.active_model_id!),
    enabled: job?.active_model_id !== null && job !== undefined,
  });
  const { data } = activity;
  const series = useMemo(() => (data ? seriesOf(data) : []), [data]);
  const sure = useMemo(() => (data ? confidenceOf(data) : []), [data]);
  const choose = (to: string) => {
    // Asked for at once, and not when the page has been drawn for the other span.
    void client.prefetchQuery({ ...activityQuery(jobId, Number(to)), staleTime: 10_000 });
    void client.prefetchQuery({ ...metricsQuery(jobId, Number(to)), staleTime: 10_000 });
    void navigate({
      to: '/jobs/$jobId',
      params: { jobId: String(jobId) },
      search: to === '30' ? {} : { days: Number(to) },
      replace: true,
    });
  };
  if (error) return <JobFailed error={error} />;
  if (job === undefined) return <Waiting />;
  const inSpan = data?.events.reduce((sum, count) => sum + count, 0) ?? 0;
  return (
    <>
      <PageHeader title={job.title} about={job.description === '' ? `Use case ${job.job_id}` : job.description}>
        <SegmentedControl aria-label="Time" size="xs" value={String(days ?? 30)} onChange={choose} data={SPANS} />
        <JobActions job={job} deleted={() => void navigate({ to: '/jobs' })} />
      </PageHeader>
      {job.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light" mb="sm" p="xs" title="The alerts have changed">
          {warning}{' '}
          <Link to="/jobs/$jobId/feedback" params={{ jobId: String(jobId) }}>
            Label what is new
          </Link>
          , then train.
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 2, md: 3, lg: 6 }} spacing="sm" mb="md">
        <StatTile
          label="Events in this time"
          value={data ? inSpan.toLocaleString() : '…'}
          note={
            <Anchor component={Link} size="xs" to={`/jobs/${jobId}/events`}>
              {job.events.toLocaleString()} in all
            </Anchor>
          }
        />
        <StatTile
          label="With feedback"
          value={job.events_with_feedback.toLocaleString()}
          note={
            <Anchor component={Link} size="xs" to={`/jobs/${jobId}/feedback`}>
              Label more
            </Anchor>
          }
        />
        <StatTile label="Agreement" value={percent(metrics.data?.overall_accuracy)} note="with analysts, where they judged" />
        <StatTile
          label="Need attention"
          value={data ? data.attention.toLocaleString() : '…'}
          note={
            <Anchor component={Link} size="xs" to={`/jobs/${jobId}/feedback?queue=low`}>
              Unsure or outlier
            </Anchor>
          }
        />
        <TimeSaved job={job} minutes={metrics.data?.time_saved_minutes} />
        <StatTile
          label="Model"
          value={job.active_model_id === null ? 'none yet' : percent(model.data?.metrics.accuracy)}
          note={job.active_model_id === null ? 'label, then train' : 'right on labels held back'}
        />
      </SimpleGrid>
      <div className="overview">
        <Stack gap="md">
          <Paper withBorder p="sm">
            <Title order={2} mb="xs">
              Events and decisions over time
            </Title>
            {activity.error && <ErrorPanel error={activity.error} />}
            {activity.isPending && <Skeleton height={219} />}
            {data && inSpan === 0 && (
              <Text size="sm" c="dimmed" mih={219}>
                No event in this time. Choose a longer one, or <Link to="/integrations">look at what the integrations send</Link>.
              </Text>
            )}
            {data && inSpan > 0 && (
              <LineChart times={data.times} series={series} stacked height={190} summary={summaryOf(series)} />
            )}
          </Paper>
          <AttentionPanel job={job} />
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            <Paper withBorder p="sm">
              <Title order={2} mb="xs">
                Mean confidence over time
              </Title>
              {activity.isPending && <Skeleton height={190} />}
              {data &&
                (sure.some(({ values }) => values.some((value) => value !== null)) ? (
                  <LineChart
                    times={data.times}
                    series={sure}
                    height={190}
                    format={asPercent}
                    summary="Mean confidence of the decisions, in percent."
                  />
                ) : (
                  <Text size="sm" c="dimmed">
                    Nothing is decided yet: label, then train.
                  </Text>
                ))}
            </Paper>
            <Paper withBorder p="sm">
              <Title order={2} mb="xs">
                Is the confidence right?
              </Title>
              {model.data ? (
                <Reliability bins={model.data.metrics.reliability} ece={model.data.metrics.ece} />
              ) : (
                <Text size="sm" c="dimmed">
                  {job.active_model_id === null ? 'Known once a model is trained.' : '…'}
                </Text>
              )}
            </Paper>
          </SimpleGrid>
        </Stack>
        <Stack gap="md">
          <TrainPanel job={job} />
          <KnowledgePanel job={job} activity={data} />
          <GuardPanel job={job} />
        </Stack>
      </div>
    </>
  );
}

/** The page's shape while it is not known yet, so that nothing jumps. */
function Waiting() {
  return (
    <>
      <Skeleton height={44} mb="md" width={360} />
      <SimpleGrid cols={{ base: 2, md: 3, lg: 6 }} spacing="sm" mb="md">
        {[1, 2, 3, 4, 5, 6].map((tile) => (
          <Skeleton key={tile} height={104} />
        ))}
      </SimpleGrid>
      <Skeleton height={280} />
    </>
  );
}

function metricsQuery(jobId: number, days: number) {
  return queryOptions({
    queryKey: keys.of(jobId, 'metrics', days),
    queryFn: () => verdict.v2.jobMetrics(jobId, { start: startOf(days) }),
    retry: false,
    meta: { live: 'seldom' },
  });
}

function startOf(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${(value * 100).toFixed(1)} %`;
}

const asPercent = (value: number) => `${Math.round(value)} %`;

/** Events of each step by decision, and those without one. */
function seriesOf({ times, events, labels }: AppActivity) {
  const undecided = times.map((_, step) => events[step]! - labels.reduce((sum, label) => sum + label.events[step]!, 0));
  const decided = labels
    .filter((label) => label.events.some((count) => count > 0))
    .map((label) => ({ label: label.name, values: label.events, color: safeColor(label.hex_color) }));
  return undecided.some((count) => count > 0)
    ? [...decided, { label: 'no decision', values: undecided, color: safeColor(undefined) }]
    : decided;
}

function confidenceOf({ confidence }: AppActivity) {
  const values = confidence.map((value) => (value === null ? null : value * 100));
  return [{ label: 'Confidence', color: '#4c6ef5', values }];
}

function summaryOf(series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]): string {
  return `Events by decision: ${series.map(({ label, values }) => `${values.reduce<number>((sum, value) => sum + (value ?? 0), 0)} ${label}`).join(', ')}.`;
}
