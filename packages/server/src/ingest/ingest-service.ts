import { hash, randomInt } from 'node:crypto';
import { parseAlert } from '@verdict/engine';
import { type BucketPlace, type BucketService, placeName } from '../buckets/bucket-service.ts';
import type { Clock } from '../clock.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import { Refusal } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { type Storage, StorageUnavailable, type Tx } from '../storage/storage.ts';
import { type IncomingEvent, ownTime } from './event.ts';
import * as store from './event-store.ts';
import { sameJson } from './same-json.ts';

/** What became of one event: a repeated one is answered as it was stored. */
export interface Ingested {
  readonly seq: number;
  readonly jobId: number;
  readonly eventId: string;
  readonly ingestedAt: number;
  readonly outcome: 'new' | 'version' | 'repeated';
}

/** Events in one unit of work: one fsync for all, and no caller waits long for a neighbour. */
const EVENTS_PER_UNIT = 100;

/** Units on their way at once: while one reaches the disk, the next is stored. */
const UNITS_AT_ONCE = 3;

/** Told after the commit what came in and how long it took, for metrics and live views. `pending` = not decided yet. */
export type IngestObserver = (
  ingested: readonly {
    readonly event: Ingested;
    readonly job: Job;
    readonly classNo: number | null;
    readonly pending: boolean;
  }[],
  seconds: number,
) => void;

/** Told inside the unit that stores pending events of a job: sees to it that something carries them on. */
export type CarryOn = (tx: Tx, jobId: number) => Promise<void>;

/** Draws events at random for the guard's audits, inside the unit that stores them. */
export interface Drawer {
  /** Whether anything of this job is to be drawn; costs nothing. */
  draws(jobId: number): boolean;
  drawIn(
    tx: Tx,
    job: Job,
    event: { readonly seq: number; readonly bucketId: number | null },
    decisionId: number | undefined,
  ): Promise<void>;
}

interface Waiting {
  readonly event: IncomingEvent;
  readonly bodyHash: Buffer;
  readonly alert: unknown;
  readonly resolve: (ingested: Ingested) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one way in. Whoever sends an alert (one or many, SOAR, import or demo), it goes: identity → decision points → bucket → decide →
 * store, and is answered when it is durable. Sending it again changes nothing.
 */
export class IngestService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #buckets: BucketService;
  readonly #decisions: DecisionService;
  readonly #limit: number;
  readonly #observers: IngestObserver[] = [];
  #queue: Waiting[] = [];
  #draining = false;
  #drawer: Drawer | undefined;
  #carryOn: CarryOn = async () => {};

  constructor(
    storage: Storage,
    clock: Clock,
    jobs: JobService,
    buckets: BucketService,
    decisions: DecisionService,
    queueLimit: number,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
    this.#buckets = buckets;
    this.#decisions = decisions;
    this.#limit = queueLimit;
  }

  /** Events that wait for the writer. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Whether another event would be refused now. */
  get full(): boolean {
    return this.#queue.length >= this.#limit;
  }

  /** Set once, while the services are wired. */
  drawBy(drawer: Drawer): void {
    this.#drawer = drawer;
  }

  /** Set once, while the services are wired. */
  onPending(carryOn: CarryOn): void {
    this.#carryOn = carryOn;
  }

  observe(observer: IngestObserver): void {
    this.#observers.push(observer);
  }

