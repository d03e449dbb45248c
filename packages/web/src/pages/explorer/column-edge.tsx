// biome-ignore-all lint/a11y/useSemanticElements: a rule between paragraphs cannot be moved; this separator can
import { useDebouncedCallback } from '@mantine/hooks';
import { type KeyboardEvent, type PointerEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { type ExplorerState, LEAST_WIDTH, MOST_WIDTH, soWide, widthOf } from './explorer-query.ts';

type Widths = ExplorerState['widths'];

/** Pixels that a press of an arrow moves an edge by; with Shift by more. */
const STEP = 10;
const BIG_STEP = 50;
/** Milliseconds after the last press until the width goes into the address: a held key would write it many times a second. */
const SETTLED = 250;

/** What the edge of a column does. */
interface Edge {
  /** How wide the column is, CSS pixels. */
  now(): number;
  /** Makes it so wide; `last` when the hand lets go. */
  set(pixels: number, last: boolean): void;
  /** The width that it has by itself. */
  reset(): void;
}

/**
 * The widths of columns while and after their edges are moved. What is dragged shows at once; `commit` is called when it is settled.
 * @param columns from left to right.
 * @param chosen those that people chose before.
 */
export function useColumnWidths(
  columns: readonly string[],
  chosen: Widths,
  commit: (widths: Widths) => void,
): {
  readonly widths: Widths;
  /** How wide each column is now, in CSS pixels, chosen or not. */
  readonly measured: readonly number[];
  readonly head: RefObject<HTMLDivElement | null>;
  edge(place: number): Edge;
} {
  const head = useRef<HTMLDivElement>(null);
  const [measured, setMeasured] = useState<readonly number[]>([]);
  const [draft, setDraft] = useState<{ readonly over: Widths; readonly widths: Widths } | null>(null);
  // Held against what was chosen when it was begun: a view that is opened meanwhile goes before it.
  const widths = draft !== null && draft.over === chosen ? draft.widths : chosen;
  const latest = useRef(widths);
  latest.current = widths;
  const settle = useDebouncedCallback(commit, SETTLED);
  useLayoutEffect(() => {
    const row = head.current;
    if (row === null) return;
    const cells = [...row.children].slice(0, columns.length);
    const measure = () => setMeasured(cells.map((cell) => Math.round(cell.getBoundingClientRect().width)));
    const observer = new ResizeObserver(measure);
    for (const cell of cells) observer.observe(cell);
    measure();
    return () => observer.disconnect();
  }, [columns]);
  const show = (to: Widths) => {
    latest.current = to;
    setDraft({ over: chosen, widths: to });
  };
  const now = (place: number) => widthOf(latest.current, columns[place]!) ?? measured[place] ?? LEAST_WIDTH;
  return {
    widths,
    measured,
    head,
    edge: (place) => ({
      now: () => now(place),
      set(pixels, last) {
        // Those before it stay as they are: would they take part of it, the edge would not be where the pointer is.
        const before = columns.slice(0, place).map((column, at) => [column, now(at)]);
        show({ ...latest.current, ...Object.fromEntries(before), [columns[place]!]: soWide(pixels) });
        settle(latest.current);
        if (last) settle.flush();
      },
      reset() {
        const { [columns[place]!]: _, ...others } = latest.current;
        show(others);
        settle(others);
        settle.flush();
      },
    }),
  };
}

/** The edge behind a column: dragged by pointer, moved by arrows, put back by a double-click or Enter. */
export function ColumnEdge({ name, wide, now, set, reset }: Edge & { readonly name: string; readonly wide: number }) {
  const begun = useRef<{ readonly x: number; readonly wide: number } | null>(null);
  const [dragged, setDragged] = useState(false);
  const pressed = (event: KeyboardEvent) => {
    const step = event.shiftKey ? BIG_STEP : STEP;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => set(now() - step, false),
      ArrowRight: () => set(now() + step, false),
      Home: () => set(LEAST_WIDTH, false),
      End: () => set(MOST_WIDTH, false),
      Enter: reset,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || acts[event.key] === undefined) return;
    // The list has other uses for these.
    event.preventDefault();
    acts[event.key]!();
  };
  const dragging = (event: PointerEvent, last: boolean) => {
    if (begun.current === null) return;
    const by = event.clientX - begun.current.x;
    // A press alone leaves everything as it is.
    if (by !== 0 || dragged) {
      set(begun.current.wide + by, last);
      setDragged(!last);
    }
    if (last) begun.current = null;
  };
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuenow={wide}
      aria-valuemin={LEAST_WIDTH}
      aria-valuemax={MOST_WIDTH}
      aria-valuetext={`${wide} pixels`}
      tabIndex={0}
      title="Drag it, or press ← and →; double-click or Enter: the usual width"
      className="hit-edge"
      data-dragged={dragged || undefined}
      onKeyDown={pressed}
      onDoubleClick={reset}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        begun.current = { x: event.clientX, wide: now() };
      }}
      onPointerMove={(event) => dragging(event, false)}
      onPointerUp={(event) => dragging(event, true)}
      onPointerCancel={(event) => dragging(event, true)}
    />
  );
}
