import { Button, Group, Paper, Progress, Text } from '@mantine/core';
import { IconFlask } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';

/** Milliseconds between two looks at the work that fills it. */
const LOOK = 700;

/** Whether there is demo data, asked more often while it is being filled. */
export function useDemo() {
  return useQuery({
    queryKey: keys.demo,
    queryFn: () => api.demo(),
    refetchInterval: (query) => (isFilling(query.state.data?.task?.state) ? LOOK : false),
  });
}

/** The one click that fills a use case with made-up alerts. */
export function TryDemo() {
  const client = useQueryClient();
  const may = useCan('integrations');
  const make = useMutation({
    mutationFn: () => api.makeDemo(),
    onSuccess: async (demo) => {
      client.setQueryData(keys.demo, demo);
      await client.invalidateQueries({ queryKey: keys.jobs });
    },
    onError: notifyError,
  });
  return (
    <Button
      variant="default"
      leftSection={<IconFlask size={15} />}
      disabled={!may}
      loading={make.isPending}
      onClick={() => make.mutate()}
    >
      Try it with demo data
    </Button>
  );
}

/** Says that there is demo data, how far it is, and removes it in one click. Nothing where there is none. */
export function DemoPanel() {
  const client = useQueryClient();
  const may = useCan('integrations');
  const { data } = useDemo();
  const remove = useMutation({
    mutationFn: () => api.removeDemo(),
    onSuccess: async () => {
      client.setQueryData(keys.demo, { job_id: null, task: null });
      await client.invalidateQueries({ queryKey: keys.jobs });
      await client.invalidateQueries({ queryKey: keys.integrations });
      notifyDone('The demo data is removed, with everything that was added to it.');
    },
    onError: notifyError,
  });
  if (!data || data.job_id === null) return null;
  const { task } = data;
  const filling = isFilling(task?.state);
  return (
    <Paper withBorder mb="md" p="sm" role="status" aria-label="Demo data" className="demo-panel">
      <Group justify="space-between" gap="md" wrap="nowrap">
        <IconFlask size={18} aria-hidden="true" />
        <div className="grow">
          <Text size="sm">
            {filling
              ? `Filling the demo: ${task?.step || 'it begins in a moment'}.`
              : task?.state === 'failed'
                ? `The demo could not be filled: ${task.message} Remove it and try again.`
                : 'This service holds demo data: three weeks of made-up alerts, labels and two models.'}{' '}
            {!filling && task?.state !== 'failed' && (
              <Link to="/jobs/$jobId" params={{ jobId: String(data.job_id) }}>
                Look around
              </Link>
            )}
          </Text>
          {filling && task && (
            <Progress
              value={task.share * 100}
              mt={6}
              animated
              aria-label={`Demo data: ${Math.round(task.share * 100)} percent`}
            />
          )}
        </div>
        <Button
          variant="default"
          disabled={!may}
          title={may ? undefined : 'Administrators remove it'}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Remove the demo data
        </Button>
      </Group>
    </Paper>
  );
}

function isFilling(state: string | undefined): boolean {
  return state === 'waiting' || state === 'running';
}
