import { setImmediate as nextTurn } from 'node:timers/promises';
import { Cron } from 'croner';
import type { Clock } from '../clock.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import type { Task, TaskContext, TaskHandler } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import * as store from './retention-store.ts';

/** Versions of events that one look reads, and that one unit of work removes at most: others must not wait long for it. */
const LOOK = 500;
const PER_UNIT = 50;
const DAY = 86_400_000_000;

export const RETENTION_KIND = 'retention';

/** A daily sweep that was set up. */
export interface RetentionSchedule {
  /** When it begins next. */
  next(): Date | null;
  stop(): void;
}

/**
 * Removes what AI use cases no longer want to keep: events older than their `retentionDays`, with all their versions, alerts and replaced
 * decisions. Off unless a use case sets it.
 *
 * An event's age counts from when its newest version came in, by this machine's clock: what an alert says of its own time is the sender's
 * word. Events that anybody gave feedback on, and those that a model was trained on, stay with all their versions; so do buckets with
 * votes or in a knowledge base, and decisions, which other events share. The count of a job is of the events stored now: it goes down.
 */
export class RetentionService {
  readonly #storage: Pick<Storage, 'read' | 'write'>;
  readonly #clock: Clock;
  readonly #onRemoved: (events: number) => void;

  /** @param onRemoved told how many events each unit of work removed, for the metrics */
  constructor(storage: Pick<Storage, 'read' | 'write'>, clock: Clock, onRemoved: (events: number) => void = () => {}) {
    this.#storage = storage;
    this.#clock = clock;
    this.#onRemoved = onRemoved;
  }

  /** The sweep as a task: goes on where it was after a restart. */
  readonly handler: TaskHandler = {
    kind: RETENTION_KIND,
    resumable: true,
    atOnce: 1,
    run: (context) => this.#sweep(context),
  };

  /** Asks for a sweep; undefined when no use case has a retention, or one is waiting or running already. */
  async request(tasks: TaskService, createdBy: string): Promise<Task | undefined> {
    if ((await this.#wishes()).length === 0) return undefined;
    const known = await tasks.list();
    if (known.some(({ kind, state }) => kind === RETENTION_KIND && (state === 'waiting' || state === 'running')))
      return undefined;
    return this.#storage.write((tx) => tasks.enqueue(tx, { kind: RETENTION_KIND, jobId: null, createdBy }));
  }

  /**
   * Asks for a sweep each day.
   * @param at local time of day, `hh:mm`
   * @param onError told when a sweep could not be asked for
   */
  schedule(at: string, tasks: TaskService, onError: (error: unknown) => void): RetentionSchedule {
    const [hour, minute] = at.split(':').map(Number);
    const cron = new Cron(`${minute} ${hour} * * *`, { protect: true, unref: true, catch: onError }, async () => {
      await this.request(tasks, 'schedule');
    });
    return { next: () => cron.nextRun(), stop: () => cron.stop() };
  }

  async #sweep(context: TaskContext): Promise<string> {
    const wishes = await this.#wishes();
    const at = readMark(context.cursor);
    let { removed, kept } = at;
    for (const [index, { jobId, title, days }] of wishes.entries()) {
      if (jobId < at.jobId) continue;
      const cutoff = this.#clock() - days * DAY;
      const last = await this.#storage.read((tx) => store.newestSeq(tx, jobId));
      const first = jobId === at.jobId ? at.seq : 0;
      let after = first;
      for (;;) {
        context.check();
        const rows = await this.#storage.read((tx) => store.eventsAfter(tx, jobId, after, LOOK));
        if (rows.length === 0) break;
        const old = rows.filter((row) => row.is_current === 1 && row.ingested_at < cutoff).map((row) => row.event_id);
        const done = await this.#remove(jobId, old, cutoff, context);
        removed += done.removed;
        kept += done.kept;
        after = rows.at(-1)!.seq;
        const share = (index + Math.min(1, (after - first) / Math.max(1, last - first))) / wishes.length;
        context.progress(share, `Removing events of "${title}" older than ${days} days`, {
          jobId,
          seq: after,
          removed,
          kept,
        } satisfies Mark);
        await nextTurn();
      }
    }
    return sentenceOf(wishes.length, removed, kept);
  }

  /** Removes these events, each completely or with its oldest versions first, in units of bounded size. */
  async #remove(jobId: number, eventIds: readonly string[], cutoff: number, context: TaskContext): Promise<Removed> {
    const waiting = [...eventIds];
    let [removed, kept] = [0, 0];
    while (waiting.length > 0) {
      context.check();
      const batch = waiting.slice(0, PER_UNIT);
      const done = await this.#storage.write((tx) => removeIn(tx, jobId, batch, cutoff));
      waiting.splice(0, done.finished);
      removed += done.removed;
      kept += done.kept;
      if (done.removed > 0) this.#onRemoved(done.removed);
      await nextTurn();
    }
    return { removed, kept };
  }

