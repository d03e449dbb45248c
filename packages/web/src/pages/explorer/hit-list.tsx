// biome-ignore-all lint/a11y/useSemanticElements: a grid and not a table, because rows far away are not there
import { useVirtualizer } from '@tanstack/react-virtual';
import type { AppJob } from '@verdict/client/browser';
import { type CSSProperties, memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { copyText } from '../../components/copy-text.ts';
import { LabelBadge } from '../../components/label-badge.tsx';
import { Tip } from '../../components/tip.tsx';
import { useShortcuts } from '../feedback/use-shortcuts.ts';
import { type CellAction, CellActions, type CellPlace } from './cell-actions.tsx';
import { ColumnEdge, useColumnWidths } from './column-edge.tsx';
import { type Condition, conditionFor, type ExplorerState, shownColumns, valueAt, widthOf } from './explorer-query.ts';
import { titleOf } from './field-titles.ts';
import type { Hit } from './hits-query.ts';
import { ShortTime } from './short-time.tsx';

const ROW = 34;

/** The least width of a column and its share of what is left; the variables are smaller where the list is narrow. */
const WIDTHS: Readonly<Record<string, readonly [least: string, share: number]>> = {
  '@timestamp': ['var(--hit-time)', 0],
  'metadata.description': ['var(--hit-title)', 2.4],
  'arcanna.confidence_score': ['var(--hit-confidence)', 0],
  'arcanna.result_label': ['var(--hit-label)', 0.8],
  'arcanna.consensus': ['var(--hit-label)', 0.8],
  'arcanna.bucket_state': ['var(--hit-state)', 0.8],
};
const ORDINARY = ['var(--hit-value)', 1] as const;

/** The list: only what is on the screen is drawn, so that it can be as long as it likes. Arrows or J and K move, Enter opens; left and
 * right choose a value of the row, and `+`, `-` and C show only those, all but those, and copy it. */
export function HitList({
  hits,
  job,
  state,
  more,
  open,
  sort,
  resize,
  add,
}: {
  readonly hits: readonly Hit[];
  readonly job: AppJob | undefined;
  readonly state: ExplorerState;
  readonly more: () => void;
  readonly open: (eventId: string) => void;
  readonly sort: (column: string) => void;
  readonly resize: (widths: ExplorerState['widths']) => void;
  readonly add: (condition: Condition) => void;
}) {
  const around = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const [across, setAcross] = useState(-1);
  const rows = useVirtualizer({
    count: hits.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  const shown = rows.getVirtualItems();
  const last = shown[shown.length - 1]?.index ?? 0;
  const near = last > hits.length - 40;
  useEffect(() => {
    if (near) more();
  }, [near, more]);
  const go = (to: number) => {
    const place = Math.max(0, Math.min(hits.length - 1, to));
    setAt(place);
    rows.scrollToIndex(place);
    if (state.event !== '') open(hits[place]!.id);
  };
  useShortcuts({
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    j: () => go(at + 1),
    k: () => go(at - 1),
    ArrowLeft: () => setAcross(Math.max(0, across - 1)),
    ArrowRight: () => setAcross(Math.min(columns.length - 1, across + 1)),
    '+': () => run('only', { row: at, column: across }),
    '-': () => run('not', { row: at, column: across }),
    c: () => run('copy', { row: at, column: across }),
    Enter: () => hits[at] && open(hits[at].id),
    Escape: () => open(''),
  });
  // The same list as long as the same columns are shown, so that rows that stay as they are need not be drawn again.
  const named = JSON.stringify(state.columns);
  const columns = useMemo(() => shownColumns(JSON.parse(named) as string[]), [named]);
  const { widths, measured, head, edge } = useColumnWidths(columns, state.widths, resize);
  const conditionAt = (action: CellAction, { row, column }: CellPlace) => {
    const [hit, name] = [hits[row], columns[column]];
    // A time to the microsecond is nobody's filter: the chart and the range are there for it.
    return hit && name && name !== '@timestamp' ? conditionFor(hit.source, name, action === 'not') : undefined;
  };
  const textAt = ({ row, column }: CellPlace) => {
    const [hit, name] = [hits[row], columns[column]];
    const value = hit && name ? valueAt(hit.source, name) : null;
    return job?.labels.find(({ class_id: id }) => id === value)?.name ?? value;
  };
  const can = (action: CellAction, place: CellPlace) =>
    action === 'copy' ? textAt(place) !== null : conditionAt(action, place) !== undefined;
  const run = (action: CellAction, place: CellPlace) => {
    const [text, condition] = [textAt(place), conditionAt(action, place)];
    if (action === 'copy') text !== null && copyText(text, 'The value is copied.');
    else if (condition) add(condition);
  };
  const opening = useRef(open);
  opening.current = open;
  const choose = useCallback((index: number, id: string) => {
    setAt(index);
    opening.current(id);
  }, []);
  const tracks = columns.map((column) => {
    const chosen = widthOf(widths, column);
    return chosen === undefined ? (WIDTHS[column] ?? ORDINARY) : ([`${chosen}px`, 0] as const);
  });
  // Rows take their columns from the list, so that none is drawn again while an edge is dragged.
  const template = tracks.map(([least, share]) => (share === 0 ? least : `minmax(${least}, ${share}fr)`)).join(' ');
  // Head and rows are as wide as their columns need, so that they scroll to the side together.
  const minWidth = `calc(${tracks.map(([least]) => least).join(' + ')} + ${tracks.length - 1} * var(--hit-gap) + 20px)`;
  return (
    <div className="hits-around" ref={around}>
      <div
        className="hits"
        role="table"
        aria-rowcount={hits.length + 1}
        aria-label="Events"
        style={{ '--hit-columns': template } as CSSProperties}
      >
        <div role="rowgroup">
          <div className="hit-head" role="row" tabIndex={-1} ref={head} style={{ minWidth }}>
            {columns.map((column, place) => (
              <div
                key={column}
                role="columnheader"
                className="hit-title"
                tabIndex={-1}
                aria-sort={state.sort === column ? (state.descending ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" className="hit-sort" onClick={() => sort(column)}>
                  <AlertText text={titleOf(column)} /> {state.sort === column && (state.descending ? '↓' : '↑')}
                </button>
                <ColumnEdge name={titleOf(column)} wide={measured[place] ?? 0} {...edge(place)} />
              </div>
            ))}
          </div>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
        <div className="hit-frame" ref={frame} role="rowgroup" tabIndex={0} aria-label="Events, scrollable" style={{ minWidth }}>
          <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
            {shown.map((row) => {
              const hit = hits[row.index]!;
              return (
                <Row
                  key={hit.id}
                  hit={hit}
                  index={row.index}
                  start={row.start}
                  focused={row.index === at}
                  across={row.index === at ? across : -1}
                  opened={hit.id === state.event}
                  columns={columns}
                  job={job}
                  choose={choose}
                />
              );
            })}
          </div>
        </div>
      </div>
      <CellActions around={around} can={can} run={run} />
    </div>
  );
}

/** One event; drawn again only where something of it changed. */
const Row = memo(function Row({
  hit,
  index,
  start,
  focused,
  across,
  opened,
  columns,
  job,
  choose,
}: {
  readonly hit: Hit;
  readonly index: number;
  readonly start: number;
  readonly focused: boolean;
  /** The column chosen by keyboard; -1 for none. */
  readonly across: number;
  readonly opened: boolean;
  readonly columns: readonly string[];
  readonly job: AppJob | undefined;
  readonly choose: (index: number, id: string) => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter and the arrows are taken for the whole list
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      className="hit"
      data-focus={focused || undefined}
      data-open={opened || undefined}
      style={{ height: ROW, transform: `translateY(${start}px)` }}
      onClick={() => choose(index, hit.id)}
    >
      {columns.map((column, place) => (
        <div key={column} role="cell" className="hit-cell" data-chosen={place === across || undefined}>
          <Cell column={column} hit={hit} job={job} />
        </div>
      ))}
    </div>
  );
});

function Cell({ column, hit, job }: { readonly column: string; readonly hit: Hit; readonly job: AppJob | undefined }) {
  const value = valueAt(hit.source, column);
  if (column === '@timestamp') return <ShortTime at={value} />;
  if (column === 'arcanna.result_label' || column === 'arcanna.consensus') {
    if (value === null) return <span className="label-none">–</span>;
    return <LabelBadge label={value} labels={job?.labels} />;
  }
  if (column === 'arcanna.confidence_score') return <Confidence value={value === null ? null : Number(value) / 100} />;
  if (value === null) return <span className="label-none">–</span>;
  if (column === 'arcanna.bucket_state') return <State value={value} />;
  return <AlertText text={value} limit={200} />;
}

/** Where the bucket stands, in few words where the list is narrow: hovering then shows all of them. */
function State({ value }: { readonly value: string }) {
  const words = value.replaceAll('_', ' ');
  const short = value === 'in_knowledge_base' ? 'in model' : words;
  if (short === words) return <AlertText text={words} limit={200} />;
  return (
    <Tip label={() => words}>
      <span>
        <span className="state-short" aria-hidden="true">
          {short}
        </span>
        <span className="state-words">{words}</span>
      </span>
    </Tip>
  );
}
