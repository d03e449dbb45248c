import { setImmediate as nextTurn } from 'node:timers/promises';
import { compileDecisionPoints, type DecisionPoints, parseAlert } from '@verdict/engine';
import type { Clock } from '../clock.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import { type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import { countInBucket, ensureBucket } from './bucket-store.ts';
import * as store from './rebucket-store.ts';

/** Kind of these tasks. */
export const REBUCKET = 'rebucket';

/** How much is done at once. */
export interface RebucketSizes {
  /** Events looked at in one read. */
  readonly window: number;
  /** Events moved, or buckets removed, in one unit of work. */
  readonly perUnit: number;
}
const SIZES: RebucketSizes = { window: 500, perUnit: 100 };
/** Alerts are parsed this long in one turn of the loop, in milliseconds: one may have a megabyte. */
const TURN_MS = 8;
/** Share of the walk in the whole; what is left is for removing empty buckets. */
const WALK_SHARE = 0.95;

/** What the decision points of a version hold in an event; `key` null when that version has no points. */
interface Placed {
  readonly seq: number;
  readonly key: string | null;
  readonly values: string;
}

/**
 * Puts stored events in the buckets of the job's current decision points, newest first, votes with them. Each event is moved in one unit
 * with its counts and its votes, and only from an older version, so it may be interrupted anywhere, run twice, and go on beside ingest and
 * feedback, which use the new version at once. When the decision points change again it ends, and the task of that change does the rest.
 */
export class RebucketTask implements TaskHandler {
  readonly kind = REBUCKET;
  readonly resumable = true;
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #feedback: FeedbackService;
  readonly #sizes: RebucketSizes;

  constructor(storage: Storage, clock: Clock, jobs: JobService, feedback: FeedbackService, sizes: RebucketSizes = SIZES) {
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
    this.#feedback = feedback;
    this.#sizes = sizes;
  }

  /** Asks for it inside the unit that raises the version of a job's decision points. */
  async enqueueIn(tasks: TaskService, tx: Tx, jobId: number, version: number, origin: Origin): Promise<void> {
    const createdBy = principalId(origin.principal);
    await tasks.enqueue(tx, { kind: REBUCKET, jobId, parameters: { version }, createdBy });
  }

  async run(context: TaskContext): Promise<string> {
    const jobId = context.jobId!;
    const version = Number(context.parameters.version);
    const job = await this.#storage.read((tx) => this.#jobs.findIn(tx, jobId));
    if (!job) throw new TaskFailed('The AI use case is not there any more.');
    if (job.pointsVersion !== version) return SUPERSEDED;
    const moved = await this.#walk(context, job);
    if (moved === null) return SUPERSEDED;
    await this.#removeEmpty(context, job);
    return `${moved} ${moved === 1 ? 'event' : 'events'} put in buckets.`;
  }

