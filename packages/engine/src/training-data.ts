import { compareStrings } from './math.ts';
import type { PointType, PointValues, TrainingInput } from './types.ts';

/** Why a training cannot be done, in a sentence that says what to change. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}

/** A training input in an order that does not depend on how it was given: points by path, rows by key, classes by their votes. */
export interface CanonicalInput {
  readonly points: readonly string[];
  readonly types: readonly (PointType | undefined)[];
  readonly keys: readonly string[];
  readonly values: readonly PointValues[];
  readonly groups: readonly (string | undefined)[];
  /** For each class that has votes, its position in the input. */
  readonly active: readonly number[];
  /** Row-major over the active classes. */
  readonly votes: Float64Array;
  /** Share of each row's votes, row-major over the active classes. */
  readonly targets: Float64Array;
  /** Most voted active class of each row; the first in a tie. */
  readonly main: Int32Array;
  /** Whether one class has more votes than any other. */
  readonly decided: Uint8Array;
}

/**
 * Checks a training input and puts it in canonical order. Rows with the same key are one bucket: their votes are added up.
 * @throws TrainingError when there is nothing to learn from, or lists do not fit together.
 */
export function canonicalInput(input: TrainingInput): CanonicalInput {
  check(input);
  const pointOrder = input.points.map((_, p) => p).sort((a, b) => compareStrings(input.points[a]!, input.points[b]!));
  const points = pointOrder.map((p) => input.points[p]!);
  points.forEach((path, p) => {
    if (path === points[p - 1]) throw new TrainingError(`The decision point "${path}" is listed twice; remove one.`);
  });
  const merged = new Map<string, { values: PointValues; group: string | undefined; votes: number[] }>();
  for (const row of [...input.rows].sort((a, b) => compareStrings(a.key, b.key))) {
    const known = merged.get(row.key);
    if (known) {
      known.votes = known.votes.map((count, c) => count + row.votes[c]!);
      if (row.group !== undefined && (known.group === undefined || row.group < known.group)) known.group = row.group;
    } else merged.set(row.key, { values: pointOrder.map((p) => row.values[p] ?? null), group: row.group, votes: [...row.votes] });
  }
  const rows = [...merged.values()];
  const active = classOrder(
    input.classes,
    rows.map((row) => row.votes),
  );
  if (active.length < 2) {
    const only = active.length === 1 ? ` So far all of it says "${input.classes[active[0]!]}".` : '';
    throw new TrainingError(
      `Training needs feedback for at least two different labels.${only} Label some alerts otherwise, then train again.`,
    );
  }
  const k = active.length;
  const votes = new Float64Array(rows.length * k);
  const targets = new Float64Array(rows.length * k);
  const main = new Int32Array(rows.length);
  const decided = new Uint8Array(rows.length);
  rows.forEach((row, r) => {
    let total = 0;
    active.forEach((c, i) => {
      votes[r * k + i] = row.votes[c]!;
      total += row.votes[c]!;
    });
    let ties = 0;
    for (let i = 0; i < k; i++) {
      targets[r * k + i] = votes[r * k + i]! / total;
      if (votes[r * k + i]! > votes[r * k + main[r]!]!) main[r] = i;
    }
    for (let i = 0; i < k; i++) if (votes[r * k + i] === votes[r * k + main[r]!]) ties++;
    decided[r] = ties === 1 ? 1 : 0;
  });
  return {
    points,
    types: points.map((path) => (input.pointTypes && Object.hasOwn(input.pointTypes, path) ? input.pointTypes[path] : undefined)),
    keys: [...merged.keys()],
    values: rows.map((row) => row.values),
    groups: rows.map((row) => row.group),
    active,
    votes,
    targets,
    main,
    decided,
  };
}

function check(input: TrainingInput): void {
  if (input.points.length === 0)
    throw new TrainingError('Choose decision points first: training has nothing to look at without them.');
  if (input.rows.length === 0) throw new TrainingError('There is no feedback to learn from yet; label some alerts first.');
  for (const row of input.rows) {
    if (row.values.length !== input.points.length)
      throw new TrainingError(`Bucket "${row.key}" has ${row.values.length} values for ${input.points.length} decision points.`);
    if (row.votes.length !== input.classes.length)
      throw new TrainingError(`Bucket "${row.key}" has ${row.votes.length} vote counts for ${input.classes.length} labels.`);
    let total = 0;
    for (const count of row.votes) {
      if (!(count >= 0) || count === Number.POSITIVE_INFINITY)
        throw new TrainingError(`Bucket "${row.key}" has a vote count that is not a number of 0 or more.`);
      total += count;
    }
    if (!(total > 0) || total === Number.POSITIVE_INFINITY)
      throw new TrainingError(`Bucket "${row.key}" has no votes; leave it out.`);
  }
}

/**
 * The classes with votes, most votes first, ties by their votes row after row, then by name: an order that follows the classes however they
 * are listed or called.
 */
function classOrder(classes: readonly string[], votes: readonly (readonly number[])[]): number[] {
  const totals = classes.map((_, c) => votes.reduce((sum, row) => sum + row[c]!, 0));
  const active = classes.map((_, c) => c).filter((c) => totals[c]! > 0);
  return active.sort((a, b) => {
    if (totals[a] !== totals[b]) return totals[b]! - totals[a]!;
    for (const row of votes) if (row[a] !== row[b]) return row[b]! - row[a]!;
    return compareStrings(classes[a]!, classes[b]!);
  });
}
