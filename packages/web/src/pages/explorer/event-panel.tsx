import { Alert, Anchor, Badge, Button, Group, Skeleton, Stack, Table, Tabs, Text, TextInput, Title } from '@mantine/core';
import { IconAdjustments, IconFilter, IconFilterOff } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { useMemo, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { notifyError, notifyUndo } from '../../components/notify-undo.tsx';
import { type PathAction, RawJson } from '../../components/raw-json.tsx';
import { Time } from '../../components/time.tsx';
import { LabelButtons, offered } from '../feedback/label-buttons.tsx';
import { PointValues } from '../feedback/point-values.tsx';
import { useShortcuts } from '../feedback/use-shortcuts.ts';
import type { Condition } from './explorer-query.ts';

/** Everything known about one event. */
export function EventPanel({
  jobId,
  eventId,
  addCondition,
}: {
  readonly jobId: number;
  readonly eventId: string;
  readonly addCondition?: ((condition: Condition) => void) | undefined;
}) {
  const event = useQuery({ queryKey: keys.of(jobId, 'event', eventId), queryFn: () => api.event(jobId, eventId) });
  const job = useQuery({ queryKey: keys.job(jobId), queryFn: () => api.job(jobId) });
  if (event.error) return <ErrorPanel error={event.error} retry={() => void event.refetch()} />;
  if (!event.data || !job.data) return <Skeleton height={300} />;
  return <Shown key={event.data.event_id} job={job.data} event={event.data} addCondition={addCondition} />;
}

function Shown({
  job,
  event,
  addCondition,
}: {
  readonly job: AppJob;
  readonly event: AppEvent;
  readonly addCondition: ((condition: Condition) => void) | undefined;
}) {
  const { decision } = event;
  return (
    <Stack gap="sm">
      <div>
        <Title order={2}>
          <Anchor component={Link} to={`/jobs/${job.job_id}/events/${encodeURIComponent(event.event_id)}`} inherit>
            {event.title === null || event.title === '' ? (
              <AlertText text={event.event_id} limit={200} />
            ) : (
              <AlertText text={event.title} limit={300} />
            )}
          </Anchor>
        </Title>
        <Text size="xs" c="dimmed">
          <AlertText text={event.event_id} limit={200} /> · <Time at={event.event_at} /> · version {event.version}
        </Text>
      </div>
      <Group gap="md">
        <LabelBadge label={decision.label} labels={job.labels} />
        <Confidence value={decision.confidence} />
        {decision.outlier && (
          <Badge color="orange" variant="light">
            outlier
          </Badge>
        )}
        <Badge variant="default">{event.state.replaceAll('_', ' ')}</Badge>
        {decision.similarity !== null && (
          <Text size="xs" c="dimmed">
            nearest labelled bucket: {Math.round(decision.similarity * 100)} % alike
          </Text>
        )}
      </Group>
      <Alert variant="light" color={event.automation === 'allowed' ? 'teal' : 'gray'} p="xs">
        <Text size="sm">
          {event.automation === 'allowed' ? 'A playbook may act on this alone' : 'A person has to look'}:{' '}
          {event.automation_reason}
        </Text>
      </Alert>
      <Vote job={job} event={event} />
      <Tabs defaultValue="why" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="why">Why</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="raw">Alert</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="why" pt="sm">
          <Why event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="sm">
          <History job={job} event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="raw" pt="sm">
          <Raw job={job} event={event} addCondition={addCondition} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Vote({ job, event }: { readonly job: AppJob; readonly event: AppEvent }) {
  const client = useQueryClient();
  const may = useCan('vote');
  const refresh = () =>
    client.invalidateQueries({ queryKey: keys.job(job.job_id), predicate: ({ meta }) => meta?.live !== false });
  const vote = useMutation({
    mutationFn: (label: string) => api.vote(job.job_id, event.event_id, { label }),
    onSuccess: async (_, label) => {
      await refresh();
      notifyUndo(`Labelled ${label}.`, async () => {
        await api.withdrawVote(job.job_id, event.event_id);
        await refresh();
      });
    },
    onError: notifyError,
  });
  useShortcuts(
    may
      ? Object.fromEntries(
          offered(job)
            .slice(0, 9)
            .map((each, index) => [String(index + 1), () => vote.mutate(each.name)]),
        )
      : {},
  );
  return (
    <LabelButtons
      job={job}
      chosen={vote.variables ?? event.consensus?.label ?? undefined}
      suggested={null}
      disabled={!may || vote.isPending}
      choose={(label) => vote.mutate(label)}
    />
  );
}

function Why({ event }: { readonly event: AppEvent }) {
  return (
    <Stack gap="sm">
      {event.reasons.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing is decided yet, so there are no reasons.
        </Text>
      ) : (
        <ul className="reasons">
          {event.reasons.map((reason) => (
            <li key={reason}>
              <AlertText text={reason} />
            </li>
          ))}
        </ul>
      )}
      <Title order={3}>Decision points</Title>
      {event.decision_points.length === 0 ? (
        <Text size="sm" c="dimmed">
          None are chosen yet.
        </Text>
      ) : (
        <PointValues points={event.decision_points} />
      )}
    </Stack>
  );
}

function History({ job, event }: { readonly job: AppJob; readonly event: AppEvent }) {
  return (
    <Stack gap="sm">
      <Title order={3}>Feedback</Title>
      {event.feedback.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody has said anything yet.
        </Text>
      )}
      {event.feedback.map((entry) => (
        <Text size="sm" key={`${entry.at} ${entry.by} ${entry.kind}`} component="div">
          <Time at={entry.at} relative /> <b>{entry.by}</b> {entry.kind === 'vote' ? 'said' : entry.kind}{' '}
          {entry.label !== null && <LabelBadge label={entry.label} labels={job.labels} />}{' '}
          <Text span size="xs" c="dimmed">
            through {entry.through}, asked: {entry.asked}
            {!entry.counted && ', does not count'}
          </Text>
          {(entry.reason ?? entry.notes) !== null && (
            <Text size="xs">
              <AlertText text={entry.reason ?? entry.notes ?? ''} />
            </Text>
          )}
        </Text>
      ))}
      <Title order={3}>Earlier decisions</Title>
      {event.past_decisions.length === 0 && (
        <Text size="sm" c="dimmed">
          None: it was decided once.
        </Text>
      )}
      {event.past_decisions.length > 0 && (
        <Table>
          <Table.Tbody>
            {event.past_decisions.map((past) => (
              <Table.Tr key={`${past.replaced_at} ${past.decision_id}`}>
                <Table.Td>
                  <LabelBadge label={past.label} labels={job.labels} />
                </Table.Td>
                <Table.Td>
                  <Confidence value={past.confidence} />
                </Table.Td>
                <Table.Td>model {past.model_id ?? '–'}</Table.Td>
                <Table.Td>
                  until <Time at={past.replaced_at} />: {past.why}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

function Raw({
  job,
  event,
  addCondition,
}: {
  readonly job: AppJob;
  readonly event: AppEvent;
  readonly addCondition: ((condition: Condition) => void) | undefined;
}) {
  const client = useQueryClient();
  const may = useCan('decision_points');
  const [search, setSearch] = useState('');
  const actions = useMemo((): PathAction[] => {
    const list: PathAction[] = [];
    if (addCondition) {
      list.push({
        label: 'Show only these',
        icon: <IconFilter size={12} />,
        run: (field, value) => addCondition({ field, operator: 'is', value: String(value) }),
      });
      list.push({
        label: 'Show all but these',
        icon: <IconFilterOff size={12} />,
        run: (field, value) => addCondition({ field, operator: 'is not', value: String(value) }),
      });
    }
    if (may) {
      list.push({
        label: 'Use as decision point',
        icon: <IconAdjustments size={12} />,
        run(path) {
          if (job.decision_points.includes(path)) return;
          void api
            .changeJob(job.job_id, { decision_points: [...job.decision_points, path] })
            .then(async () => {
              await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
              notifyUndo('It is a decision point now; stored events are put in buckets again.', async () => {
                await api.changeJob(job.job_id, { decision_points: job.decision_points });
                await client.invalidateQueries({ queryKey: keys.job(job.job_id) });
              });
            })
            .catch(notifyError);
        },
      });
    }
    return list;
  }, [addCondition, client, job, may]);
  return (
    <Stack gap="xs">
      <Group>
        <TextInput
          aria-label="Search in the alert"
          placeholder="Search in the alert"
          value={search}
          onChange={(e) => setSearch(e.currentTarget.value)}
          flex={1}
        />
        <Button variant="default" onClick={() => void navigator.clipboard.writeText(event.raw_event)}>
          Copy JSON
        </Button>
      </Group>
      <RawJson text={event.raw_event} actions={actions} search={search} />
    </Stack>
  );
}
