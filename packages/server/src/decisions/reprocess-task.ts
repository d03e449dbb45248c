import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAlert } from '@verdict/engine';
import type { Clock } from '../clock.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import { type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import type { DecisionService } from './decision-service.ts';
import * as store from './reprocess-store.ts';

/** Kind of these tasks. */
export const REPROCESS = 'reprocess';

/** Events looked at in one read. */
const WINDOW = 500;
/** Alerts parsed before a unit of work, at most. */
const PER_UNIT = 100;
/** A unit, or a turn of parsing, ends after this many milliseconds: deciding new values takes up to one each. */
const TURN_MS = 10;

/** Which current events are decided again: those named, else those whose own time is in the span, else all. */
export interface Selection {
  readonly eventIds?: readonly string[] | undefined;
  /** Microseconds, inclusive. */
  readonly from?: number | undefined;
  /** Microseconds, exclusive. */
  readonly to?: number | undefined;
}

/** How far it is: the last event done (a number, or a place in the list of ids) and what came of it. */
interface Mark {
  readonly after: number;
  readonly decided: number;
  readonly changed: number;
  /** The model that decided so far. */
  readonly modelId: number | null;
}

/** Decides stored events again by the job's active model; what was decided before stays in the history of the event. */
export class ReprocessTask implements TaskHandler {
  readonly kind = REPROCESS;
  readonly resumable = true;
  readonly after = ['train'];
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #events: EventService;
  readonly #decisions: DecisionService;

  constructor(storage: Storage, clock: Clock, jobs: JobService, events: EventService, decisions: DecisionService) {
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
    this.#events = events;
    this.#decisions = decisions;
  }

  async run(context: TaskContext): Promise<string> {
    const jobId = context.jobId!;
    const selection = readSelection(context.parameters);
    const end = selection.eventIds ? selection.eventIds.length : await this.#storage.read((tx) => store.lastEvent(tx, jobId));
    let mark = readMark(context.cursor);
    while (mark.after < end) {
      context.check();
      const window = await this.#window(jobId, selection, mark.after);
      let at = 0;
      while (at < window.seqs.length) {
        context.check();
        const outcome = await this.#some(jobId, window.seqs.slice(at, at + PER_UNIT));
        if (mark.modelId !== null && mark.modelId !== outcome.modelId) {
          // Another model took over: what the one before it decided here is decided again.
          mark = { after: 0, decided: 0, changed: 0, modelId: outcome.modelId };
          break;
        }
        at += outcome.done;
        mark = {
          ...mark,
          modelId: outcome.modelId,
          decided: mark.decided + outcome.decided,
          changed: mark.changed + outcome.changed,
        };
      }
      if (at < window.seqs.length) continue;
      mark = { ...mark, after: window.after };
      context.progress(Math.min(1, mark.after / end), 'deciding again', mark);
      await nextTurn();
    }
    const events = mark.decided === 1 ? 'event' : 'events';
    return `${mark.decided} ${events} decided again; the decision changed on ${mark.changed}.`;
  }

  /**
   * Decides one event again, at once.
   * @param record runs in the same unit, told by which model and whether another label came of it.
   * @returns whether another label came of it.
   */
  async one(
    jobId: number,
    seq: number,
    record: (tx: Tx, outcome: { readonly modelId: number; readonly changed: boolean }) => Promise<void>,
  ): Promise<boolean> {
    const { changed } = await this.#some(jobId, [seq], (tx, modelId, count) => record(tx, { modelId, changed: count > 0 }));
    return changed > 0;
  }

  async #window(jobId: number, selection: Selection, after: number): Promise<{ seqs: number[]; after: number }> {
    const { eventIds } = selection;
    return this.#storage.read(async (tx) => {
      if (eventIds) {
        const ids = eventIds.slice(after, after + WINDOW);
        const seqs = await Promise.all(ids.map((id) => store.currentSeq(tx, jobId, id)));
        return { seqs: seqs.filter((seq) => seq !== undefined), after: after + ids.length };
      }
      const from = selection.from ?? Number.MIN_SAFE_INTEGER;
      const to = selection.to ?? Number.MAX_SAFE_INTEGER;
      const rows = await store.eventsAfter(tx, jobId, after, WINDOW);
      const wanted = rows.filter((row) => row.is_current === 1 && row.event_at >= from && row.event_at < to);
      return { seqs: wanted.map((row) => row.seq), after: rows.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER };
    });
  }

  /** Decides as many of these events as fit into one short unit: at least one, `done` of them. */
  async #some(
    jobId: number,
    seqs: readonly number[],
    finish: (tx: Tx, modelId: number, changed: number) => Promise<void> = async () => {},
  ): Promise<{ done: number; decided: number; changed: number; modelId: number }> {
    const job = await this.#jobs.find(jobId);
    if (!job) throw new TaskFailed('The AI use case is not there any more.');
    await this.#decisions.prepare(job);
    const alerts: unknown[] = [];
    const turn = performance.now();
    for (const seq of seqs) {
      alerts.push(parseAlert(await this.#events.record(seq)));
      if (performance.now() - turn > TURN_MS) break;
    }
    await nextTurn();
    return this.#storage.write(async (tx) => {
      const started = performance.now();
      const now = this.#clock();
      let done = 0;
      let decided = 0;
      let changed = 0;
      let modelId: number | undefined;
      for (const alert of alerts) {
        const outcome = await this.#decideIn(tx, jobId, seqs[done]!, alert, now);
        modelId = outcome.modelId;
        done++;
        if (outcome.decided) decided++;
        if (outcome.changed) changed++;
        if (performance.now() - started > TURN_MS) break;
      }
      await finish(tx, modelId!, changed);
      return { done, decided, changed, modelId: modelId! };
    });
  }

  async #decideIn(
    tx: Tx,
    jobId: number,
    seq: number,
    alert: unknown,
    now: number,
  ): Promise<{ decided: boolean; changed: boolean; modelId: number }> {
    const job = await this.#jobs.findIn(tx, jobId);
    if (!job) throw new TaskFailed('The AI use case is not there any more.');
    if (job.activeModelId === null) throw new TaskFailed('Train a model first: there is none to decide with.');
    const modelId = job.activeModelId;
    const event = await this.#events.getBySeqIn(tx, seq);
    // A pending one is decided by the active model before long.
    if (!event?.isCurrent || event.status === 'pending_inference') return { decided: false, changed: false, modelId };
    const before = event.decisionId === null ? undefined : await this.#decisions.getIn(tx, event.decisionId);
    const after = await this.#decisions.decideIn(tx, job, () => alert);
    await this.#events.replaceDecisionIn(tx, event, after?.id ?? null, REPROCESS, now);
    return { decided: true, changed: (before?.classNo ?? null) !== (after?.classNo ?? null), modelId };
  }
}

function readSelection(parameters: Readonly<Record<string, unknown>>): Selection {
  const { eventIds, from, to } = parameters;
  return {
    eventIds: Array.isArray(eventIds) ? eventIds.map(String) : undefined,
    from: typeof from === 'number' ? from : undefined,
    to: typeof to === 'number' ? to : undefined,
  };
}

function readMark(cursor: unknown): Mark {
  const mark = (cursor ?? {}) as Partial<Mark>;
  return { after: mark.after ?? 0, decided: mark.decided ?? 0, changed: mark.changed ?? 0, modelId: mark.modelId ?? null };
}
