import { setTimeout as sleep } from 'node:timers/promises';
import type { AppJob, AppPointType, VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { withSession } from '../connect.ts';
import { findJob } from '../find-job.ts';
import { CliError, count, type Io, listOf, note, percent, plural, say, sayJson } from '../io.ts';
import { whereOf, whole } from '../options.ts';
import { startProgress } from '../progress.ts';
import { printable, table } from '../table.ts';

/** How long between two looks at a training, in milliseconds. */
const POLL_MS = 250;

const POINT_TYPES: readonly AppPointType[] = ['category', 'text', 'number', 'boolean', 'ip', 'time', 'set'];

/** `verdict jobs …`: AI use cases. */
export function jobsCommand(program: Command, io: Io): void {
  const jobs = program.command('jobs').description('AI use cases, named by title or number');
  const over = (command: Command, name: string, act: (client: VerdictClient, job: AppJob, kind: string) => Promise<void>) =>
    withSession(io, whereOf(command), async ({ client, kind }) => act(client, await findJob(client, name), kind));

  jobs
    .command('list')
    .description('list them')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const all = await client.app.jobs();
        if (options.json) return sayJson(io, all);
        if (all.length === 0)
          return say(io, 'There are no AI use cases yet. `verdict import FILE --job TITLE` makes one from closed alerts.');
        say(io, jobTable(all));
      });
    });

  jobs
    .command('show <job>')
    .description('show one, and what its training still needs')
    .option('--json', 'answer as JSON')
    .action(async (name: string, options: { json?: true }, command: Command) => {
      await over(command, name, async (client, job) => {
        const training = await client.app.training(job.job_id);
        if (options.json) return sayJson(io, { ...job, training });
        say(io, jobTable([job]));
        say(io);
        say(io, `Category:         ${job.category}`);
        say(
          io,
          `Decision points:  ${job.decision_points.length === 0 ? 'none yet' : job.decision_points.map(printable).join(', ')}`,
        );
        say(
          io,
          `Labels:           ${training.labels.map(({ label, units }) => `${printable(label)} (${plural(units, training.unit)})`).join(', ')}`,
        );
        if (training.undecided > 0) say(io, `Undecided:        ${plural(training.undecided, training.unit)}`);
        say(io, `Training:         ${training.message ?? 'not trained yet'}`);
        say(io, `                  ${training.missing ?? 'Can be trained now.'}`);
      });
    });

  jobs
    .command('start <job>')
    .description('take events from now on')
    .action((name: string, _options: unknown, command: Command) =>
      over(command, name, async (client, job) => {
        await client.app.startJob(job.job_id);
        say(io, `"${printable(job.title)}" takes events.`);
      }),
    );
  jobs
    .command('stop <job>')
    .description('take no events until it is started again')
    .action((name: string, _options: unknown, command: Command) =>
      over(command, name, async (client, job) => {
        await client.app.stopJob(job.job_id);
        say(io, `"${printable(job.title)}" is stopped and refuses events.`);
      }),
    );

  jobs
    .command('train <job>')
    .description('learn from the feedback given so far, and decide with it from then on')
    .option('--no-wait', 'do not wait until it is done')
    .option('--json', 'answer as JSON')
    .action((name: string, options: { wait: boolean; json?: true }, command: Command) =>
      over(command, name, async (client, job, kind) => {
        if (!options.wait && kind === 'opened')
          throw new CliError('No service is running that could go on with it: leave --no-wait out, or start the service.');
        const asked = await client.app.train(job.job_id);
        if (!asked.ok) throw new CliError(asked.message);
        if (!options.wait) return options.json ? sayJson(io, asked) : say(io, asked.message);
        const message = await watchTask(client, io, asked.task_id!, 'Training');
        const model = (await client.app.models(job.job_id)).find((one) => one.active);
        if (options.json) return sayJson(io, { message, model: model ?? null });
        say(io, `${message}.`);
        if (model) {
          const { metrics } = model;
          say(
            io,
            `Model ${model.model_id} of ${plural(model.units, 'labelled bucket')}: ${percent(metrics.accuracy)} right on feedback it had not seen, macro-F1 ${metrics.macro_f1.toFixed(3)}; ${percent(metrics.share_at_95)} decided at 95 % precision.`,
          );
        }
      }),
    );

  jobs
    .command('points <job> [points]')
    .description('choose decision points (a,b,c) in place of those until now; without any, show them')
    .option('--type <path=type...>', `say what points hold: ${POINT_TYPES.join(', ')}; auto finds it from the data again`)
    .action((name: string, points: string | undefined, options: { type?: string[] }, command: Command) =>
      over(command, name, async (client, job, kind) => {
        if (points === undefined && options.type === undefined)
          return say(
            io,
            job.decision_points.length === 0
              ? 'None chosen yet. `verdict jobs fields` shows what there is.'
              : job.decision_points.map(printable).join(','),
          );
        const changed = await client.app.changeJob(job.job_id, {
          ...(points === undefined ? {} : { decision_points: listOf(points) }),
          ...(options.type === undefined ? {} : { decision_point_types: pointTypes(options.type) }),
        });
        say(io, `"${printable(job.title)}" decides by ${changed.decision_points.map(printable).join(', ')}.`);
        const set = Object.entries(changed.decision_point_types);
        if (set.length > 0) say(io, `Types set: ${set.map(([path, type]) => `${printable(path)} is ${type}`).join(', ')}.`);
        if (points !== undefined) await waitForBuckets(client, io, job.job_id, kind === 'opened');
        if (changed.active_model_id !== null)
          note(io, 'The active model goes on with the points and types it was trained on. Train to use the new ones.');
      }),
    );

  jobs
    .command('fields <job>')
    .description('the fields found in the newest alerts, with advice on which to decide by')
    .option('--sample <n>', 'how many alerts to look at', whole(1, 5_000), 1_000)
    .option('--all', 'also those that are of no use')
    .option('--json', 'answer as JSON')
    .action((name: string, options: { sample: number; all?: true; json?: true }, command: Command) =>
      over(command, name, async (client, job) => {
        const found = await client.app.fields(job.job_id, options.sample);
        if (options.json) return sayJson(io, found);
        if (found.events === 0) return say(io, 'There are no alerts yet to find fields in.');
        const shown = options.all
          ? found.fields
          : found.fields.filter((field) => field.chosen || ['good', 'duplicate'].includes(field.advice));
        say(
          io,
          table(
            [
              { heading: '' },
              { heading: 'FIELD', most: 50 },
              { heading: 'TYPE' },
              { heading: 'VALUES', align: 'right' },
              { heading: 'EXAMPLE', most: 30 },
              { heading: 'ADVICE', most: 90 },
            ],
            shown.map((field) => [
              field.chosen ? '✓' : '',
              field.path,
              field.type,
              count(field.distinct),
              field.examples[0] ?? '',
              field.sentence,
            ]),
          ),
        );
        const hidden = found.fields.length - shown.length;
        note(
          io,
          `${plural(found.events, 'alert')} looked at.${hidden > 0 ? ` ${plural(hidden, 'field')} of no use not shown (--all).` : ''} ✓ = decision point now.`,
        );
      }),
    );
}

