import { Button, Group, NumberInput, Paper, Skeleton, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';

/** How long each use case keeps its events. */
export function Retention() {
  const jobs = useQuery({ queryKey: keys.jobs, queryFn: () => api.jobs() });
  return (
    <section>
      <Title order={2} mb={4}>
        Retention
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Events older than this are removed once a day, with their alerts and old decisions. What people said of their buckets and
        the models stay.
      </Text>
      {jobs.error && <ErrorPanel error={jobs.error} />}
      {jobs.isPending && <Skeleton height={80} />}
      {jobs.data?.length === 0 && (
        <EmptyState title="No AI use case yet">What it keeps is set here once there is one.</EmptyState>
      )}
      {jobs.data && jobs.data.length > 0 && (
        <Paper withBorder>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Use case</Table.Th>
                <Table.Th ta="right">Events</Table.Th>
                <Table.Th>Keeps events for</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {jobs.data.map((job) => (
                <Row key={job.job_id} job={job} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </section>
  );
}

function Row({ job }: { readonly job: AppJob }) {
  const client = useQueryClient();
  const before = job.settings.retention_days;
  /** What was typed and is not saved; undefined for nothing. */
  const [typed, setDays] = useState<number | string>();
  const days = typed ?? before ?? '';
  const wanted = typeof days === 'number' ? days : null;
  const set = async (to: number | null) => {
    await api.changeJob(job.job_id, { settings: { retention_days: to } });
    await client.invalidateQueries({ queryKey: keys.jobs });
    await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
    setDays(undefined);
  };
  const save = useMutation({
    mutationFn: () => set(wanted),
    onSuccess: () =>
      notifyUndo(
        wanted === null
          ? `“${job.title}” keeps its events for ever.`
          : `“${job.title}” keeps its events for ${wanted} days, from the next night on.`,
        () => set(before),
      ),
    onError: notifyError,
  });
  return (
    <Table.Tr>
      <Table.Td>
        <AlertText text={job.title} />
      </Table.Td>
      <Table.Td ta="right">{job.events.toLocaleString()}</Table.Td>
      <Table.Td>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (wanted !== before) save.mutate();
          }}
        >
          <Group gap="xs">
            <NumberInput
              aria-label={`Days that ${job.title} keeps events`}
              placeholder="for ever"
              min={1}
              max={36_500}
              allowDecimal={false}
              suffix=" days"
              value={days}
              onChange={setDays}
              w={130}
            />
            <Button
              type="submit"
              variant="default"
              {...(wanted === before ? { 'data-disabled': true } : {})}
              aria-disabled={wanted === before}
              loading={save.isPending}
            >
              Save
            </Button>
          </Group>
        </form>
      </Table.Td>
    </Table.Tr>
  );
}
