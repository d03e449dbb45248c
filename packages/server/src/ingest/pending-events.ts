import { parseAlert } from '@verdict/engine';
import { type BucketPlace, type BucketService, placeName } from '../buckets/bucket-service.ts';
import type { Clock } from '../clock.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import type { StoredEvent } from './event.ts';
import * as store from './event-store.ts';
import type { Drawer } from './ingest-service.ts';

/** A pending event whose steps have run. */
export interface Prepared {
  readonly seq: number;
  /** The alert as it came, as JSON text. */
  readonly body: string;
  /** What the steps made of it, as JSON text; null = it is decided as it came. */
  readonly enriched: string | null;
  /** What went wrong, a sentence; null when nothing did. */
  readonly error: string | null;
}

/** Told after the commit what pending events were decided. */
export type SettledObserver = (settled: readonly { readonly job: Job; readonly classNo: number | null }[]) => void;

/**
 * Events that were stored before they could be decided, because code steps come first: durable and answered, not lost by anything that happens to
 * their steps. This brings them to their bucket and their decision, as ingest does with all others.
 */
export class PendingEvents {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #buckets: BucketService;
  readonly #decisions: DecisionService;
  readonly #feedback: FeedbackService;
  readonly #drawer: Drawer;
  readonly #observers: SettledObserver[] = [];
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(parts: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly jobs: JobService;
    readonly buckets: BucketService;
    readonly decisions: DecisionService;
    readonly feedback: FeedbackService;
    readonly drawer: Drawer;
  }) {
    this.#storage = parts.storage;
    this.#clock = parts.clock;
    this.#jobs = parts.jobs;
    this.#buckets = parts.buckets;
    this.#decisions = parts.decisions;
    this.#feedback = parts.feedback;
    this.#drawer = parts.drawer;
  }

  observe(observer: SettledObserver): void {
    this.#observers.push(observer);
  }

  /** The oldest pending events of a job, with their alerts. */
  async next(jobId: number, limit: number): Promise<{ seq: number; body: string }[]> {
    return this.#storage.read((tx) => store.pendingEvents(tx, jobId, limit));
  }

  /** Whether a job has any. */
  async anyIn(tx: ReadTx, jobId: number): Promise<boolean> {
    return store.hasPending(tx, jobId);
  }

  /** Numbers of the jobs that have some. */
  async jobs(): Promise<number[]> {
    return this.#storage.read((tx) => store.jobsWithPending(tx));
  }

  /** Waits until an event is decided, so long at most; false when the time is over first. */
  async settled(seq: number, milliseconds: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const told = () => resolve(true);
    const listeners = this.#waiting.get(seq) ?? new Set();
    this.#waiting.set(seq, listeners.add(told));
    const timer = setTimeout(() => resolve(false), milliseconds);
    try {
      const event = await this.#storage.read((tx) => store.getEventBySeq(tx, seq));
      return event?.status !== 'pending_inference' || (await promise);
    } finally {
      clearTimeout(timer);
      listeners.delete(told);
      if (listeners.size === 0 && this.#waiting.get(seq) === listeners) this.#waiting.delete(seq);
    }
  }

  /**
   * Decides pending events of one job, in one unit. Those that are not there or not pending any more are passed over.
   * @returns how many were decided.
   */
  async settle(jobId: number, prepared: readonly Prepared[]): Promise<number> {
    const job = await this.#jobs.find(jobId);
    if (job) await this.#decisions.prepare(job);
    const alerts = prepared.map(({ body, enriched }) => parseAlert(enriched ?? body));
    return this.#storage.write((tx) => this.#settleIn(tx, jobId, prepared, alerts));
  }

  async #settleIn(tx: Tx, jobId: number, prepared: readonly Prepared[], alerts: readonly unknown[]): Promise<number> {
    const job = await this.#jobs.findIn(tx, jobId);
    if (!job) return 0;
    const now = this.#clock();
    const points = job.points.length === 0 ? null : this.#decisions.compile(job.points);
    const open: { event: StoredEvent; prepared: Prepared; alert: unknown; place: Place | null }[] = [];
    for (const [index, each] of prepared.entries()) {
      const event = await store.getEventBySeq(tx, each.seq);
      if (event?.status !== 'pending_inference') continue;
      const alert = alerts[index];
      const values = points?.values(alert);
      const place =
        points && values
          ? { jobId, pointsVersion: job.pointsVersion, key: points.key(values), values: points.canonical(values), parsed: values }
          : null;
      open.push({ event, prepared: each, alert, place });
    }
    const bucketIds = await this.#buckets.ensureIn(
      tx,
      open.map(({ place }) => place).filter((place) => place !== null),
      now,
    );
    const added = new Map<number, number>();
    const moved: { seq: number; bucketId: number | null }[] = [];
    const told: { job: Job; classNo: number | null }[] = [];
    for (const { event, prepared: each, alert, place } of open) {
      const { seq } = event;
      const bucketId = place ? bucketIds.get(placeName(place))! : null;
      const own = place ? { values: place.parsed, key: place.key } : undefined;
      const decided = await this.#decisions.decideIn(tx, job, () => alert, own);
      const { enriched, error } = each;
      const stands = { seq, pointsVersion: job.pointsVersion, bucketId, decisionId: decided?.id ?? null, error, enriched };
      await store.settleEvent(tx, stands, now);
      if (bucketId !== null) {
        if (event.isCurrent) added.set(bucketId, (added.get(bucketId) ?? 0) + 1);
        moved.push({ seq, bucketId });
      }
      // Decided without what its steps would have told, it is no example of what the job's decisions are like.
      const drawn = event.version === 1 && event.isCurrent && error === null;
      if (drawn && this.#drawer.draws(jobId)) await this.#drawer.drawIn(tx, job, { seq, bucketId }, decided?.id);
      if (job.shadowModelId !== null) await this.#decisions.shadowIn(tx, job, seq, () => alert, own);
      told.push({ job, classNo: decided?.classNo ?? null });
    }
    await this.#buckets.countIn(tx, added, now);
    // What people said of them meanwhile was said of each on its own.
    await this.#feedback.moveIn(tx, job, moved, now);
    tx.afterCommit(() => {
      for (const { event } of open) for (const tell of this.#waiting.get(event.seq) ?? []) tell();
      for (const observer of this.#observers) observer(told);
    });
    return open.length;
  }
}

interface Place extends BucketPlace {
  readonly parsed: ReturnType<ReturnType<DecisionService['compile']>['values']>;
}
