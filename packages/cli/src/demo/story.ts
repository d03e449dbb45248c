import { type AppJob, type DecisionView, VerdictClient } from '@verdict/client';
import { type DemoAlert, oddAlerts, ordinaryDay, randomFrom } from '@verdict/server/local';
import { waitForBuckets, watchTask } from '../commands/jobs.ts';
import { CliError, count, type Io, percent, plural, say } from '../io.ts';
import { startProgress } from '../progress.ts';
import { table } from '../table.ts';

export interface Story {
  readonly seed: number;
  /** Alerts of the day. */
  readonly alerts: number;
  /** Leaves what was made. */
  readonly keep: boolean;
  readonly url: string;
  /** May make integrations and AI use cases. */
  readonly admin: VerdictClient;
}

/** Buckets that the analyst looks at: the biggest ones, and some drawn from the rest, which would never be seen otherwise. */
const BIGGEST = 30;
const DRAWN = 30;
/** What the SOC of the demo looks at first; chosen where the advice does not speak against it. Few, so that alerts which are alike share a bucket. */
const POINTS = [
  'rule.name',
  'rule.mitre.tactic',
  'host.criticality',
  'user.privileged',
  'threat_intel.reputation',
  'change.approved',
];
/** Ordinary alerts sent after the training, and how many of them are shown. */
const UNSEEN = 300;
const SHOWN = 17;
const BULK = 500;
const ANALYST = 'ada';

/** Tells the story from an empty service to decisions on alerts it has never seen, and measures how right they are. */
export async function tellStory(io: Io, story: Story): Promise<void> {
  const { admin, url } = story;
  const run = `demo-${Date.now().toString(36)}`;
  say(io, `Verdict at ${url}. All alerts are made up, from seed ${story.seed}; the truth behind them is kept from Verdict.`);

  step(io, 1, 'An integration for the SOAR, and an AI use case');
  const { integration, key_value: key } = await admin.app.createIntegration({
    title: `XSOAR ${run}`,
    type: 'Cortex XSOAR',
    parameters: {},
  });
  if (key === null) throw new CliError('The service made no API key for the integration.');
  const job = await admin.app.createJob({
    title: `A mixed day ${run}`,
    description: 'Made by `verdict demo`.',
    integrations: [{ integration_id: integration.integration_id, role: 'input' }],
  });
  const cleanUp = async () => {
    if (story.keep) return;
    await admin.app.stopJob(job.job_id);
    await admin.app.deleteJob(job.job_id);
    await admin.app.deleteIntegration(integration.integration_id);
    say(io, 'What the demo had made was removed again.');
  };
  try {
    await admin.app.startJob(job.job_id);
    say(io, `Integration "${integration.title}" (Cortex XSOAR) with the API key ${key.slice(0, 8)}…${key.slice(-4)}.`);
    say(
      io,
      `AI use case ${job.job_id} "${job.title}" with the labels ${job.labels.map(({ name }) => name).join(', ')}: started.`,
    );
    await walk(io, story, new VerdictClient({ baseUrl: url, key }), job, run);
  } finally {
    await cleanUp();
  }
}

/** `soar` has the key of the SOAR and can do what a SOAR can. */
async function walk(io: Io, story: Story, soar: VerdictClient, job: AppJob, run: string): Promise<void> {
  const { admin, seed } = story;
  const jobId = job.job_id;
  const day = ordinaryDay(seed, story.alerts, run);

  step(io, 2, `A day of ${plural(day.length, 'alert')} comes in: IDS, endpoint, identity, mail`);
  await send(io, soar, jobId, day);
  const last = day.at(-1)!;
  const before = await soar.v1.decision(jobId, last.id);
  say(io, `Decision on the last one, "${last.title}": ${before.result}. Nobody has taught it anything yet.`);

  step(io, 3, 'Decision points: what a decision may depend on');
  const points = await choosePoints(io, admin, jobId);
  await admin.app.changeJob(jobId, { decision_points: points });
  await waitForBuckets(admin, io, jobId, true);

  step(io, 4, `The analyst ${ANALYST} labels the ${BIGGEST} biggest buckets, and ${DRAWN} drawn from the rest`);
  await label(io, admin, soar, jobId, new Map(day.map((alert) => [alert.id, alert])));

  step(io, 5, 'Training');
  const asked = await admin.app.train(jobId);
  if (!asked.ok) throw new CliError(asked.message);
  const trainStarted = performance.now();
  await watchTask(admin, io, asked.task_id!, 'Training');
  const model = (await admin.app.models(jobId)).find(({ active }) => active);
  say(
    io,
    `Model ${model?.model_id} learned from ${plural(model?.units ?? 0, 'bucket')} in ${((performance.now() - trainStarted) / 1000).toFixed(1)} s and decides new alerts from now on.`,
  );

  step(io, 6, 'The next day: alerts it has never seen, three of them of a kind that never came before');
  const unseen = [...ordinaryDay(seed + 1, UNSEEN, `${run}-next`), ...oddAlerts(run)];
  await decideAll(io, soar, jobId, unseen);
}

