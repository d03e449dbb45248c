import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { computeMetrics, loadModel, type ModelMetrics, train, type Verdict } from '@verdict/engine';
import { allPaths, atPoints, type LabelledAlert, type ReadAlert, readAlerts, trainingRows } from './alerts.ts';
import { bestPeer, type PeerTables, readPeers } from './peers.ts';
import { generator, type Split, type SplitKind, split } from './splits.ts';

/** What to measure. */
export interface TableOptions {
  readonly folder: string;
  readonly sets: readonly string[];
  /** 1 for the published sizes and draws; 0.01 for one small run of each. */
  readonly size: number;
  readonly seed: number;
  /** Draws at most for each size; the published number when left out. */
  readonly draws?: number;
  readonly outliers: boolean;
  /** Where to write the splits, for other tools to be run on them. */
  readonly splits?: string;
}

/** Decision points of the sets; a set that is not here is looked at with all its paths. */
export const POINTS: Readonly<Record<string, readonly string[]>> = {
  guide: [
    ...[
      'org.id',
      'alert.detector_id',
      'alert.title_id',
      'alert.category',
      'alert.mitre_techniques',
      'evidence.entity_type',
      'evidence.role',
    ],
    ...[
      'evidence.roles',
      'evidence.suspicion_level',
      'evidence.last_verdict',
      'device.os_family',
      'device.os_version',
      'geo.country',
    ],
    ...[
      'email.antispam_direction',
      'file.threat_family',
      'app.name',
      'file.name',
      'file.folder',
      'account.name',
      'device.name',
      'network.ip',
    ],
    'network.url',
  ],
  ait_ads: [
    ...['detector', 'rule.id', 'agent.name', 'rule.name', 'stats.host_alerts_last_60s', 'stats.rule_alerts_last_10m'],
    'stats.seconds_since_same',
  ],
  http_params: ['http.request.parameter.value', 'http.request.parameter.length'],
};

/** Sizes and draws of the published tables. `grouped`: a group never stands on both sides. */
const RUNS: readonly {
  set: string;
  kind: SplitKind;
  title: string;
  sizes: readonly (readonly [number, number])[];
  grouped: boolean;
  groups: boolean;
}[] = [
  {
    set: 'guide',
    kind: 'random',
    title: 'guide, random split',
    sizes: [
      [100, 4],
      [300, 3],
      [1000, 2],
      [2500, 1],
    ],
    grouped: true,
    groups: true,
  },
  { set: 'guide', kind: 'later', title: 'guide, later in time', sizes: [[2685, 1]], grouped: true, groups: true },
  {
    set: 'ait_ads',
    kind: 'random',
    title: 'ait_ads, random split',
    sizes: [
      [100, 4],
      [300, 3],
      [1000, 2],
      [5000, 1],
    ],
    grouped: false,
    groups: false,
  },
  { set: 'ait_ads', kind: 'later', title: 'ait_ads, later in time', sizes: [[5000, 1]], grouped: false, groups: true },
  { set: 'ait_ads', kind: 'unseen', title: 'ait_ads, unseen environments', sizes: [[5000, 2]], grouped: true, groups: true },
  {
    set: 'nsl_kdd',
    kind: 'random',
    title: 'nsl_kdd, random split',
    sizes: [
      [100, 4],
      [300, 3],
      [1000, 2],
      [5000, 1],
    ],
    grouped: false,
    groups: false,
  },
  {
    set: 'http_params',
    kind: 'random',
    title: 'http_params, random split',
    sizes: [
      [100, 4],
      [300, 3],
      [1000, 2],
      [5000, 1],
    ],
    grouped: false,
    groups: false,
  },
];

