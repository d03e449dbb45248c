import {
  Alert,
  Anchor,
  Button,
  Group,
  NumberInput,
  Paper,
  Progress,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useMemo, useState } from 'react';
import { api, keys, verdict } from '../../app/api.ts';
import { useJob } from '../../app/job.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { safeColor } from '../../components/label-badge.tsx';
import { LineChart } from '../../components/line-chart.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Reliability } from '../../components/reliability.tsx';
import { StatTile } from '../../components/stat-tile.tsx';
import { GuardPanel } from './guard-panel.tsx';
import { TrainPanel } from './train-panel.tsx';
import { useKnowledge, useVolume } from './use-overview.ts';

/** How a use case stands: what comes in, what is decided, what people say, what to do next. */
export function OverviewPage() {
  const { jobId, job, error } = useJob();
  const [days, setDays] = useState('30');
  useLive(jobId);
  const volume = useVolume(jobId, Number(days));
  const knowledge = useKnowledge(jobId);
  const metrics = useQuery({
    queryKey: keys.of(jobId, 'metrics', days),
    queryFn: () => verdict.v2.jobMetrics(jobId, { start: startOf(Number(days)) }),
    retry: false,
  });
  const model = useQuery({
    queryKey: keys.of(jobId, 'model', job?.active_model_id),
    queryFn: () => api.model(jobId, job!.active_model_id!),
    enabled: job?.active_model_id !== null && job !== undefined,
  });
  const series = useMemo(
    () =>
      (volume.data?.series ?? []).map(({ name, values }) => ({
        label: name,
        values,
        color: safeColor(job?.labels.find((label) => label.name === name)?.hex_color),
      })),
    [job?.labels, volume.data],
  );
  if (error) return <ErrorPanel error={error} />;
  if (job === undefined) return <Skeleton height={400} />;
  return (
    <>
      <PageHeader title={job.title} about={job.description === '' ? `Use case ${job.job_id}` : job.description}>
        <SegmentedControl
          aria-label="Time"
          size="xs"
          value={days}
          onChange={setDays}
          data={[
            { value: '1', label: 'Day' },
            { value: '7', label: 'Week' },
            { value: '30', label: 'Month' },
            { value: '365', label: 'Year' },
          ]}
        />
      </PageHeader>
      {job.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light" mb="sm" p="xs">
          {warning}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 2, md: 4, lg: 6 }} spacing="sm" mb="md">
        <StatTile
          label="Events"
          value={job.events.toLocaleString()}
          note={
            <Anchor component={Link} size="xs" to={`/jobs/${jobId}/events`}>
              Event Explorer
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
        <StatTile label="Agreement" value={percent(metrics.data?.overall_accuracy)} note="where people judged" />
        <StatTile
          label="Need attention"
          value={volume.data ? volume.data.attention.toLocaleString() : '…'}
          note={
            <Anchor component={Link} size="xs" to={`/jobs/${jobId}/feedback?queue=low`}>
              Low confidence or outlier
            </Anchor>
          }
        />
        <TimeSaved job={job} minutes={metrics.data?.time_saved_minutes} />
        <StatTile
          label="Model"
          value={job.active_model_id === null ? 'none yet' : percent(model.data?.metrics.accuracy)}
          note={job.active_model_id === null ? 'label, then train' : 'right on held-back labels'}
        />
      </SimpleGrid>
      <div className="overview">
        <Stack gap="md">
          <Paper withBorder p="sm">
            <Title order={2} mb="xs">
              Decisions over time
            </Title>
            {volume.error && <ErrorPanel error={volume.error} />}
            {volume.isPending && <Skeleton height={190} />}
            {volume.data && volume.data.times.length === 0 && (
              <Text size="sm" c="dimmed">
                No event in this time.
              </Text>
            )}
            {volume.data && volume.data.times.length > 0 && (
              <LineChart times={volume.data.times} series={series} stacked height={190} summary={summaryOf(series)} />
            )}
          </Paper>
          <Paper withBorder p="sm">
            <Title order={2} mb="xs">
              Mean confidence over time
            </Title>
            {volume.data && volume.data.times.length > 0 ? (
              <LineChart
                times={volume.data.times}
                series={confidenceOf(volume.data.confidence)}
                height={120}
                summary="Mean confidence of the decisions, in percent."
              />
            ) : (
              <Text size="sm" c="dimmed">
                Nothing is decided yet.
              </Text>
            )}
          </Paper>
          {model.data && (
            <Paper withBorder p="sm">
              <Title order={2} mb="xs">
                Is the confidence right?
              </Title>
              <Reliability bins={model.data.metrics.reliability} ece={model.data.metrics.ece} />
            </Paper>
          )}
        </Stack>
        <Stack gap="md">
          <TrainPanel job={job} />
          <Paper withBorder p="sm">
            <Title order={2} mb="xs">
              Knowledge base
            </Title>
            {knowledge.data ? (
              <Stack gap={4}>
                {knowledge.data.map(({ state, count, share, means }) => (
                  <div key={state}>
                    <Group justify="space-between">
                      <Text size="sm">{state}</Text>
                      <Text size="sm">{count.toLocaleString()}</Text>
                    </Group>
                    <Progress value={share * 100} size="xs" aria-label={`${state}: ${count} events`} />
                    <Text size="xs" c="dimmed">
                      {means}
                    </Text>
                  </div>
                ))}
              </Stack>
            ) : (
              <Skeleton height={120} />
            )}
          </Paper>
          <GuardPanel job={job} />
        </Stack>
      </div>
    </>
  );
}

