import { Badge, Button, Group, NumberInput, Paper, Popover, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { memo, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { Time } from '../../components/time.tsx';

const COLORS = { open: 'teal', gathering: 'yellow', closed: 'gray' } as const;

/** How far automation may go: a promise for each label, proved by blind audits. */
export const GuardPanel = memo(function GuardPanel({ job }: { readonly job: AppJob }) {
  const client = useQueryClient();
  const may = useCan('guard');
  const jobId = job.job_id;
  const guards = useQuery({ queryKey: keys.of(jobId, 'guards'), queryFn: () => api.guards(jobId) });
  const refresh = () => client.invalidateQueries({ queryKey: keys.of(jobId, 'guards') });
  const all = useMutation({
    mutationFn: (closed: boolean) => api.switchGuards({ closed }),
    onSuccess: refresh,
    onError: notifyError,
  });
  const close = useMutation({
    mutationFn: ({ classId }: { classId: string; rate: number; label: string }) => api.closeGuard(jobId, classId),
    onSuccess: async (_, { classId, rate, label }) => {
      await refresh();
      notifyUndo(`The guard for ${label} is closed: every such decision asks a person.`, async () => {
        await api.openGuard(jobId, classId, { max_error_rate: rate });
        await refresh();
      });
    },
    onError: notifyError,
  });
  const { data } = guards;
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Guard</Title>
        {data && (
          <Button
            variant="light"
            color={data.closed_for_all ? 'teal' : 'red'}
            disabled={!may}
            loading={all.isPending}
            onClick={() => all.mutate(!data.closed_for_all)}
          >
            {data.closed_for_all ? 'Allow guards again' : 'Close all'}
          </Button>
        )}
      </Group>
      {guards.error && <ErrorPanel error={guards.error} />}
      {guards.isPending && <Skeleton height={60} />}
      {data && (
        <Stack gap="sm">
          {data.closed_for_all && <Text size="sm">Closed for all use cases: nothing is acted on without a person.</Text>}
          {data.guards.length === 0 && (
            <Text size="sm" c="dimmed">
              Closed: every decision asks a person. Open it for a label with a promise; random alerts are then labelled blind
              until the promise is proved.
            </Text>
          )}
          {data.guards.map((guard) => (
            <div key={guard.class_id}>
              <Group justify="space-between">
                <Text size="sm" fw={600}>
                  {guard.label}{' '}
                  <Badge color={COLORS[guard.status]} variant="light">
                    {guard.status}
                  </Badge>
                </Text>
                <Button
                  variant="subtle"
                  color="red"
                  disabled={!may}
                  onClick={() => close.mutate({ classId: guard.class_id, rate: guard.max_error_rate, label: guard.label })}
                  aria-label={`Close the guard for ${guard.label}`}
                >
                  Close
                </Button>
              </Group>
              <Text size="xs">{guard.sentence}</Text>
              <Text size="xs" c="dimmed">
                Promised: at most {(guard.max_error_rate * 100).toLocaleString()} % wrong ({guard.wrong_labels.join(', ')}{' '}
                instead). Opened by {guard.opened_by}, <Time at={guard.opened_at} relative />.
              </Text>
            </div>
          ))}
          {data.waiting > 0 && (
            <Text size="sm">
              <Link to="/jobs/$jobId/feedback" params={{ jobId: String(jobId) }} search={{ queue: 'audits' }}>
                {data.waiting} audits wait for a blind label
              </Link>
            </Text>
          )}
          {may && job.active_model_id !== null && <Open job={job} opened={refresh} />}
        </Stack>
      )}
    </Paper>
  );
});

function Open({ job, opened }: { readonly job: AppJob; readonly opened: () => Promise<void> }) {
  const labels = job.labels.filter((label) => !label.retired);
  const [classId, setClassId] = useState<string | null>(
    labels.find((label) => label.name === 'Drop')?.class_id ?? labels[0]?.class_id ?? null,
  );
  const [rate, setRate] = useState<string | number>(1);
  const open = useMutation({
    mutationFn: () => api.openGuard(job.job_id, classId!, { max_error_rate: Number(rate) / 100 }),
    onSuccess: opened,
  });
  return (
    <Popover width={300} withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" w="fit-content">
          Open for a label…
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (classId !== null && typeof rate === 'number') open.mutate();
          }}
        >
          <Stack gap="xs">
            <Select
              label="Label"
              data={labels.map(({ class_id: value, name: label }) => ({ value, label }))}
              value={classId}
              onChange={setClassId}
              allowDeselect={false}
              comboboxProps={{ withinPortal: false }}
            />
            <NumberInput
              label="At most so many percent may be wrong"
              min={0.01}
              max={50}
              step={0.5}
              value={rate}
              onChange={setRate}
            />
            {open.error && <ErrorPanel error={open.error} />}
            <Button type="submit" loading={open.isPending}>
              Gather evidence
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
