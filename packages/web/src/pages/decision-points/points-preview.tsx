import { Group, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { AppJob, AppPointsPreview } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { percent, share, verdictOn } from './points-verdict.ts';

/** What a choice comes to, from the newest events; asked for while the person chooses. */
export function usePreview(jobId: number, points: readonly string[]) {
  const [settled] = useDebouncedValue(points.join('\n'), 350);
  return useQuery({
    queryKey: keys.of(jobId, 'points-preview', settled),
    queryFn: () => api.previewPoints(jobId, settled.split('\n')),
    enabled: settled !== '',
    staleTime: 60_000,
    placeholderData: (before) => before,
    meta: { live: false },
  });
}

/** The buckets that the chosen decision points would make, while they are chosen. */
export function PointsPreview({ job, points }: { readonly job: AppJob; readonly points: readonly string[] }) {
  const preview = usePreview(job.job_id, points);
  const { data } = preview;
  return (
    <Paper withBorder p="sm" className="points-preview" component="aside" aria-label="What this choice comes to">
      <Title order={2} mb="xs">
        What this choice comes to
      </Title>
      {points.length === 0 && (
        <Text size="sm" c="dimmed">
          Choose fields on the left. Few that tell kinds of alerts apart make big buckets: then one label counts for many.
        </Text>
      )}
      {points.length > 0 && preview.error && <ErrorPanel error={preview.error} retry={() => void preview.refetch()} />}
      {points.length > 0 && !data && !preview.error && <Skeleton height={260} />}
      {points.length > 0 && data && <Shown job={job} data={data} stale={preview.isPlaceholderData} />}
    </Paper>
  );
}

function Shown({ job, data, stale }: { readonly job: AppJob; readonly data: AppPointsPreview; readonly stale: boolean }) {
  const largest = data.biggest[0]?.events ?? 0;
  return (
    <Stack gap="xs" aria-busy={stale} style={{ opacity: stale ? 0.6 : 1 }}>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={0}>
        <Table.Tbody>
          <Line
            name="Buckets"
            value={data.buckets.toLocaleString()}
            note={`of the newest ${data.events.toLocaleString()} events`}
          />
          <Line
            name="Largest"
            value={share(largest, data.events)}
            note={`${largest.toLocaleString()} ${largest === 1 ? 'event' : 'events'}`}
          />
          <Line name="10 biggest" value={percent(data.top_10)} note="of the events" />
          <Line name="50 biggest" value={percent(data.top_50)} note="of the events" />
          <Line name="Single" value={data.single.toLocaleString()} note="buckets with one event" />
        </Table.Tbody>
      </Table>
      <Text size="sm">{verdictOn(data)}</Text>
      {data.conflicts > 0 && (
        <Text size="sm" className="warning">
          {data.conflicts} of {data.labelled} labelled buckets would mix events that people labelled differently: these points do
          not tell them apart.
        </Text>
      )}
      {data.empty > 0 && (
        <Text size="sm" className="warning">
          {share(data.empty, data.events)} of the events have none of these fields and could not be decided.
        </Text>
      )}
      <Title order={3}>The biggest</Title>
      <Stack gap={6}>
        {data.biggest.map((bucket) => (
          <div key={JSON.stringify(bucket.decision_points)} className="preview-bucket">
            <Group justify="space-between" wrap="nowrap" gap="xs">
              <Text size="xs" lineClamp={2} className="path">
                {bucket.decision_points.map(({ point, value }, index) => (
                  <span key={point}>
                    {index > 0 && ' · '}
                    {value === null ? (
                      <i>missing</i>
                    ) : (
                      <AlertText text={typeof value === 'string' ? value : JSON.stringify(value)} limit={80} />
                    )}
                  </span>
                ))}
              </Text>
              <Text size="xs" fw={600} style={{ whiteSpace: 'nowrap' }}>
                {share(bucket.events, data.events)}
              </Text>
            </Group>
            {bucket.labels.length > 0 && (
              <Group gap={8}>
                {bucket.labels.map((label) => (
                  <Text size="xs" key={label} component="div">
                    <LabelBadge label={label} labels={job.labels} />
                  </Text>
                ))}
              </Group>
            )}
          </div>
        ))}
      </Stack>
    </Stack>
  );
}

function Line({ name, value, note }: { readonly name: string; readonly value: string; readonly note: string }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} c="dimmed" pr={8} style={{ whiteSpace: 'nowrap' }}>
        {name}
      </Table.Th>
      <Table.Td ta="right" fw={600} style={{ whiteSpace: 'nowrap' }}>
        {value}
      </Table.Td>
      <Table.Td pl={8}>
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
