import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KnowledgeState, knowledgeState } from '../buckets/bucket.ts';
import type { Clock } from '../clock.ts';
import { firstPending } from '../ingest/first-pending.ts';
import { type Job, sharesFeedback } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import { addTo, type Course, courseOf, type Grid } from './activity.ts';
import * as store from './activity-store.ts';

/** Rows that one statement walks over, so that none holds anybody up for long. */
const WINDOW = 10_000;
const BUCKETS_AT_ONCE = 2_000;

/** Units and their events that stand in one way between people and model. */
export interface Standing {
  readonly state: KnowledgeState;
  readonly units: number;
  readonly events: number;
}

interface Known {
  after: number;
  readonly grid: Grid;
}

/**
 * What comes in and what is decided, over time. Events only ever join the end, so what was counted is kept in memory and only what came
 * since is counted when somebody asks; work that changes stored events makes it forget.
 */
export class ActivityService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #known = new Map<number, Known>();
  /** The counting of each job, one after the other. */
  readonly #counting = new Map<number, Promise<unknown>>();

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * The last `days` days of a job by the alerts' own times.
   * @param offset seconds that the asker's zone is ahead of UTC.
   */
  async course(jobId: number, days: number, offset: number): Promise<Course> {
    const before = this.#counting.get(jobId);
    const counted = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#count(jobId));
    this.#counting.set(jobId, counted);
    try {
      return courseOf(await counted, days, offset, Math.floor(this.#clock() / 1_000_000));
    } finally {
      if (this.#counting.get(jobId) === counted) this.#counting.delete(jobId);
    }
  }

  /** How many units stand where between people and the active model. */
  async standings(job: Job, events: number): Promise<Standing[]> {
    const rows =
      sharesFeedback(job.category) && job.points.length > 0 ? await this.#ofBuckets(job) : await this.#ofEvents(job, events);
    const sums = new Map<KnowledgeState, { units: number; events: number }>();
    for (const { agreed, trained, units, events: some } of rows) {
      const state = knowledgeState(agreed ?? undefined, trained ?? undefined);
      const sum = sums.get(state) ?? { units: 0, events: 0 };
      sums.set(state, { units: sum.units + units, events: sum.events + some });
    }
    return (['new', 'pending', 'in_knowledge_base', 'retrain'] as const).map((state) => ({
      state,
      ...(sums.get(state) ?? { units: 0, events: 0 }),
    }));
  }

  /** Stored events were changed or removed: they are counted anew. */
  forget(jobId: number | null): void {
    if (jobId === null) this.#known.clear();
    else this.#known.delete(jobId);
  }

  async #count(jobId: number): Promise<Grid> {
    const known = this.#known.get(jobId) ?? { after: 0, grid: new Map() };
    this.#known.set(jobId, known);
    const pending = await this.#storage.read((tx) => firstPending(tx, jobId));
    let { after, grid } = known;
    for (;;) {
      const from = after;
      const window = await this.#storage.read(async (tx) => {
        const upTo = await store.endOfWindow(tx, jobId, from, WINDOW);
        if (upTo === undefined) return undefined;
        const counted = await store.countWindow(tx, jobId, from, upTo);
        return { upTo, counted: [...counted, ...(await store.countReplaced(tx, jobId, from, upTo))] };
      });
      if (!window) return grid;
      // Rows that wait for their code steps will get a decision: they and what comes after them are counted, and not kept.
      const keeps = pending === undefined || window.upTo < pending;
      if (!keeps && grid === known.grid) grid = structuredClone(known.grid);
      addTo(grid, window.counted);
      after = window.upTo;
      if (keeps) known.after = after;
      await nextTurn();
    }
  }

  async #ofBuckets(job: Job): Promise<store.Standing[]> {
    const rows: store.Standing[] = [];
    const of = { jobId: job.id, pointsVersion: job.pointsVersion, modelId: job.activeModelId ?? 0 };
    for (let after = ''; ; ) {
      const from = after;
      const upTo = await this.#storage.read((tx) => store.endOfBuckets(tx, of.jobId, of.pointsVersion, from, BUCKETS_AT_ONCE));
      if (upTo === undefined) return rows;
      rows.push(...(await this.#storage.read((tx) => store.countBuckets(tx, of, from, upTo))));
      after = upTo;
      await nextTurn();
    }
  }

  async #ofEvents(job: Job, events: number): Promise<store.Standing[]> {
    const known = await this.#storage.read((tx) => store.countOwn(tx, job.id, job.activeModelId ?? 0));
    const rest = Math.max(0, events - known.reduce((sum, { units }) => sum + units, 0));
    return [...known, { agreed: null, trained: null, units: rest, events: rest }];
  }
}
