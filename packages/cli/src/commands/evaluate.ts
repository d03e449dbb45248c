import type { Evaluation, LabelledRow } from '@verdict/server/local';
import type { Command } from 'commander';
import { CliError, count, type Io, listOf, note, percent, plural, say, sayJson } from '../io.ts';
import { Complaints, type FileOptions, readRows, withFileOptions } from '../labelled-file.ts';
import { share, whole } from '../options.ts';
import { startProgress } from '../progress.ts';
import { printable, table } from '../table.ts';

interface EvaluateOptions extends FileOptions {
  readonly points?: string;
  readonly holdout: number;
  readonly seed: number;
  readonly json?: true;
}

const LARGEST_ALERT = 64 * 1024 * 1024;

/** `verdict evaluate FILE`: what Verdict would have made of alerts that came later than those it learned from. */
export function evaluateCommand(program: Command, io: Io): void {
  withFileOptions(
    program
      .command('evaluate <file>')
      .description('learn from the earlier alerts of a file and judge by the later ones; needs no service and changes nothing'),
  )
    .option('--points <a,b>', 'decision points; chosen by the advice on the earlier alerts when left out')
    .option('--holdout <share>', 'share of the alerts held out', share, 0.3)
    .option('--seed <n>', 'of what is drawn at random in training', whole(0, 4_294_967_295), 1)
    .option('--job <title>', 'accepted so that the options of import can be used as they are; nothing is stored')
    .option('--labels <a,b>', 'only alerts with these labels')
    .option('--feedback-as <name>', 'accepted like --job')
    .option('--json', 'answer as JSON')
    .action(async (file: string, options: EvaluateOptions & { labels?: string }) => {
      const { evaluateRows } = await import('@verdict/server/local');
      const refused = new Complaints();
      const only = options.labels === undefined ? null : new Set(listOf(options.labels).map((label) => label.toLowerCase()));
      const reading = startProgress(io, 'Reading');
      const rows: LabelledRow[] = [];
      let withoutLabel = 0;
      for await (const row of readRows(io, file, options, LARGEST_ALERT, refused, new Complaints())) {
        if (row.label === null) withoutLabel++;
        else if (only === null || only.has(row.label.toLowerCase())) rows.push(row);
        reading.show(row.share, `${count(rows.length)} alerts`);
      }
      reading.done(`${count(rows.length)} alerts`);
      if (io.signal.aborted) throw new CliError('Interrupted.');
      io.endAtOnce();
      const progress = startProgress(io, 'Evaluating');
      const points = options.points === undefined ? undefined : listOf(options.points);
      let evaluation: Evaluation;
      try {
        evaluation = evaluateRows(rows, { points, holdOut: options.holdout, seed: options.seed, progress: progress.show });
      } finally {
        progress.done();
      }
      if (options.json)
        return sayJson(io, {
          file,
          seed: options.seed,
          ...toJson(evaluation),
          without_label: withoutLabel,
          refused: refused.json(),
        });
      tell(io, evaluation);
      if (withoutLabel > 0) note(io, `${plural(withoutLabel, 'alert')} without a label left out.`);
      if (refused.count > 0) note(io, `${plural(refused.count, 'line')} could not be used:`);
      for (const line of refused.lines()) note(io, `  ${line}`);
    });
}

