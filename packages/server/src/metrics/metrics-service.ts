import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import { type Job, openLabels, sharesFeedback } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import type { TaskService } from '../tasks/task-service.ts';
import type { TrainedModel } from '../training/training.ts';
import type { TrainingService } from '../training/training-service.ts';
import { CountedEvents, type Whole } from './counted-events.ts';
import { type Figures, figuresOf, type Pair } from './figures.ts';
import * as store from './metrics-store.ts';
import type { Piece } from './piece.ts';
import { RECOMPUTE, trainedPairs } from './recompute-task.ts';

/** Most ids that a list of examples names. */
const EXAMPLES = 10;
/** Ids of events looked up at once. */
const IDS_AT_ONCE = 1_000;
/** Labelled units looked up at once. */
const UNITS_AT_ONCE = 2_000;

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
  readonly #events: CountedEvents;

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
    this.#events = new CountedEvents(storage, window);
  }

  /** A task that changes stored events waits, runs, or is over. @param jobId null = it may change those of any job. */
  changing(taskId: number, jobId: number | null, over: boolean): void {
    this.#events.changing(taskId, jobId, over);
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
   * Events are counted once and kept (see CountedEvents); only those at the ends of the span, and the newest, are looked at one by one. With `only`
   * it walks over the named ones, with a turn for others between some thousand rows.
   * @param from microseconds, inclusive; null for no limit. `to` likewise.
   * @param only ids of the events that count; all where it is undefined.
   */
  async ofJob(job: Job, from: number | null, to: number | null, only?: readonly string[]): Promise<JobFigures> {
    const span: store.Span = { jobId: job.id, from: from ?? Number.MIN_SAFE_INTEGER, to: to ?? Number.MAX_SAFE_INTEGER };
    const of = { span, shared: sharesFeedback(job.category), modelId: job.activeModelId ?? 0 };
    const tally = only === undefined ? await this.#counted(of) : await this.#walked(of, only);
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
      changed: { events: tally.changed, eventIds: tally.examples(), bucketIds: tally.mostChanged() },
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

  /** Looks up what people and the model know, and what the counted events of it come to: work goes with what is labelled, not with what is stored. */
  async #counted(of: Of): Promise<Tally> {
    const { span, shared, modelId } = of;
    const tally = new Tally();
    const { whole, cut } = await this.#events.cover(span);
    const known = shared ? await this.#knownBuckets(of) : new Map<number, store.KnownBucket>();
    for (const { counted } of whole) {
      tally.stretch(counted);
      const { buckets, classes, counts } = counted;
      for (let at = 0; at < buckets.length; at++) {
        const bucket = known.get(buckets[at]!);
        if (bucket && counts[at]! > 0) tally.bucket(bucket, classes[at]! < 0 ? null : classes[at]!, counts[at]!);
      }
      await nextTurn();
    }
    for (const window of cut) {
      for (const group of await this.#storage.read((tx) => store.countGroups(tx, span, window, shared, modelId)))
        tally.group(group);
      await nextTurn();
    }
    const changed = tally.changedBuckets();
    if (changed.length > 0) tally.exemplify(await this.#newest(of, changed, whole, cut));
    for await (const units of this.#ownUnits(of)) tally.exemplify(units.filter((unit) => tally.own(unit)));
    return tally;
  }

  /** The same, looking at each event that is named. */
  async #walked({ span, shared, modelId }: Of, only: readonly string[]): Promise<Tally> {
    const tally = new Tally();
    for await (const window of this.#windows(span.jobId, only)) {
      await this.#storage.read(async (tx) => {
        const changed = new Set<number>();
        for (const group of await store.countGroups(tx, span, window, shared, modelId)) {
          if (tally.group(group)) changed.add(group.bucket!);
        }
        if (changed.size > 0) tally.exemplify(await store.newestOfBuckets(tx, span, window, [...changed], EXAMPLES));
        tally.exemplify((await store.ownUnits(tx, span, window, shared, modelId)).filter((unit) => tally.own(unit)));
      });
      await nextTurn();
    }
    return tally;
  }

  /** Buckets that people agree on or that the model was trained on. */
  async #knownBuckets({ span, modelId }: Of): Promise<Map<number, store.KnownBucket>> {
    const known = new Map<number, store.KnownBucket>();
    for (let after = 0; ; ) {
      const some = await this.#storage.read((tx) => store.agreedBuckets(tx, span.jobId, modelId, after, UNITS_AT_ONCE));
      for (const bucket of some) known.set(bucket.bucket, bucket);
      if (some.length < UNITS_AT_ONCE) break;
      after = some.at(-1)!.bucket;
      await nextTurn();
    }
    for await (const { after, upTo } of this.#trained(modelId, 'b')) {
      const some = await this.#storage.read((tx) => store.trainedBuckets(tx, span.jobId, modelId, after, upTo));
      for (const bucket of some) known.set(bucket.bucket, bucket);
    }
    return known;
  }

  /** Events on their own that people agree on or that the model was trained on, in pieces. */
  async *#ownUnits({ span, shared, modelId }: Of): AsyncGenerator<store.OwnUnit[]> {
    for (let after = 0; ; ) {
      const from = after;
      const upTo = await this.#storage.read((tx) => store.endOfAgreedEvents(tx, span.jobId, from, UNITS_AT_ONCE));
      if (upTo === undefined) break;
      yield await this.#storage.read((tx) => store.agreedEvents(tx, span, shared, modelId, from, upTo));
      after = upTo;
      await nextTurn();
    }
    for await (const { after, upTo } of this.#trained(modelId, 'e'))
      yield await this.#storage.read((tx) => store.trainedEvents(tx, span, shared, modelId, after, upTo));
  }

  /** The knowledge base of a model in pieces, by the names of its units. */
  async *#trained(modelId: number, kind: 'b' | 'e'): AsyncGenerator<{ after: string; upTo: string }> {
    for (let after = `${kind}:`; ; ) {
      const from = after;
      const upTo = await this.#storage.read((tx) => store.endOfTrained(tx, modelId, kind, from, UNITS_AT_ONCE));
      if (upTo === undefined) return;
      yield { after, upTo };
      after = upTo;
      await nextTurn();
    }
  }

  /** The newest events in some buckets: stretches are looked at from the newest on, and only those that have any. */
  async #newest(
    { span }: Of,
    bucketIds: readonly number[],
    whole: readonly Whole[],
    cut: readonly store.Window[],
  ): Promise<Example[]> {
    const wanted = new Set(bucketIds);
    const stretches: store.Window[] = [...cut];
    const add = (piece: Piece) => {
      if (piece.counted !== null && !piece.counted.buckets.some((bucket) => wanted.has(bucket))) return;
      if (piece.parts.length === 0) stretches.push({ after: piece.after, upTo: piece.upTo, only: null });
      else for (const part of piece.parts) add(part);
    };
    for (const { piece } of whole) add(piece);
    const found: Example[] = [];
    for (const window of stretches.sort((a, b) => b.after - a.after)) {
      found.push(...(await this.#storage.read((tx) => store.newestOfBuckets(tx, span, window, bucketIds, EXAMPLES))));
      if (found.length >= EXAMPLES) break;
      await nextTurn();
    }
    return found;
  }

  /** The named events of a job in pieces, oldest first. */
  async *#windows(jobId: number, only: readonly string[]): AsyncGenerator<store.Window> {
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

/** Whose figures: which events, whether votes are counted over buckets, and the model whose knowledge base is meant; 0 for none. */
interface Of {
  readonly span: store.Span;
  readonly shared: boolean;
  readonly modelId: number;
}

interface Example {
  readonly seq: number;
  readonly eventId: string;
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
  readonly #pairs = new Map<string, Pair>();
  readonly #changedBuckets = new Map<number, number>();
  #examples: Example[] = [];

  /** Whether the consensus of the group's bucket changed since the training. */
  group(group: store.Group): boolean {
    this.stretch(group);
    return group.bucket !== null && this.bucket({ ...group, bucket: group.bucket }, group.decided, group.events);
  }

  /** Counts that there are events, and when. */
  stretch({ events, first, last }: Pick<store.Group, 'events' | 'first' | 'last'>): void {
    this.events += events;
    this.first = this.first === null ? first : Math.min(this.first, first);
    this.last = this.last === null ? last : Math.max(this.last, last);
  }

  /** Judges events of a bucket that were counted with their stretch; whether its consensus changed since the training. */
  bucket({ bucket, agreed, trained }: store.KnownBucket, decided: number | null, events: number): boolean {
    if (!this.#judge({ decided, agreed, trained }, events)) return false;
    this.#changedBuckets.set(bucket, (this.#changedBuckets.get(bucket) ?? 0) + events);
    return true;
  }

  /** The same for an event that stands on its own. */
  own(unit: store.OwnUnit): boolean {
    return this.#judge(unit, 1);
  }

  /** Keeps the newest of the events whose consensus changed. */
  exemplify(found: readonly Example[]): void {
    this.#examples = [...found, ...this.#examples].sort((a, b) => b.seq - a.seq).slice(0, EXAMPLES);
  }

  /** Ids of events whose consensus changed, newest first. */
  examples(): string[] {
    return this.#examples.map(({ eventId }) => eventId);
  }

  pairs(): Pair[] {
    return [...this.#pairs.values()];
  }

  changedBuckets(): number[] {
    return [...this.#changedBuckets.keys()];
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
