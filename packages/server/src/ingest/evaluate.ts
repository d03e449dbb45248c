import {
  type Advice,
  compileDecisionPoints,
  computeMetrics,
  createFieldStatistics,
  loadModel,
  type ModelMetrics,
  type PointValues,
  parseAlert,
  splitByTimeAndGroup,
  type TrainingRow,
  train,
} from '@verdict/engine';
import { Refusal } from '../errors.ts';
import { DEFAULT_LABELS } from '../jobs/job.ts';
import { eceBand } from './ece-band.ts';
import { ownTime } from './event.ts';
import type { LabelledRow } from './labelled-row.ts';

export interface EvaluateOptions {
  /** Decision points; undefined = chosen by the advice on the alerts that are learned from. */
  readonly points?: readonly string[] | undefined;
  /** Share of the alerts held out, above 0 and below 1. */
  readonly holdOut: number;
  /** Unsigned 32-bit. */
  readonly seed: number;
  readonly progress?: ((share: number, step: string) => void) | undefined;
}

/** What an evaluation found. Figures are on the held-out alerts alone. */
export interface Evaluation {
  /** Alerts with a label; those without are left out. */
  readonly alerts: number;
  readonly labels: readonly string[];
  readonly points: readonly string[];
  readonly pointsChosen: boolean;
  /** Alerts learned from, and the buckets they make. */
  readonly learned: number;
  readonly buckets: number;
  readonly heldOut: number;
  /** Held-out alerts without a value of any decision point: they get `no_decision` and are not in the figures. */
  readonly noDecision: number;
  /** Held-out alerts whose bucket was learned from. */
  readonly knownBuckets: number;
  readonly outliers: number;
  /** Microseconds: the newest alert learned from and the oldest held out; null where there is no time. */
  readonly learnedUntil: number | null;
  readonly heldOutFrom: number | null;
  /** Accuracy of always giving the label most frequent among the alerts learned from. */
  readonly mostFrequentAccuracy: number;
  readonly metrics: ModelMetrics;
  /** Where the expected calibration error of a perfectly calibrated model would be on the same alerts, 95 % of the times. */
  readonly eceBand: readonly [number, number];
  /** Whether rows of a group were drawn together for it: with fewer groups than 20 that would say nothing. */
  readonly bandByGroup: boolean;
  /** Groups among the held-out alerts. */
  readonly groups: number;
  readonly trainSeconds: number;
  /** Mean over the held-out alerts, in microseconds. */
  readonly decideMicros: number;
  readonly modelBytes: number;
}

/** The fewest a field may explain of the label by itself to be chosen, and the most that are chosen. */
const LEAST_SCORE = 0.01;
export const MOST_POINTS = 20;
/** Fewer groups than this, each one draw, would make the calibration band as wide as can be. */
const LEAST_GROUPS = 20;
/** A value that was seen before must be in this share of the later alerts, or the field is an id of what passes by. */
const LEAST_RECURRING = 0.1;
/** Alerts looked at for advice; evenly spread over those learned from. */
const ADVICE_SAMPLE = 5_000;

/**
 * Learns from the earlier alerts as the service would (buckets with the votes of their alerts, the shipped engine) and decides the later ones.
 * Rows of one group stand on one side.
 * @throws Refusal with a sentence for people when there is nothing to learn from or to judge by; TrainingError from the engine.
 */
