import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PendingEvents, Prepared } from '../ingest/pending-events.ts';
import { sameJson } from '../ingest/same-json.ts';
import type { Tx } from '../storage/storage.ts';
import type { Task, TaskContext, TaskHandler } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import { failedRun, type Ran, type RunnableStep, type RunOrder } from './code-step.ts';

/** Kind of these tasks. */
export const ENRICH = 'enrich';

/** Events looked at in one read. */
const WINDOW = 50;
/** Events decided in one unit at most, and how long they are gathered for it, in milliseconds. */
const PER_UNIT = 20;
const GATHER_MS = 100;
/** After the last pending event the task waits for more, so that each event of a slow stream does not need one of its own. */
const LINGER_MS = 5_000;
/** Steps that pass their limits on so many events in a row are passed over for a while: what waits behind them must be decided too. */
const PATIENCE = 10;
const PAUSE_MS = 60_000;

/** What runs the steps. */
export interface EnrichDeps {
  readonly pending: PendingEvents;
  /** The enabled steps of a job, ready to run. @throws Refusal `secret_unavailable` */
  readonly steps: (jobId: number) => Promise<readonly RunnableStep[]>;
  readonly run: (order: RunOrder, signal: AbortSignal) => Promise<Ran>;
  /** Bytes that a record may have. */
  readonly recordMax: number;
}

/**
 * Carries pending events on: their steps, then bucket and decision. Whatever goes wrong with a step, the event is decided as it came, and says so.
 * Nothing is lost when it is interrupted: an event is pending until the unit that decides it.
 */
export class EnrichTask implements TaskHandler {
  readonly kind = ENRICH;
  readonly resumable = true;
  /** What computes is bounded by the threads that there are. */
  readonly atOnce = 10_000;
  readonly #deps: EnrichDeps;
  readonly #arrivals = new Map<number, { count: number; wake: () => void }>();
  readonly #breakers = new Map<number, { exhausted: number; until: number }>();
  #tasks: TaskService | undefined;

  constructor(deps: EnrichDeps) {
    this.#deps = deps;
  }

  /** Set once, while the services are wired. */
  workWith(tasks: TaskService): void {
    this.#tasks = tasks;
  }

  /** Sees to it that the pending events of a job are carried on, inside the unit that stores them. */
  async carryOnIn(tx: Tx, jobId: number): Promise<void> {
    tx.afterCommit(() => {
      const arrivals = this.#arrivals.get(jobId);
      if (!arrivals) return;
      arrivals.count++;
      arrivals.wake();
    });
    if (await this.#tasks!.activeIn(tx, jobId, ENRICH)) return;
    await this.#tasks!.enqueue(tx, { kind: ENRICH, jobId, createdBy: 'service' });
  }

  async run(context: TaskContext): Promise<string> {
    const jobId = context.jobId!;
    let decided = 0;
    for (;;) {
      context.check();
      const seen = this.#arrivals.get(jobId)?.count ?? 0;
      const events = await this.#deps.pending.next(jobId, WINDOW);
      if (events.length === 0) {
        if (!(await this.#moreCame(jobId, seen, context.signal))) break;
        continue;
      }
      const steps = await this.#stepsOf(jobId);
      for (let at = 0; at < events.length; ) {
        const batch = await this.#prepareSome(events.slice(at, at + PER_UNIT), steps, context);
        decided += await this.#deps.pending.settle(jobId, batch);
        at += batch.length;
        context.progress(0, `${decided} decided`, { decided });
        await nextTurn();
      }
    }
    context.check();
    return `${decided} ${decided === 1 ? 'event' : 'events'} decided after their code steps.`;
  }

  async settled(tx: Tx, task: Task): Promise<void> {
    if (task.jobId === null) return;
    await this.#tasks!.forgetEndedIn(tx, task.jobId, ENRICH, task.id);
    // What came in while it ended, or was left by one that was cancelled.
    if (await this.#deps.pending.anyIn(tx, task.jobId))
      await this.#tasks!.enqueue(tx, { kind: ENRICH, jobId: task.jobId, createdBy: 'service' });
  }

  /** Runs the steps on the first of these events: on one at least, on more while that is quick. */
  async #prepareSome(
    events: readonly { readonly seq: number; readonly body: string }[],
    steps: readonly RunnableStep[] | string,
    context: TaskContext,
  ): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    const until = performance.now() + GATHER_MS;
    for (const { seq, body } of events) {
      context.check();
      const { record, failure } = await this.#runOn(body, steps, context.jobId!, context.signal);
      const enriched = record === null || sameJson(body, record) ? null : record;
      prepared.push({ seq, body, enriched, error: failure === null ? null : asDecided(failure) });
      if (performance.now() > until) break;
    }
    return prepared;
  }

  async #stepsOf(jobId: number): Promise<readonly RunnableStep[] | string> {
    try {
      return await this.#deps.steps(jobId);
    } catch (error) {
      return `The code steps could not be read: ${error instanceof Error ? error.message : 'unknown error'}`;
    }
  }

  async #runOn(record: string, steps: readonly RunnableStep[] | string, jobId: number, signal: AbortSignal): Promise<Ran> {
    if (typeof steps === 'string') return failedRun(steps);
    if (steps.length === 0) return { stdout: '', stderr: '', record: null, failure: null, exhausted: false };
    const breaker = this.#breakers.get(jobId) ?? { exhausted: 0, until: 0 };
    this.#breakers.set(jobId, breaker);
    if (performance.now() < breaker.until) return failedRun(PASSED_OVER);
    const ran = await this.#deps.run({ steps, record, recordMax: this.#deps.recordMax }, signal);
    breaker.exhausted = ran.exhausted ? breaker.exhausted + 1 : 0;
    if (breaker.exhausted >= PATIENCE) {
      breaker.exhausted = 0;
      breaker.until = performance.now() + PAUSE_MS;
    }
    return ran;
  }

  /** Steps were changed: they get another chance at once. */
  forgive(jobId: number): void {
    this.#breakers.delete(jobId);
  }

  /** Whether more events of a job come in before the time is over, or came since `seen` was read. */
  async #moreCame(jobId: number, seen: number, signal: AbortSignal): Promise<boolean> {
    const arrivals = this.#arrivals.get(jobId) ?? { count: 0, wake: () => {} };
    this.#arrivals.set(jobId, arrivals);
    if (arrivals.count !== seen) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    arrivals.wake = () => resolve(true);
    const timer = setTimeout(() => resolve(false), LINGER_MS);
    const abort = () => resolve(false);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  }
}

const PASSED_OVER = `The code steps were passed over: they passed their limits on the last ${PATIENCE} events and run again in a minute.`;

function asDecided(failure: string): string {
  return `${failure}${/[.!?]$/.test(failure) ? '' : '.'} The event was decided as it came.`;
}