  /** The use cases that set a retention, by number. */
  async #wishes(): Promise<Wish[]> {
    const rows = await this.#storage.read((tx) => store.listJobSettings(tx));
    return rows.flatMap(({ id, title, settings }) => {
      const days = (JSON.parse(settings) as { retentionDays?: unknown }).retentionDays;
      // Anything that is not clearly a number of days removes nothing.
      return typeof days === 'number' && Number.isFinite(days) && days > 0 ? [{ jobId: id, title, days }] : [];
    });
  }
}

interface Wish {
  readonly jobId: number;
  readonly title: string;
  readonly days: number;
}

interface Removed {
  readonly removed: number;
  /** Old enough, but needed. */
  readonly kept: number;
}

/** One unit: everything is looked at again in it, for a vote or a new version may have come meanwhile. */
async function removeIn(
  tx: Tx,
  jobId: number,
  eventIds: readonly string[],
  cutoff: number,
): Promise<Removed & { readonly finished: number }> {
  const buckets = new Map<number, number>();
  let [removed, kept, finished, budget] = [0, 0, 0, PER_UNIT];
  for (const eventId of eventIds) {
    if (budget <= 0) break;
    const since = await store.currentSince(tx, jobId, eventId);
    if (since === undefined || since >= cutoff) {
      finished++;
      continue;
    }
    if (await store.isNeeded(tx, jobId, eventId)) {
      finished++;
      kept++;
      continue;
    }
    const versions = await store.versionsOf(tx, jobId, eventId, budget);
    for (const version of versions) {
      await store.deleteVersion(tx, version.seq);
      if (version.bucket_id !== null) buckets.set(version.bucket_id, (buckets.get(version.bucket_id) ?? 0) + version.is_current);
    }
    budget -= versions.length;
    if (!versions.some((version) => version.is_current === 1)) break;
    finished++;
    removed++;
  }
  for (const id of [...buckets.keys()].sort((a, b) => a - b)) {
    const count = buckets.get(id)!;
    if (count > 0) await store.uncountInBucket(tx, id, count);
    await store.deleteIfEmpty(tx, id);
  }
  if (removed > 0) await store.uncountInJob(tx, jobId, removed);
  return { removed, kept, finished };
}

/** Where a sweep is. */
interface Mark extends Removed {
  readonly jobId: number;
  readonly seq: number;
}

function readMark(cursor: unknown): Mark {
  const given = typeof cursor === 'object' && cursor !== null ? (cursor as Partial<Record<keyof Mark, unknown>>) : {};
  const number = (value: unknown): number => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0);
  return { jobId: number(given.jobId), seq: number(given.seq), removed: number(given.removed), kept: number(given.kept) };
}

function sentenceOf(jobs: number, removed: number, kept: number): string {
  if (jobs === 0) return 'No AI use case has a retention: nothing was removed.';
  const gone = `Removed ${events(removed)} past the retention of ${jobs === 1 ? '1 AI use case' : `${jobs} AI use cases`}.`;
  return kept === 0
    ? gone
    : `${gone} ${events(kept)} as old ${kept === 1 ? 'stays' : 'stay'}: people gave feedback on them or a model needs them.`;
}

function events(n: number): string {
  return n === 1 ? '1 event' : `${n} events`;
}