  /**
   * Stores and decides one event.
   * @throws Refusal `queue_full` (nothing was taken), `job_stopped`, `job_not_found`; StorageUnavailable.
   */
  ingest(event: IncomingEvent): Promise<Ingested> {
    if (this.full) {
      return Promise.reject(
        new Refusal('queue_full', 'More events are waiting than this service can hold. Send it again in a moment.', {
          retryAfter: 1,
        }),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Ingested>();
    this.#queue.push({
      event,
      bodyHash: hash('sha256', event.body, 'buffer').subarray(0, 16),
      alert: event.alert ?? parseAlert(event.body.toString('utf8')),
      resolve,
      reject,
    });
    if (!this.#draining) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    const onTheirWay: Promise<void>[] = [];
    while (this.#queue.length > 0) {
      const ran = Promise.withResolvers<void>();
      const answered = this.#unit(ran.resolve);
      onTheirWay.push(answered);
      await Promise.race([ran.promise, answered]);
      if (onTheirWay.length >= UNITS_AT_ONCE) await onTheirWay.shift();
    }
    this.#draining = false;
  }

  /**
   * Stores what waits when the unit's turn comes, so that everything that arrived meanwhile shares it. Never rejects.
   * @param ran called when the unit has done its work and only has to reach the disk: the next one may begin.
   */
  async #unit(ran: () => void): Promise<void> {
    const started = performance.now();
    let batch: Waiting[] = [];
    let outcomes: Outcome[];
    try {
      await this.#loadModels();
      outcomes = await this.#storage.write(async (tx) => {
        batch = this.#queue.splice(0, EVENTS_PER_UNIT);
        const stored = await this.#storeIn(tx, batch);
        ran();
        return stored;
      });
    } catch (error) {
      if (batch.length === 0) batch = this.#queue.splice(0);
      if (error instanceof StorageUnavailable || batch.length === 1) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      // One event that cannot be stored must not take its neighbours with it.
      for (const waiting of batch) {
        try {
          this.#answer([waiting], await this.#storage.write((tx) => this.#storeIn(tx, [waiting])), started);
        } catch (own) {
          waiting.reject(own);
        }
      }
      return;
    }
    this.#answer(batch, outcomes, started);
  }

  /** A model that is not in memory is read before the unit, so that the writer does not wait for it. */
  async #loadModels(): Promise<void> {
    const jobIds = new Set(this.#queue.slice(0, EVENTS_PER_UNIT).map(({ event }) => event.jobId));
    for (const jobId of jobIds) {
      const job = await this.#jobs.find(jobId);
      if (job) await this.#decisions.prepare(job);
    }
  }

  #answer(batch: readonly Waiting[], outcomes: readonly Outcome[], started: number): void {
    const stored: Stored[] = [];
    for (let index = 0; index < batch.length; index++) {
      const outcome = outcomes[index]!;
      if (outcome instanceof Refusal) batch[index]!.reject(outcome);
      else {
        batch[index]!.resolve(outcome.event);
        stored.push(outcome);
      }
    }
    const seconds = (performance.now() - started) / 1000;
    if (stored.length > 0) for (const observer of this.#observers) observer(stored, seconds);
  }

  async #storeIn(tx: Tx, batch: readonly Waiting[]): Promise<Outcome[]> {
    const now = this.#clock();
    const jobs = new Map<number, Job | undefined>();
    for (const { event } of batch) if (!jobs.has(event.jobId)) jobs.set(event.jobId, await this.#jobs.findIn(tx, event.jobId));

    const places: (Place | null)[] = batch.map(({ event, alert }) => {
      const job = jobs.get(event.jobId);
      if (!job?.running || job.hasCodeSteps || job.points.length === 0) return null;
      const points = this.#decisions.compile(job.points);
      const values = points.values(alert);
      const key = points.key(values);
      return { jobId: job.id, pointsVersion: job.pointsVersion, key, values: points.canonical(values), parsed: values };
    });
    const bucketIds = await this.#buckets.ensureIn(
      tx,
      places.filter((place) => place !== null),
      now,
    );

    const outcomes: Outcome[] = [];
    const inBucket = new Map<number, number>();
    const inJob = new Map<number, number>();
    const waiting = new Set<number>();
    for (let index = 0; index < batch.length; index++) {
      const arrived = batch[index]!;
      const place = places[index]!;
      const job = jobs.get(arrived.event.jobId);
      if (!job) {
        outcomes.push(
          new Refusal('job_not_found', `There is no AI use case with the job id ${arrived.event.jobId} for this key.`),
        );
        continue;
      }
      if (!job.running) {
        outcomes.push(
          new Refusal('job_stopped', `"${job.title}" is stopped: nothing was stored. Start it and send the event again.`),
        );
        continue;
      }
      const bucketId = place ? bucketIds.get(placeName(place))! : null;
      const outcome = await this.#storeOne(tx, arrived, job, place, bucketId, now);
      outcomes.push(outcome);
      if (outcome.event.outcome === 'repeated') continue;
      if (outcome.pending) waiting.add(job.id);
      if (bucketId !== null) inBucket.set(bucketId, (inBucket.get(bucketId) ?? 0) + 1);
      if (outcome.leftBucket !== null) inBucket.set(outcome.leftBucket, (inBucket.get(outcome.leftBucket) ?? 0) - 1);
      inJob.set(job.id, (inJob.get(job.id) ?? 0) + (outcome.event.outcome === 'new' ? 1 : 0));
    }
    await this.#buckets.countIn(tx, inBucket, now);
    for (const [jobId, added] of inJob) await this.#jobs.countEventsIn(tx, jobId, added, now);
    for (const jobId of waiting) await this.#carryOn(tx, jobId);
    return outcomes;
  }

  async #storeOne(
    tx: Tx,
    waiting: Waiting,
    job: Job,
    place: Place | null,
    bucketId: number | null,
    now: number,
  ): Promise<Stored> {
    const { event, bodyHash, alert } = waiting;
    let version = 1;
    let leftBucket: number | null = null;
    let eventId = event.eventId;
    if (eventId === null) {
      eventId = newEventId(job.id, now);
    } else {
      const before = await store.getIdentity(tx, job.id, eventId);
      if (before) {
        if (
          bodyHash.equals(before.body_hash) ||
          sameJson(event.body.toString('utf8'), (await store.getBody(tx, before.seq)) ?? '')
        ) {
          return {
            event: { seq: before.seq, jobId: job.id, eventId, ingestedAt: before.ingested_at, outcome: 'repeated' },
            job,
            classNo: null,
            pending: false,
            leftBucket: null,
          };
        }
        version = before.event_version + 1;
        leftBucket = before.bucket_id;
        await store.retireVersion(tx, before.seq);
      }
    }
    const own = place ? { values: place.parsed, key: place.key } : undefined;
    const pending = job.hasCodeSteps;
    const decided = pending ? undefined : await this.#decisions.decideIn(tx, job, () => alert, own);
    const seq = await store.insertEvent(tx, {
      jobId: job.id,
      eventId,
      version,
      bodyHash,
      duplicated: await store.bodySeen(tx, job.id, bodyHash),
      title: event.title,
      severity: event.severity,
      dataSource: event.dataSource,
      storageTag: event.storageTag,
      ingestedAt: now,
      eventAt: event.eventAt ?? ownTime(alert as Record<string, unknown>) ?? now,
      keyId: event.keyId,
      group: event.group,
      pointsVersion: job.pointsVersion,
      bucketId,
      decisionId: decided?.id ?? null,
      pending,
      body: event.body,
    });
    const stored = { seq, jobId: job.id, eventId, ingestedAt: now, outcome: version === 1 ? 'new' : 'version' } as const;
    if (pending) return { event: stored, job, classNo: null, pending, leftBucket };
    if (this.#drawer?.draws(job.id))
      await this.#drawer.drawIn(tx, job, { seq, bucketId }, version === 1 ? decided?.id : undefined);
    if (job.shadowModelId !== null) await this.#decisions.shadowIn(tx, job, seq, () => alert, own);
    return {
      event: stored,
      job,
      classNo: decided?.classNo ?? null,
      pending,
      leftBucket,
    };
  }
}

interface Place extends BucketPlace {
  readonly parsed: ReturnType<ReturnType<DecisionService['compile']>['values']>;
}

interface Stored {
  readonly event: Ingested;
  readonly job: Job;
  readonly classNo: number | null;
  readonly pending: boolean;
  /** The bucket of the version that this one replaces. */
  readonly leftBucket: number | null;
}

type Outcome = Stored | Refusal;

/** A string of digits: the job id, the microseconds of the ingest second, and twelve that make it unique. */
function newEventId(jobId: number, now: number): string {
  const micros = String(now % 1_000_000).padStart(6, '0');
  return `${jobId}${micros}${String(randomInt(1_000_000)).padStart(6, '0')}${String(randomInt(1_000_000)).padStart(6, '0')}`;
}
