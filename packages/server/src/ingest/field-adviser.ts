import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Advice } from '@verdict/engine';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { Job } from '../jobs/job.ts';
import { startThread } from '../thread.ts';
import { ThreadPool } from '../thread-pool.ts';
import type { EventService } from './event-service.ts';

/** Fields of a job's newest events. */
export interface AdvisedFields {
  /** Events looked at. */
  readonly events: number;
  readonly advice: readonly Advice[];
}

/** What the thread is sent for one look: alerts with their labels, and `end` when it shall answer. Another number begins anew. */
export interface ToFields {
  readonly id: number;
  readonly alerts: readonly (readonly [alert: string, label: string | undefined])[] | 'end';
}
export interface FromFields {
  readonly id: number;
  readonly found: AdvisedFields;
}

const PAGE = 200;
/** The main thread is not held longer than this at a stretch, in milliseconds. */
const SLICE_MS = 8;
/** Looking ends after this long, with what was seen by then, in milliseconds. */
const LONGEST_MS = 3_000;
/** How long an answer serves whoever asks again, in milliseconds. */
const FRESH_MS = 5_000;
const MOST_REMEMBERED = 20;
/** Looks at once, and those that may wait. */
const MOST_THREADS = 2;
const MOST_WAITING = 64;
/** A thread without work is ended after this long, in milliseconds. */
const IDLE_MS = 300_000;

/** Looks through the newest events of a job and says which fields to decide by, in a thread of its own; labels are what people agree on where they do. */
export class FieldAdviser {
  readonly #events: EventService;
  readonly #feedback: FeedbackService;
  readonly #pool = new ThreadPool({
    most: MOST_THREADS,
    mostWaiting: MOST_WAITING,
    tooMany: 'Too many look through fields. Try again in a few seconds.',
    idleMs: IDLE_MS,
    start: () => startThread(import.meta.url, 'field-worker'),
  });
  readonly #known = new Map<string, { readonly made: number; readonly answer: Promise<AdvisedFields> }>();

  constructor(events: EventService, feedback: FeedbackService) {
    this.#events = events;
    this.#feedback = feedback;
  }

  /**
   * Fields of at most `sample` newest events, those to choose first.
   * An answer is kept for some seconds, so that several who ask at once cause one look.
   */
  advise(job: Job, sample: number): Promise<AdvisedFields> {
    const name = `${job.id}:${job.version}:${sample}`;
    const now = performance.now();
    const known = this.#known.get(name);
    if (known && now - known.made < FRESH_MS) return known.answer;
    for (const [key, { made }] of this.#known)
      if (now - made >= FRESH_MS || this.#known.size >= MOST_REMEMBERED) this.#known.delete(key);
    const answer = this.#look(job, sample, now);
    this.#known.set(name, { made: now, answer });
    answer.catch(() => this.#known.delete(name));
    return answer;
  }

  /** Ends the threads. */
  stop(): Promise<void> {
    return this.#pool.stop();
  }

  #look(job: Job, sample: number, started: number): Promise<AdvisedFields> {
    return this.#pool.use<AdvisedFields, FromFields>(({ worker, id, resolve, reject, keep }) => {
      const send = (alerts: ToFields['alerts']) => worker.postMessage({ id, alerts } satisfies ToFields);
      this.#read(job, sample, started, send).then(
        () => send('end'),
        (error: Error) => {
          keep();
          reject(error);
        },
      );
      return {
        heard(message) {
          if (message.id !== id) return;
          keep();
          resolve(message.found);
        },
        broke: reject,
      };
    });
  }

  async #read(job: Job, sample: number, started: number, send: (alerts: ToFields['alerts']) => void): Promise<void> {
    const names = new Map(job.labels.map(({ classNo, name }) => [classNo, name]));
    let before: number | undefined;
    let read = 0;
    let since = performance.now();
    while (read < sample && performance.now() - started < LONGEST_MS) {
      const page = await this.#events.list(job.id, { before, limit: Math.min(PAGE, sample - read) });
      const alerts: [alert: string, label: string | undefined][] = [];
      for (const event of page) {
        const consensus = await this.#feedback.consensus(job, event);
        const classNo = consensus?.classNo ?? null;
        alerts.push([await this.#events.record(event.seq), classNo === null ? undefined : names.get(classNo)]);
        if (performance.now() - since > SLICE_MS) {
          await nextTurn();
          since = performance.now();
        }
      }
      if (page.length === 0) break;
      send(alerts);
      read += page.length;
      before = page.at(-1)!.seq;
    }
  }
}
