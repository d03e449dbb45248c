import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import { type Job, openLabels, sharesFeedback } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import type { TaskService } from '../tasks/task-service.ts';
import type { TrainedModel } from '../training/training.ts';
import type { TrainingService } from '../training/training-service.ts';
import { type Figures, figuresOf, type Pair } from './figures.ts';
import * as store from './metrics-store.ts';
import { RECOMPUTE, trainedPairs } from './recompute-task.ts';

/** Most ids that a list of examples names. */
const EXAMPLES = 10;
/** Ids of events looked up at once. */
const IDS_AT_ONCE = 1_000;

/** How well a job does on the events of a span of time. Times are microseconds. */
export interface JobFigures {
  /** The asked start of the span, else the time of the first event that counts; null without any. The end likewise. */
  readonly from: number | null;
  readonly to: number | null;
  readonly figures: Figures;
  readonly minutesSaved: number;
  readonly modelIds: readonly number[];
  readonly events: number;
  readonly eventsInKnowledgeBase: number;
  readonly eventsWithConsensus: number;
  readonly changed: { readonly events: number; readonly eventIds: readonly string[]; readonly bucketIds: readonly number[] };
}

/** How well a model does. */
export interface ModelFigures {
  readonly modelId: number;
  readonly figures: Figures;
  readonly recomputing: boolean;
  /** When they were last computed anew; null for the figures of its training. */
  readonly recomputedAt: number | null;
}

/** A recomputation that was begun, or was under way already. */
export interface Recomputation {
  readonly taskId: number;
  readonly begun: boolean;
  readonly requestedAt: number;
}

/** Figures of jobs and models: how often people agree with what was decided. */
export class MetricsService {
  readonly #storage: Storage;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #training: TrainingService;
  readonly #tasks: TaskService;
  readonly #window: number;

  /** @param window rows of events that one statement walks over; at least 1. */
  constructor(
    storage: Storage,
    audit: Pick<AuditTrail, 'record'>,
    training: TrainingService,
    tasks: TaskService,
    window = store.WINDOW,
  ) {
    this.#storage = storage;
    this.#audit = audit;
    this.#training = training;
    this.#tasks = tasks;
    this.#window = window;
  }

