import { computeMetrics, type ModelMetrics } from '@verdict/engine';

/** A decision on an event that people voted on after it, and what they agree on. */
export interface LiveRow {
  /** Microseconds when the event came in. */
  readonly at: number;
  /** By class number. */
  readonly probabilities: Readonly<Record<string, number>>;
  readonly truth: number;
  /** The model had learned from the bucket. */
  readonly known: boolean;
}

/** How a model does in use. Confusion tables are in the order of `classNos`. */
export interface LiveFigures {
  readonly classNos: readonly number[];
  readonly all: ModelMetrics;
  readonly newBuckets: ModelMetrics;
  readonly knownBuckets: ModelMetrics;
  /** Oldest first. */
  readonly weeks: readonly { readonly week: string; readonly metrics: ModelMetrics }[];
}

/** Figures over all rows, by kind of bucket and by ISO week. A label the model does not know counts as one it gives no chance. */
export function liveFigures(rows: readonly LiveRow[], modelClassNos: readonly number[]): LiveFigures {
  const classNos = [...new Set([...modelClassNos, ...rows.map((row) => row.truth)])].sort((a, b) => a - b);
  const place = new Map(classNos.map((classNo, index) => [classNo, index]));
  const figures = (some: readonly LiveRow[]) =>
    computeMetrics(
      some.map((row) => classNos.map((classNo) => row.probabilities[classNo] ?? 0)),
      some.map((row) => place.get(row.truth)!),
      classNos.length,
    );
  const weeks = Map.groupBy(rows, (row) => isoWeek(row.at));
  return {
    classNos,
    all: figures(rows),
    newBuckets: figures(rows.filter((row) => !row.known)),
    knownBuckets: figures(rows.filter((row) => row.known)),
    weeks: [...weeks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([week, some]) => ({ week, metrics: figures(some) })),
  };
}

const DAY_MS = 86_400_000;

/** The ISO 8601 week (UTC) of a time in microseconds, such as `2026-W01`: weeks begin on Monday, the first one holds 4 January. */
export function isoWeek(micros: number): string {
  const day = new Date(Math.floor(micros / 1000));
  const midnight = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate());
  // The year of a week is that of its Thursday.
  const thursday = midnight + (3 - ((day.getUTCDay() + 6) % 7)) * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const week = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS));
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`;
}
