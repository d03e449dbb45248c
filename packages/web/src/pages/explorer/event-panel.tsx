import { Alert, Anchor, Badge, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { useDeferredValue } from 'react';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { ErrorPanel } from '../../components/error-panel.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Time } from '../../components/time.tsx';
import { EventHistory } from './event-history.tsx';
import { EventRaw } from './event-raw.tsx';
import { EventWhy } from './event-why.tsx';
import type { Condition } from './explorer-query.ts';
import { VoteBar } from './vote-bar.tsx';

/** What the panel asks for; may be asked for before it stands. */
export function eventQuery(jobId: number, eventId: string) {
  return queryOptions({ queryKey: keys.of(jobId, 'event', eventId), queryFn: () => api.event(jobId, eventId) });
}

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
  const event = useQuery(eventQuery(jobId, eventId));
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
  // The reasons are the longest part to draw: what was decided, and the buttons that answer it, stand before them.
  const stands = useDeferredValue(true, false);
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} className="path">
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
      {event.blind ? (
        <Alert variant="light" color="indigo" p="xs" icon={<IconEyeOff size={16} />} className="on-colour">
          <Text size="sm">
            {event.automation_reason}{' '}
            <Link to="/jobs/$jobId/feedback" params={{ jobId: String(job.job_id) }} search={{ queue: 'audits' }}>
              Label it among the guard audits
            </Link>
            .
          </Text>
        </Alert>
      ) : (
        <>
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
            {decision.model_id !== null && (
              <Text size="xs" c="dimmed">
                by{' '}
                <Link to="/jobs/$jobId/models" params={{ jobId: String(job.job_id) }} search={{ model: decision.model_id }}>
                  model {decision.model_id}
                </Link>
              </Text>
            )}
          </Group>
          <Alert variant="light" color={event.automation === 'allowed' ? 'teal' : 'gray'} p="xs">
            <Text size="sm">
              {event.automation === 'allowed' ? 'A playbook may act on this alone' : 'A person has to look'}:{' '}
              {event.automation_reason}
            </Text>
          </Alert>
        </>
      )}
      <VoteBar job={job} event={event} />
      <Tabs defaultValue="why" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="why">Why</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="raw">Alert</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="why" pt="sm">
          {stands ? <EventWhy job={job} event={event} /> : <Skeleton height={300} />}
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="sm">
          <EventHistory job={job} event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="raw" pt="sm">
          <EventRaw job={job} event={event} addCondition={addCondition} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