export function evaluateRows(rows: readonly LabelledRow[], options: EvaluateOptions): Evaluation {
  const progress = options.progress ?? (() => {});
  const labelled = rows.filter((row) => row.label !== null).map(prepare);
  if (labelled.length < 10)
    throw new Refusal('invalid', `Only ${labelled.length} alerts have a label; an evaluation needs at least 10.`);
  const labels = labelsOf(labelled.map((row) => row.label));
  if (labels.length < 2)
    throw new Refusal('invalid', `All alerts have the label "${labels[0]}"; an evaluation needs at least two labels.`);
  const classes = labels.map((_, index) => `class_${index}`);
  const classOf = new Map(labels.map((label, index) => [keyOf(label), index]));

  progress(0, 'splitting');
  const split = splitByTimeAndGroup(labelled, options.holdOut);
  const past = split.train.map((index) => labelled[index]!);
  const later = split.test.map((index) => labelled[index]!);
  if (past.length === 0 || later.length === 0) {
    throw new Refusal(
      'invalid',
      'All alerts are in one group, which is never split. Choose another --group-field, or one the file does not have.',
    );
  }
  progress(0.02, 'choosing decision points');
  const points = options.points ?? chooseFrom(past);
  if (points.length === 0)
    throw new Refusal('invalid', 'No field tells anything about the label. Name decision points with --points.');
  const compiled = compileDecisionPoints(points);
  const placed = (row: Prepared): Placed => {
    const values = compiled.values(parseAlert(row.body.toString('utf8')));
    return { row, values, key: compiled.key(values), empty: compiled.empty(values), truth: classOf.get(keyOf(row.label))! };
  };

  progress(0.05, 'making buckets');
  const trainingRows = bucketsOf(past.map(placed), classes.length);
  const trainStarted = performance.now();
  const { model: bytes } = train({ points, classes, rows: trainingRows, seed: options.seed }, (share, step) =>
    progress(0.1 + 0.8 * share, step),
  );
  const trainSeconds = (performance.now() - trainStarted) / 1000;

  progress(0.9, 'deciding later alerts');
  const model = loadModel(bytes);
  // The model may take its points in another order.
  const order = model.points.map((point) => points.indexOf(point));
  const known = new Set(trainingRows.map((row) => row.key));
  const decided = later.map(placed).filter((one) => !one.empty);
  let outliers = 0;
  const decideStarted = performance.now();
  const probabilities = decided.map(({ values, key }) => {
    const verdict = model.decide(
      order.map((index) => values[index]!),
      key,
    );
    if (verdict.outlier) outliers++;
    return verdict.probabilities;
  });
  const decideMicros = decided.length === 0 ? 0 : ((performance.now() - decideStarted) * 1000) / decided.length;
  const truth = decided.map((one) => one.truth);
  const groups = new Set(later.flatMap(({ group }) => (group === undefined ? [] : [group])));
  const bandByGroup = groups.size >= LEAST_GROUPS;
  const frequent = mostFrequent(past.map((row) => classOf.get(keyOf(row.label))!));
  progress(0.97, 'measuring');
  return {
    alerts: labelled.length,
    labels,
    points,
    pointsChosen: options.points === undefined,
    learned: past.length,
    buckets: trainingRows.length,
    heldOut: later.length,
    noDecision: later.length - decided.length,
    knownBuckets: decided.filter((one) => known.has(one.key)).length,
    outliers,
    learnedUntil: newest(past, Math.max),
    heldOutFrom: newest(later, Math.min),
    mostFrequentAccuracy: truth.filter((c) => c === frequent).length / Math.max(1, truth.length),
    metrics: computeMetrics(probabilities, truth, classes.length),
    eceBand: eceBand(
      probabilities.map((row) => Math.max(...row)),
      decided.map((one) => (bandByGroup ? one.row.group : undefined)),
      options.seed,
    ),
    bandByGroup,
    groups: groups.size,
    trainSeconds,
    decideMicros,
    modelBytes: bytes.length,
  };
}

/** Fields that are worth choosing: those that tell something about the label, the best first; where there is no feedback, those with the best shape. */
export function choosePoints(
  advice: readonly (Pick<Advice, 'path' | 'score'> & { readonly kind: string })[],
  most: number,
): string[] {
  return advice
    .filter(({ kind, score }) => kind === 'good' && score >= LEAST_SCORE)
    .slice(0, most)
    .map(({ path }) => path);
}

interface Prepared {
  readonly body: Buffer;
  readonly label: string;
  readonly time?: number;
  readonly group?: string;
  /** Each alert is a row of its own: repeats of a bucket come later in real life too. */
  readonly key: string;
}

