import { Badge, Button, Group, Kbd, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconArrowBackUp, IconArrowLeft, IconArrowRight, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { RawJson } from '../../components/raw-json.tsx';
import { votesInWords } from '../explorer/event-history.tsx';
import { Overrule } from '../explorer/vote-bar.tsx';
import { LabelButtons, labelShortcuts } from './label-buttons.tsx';
import { PointValues } from './point-values.tsx';
import type { Item, Queue, QueueName } from './queues.ts';
import { useLabelling } from './use-labelling.ts';
import { type Others, useOthers } from './use-others.ts';
import { useShortcuts } from './use-shortcuts.ts';

/** One bucket at a time, by keyboard. */
export function FocusMode({
  job,
  queue: { items, total },
  name,
  more,
  help,
}: {
  readonly job: AppJob;
  readonly queue: Queue;
  readonly name: QueueName;
  readonly more: () => void;
  readonly help: () => void;
}) {
  const [at, setAt] = useState(0);
  const [noting, setNoting] = useState(false);
  const [note, setNote] = useState('');
  const [overruling, setOverruling] = useState(false);
  const { said, label, undo } = useLabelling(job);
  const others = useOthers(job, items);
  const may = useCan('vote');
  const lead = useCan('overrule');
  const noteField = useRef<HTMLTextAreaElement>(null);
  const place = Math.min(at, items.length - 1);
  const item = items[place];
  const left = items.filter((each) => !said.has(each.key)).length;

  useEffect(() => {
    if (noting) noteField.current?.focus();
  }, [noting]);

  const go = useCallback(
    (to: number) => {
      setAt(Math.max(0, Math.min(items.length - 1, to)));
      setNote('');
      setNoting(false);
    },
    [items.length],
  );
  const choose = useCallback(
    (chosen: string) => {
      if (item === undefined || !may || (item.auditId !== undefined && said.has(item.key))) return;
      void label([item], chosen, note.trim());
      go(place + 1);
    },
    [go, item, label, may, note, place, said],
  );
  const back = async () => {
    const undone = await undo();
    const to = items.findIndex((each) => each.key === undone[0]?.key);
    if (to >= 0) go(to);
  };
  useShortcuts({
    Enter: () => item?.suggestion != null && !item.blind && choose(item.suggestion),
    ArrowLeft: () => go(place - 1),
    ArrowRight: () => go(place + 1),
    ArrowUp: () => go(place - 1),
    ArrowDown: () => go(place + 1),
    s: () => go(place + 1),
    n: () => setNoting(true),
    u: () => void back(),
    '?': help,
    ...labelShortcuts(job, choose),
  });

  if (item === undefined) return null;
  const mine = said.get(item.key) ?? item.own ?? undefined;
  const other = others.get(item.key);
  const votes = other?.votes ?? item.votes;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed" aria-live="polite">
          {place + 1} of {items.length}, {left} left
          {total > items.length && ` here; ${total.toLocaleString()} in the queue`}
        </Text>
        <Group gap={4}>
          <Button variant="subtle" leftSection={<IconArrowBackUp size={15} />} onClick={() => void back()}>
            Undo <Kbd ml={6}>U</Kbd>
          </Button>
          <Button variant="subtle" leftSection={<IconArrowLeft size={15} />} disabled={place === 0} onClick={() => go(place - 1)}>
            Before <Kbd ml={6}>←</Kbd>
          </Button>
          <Button
            variant="subtle"
            rightSection={<IconArrowRight size={15} />}
            disabled={place === items.length - 1}
            onClick={() => go(place + 1)}
          >
            Skip <Kbd ml={6}>S</Kbd>
          </Button>
        </Group>
      </Group>
      <Paper withBorder p="md" component="article" aria-label={`Bucket ${place + 1}`}>
        <Group justify="space-between" align="flex-start" mb="xs" wrap="nowrap">
          <div>
            <Text fw={600}>
              {item.title === null || item.title === '' ? 'Bucket' : <AlertText text={item.title} limit={300} />}
            </Text>
            <Text size="sm" c="dimmed">
              {item.events === 1 ? 'A label counts for 1 event' : `A label counts for ${item.events.toLocaleString()} events`}
              {item.why !== '' && ` · asked because ${item.why}`} ·{' '}
              <Link to="/jobs/$jobId/events/$eventId" params={{ jobId: String(job.job_id), eventId: item.eventId }}>
                open the event
              </Link>
              {item.bucketId !== undefined && item.events > 1 && (
                <>
                  {' '}
                  ·{' '}
                  <Link
                    to="/jobs/$jobId/events"
                    params={{ jobId: String(job.job_id) }}
                    search={{ where: [['arcanna.bucket_id', 'is', String(item.bucketId)]] }}
                  >
                    all of them
                  </Link>
                </>
              )}
            </Text>
          </div>
          <Suggestion job={job} item={item} />
        </Group>
        <Group my="sm" align="center">
          <LabelButtons
            job={job}
            chosen={mine}
            suggested={item.blind ? null : item.suggestion}
            choose={choose}
            disabled={!may || (mine !== undefined && item.auditId !== undefined)}
          />
          <Button variant="subtle" onClick={() => setNoting(true)}>
            Note <Kbd ml={6}>N</Kbd>
          </Button>
          {lead && Object.keys(votes).length > 0 && (
            <Button variant="subtle" onClick={() => setOverruling(true)}>
              Overrule…
            </Button>
          )}
        </Group>
        <SaidByOthers job={job} item={item} other={other} />
        {noting && (
          <Textarea
            ref={noteField}
            mb="sm"
            label="Note, kept with the label you give"
            value={note}
            onChange={(e) => setNote(e.currentTarget.value)}
            autosize
            minRows={2}
            maxLength={10_000}
            onKeyDown={(e) => e.key === 'Escape' && e.currentTarget.blur()}
            description="Esc leaves the field; then press the label's key."
          />
        )}
        <PointValues points={item.points} />
      </Paper>
      <About jobId={job.job_id} item={item} />
      {left === 0 && (
        <Group justify="center">
          <Text size="sm">All of these are labelled.</Text>
          <Button onClick={more}>{name === 'recommended' || total > items.length ? 'The next ones' : 'Look again'}</Button>
        </Group>
      )}
      <Overrule job={job} eventId={item.eventId} opened={overruling} close={() => setOverruling(false)} done={() => undefined} />
    </Stack>
  );
}