async function send(io: Io, soar: VerdictClient, jobId: number, alerts: readonly DemoAlert[]): Promise<void> {
  const progress = startProgress(io, 'Sending');
  const started = performance.now();
  for (let from = 0; from < alerts.length; from += BULK) {
    const some = alerts.slice(from, from + BULK);
    const { results } = await soar.v1.bulk(
      jobId,
      some.map(({ id, title, severity, source, body }) => ({
        job_id: jobId,
        event_id: id,
        title,
        severity,
        data_source: source,
        raw_body: body,
      })),
    );
    const refused = results.find(({ status }) => status === 'ERROR');
    if (refused) throw new CliError(`An alert was refused: ${refused.error_message}`);
    goOn(io);
    progress.show((from + some.length) / alerts.length, `${count(from + some.length)} alerts`);
  }
  progress.done(`${count(alerts.length)} alerts`);
  const ms = performance.now() - started;
  say(io, `${plural(alerts.length, 'alert')} stored in ${(ms / 1000).toFixed(1)} s, over the API that a SOAR uses.`);
}

async function choosePoints(io: Io, admin: VerdictClient, jobId: number): Promise<string[]> {
  const { fields, events } = await admin.app.fields(jobId);
  const chosen = fields.filter(({ path, advice }) => POINTS.includes(path) && (advice === 'good' || advice === 'duplicate'));
  const of = (kind: string) => fields.filter(({ advice }) => advice === kind).map(({ path }) => path);
  say(
    io,
    `Looked at ${plural(events, 'alert')} and found ${plural(fields.length, 'field')}. The advice, before anybody has labelled anything:`,
  );
  say(
    io,
    table(
      [
        { heading: 'CHOSEN' },
        { heading: 'FIELD', most: 40 },
        { heading: 'VALUES', align: 'right' },
        { heading: 'ADVICE', most: 90 },
      ],
      [...new Set([...fields.slice(0, 6), ...chosen])].map((field) => [
        chosen.includes(field) ? 'yes' : '',
        field.path,
        count(field.distinct),
        field.sentence,
      ]),
    ),
  );
  say(
    io,
    `It warns of identifiers (${of('identifier').slice(0, 3).join(', ')}) and of times (${of('time').slice(0, 2).join(', ')}).`,
  );
  say(io, `The SOC takes ${chosen.length}: whatever it looks at first itself, and few enough for alerts to share buckets.`);
  return chosen.map(({ path }) => path);
}

async function label(
  io: Io,
  admin: VerdictClient,
  soar: VerdictClient,
  jobId: number,
  alerts: ReadonlyMap<string, DemoAlert>,
): Promise<void> {
  const { buckets: all } = await admin.app.buckets(jobId, { limit: 500 });
  const random = randomFrom(all.length);
  const rest = all.slice(BIGGEST);
  const drawn = Array.from({ length: Math.min(DRAWN, rest.length) }, () => rest.splice(random.whole(0, rest.length - 1), 1)[0]!);
  const buckets = [...all.slice(0, BIGGEST), ...drawn];
  const progress = startProgress(io, 'Feedback');
  const given = new Map<string, number>();
  let covered = 0;
  for (const [index, bucket] of buckets.entries()) {
    const alert = alerts.get(bucket.example_event_id ?? '');
    if (!alert) continue;
    await soar.v1.feedback(jobId, alert.id, { feedback: alert.truth, cortex_user: ANALYST, closing_notes: 'Seen in the demo.' });
    given.set(alert.truth, (given.get(alert.truth) ?? 0) + 1);
    covered += bucket.events;
    goOn(io);
    progress.show((index + 1) / buckets.length, alert.title);
  }
  progress.done(plural(buckets.length, 'bucket'));
  const labels = [...given].map(([name, n]) => `${name} ${n}`).join(', ');
  say(
    io,
    `${plural(buckets.length, 'vote')} (${labels}) on ${plural(buckets.length, 'bucket')}, which hold ${count(covered)} of ${count(alerts.size)} alerts: ${percent(covered / alerts.size, 0)}.`,
  );
}

