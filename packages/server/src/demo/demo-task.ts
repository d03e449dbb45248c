import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { GuardService } from '../guard/guard-service.ts';
import type { Origin } from '../http/principal.ts';
import type { IngestService } from '../ingest/ingest-service.ts';
import { findLabel } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import type { TrainingService } from '../training/training-service.ts';
import { DEMO_LABELS, type DemoAlert, oddAlerts, ordinaryDays } from './alerts.ts';
import { type Random, randomFrom } from './random.ts';

/** Kind of these tasks. */
export const DEMO = 'demo';

/** What the demo's SOC decides by. */
export const DEMO_POINTS = [
  'rule.name',
  'rule.mitre.tactic',
  'host.criticality',
  'user.privileged',
  'threat_intel.reputation',
  'change.approved',
];

const SEED = 7;
const RUN = 'demo';
const ALERTS = 3_000;
const DAYS = 21;
const DAY_MS = 86_400_000;
/** Alerts on their way into the store at once. */
const AT_ONCE = 100;
/** Kinds of alerts that the analysts look at each time: the most frequent ones, and some of the rest. */
const FREQUENT = 60;
const DRAWN = 60;
/** Share of the votes that are a slip, and of the alerts that a second analyst looks at too. */
const SLIPS = 0.03;
const SECOND_LOOKS = 0.3;
/** The promise of the guard that the demo opens. */
const PROMISE = 0.03;

const ANALYSTS = [
  { id: 'demo/ada', name: 'Ada (demo)' },
  { id: 'demo/ben', name: 'Ben (demo)' },
] as const;
const ORIGIN: Origin = { principal: { kind: 'operator', name: 'demo' }, address: 'demo' };

/**
 * Fills a use case with three weeks of a made-up SOC: a week of alerts, labels, a first model; another week that it decides, more labels, a
 * second model that is compared with it; and a week up to now, with the guard gathering its evidence. All of it goes the way that real
 * alerts and votes go. The same alerts come from the same seed, and sending or saying something again changes nothing, so an interrupted
 * run begins again.
 */
export class DemoTask implements TaskHandler {
  readonly kind = DEMO;
  readonly resumable = true;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #ingest: IngestService;
  readonly #feedback: FeedbackService;
  readonly #guards: GuardService;
  readonly #tasks: () => TaskService;
  readonly #training: () => TrainingService;

  constructor(parts: {
    readonly clock: Clock;
    readonly jobs: JobService;
    readonly ingest: IngestService;
    readonly feedback: FeedbackService;
    readonly guards: GuardService;
    /** They are made after the handlers of tasks. */
    readonly tasks: () => TaskService;
    readonly training: () => TrainingService;
  }) {
    this.#clock = parts.clock;
    this.#jobs = parts.jobs;
    this.#ingest = parts.ingest;
    this.#feedback = parts.feedback;
    this.#guards = parts.guards;
    this.#tasks = parts.tasks;
    this.#training = parts.training;
  }

