/**
 * Drift: whether what comes in, what is decided, how surely, and how far people agree has moved since the model was trained.
 *
 * Every aspect is a table of counts, reference against recent. Alerts come in bursts, so counts of days differ more than those of coin
 * tosses: where samples name their day, a difference between the two windows also has to stand out from those between days (t test of
 * daily log-odds), not only from chance (Pearson's chi-squared). A warning needs both that (at 1 % for a look as a whole, Bonferroni over the
 * aspects) and a change that matters (population stability index of 0.1 or more).
 */
import { cellOf, cellsFor, type DriftCells } from './drift-cells.ts';
import { log } from './math.ts';
import { percent } from './sentences.ts';
import { chiSquaredAbove, fAbove } from './tails.ts';
import type { PointValues } from './types.ts';

/** One event as it was decided. */
export interface DriftSample {
  /** Values of the decision points, in the order of the points. */
  readonly values: PointValues;
  /** The label decided; `null` for no decision. */
  readonly label: string | null;
  /** 0 to 1; looked at where there is a label. */
  readonly confidence: number;
  readonly outlier: boolean;
  /** Whether people agreed with the decision; left out where nobody said. */
  readonly agreed?: boolean;
  /** A number for the day (or shift) that the event came in; left out where unknown. */
  readonly block?: number;
}

export type DriftKind = 'labels' | 'confidence' | 'outliers' | 'agreement' | 'input';

/** Counts of one aspect: which cells there are, and how often each was hit in each block. */
interface DriftAspect {
  readonly kind: DriftKind;
  /** The decision point for `input`, otherwise the kind. */
  readonly name: string;
  readonly cells: DriftCells;
  /** One row for each block, one number for each cell. */
  readonly blocks: readonly (readonly number[])[];
}

/** A window as counts: plain JSON, kept with the model. */
export interface DriftWindow {
  readonly version: 1;
  readonly events: number;
  /** Whether every sample named its day. */
  readonly dated: boolean;
  readonly aspects: readonly DriftAspect[];
}

/** What {@link compareWindows} finds for one aspect. */
export interface DriftFinding {
  readonly kind: DriftKind;
  readonly name: string;
  /** Chance of a difference at least this large if nothing had moved; 1 where there is too little to tell. */
  readonly p: number;
  /** Population stability index: 0 = the same; below 0.1 is usually taken as stable, above 0.25 as another population. */
  readonly stability: number;
  /** Jensen–Shannon divergence in bits, 0 (the same) to 1. */
  readonly divergence: number;
  readonly warning: boolean;
  /** What has moved most, for people. */
  readonly sentence: string;
}

export interface DriftReport {
  readonly reference: number;
  readonly recent: number;
  /** Every aspect, warnings first, then by chance. */
  readonly findings: readonly DriftFinding[];
  /** The sentences of the warnings. */
  readonly warnings: readonly string[];
}

/** Least expected count of a cell in either window; smaller cells are taken together. */
const LEAST_EXPECTED = 8;
/** Days of the reference that are needed to know how restless days are. */
const LEAST_DAYS = 4;
/** Values come from alerts, so whoever writes these could make a sentence as long as a book. */
const LONGEST_NAME = 80;
/** Least population stability index for a warning; agreement moves within two cells and starts high, so less is much there. */
const LEAST_CHANGE: Readonly<Record<DriftKind, number>> = {
  labels: 0.1,
  confidence: 0.1,
  outliers: 0.05,
  agreement: 0.03,
  input: 0.1,
};

/**
 * Counts a reference window (from the time the model was trained on) and fixes the cells: the most frequent values, or tenths of numbers and of
 * confidences.
 * @param points the decision points, in the order of the samples' values.
 * @throws RangeError when a sample has another number of values.
 */
export function referenceWindow(points: readonly string[], samples: readonly DriftSample[]): DriftWindow {
  const decided = samples.filter(({ label }) => label !== null);
  const aspects: [DriftKind, string, DriftCells][] = [
    ['labels', 'labels', cellsFor(samples.map(({ label }) => label))],
    ['confidence', 'confidence', cellsFor(decided.map(({ confidence }) => confidence))],
    ['outliers', 'outliers', { kind: 'values', values: ['true', 'false'] }],
    ['agreement', 'agreement', { kind: 'values', values: ['true', 'false'] }],
    ...points.map((point, p): [DriftKind, string, DriftCells] => [
      'input',
      point,
      cellsFor(samples.map(({ values }) => values[p] ?? null)),
    ]),
  ];
  return count(aspects, points, samples);
}

/**
 * Counts a recent window in the cells of a reference.
 * @param points as for the reference; one that it does not know is left out.
 */
export function recentWindow(reference: DriftWindow, points: readonly string[], samples: readonly DriftSample[]): DriftWindow {
  return count(
    reference.aspects.map(({ kind, name, cells }) => [kind, name, cells]),
    points,
    samples,
  );
}

