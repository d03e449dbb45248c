/**
 * Does the labelling queue get to a good model with fewer clicks than random order? The sets are read from `../shared/data` and left out, saying
 * so, where they are absent.
 *
 *   npm run --silent bench:queue -- [--sets guide,ait_ads] [--seeds 5] [--pool 4000] [--size 1]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { compileDecisionPoints } from '../packages/engine/src/decision-points.ts';
import { computeMetrics } from '../packages/engine/src/evaluation.ts';
import { random, shuffle } from '../packages/engine/src/math.ts';
import { loadModel, type Model } from '../packages/engine/src/model.ts';
import { recommend } from '../packages/engine/src/queue.ts';
import { train } from '../packages/engine/src/train.ts';
import type { PointValues } from '../packages/engine/src/types.ts';

/** One alert that somebody could be asked to label. */
export interface QueueRow {
  /** Number by which the caller knows it. */
  readonly row: number;
  readonly key: string;
  readonly values: PointValues;
  readonly label: string;
  readonly group?: string;
}

/** What {@link simulateQueue} works on. */
export interface QueueSimulation {
  readonly points: readonly string[];
  readonly classes: readonly string[];
  readonly rows: readonly QueueRow[];
  /** Labels to ask for all told; fewer where there are fewer buckets. */
  readonly labels: number;
  readonly seed: number;
  /** Where batches have to end exactly. */
  readonly stops?: readonly number[];
}

/** One batch: the rows asked for, in order, and the model that the labels of all rows asked so far give (none while only one label is known). */
export interface QueueBatch {
  readonly asked: readonly number[];
  readonly reasons: readonly string[];
  readonly total: number;
  readonly model: Model | undefined;
}

/**
 * Asks for labels batch by batch, as the labelling queue would: 10 at first, then a third of those labelled so far; after each
 * batch the labels are learnt and the next one is chosen with the new model. Only labels of rows asked for are looked at.
 */
export function* simulateQueue(simulation: QueueSimulation): Generator<QueueBatch> {
  const { points, classes, seed, stops = [] } = simulation;
  const source = random(seed);
  const buckets = new Map<string, QueueRow[]>();
  for (const row of simulation.rows) buckets.set(row.key, [...(buckets.get(row.key) ?? []), row]);
  const asked: QueueRow[] = [];
  let model: Model | undefined;
  while (asked.length < simulation.labels && asked.length < buckets.size) {
    const stop = Math.min(simulation.labels, ...stops.filter((n) => n > asked.length));
    const batch = Math.min(stop - asked.length, Math.max(10, Math.floor(asked.length / 3)));
    const labelled = asked.map((row) => ({ key: row.key, values: row.values, votes: votesOf(classes, row.label) }));
    const done = new Set(asked.map(({ key }) => key));
    const candidates = [...buckets]
      .filter(([key]) => !done.has(key))
      .map(([key, rows]) => ({ key, values: rows[0]!.values, events: rows.length }));
    const found = recommend({ points, candidates, labelled, ...(model ? { model } : {}), batch, seed: seed + asked.length });
    const now = found.map(({ key }) => {
      const rows = buckets.get(key)!;
      return rows[source.below(rows.length)]!;
    });
    asked.push(...now);
    model = learn(points, classes, asked, seed);
    yield { asked: now.map(({ row }) => row), reasons: found.map(({ reason }) => reason), total: asked.length, model };
  }
}

function learn(
  points: readonly string[],
  classes: readonly string[],
  rows: readonly QueueRow[],
  seed: number,
): Model | undefined {
  if (new Set(rows.map(({ label }) => label)).size < 2) return undefined;
  const result = train({
    points,
    classes,
    seed,
    rows: rows.map(({ key, values, label, group }) => ({
      key,
      values,
      votes: votesOf(classes, label),
      ...(group === undefined ? {} : { group }),
    })),
  });
  return loadModel(result.model, { points });
}

function votesOf(classes: readonly string[], label: string): number[] {
  return classes.map((name) => (name === label ? 1 : 0));
}

const POINTS: Readonly<Record<string, string>> = {
  guide:
    'org.id alert.detector_id alert.title_id alert.category alert.mitre_techniques evidence.entity_type evidence.role evidence.roles evidence.suspicion_level evidence.last_verdict device.os_family device.os_version geo.country email.antispam_direction file.threat_family app.name file.name file.folder account.name device.name network.ip network.url',
  ait_ads: 'detector rule.id agent.name rule.name stats.host_alerts_last_60s stats.rule_alerts_last_10m stats.seconds_since_same',
  nsl_kdd:
    'network.transport network.service network.flag network.duration source.bytes destination.bytes destination.host.count destination.host.srv_count destination.host.same_srv_rate destination.host.diff_srv_rate destination.host.same_src_port_rate destination.host.srv_diff_host_rate destination.host.serror_rate destination.host.srv_serror_rate destination.host.rerror_rate destination.host.srv_rerror_rate window2s.count window2s.srv_count window2s.serror_rate window2s.srv_serror_rate window2s.rerror_rate window2s.srv_rerror_rate window2s.same_srv_rate window2s.diff_srv_rate window2s.srv_diff_host_rate',
  http_params: 'http.request.parameter.value http.request.parameter.length',
};
const STOPS = [50, 100, 300];

