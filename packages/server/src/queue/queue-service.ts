import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Asked } from '../feedback/feedback.ts';
import { type Principal, principalId } from '../http/principal.ts';
import type { Job } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import { type Ask, askedFor, type Suggested } from './queue.ts';
import * as store from './queue-store.ts';
import { type QueueOrder, QueueThread } from './queue-thread.ts';

/** Most questions at once. */
export const MAX_ASKED = 100;
/** For so long others are not asked the same, in microseconds. */
const RESERVED = 15 * 60 * 1_000_000;
/** Until somebody says something, what was worked out stands for so long, in microseconds: then what came in meanwhile is looked at as well. */
const STANDS = 60 * 1_000_000;
/** So long it is still given, in microseconds, while that is done: nothing in it is wrong, and nobody waits. */
const GIVEN = 86_400 * 1_000_000;
/** Questions that are worked out at the start: as many as the Feedback page asks for. */
const WARMED = 50;
/** Answers that are remembered. */
const MOST_REMEMBERED = 200;
/** A question can be answered for so long. */
const OPEN = 30 * 86_400 * 1_000_000;

/** In place of a caller where it makes no difference who asks. */
const NOBODY = '';

interface Worked {
  /** When, in microseconds since 1970. */
  readonly at: number;
  readonly suggested: readonly Suggested[];
  /** It is being worked out anew. */
  readonly renewing: boolean;
}

/** What to label next. Each question is kept with why it was put and with what chance, and an answer that names it carries both. */
export class QueueService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #thread = new QueueThread();
  /** What was worked out last, by all that it hangs on but the time. */
  readonly #last = new Map<string, Worked>();

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * The next questions for the caller, best first; the same ones until somebody has said something. What others were asked in the last
   * quarter of an hour is left to them.
   * @param size how many are wanted, 1 to 100.
   * @throws Refusal `refused` where no decision points are chosen yet.
   */
  async next(job: Job, size: number, principal: Principal): Promise<Ask[]> {
    if (job.pointsVersion === 0 || job.points.length === 0)
      throw new Refusal('refused', 'Choose decision points first: the queue compares alerts by them.');
    const askedOf = principalId(principal);
    const suggested = await this.#suggested(job, Math.min(MAX_ASKED, size), askedOf);
    return suggested.length === 0 ? [] : this.#ask(job.id, askedOf, suggested);
  }

  /**
   * Works it out for jobs before anybody asks, so that nobody waits for the thread's start.
   * @throws Error when the thread fails or is stopped.
   */
  async warmUp(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) if (job.points.length > 0) await this.#suggested(job, WARMED, NOBODY);
  }

  /** Ends the thread that works it out. */
  stop(): Promise<void> {
    return this.#thread.stop();
  }

  async #suggested(job: Job, size: number, askedOf: string): Promise<readonly Suggested[]> {
    const now = this.#clock();
    const { feedback, others } = await this.#storage.read(async (tx) => ({
      feedback: await store.newestFeedback(tx, job.id),
      others: await store.newestAskOfOthers(tx, job.id, askedOf, now - RESERVED),
    }));
    // Where nobody else was asked anything, it is the same for all callers.
    const caller = others === null ? NOBODY : askedOf;
    const name = JSON.stringify([job.id, job.pointsVersion, job.activeModelId, feedback, size, caller, others]);
    const last = this.#last.get(name);
    if (last !== undefined && now - last.at < STANDS) return last.suggested;
    if (last !== undefined && now - last.at < GIVEN) {
      // Whoever waits for it is told what goes wrong; here the next call will be.
      if (!last.renewing) this.#work(job, size, askedOf, name).catch(() => this.#last.delete(name));
      this.#last.set(name, { ...last, renewing: true });
      return last.suggested;
    }
    return this.#work(job, size, askedOf, name);
  }

  async #work(job: Job, size: number, askedOf: string, name: string): Promise<readonly Suggested[]> {
    const suggested = await this.#thread.suggest(this.#order(job, size, askedOf));
    this.#last.delete(name);
    this.#last.set(name, { at: this.#clock(), suggested, renewing: false });
    if (this.#last.size > MOST_REMEMBERED) this.#last.delete(this.#last.keys().next().value!);
    return suggested;
  }

  /**
   * Why the question behind a token was put.
   * @throws Refusal `invalid` where there is none of that name for the event.
   */
  async asked(
    jobId: number,
    eventId: string,
    token: string,
  ): Promise<{ readonly asked: Asked; readonly chance: number | undefined }> {
    const ask = await this.#storage.read((tx) => store.findAsk(tx, jobId, token));
    if (ask?.event_id !== eventId)
      throw new Refusal('invalid', `There is no question "${token.slice(0, 40)}" about the event "${eventId}". Leave "ask" out.`);
    return { asked: askedFor(ask.reason), chance: ask.chance ?? undefined };
  }

  #order(job: Job, size: number, askedOf: string): QueueOrder {
    const { id: jobId, pointsVersion, points, activeModelId: modelId } = job;
    const askedSince = this.#clock() - RESERVED;
    return { file: this.#storage.file, field: { jobId, pointsVersion, points, askedOf, askedSince }, modelId, size };
  }

  async #ask(jobId: number, askedOf: string, suggested: readonly Suggested[]): Promise<Ask[]> {
    const tokens = suggested.map(() => randomBytes(16).toString('base64url'));
    return this.#storage.write(async (tx) => {
      const now = this.#clock();
      await store.deleteOldAsks(tx, jobId, now - OPEN);
      const asks: Ask[] = [];
      for (const [index, one] of suggested.entries()) {
        // It may be gone since it was suggested.
        if (!(await store.isThere(tx, one.eventSeq))) continue;
        // Asked again, the first draw stands: nobody draws until they like the chance.
        const open = await store.openAsk(tx, askedOf, one.eventSeq, now - RESERVED);
        const ask = open ? { ...one, ...open } : { ...one, token: tokens[index]! };
        if (!open) await store.insertAsk(tx, jobId, askedOf, ask, now);
        asks.push(ask);
      }
      return asks;
    });
  }
}
