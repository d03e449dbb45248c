import { computeMetrics, type PairedInterval, pairedInterval, splitByTimeAndGroup } from './evaluation.ts';
import { compareStrings, finish, hashString, mix } from './math.ts';
import { loadModel } from './model.ts';
import { train } from './train.ts';
import { type CanonicalInput, canonicalInput, TrainingError } from './training-data.ts';
import type { Progress, TrainingInput, TrainingRow } from './types.ts';

/** What a model learned from so many labelled buckets gets right on the hold-out. */
export interface CurvePoint {
  /** Labelled buckets that it learned from. */
  readonly buckets: number;
  /** Share decided right. */
  readonly accuracy: number;
  /** Mean F1 over the labels. */
  readonly macroF1: number;
  /** Mean negative log-likelihood, in nats. */
  readonly logLoss: number;
  /** Held-out buckets that people would have escalated and that it decides otherwise. */
  readonly missedEscalations: number;
  /** Longest most-confident-first part with at least 95 % right, as a share. */
  readonly shareAt95: number;
}

/** How quality grows with labels. */
export interface LearningCurve {
  /** Held-out buckets that people agree on; each point is judged on the same. */
  readonly heldOut: number;
  /** Pieces of evidence among them: buckets that share a group count as one. */
  readonly clusters: number;
  /** By buckets, upwards; each twice the one before, but for rounding. */
  readonly points: readonly CurvePoint[];
  /** What the last doubling did to the accuracy; null where the hold-out is of fewer than five pieces of evidence. */
  readonly lastDoubling: PairedInterval | null;
}

/** Whether deciding `said` where people say `truth` (both positions in the input's classes) is a missed escalation. */
export type Misses = (truth: number, said: number) => boolean;

/** Labelled buckets that a curve needs: a fifth is held out, and with fewer than ten of them nothing can be said. */
export const CURVE_NEEDS = 50;

const HOLD_OUT = 0.2;
const LEAST_HELD_OUT = 10;
const MOST_SIZES = 5;
const LEAST_LEARNED_FROM = 10;
/** Buckets of each label that are in every size, where there are so many: with one, there is nothing to check it against. */
const SEATS = 2;

/**
 * The learning curve: would more labels of this kind make the model better? The newest buckets (whole groups, about a fifth:
 * `splitByTimeAndGroup`) are held out; from the others a model is trained on a sixteenth, an eighth, a quarter, half and all of them, less where
 * there are few, and each is judged on the hold-out. Growing in doublings, the last step is what the last half of the labelling work brought.
 *
 * The smaller sets are drawn, not the oldest: the oldest labels are of the oldest alerts, and a curve over them would mix how few they are with
 * how stale they are. The draw is by a seeded hash of the buckets' keys, each larger set holds the smaller ones, each has about the shares of
 * the labels of the whole (a rare label that comes and goes would make steps of its own), and two buckets of every label where there are so many.
 *
 * Costs about as much as one to four trainings. The same rows in any order give the same curve.
 * @param misses what is a missed escalation.
 * @param progress called between steps; throwing from it ends the work.
 * @throws TrainingError with what is missing, when there is too little to learn from or to judge by.
 */
export function learningCurve(input: TrainingInput, misses: Misses, progress: Progress = () => {}): LearningCurve {
  progress(0, 'reading feedback');
  const data = canonicalInput(input);
  const rows = canonicalRows(input, data);
  const split = splitByTimeAndGroup(rows, HOLD_OUT);
  const heldOut = split.test.filter((r) => data.decided[r]);
  const sizes = sizesOf(data, split.train, heldOut);
  const order = drawn(data, split.train, input.seed);
  const clusters = heldOut.map((r) => rows[r]!.group ?? rows[r]!.key);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  let done = 0;
  const judged = sizes.map((size) => {
    const told = `learning from ${size} of ${order.length} buckets`;
    const some = order.slice(0, size).map((r) => rows[r]!);
    const part = { ...input, points: data.points, rows: some };
    const { model } = train(part, (share) => progress((done + share * size) / all, told));
    done += size;
    return { size, ...judge(model, data, rows, heldOut, input.classes.length, misses) };
  });
  progress(1, 'done');
  const [before, last] = judged.slice(-2);
  return {
    heldOut: heldOut.length,
    clusters: new Set(clusters).size,
    points: judged.map(({ size, point }) => ({ buckets: size, ...point })),
    lastDoubling: pairedInterval(before!.right, last!.right, clusters),
  };
}