function Suggestion({ job, item }: { readonly job: AppJob; readonly item: Item }) {
  if (item.blind)
    return (
      <Badge variant="light" color="indigo">
        blind: no suggestion
      </Badge>
    );
  if (item.suggestion === null)
    return (
      <Text size="sm" c="dimmed">
        No suggestion
      </Text>
    );
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" c="dimmed">
        Suggestion
      </Text>
      <LabelBadge label={item.suggestion} labels={job.labels} />
      <Confidence value={item.confidence} />
      {item.outlier && (
        <Badge color="orange" variant="light">
          outlier
        </Badge>
      )}
    </Group>
  );
}

/** Who said what; one line is always kept free for it, so that nothing moves when a colleague labels the same bucket. */
function SaidByOthers({ job, item, other }: { readonly job: AppJob; readonly item: Item; readonly other: Others | undefined }) {
  const votes = other?.votes ?? item.votes;
  const consensus = other ? other.consensus : item.consensus;
  const any = Object.keys(votes).length > 0;
  return (
    <Group gap={6} mih={24} mb={4} aria-live="polite">
      {other && (
        <Badge variant="light" color="indigo" leftSection={<IconUsers size={11} />}>
          {other.by} has just labelled it
        </Badge>
      )}
      {any && (
        <Text size="sm" c="dimmed">
          Votes: {votesInWords(votes)}
          {(other?.overruled ?? item.overruled) ? ', overruled by a lead' : consensus === null ? ', undecided' : ''}
        </Text>
      )}
      {any && consensus !== null && <LabelBadge label={consensus} labels={job.labels} />}
    </Group>
  );
}

/** The alert itself, and why the machine suggests what it does. */
function About({ jobId, item }: { readonly jobId: number; readonly item: Item }) {
  const event = useQuery({
    queryKey: keys.of(jobId, 'event', item.eventId),
    queryFn: () => api.event(jobId, item.eventId),
    staleTime: 60_000,
  });
  if (!event.data) return <Paper withBorder p="md" mih={120} aria-busy="true" />;
  return (
    <Paper withBorder p="md">
      {!item.blind && event.data.reasons.length > 0 && (
        <Stack gap={2} mb="sm">
          {event.data.reasons.map((reason) => (
            <Text key={reason} size="sm">
              <AlertText text={reason} />
            </Text>
          ))}
        </Stack>
      )}
      <RawJson text={event.data.raw_event} />
    </Paper>
  );
}
