import type { AppImported, AppJob, VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { readConfig, withSession } from '../connect.ts';
import { jobNamed } from '../find-job.ts';
import { CliError, count, type Io, listOf, note, plural, say, sayJson, seconds } from '../io.ts';
import { Complaints, type FileOptions, type FileRow, readRows, withFileOptions } from '../labelled-file.ts';
import { whereOf } from '../options.ts';
import { startProgress } from '../progress.ts';
import { printable } from '../table.ts';
import { waitForBuckets } from './jobs.ts';

interface ImportOptions extends FileOptions {
  readonly job: string;
  readonly points?: string;
  readonly labels?: string;
  readonly feedbackAs?: string;
  readonly json?: true;
}

/** What goes out in one call. */
const BATCH_EVENTS = 1_000;
const BATCH_BYTES = 8 * 1024 * 1024;
/** A job cannot have more labels. */
const MOST_LABELS = 20;

/** `verdict import FILE`: closed alerts with the labels they were closed with. */
export function importCommand(program: Command, io: Io): void {
  withFileOptions(
    program
      .command('import <file>')
      .description(
        'bring in closed alerts with their labels from a file of JSON Lines, gzipped or not; running it again goes on where it was',
      )
      .requiredOption('--job <title>', 'the AI use case, by title or number; made when there is none'),
  )
    .option('--points <a,b>', 'decision points; can also be chosen afterwards')
    .option('--labels <a,b>', 'labels of a new use case; found in the file when left out')
    .option('--feedback-as <name>', 'the name that the labels are recorded under; your own when left out')
    .option('--json', 'answer as JSON')
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const where = whereOf(command);
      await withSession(io, where, async ({ client, kind }) => {
        const limit = kind === 'remote' ? 64 * 1024 * 1024 : (await readConfig(io, where)).eventLimit;
        const job = await prepareJob(client, io, file, options, limit);
        await waitForBuckets(client, io, job.job_id, kind === 'opened');
        const outcome = await importFile(client, io, file, options, job, limit);
        if (options.json) sayJson(io, { job_id: job.job_id, title: job.title, ...outcome.json() });
        else outcome.tell(io, file, job);
        if (outcome.interrupted) throw new CliError('Interrupted. Run the same command again to go on.');
        if (outcome.accepted === 0 && outcome.read > 0) throw new CliError('Nothing was imported.');
        if (outcome.read === 0) throw new CliError(`There are no alerts in ${file}.`);
      });
    });
}

/** Finds or makes the job, with its points, running. */
async function prepareJob(client: VerdictClient, io: Io, file: string, options: ImportOptions, limit: number): Promise<AppJob> {
  const points = options.points === undefined ? undefined : listOf(options.points);
  let job = jobNamed(await client.app.jobs(), options.job);
  if (job) {
    if (options.labels !== undefined)
      note(io, `"${printable(job.title)}" is there already and keeps its labels; --labels is for a new one.`);
    if (points !== undefined && points.join('\n') !== job.decision_points.join('\n')) {
      job = await client.app.changeJob(job.job_id, { decision_points: points });
      note(io, `Decision points of "${printable(job.title)}" changed to ${points.map(printable).join(', ')}.`);
    }
    if (job.status !== 'DISABLED') return job;
    // One that never took an event was left by an import that ended early; one that someone stopped stays stopped.
    if (job.events > 0)
      throw new CliError(
        `"${printable(job.title)}" is stopped and takes no alerts. Start it first: verdict jobs start ${job.job_id}`,
      );
    return client.app.startJob(job.job_id);
  }
  const labels = options.labels === undefined ? await findLabels(io, file, options, limit) : listOf(options.labels);
  job = await client.app.createJob({
    title: options.job,
    ...(labels === undefined ? {} : { labels: labels.map((name) => ({ name })) }),
    ...(points === undefined ? {} : { decision_points: points }),
    integrations: [{ integration_id: await fileIntegration(client), role: 'input' }],
  });
  note(
    io,
    `Made the AI use case "${printable(job.title)}" (${job.job_id}) with the labels ${job.labels.map(({ name }) => printable(name)).join(', ')}.`,
  );
  return client.app.startJob(job.job_id);
}

const INTEGRATION = 'Alerts from files';

/** The integration that imports are wired to, made when there is none. Its key is for nobody: files come in through this command. */
async function fileIntegration(client: VerdictClient): Promise<number> {
  const known = (await client.app.integrations()).find(({ title }) => title === INTEGRATION);
  if (known) return known.integration_id;
  const { integration } = await client.app.createIntegration({ title: INTEGRATION, type: 'External REST API', parameters: {} });
  return integration.integration_id;
}

/** The labels of a new use case; undefined = the usual ones, which have all that the file names. */
async function findLabels(io: Io, file: string, options: FileOptions, limit: number): Promise<string[] | undefined> {
  const { labelsOf } = await import('@verdict/server/local');
  const progress = startProgress(io, 'Looking for labels');
  const found = new Set<string>();
  for await (const row of readRows(io, file, options, limit, new Complaints(), new Complaints())) {
    if (row.label !== null) found.add(row.label);
    progress.show(row.share, `${found.size} found`);
    if (found.size > 20 * MOST_LABELS) break;
  }
  progress.done();
  const labels = labelsOf(found);
  if (labels.length > MOST_LABELS) {
    throw new CliError(
      `"${options.labelField}" has more than ${MOST_LABELS} different values (${labels.slice(0, 5).map(printable).join(', ')}, …), so it is no label. Name another with --label-field, or the labels to take with --labels.`,
    );
  }
  const usual = ['escalate', 'drop', 'investigate'];
  if (labels.every((label) => usual.includes(label.toLowerCase()))) return undefined;
  if (labels.length < 2)
    throw new CliError(
      `All alerts have the label ${labels.map(printable).join()}. A use case needs at least two: name them with --labels.`,
    );
  return labels;
}