/** Prints a table for each set and number of labels, ours beside the best other tool; says which sets are absent. */
export function runTable(options: TableOptions): void {
  const readme = join(options.folder, 'README.md');
  const peers: PeerTables = existsSync(readme) ? readPeers(readFileSync(readme, 'utf8')) : new Map();
  for (const set of options.sets) {
    const file = join(options.folder, `${set}.jsonl.gz`);
    if (!existsSync(file)) {
      process.stdout.write(`${set}: skipped, ${file} is not there\n`);
      continue;
    }
    const alerts = readAlerts(file);
    const points = POINTS[set] ?? allPaths(alerts);
    const read = atPoints(alerts, points);
    for (const run of RUNS.filter((one) => one.set === set)) {
      process.stdout.write(`\n${run.title}\n${HEADER}\n`);
      const sizes = options.size < 1 ? run.sizes.slice(0, 1) : run.sizes;
      for (const [labels, published] of sizes) {
        const wanted = options.size < 1 ? Math.max(60, Math.round(labels * options.size)) : labels;
        const draws = options.size < 1 ? 1 : Math.min(published, options.draws ?? published);
        const results = Array.from({ length: draws }, (_, draw) => {
          const rows = split(alerts, run.kind, wanted, draw, run.grouped, options.size < 1 ? 100 : undefined);
          if (options.splits) writeSplit(options.splits, `${set}-${run.kind}-${labels}-${draw}`, set, points, rows);
          return measure(read, points, rows, run.groups, options.seed);
        });
        process.stdout.write(`${line(run.title, wanted, results, peers)}\n`);
      }
    }
    if (options.outliers) outliers(set, alerts, read, points, options);
  }
}

/** Figures of one split. */
interface Result {
  readonly metrics: ModelMetrics;
  readonly band: readonly [number, number];
  readonly seconds: number;
  readonly micros: number;
  readonly flagged: number;
}

const COLUMNS = [
  'labels',
  'macro-F1',
  'best peer',
  'accuracy',
  'log-loss',
  'best peer',
  'ECE',
  'its 95 % band',
  'best peer',
  'at 95 %',
  'best peer',
  'flagged',
  'train s',
  'p95 µs',
];
const HEADER = `| ${COLUMNS.join(' | ')} |\n|${COLUMNS.map(() => '---').join('|')}|`;

function measure(alerts: readonly ReadAlert[], points: readonly string[], rows: Split, groups: boolean, seed: number): Result {
  const classes = [...new Set(alerts.map((alert) => alert.label))].sort();
  const before = process.cpuUsage();
  const { model: bytes } = train({ points, classes, rows: trainingRows(alerts, rows.train, classes, groups), seed });
  const used = process.cpuUsage(before);
  const model = loadModel(bytes, { points });
  const micros: number[] = [];
  const verdicts: Verdict[] = rows.test.map((i) => {
    const start = performance.now();
    const verdict = model.decide(alerts[i]!.values, alerts[i]!.key);
    micros.push((performance.now() - start) * 1000);
    return verdict;
  });
  const probabilities = verdicts.map((verdict) => floored(verdict.probabilities));
  const truth = rows.test.map((i) => classes.indexOf(alerts[i]!.label));
  micros.sort((a, b) => a - b);
  return {
    metrics: computeMetrics(probabilities, truth, classes.length),
    band: eceBand(
      probabilities,
      rows.test.map((i) => (groups ? (alerts[i]!.group ?? String(i)) : String(i))),
      classes.length,
    ),
    seconds: (used.user + used.system) / 1e6,
    micros: micros[Math.floor(micros.length * 0.95)] ?? 0,
    flagged: verdicts.filter((verdict) => verdict.outlier).length / Math.max(1, verdicts.length),
  };
}

/** Each at least 0.001, summing to 1, as in the published tables. */
function floored(probabilities: readonly number[]): number[] {
  const raised = probabilities.map((p) => Math.max(p, 0.001));
  const sum = raised.reduce((total, p) => total + p, 0);
  return raised.map((p) => p / sum);
}

/**
 * Where 95 % of the ECEs lie that a perfectly calibrated model shows on these rows: labels drawn from its own probabilities, the rows of a
 * group by one draw, 200 times.
 */