async function decideAll(io: Io, soar: VerdictClient, jobId: number, alerts: readonly DemoAlert[]): Promise<void> {
  await send(io, soar, jobId, alerts);
  const progress = startProgress(io, 'Asking for decisions');
  const decided: { readonly alert: DemoAlert; readonly view: DecisionView }[] = [];
  for (const alert of alerts) {
    decided.push({ alert, view: await soar.v1.decision(jobId, alert.id) });
    goOn(io);
    progress.show(decided.length / alerts.length, '');
  }
  progress.done();
  const ordinary = decided.filter(({ alert }) => !alert.odd);
  const odd = decided.filter(({ alert }) => alert.odd);
  say(io);
  say(
    io,
    table(
      [
        { heading: 'ALERT', most: 62 },
        { heading: 'SOURCE' },
        { heading: 'DECISION' },
        { heading: 'CONFIDENCE', align: 'right' },
        { heading: 'OUTLIER' },
        { heading: 'TRUTH' },
        { heading: '' },
      ],
      [...ordinary.slice(0, SHOWN), ...odd].map(({ alert, view }) => [
        alert.title,
        alert.source,
        view.result_label ?? view.result ?? 'pending',
        view.confidence_score === null ? '' : `${view.confidence_score.toFixed(0)} %`,
        view.outlier ? 'yes' : '',
        alert.truth,
        view.result_label === alert.truth ? '✓' : view.outlier ? '✗, but flagged' : '✗',
      ]),
    ),
  );
  say(io, `(${SHOWN} of ${count(ordinary.length)} ordinary ones, and the ${odd.length} that are not.)`);
  const [explained] = decided.filter(({ view }) => view.reasons.length > 0);
  if (explained)
    say(io, `Why "${explained.alert.title}" is ${explained.view.result_label}: ${explained.view.reasons.slice(0, 2).join(' ')}`);
  say(io);
  conclude(io, ordinary, odd);
}

type Decided = { readonly alert: DemoAlert; readonly view: DecisionView };

function conclude(io: Io, ordinary: readonly Decided[], odd: readonly Decided[]): void {
  const right = (some: readonly Decided[]) => some.filter(({ alert, view }) => view.result_label === alert.truth).length;
  const flagged = (some: readonly Decided[]) => some.filter(({ view }) => view.outlier).length;
  const sure = ordinary.filter(({ view }) => (view.confidence_score ?? 0) >= 90);
  const dropped = ordinary.filter(({ alert, view }) => alert.truth === 'Escalate' && view.result_label === 'Drop');
  say(
    io,
    `Measured: ${count(right(ordinary))} of ${count(ordinary.length)} unseen ordinary alerts decided as the truth has it (${percent(right(ordinary) / ordinary.length)}).`,
  );
  if (sure.length > 0) {
    say(
      io,
      `Of the ${count(sure.length)} with a confidence of 90 % or more, ${count(right(sure))} (${percent(right(sure) / sure.length)}).`,
    );
  }
  say(io, `Real attacks it would have dropped: ${dropped.length}.`);
  say(
    io,
    `Flagged as outliers: ${flagged(odd)} of the ${odd.length} odd ones, ${flagged(ordinary)} of the ${count(ordinary.length)} ordinary ones.`,
  );
}

/** @throws CliError when the person wants to end it; what was made is then removed. */
function goOn(io: Io): void {
  if (io.signal.aborted) throw new CliError('Interrupted.');
}

function step(io: Io, number: number, title: string): void {
  say(io);
  say(io, `${number}. ${title}`);
}