  async run(context: TaskContext): Promise<string> {
    const jobId = context.jobId!;
    const end = readEnd(context.cursor) ?? Math.floor(this.#clock() / 1000);
    const told = (share: number, step: string) => context.progress(share, step, { end });
    const alerts = ordinaryDays(SEED, ALERTS, RUN, end, DAYS);
    const week = (number: number) => alerts.slice((number * ALERTS) / 3, ((number + 1) * ALERTS) / 3);
    const random = randomFrom(SEED);

    await this.#send(context, jobId, week(0), (share) => told(share * 0.2, 'a week of alerts comes in'));
    await this.#label(context, jobId, week(0), random, (share) => told(0.2 + share * 0.1, 'the analysts label'));
    await this.#train(context, jobId, () => told(0.3, 'a first model is trained'));
    await this.#send(context, jobId, week(1), (share) => told(0.4 + share * 0.15, 'the model decides a second week'));
    await this.#label(context, jobId, week(1), random, (share) => told(0.55 + share * 0.1, 'the analysts check its decisions'));
    await this.#train(context, jobId, () => told(0.65, 'a second model is trained and compared'));
    await this.#openGuard(jobId);
    const last = [...week(2), ...oddAlerts(RUN, end - DAY_MS / 4)];
    await this.#send(context, jobId, last, (share) => told(0.8 + share * 0.2, 'a third week is decided'));
    return `${alerts.length + 3} made-up alerts of three weeks, two models. Remove it when you have seen enough.`;
  }

  async #send(context: TaskContext, jobId: number, alerts: readonly DemoAlert[], told: (share: number) => void): Promise<void> {
    for (let from = 0; from < alerts.length; from += AT_ONCE) {
      context.check();
      const some = alerts.slice(from, from + AT_ONCE);
      await Promise.all(
        some.map(({ id, title, severity, source, body }) =>
          this.#ingest.ingest({
            jobId,
            eventId: id,
            body: Buffer.from(JSON.stringify(body)),
            title,
            severity,
            dataSource: source,
            storageTag: null,
            keyId: null,
            group: null,
            eventAt: null,
          }),
        ),
      );
      told((from + some.length) / alerts.length);
      await nextTurn();
    }
  }

  async #label(
    context: TaskContext,
    jobId: number,
    alerts: readonly DemoAlert[],
    random: Random,
    told: (share: number) => void,
  ): Promise<void> {
    const chosen = someOfEachKind(alerts, random);
    for (const [index, alert] of chosen.entries()) {
      context.check();
      const looks = random.chance(SECOND_LOOKS) ? ANALYSTS : [ANALYSTS[0]];
      for (const voter of looks) {
        const label = random.chance(SLIPS) ? random.pick(DEMO_LABELS) : alert.truth;
        await this.#feedback.vote(jobId, alert.id, { label, voter, through: 'app', asked: 'queue' });
      }
      told((index + 1) / chosen.length);
      await nextTurn();
    }
  }

  async #train(context: TaskContext, jobId: number, told: () => void): Promise<void> {
    context.check();
    told();
    const asked = await this.#training().requestTraining(jobId, ORIGIN);
    if (asked.taskId === undefined) throw new TaskFailed(asked.sentence);
    const ended = await this.#tasks().finished(asked.taskId);
    context.check();
    if (ended.state !== 'done') throw new TaskFailed(`The training of the demo did not end well: ${ended.message}`);
  }

  async #openGuard(jobId: number): Promise<void> {
    const job = await this.#jobs.find(jobId);
    const drop = job && findLabel(job.labels, 'Drop');
    if (!job || !drop) throw new TaskFailed('The AI use case of the demo is not there any more, or has lost its label Drop.');
    await this.#guards.open(job, drop.classNo, PROMISE, undefined, ORIGIN);
  }
}

/** One alert of each of the most frequent kinds, and of some of the others. */
function someOfEachKind(alerts: readonly DemoAlert[], random: Random): DemoAlert[] {
  const kinds = new Map<string, { readonly alert: DemoAlert; count: number }>();
  for (const alert of alerts) {
    const { host, user, threat_intel: intel, change } = alert.body as Record<string, Record<string, unknown> | undefined>;
    const kind = JSON.stringify([alert.title, host?.criticality, user?.privileged, intel?.reputation, change?.approved]);
    const known = kinds.get(kind);
    if (known) known.count++;
    else kinds.set(kind, { alert, count: 1 });
  }
  const byCount = [...kinds.values()].sort((a, b) => b.count - a.count || (a.alert.id < b.alert.id ? -1 : 1));
  const rest = byCount.slice(FREQUENT);
  const drawn = Array.from({ length: Math.min(DRAWN, rest.length) }, () => rest.splice(random.whole(0, rest.length - 1), 1)[0]!);
  return [...byCount.slice(0, FREQUENT), ...drawn].map(({ alert }) => alert);
}

function readEnd(cursor: unknown): number | undefined {
  const end = (cursor as { readonly end?: unknown } | null)?.end;
  return typeof end === 'number' ? end : undefined;
}