/**
 * Compares two windows.
 * @param options.level chance of any warning when nothing has moved, for one look; 0.01 by default.
 * @throws RangeError when the windows do not belong together.
 */
export function compareWindows(
  reference: DriftWindow,
  recent: DriftWindow,
  options: { readonly level?: number } = {},
): DriftReport {
  const { level = 0.01 } = options;
  if (recent.aspects.length !== reference.aspects.length)
    throw new RangeError('The recent window was counted for another reference.');
  const limit = level / Math.max(1, reference.aspects.length);
  const findings = reference.aspects.map((aspect, a) => {
    const other = recent.aspects[a]!;
    if (other.name !== aspect.name || other.kind !== aspect.kind)
      throw new RangeError('The recent window was counted for another reference.');
    return compareAspect(aspect, other, limit, reference.dated && recent.dated);
  });
  findings.sort((a, b) => Number(b.warning) - Number(a.warning) || a.p - b.p);
  return {
    reference: reference.events,
    recent: recent.events,
    findings,
    warnings: findings.filter(({ warning }) => warning).map(({ sentence }) => sentence),
  };
}

function count(
  aspects: readonly (readonly [DriftKind, string, DriftCells])[],
  points: readonly string[],
  samples: readonly DriftSample[],
): DriftWindow {
  for (const { values } of samples)
    if (values.length !== points.length)
      throw new RangeError(`A sample has ${values.length} values for ${points.length} decision points.`);
  const numbers = [...new Set(samples.map(({ block = 0 }) => block))].sort((a, b) => a - b);
  const rows = new Map(numbers.map((block, row) => [block, row]));
  return {
    version: 1,
    events: samples.length,
    dated: samples.every(({ block }) => block !== undefined),
    aspects: aspects.map(([kind, name, cells]) => {
      const size = cellOf(cells, null).size;
      const blocks = numbers.map(() => new Array<number>(size).fill(0));
      const point = kind === 'input' ? points.indexOf(name) : -1;
      for (const sample of samples) {
        const value = aspectOf(kind, point, sample);
        if (value === undefined) continue;
        const row = blocks[rows.get(sample.block ?? 0)!]!;
        const { cell } = cellOf(cells, value);
        row[cell] = row[cell]! + 1;
      }
      return { kind, name, cells, blocks };
    }),
  };
}

/** What a sample says of an aspect; `undefined` for nothing. */
function aspectOf(kind: DriftKind, point: number, sample: DriftSample) {
  if (kind === 'labels') return sample.label;
  if (kind === 'confidence') return sample.label === null ? undefined : sample.confidence;
  if (kind === 'outliers') return sample.outlier;
  if (kind === 'agreement') return sample.agreed;
  return point < 0 ? undefined : (sample.values[point] ?? null);
}

function compareAspect(reference: DriftAspect, recent: DriftAspect, limit: number, dated: boolean): DriftFinding {
  const { kind, name } = reference;
  const { size } = cellOf(reference.cells, null);
  const before = totals(reference.blocks, size);
  const now = totals(recent.blocks, size);
  const [n, m] = [sum(before), sum(now)];
  const merged = mergeSmall(before, now);
  if (merged.count < 2) {
    const sentence = `${title(kind, name)}: too few events to tell (${n} then, ${m} now).`;
    return { kind, name, p: 1, stability: 0, divergence: 0, warning: false, sentence };
  }
  const tables = [reference.blocks, recent.blocks].map((blocks) => blocks.map((row) => fold(row, merged)));
  const p = chanceOf(tables[0]!, tables[1]!, merged.count, dated);
  const [a, b] = [fold(before, merged), fold(now, merged)];
  const stability = stabilityIndex(a, b);
  const worse = kind !== 'agreement' || now[0]! / m < before[0]! / n;
  const warning = p < limit && stability >= LEAST_CHANGE[kind] && worse;
  return {
    kind,
    name,
    p,
    stability,
    divergence: jensenShannon(a, b),
    warning,
    sentence: describe(reference, before, now, warning),
  };
}

/** Cells whose expected count is too small in either window go together; `into[c]` is where cell c goes. */
function mergeSmall(before: readonly number[], now: readonly number[]): { into: number[]; count: number } {
  const [n, m] = [sum(before), sum(now)];
  const smaller = Math.min(n, m) / Math.max(1, n + m);
  const small = before.map((hits, c) => (hits + now[c]!) * smaller < LEAST_EXPECTED);
  const rest = before.reduce((total, hits, c) => (small[c] ? total + hits + now[c]! : total), 0) * smaller;
  const large = small.flatMap((is, c) => (is ? [] : [c]));
  const own = rest >= LEAST_EXPECTED;
  const into = small.map((is, c) => (is ? (own ? large.length : Math.max(0, large.length - 1)) : large.indexOf(c)));
  return { into, count: large.length + (own ? 1 : 0) };
}

function fold(row: readonly number[], merged: { readonly into: readonly number[]; readonly count: number }): number[] {
  const folded = new Array<number>(merged.count).fill(0);
  row.forEach((hits, c) => {
    folded[merged.into[c]!] = folded[merged.into[c]!]! + hits;
  });
  return folded;
}

