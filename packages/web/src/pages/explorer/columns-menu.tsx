import { ActionIcon, Button, Group, NumberInput, Select, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns, IconGripVertical, IconX } from '@tabler/icons-react';
import { type PointerEvent, useRef, useState } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { PanelButton } from '../../components/panel-button.tsx';
import {
  DEFAULT_COLUMNS,
  type ExplorerState,
  LEAST_WIDTH,
  MOST_COLUMNS,
  MOST_WIDTH,
  shownColumns,
  soWide,
  widthOf,
} from './explorer-query.ts';
import { titleOf } from './field-titles.ts';

type Shown = Pick<ExplorerState, 'columns' | 'widths'>;

/** Which columns the list has, in which order, how wide. */
export function ColumnsMenu({
  state,
  fields,
  set,
}: {
  readonly state: ExplorerState;
  readonly fields: readonly string[];
  readonly set: (part: Shown) => void;
}) {
  return (
    <PanelButton name="Columns" width={400} button={{ leftSection: <IconColumns size={15} /> }}>
      {() => <Chosen state={state} fields={fields} set={set} />}
    </PanelButton>
  );
}

function Chosen({
  state,
  fields,
  set,
}: {
  readonly state: Shown;
  readonly fields: readonly string[];
  readonly set: (part: Shown) => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  const adding = useRef<HTMLInputElement>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  // The time is always there, and first.
  const [, ...columns] = shownColumns(state.columns);
  const { widths } = state;
  const place = (column: string, to: number) => {
    const at = columns.indexOf(column);
    if (to < 0 || to >= columns.length || to === at) return;
    set({ columns: columns.toSpliced(at, 1).toSpliced(to, 0, column), widths });
    setSaid(`${titleOf(column)} is column ${to + 1} of ${columns.length} now.`);
  };
  const remove = (column: string) => {
    const at = columns.indexOf(column);
    const left = columns.filter((each) => each !== column);
    set({ columns: left.length > 0 ? left : DEFAULT_COLUMNS, widths });
    setSaid(`${titleOf(column)} is taken out.`);
    // What had the focus goes with its row.
    const next = list.current?.querySelectorAll<HTMLElement>('[data-remove]')[at + 1 < columns.length ? at + 1 : at - 1];
    (next ?? adding.current)?.focus();
  };
  const resize = (column: string, wide: number | string) => {
    const { [column]: _, ...others } = widths;
    set({ columns, widths: typeof wide === 'number' ? { ...others, [column]: soWide(wide) } : others });
  };
  const drag = (event: PointerEvent) => {
    if (dragged === null) return;
    const rows = [...(list.current?.children ?? [])];
    const over = rows.findIndex((row) => event.clientY < row.getBoundingClientRect().bottom);
    place(dragged, over === -1 ? rows.length - 1 : over);
  };
  const others = [...new Set([...DEFAULT_COLUMNS, ...fields])].filter((field) => !shownColumns(columns).includes(field));
  return (
    <>
      <Text size="xs" c="dimmed" mb={4}>
        From left to right, after the time. They stay so in this browser; a view keeps them for good.
      </Text>
      <ul
        className="columns"
        ref={list}
        onPointerMove={drag}
        onPointerUp={() => setDragged(null)}
        onPointerCancel={() => setDragged(null)}
      >
        {columns.map((column, at) => {
          const name = titleOf(column);
          return (
            <li key={column} data-dragged={column === dragged || undefined}>
              <span
                className="column-grip"
                aria-hidden="true"
                onPointerDown={(event) => {
                  // Held by the list: the row itself is taken out and put in elsewhere.
                  list.current?.setPointerCapture(event.pointerId);
                  setDragged(column);
                }}
              >
                <IconGripVertical size={14} />
              </span>
              <Text size="xs" className="column-name" title={name}>
                <AlertText text={name} limit={120} />
              </Text>
              <Width name={name} wide={widthOf(widths, column)} set={(wide) => resize(column, wide)} />
              {/* They stay switched on at the ends, where nothing moves: switched off they would lose the focus. */}
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Move ${name} to the left`}
                aria-disabled={at === 0}
                onClick={() => place(column, at - 1)}
              >
                <IconArrowUp size={14} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Move ${name} to the right`}
                aria-disabled={at === columns.length - 1}
                onClick={() => place(column, at + 1)}
              >
                <IconArrowDown size={14} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                data-remove
                aria-label={`Take ${name} out`}
                onClick={() => remove(column)}
              >
                <IconX size={14} />
              </ActionIcon>
            </li>
          );
        })}
      </ul>
      <div className="visually-hidden" aria-live="polite">
        {said}
      </div>
      <Group gap="xs" mt="xs" wrap="nowrap">
        <Select
          ref={adding}
          aria-label="Add a column"
          placeholder={columns.length < MOST_COLUMNS ? 'Add a column' : `At most ${MOST_COLUMNS} columns`}
          disabled={columns.length >= MOST_COLUMNS}
          data={others.map((field) => ({ value: field, label: titleOf(field) }))}
          value={null}
          onChange={(field) => {
            if (field === null) return;
            set({ columns: [...columns, field], widths });
            setSaid(`${titleOf(field)} is added as the last column.`);
          }}
          searchable
          limit={60}
          nothingFoundMessage="No field of this name in the events"
          comboboxProps={{ withinPortal: false }}
          flex={1}
        />
        <Button variant="default" onClick={() => set({ columns: DEFAULT_COLUMNS, widths: {} })}>
          Usual columns
        </Button>
      </Group>
    </>
  );
}

/** The width of a column in figures; empty it shares what is left. */
function Width({
  name,
  wide,
  set,
}: {
  readonly name: string;
  readonly wide: number | undefined;
  readonly set: (wide: number | string) => void;
}) {
  const [typed, setTyped] = useState<number | string | null>(null);
  const done = () => {
    if (typed !== null && typed !== (wide ?? '')) set(typed);
    setTyped(null);
  };
  return (
    <NumberInput
      aria-label={`Width of ${name} in pixels`}
      placeholder="width"
      w={74}
      min={LEAST_WIDTH}
      max={MOST_WIDTH}
      step={10}
      allowDecimal={false}
      clampBehavior="blur"
      hideControls
      value={typed ?? wide ?? ''}
      onChange={setTyped}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  );
}
