import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { IconClipboardText, IconCopy } from '@tabler/icons-react';
import { Fragment, useEffect, useMemo, useState } from 'react';
import { AlertText } from './alert-text.tsx';
import { copyText } from './copy-text.ts';

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

/** The first members; of those after them, the first that hold what is looked for, as many again. */
function membersShown(members: readonly [string, unknown][], limit: number, search: string): readonly [string, unknown][] {
  const shown = members.slice(0, limit);
  if (search !== '')
    for (let at = limit; at < members.length && shown.length < 2 * limit; at++) {
      const [name, value] = members[at]!;
      if (name.toLowerCase().includes(search) || holds(value, search)) shown.push(members[at]!);
    }
  return shown;
}

/** Whether a name or value below has the text in it, as it is shown. @param search in small letters. */
function holds(value: unknown, search: string): boolean {
  if (typeof value !== 'object' || value === null)
    return (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase().includes(search);
  if (Array.isArray(value)) return value.some((each) => holds(each, search));
  return Object.entries(value).some(([name, each]) => name.toLowerCase().includes(search) || holds(each, search));
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
  const found = useMemo(() => isTree && search !== '' && holds(value, search), [isTree, search, value]);
  // What is looked for is not found in what is closed.
  useEffect(() => {
    if (found) setOpen(true);
  }, [found]);
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
          <LineButton
            tip="Copy the path"
            label={`Copy the path of ${name}`}
            icon={<IconCopy size={12} />}
            click={() => copyText(path, 'The path is copied.')}
          />
          <LineButton
            tip="Copy the value"
            label={`Copy the value of ${name}`}
            icon={<IconClipboardText size={12} />}
            click={() => copyText(shown, 'The value is copied.')}
          />
          {actions.map((action) => (
            <LineButton
              key={action.label}
              tip={action.label}
              label={`${action.label}: ${name}`}
              icon={action.icon}
              click={() => action.run(path, value)}
            />
          ))}
        </span>
      </div>
    );
  }
  const list = Array.isArray(value);
  const members: [string, unknown][] = list ? value.map((each, index) => [String(index), each]) : Object.entries(value);
  const below = membersShown(members, limit, search).map(([key, each]) => (
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

/** A small button beside a value; its label says of which one. */
function LineButton({
  tip,
  label,
  icon,
  click,
}: {
  readonly tip: string;
  readonly label: string;
  readonly icon: React.ReactNode;
  readonly click: () => void;
}) {
  return (
    <Tooltip label={tip}>
      <ActionIcon size="xs" variant="subtle" color="gray" aria-label={label} onClick={click}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
