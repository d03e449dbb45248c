import { Anchor, Badge, Group, Skeleton, Table, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { LabelBar } from '../../components/label-bar.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Time } from '../../components/time.tsx';
import { JobActions } from './job-actions.tsx';
import { STATUS_WORDS } from './job-status.ts';
import { useActivity } from './use-activity.ts';

/** One use case: what comes in, what it decides, what waits for people, how good its model is. */
export function JobRow({ job }: { readonly job: AppJob }) {
  const to = `/jobs/${job.job_id}`;
  const status = STATUS_WORDS[job.status] ?? { word: job.status, color: 'gray', means: '' };
  const activity = useActivity(job.job_id, 1);
  const { data } = activity;
  const today = data?.events.reduce((sum, count) => sum + count, 0) ?? 0;
  const waiting = data?.standings.find(({ state }) => state === 'new')?.units ?? 0;
  const decided = (data?.labels ?? []).map(({ name, hex_color: color, events }) => ({
    name,
    color,
    count: events.reduce((sum, count) => sum + count, 0),
  }));
  return (
    <Table.Tr>
      <Table.Td miw={200} maw={300}>
        <Group gap={6}>
          <Anchor component={Link} to={to} fw={600}>
            <AlertText text={job.title} />
          </Anchor>
          {job.demo && (
            <Badge color="orange" variant="light" miw="max-content">
              demo data
            </Badge>
          )}
        </Group>
        {job.warnings.map((warning) => (
          <Text key={warning} size="xs" className="warning">
            {warning}
          </Text>
        ))}
        <Text size="xs" c="dimmed">
          {job.events.toLocaleString()} events, last <Time at={job.last_event_at} relative />
        </Text>
      </Table.Td>
      <Table.Td>
        <Tooltip label={status.means}>
          <Badge color={status.color} variant="light" miw="max-content">
            {status.word}
          </Badge>
        </Tooltip>
      </Table.Td>
      <Table.Td>
        {data ? (
          <Group gap={8} wrap="nowrap">
            <Sparkline values={data.events} label={`Events of each hour of the last day, ${today} in all`} />
            <Anchor component={Link} to={`${to}/events`}>
              {today.toLocaleString()}
            </Anchor>
          </Group>
        ) : (
          <Skeleton height={22} width={130} />
        )}
      </Table.Td>
      <Table.Td w={230}>
        {data ? (
          <LabelBar parts={decided} nothing={job.active_model_id === null ? 'decides once trained' : 'none today'} />
        ) : (
          <Skeleton height={22} />
        )}
      </Table.Td>
      <Table.Td>
        {data ? (
          <Anchor component={Link} to={`${to}/feedback`}>
            {waiting.toLocaleString()} {job.decision_points.length > 0 ? 'buckets' : 'events'}
          </Anchor>
        ) : (
          <Skeleton height={22} width={70} />
        )}
      </Table.Td>
      <Table.Td className="one-line">
        <ModelCell job={job} />
      </Table.Td>
      <Table.Td>
        <JobActions job={job} />
      </Table.Td>
    </Table.Tr>
  );
}

function ModelCell({ job }: { readonly job: AppJob }) {
  const modelId = job.active_model_id;
  const model = useQuery({
    queryKey: keys.of(job.job_id, 'model', modelId),
    queryFn: () => api.model(job.job_id, modelId!),
    enabled: modelId !== null,
    staleTime: 60_000,
  });
  if (modelId === null) return <span className="label-none">not trained yet</span>;
  if (!model.data) return <Skeleton height={22} width={90} />;
  return (
    <>
      <Anchor component={Link} to={`/jobs/${job.job_id}/models`}>
        {(model.data.metrics.accuracy * 100).toFixed(0)} % right
      </Anchor>
      <Text size="xs" c="dimmed">
        <Time at={model.data.created_at} relative />
      </Text>
    </>
  );
}
