import { argmax, compareStrings, finish, hashString, mix } from '../math.ts';

/** Rows to be predicted by learners that are fitted to all other rows. */
export interface Fold {
  /** Positions of the rows, ascending. */
  readonly rows: Int32Array;
  /** Whether none of the rows has its group among the others. */
  readonly strict: boolean;
}

/** A group with at least this share of the rows, and this many of them, is an environment: alerts from it will go on coming. */
const ENVIRONMENT_SHARE = 0.025;
const ENVIRONMENT_ROWS = 20;

type Groups = readonly (string | undefined)[];

/**
 * The folds of a training: 10 up to 300 rows (what is held back is missed most there), 5 up to 1,000, 3 up to 3,000, and above that one of a
 * quarter of the rows, each with about the same share of each class. A group (an incident) stays together.
 *
 * Where most rows belong to a few large groups, these are environments (companies, networks), and two things lie ahead: more alerts of the same
 * ones, and alerts of others. Then folds of both kinds are used: rows dealt one by one, and, marked strict, one or two that hold whole groups.
 * @param main the most voted class of each row.
 * @param groups of each row; rows without one are groups of their own.
 */
export function planFolds(main: ArrayLike<number>, groups: Groups, classes: number, seed: number): Fold[] {
  const rows = main.length;
  const wanted = rows <= 300 ? 10 : rows <= 1000 ? 5 : rows <= 3000 ? 3 : 4;
  const used = rows <= 3000 ? wanted : 1;
  if (!areEnvironments(groups)) return deal(main, groups, classes, wanted, seed).slice(0, used).map(strictly(true));
  const alone = groups.map(() => undefined);
  return [
    ...deal(main, alone, classes, wanted, seed).slice(0, used).map(strictly(false)),
    ...deal(main, groups, classes, 4, seed)
      .slice(0, rows <= 3000 ? 2 : 1)
      .map(strictly(true)),
  ];
}

function strictly(strict: boolean): (rows: Int32Array) => Fold {
  return (rows) => ({ rows, strict });
}

/** Whether at least half of the rows belong to environments, of which there are two or more. */
function areEnvironments(groups: Groups): boolean {
  const sizes = new Map<string, number>();
  for (const group of groups) if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const large = [...sizes.values()].filter((size) => size >= ENVIRONMENT_ROWS && size >= groups.length * ENVIRONMENT_SHARE);
  return large.length >= 2 && large.reduce((sum, size) => sum + size, 0) >= groups.length / 2;
}

/**
 * Deals groups into folds, largest first (ties by a seeded hash), each to the fold that holds least of its main class, then least in all.
 * Folds that stay empty are left out.
 */
function deal(main: ArrayLike<number>, groups: Groups, classes: number, wanted: number, seed: number): Int32Array[] {
  const members = new Map<string, number[]>();
  groups.forEach((group, r) => {
    const name = group === undefined ? `row ${r}` : `group ${group}`;
    const list = members.get(name);
    if (list) list.push(r);
    else members.set(name, [r]);
  });
  const count = Math.max(2, Math.min(wanted, members.size));
  const order = [...members].map(([name, list]) => ({ name, list, draw: finish(mix(hashString(name, seed), seed)) }));
  order.sort((a, b) => b.list.length - a.list.length || a.draw - b.draw || compareStrings(a.name, b.name));
  const held = new Float64Array(count * classes);
  const folds = Array.from({ length: count }, (): number[] => []);
  for (const { list } of order) {
    const counts = new Float64Array(classes);
    for (const r of list) counts[main[r]!]!++;
    const top = argmax(counts, 0, classes);
    let best = 0;
    for (let f = 1; f < count; f++) {
      const less = held[f * classes + top]! - held[best * classes + top]! || folds[f]!.length - folds[best]!.length;
      if (less < 0) best = f;
    }
    folds[best]!.push(...list);
    for (let c = 0; c < classes; c++) held[best * classes + c]! += counts[c]!;
  }
  return folds.filter((rows) => rows.length > 0).map((rows) => Int32Array.from(rows).sort());
}
