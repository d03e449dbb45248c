/**
 * How well the engine learns. Two ways in:
 *
 * - `npm run --silent bench:learn -- --data FILE.jsonl[.gz] --points a.b,c.d --split SPLIT.json --out OUT.jsonl [--seed N]` trains on
 *   the rows that the split names and writes one decision a line for its test rows. With `--guard Drop=0.01` (any number of times) a third of
 *   the training rows serves as blind audits instead, and `automation` says what the guard then allows. With `--queue N` it prints the rows that
 *   the labelling queue would ask for, N labels in all, one batch a line.
 * - `npm run --silent bench:learn -- [--table] [--sets guide,ait_ads] [--size 0.01] [--draws N] [--no-outliers] [--splits FOLDER]` prints a table for each
 *   set and number of labels, ours beside the best other tool. Sets that are not on this machine are skipped, saying so.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDoor, runQueueDoor } from './learning/door.ts';
import { parseWish } from './learning/guard-door.ts';
import { runTable } from './learning/table.ts';

const SETS = 'guide,ait_ads,nsl_kdd,http_params';
const FOLDER = join(import.meta.dirname, '..', '..', 'shared', 'data');

try {
  main();
} catch (error) {
  process.stderr.write(`bench:learn: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      points: { type: 'string' },
      split: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      guard: { type: 'string', multiple: true },
      queue: { type: 'string' },
      table: { type: 'boolean' },
      sets: { type: 'string', default: SETS },
      size: { type: 'string', default: '1' },
      draws: { type: 'string' },
      outliers: { type: 'boolean', default: true },
      splits: { type: 'string' },
      folder: { type: 'string', default: FOLDER },
    },
    allowNegative: true,
  });
  const seed = wholeNumber(values.seed, '--seed');
  if (values.data !== undefined) {
    const { data, split, out, queue } = values;
    if (values.points === undefined || split === undefined || (out === undefined && queue === undefined))
      throw new Error('--data needs --points, --split and --out (or --queue) as well');
    const points = values.points.split(',').filter((point) => point !== '');
    if (queue !== undefined) runQueueDoor({ data, points, split, seed }, wholeNumber(queue, '--queue'));
    if (out !== undefined) runDoor({ data, points, split, out, seed, guards: (values.guard ?? []).map(parseWish) });
    return;
  }
  const size = Number(values.size);
  if (!(size > 0 && size <= 1)) throw new Error('--size must be above 0 and at most 1');
  runTable({
    folder: values.folder,
    sets: values.sets.split(','),
    size,
    seed,
    ...(values.draws === undefined ? {} : { draws: wholeNumber(values.draws, '--draws') }),
    outliers: values.outliers,
    ...(values.splits === undefined ? {} : { splits: values.splits }),
  });
}

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 0xffffffff)
    throw new Error(`${name} must be a whole number from 0 to 4294967295`);
  return number;
}
