import { Button, Group, Progress, SimpleGrid, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppLearningCurve, AppTask } from '@verdict/client/browser';
import { useMemo } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { type Doubling, LineChart, type Series } from '../../components/line-chart.tsx';
import { notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';

type Curve = NonNullable<AppLearningCurve['curve']>;
type Point = Curve['points'][number];

/** Milliseconds between two looks at a running work, where the stream of changes does not come through. */
const LOOK_EVERY = 2_000;

/** Whether more labels would make a model better: worked out when somebody asks, then there for everybody. */
export function LearningCurve({ jobId, modelId }: { readonly jobId: number; readonly modelId: number }) {
  const client = useQueryClient();
  const may = useCan('train');
  const key = keys.of(jobId, 'learning-curve', modelId);
  const found = useQuery({
    queryKey: key,
    queryFn: () => api.learningCurve(jobId, modelId),
    // New alerts change nothing of it.
    meta: { live: 'seldom' },
    refetchInterval: (query) => (query.state.data?.state === 'running' ? LOOK_EVERY : false),
  });
  const settle = { onSuccess: (answer: AppLearningCurve) => client.setQueryData(key, answer), onError: notifyError };
  const make = useMutation({ mutationFn: () => api.makeLearningCurve(jobId, modelId), ...settle });
  const cancel = useMutation({ mutationFn: () => api.cancelLearningCurve(jobId, modelId), ...settle });
  if (found.error) return <ErrorPanel error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton height={120} />;
  const { curve, state, task, missing, unit } = found.data;
  if (curve !== null) return <Found curve={curve} unit={unit} />;
  if (state === 'running' && task !== null)
    return <Running task={task} cancel={may ? () => cancel.mutate() : undefined} cancelling={cancel.isPending} />;
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm" maw={760}>
        How quality grows with the number of labels: the newest fifth of what this model learned from is held out, and models
        trained on growing parts of the rest are judged on it. It takes about as long as one to four trainings, in the background;
        a training that somebody asks for goes first.
      </Text>
      {task !== null && (
        <Text size="sm" c="dimmed">
          {task.state === 'cancelled' ? 'The last try was cancelled.' : `The last try did not come to its end: ${task.message}`}
        </Text>
      )}
      {missing !== null && <Text size="sm">{missing}</Text>}
      <Button disabled={!may || missing !== null} loading={make.isPending} onClick={() => make.mutate()}>
        Work it out
      </Button>
      {!may && (
        <Text size="xs" c="dimmed">
          Leads and administrators ask for it.
        </Text>
      )}
    </Stack>
  );
}

function Running({
  task,
  cancel,
  cancelling,
}: {
  readonly task: AppTask;
  readonly cancel: (() => void) | undefined;
  readonly cancelling: boolean;
}) {
  const percent = Math.round(task.share * 100);
  const told = task.cancel_requested
    ? 'ending'
    : task.state === 'waiting'
      ? 'waits until nothing else is trained'
      : `${percent} %: ${task.step}`;
  return (
    <Stack gap={6}>
      <Progress value={percent} animated aria-label="Learning curve" />
      <Group justify="space-between">
        <Text size="xs" c="dimmed" aria-live="polite">
          {told}
        </Text>
        {cancel && (
          <Button variant="subtle" color="red" loading={cancelling} disabled={task.cancel_requested} onClick={cancel}>
            Cancel
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** The curve itself: what it says, the plot, and the numbers. */
function Found({ curve, unit }: { readonly curve: Curve; readonly unit: string }) {
  const { units, series, doubling } = useMemo(() => drawn(curve, unit), [curve, unit]);
  return (
    <>
      <Text size="sm" mb="xs">
        {curve.reading}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <LineChart
          times={units}
          series={series}
          doubling={doubling}
          height={210}
          format={asPercent}
          summary={`Accuracy, macro F1 and what is decided at 95 % right, by labelled ${unit}s. The numbers are in the table that follows.`}
        />
        <Table.ScrollContainer minWidth={420}>
          <Table verticalSpacing={4} horizontalSpacing={6} aria-label="Learning curve">
            <Table.Thead>
              <Table.Tr>
                <Table.Th ta="right">Labelled {unit}s</Table.Th>
                {COLUMNS.map(({ name }) => (
                  <Table.Th key={name} ta="right">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {curve.points.map((point) => (
                <Table.Tr key={point.units}>
                  <Table.Th scope="row" ta="right" fw={400}>
                    {point.units.toLocaleString()}
                  </Table.Th>
                  {COLUMNS.map(({ name, show }) => (
                    <Table.Td key={name} ta="right" style={{ whiteSpace: 'nowrap' }}>
                      {show(point)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        Each judged on the same {curve.held_out.toLocaleString()} newest {unit}s
        {curve.clusters < curve.held_out && ` (${curve.clusters.toLocaleString()} groups)`}, learned from by none. Worked out{' '}
        <Time at={curve.made_at} relative /> for {curve.made_by}.
      </Text>
    </>
  );
}

const COLUMNS: readonly { readonly name: string; readonly show: (point: Point) => string }[] = [
  { name: 'Accuracy', show: ({ accuracy }) => `${(accuracy * 100).toFixed(1)} %` },
  { name: 'Macro F1', show: ({ macro_f1: f1 }) => f1.toFixed(3) },
  { name: 'Log-loss', show: ({ log_loss: loss }) => loss.toFixed(3) },
  { name: 'Missed escalations', show: ({ missed_escalations: missed }) => missed.toLocaleString() },
  { name: 'At ≥ 95 % right', show: ({ share_at_95: share }) => `${(share * 100).toFixed(1)} %` },
];

/** What the chart takes; the same objects as long as the curve is the same. */
function drawn(
  { points }: Curve,
  unit: string,
): { readonly units: readonly number[]; readonly series: readonly Series[]; readonly doubling: Doubling } {
  return {
    units: points.map(({ units }) => units),
    series: [
      { label: 'Accuracy', color: '#4c6ef5', values: points.map(({ accuracy }) => accuracy) },
      { label: 'Macro F1', color: '#0ca678', values: points.map(({ macro_f1: f1 }) => f1) },
      { label: 'Decided at ≥ 95 % right', color: '#e8590c', values: points.map(({ share_at_95: share }) => share) },
    ],
    doubling: { label: `labelled ${unit}s learned from`, name: `Labelled ${unit}s` },
  };
}

function asPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