function eceBand(probabilities: readonly (readonly number[])[], groups: readonly string[], classes: number): [number, number] {
  const next = generator(99);
  const eces: number[] = [];
  for (let round = 0; round < 200; round++) {
    const draws = new Map<string, number>();
    const truth = probabilities.map((row, i) => {
      const u = draws.get(groups[i]!) ?? next();
      draws.set(groups[i]!, u);
      let sum = 0;
      for (let c = 0; c < classes - 1; c++) {
        sum += row[c]!;
        if (u < sum) return c;
      }
      return classes - 1;
    });
    eces.push(computeMetrics(probabilities, truth, classes).ece);
  }
  eces.sort((a, b) => a - b);
  return [eces[5]!, eces[194]!];
}

function line(title: string, labels: number, results: readonly Result[], peers: PeerTables): string {
  const mean = (of: (result: Result) => number) => results.reduce((sum, result) => sum + of(result), 0) / results.length;
  const peer = (figure: string, highest: boolean) => {
    const best = bestPeer(peers, `${title}: ${figure}`, labels, highest);
    return best ? `${best.value.toFixed(3)} ${best.name}` : '–';
  };
  const cells = [
    String(labels),
    mean((r) => r.metrics.macroF1).toFixed(3),
    peer('macro-F1', true),
    mean((r) => r.metrics.accuracy).toFixed(3),
    mean((r) => r.metrics.logLoss).toFixed(3),
    peer('log-loss', false),
    mean((r) => r.metrics.ece).toFixed(3),
    `${mean((r) => r.band[0]).toFixed(3)}–${mean((r) => r.band[1]).toFixed(3)}`,
    peer('ECE', false),
    mean((r) => r.metrics.shareAt95).toFixed(3),
    peer('share decided at ≥ 95 % precision', true),
    mean((r) => r.flagged).toFixed(3),
    mean((r) => r.seconds).toFixed(1),
    mean((r) => r.micros).toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** AUROC of the outlier score with each class held out of training in turn: its rows against test rows of the others. */
function outliers(
  set: string,
  alerts: readonly LabelledAlert[],
  read: readonly ReadAlert[],
  points: readonly string[],
  options: TableOptions,
): void {
  const labels = [...new Set(alerts.map((alert) => alert.label))].sort();
  const areas: string[] = [];
  let total = 0;
  let count = 0;
  for (const held of labels) {
    const rows = split(alerts, 'random', options.size < 1 ? 60 : 2000, 0, set === 'guide', options.size < 1 ? 100 : 3000);
    const trained = rows.train.filter((i) => alerts[i]!.label !== held);
    const classes = labels.filter((label) => label !== held);
    const strange = rows.test.filter((i) => alerts[i]!.label === held);
    if (strange.length === 0 || new Set(trained.map((i) => alerts[i]!.label)).size < 2) continue;
    const { model: bytes } = train({
      points,
      classes,
      rows: trainingRows(read, trained, classes, set === 'guide'),
      seed: options.seed,
    });
    const model = loadModel(bytes, { points });
    const scores = rows.test.map((i) => ({
      score: model.decide(read[i]!.values, read[i]!.key).outlierScore,
      strange: alerts[i]!.label === held,
    }));
    const area = auroc(scores);
    areas.push(`${held} ${area.toFixed(3)}`);
    total += area;
    count++;
  }
  process.stdout.write(
    `\n${set}, outlier AUROC with one class held out: mean ${(total / Math.max(1, count)).toFixed(3)} (${areas.join(', ')})\n`,
  );
}

/** Chance that a strange row scores higher than an ordinary one, ties counting half (Mann and Whitney 1947). */
function auroc(scores: readonly { score: number; strange: boolean }[]): number {
  const sorted = [...scores].sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j < sorted.length && sorted[j]!.score === sorted[i]!.score) j++;
    for (let at = i; at < j; at++) if (sorted[at]!.strange) rankSum += (i + j + 1) / 2;
    i = j;
  }
  const strange = scores.filter((one) => one.strange).length;
  return (rankSum - (strange * (strange + 1)) / 2) / (strange * (scores.length - strange));
}

function writeSplit(folder: string, name: string, set: string, points: readonly string[], rows: Split): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ set, points, ...rows }));
}