type Result = AppImported['results'][number];

/** What became of the alerts of a file. */
class Outcome {
  readonly refused = new Complaints();
  readonly refusedLabels = new Complaints();
  readonly notes = new Complaints();
  readonly #outcomes = { new: 0, version: 0, repeated: 0 };
  readonly #labels = new Map<string, number>();
  readonly #started = performance.now();
  read = 0;
  labelled = 0;
  interrupted = false;
  #ms = 0;

  get accepted(): number {
    return this.#outcomes.new + this.#outcomes.version + this.#outcomes.repeated;
  }

  take(row: FileRow, result: Result): void {
    this.read++;
    if (result.outcome === 'refused') this.refused.add(result.error, row.line);
    else {
      this.#outcomes[result.outcome as 'new' | 'version' | 'repeated']++;
      if (result.labelled) {
        this.labelled++;
        this.#labels.set(row.label!, (this.#labels.get(row.label!) ?? 0) + 1);
      } else if (row.label !== null) this.refusedLabels.add(result.error, row.line);
    }
    this.#ms = performance.now() - this.#started;
  }

  json(): Record<string, unknown> {
    return {
      alerts: { ...this.#outcomes, refused: this.refused.count },
      labelled: this.labelled,
      labels: Object.fromEntries(this.#labels),
      refused: this.refused.json(),
      refused_labels: this.refusedLabels.json(),
      notes: this.notes.json(),
      interrupted: this.interrupted,
      seconds: Math.round(this.#ms) / 1000,
    };
  }

  tell(io: Io, file: string, job: AppJob): void {
    const { new: fresh, version, repeated } = this.#outcomes;
    say(io, `${this.interrupted ? 'Imported a part of' : 'Imported'} ${file} into "${printable(job.title)}" (${job.job_id}):`);
    say(
      io,
      `  ${plural(this.accepted, 'alert')}: ${count(fresh)} new, ${count(repeated)} there already${version > 0 ? `, ${count(version)} changed` : ''}`,
    );
    const labels = [...this.#labels].sort((a, b) => b[1] - a[1]).map(([label, n]) => `${printable(label)} ${count(n)}`);
    say(io, `  ${plural(this.labelled, 'label')}${labels.length === 0 ? '' : `: ${labels.join(', ')}`}`);
    say(io, `  ${seconds(this.#ms)}, ${count(Math.round(this.accepted / Math.max(0.001, this.#ms / 1000)))} alerts a second`);
    for (const [heading, complaints] of [
      ['Refused', this.refused],
      ['Stored without their label', this.refusedLabels],
      ['Good to know', this.notes],
    ] as const) {
      if (complaints.count === 0) continue;
      say(io, `${heading}: ${plural(complaints.count, 'line')}`);
      for (const line of complaints.lines()) say(io, `  ${line}`);
    }
    if (this.interrupted) return;
    const points = job.decision_points.length > 0;
    say(
      io,
      `Next: ${points ? '' : `verdict jobs fields ${job.job_id}, verdict jobs points ${job.job_id} A,B, `}verdict jobs train ${job.job_id}`,
    );
  }
}

async function importFile(
  client: VerdictClient,
  io: Io,
  file: string,
  options: ImportOptions,
  job: AppJob,
  limit: number,
): Promise<Outcome> {
  const outcome = new Outcome();
  const progress = startProgress(io, 'Importing');
  let batch: FileRow[] = [];
  let bytes = 0;
  const send = async () => {
    if (batch.length === 0) return;
    const rows = batch;
    batch = [];
    bytes = 0;
    const { results } = await client.app.import(job.job_id, importBody(rows, options.feedbackAs));
    rows.forEach((row, index) => {
      outcome.take(row, results[index]!);
    });
    progress.show(rows.at(-1)!.share, `${count(outcome.read)} alerts`);
  };
  try {
    for await (const row of readRows(io, file, options, limit, outcome.refused, outcome.notes)) {
      if (batch.length >= BATCH_EVENTS || (bytes + row.body.length > BATCH_BYTES && batch.length > 0)) await send();
      batch.push(row);
      bytes += row.body.length;
    }
    await send();
  } catch (error) {
    progress.done();
    if (outcome.read > 0)
      note(io, `${plural(outcome.accepted, 'alert')} imported until then. Run the same command again to go on.`);
    throw error;
  }
  outcome.interrupted = io.signal.aborted;
  progress.done(`${count(outcome.read)} alerts`);
  return outcome;
}

/** The body of a call, written by hand so that the alerts keep their own bytes. */
export function importBody(
  rows: readonly Pick<FileRow, 'eventId' | 'label' | 'eventAt' | 'group' | 'body'>[],
  feedbackAs: string | undefined,
): Buffer {
  const parts: Buffer[] = [
    Buffer.from(`{${feedbackAs === undefined ? '' : `"feedback_as":${JSON.stringify(feedbackAs)},`}"events":[`),
  ];
  rows.forEach(({ eventId, label, eventAt, group, body }, index) => {
    const members = [
      `"event_id":${JSON.stringify(eventId)}`,
      ...(label === null ? [] : [`"label":${JSON.stringify(label)}`]),
      ...(eventAt === null ? [] : [`"time":${eventAt / 1e6}`]),
      ...(group === null ? [] : [`"group":${JSON.stringify(group)}`]),
    ];
    parts.push(Buffer.from(`${index === 0 ? '' : ','}{${members.join(',')},"event":`), body, Buffer.from('}'));
  });
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}
