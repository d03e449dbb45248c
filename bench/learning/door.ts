import { readFileSync, writeFileSync } from 'node:fs';
import { loadModel, train } from '@verdict/engine';
import { simulateQueue } from '../queue.ts';
import { atPoints, readAlerts, trainingRows } from './alerts.ts';
import { type GuardWish, openGuards, setAside } from './guard-door.ts';

/** What to train on, what to decide, and where to write the decisions. */
export interface DoorOptions {
  readonly data: string;
  readonly points: readonly string[];
  readonly split: string;
  readonly out: string;
  readonly seed: number;
  /** With any, a third of the training rows is not trained on but taken as audits. */
  readonly guards?: readonly GuardWish[];
}

/**
 * Trains the engine on the training rows of a split as the service would, decides the test rows in order, and writes one JSON line for each.
 * Seconds of training and peak memory go to standard error.
 * @throws Error with a sentence when a file does not have the shape it should.
 */
export function runDoor(options: DoorOptions): void {
  const alerts = atPoints(readAlerts(options.data), options.points);
  const split = readSplit(options.split, alerts.length);
  const classes = [...new Set(split.train.map((i) => alerts[i]!.label))].sort();
  const { guards = [] } = options;
  const { learn, audits } = guards.length > 0 ? setAside(alerts, split.train, options.seed) : { learn: split.train, audits: [] };
  const rows = trainingRows(alerts, learn, classes, true);
  const before = performance.now();
  const { model: bytes } = train({ points: options.points, classes, rows, seed: options.seed });
  const seconds = (performance.now() - before) / 1000;
  const model = loadModel(bytes, { points: options.points });
  const automate = openGuards(model, alerts, rows, audits, guards);
  const lines = split.test.map((row) => {
    const { values, key } = alerts[row]!;
    const start = performance.now();
    const verdict = model.decide(values, key);
    const micros = (performance.now() - start) * 1000;
    return JSON.stringify({
      row,
      label: classes[verdict.choice],
      probabilities: Object.fromEntries(classes.map((name, c) => [name, verdict.probabilities[c]])),
      confidence: verdict.confidence,
      outlier: verdict.outlier,
      outlier_score: verdict.outlierScore,
      automation: automate(values, key),
      micros: Math.round(micros * 10) / 10,
    });
  });
  writeFileSync(options.out, lines.length === 0 ? '' : `${lines.join('\n')}\n`);
  const peak = process.resourceUsage().maxRSS / 1024;
  process.stderr.write(
    `trained ${rows.length} buckets in ${seconds.toFixed(2)} s; model ${(bytes.length / 1e6).toFixed(2)} MB; peak memory ${peak.toFixed(0)} MB\n`,
  );
}

/**
 * Prints the numbers of the training rows that the labelling queue would ask for, one batch a line, given the labels of those asked so far.
 * @param labels how many labels to ask for all told.
 */
export function runQueueDoor(options: Omit<DoorOptions, 'out' | 'guards'>, labels: number): void {
  const { points, seed } = options;
  const alerts = atPoints(readAlerts(options.data), points);
  const split = readSplit(options.split, alerts.length);
  const classes = [...new Set(split.train.map((i) => alerts[i]!.label))].sort();
  const rows = split.train.map((row) => ({ row, ...alerts[row]! }));
  for (const { asked } of simulateQueue({ points, classes, rows, labels, seed })) process.stdout.write(`${asked.join(' ')}\n`);
}

function readSplit(path: string, count: number): { train: number[]; test: number[] } {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { train: trained, test } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  return { train: rowNumbers(trained, 'train', count), test: rowNumbers(test, 'test', count) };
}

function rowNumbers(value: unknown, name: string, count: number): number[] {
  if (!Array.isArray(value)) throw new Error(`the split has no list "${name}" of row numbers`);
  return value.map((row: unknown) => {
    if (typeof row === 'number' && Number.isInteger(row) && row >= 0 && row < count) return row;
    throw new Error(`"${name}" of the split names row ${String(row)}, but the data has rows 0 to ${count - 1}`);
  });
}
