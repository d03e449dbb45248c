import { compareStrings, quantile } from './math.ts';
import { elements, toNumber } from './point-types.ts';
import type { PointValue } from './types.ts';

/** How values are sorted into cells; plain JSON. Besides the cells named here there is one for other values and one for missing ones. */
export type DriftCells =
  /** A cell for each frequent value, as {@link nameOf} spells it. */
  | { readonly kind: 'values'; readonly values: readonly string[] }
  /** Cells between cut points, upwards. */
  | { readonly kind: 'numbers'; readonly cuts: readonly number[] }
  /** The same by the length of texts that hardly repeat. */
  | { readonly kind: 'lengths'; readonly cuts: readonly number[] };

const MOST_VALUES = 20;
const TENTHS = 10;

/**
 * Cells that suit the values of a reference window: the 20 most frequent values, tenths of numbers, or tenths of lengths where the
 * frequent values cover less than half of the texts.
 */
export function cellsFor(values: readonly PointValue[]): DriftCells {
  const held = values.filter((value) => elements(value).length > 0);
  const numbers = held.filter((value) => typeof value === 'number');
  if (numbers.length > 0 && numbers.length >= held.length * 0.95 && new Set(numbers).size > MOST_VALUES)
    return { kind: 'numbers', cuts: tenths(numbers.map(toNumber)) };
  const counts = new Map<string, number>();
  for (const value of held) counts.set(nameOf(value), (counts.get(nameOf(value)) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || compareStrings(a[0], b[0])).slice(0, MOST_VALUES);
  const covered = frequent.reduce((sum, [, hits]) => sum + hits, 0);
  if (covered >= held.length / 2) return { kind: 'values', values: frequent.map(([name]) => name) };
  return { kind: 'lengths', cuts: tenths(held.map((value) => nameOf(value).length)) };
}

/** Where a value belongs, among how many cells, and what a cell is called. */
export function cellOf(
  cells: DriftCells,
  value: PointValue,
): { readonly cell: number; readonly size: number; readonly name: (cell: number) => string } {
  const named = cells.kind === 'values' ? cells.values.length : cells.cuts.length + 1;
  return { cell: find(cells, value, named), size: named + 2, name: (cell) => nameOfCell(cells, cell, named) };
}

function find(cells: DriftCells, value: PointValue, named: number): number {
  if (elements(value).length === 0) return named + 1;
  if (cells.kind === 'values') {
    const at = cells.values.indexOf(nameOf(value));
    return at < 0 ? named : at;
  }
  const number = cells.kind === 'lengths' ? nameOf(value).length : value;
  if (typeof number !== 'number') return named;
  let cell = 0;
  while (cell < cells.cuts.length && number >= cells.cuts[cell]!) cell++;
  return cell;
}

function nameOfCell(cells: DriftCells, cell: number, named: number): string {
  if (cell === named + 1) return 'missing';
  if (cell === named) return 'other values';
  if (cells.kind === 'values') return cells.values[cell]!;
  const what = cells.kind === 'lengths' ? 'length ' : '';
  const [from, to] = [cells.cuts[cell - 1], cells.cuts[cell]].map((cut) => cut && Number(cut.toPrecision(4)));
  if (from === undefined) return to === undefined ? `${what}any` : `${what}below ${to}`;
  return to === undefined ? `${what}from ${from}` : `${what}${from} to ${to}`;
}

function nameOf(value: PointValue): string {
  const held = elements(value);
  return held.length === 1 ? String(held[0]) : held.map(String).join(', ');
}

/** Distinct cut points at tenths, upwards; none where all numbers are the same. */
function tenths(numbers: readonly number[]): number[] {
  const sorted = Float64Array.from(numbers).sort();
  const cuts = new Set<number>();
  for (let i = 1; i < TENTHS; i++) cuts.add(quantile(sorted, i / TENTHS));
  return [...cuts].filter((cut) => cut > sorted[0]!).map((cut) => (cut === 0 ? 0 : cut));
}
