import { Button, Group, Paper, Progress, Stack, Text, Title, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { memo } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';
import { BeforeAfter } from './before-after.tsx';

/** Train now, with its progress, and what came of the last training. */
export const TrainPanel = memo(function TrainPanel({ job }: { readonly job: AppJob }) {
  const client = useQueryClient();
  const may = useCan('train');
  const jobId = job.job_id;
  const training = useQuery({
    queryKey: keys.of(jobId, 'training'),
    queryFn: () => api.training(jobId),
    refetchInterval: (query) => (query.state.data?.state === 'RETRAIN_STARTED' ? 700 : 15_000),
  });
  const train = useMutation({
    mutationFn: () => api.train(jobId),
    onSuccess: async (answer) => {
      if (!answer.ok) notifyError(new Error(answer.message));
      await client.invalidateQueries({ queryKey: keys.job(jobId) });
    },
    onError: notifyError,
  });
  const cancel = useMutation({ mutationFn: (taskId: number) => api.cancelTask(taskId), onError: notifyError });
  const models = useQuery({ queryKey: keys.of(jobId, 'models'), queryFn: () => api.models(jobId) });
  const { data } = training;
  const running = data?.state === 'RETRAIN_STARTED' && data.task !== null;
  const last = models.data?.[0];
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Training</Title>
        <Tooltip
          label={may ? (data?.missing ?? '') : 'Leads and administrators train'}
          disabled={may && data?.ready === true}
          multiline
          maw={320}
        >
          <Button disabled={!may || data?.ready !== true || running} loading={train.isPending} onClick={() => train.mutate()}>
            Train now
          </Button>
        </Tooltip>
      </Group>
      {training.error && <ErrorPanel error={training.error} />}
      <Stack gap={6} mih={48}>
        {running && data.task && (
          <>
            <Progress value={data.task.share * 100} animated aria-label="Training" />
            <Group justify="space-between">
              <Text size="xs" c="dimmed" aria-live="polite">
                {Math.round(data.task.share * 100)} %: {data.task.step}
              </Text>
              <Button variant="subtle" color="red" onClick={() => cancel.mutate(data.task!.task_id)}>
                Cancel
              </Button>
            </Group>
          </>
        )}
        {!running && data?.missing !== null && data !== undefined && (
          <Text size="sm" lineClamp={4} title={data.missing}>
            {data.missing}
          </Text>
        )}
        {!running && data?.message && (
          <Text size="sm">
            {data.message} <Time at={data.finished_at} relative />
          </Text>
        )}
        {last?.comparison && (
          <>
            <BeforeAfter comparison={last.comparison} />
            <Text size="xs" c="dimmed">
              {last.comparison.sentence}
            </Text>
          </>
        )}
        {last && (
          <Text size="sm" c="dimmed">
            Trained on {last.units.toLocaleString()} labelled {data?.unit ?? 'bucket'}s.{' '}
            <Link to="/jobs/$jobId/models" params={{ jobId: String(jobId) }}>
              All models
            </Link>
          </Text>
        )}
      </Stack>
    </Paper>
  );
});
