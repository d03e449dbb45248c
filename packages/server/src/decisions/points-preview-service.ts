import { setImmediate as nextTurn } from 'node:timers/promises';
import { compileDecisionPoints, type PointValues, parseAlert } from '@verdict/engine';
import { Refusal } from '../errors.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Job } from '../jobs/job.ts';

/** The buckets that a choice of decision points would make of a job's newest events. */
export interface PointsPreview {
  /** Events looked at. */
  readonly events: number;
  readonly buckets: number;
  /** Buckets with one event: a label there teaches little else. */
  readonly single: number;
  /** Events that hold none of the points: there is nothing to decide them by. */
  readonly empty: number;
  /** Share of the events that the ten, and the fifty, biggest buckets hold. */
  readonly top10: number;
  readonly top50: number;
  /** Buckets with events that people agree on, and those of them where they agree on different labels. */
  readonly labelled: number;
  readonly conflicts: number;
  /** Biggest first. */
  readonly biggest: readonly { readonly values: PointValues; readonly events: number; readonly labels: readonly number[] }[];
}

interface Made {
  readonly values: PointValues;
  events: number;
  readonly labels: Set<number>;
}

const PAGE = 100;
const SHOWN = 8;
/** The main thread is not held longer than this at a stretch, and the whole look takes no longer than that, in milliseconds. */
const SLICE_MS = 8;
const LONGEST_MS = 3_000;

/** Tries out decision points on stored events, without changing anything. */
export class PointsPreviewService {
  readonly #events: EventService;
  readonly #feedback: FeedbackService;

  constructor(events: EventService, feedback: FeedbackService) {
    this.#events = events;
    this.#feedback = feedback;
  }

  /**
   * Puts at most `sample` of the newest events in the buckets that `points` would make.
   * @throws Refusal `invalid` for a path that cannot be one.
   */
  async preview(job: Job, points: readonly string[], sample: number): Promise<PointsPreview> {
    const compiled = compile(points);
    const buckets = new Map<string, Made>();
    let events = 0;
    let empty = 0;
    let before: number | undefined;
    const started = performance.now();
    let since = started;
    while (events < sample && performance.now() - started < LONGEST_MS) {
      const page = await this.#events.list(job.id, { before, limit: Math.min(PAGE, sample - events) });
      for (const event of page) {
        const values = compiled.values(parseAlert(await this.#events.body(event.seq)));
        const classNo = (await this.#feedback.consensus(job, event))?.classNo ?? null;
        if (compiled.empty(values)) empty++;
        const key = compiled.key(values);
        const bucket = buckets.get(key) ?? { values, events: 0, labels: new Set<number>() };
        bucket.events++;
        if (classNo !== null) bucket.labels.add(classNo);
        buckets.set(key, bucket);
        if (performance.now() - since > SLICE_MS) {
          await nextTurn();
          since = performance.now();
        }
      }
      events += page.length;
      before = page.at(-1)?.seq;
      if (page.length < PAGE) break;
    }
    return summary([...buckets.values()], events, empty);
  }
}

function summary(buckets: readonly Made[], events: number, empty: number): PointsPreview {
  const biggest = buckets.toSorted((a, b) => b.events - a.events);
  const top = (count: number) =>
    events === 0 ? 0 : biggest.slice(0, count).reduce((sum, bucket) => sum + bucket.events, 0) / events;
  return {
    events,
    buckets: buckets.length,
    single: buckets.filter((bucket) => bucket.events === 1).length,
    empty,
    top10: top(10),
    top50: top(50),
    labelled: buckets.filter(({ labels }) => labels.size > 0).length,
    conflicts: buckets.filter(({ labels }) => labels.size > 1).length,
    biggest: biggest.slice(0, SHOWN).map(({ values, events: size, labels }) => ({ values, events: size, labels: [...labels] })),
  };
}

function compile(points: readonly string[]): ReturnType<typeof compileDecisionPoints> {
  try {
    return compileDecisionPoints(points);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('invalid', error.message);
    throw error;
  }
}
