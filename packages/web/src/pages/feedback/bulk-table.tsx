import { Badge, Button, Checkbox, Group, Kbd, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useRef, useState } from 'react';
import { useCan } from '../../app/session.ts';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { LabelButtons, labelShortcuts } from './label-buttons.tsx';
import type { Item, Queue } from './queues.ts';
import { useLabelling } from './use-labelling.ts';
import { type Others, useOthers } from './use-others.ts';
import { useShortcuts } from './use-shortcuts.ts';

const ROW = 46;

/** Many buckets at once: mark with space, label all that are marked with a key. */
export function BulkTable({
  job,
  queue: { items, total },
  more,
  help,
}: {
  readonly job: AppJob;
  readonly queue: Queue;
  readonly more: () => void;
  readonly help: () => void;
}) {
  const [at, setAt] = useState(0);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [noting, setNoting] = useState(false);
  const [note, setNote] = useState('');
  const may = useCan('vote');
  const { said, label, undo } = useLabelling(job);
  const others = useOthers(job, items);
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const chosen = items.filter((item) => marked.has(item.key));
  const events = chosen.reduce((sum, item) => sum + item.events, 0);
  const left = items.filter((item) => !said.has(item.key)).length;
  const toggle = useCallback((key: string) => {
    setMarked((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const go = (to: number) => {
    const place = Math.max(0, Math.min(items.length - 1, to));
    setAt(place);
    rows.scrollToIndex(place);
  };
  // An audit takes one answer, so one that has it is left alone.
  const open = (item: Item) => item.auditId === undefined || !said.has(item.key);
  const targets = () => (chosen.length > 0 ? chosen : items.slice(at, at + 1)).filter(open);
  const give = (of: readonly Item[], name: string) => void label(of, name, note.trim());
  const after = () => {
    setMarked(new Set());
    setNote('');
    if (chosen.length === 0) go(at + 1);
  };
  const choose = (name: string) => {
    if (!may) return;
    give(targets(), name);
    after();
  };
  const agree = () => {
    const of = targets().filter((item) => item.suggestion !== null && !item.blind);
    if (!may || of.length === 0) return;
    for (const name of new Set(of.map((item) => item.suggestion!)))
      give(
        of.filter((item) => item.suggestion === name),
        name,
      );
    after();
  };
  useShortcuts({
    ArrowUp: () => go(at - 1),
    ArrowDown: () => go(at + 1),
    s: () => go(at + 1),
    n: () => setNoting(true),
    ' ': () => items[at] && toggle(items[at].key),
    Enter: agree,
    u: () => void undo(),
    '?': help,
    ...labelShortcuts(job, choose),
  });
  return (
    <>
      <Group mb="xs" justify="space-between">
        <Group gap="xs">
          <LabelButtons job={job} chosen={undefined} suggested={null} choose={choose} disabled={!may} />
          <Button variant="default" onClick={agree} disabled={!may}>
            Agree <Kbd ml={6}>Enter</Kbd>
          </Button>
          <Button variant={note === '' ? 'subtle' : 'light'} onClick={() => setNoting(true)}>
            Note <Kbd ml={6}>N</Kbd>
          </Button>
          <Button variant="subtle" leftSection={<IconArrowBackUp size={15} />} onClick={() => void undo()}>
            Undo <Kbd ml={6}>U</Kbd>
          </Button>
        </Group>
        <Text size="sm" c="dimmed" aria-live="polite">
          {chosen.length === 0
            ? `The row in focus: ${(items[at]?.events ?? 0).toLocaleString()} events`
            : `${chosen.length} buckets marked: a label counts for ${events.toLocaleString()} events`}
        </Text>
      </Group>
      <Paper withBorder ref={frame} className="bulk" tabIndex={0} role="region" aria-label="Buckets">
        <div className="bulk-head">
          <Checkbox
            aria-label="Mark all"
            checked={marked.size === items.length}
            indeterminate={marked.size > 0 && marked.size < items.length}
            onChange={(e) => setMarked(e.currentTarget.checked ? new Set(items.map((item) => item.key)) : new Set())}
          />
          <span className="bulk-text">Bucket</span>
          <span className="bulk-events">Events</span>
          <span className="bulk-label">Suggestion</span>
          <span className="bulk-number">Confidence</span>
          <span className="bulk-label">Label</span>
        </div>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const item = items[row.index]!;
            return (
              <div
                key={item.key}
                className="bulk-row"
                data-focus={row.index === at || undefined}
                data-done={said.has(item.key) || undefined}
                style={{ height: ROW, transform: `translateY(${row.start}px)` }}
              >
                <Checkbox
                  aria-label={`Mark bucket ${row.index + 1}`}
                  checked={marked.has(item.key)}
                  onChange={() => toggle(item.key)}
                  onFocus={() => setAt(row.index)}
                />
                <div className="bulk-text">
                  <Text size="sm" truncate>
                    <AlertText text={item.title === null || item.title === '' ? 'Bucket' : item.title} limit={160} />
                  </Text>
                  <Text size="xs" c="dimmed" truncate>
                    {item.points
                      .filter(({ value }) => value !== null)
                      .map(({ point, value }, index) => (
                        <span key={point}>
                          {index > 0 && ' · '}
                          <AlertText text={typeof value === 'string' ? value : JSON.stringify(value)} limit={80} />
                        </span>
                      ))}
                  </Text>
                </div>
                <Text size="sm" className="bulk-events" c="dimmed">
                  {item.events.toLocaleString()}
                </Text>
                <div className="bulk-label">
                  {item.blind ? 'blind' : <LabelBadge label={item.suggestion} labels={job.labels} />}
                </div>
                <div className="bulk-number">{!item.blind && <Confidence value={item.confidence} />}</div>
                <div className="bulk-label">
                  <Label job={job} item={item} mine={said.get(item.key)} other={others.get(item.key)} />
                </div>
              </div>
            );
          })}
        </div>
      </Paper>
      <Group justify="space-between" mt={6}>
        <Text size="xs" c="dimmed">
          {items.length.toLocaleString()} of {total.toLocaleString()} buckets, {left.toLocaleString()} without a label of yours in
          this sitting
        </Text>
        <Button variant="subtle" onClick={more}>
          Look again
        </Button>
      </Group>
      <Dialog opened={noting} onClose={() => setNoting(false)} title="Note">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setNoting(false);
          }}
        >
          <Stack gap="sm">
            <Textarea
              label="Kept with the labels you give next"
              data-autofocus
              value={note}
              onChange={(e) => setNote(e.currentTarget.value)}
              autosize
              minRows={2}
              maxLength={10_000}
            />
            <Group justify="flex-end">
              <Button type="submit">Back to the buckets</Button>
            </Group>
          </Stack>
        </form>
      </Dialog>
    </>
  );
}

/** The person's label, or what people agree on; a colleague's that has just come shows by whom. */
function Label({
  job,
  item,
  mine,
  other,
}: {
  readonly job: AppJob;
  readonly item: Item;
  readonly mine: string | undefined;
  readonly other: Others | undefined;
}) {
  if (mine !== undefined) return <LabelBadge label={mine} labels={job.labels} />;
  const consensus = other ? other.consensus : item.consensus;
  const votes = other?.votes ?? item.votes;
  return (
    <>
      {consensus !== null ? (
        <LabelBadge label={consensus} labels={job.labels} />
      ) : (
        <span className="label-none">{Object.keys(votes).length > 0 ? 'undecided' : 'no label'}</span>
      )}
      {other && (
        <Badge size="xs" variant="light" color="indigo" ml={4}>
          {other.by}
        </Badge>
      )}
    </>
  );
}