function tell(io: Io, found: Evaluation): void {
  const { metrics } = found;
  say(io, `Decision points${found.pointsChosen ? ' (chosen by the advice, because --points names none)' : ''}:`);
  say(io, `  ${found.points.map(printable).join(', ')}`);
  say(
    io,
    `Learned from ${plural(found.learned, 'alert')} in ${plural(found.buckets, 'bucket')}${found.learnedUntil === null ? '' : `, until ${date(found.learnedUntil)}`}.`,
  );
  say(
    io,
    `Held out ${plural(found.heldOut, 'later alert')}${found.heldOutFrom === null ? '' : `, from ${date(found.heldOutFrom)}`}${found.groups > 0 ? `, ${plural(found.groups, 'group')} none of which was split` : ''}; ${count(found.knownBuckets)} in buckets learned from.`,
  );
  if (found.learnedUntil !== null && found.heldOutFrom !== null && found.learnedUntil > found.heldOutFrom) {
    say(io, '  Groups last long and overlap in time: some alerts learned from are later than the first held out.');
  }
  if (found.noDecision > 0)
    say(io, `  ${plural(found.noDecision, 'alert')} had none of the decision points: no_decision, not in the figures.`);
  say(io);
  const outside = metrics.ece < found.eceBand[0] || metrics.ece > found.eceBand[1];
  say(
    io,
    table(
      [{ heading: 'MEASURE' }, { heading: 'VALUE', align: 'right' }, { heading: 'MEANING', most: 110 }],
      [
        [
          'accuracy',
          percent(metrics.accuracy),
          `decided right (always the most frequent label: ${percent(found.mostFrequentAccuracy)})`,
        ],
        ['macro-F1', metrics.macroF1.toFixed(3), 'mean F1 over the labels'],
        ['log-loss', metrics.logLoss.toFixed(3), 'of the probabilities'],
        [
          'calibration error',
          metrics.ece.toFixed(3),
          `ECE; a perfectly calibrated model shows ${found.eceBand[0].toFixed(3)} to ${found.eceBand[1].toFixed(3)} on these alerts${found.bandByGroup ? ' (groups drawn together)' : ''}${outside ? (metrics.ece > found.eceBand[1] ? ': outside' : ': better') : ': inside'}`,
        ],
        ['decided at ≥ 95 %', percent(metrics.shareAt95), 'longest most-confident-first part with at least 95 % right'],
        ['outliers', percent(found.outliers / Math.max(1, metrics.rows)), 'flagged as unlike anything learned from'],
        [
          'training',
          `${found.trainSeconds.toFixed(1)} s`,
          `${plural(found.buckets, 'bucket')}, model of ${(found.modelBytes / 1e6).toFixed(1)} MB`,
        ],
        ['a decision', `${Math.round(found.decideMicros)} µs`, 'of a new bucket, mean'],
      ],
    ),
  );
  say(io);
  say(io, 'Rows: what people said. Columns: what Verdict decided.');
  say(
    io,
    table(
      [
        { heading: '' },
        ...found.labels.map((label) => ({ heading: printable(label), align: 'right' as const })),
        { heading: 'RECALL', align: 'right' as const },
      ],
      [
        ...found.labels.map((label, row) => {
          const cells = metrics.confusion[row]!;
          return [label, ...cells.map(count), ratio(cells[row]!, sum(cells))];
        }),
        [
          'PRECISION',
          ...found.labels.map((_, column) =>
            ratio(metrics.confusion[column]![column]!, sum(metrics.confusion.map((cells) => cells[column]!))),
          ),
          '',
        ],
      ],
    ),
  );
}

function toJson(found: Evaluation): Record<string, unknown> {
  const { metrics } = found;
  return {
    alerts: found.alerts,
    labels: found.labels,
    decision_points: found.points,
    decision_points_chosen: found.pointsChosen,
    learned_from: found.learned,
    buckets: found.buckets,
    held_out: found.heldOut,
    held_out_groups: found.groups,
    held_out_in_known_buckets: found.knownBuckets,
    no_decision: found.noDecision,
    outliers: found.outliers,
    learned_until: found.learnedUntil === null ? null : date(found.learnedUntil),
    held_out_from: found.heldOutFrom === null ? null : date(found.heldOutFrom),
    most_frequent_accuracy: found.mostFrequentAccuracy,
    accuracy: metrics.accuracy,
    macro_f1: metrics.macroF1,
    log_loss: metrics.logLoss,
    brier: metrics.brier,
    ece: metrics.ece,
    ece_band: found.eceBand,
    ece_band_by_group: found.bandByGroup,
    share_at_95: metrics.shareAt95,
    confusion: metrics.confusion,
    train_seconds: found.trainSeconds,
    decide_micros: found.decideMicros,
    model_bytes: found.modelBytes,
  };
}

function date(micros: number): string {
  return new Date(micros / 1000).toISOString();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? '–' : percent(part / whole);
}
