import { Badge, Button, Group, Kbd, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconArrowBackUp, IconArrowLeft, IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api, keys } from '../../app/api.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { RawJson } from '../../components/raw-json.tsx';
import { LabelButtons, offered } from './label-buttons.tsx';
import { PointValues } from './point-values.tsx';
import type { Item, QueueName } from './queues.ts';
import { useLabelling } from './use-labelling.ts';
import { useShortcuts } from './use-shortcuts.ts';

/** One bucket at a time, by keyboard. */
export function FocusMode({
  job,
  items,
  queue,
  more,
  help,
}: {
  readonly job: AppJob;
  readonly items: readonly Item[];
  readonly queue: QueueName;
  readonly more: () => void;
  readonly help: () => void;
}) {
  const [at, setAt] = useState(0);
  const [noting, setNoting] = useState(false);
  const [note, setNote] = useState('');
  const { said, label, undo } = useLabelling(job);
  const noteField = useRef<HTMLTextAreaElement>(null);
  const place = Math.min(at, items.length - 1);
  const item = items[place];
  const labels = offered(job);
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
    (name: string) => {
      if (item === undefined) return;
      void label([item], name, note.trim());
      go(place + 1);
    },
    [go, item, label, note, place],
  );
  useShortcuts({
    Enter: () => item?.suggestion != null && !item.blind && choose(item.suggestion),
    ArrowLeft: () => go(place - 1),
    ArrowRight: () => go(place + 1),
    s: () => go(place + 1),
    n: () => setNoting(true),
    u: () => {
      void undo();
      go(place - 1);
    },
    '?': help,
    ...Object.fromEntries(labels.slice(0, 9).map((each, index) => [String(index + 1), () => choose(each.name)])),
  });

  if (item === undefined) return null;
  const mine = said.get(item.key);
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed" aria-live="polite">
          {place + 1} of {items.length}, {left} left
        </Text>
        <Group gap={4}>
          <Button variant="subtle" leftSection={<IconArrowBackUp size={15} />} onClick={() => void undo()}>
            Undo <Kbd ml={6}>U</Kbd>
          </Button>
          <Button variant="subtle" leftSection={<IconArrowLeft size={15} />} disabled={place === 0} onClick={() => go(place - 1)}>
            Before
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
        <Group justify="space-between" align="flex-start" mb="xs">
          <div>
            <Text fw={600}>{item.title === null || item.title === '' ? 'Bucket' : <AlertText text={item.title} />}</Text>
            <Text size="sm" c="dimmed">
              {item.events === 1 ? 'A label counts for 1 event' : `A label counts for ${item.events.toLocaleString()} events`}
              {item.why !== '' && ` · asked because ${item.why}`} ·{' '}
              <Link to="/jobs/$jobId/events/$eventId" params={{ jobId: String(job.job_id), eventId: item.eventId }}>
                open the event
              </Link>
            </Text>
          </div>
          {item.blind ? (
            <Badge variant="light" color="indigo">
              blind: no suggestion
            </Badge>
          ) : (
            item.suggestion !== null && (
              <Group gap="sm">
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
            )
          )}
        </Group>
        <PointValues points={item.points} />
        {Object.keys(item.votes).length > 0 && (
          <Text size="sm" mt="xs" c="dimmed">
            Votes:{' '}
            {Object.entries(item.votes)
              .map(([name, count]) => `${count} ${name}`)
              .join(', ')}
          </Text>
        )}
        <Group mt="md" align="center">
          <LabelButtons
            job={job}
            chosen={mine}
            suggested={item.blind ? null : item.suggestion}
            choose={choose}
            disabled={mine !== undefined && item.auditId !== undefined}
          />
          <Button variant="subtle" onClick={() => setNoting(true)}>
            Note <Kbd ml={6}>N</Kbd>
          </Button>
        </Group>
        {noting && (
          <Textarea
            ref={noteField}
            mt="sm"
            label="Note, kept with the label you give"
            value={note}
            onChange={(e) => setNote(e.currentTarget.value)}
            autosize
            minRows={2}
            onKeyDown={(e) => e.key === 'Escape' && e.currentTarget.blur()}
            description="Esc leaves the field; then press the label's key."
          />
        )}
      </Paper>
      {!item.blind && <Why jobId={job.job_id} eventId={item.eventId} />}
      {left === 0 && (
        <Group justify="center">
          <Text size="sm">All of these are labelled.</Text>
          <Button onClick={more}>{queue === 'recommended' ? 'The next ones' : 'Look again'}</Button>
        </Group>
      )}
    </Stack>
  );
}

function Why({ jobId, eventId }: { readonly jobId: number; readonly eventId: string }) {
  const event = useQuery({
    queryKey: keys.of(jobId, 'event', eventId),
    queryFn: () => api.event(jobId, eventId),
    staleTime: 60_000,
  });
  if (!event.data) return <Paper withBorder p="md" mih={120} aria-busy="true" />;
  return (
    <Paper withBorder p="md">
      {event.data.reasons.length > 0 && (
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
