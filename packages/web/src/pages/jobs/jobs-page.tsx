import { ActionIcon, Anchor, Badge, Button, Group, Menu, Paper, Skeleton, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconCopy, IconDots, IconPlayerPlay, IconPlayerStop, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useLive } from '../../app/live.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { notifyDone, notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Time } from '../../components/time.tsx';
import { CreateJob } from './create-job.tsx';
import { DeleteJob } from './delete-job.tsx';
import { FirstSteps } from './first-steps.tsx';
import { isRunning, STATUS_WORDS } from './job-status.ts';

/** All AI use cases with what needs somebody's attention, and how to make one. */
export function JobsPage() {
  const jobs = useQuery({ queryKey: keys.jobs, queryFn: () => api.jobs() });
  const mayManage = useCan('integrations');
  const [creating, setCreating] = useState(false);
  const navigate = useNavigate();
  useLive(undefined);
  return (
    <>
      <PageHeader title="AI use cases" about="Each learns one triage flow: its alerts, its labels, its models.">
        <Tooltip label="Only administrators make use cases" disabled={mayManage}>
          <Button leftSection={<IconPlus size={15} />} disabled={!mayManage} onClick={() => setCreating(true)}>
            Create use case
          </Button>
        </Tooltip>
      </PageHeader>
      <FirstSteps jobs={jobs.data} onCreate={() => setCreating(true)} />
      {jobs.error && <ErrorPanel error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.isPending && <Waiting />}
      {jobs.data?.length === 0 && (
        <EmptyState
          title="No AI use case yet"
          action={mayManage && <Button onClick={() => setCreating(true)}>Create the first one</Button>}
        >
          A use case takes the alerts of one integration, learns how your analysts close them, and answers each new one.
        </EmptyState>
      )}
      {jobs.data && jobs.data.length > 0 && (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={860}>
            <Table highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Use case</Table.Th>
                  <Table.Th>Status</Table.Th>
                  <Table.Th ta="right">Events</Table.Th>
                  <Table.Th>Last event</Table.Th>
                  <Table.Th ta="right">With feedback</Table.Th>
                  <Table.Th>Labels</Table.Th>
                  <Table.Th>Model</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {jobs.data.map((job) => (
                  <Row key={job.job_id} job={job} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <CreateJob
        opened={creating}
        close={() => setCreating(false)}
        made={(job) => {
          setCreating(false);
          void navigate({ to: '/jobs/$jobId', params: { jobId: String(job.job_id) } });
        }}
      />
    </>
  );
}

function Row({ job }: { readonly job: AppJob }) {
  const params = { jobId: String(job.job_id) };
  const status = STATUS_WORDS[job.status] ?? { word: job.status, color: 'gray', means: '' };
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/jobs/${params.jobId}`} fw={550}>
          <AlertText text={job.title} />
        </Anchor>
        {job.warnings.map((warning) => (
          <Text key={warning} size="xs" className="warning">
            {warning}
          </Text>
        ))}
      </Table.Td>
      <Table.Td>
        <Tooltip label={status.means}>
          <Badge color={status.color} variant="light" autoContrast>
            {status.word}
          </Badge>
        </Tooltip>
      </Table.Td>
      <Table.Td ta="right">
        <Anchor component={Link} to={`/jobs/${params.jobId}/events`}>
          {job.events.toLocaleString()}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Time at={job.last_event_at} relative />
      </Table.Td>
      <Table.Td ta="right">
        <Anchor component={Link} to={`/jobs/${params.jobId}/feedback`}>
          {job.events_with_feedback.toLocaleString()}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Group gap="sm">
          {job.labels
            .filter((label) => !label.retired)
            .map((label) => (
              <LabelBadge key={label.class_id} label={label.name} labels={job.labels} />
            ))}
        </Group>
      </Table.Td>
      <Table.Td>
        {job.active_model_id === null ? (
          <Text size="sm" c="dimmed">
            not trained yet
          </Text>
        ) : (
          <Anchor component={Link} to={`/jobs/${params.jobId}/models`}>
            <Time at={job.training.finished_at} relative />
          </Anchor>
        )}
      </Table.Td>
      <Table.Td>
        <Actions job={job} />
      </Table.Td>
    </Table.Tr>
  );
}

function Actions({ job }: { readonly job: AppJob }) {
  const client = useQueryClient();
  const mayManage = useCan('integrations');
  const [deleting, setDeleting] = useState(false);
  const running = isRunning(job);
  const refresh = () => client.invalidateQueries({ queryKey: keys.jobs });
  const turn = useMutation({
    mutationFn: () => (running ? api.stopJob(job.job_id) : api.startJob(job.job_id)),
    onSuccess: async () => {
      await refresh();
      notifyUndo(running ? `“${job.title}” is stopped: its alerts are refused.` : `“${job.title}” is running.`, async () => {
        await (running ? api.startJob(job.job_id) : api.stopJob(job.job_id));
        await refresh();
      });
    },
    onError: notifyError,
  });
  const clone = useMutation({
    mutationFn: () =>
      api.createJob({
        title: `${job.title.slice(0, 190)} (copy)`,
        description: job.description,
        category: job.category,
        labels: job.labels.filter((label) => !label.retired).map(({ name, hex_color }) => ({ name, hex_color })),
        decision_points: job.decision_points,
        decision_point_types: job.decision_point_types,
        integrations: job.integrations,
        settings: job.settings,
      }),
    onSuccess: async (made) => {
      await refresh();
      notifyDone(`“${made.title}” is made, without events and feedback. It is stopped until you start it.`);
    },
    onError: notifyError,
  });
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap">
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Actions for ${job.title}`}
            disabled={!mayManage}
            loading={turn.isPending || clone.isPending}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={running ? <IconPlayerStop size={15} /> : <IconPlayerPlay size={15} />}
            onClick={() => turn.mutate()}
          >
            {running ? 'Stop' : 'Start'}
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={15} />} onClick={() => clone.mutate()}>
            Clone
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setDeleting(true)}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteJob job={job} opened={deleting} close={() => setDeleting(false)} />
    </Group>
  );
}

function Waiting() {
  return (
    <Stack gap={6}>
      {[1, 2, 3].map((line) => (
        <Skeleton key={line} height={38} />
      ))}
    </Stack>
  );
}