/**
 * Shows a long work until it ends.
 * @returns what came of it.
 * @throws CliError when it failed or was cancelled.
 */
export async function watchTask(client: VerdictClient, io: Io, taskId: number, title: string): Promise<string> {
  const progress = startProgress(io, title);
  for (;;) {
    const task = await client.app.task(taskId);
    if (task.state === 'done') {
      progress.done('done');
      return task.message;
    }
    if (task.state === 'failed' || task.state === 'cancelled') {
      progress.done(task.state);
      throw new CliError(task.message);
    }
    if (io.signal.aborted) {
      progress.done();
      throw new CliError(`Not waited for any longer; ${title.toLowerCase()} goes on in the service. Task ${taskId}.`);
    }
    progress.show(task.share, task.step);
    await sleep(POLL_MS);
  }
}

/** `path=type` as the API takes it; a path may hold `=`, so the last one parts them. */
function pointTypes(words: readonly string[]): Record<string, AppPointType | null> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.lastIndexOf('=');
      const name = word.slice(at + 1);
      const type = POINT_TYPES.find((known) => known === name);
      if (at < 1 || (type === undefined && name !== 'auto'))
        throw new CliError(`"${printable(word)}" is not path=type, with a type of ${POINT_TYPES.join(', ')} or auto.`);
      return [word.slice(0, at), type ?? null] as const;
    }),
  );
}

/** Waits until stored events are in the buckets of the decision points chosen last; with `must`, because nobody else would go on with it. */
export async function waitForBuckets(client: VerdictClient, io: Io, jobId: number, must: boolean): Promise<void> {
  const task = (await client.app.tasks({ job_id: jobId, limit: 20 })).find(
    ({ kind, state }) => kind === 'rebucket' && (state === 'running' || state === 'waiting'),
  );
  if (!task) return;
  if (must || task.share < 1) await watchTask(client, io, task.task_id, 'Putting stored alerts in buckets');
}

function jobTable(jobs: readonly AppJob[]): string {
  return table(
    [
      { heading: 'ID', align: 'right' },
      { heading: 'TITLE', most: 50 },
      { heading: 'STATUS' },
      { heading: 'EVENTS', align: 'right' },
      { heading: 'WITH FEEDBACK', align: 'right' },
      { heading: 'POINTS', align: 'right' },
      { heading: 'MODEL', align: 'right' },
      { heading: 'LAST TRAINING', most: 40 },
    ],
    jobs.map((job) => [
      String(job.job_id),
      job.title,
      job.status,
      count(job.events),
      count(job.events_with_feedback),
      String(job.decision_points.length),
      job.active_model_id === null ? '–' : String(job.active_model_id),
      job.training.finished_at ?? 'never',
    ]),
  );
}
