/**
 * What labels poisoned through one key do: 5 % of the buckets are labelled by somebody else, wrongly. How often the engine sets that source
 * aside, and how many decisions on other alerts move. Beside it, what taking the labels of another 5 % away moves: no treatment of poisoned
 * labels can do better than not having them.
 *
 *   npm run --silent bench:poison -- [--sets guide,ait_ads] [--labels 100,300] [--draws 2] [--size 1] [--folder DIR]
 *
 * A size below 1 is only to see that it works: one set, one draw, few labels.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { distrustedSources, loadModel, type Model, train } from '@verdict/engine';
import { allPaths, atPoints, type ReadAlert, readAlerts } from './learning/alerts.ts';
import { generator, split } from './learning/splits.ts';
import { POINTS } from './learning/table.ts';

const { values: options } = parseArgs({
  options: {
    sets: { type: 'string', default: 'guide,ait_ads,nsl_kdd,http_params' },
    labels: { type: 'string', default: '100,300' },
    draws: { type: 'string', default: '2' },
    size: { type: 'string', default: '1' },
    folder: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data') },
  },
});
const SHARE = 0.05;
const small = Number(options.size) < 1;
const sets = small ? ['nsl_kdd'] : options.sets.split(',');
const sizes = small ? [40] : options.labels.split(',').map(Number);
const draws = small ? 1 : Number(options.draws);
const MOST_TEST = small ? 200 : 1_500;
const ANA = 'ana';
const EVE = 'eve';

/** One labelled bucket. */
interface Labelled {
  readonly alert: ReadAlert;
  readonly truth: number;
  readonly choice: number;
  readonly source: string;
}

/** How a poisoner labels: any other label, or always the same harmless one. */
type Poison = 'other label' | 'harmless';

console.log('| set | labels | poison | set aside | moved | moved without these labels | moved without 5 % others |');
console.log('|---|---|---|---|---|---|---|');
for (const set of sets) {
  const file = join(options.folder, `${set}.jsonl.gz`);
  if (!existsSync(file)) {
    console.log(`| ${set}: skipped, ${file} is not there |`);
    continue;
  }
  const alerts = readAlerts(file);
  const points = POINTS[set] ?? allPaths(alerts);
  const read = atPoints(alerts, points);
  const classes = [...new Set(alerts.map(({ label }) => label))].sort();
  const grouped = set === 'guide';
  for (const labels of sizes) {
    const rows = Array.from({ length: draws }, (_, draw) => {
      const drawn = split(alerts, 'random', labels, draw, grouped, MOST_TEST);
      return { draw, buckets: bucketsOf(read, drawn.train, classes), test: drawn.test };
    });
    for (const poison of ['other label', 'harmless'] as const) {
      const results = rows.map(({ draw, buckets, test }) => measure(points, classes, grouped, read, buckets, test, poison, draw));
      const mean = (of: (result: Result) => number) =>
        `${((100 * results.reduce((sum, result) => sum + of(result), 0)) / results.length).toFixed(1)} %`;
      const cells = [set, labels, poison, mean((r) => (r.caught ? 1 : 0)), mean((r) => r.poisoned)];
      console.log(`| ${[...cells, mean((r) => r.without), mean((r) => r.others)].join(' | ')} |`);
    }
  }
}

interface Result {
  readonly caught: boolean;
  /** Shares of the decisions on alerts in no labelled bucket that differ from those of a model trained on true labels. */
  readonly poisoned: number;
  readonly without: number;
  readonly others: number;
}

function measure(
  points: readonly string[],
  classes: readonly string[],
  grouped: boolean,
  read: readonly ReadAlert[],
  buckets: readonly Labelled[],
  test: readonly number[],
  poison: Poison,
  draw: number,
): Result {
  const next = generator(draw * 77 + 5);
  const order = buckets
    .map((_, index) => ({ index, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ index }) => index);
  const wanted = Math.round(buckets.length * SHARE);
  const harmless = mostFrequent(buckets, classes.length);
  const poisoned = [...buckets];
  const wrong = order.filter((index) => poison === 'other label' || buckets[index]!.truth !== harmless).slice(0, wanted);
  for (const index of wrong) {
    const { truth } = buckets[index]!;
    const choice = poison === 'harmless' ? harmless : (truth + 1 + Math.floor(next() * (classes.length - 1))) % classes.length;
    poisoned[index] = { ...buckets[index]!, choice, source: EVE };
  }
  const others = new Set(order.filter((index) => !wrong.includes(index)).slice(0, wanted));
  const groupOf = ({ group }: ReadAlert) => (grouped && group !== undefined ? { group } : {});
  const found = distrustedSources(
    points,
    undefined,
    poisoned.map(({ alert, choice, source }) => ({
      key: alert.key,
      values: alert.values,
      ...groupOf(alert),
      votes: [{ choice, sources: [source] }],
    })),
  );
  const fit = (from: readonly Labelled[]) => {
    const rows = from.map(({ alert, choice }) => ({
      key: alert.key,
      values: alert.values,
      votes: classes.map((_, c) => (c === choice ? 1 : 0)),
      ...groupOf(alert),
    }));
    return loadModel(train({ points, classes, rows, seed: 1 }).model, { points });
  };
  const clean = fit(buckets);
  const known = new Set(buckets.map(({ alert }) => alert.key));
  const unlabelled = test.filter((index) => !known.has(read[index]!.key)).map((index) => read[index]!.values);
  const before = unlabelled.map((values) => clean.decide(values).choice);
  const moved = (model: Model) =>
    unlabelled.filter((values, index) => model.decide(values).choice !== before[index]).length / Math.max(1, unlabelled.length);
  return {
    caught: found.some(({ source }) => source === EVE),
    poisoned: moved(fit(poisoned)),
    without: moved(fit(poisoned.filter(({ source }) => source !== EVE))),
    others: moved(fit(buckets.filter((_, index) => !others.has(index)))),
  };
}

/** The first alert of each bucket, with its true label, by one analyst. */
function bucketsOf(read: readonly ReadAlert[], rows: readonly number[], classes: readonly string[]): Labelled[] {
  const buckets = new Map<string, Labelled>();
  for (const row of rows) {
    const alert = read[row]!;
    const truth = classes.indexOf(alert.label);
    if (!buckets.has(alert.key)) buckets.set(alert.key, { alert, truth, choice: truth, source: ANA });
  }
  return [...buckets.values()];
}

function mostFrequent(buckets: readonly Labelled[], classes: number): number {
  const counts = Array.from({ length: classes }, (_, c) => buckets.filter(({ truth }) => truth === c).length);
  return counts.indexOf(Math.max(...counts));
}