interface Placed {
  readonly row: Prepared;
  readonly values: PointValues;
  readonly key: string;
  readonly empty: boolean;
  readonly truth: number;
}

function prepare(row: LabelledRow, index: number): Prepared {
  const time = row.eventAt ?? ownTime(JSON.parse(row.body.toString('utf8')) as Record<string, unknown>);
  return {
    body: row.body,
    label: row.label!,
    key: String(index).padStart(12, '0'),
    ...(time === null ? {} : { time }),
    ...(row.group === null ? {} : { group: row.group }),
  };
}

/** Rows as the service gives them to the engine: a bucket with one vote for each of its alerts, in the group of its first one. */
function bucketsOf(placed: readonly Placed[], classCount: number): TrainingRow[] {
  const buckets = new Map<string, { key: string; values: PointValues; votes: number[]; group?: string; time?: number }>();
  for (const { row, values, key, empty, truth } of placed) {
    if (empty) continue;
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = {
        key,
        values,
        votes: new Array<number>(classCount).fill(0),
        ...(row.group === undefined ? {} : { group: row.group }),
      };
      buckets.set(key, bucket);
    }
    bucket.votes[truth]!++;
    if (row.time !== undefined) bucket.time = Math.max(bucket.time ?? row.time, row.time);
  }
  return [...buckets.values()];
}

/**
 * The fields advised, without those whose values hardly come back in later alerts (ids of incidents that explain the label only because an
 * incident has one). Words and measures are useful without coming back as a whole.
 */
function chooseFrom(past: readonly Prepared[]): string[] {
  const advised = adviceOn(past);
  const types = new Map(advised.map(({ path, type }) => [path, type]));
  const points = choosePoints(advised, 2 * MOST_POINTS);
  const compiled = compileDecisionPoints(points);
  const split = splitByTimeAndGroup(past, 0.3);
  const valuesOf = (index: number) => compiled.values(parseAlert(past[index]!.body.toString('utf8')));
  const before = points.map(() => new Set<string>());
  for (const index of split.train) {
    valuesOf(index).forEach((value, p) => {
      if (value !== null) before[p]!.add(JSON.stringify(value));
    });
  }
  const present = points.map(() => 0);
  const back = points.map(() => 0);
  for (const index of split.test) {
    valuesOf(index).forEach((value, p) => {
      if (value === null) return;
      present[p]!++;
      if (before[p]!.has(JSON.stringify(value))) back[p]!++;
    });
  }
  return points
    .filter(
      (path, p) =>
        !['category', 'ip'].includes(types.get(path)!) || present[p] === 0 || back[p]! >= LEAST_RECURRING * present[p]!,
    )
    .slice(0, MOST_POINTS);
}

function adviceOn(rows: readonly Prepared[]): Advice[] {
  const statistics = createFieldStatistics();
  const step = Math.max(1, rows.length / ADVICE_SAMPLE);
  for (let at = 0; at < rows.length; at += step) {
    const row = rows[Math.floor(at)]!;
    statistics.add(parseAlert(row.body.toString('utf8')), row.label);
  }
  return statistics.advice();
}

/** The labels of a file in the order a job would have them: the usual ones first, others by name; spelled as they come first. */
export function labelsOf(found: Iterable<string>): string[] {
  const names = new Map<string, string>();
  for (const name of found) if (!names.has(keyOf(name))) names.set(keyOf(name), name);
  const usual = DEFAULT_LABELS.map(({ name }) => keyOf(name));
  const place = (key: string) => (usual.includes(key) ? usual.indexOf(key) : usual.length);
  return [...names].sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1)).map(([, name]) => name);
}

function keyOf(label: string): string {
  return label.normalize('NFC').trim().toLowerCase();
}

function mostFrequent(classes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const c of classes) counts.set(c, (counts.get(c) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0];
}

function newest(rows: readonly Prepared[], pick: (a: number, b: number) => number): number | null {
  let found: number | null = null;
  for (const { time } of rows) if (time !== undefined) found = found === null ? time : pick(found, time);
  return found;
}