  /**
   * Figures over the current events of a job whose own time is in the span, each event once, with its current decision and what people
   * agree on now for its bucket (or for it alone). Only events with both are judged; buckets that the model was trained on are among them, so
   * this says how the job did, not how it would do on alerts that nobody labelled (that is what the figures of a model say).
   *
   * - Minutes saved: the job's minutes for each alert × events decided as people say.
   * - In the knowledge base: events of buckets that the active model was trained on, whatever people say of them now.
   * - Changed consensus: of those, the ones for whose bucket people now agree on another label, or on none.
   *
   * Walks over the events of the job in pieces of some thousand rows, with a turn for others between them.
   * @param from microseconds, inclusive; null for no limit. `to` likewise.
   * @param only ids of the events that count; all where it is undefined.
   */
  async ofJob(job: Job, from: number | null, to: number | null, only?: readonly string[]): Promise<JobFigures> {
    const span: store.Span = { jobId: job.id, from: from ?? Number.MIN_SAFE_INTEGER, to: to ?? Number.MAX_SAFE_INTEGER };
    const tally = new Tally();
    const shared = sharesFeedback(job.category);
    const modelId = job.activeModelId ?? 0;
    for await (const window of this.#windows(job.id, only)) {
      await this.#storage.read(async (tx) => {
        const changed = new Set<number>();
        for (const group of await store.countGroups(tx, span, window, shared, modelId)) {
          if (tally.group(group)) changed.add(group.bucket!);
        }
        const examples: { seq: number; eventId: string }[] = [];
        if (changed.size > 0) examples.push(...(await store.newestOfBuckets(tx, span, window, [...changed], EXAMPLES)));
        for (const unit of await store.ownUnits(tx, span, window, shared, modelId)) if (tally.own(unit)) examples.push(unit);
        tally.exemplify(examples);
      });
      await nextTurn();
    }
    const figures = figuresOf(classNosOf(job), tally.pairs());
    return {
      from: from ?? tally.first,
      to: to ?? tally.last,
      figures,
      minutesSaved: job.settings.minutesPerAlert * figures.right,
      modelIds: await this.modelIds(job.id),
      events: tally.events,
      eventsInKnowledgeBase: tally.known,
      eventsWithConsensus: tally.withConsensus,
      changed: { events: tally.changed, eventIds: tally.examples, bucketIds: tally.mostChanged() },
    };
  }

  /**
   * Figures of a model over units (buckets, or events on their own) that it was not fitted to: those of its training, or what was computed last on request
   * (see RecomputeTask).
   * @throws Refusal `not_found`, also for a model of another job.
   */
  async ofModel(job: Job, modelId: number): Promise<ModelFigures> {
    const model = await this.#training.model(job.id, modelId);
    const recomputed = await this.#storage.read((tx) => store.getRecomputed(tx, modelId));
    const pairs = recomputed ? (JSON.parse(recomputed.pairs) as Pair[]) : trainedPairs(model);
    return {
      modelId,
      figures: figuresOf(classNosOf(job), pairs),
      recomputing: (await this.#openTask(model)) !== undefined,
      recomputedAt: recomputed?.at ?? null,
    };
  }

  /** The same once a recomputation that is under way has ended, or after `timeoutMs`. */
  async ofModelWhenReady(job: Job, modelId: number, timeoutMs: number): Promise<ModelFigures> {
    const open = await this.#openTask(await this.#training.model(job.id, modelId));
    if (open && timeoutMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      await Promise.race([this.#tasks.finished(open.id), promise]);
      clearTimeout(timer);
    }
    return this.ofModel(job, modelId);
  }

  /** Has the figures of a model computed anew, once at a time. @throws Refusal `not_found`. */
  async requestRecompute(job: Job, modelId: number, origin: Origin): Promise<Recomputation> {
    await this.#training.model(job.id, modelId);
    return this.#storage.write(async (tx) => {
      const open = (await store.openRecomputations(tx, job.id, RECOMPUTE)).find((task) => modelOf(task) === modelId);
      if (open) return { taskId: open.id, begun: false, requestedAt: open.createdAt };
      const createdBy = principalId(origin.principal);
      const task = await this.#tasks.enqueue(tx, { kind: RECOMPUTE, jobId: job.id, parameters: { modelId }, createdBy });
      await this.#audit.record(tx, origin, {
        action: 'model.recompute_metrics',
        objectKind: 'model',
        objectId: String(modelId),
        jobId: job.id,
        after: { task: task.id },
      });
      return { taskId: task.id, begun: true, requestedAt: task.createdAt };
    });
  }

  /** Numbers of the models of a job, oldest first. */
  async modelIds(jobId: number): Promise<number[]> {
    return this.#storage.read((tx) => store.modelIds(tx, jobId));
  }

  async #openTask(model: TrainedModel): Promise<{ id: number } | undefined> {
    const open = await this.#storage.read((tx) => store.openRecomputations(tx, model.jobId, RECOMPUTE));
    return open.find((task) => modelOf(task) === model.id);
  }

  /** The events of a job in pieces, oldest first. */
  async *#windows(jobId: number, only: readonly string[] | undefined): AsyncGenerator<store.Window> {
    if (only === undefined) {
      for (let after = 0; ; ) {
        const window = await this.#storage.read((tx) => store.nextWindow(tx, jobId, after, this.#window));
        if (!window) return;
        yield window;
        after = window.upTo;
      }
    }
    const rows: number[] = [];
    for (let at = 0; at < only.length; at += IDS_AT_ONCE) {
      rows.push(...(await this.#storage.read((tx) => store.currentRows(tx, jobId, only.slice(at, at + IDS_AT_ONCE)))));
      await nextTurn();
    }
    rows.sort((a, b) => a - b);
    for (let at = 0; at < rows.length; at += this.#window) {
      const some = rows.slice(at, at + this.#window);
      yield { after: some[0]! - 1, upTo: some.at(-1)!, only: JSON.stringify(some) };
    }
  }
}

/** Number of a model as somebody wrote it. @throws Refusal `not_found` for what cannot be one. */
export function readModelId(text: string): number {
  const id = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
  if (id < 1) throw new Refusal('not_found', `There is no model "${text.slice(0, 100)}".`);
  return id;
}

/** Class numbers that always have a row and a column: the labels that may be given now. */
function classNosOf(job: Job): number[] {
  return openLabels(job.labels).map(({ classNo }) => classNo);
}

function modelOf(task: { readonly parameters: string }): number {
  return Number((JSON.parse(task.parameters) as { modelId?: unknown }).modelId);
}

/** What was counted so far. */
class Tally {
  events = 0;
  known = 0;
  withConsensus = 0;
  changed = 0;
  first: number | null = null;
  last: number | null = null;
  /** Ids of events whose consensus changed, newest first. */
  examples: string[] = [];
  readonly #pairs = new Map<string, Pair>();
  readonly #changedBuckets = new Map<number, number>();

  /** Whether the consensus of the group's bucket changed since the training. */
  group(group: store.Group): boolean {
    this.events += group.events;
    this.first = this.first === null ? group.first : Math.min(this.first, group.first);
    this.last = this.last === null ? group.last : Math.max(this.last, group.last);
    if (group.bucket === null || !this.#judge(group, group.events)) return false;
    this.#changedBuckets.set(group.bucket, (this.#changedBuckets.get(group.bucket) ?? 0) + group.events);
    return true;
  }

  /** The same for an event that stands on its own, which was counted with its group already. */
  own(unit: store.OwnUnit): boolean {
    return this.#judge(unit, 1);
  }

  /** Keeps the newest examples; windows come oldest first. */
  exemplify(found: { readonly seq: number; readonly eventId: string }[]): void {
    const ids = found.sort((a, b) => b.seq - a.seq).map(({ eventId }) => eventId);
    this.examples = [...ids, ...this.examples].slice(0, EXAMPLES);
  }

  pairs(): Pair[] {
    return [...this.#pairs.values()];
  }

  /** The buckets with the most events among those whose consensus changed. */
  mostChanged(): number[] {
    return [...this.#changedBuckets]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, EXAMPLES)
      .map(([id]) => id);
  }

  /** Counts events with the same consensus and decision; whether their consensus changed since the training. */
  #judge({ decided, agreed, trained }: Pick<store.Group, 'decided' | 'agreed' | 'trained'>, events: number): boolean {
    if (agreed !== null) this.withConsensus += events;
    if (agreed !== null && decided !== null) {
      const name = `${agreed}:${decided}`;
      this.#pairs.set(name, { agreed, decided, count: (this.#pairs.get(name)?.count ?? 0) + events });
    }
    if (trained === null) return false;
    this.known += events;
    if (trained === agreed) return false;
    this.changed += events;
    return true;
  }
}
