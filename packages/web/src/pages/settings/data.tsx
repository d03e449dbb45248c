import { Button, Group, Paper, Progress, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { bytes } from '../../components/bytes.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyDone, notifyError } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';
import { Retention } from './retention.tsx';

/** How long events are kept, backups, and long works. */
export function Data() {
  return (
    <Stack gap="lg">
      <Retention />
      <Backups />
      <Tasks />
    </Stack>
  );
}

function Backups() {
  const client = useQueryClient();
  const backups = useQuery({ queryKey: ['backups'], queryFn: () => api.backups() });
  const make = useMutation({
    mutationFn: () => api.backup(),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['backups'] });
      notifyDone('The backup is made. Copy it to another machine.');
    },
    onError: notifyError,
  });
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2}>Backups</Title>
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          Make a backup
        </Button>
      </Group>
      <Text size="sm" c="dimmed" mb="xs">
        Made while the service runs, into its data folder. Restoring is a command of the terminal: npm run verdict -- restore.
      </Text>
      {backups.error && <ErrorPanel error={backups.error} />}
      {backups.isPending && <Skeleton height={60} />}
      {backups.data?.backups.length === 0 && (
        <EmptyState title="No backup yet">Make one, and copy it to another machine.</EmptyState>
      )}
      {backups.data && backups.data.backups.length > 0 && (
        <Paper withBorder>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Made</Table.Th>
                <Table.Th>Where</Table.Th>
                <Table.Th ta="right">Size</Table.Th>
                <Table.Th>Key file</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {backups.data.backups.map((backup) => (
                <Table.Tr key={backup.name}>
                  <Table.Td>
                    <Time at={backup.created_at} />
                  </Table.Td>
                  <Table.Td className="path">{backup.folder}</Table.Td>
                  <Table.Td ta="right">{bytes(backup.bytes)}</Table.Td>
                  <Table.Td>{backup.with_key ? 'in it' : 'not in it: keep secret.key apart'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </section>
  );
}

/** Kinds of tasks in words. */
const TASK_WORDS: Readonly<Record<string, string>> = {
  train: 'Training',
  rebucket: 'New decision points',
  reprocess: 'Deciding again',
  retention: 'Removing old events',
  recompute: 'Metrics of a model',
  demo: 'Demo data',
};

function Tasks() {
  const client = useQueryClient();
  const tasks = useQuery({ queryKey: ['tasks'], queryFn: () => api.tasks(), refetchInterval: 3_000 });
  const jobs = useQuery({ queryKey: keys.jobs, queryFn: () => api.jobs() });
  const titles = new Map<number | null, string>((jobs.data ?? []).map((job) => [job.job_id, job.title]));
  const cancel = useMutation({
    mutationFn: (id: number) => api.cancelTask(id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks'] }),
    onError: notifyError,
  });
  return (
    <section>
      <Title order={2} mb="xs">
        Long works
      </Title>
      {tasks.error && <ErrorPanel error={tasks.error} />}
      {tasks.isPending && <Skeleton height={60} />}
      {tasks.data?.length === 0 && (
        <EmptyState title="Nothing has run yet">Trainings, changes of decision points and the like appear here.</EmptyState>
      )}
      {tasks.data && tasks.data.length > 0 && (
        <Paper withBorder>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Work</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Progress</Table.Th>
                <Table.Th>Asked for</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tasks.data.slice(0, 50).map((task) => (
                <Table.Tr key={task.task_id}>
                  <Table.Td>
                    {TASK_WORDS[task.kind] ?? task.kind}
                    {titles.has(task.job_id) && (
                      <Text size="xs" c="dimmed">
                        <AlertText text={titles.get(task.job_id)!} limit={80} />
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {task.state}
                    <Text size="xs" c="dimmed">
                      {task.message || task.step}
                    </Text>
                  </Table.Td>
                  <Table.Td w={200}>
                    <Progress
                      value={Math.round(task.share * 100)}
                      aria-label={`${task.kind}: ${Math.round(task.share * 100)} percent`}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Time at={task.created_at} relative />
                  </Table.Td>
                  <Table.Td ta="right">
                    {(task.state === 'waiting' || task.state === 'running') && (
                      <Button variant="subtle" color="red" onClick={() => cancel.mutate(task.task_id)}>
                        Cancel
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </section>
  );
}