  /** The number of events moved; null when the decision points were changed again. */
  async #walk(context: TaskContext, job: Job): Promise<number | null> {
    const range = await this.#storage.read((tx) => store.eventRange(tx, job.id));
    if (!range) return 0;
    const points = job.points.length === 0 ? null : compileDecisionPoints(job.points);
    const from = readCursor(context.cursor);
    let below = from.below;
    let moved = from.moved;
    for (;;) {
      context.check();
      const window = await this.#storage.read((tx) => store.eventsBelow(tx, job.id, below, this.#sizes.window));
      const last = window.at(-1);
      if (!last) return moved;
      const stale = window.filter((event) => event.points_version < job.pointsVersion);
      for (let at = 0; at < stale.length; at += this.#sizes.perUnit) {
        context.check();
        const placed = await this.#place(stale.slice(at, at + this.#sizes.perUnit), points);
        const done = await this.#storage.write((tx) => this.#moveIn(tx, job.id, job.pointsVersion, placed));
        if (done === null) return null;
        moved += done;
      }
      below = last.seq;
      const share = (range.last - below + 1) / (range.last - range.first + 1);
      context.progress(WALK_SHARE * share, 'putting events in buckets', { below, moved });
      await nextTurn();
    }
  }

  /** Reads what the points hold: outside of any unit, because the body of a version never changes. */
  async #place(events: readonly { readonly seq: number }[], points: DecisionPoints | null): Promise<Placed[]> {
    if (points === null) return events.map(({ seq }) => ({ seq, key: null, values: '' }));
    const placed: Placed[] = [];
    let turn = performance.now();
    for (const { seq } of events) {
      const body = await this.#storage.read((tx) => store.getBody(tx, seq));
      // Removed meanwhile, with its event.
      if (body === undefined) continue;
      const values = points.values(parseAlert(body));
      placed.push({ seq, key: points.key(values), values: points.canonical(values) });
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        turn = performance.now();
      }
    }
    return placed;
  }

  async #moveIn(tx: Tx, jobId: number, version: number, placed: readonly Placed[]): Promise<number | null> {
    const job = await this.#jobs.findIn(tx, jobId);
    if (job?.pointsVersion !== version) return null;
    const byKey = new Map<string | null, { values: string; events: store.EventPlace[] }>();
    const left = new Map<number, { events: number; at: number }>();
    for (const { seq, key, values } of placed) {
      const event = await store.getPlace(tx, seq);
      // A pending one goes to its bucket when it is decided, by the points of that moment.
      if (!event || event.points_version >= version || event.status === 'pending_inference') continue;
      const bucket = byKey.get(key) ?? { values, events: [] };
      bucket.events.push(event);
      byKey.set(key, bucket);
      if (event.bucket_id === null || event.is_current === 0) continue;
      left.set(event.bucket_id, { events: (left.get(event.bucket_id)?.events ?? 0) + 1, at: event.ingested_at });
    }
    const moved: { seq: number; bucketId: number | null }[] = [];
    // In the order of their keys, as every writer of buckets.
    for (const key of [...byKey.keys()].sort()) {
      const { values, events } = byKey.get(key)!;
      const bucketId = key === null ? null : await enter(tx, { jobId, version, key, values }, events);
      for (const { seq } of events) {
        await store.setPlace(tx, seq, version, bucketId);
        moved.push({ seq, bucketId });
      }
    }
    for (const id of [...left.keys()].sort((a, b) => a - b)) await countInBucket(tx, id, -left.get(id)!.events, left.get(id)!.at);
    await this.#feedback.moveIn(tx, job, moved, this.#clock());
    return moved.length;
  }

  /** Buckets of older versions that nothing needs go; of those that a model was trained on, the votes have gone with their events. */
  async #removeEmpty(context: TaskContext, job: Job): Promise<void> {
    let mark: store.BucketMark = { points_version: -1, key: '' };
    for (;;) {
      context.check();
      const after = mark;
      const buckets = await this.#storage.write(async (tx) => {
        const some = await store.oldBuckets(tx, job.id, job.pointsVersion, after, this.#sizes.perUnit);
        for (const bucket of some) {
          await this.#feedback.recountIn(tx, { kind: 'b', id: bucket.id }, job.id, this.#clock());
          if ((await store.isOccupied(tx, bucket.id)) || (await store.isTrainedOn(tx, job.id, bucket))) continue;
          await store.deleteBucket(tx, bucket.id);
        }
        return some;
      });
      const last = buckets.at(-1);
      if (!last) return;
      mark = last;
      context.progress(WALK_SHARE, 'removing empty buckets');
    }
  }
}

const SUPERSEDED = 'The decision points were changed again; the task of that change goes on.';

/** Makes the bucket where it is missing and counts the current ones of the events that come into it. */
async function enter(
  tx: Tx,
  place: { readonly jobId: number; readonly version: number; readonly key: string; readonly values: string },
  events: readonly store.EventPlace[],
): Promise<number> {
  const times = events.map((event) => event.ingested_at);
  const first = Math.min(...times);
  const id = await ensureBucket(tx, place.jobId, place.version, place.key, place.values, first);
  const current = events.filter((event) => event.is_current === 1).length;
  await countInBucket(tx, id, current, first);
  await countInBucket(tx, id, 0, Math.max(...times));
  return id;
}

function readCursor(cursor: unknown): { readonly below: number; readonly moved: number } {
  const { below, moved } = (cursor ?? {}) as { below?: unknown; moved?: unknown };
  return { below: typeof below === 'number' ? below : Number.MAX_SAFE_INTEGER, moved: typeof moved === 'number' ? moved : 0 };
}
