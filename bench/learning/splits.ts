import type { LabelledAlert } from './alerts.ts';

/** Row numbers to learn from and to be judged by. */
export interface Split {
  readonly train: number[];
  readonly test: number[];
}

/** How test rows relate to training rows: any rows, later ones, or those of other environments. */
export type SplitKind = 'random' | 'later' | 'unseen';

const MOST_TEST = 3000;

/**
 * Splits labelled alerts as the published tables do: 30 % held out at random, by class (or by group, where `byGroup`), at most `mostTest` rows;
 * or the last 30 % in time (without shared groups where `byGroup`); or a quarter of the groups. Training rows are drawn by class.
 */
export function split(
  alerts: readonly LabelledAlert[],
  kind: SplitKind,
  trainRows: number,
  draw: number,
  byGroup: boolean,
  mostTest = MOST_TEST,
): Split {
  const next = generator(1000 * draw + 17);
  const rows = alerts.map((_, i) => i);
  let [pool, test] = halves(alerts, rows, kind, byGroup, next);
  test = shuffled(test, next).slice(0, mostTest);
  pool = shuffled(pool, next);
  const train = byClass(alerts, pool).flatMap((list) =>
    list.slice(0, Math.max(2, Math.round((trainRows * list.length) / pool.length))),
  );
  return { train, test };
}

function halves(
  alerts: readonly LabelledAlert[],
  rows: number[],
  kind: SplitKind,
  byGroup: boolean,
  next: () => number,
): [number[], number[]] {
  const groupOf = (i: number) => alerts[i]!.group ?? `row ${i}`;
  if (kind === 'later') {
    const sorted = [...rows].sort((a, b) => (alerts[a]!.time ?? 0) - (alerts[b]!.time ?? 0) || a - b);
    const early = sorted.slice(0, Math.floor(sorted.length * 0.7));
    const late = sorted.slice(early.length);
    const seen = new Set(early.map(groupOf));
    return [early, byGroup ? late.filter((i) => !seen.has(groupOf(i))) : late];
  }
  if (kind === 'unseen' || byGroup) {
    const groups = shuffled([...new Set(rows.map(groupOf))].sort(), next);
    const wanted = kind === 'unseen' ? Math.max(1, Math.round(groups.length / 4)) : Number.POSITIVE_INFINITY;
    const sizes = new Map<string, number>();
    for (const i of rows) sizes.set(groupOf(i), (sizes.get(groupOf(i)) ?? 0) + 1);
    const out = new Set<string>();
    let held = 0;
    for (const group of groups) {
      if (out.size >= wanted || (wanted > groups.length && held >= rows.length * 0.3)) break;
      out.add(group);
      held += sizes.get(group)!;
    }
    return [rows.filter((i) => !out.has(groupOf(i))), rows.filter((i) => out.has(groupOf(i)))];
  }
  const lists = byClass(alerts, shuffled(rows, next));
  return [
    lists.flatMap((list) => list.slice(Math.round(list.length * 0.3))),
    lists.flatMap((list) => list.slice(0, Math.round(list.length * 0.3))),
  ];
}

/** Rows of each label, labels in order. */
function byClass(alerts: readonly LabelledAlert[], rows: readonly number[]): number[][] {
  const lists = new Map<string, number[]>();
  for (const i of rows) {
    const list = lists.get(alerts[i]!.label);
    if (list) list.push(i);
    else lists.set(alerts[i]!.label, [i]);
  }
  return [...lists.keys()].sort().map((label) => lists.get(label)!);
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** Numbers in [0, 1) from a seed (xorshift32: Marsaglia 2003). */
export function generator(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}
