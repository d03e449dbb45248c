import { Checkbox, Group, Paper, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { AppJob } from '@verdict/client/browser';
import { useCallback, useRef, useState } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { LabelButtons, offered } from './label-buttons.tsx';
import type { Item, QueueName } from './queues.ts';
import { useLabelling } from './use-labelling.ts';
import { useShortcuts } from './use-shortcuts.ts';

const ROW = 46;

/** Many buckets at once: mark with space, label all that are marked with a key. */
export function BulkTable({
  job,
  items,
  help,
}: {
  readonly job: AppJob;
  readonly items: readonly Item[];
  readonly queue: QueueName;
  readonly help: () => void;
}) {
  const [at, setAt] = useState(0);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const { said, label, undo } = useLabelling(job);
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const chosen = items.filter((item) => marked.has(item.key));
  const events = chosen.reduce((sum, item) => sum + item.events, 0);
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
  const choose = (name: string) => {
    const of = chosen.length > 0 ? chosen : items.slice(at, at + 1);
    void label(of, name);
    setMarked(new Set());
    if (chosen.length === 0) go(at + 1);
  };
  const agree = () => {
    const of = (chosen.length > 0 ? chosen : items.slice(at, at + 1)).filter((item) => item.suggestion !== null && !item.blind);
    for (const name of new Set(of.map((item) => item.suggestion!)))
      void label(
        of.filter((item) => item.suggestion === name),
        name,
      );
    setMarked(new Set());
    if (chosen.length === 0) go(at + 1);
  };
  useShortcuts({
    ArrowUp: () => go(at - 1),
    ArrowDown: () => go(at + 1),
    s: () => go(at + 1),
    ' ': () => items[at] && toggle(items[at].key),
    Enter: agree,
    u: () => void undo(),
    '?': help,
    ...Object.fromEntries(
      offered(job)
        .slice(0, 9)
        .map((each, index) => [String(index + 1), () => choose(each.name)]),
    ),
  });
  return (
    <>
      <Group mb="xs" justify="space-between">
        <LabelButtons job={job} chosen={undefined} suggested={null} choose={choose} />
        <Group gap="md">
          <Text size="sm" c="dimmed" aria-live="polite">
            {chosen.length === 0
              ? 'A key labels the row in focus'
              : `${chosen.length} buckets marked: a label counts for ${events.toLocaleString()} events`}
          </Text>
          <Checkbox
            label="Mark all"
            checked={marked.size === items.length}
            indeterminate={marked.size > 0 && marked.size < items.length}
            onChange={(e) => setMarked(e.currentTarget.checked ? new Set(items.map((item) => item.key)) : new Set())}
          />
        </Group>
      </Group>
      <Paper withBorder ref={frame} className="bulk" tabIndex={0} role="region" aria-label="Buckets">
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const item = items[row.index]!;
            const mine = said.get(item.key);
            return (
              <div
                key={item.key}
                className="bulk-row"
                data-focus={row.index === at || undefined}
                data-done={mine !== undefined || undefined}
                style={{ height: ROW, transform: `translateY(${row.start}px)` }}
              >
                <Checkbox
                  aria-label={`Mark bucket ${row.index + 1}`}
                  checked={marked.has(item.key)}
                  onChange={() => toggle(item.key)}
                  onFocus={() => setAt(row.index)}
                />
                <Text size="sm" truncate flex={1}>
                  {item.points
                    .filter(({ value }) => value !== null)
                    .map(({ point, value }, index) => (
                      <span key={point}>
                        {index > 0 && ' · '}
                        <AlertText text={typeof value === 'string' ? value : JSON.stringify(value)} limit={80} />
                      </span>
                    ))}
                </Text>
                <Text size="sm" w={90} ta="right" c="dimmed">
                  {item.events.toLocaleString()} {item.events === 1 ? 'event' : 'events'}
                </Text>
                <div className="bulk-label">
                  {item.blind ? 'blind' : <LabelBadge label={item.suggestion} labels={job.labels} />}
                </div>
                <div className="bulk-number">{!item.blind && <Confidence value={item.confidence} />}</div>
                <div className="bulk-label">
                  {mine !== undefined ? (
                    <LabelBadge label={mine} labels={job.labels} />
                  ) : item.consensus !== null ? (
                    <LabelBadge label={item.consensus} labels={job.labels} />
                  ) : (
                    <span className="label-none">no label</span>
                  )}
                </div>
              </div>
            );
          })}
        </div>
      </Paper>
    </>
  );
}
