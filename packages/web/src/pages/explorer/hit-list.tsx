// biome-ignore-all lint/a11y/useSemanticElements: a grid and not a table, because rows far away are not there
import { useVirtualizer } from '@tanstack/react-virtual';
import type { AppJob } from '@verdict/client/browser';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { AlertText } from '../../components/alert-text.tsx';
import { Confidence } from '../../components/confidence.tsx';
import { LabelBadge } from '../../components/label-badge.tsx';
import { useShortcuts } from '../feedback/use-shortcuts.ts';
import { type ExplorerState, valueAt } from './explorer-query.ts';
import { titleOf } from './field-titles.ts';
import type { Hit } from './hits-query.ts';
import { ShortTime } from './short-time.tsx';

const ROW = 34;

const WIDTHS: Readonly<Record<string, string>> = {
  '@timestamp': '122px',
  'metadata.description': 'minmax(160px, 2.4fr)',
  'arcanna.confidence_score': '86px',
  'arcanna.result_label': 'minmax(92px, 0.8fr)',
  'arcanna.consensus': 'minmax(92px, 0.8fr)',
  'arcanna.bucket_state': 'minmax(84px, 0.8fr)',
};

/** The list: only what is on the screen is drawn, so that it can be as long as it likes. Arrows or J and K move, Enter opens. */
export function HitList({
  hits,
  job,
  state,
  more,
  open,
  sort,
}: {
  readonly hits: readonly Hit[];
  readonly job: AppJob | undefined;
  readonly state: ExplorerState;
  readonly more: () => void;
  readonly open: (eventId: string) => void;
  readonly sort: (column: string) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
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
    Enter: () => hits[at] && open(hits[at].id),
    Escape: () => open(''),
  });
  // The same list as long as the same columns are shown, so that rows that stay as they are need not be drawn again.
  const named = JSON.stringify(state.columns);
  const columns = useMemo(
    () => ['@timestamp', ...(JSON.parse(named) as string[]).filter((column) => column !== '@timestamp')],
    [named],
  );
  const opening = useRef(open);
  opening.current = open;
  const choose = useCallback((index: number, id: string) => {
    setAt(index);
    opening.current(id);
  }, []);
  const template = columns.map((column) => WIDTHS[column] ?? 'minmax(100px, 1fr)').join(' ');
  return (
    <div className="hits" role="table" aria-rowcount={hits.length + 1} aria-label="Events">
      <div role="rowgroup">
        <div className="hit-head" role="row" tabIndex={-1} style={{ gridTemplateColumns: template }}>
          {columns.map((column) => (
            <div
              key={column}
              role="columnheader"
              tabIndex={-1}
              aria-sort={state.sort === column ? (state.descending ? 'descending' : 'ascending') : 'none'}
            >
              <button type="button" className="hit-sort" onClick={() => sort(column)}>
                <AlertText text={titleOf(column)} /> {state.sort === column && (state.descending ? '↓' : '↑')}
              </button>
            </div>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <div className="hit-frame" ref={frame} role="rowgroup" tabIndex={0} aria-label="Events, scrollable">
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
                opened={hit.id === state.event}
                columns={columns}
                template={template}
                job={job}
                choose={choose}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** One event; drawn again only where something of it changed. */
const Row = memo(function Row({
  hit,
  index,
  start,
  focused,
  opened,
  columns,
  template,
  job,
  choose,
}: {
  readonly hit: Hit;
  readonly index: number;
  readonly start: number;
  readonly focused: boolean;
  readonly opened: boolean;
  readonly columns: readonly string[];
  readonly template: string;
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
      style={{ gridTemplateColumns: template, height: ROW, transform: `translateY(${start}px)` }}
      onClick={() => choose(index, hit.id)}
    >
      {columns.map((column) => (
        <div key={column} role="cell" className="hit-cell">
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
  return <AlertText text={column === 'arcanna.bucket_state' ? value.replaceAll('_', ' ') : value} limit={200} />;
}
