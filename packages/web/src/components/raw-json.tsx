import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { Fragment, useMemo, useState } from 'react';
import { AlertText } from './alert-text.tsx';

/** What can be done with a value of the alert; shown beside it. */
export interface PathAction {
  readonly label: string;
  readonly icon: React.ReactNode;
  run(path: string, value: unknown): void;
}

/** The alert's own JSON as a tree that opens and closes; `actions` stand beside each value. Everything in it is text. */
export function RawJson({
  text,
  actions = [],
  search = '',
}: {
  readonly text: string;
  readonly actions?: readonly PathAction[];
  readonly search?: string;
}) {
  const parsed = useMemo((): { value: unknown } | null => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return null;
    }
  }, [text]);
  if (parsed === null) return <pre className="raw">{<AlertText text={text} limit={100_000} />}</pre>;
  return (
    <div className="raw">
      <Node name="" path="" value={parsed.value} depth={0} actions={actions} search={search.toLowerCase()} />
    </div>
  );
}

/** Members shown at first; a list of a hundred thousand would stand still otherwise. */
const FIRST = 100;

function Node({
  name,
  path,
  value,
  depth,
  actions,
  search,
}: {
  readonly name: string;
  readonly path: string;
  readonly value: unknown;
  readonly depth: number;
  readonly actions: readonly PathAction[];
  readonly search: string;
}) {
  const isTree = typeof value === 'object' && value !== null;
  const [open, setOpen] = useState(depth < 3);
  const [limit, setLimit] = useState(FIRST);
  if (!isTree) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    const hit = search !== '' && `${name} ${shown}`.toLowerCase().includes(search);
    return (
      <div className="raw-line" data-hit={hit || undefined}>
        <span className="raw-name">
          <AlertText text={name} />
        </span>
        <span className={`raw-${typeof value}`}>
          <AlertText text={shown} limit={4_000} />
        </span>
        <span className="raw-actions">
          <Tooltip label="Copy the path">
            <ActionIcon
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={`Copy the path of ${name}`}
              onClick={() => void navigator.clipboard.writeText(path)}
            >
              <IconCopy size={12} />
            </ActionIcon>
          </Tooltip>
          {actions.map((action) => (
            <Tooltip key={action.label} label={action.label}>
              <ActionIcon
                size="xs"
                variant="subtle"
                color="gray"
                aria-label={`${action.label}: ${name}`}
                onClick={() => action.run(path, value)}
              >
                {action.icon}
              </ActionIcon>
            </Tooltip>
          ))}
        </span>
      </div>
    );
  }
  const list = Array.isArray(value);
  const members: [string, unknown][] = list ? value.map((each, index) => [String(index), each]) : Object.entries(value);
  const below = members.slice(0, limit).map(([key, each]) => (
    <Fragment key={key}>
      {/* A list is one field to a decision point: its members have its path. */}
      <Node
        name={key}
        path={list ? path : path === '' ? key : `${path}.${key}`}
        value={each}
        depth={depth + 1}
        actions={actions}
        search={search}
      />
    </Fragment>
  ));
  const more = members.length > limit && (
    <button type="button" className="raw-more" onClick={() => setLimit(limit + 1_000)}>
      {(members.length - limit).toLocaleString()} more
    </button>
  );
  if (depth === 0)
    return (
      <>
        {below}
        {more}
      </>
    );
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Group gap={6} display="inline-flex">
          <span className="raw-name">
            <AlertText text={name} />
          </span>
          <span className="raw-count">{list ? `[${members.length}]` : `{${members.length}}`}</span>
        </Group>
      </summary>
      {open && (
        <div className="raw-below">
          {below}
          {more}
        </div>
      )}
    </details>
  );
}
