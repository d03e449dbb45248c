/** How much one thing tells about another, from counts. Natural logarithms; all sums in a fixed order. */
import { exp, log } from './math.ts';

/** Above this many rows the expected information is taken from its asymptote, which is then exact to far below what is shown. */
const EXACT_ROWS = 100_000;

/**
 * Entropy in nats of a distribution known by counts, with the correction of Miller (1955), "Note on the bias of information
 * estimates": half a nat for each outcome seen but one, divided by the rows. 0 for no rows; never below 0.
 *
 * @param counts not negative; order does not matter but for the last bits.
 */
export function entropy(counts: readonly number[]): number {
  const total = sum(counts);
  if (total === 0) return 0;
  let plain = 0;
  let outcomes = 0;
  for (const count of counts) {
    if (count <= 0) continue;
    outcomes++;
    plain -= (count / total) * log(count / total);
  }
  return plain + (outcomes - 1) / (2 * total);
}

/**
 * Share (0 to 1) of the uncertainty about the label that a field takes away, beyond what a field without any relation would seem to
 * take away by chance. The information expected by chance (fixed margins, hypergeometric) is that of Vinh, Epps & Bailey (2010),
 * "Information theoretic measures for clusterings comparison"; it makes a field of values that never repeat worth nothing, which
 * corrections by the number of values alone do not.
 *
 * @param table for each value of the field, how many rows have each label (missing entries are 0).
 * @returns 0 where there are no rows or only one label.
 */
export function explainedShare(table: readonly (readonly number[])[], classes: number): number {
  const labels = new Array<number>(classes).fill(0);
  const values: number[] = [];
  for (const row of table) {
    let rows = 0;
    for (let c = 0; c < classes; c++) {
      labels[c]! += row[c] ?? 0;
      rows += row[c] ?? 0;
    }
    values.push(rows);
  }
  const total = sum(values);
  if (total === 0) return 0;
  let labelEntropy = 0;
  for (const count of labels) if (count > 0) labelEntropy -= (count / total) * log(count / total);
  if (labelEntropy <= 0) return 0;

  let information = 0;
  for (let v = 0; v < table.length; v++) {
    for (let c = 0; c < classes; c++) {
      const joint = table[v]![c] ?? 0;
      if (joint > 0) information += (joint / total) * log((total * joint) / (values[v]! * labels[c]!));
    }
  }
  const byChance = expectedInformation(values, labels, total);
  return Math.max(0, Math.min(1, (information - byChance) / labelEntropy));
}

function expectedInformation(values: readonly number[], labels: readonly number[], total: number): number {
  const sizes = new Map<number, number>();
  for (const count of values) if (count > 0) sizes.set(count, (sizes.get(count) ?? 0) + 1);
  const present = labels.filter((count) => count > 0);
  if (total > EXACT_ROWS) {
    const distinct = values.filter((count) => count > 0).length;
    return ((distinct - 1) * (present.length - 1)) / (2 * total);
  }
  const table = logFactorials(total);
  let expected = 0;
  // Values of one size share one sum, so that 100,000 values that never repeat cost as much as one.
  for (const [size, times] of [...sizes].sort((a, b) => a[0] - b[0])) {
    for (const label of present) expected += times * expectedCell(size, label, total, table);
  }
  return expected;
}

/** What one cell of the table adds to the information on average. */
function expectedCell(size: number, label: number, total: number, table: Float64Array): number {
  const mean = (size * label) / total;
  const spread = Math.sqrt((mean * (1 - label / total) * (total - size)) / Math.max(1, total - 1));
  // Twelve standard deviations (and a few rows for small means) hold all but about 1e-30 of the probability.
  const from = Math.max(1, size + label - total, Math.floor(mean - 12 * spread - 12));
  const to = Math.min(size, label, Math.ceil(mean + 12 * spread + 12));
  const fixed = table[size]! + table[label]! + table[total - size]! + table[total - label]! - table[total]!;
  let expected = 0;
  for (let n = from; n <= to; n++) {
    const chance = exp(fixed - table[n]! - table[size - n]! - table[label - n]! - table[total - size - label + n]!);
    expected += (n / total) * log((total * n) / (size * label)) * chance;
  }
  return expected;
}

let known = new Float64Array(1);

/** log(n!) for n up to `limit`. Kept between calls, as it depends on nothing. */
function logFactorials(limit: number): Float64Array {
  if (known.length > limit) return known;
  const table = new Float64Array(Math.max(limit + 1, Math.min(2 * known.length, EXACT_ROWS + 1)));
  for (let n = 2; n < table.length; n++) table[n] = table[n - 1]! + log(n);
  known = table;
  return table;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
