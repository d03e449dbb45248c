import { compareStrings, finish, hashString, mix } from '../math.ts';

/** Which rows are predicted by learners that were fitted to the others. */
export interface Folds {
  /** Fold of each row from 0, or −1 where a row is only ever trained on. */
  readonly of: Int32Array;
  readonly count: number;
}

/**
 * Deals rows into folds so that a group stays together and each fold holds about the same share of each class: 5 folds up to
 * 1,000 rows, 3 up to 3,000, and above that one fold of a quarter of the rows.
 *
 * Groups go, largest first (ties by a seeded hash), to the fold that holds least of their main class, then least in all.
 * @param main the most voted class of each row.
 * @param groups of each row; rows without one are groups of their own.
 */
export function dealFolds(
  main: ArrayLike<number>,
  groups: readonly (string | undefined)[],
  classes: number,
  seed: number,
): Folds {
  const rows = main.length;
  const wanted = rows <= 1000 ? 5 : rows <= 3000 ? 3 : 4;
  const members = new Map<string, number[]>();
  for (let r = 0; r < rows; r++) {
    const name = groups[r] === undefined ? `row ${r}` : `group ${groups[r]}`;
    const list = members.get(name);
    if (list) list.push(r);
    else members.set(name, [r]);
  }
  const count = Math.max(2, Math.min(wanted, members.size));
  const order = [...members].map(([name, list]) => ({ name, list, draw: finish(mix(hashString(name, seed), seed)) }));
  order.sort((a, b) => b.list.length - a.list.length || a.draw - b.draw || compareStrings(a.name, b.name));
  const held = new Float64Array(count * classes);
  const totals = new Float64Array(count);
  const of = new Int32Array(rows).fill(-1);
  for (const { list } of order) {
    const counts = new Float64Array(classes);
    for (const r of list) counts[main[r]!]!++;
    let top = 0;
    for (let c = 1; c < classes; c++) if (counts[c]! > counts[top]!) top = c;
    let best = 0;
    for (let f = 1; f < count; f++) {
      const less = held[f * classes + top]! - held[best * classes + top]! || totals[f]! - totals[best]!;
      if (less < 0) best = f;
    }
    for (const r of list) of[r] = best;
    totals[best]! += list.length;
    for (let c = 0; c < classes; c++) held[best * classes + c]! += counts[c]!;
  }
  if (rows <= 3000) return { of, count };
  return { of: of.map((fold) => (fold === 0 ? 0 : -1)), count: 1 };
}