/**
 * The chance by chi-squared, and with days the larger of that and the one by the cell that moved most against its own unrest (two-sided
 * t test of the daily log-odds, times the number of cells): a single value may come in bursts a hundred times as large as those of others.
 */
function chanceOf(before: readonly number[][], now: readonly number[][], cells: number, dated: boolean): number {
  const plain = chiSquaredAbove(pearson([totals(before, cells), totals(now, cells)], cells), cells - 1);
  if (!dated) return plain;
  const [then, since] = [before, now].map((blocks) => blocks.filter((row) => sum(row) > 0));
  if (then!.length < LEAST_DAYS) return 1;
  let single = 1;
  for (let c = 0; c < cells; c++) single = Math.min(single, chanceOfCell(then!, since!, c));
  return Math.max(plain, Math.min(1, single * (cells === 2 ? 1 : cells)));
}

function chanceOfCell(before: readonly number[][], now: readonly number[][], cell: number): number {
  const freedom = before.length + now.length - 2;
  const odds = [before, now].map((blocks) => blocks.map((row) => log((row[cell]! + 0.5) / (sum(row) - row[cell]! + 0.5))));
  const means = odds.map((list) => sum(list) / list.length);
  const unrest = odds.reduce((total, list, i) => total + sum(list.map((x) => (x - means[i]!) * (x - means[i]!))), 0) / freedom;
  const difference = (means[1]! - means[0]!) * (means[1]! - means[0]!);
  const error = unrest * (1 / before.length + 1 / now.length);
  return error === 0 ? (difference === 0 ? 1 : 0) : fAbove(difference / error, 1, freedom);
}

/** Pearson's statistic of a table (rows × cells) for "all rows have the same shares". */
function pearson(rows: readonly (readonly number[])[], cells: number): number {
  const columns = totals(rows, cells);
  const all = sum(columns);
  let statistic = 0;
  for (const row of rows) {
    const size = sum(row);
    row.forEach((hits, c) => {
      const expected = (size * columns[c]!) / all;
      if (expected > 0) statistic += ((hits - expected) * (hits - expected)) / expected;
    });
  }
  return statistic;
}

/** Σ (q − p) · log(q / p) over shares with half an event added to each cell (population stability index; Jeffreys 1946). */
function stabilityIndex(before: readonly number[], now: readonly number[]): number {
  const [n, m] = [sum(before) + before.length / 2, sum(now) + now.length / 2];
  return before.reduce((total, hits, c) => {
    const p = (hits + 0.5) / n;
    const q = (now[c]! + 0.5) / m;
    return total + (q - p) * log(q / p);
  }, 0);
}

/** Lin 1991, in bits. */
function jensenShannon(before: readonly number[], now: readonly number[]): number {
  const [n, m] = [sum(before), sum(now)];
  let total = 0;
  before.forEach((hits, c) => {
    const p = hits / n;
    const q = now[c]! / m;
    const middle = (p + q) / 2;
    if (p > 0) total += (p / 2) * log(p / middle);
    if (q > 0) total += (q / 2) * log(q / middle);
  });
  return Math.min(1, Math.max(0, total / Math.LN2));
}

function describe(aspect: DriftAspect, before: readonly number[], now: readonly number[], warning: boolean): string {
  const [n, m] = [sum(before), sum(now)];
  const size = cellOf(aspect.cells, null).size;
  let most = 0;
  for (let c = 1; c < size; c++) if (change(c) > change(most)) most = c;
  const full = cellOf(aspect.cells, null).name(most);
  const name = full.length > LONGEST_NAME ? `${full.slice(0, LONGEST_NAME)}…` : full;
  const moved = `${NAMES[aspect.kind]?.[name] ?? name}: ${percent(before[most]! / n)} of ${n} then, ${percent(now[most]! / m)} of ${m} now`;
  return `${title(aspect.kind, aspect.name)} ${warning ? 'has moved' : 'has not clearly moved'}: ${moved}.`;

  function change(c: number): number {
    return Math.abs(now[c]! / m - before[c]! / n);
  }
}

const NAMES: Partial<Record<DriftKind, Readonly<Record<string, string>>>> = {
  outliers: { true: 'outliers', false: 'ordinary alerts' },
  agreement: { true: 'people agreed with', false: 'people disagreed with' },
  labels: { missing: 'no decision' },
};

function title(kind: DriftKind, name: string): string {
  if (kind === 'input') return `Decision point "${name}"`;
  return { labels: 'The label mix', confidence: 'The confidence', outliers: 'The share of outliers', agreement: 'Agreement' }[
    kind
  ];
}

function totals(rows: readonly (readonly number[])[], size: number): number[] {
  const found = new Array<number>(size).fill(0);
  for (const row of rows)
    row.forEach((hits, c) => {
      found[c] = found[c]! + hits;
    });
  return found;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
