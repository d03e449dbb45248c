import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

export interface Series {
  readonly label: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** One for each time; null leaves a gap. */
  readonly values: readonly (number | null)[];
}

/** Where the values stand along numbers that double in place of times. */
export interface Doubling {
  /** What the numbers count, for the axis. */
  readonly label: string;
  /** What stands before a number where the pointer is. */
  readonly name: string;
}

/**
 * Values over time. `times` are seconds since 1970, ascending; with `doubling` numbers of something, each twice the one before. `summary` says in words what is to be seen, for those who do not see it.
 * With `onSelect` a range can be drawn over it (seconds). It is drawn anew where `times`, `series`, `format` or `doubling` are others than before: hand in the same
 * objects as long as they stay.
 */
export function LineChart({
  times,
  series,
  summary,
  height = 180,
  bars = false,
  stacked = false,
  format = String,
  doubling,
  onSelect,
}: {
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly summary: string;
  readonly height?: number;
  readonly bars?: boolean;
  readonly stacked?: boolean;
  readonly format?: (value: number) => string;
  readonly doubling?: Doubling;
  readonly onSelect?: (from: number, to: number) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme('light') === 'dark';
  const select = useRef(onSelect);
  select.current = onSelect;
  const selects = onSelect !== undefined;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const grid = dark ? '#373a40' : '#e9ecef';
    const text = dark ? '#c1c2c5' : '#495057';
    const drawn = stacked ? stack(series) : series;
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const step = times.length > 1 ? times[1]! - times[0]! : 3_600;
    const paths = bars ? uPlot.paths.bars?.({ size: [0.85, 60] }) : undefined;
    const chart = new uPlot(
      {
        width: element.clientWidth || 400,
        height,
        legend: { show: series.length > 1 || !bars },
        cursor: { drag: { x: selects, y: false, setScale: false } },
        scales: {
          // A bar has its width on both sides of its time; a time that is alone would stand in years of nothing.
          ...(bars ? { x: { range: (): [number, number] => [(times[0] ?? 0) - step / 2, (times.at(-1) ?? 0) + step / 2] } } : {}),
          ...(doubling ? { x: { time: false, distr: 3, log: 2, range: (): [number, number] => beside(times) } } : {}),
          y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.05 : 1] },
        },
        axes: [
          doubling
            ? {
                ...axis,
                label: doubling.label,
                labelSize: 18,
                size: 32,
                labelFont: '12px system-ui',
                splits: () => [...times],
                values: (_chart, values) => values.map((value) => value.toLocaleString()),
              }
            : { ...axis, values: TIMES, ...(height < 140 ? { size: 40, gap: 3, font: '11px system-ui' } : {}) },
          { ...axis, size: 56, values: (_chart, values) => values.map(format) },
        ],
        series: [
          doubling
            ? { label: doubling.name, value: (_chart, value: number | null) => value?.toLocaleString() ?? '–' }
            : { value: '{D} {MMM} {YYYY} {HH}:{mm}' },
          ...drawn.map((each) => ({
            label: each.label,
            stroke: each.color,
            width: 1.5,
            points: { show: times.length < 3 || doubling !== undefined },
            ...(bars ? { fill: `${each.color}cc` } : stacked ? { fill: mixed(each.color, dark) } : {}),
            ...(paths ? { paths } : {}),
            // Of its own, also where it is drawn on top of others.
            value: (_chart: uPlot, _drawn: number | null, place: number, at: number | null) => {
              const value = at === null ? null : (series[place - 1]?.values[at] ?? null);
              return value === null ? '–' : format(value);
            },
          })),
        ],
        hooks: {
          setSelect: [
            (it) => {
              if (it.select.width < 3) return;
              select.current?.(it.posToVal(it.select.left, 'x'), it.posToVal(it.select.left + it.select.width, 'x'));
              it.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [Array.from(times), ...drawn.map((each) => Array.from(each.values))],
      element,
    );
    const watcher = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      chart.destroy();
    };
  }, [times, series, height, bars, stacked, dark, format, doubling, selects]);
  return (
    <figure className="chart" style={{ minHeight: height }}>
      <div ref={place} aria-hidden="true" />
      <figcaption className="visually-hidden">{summary}</figcaption>
    </figure>
  );
}

/**
 * How times stand under a chart, as uPlot wants it: for steps of so many seconds, what each has, and what is added below where year or day begin.
 * The month has a name, because half the world reads 11/8 the other way round.
 */
const TIMES: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
];

/** The numbers with room to either side, so that the first and the last point stand whole. */
function beside(numbers: readonly number[]): [number, number] {
  return [(numbers[0] ?? 1) / 1.1, (numbers.at(-1) ?? 2) * 1.1];
}

/** A colour on the paper of the page, as if it were a thin glaze: what is behind it does not shine through. */
function mixed(color: string, dark: boolean): string {
  const paper = dark ? 0x24 : 0xff;
  const share = dark ? 0.55 : 0.45;
  const parts = [1, 3, 5].map((at) => Math.round(Number.parseInt(color.slice(at, at + 2), 16) * share + paper * (1 - share)));
  return `rgb(${parts.join(', ')})`;
}

/** Each on top of those after it; drawn from the back, so the first is the highest. */
function stack(series: readonly Series[]): Series[] {
  const sums: number[] = [];
  return series
    .toReversed()
    .map((each) => ({
      ...each,
      values: each.values.map((value, index) => {
        sums[index] = (sums[index] ?? 0) + (value ?? 0);
        return sums[index];
      }),
    }))
    .toReversed();
}