function TimeSaved({ job, minutes: saved }: { readonly job: AppJob; readonly minutes: number | undefined }) {
  const client = useQueryClient();
  const may = useCan('decision_points');
  const [editing, setEditing] = useState(false);
  const [minutes, setMinutes] = useState<string | number>(job.settings.minutes_per_alert);
  const save = useMutation({
    mutationFn: (value: number) => api.changeJob(job.job_id, { settings: { minutes_per_alert: value } }),
    onSuccess: async () => {
      setEditing(false);
      await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
      notifyUndo('The assumption is changed.', async () => {
        await api.changeJob(job.job_id, { settings: { minutes_per_alert: job.settings.minutes_per_alert } });
        await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
      });
    },
    onError: notifyError,
  });
  const hours = (saved ?? 0) / 60;
  return (
    <StatTile
      label="Time saved"
      value={saved === undefined ? '…' : `${hours >= 10 ? Math.round(hours).toLocaleString() : hours.toFixed(1)} h`}
      note={
        editing ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (typeof minutes === 'number') save.mutate(minutes);
            }}
          >
            <Group gap={4} wrap="nowrap">
              <NumberInput
                aria-label="Minutes an analyst spends on one alert"
                min={0}
                max={1440}
                value={minutes}
                onChange={setMinutes}
                w={72}
              />
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          </form>
        ) : (
          <>
            at{' '}
            <Anchor component="button" type="button" size="xs" disabled={!may} onClick={() => setEditing(true)}>
              {job.settings.minutes_per_alert} minutes
            </Anchor>{' '}
            an alert, where people agree
          </>
        )
      }
    />
  );
}

function startOf(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${(value * 100).toFixed(1)} %`;
}

function summaryOf(series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]): string {
  return `Events by decision: ${series.map(({ label, values }) => `${values.reduce<number>((sum, value) => sum + (value ?? 0), 0)} ${label}`).join(', ')}.`;
}

const cached = new WeakMap<object, { label: string; color: string; values: readonly (number | null)[] }[]>();

/** The same list for the same numbers, or the chart would be made anew with every drawing of the page. */
function confidenceOf(values: readonly (number | null)[]) {
  let series = cached.get(values);
  if (series === undefined) {
    series = [{ label: 'Confidence in percent', color: '#4c6ef5', values }];
    cached.set(values, series);
  }
  return series;
}