interface Scores {
  readonly macroF1: number;
  readonly accuracy: number;
  readonly logLoss: number;
}

function main(): void {
  const { values: options } = parseArgs({
    options: {
      sets: { type: 'string', default: Object.keys(POINTS).join(',') },
      seeds: { type: 'string', default: '5' },
      pool: { type: 'string', default: '4000' },
      size: { type: 'string', default: '1' },
    },
  });
  const size = Number(options.size);
  const seeds = Math.max(1, Math.round(Number(options.seeds) * size));
  const pool = Math.max(300, Math.round(Number(options.pool) * size));
  const stops = STOPS.filter((n) => n === 50 || size >= 1);
  console.log(
    `Mean over ${seeds} draws (and the spread of random order, one standard deviation); at most ${pool} alerts to choose from.\n`,
  );
  console.log('| set | labels | macro-F1: queue | random | accuracy: queue | random | log-loss: queue | random |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const set of options.sets.split(',')) {
    const rows = readSet(set);
    if (rows === null) {
      console.log(`| ${set} | not found, left out |`);
      continue;
    }
    compare(set, rows, seeds, pool, stops);
  }
}

function compare(set: string, all: readonly QueueRow[], seeds: number, pool: number, stops: readonly number[]): void {
  const points = POINTS[set]!.split(' ');
  const classes = [...new Set(all.map(({ label }) => label))].sort();
  const scores = stops.map(() => ({ queue: [] as Scores[], random: [] as Scores[] }));
  for (let seed = 1; seed <= seeds; seed++) {
    const { learnable, test } = split(all, seed, pool);
    for (const { total, model } of simulateQueue({ points, classes, rows: learnable, labels: stops.at(-1)!, seed, stops })) {
      const at = stops.indexOf(total);
      if (at >= 0) scores[at]!.queue.push(score(model, classes, test));
    }
    const order = Int32Array.from(learnable.keys());
    shuffle(order, random(seed + 1000));
    stops.forEach((n, at) => {
      const rows = [...order.subarray(0, n)].map((i) => learnable[i]!);
      scores[at]!.random.push(score(learn(points, classes, rows, seed), classes, test));
    });
  }
  stops.forEach((n, at) => {
    const cells = (['macroF1', 'accuracy', 'logLoss'] as const).map((name) => {
      const [queue, chance] = [scores[at]!.queue, scores[at]!.random].map((list) => list.map((one) => one[name]));
      return `${mean(queue!).toFixed(3)} | ${mean(chance!).toFixed(3)} ± ${spread(chance!).toFixed(3)}`;
    });
    console.log(`| ${set} | ${n} | ${cells.join(' | ')} |`);
  });
}

/** 30 % of the alerts (whole groups where there are any) to test on, at most 1,500; of the rest at most `pool` to choose from. */
function split(all: readonly QueueRow[], seed: number, pool: number): { learnable: QueueRow[]; test: QueueRow[] } {
  const source = random(seed + 77);
  const groups = membersOf(all.map((row) => (row.group ?? row.row).toString()));
  shuffle(groups.order, source);
  const test: QueueRow[] = [];
  const rest: QueueRow[] = [];
  for (const g of groups.order) for (const i of groups.members[g]!) (test.length < all.length * 0.3 ? test : rest).push(all[i]!);
  const shortened = (rows: QueueRow[], most: number) => {
    const order = Int32Array.from(rows.keys());
    shuffle(order, source);
    return [...order.subarray(0, most)].map((i) => rows[i]!);
  };
  return { learnable: shortened(rest, pool), test: shortened(test, 1500) };
}

function membersOf(names: readonly string[]): { order: Int32Array; members: number[][] } {
  const found = new Map<string, number[]>();
  names.forEach((name, i) => {
    const list = found.get(name);
    if (list) list.push(i);
    else found.set(name, [i]);
  });
  return { order: Int32Array.from([...found.keys()].keys()), members: [...found.values()] };
}

function score(model: Model | undefined, classes: readonly string[], test: readonly QueueRow[]): Scores {
  const probabilities = test.map((row) =>
    model ? model.decide(row.values, row.key).probabilities : classes.map(() => 1 / classes.length),
  );
  return computeMetrics(
    probabilities,
    test.map((row) => classes.indexOf(row.label)),
    classes.length,
  );
}

function readSet(name: string): QueueRow[] | null {
  const file = join(fileURLToPath(import.meta.url), '..', '..', '..', 'shared', 'data', `${name}.jsonl.gz`);
  if (!existsSync(file) || POINTS[name] === undefined) return null;
  const points = compileDecisionPoints(POINTS[name].split(' '));
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((line, row) => {
    const { event, label, group }: { event: unknown; label: string; group?: string } = JSON.parse(line);
    const values = points.values(event);
    // Companies of ait_ads are no groups to keep together here: four of five would leave one to test on.
    return { row, key: points.key(values), values, label, ...(group !== undefined && name === 'guide' ? { group } : {}) };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spread(values: readonly number[]): number {
  const middle = mean(values);
  return values.length < 2 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
