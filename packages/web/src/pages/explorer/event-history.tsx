import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AppEvent, AppJob } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Time } from '../../components/time.tsx';

/** What people, agents and earlier models said of an event. */
export function EventHistory({ job, event }: { readonly job: AppJob; readonly event: AppEvent }) {
  const notes = useQuery({
    queryKey: keys.of(job.job_id, 'notes', event.event_id),
    queryFn: () => api.notes(job.job_id, event.event_id),
  });
  return (
    <Stack gap="sm">
      <Title order={3}>Feedback</Title>
      {event.consensus && (
        <Text size="sm">
          {event.consensus.overruled
            ? 'A lead decided: '
            : event.consensus.label === null
              ? 'Votes are even, so nothing is agreed on: '
              : 'People agree on: '}
          {event.consensus.label !== null && <LabelBadge label={event.consensus.label} labels={job.labels} />}{' '}
          <Text span size="xs" c="dimmed">
            (votes in the bucket: {votesInWords(event.consensus.votes)})
          </Text>
        </Text>
      )}
      {event.feedback.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody has said anything yet.
        </Text>
      )}
      {event.feedback.map((entry) => (
        <Text size="sm" key={`${entry.at} ${entry.by} ${entry.kind}`} component="div">
          <Time at={entry.at} relative /> <b>{entry.by}</b> {KINDS[entry.kind] ?? entry.kind}{' '}
          {entry.label !== null && <LabelBadge label={entry.label} labels={job.labels} />}{' '}
          <Text span size="xs" c="dimmed">
            {ASKED[entry.asked] ?? entry.asked}, through {entry.through}
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
          {event.blind ? 'Hidden until it is labelled.' : 'None.'}
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
      {notes.data !== undefined && notes.data.length > 0 && (
        <>
          <Title order={3}>Notes of agents</Title>
          {notes.data.map((note) => (
            <Text size="sm" key={note.note_id} component="div">
              <Time at={note.at} relative /> <b>{note.workflow_name ?? note.by}</b>
              <Text size="sm" className="note-text">
                <AlertText text={note.text} limit={20_000} />
              </Text>
            </Text>
          ))}
        </>
      )}
    </Stack>
  );
}

/** `2 Drop, 1 Escalate` */
export function votesInWords(votes: Readonly<Record<string, number>>): string {
  return Object.entries(votes)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

const KINDS: Readonly<Record<string, string>> = {
  vote: 'said',
  withdraw: 'took back',
  overrule: 'overruled with',
  lift: 'lifted the overrule',
};
const ASKED: Readonly<Record<string, string>> = {
  playbook: 'asked by a playbook',
  queue: 'asked by the queue',
  random: 'drawn at random',
  audit: 'a guard audit',
  import: 'imported',
  agent: 'confirmed an agent',
  self: 'of their own accord',
};