/** The rows in canonical order, one for each key, their votes over all classes again and their newest time. */
function canonicalRows(input: TrainingInput, data: CanonicalInput): TrainingRow[] {
  const newest = new Map<string, number>();
  for (const { key, time } of input.rows) {
    // A time that is no number is none: it would order nothing.
    if (time !== undefined && !Number.isNaN(time)) newest.set(key, Math.max(time, newest.get(key) ?? time));
  }
  const k = data.active.length;
  return data.keys.map((key, r) => {
    const votes = new Array<number>(input.classes.length).fill(0);
    data.active.forEach((c, a) => {
      votes[c] = data.votes[r * k + a]!;
    });
    const group = data.groups[r];
    const time = newest.get(key);
    return {
      key,
      values: data.values[r]!,
      votes,
      ...(group === undefined ? {} : { group }),
      ...(time === undefined ? {} : { time }),
    };
  });
}

/** How many rows to learn from, upwards. @throws TrainingError. */
function sizesOf(data: CanonicalInput, learned: readonly number[], heldOut: readonly number[]): number[] {
  const decided = data.decided.reduce((sum, one) => sum + one, 0);
  if (decided < CURVE_NEEDS)
    throw new TrainingError(
      `A learning curve needs at least ${CURVE_NEEDS} labelled buckets; there are ${decided}. Label ${CURVE_NEEDS - decided} more.`,
    );
  if (heldOut.length < LEAST_HELD_OUT || learned.length < 2 * LEAST_LEARNED_FROM)
    throw new TrainingError(
      `A learning curve needs at least ${2 * LEAST_LEARNED_FROM} buckets to learn from and ${LEAST_HELD_OUT} later ones to judge by, in groups of their own; there are ${learned.length} and ${heldOut.length}. Label alerts of other groups.`,
    );
  const counts = data.active.map((_, a) => learned.filter((r) => data.decided[r] && data.main[r] === a).length);
  if (counts.filter((count) => count >= SEATS).length < 2)
    throw new TrainingError(
      `A learning curve needs ${SEATS} buckets each of two labels beside the newest fifth, which is held out. Label older alerts of other labels.`,
    );
  const least = Math.max(
    LEAST_LEARNED_FROM,
    counts.reduce((sum, count) => sum + Math.min(SEATS, count), 0),
  );
  const sizes = [learned.length];
  while (sizes.length < MOST_SIZES) {
    const half = Math.round(learned.length / 2 ** sizes.length);
    if (half < least) break;
    sizes.unshift(half);
  }
  if (sizes.length < 2)
    throw new TrainingError(
      `A learning curve over ${counts.length} labels needs at least ${2 * least} buckets beside the hold-out; there are ${learned.length}. Label ${2 * least - learned.length} more.`,
    );
  return sizes;
}

/** Rows in the order in which they are learned from: every prefix has about the label shares of all, and the seats of each label. */
function drawn(data: CanonicalInput, rows: readonly number[], seed: number): number[] {
  const strata = new Map<number, { r: number; draw: number }[]>();
  for (const r of rows) {
    // What people do not agree on is a kind of its own.
    const stratum = data.decided[r] ? data.main[r]! : -1;
    const list = strata.get(stratum) ?? [];
    if (list.length === 0) strata.set(stratum, list);
    list.push({ r, draw: finish(mix(hashString(data.keys[r]!, seed), seed)) });
  }
  const byDraw = (a: { r: number; draw: number }, b: { r: number; draw: number }) =>
    a.draw - b.draw || compareStrings(data.keys[a.r]!, data.keys[b.r]!);
  return [...strata]
    .flatMap(([stratum, list]) =>
      list.sort(byDraw).map(({ r, draw }, i) => ({ r, draw, place: stratum >= 0 && i < SEATS ? 0 : (i + 0.5) / list.length })),
    )
    .sort((a, b) => a.place - b.place || byDraw(a, b))
    .map(({ r }) => r);
}

/** The figures of a model on the hold-out, and which rows it decides right. */
function judge(
  bytes: Uint8Array,
  data: CanonicalInput,
  rows: readonly TrainingRow[],
  heldOut: readonly number[],
  classes: number,
  misses: Misses,
): { readonly point: Omit<CurvePoint, 'buckets'>; readonly right: readonly number[] } {
  const model = loadModel(bytes, { points: data.points });
  const truth = heldOut.map((r) => data.active[data.main[r]!]!);
  const verdicts = heldOut.map((r) => model.decide(rows[r]!.values, rows[r]!.key));
  const { accuracy, macroF1, logLoss, shareAt95 } = computeMetrics(
    verdicts.map(({ probabilities }) => probabilities),
    truth,
    classes,
  );
  const missedEscalations = verdicts.filter(({ choice }, i) => misses(truth[i]!, choice)).length;
  const right = verdicts.map(({ choice }, i) => (choice === truth[i] ? 1 : 0));
  return { point: { accuracy, macroF1, logLoss, missedEscalations, shareAt95 }, right };
}
