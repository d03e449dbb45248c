import type { AuditTrail } from '../audit/audit-trail.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import type { Task } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import { REPROCESS, type ReprocessTask, type Selection } from './reprocess-task.ts';

/** Most events that can be named in one request; more are asked for by time. */
export const MAX_NAMED = 10_000;

/** Asks for stored events to be decided again by the active model. */
export class ReprocessService {
  readonly #storage: Storage;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #jobs: JobService;
  readonly #events: EventService;
  readonly #tasks: TaskService;
  readonly #task: ReprocessTask;

  constructor(
    storage: Storage,
    audit: Pick<AuditTrail, 'record'>,
    jobs: JobService,
    events: EventService,
    tasks: TaskService,
    task: ReprocessTask,
  ) {
    this.#storage = storage;
    this.#audit = audit;
    this.#jobs = jobs;
    this.#events = events;
    this.#tasks = tasks;
    this.#task = task;
  }

  /**
   * Begins to decide many events again. Named ids that are not there are passed over.
   * @throws Refusal `job_not_found`; `refused` without a model; `invalid` for a span that ends before it begins, or too many ids.
   */
  async request(jobId: number, selection: Selection, origin: Origin): Promise<Task> {
    const { eventIds, from, to } = selection;
    if (eventIds && eventIds.length > MAX_NAMED) {
      throw new Refusal('invalid', `At most ${MAX_NAMED} events can be named; ask for a span of time instead.`);
    }
    if (from !== undefined && to !== undefined && from >= to)
      throw new Refusal('invalid', 'The span of time ends before it begins.');
    return this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw new Refusal('job_not_found', `There is no AI use case with the job id ${jobId} for this key.`);
      if (job.activeModelId === null) throw new Refusal('refused', NO_MODEL);
      const createdBy = principalId(origin.principal);
      const task = await this.#tasks.enqueue(tx, { kind: REPROCESS, jobId, parameters: { eventIds, from, to }, createdBy });
      await this.#audit.record(tx, origin, {
        action: 'job.reprocess',
        objectKind: 'job',
        objectId: String(jobId),
        jobId,
        after: { task: task.id, events: eventIds?.length ?? 'by time', from: from ?? null, to: to ?? null },
      });
      return task;
    });
  }

  /**
   * Decides one event again, at once.
   * @returns whether another label came of it.
   * @throws Refusal `job_not_found`, `event_not_found`; `refused` without a model.
   */
  async one(jobId: number, eventId: string, origin: Origin): Promise<boolean> {
    const job = await this.#jobs.find(jobId);
    if (!job) throw new Refusal('job_not_found', `There is no AI use case with the job id ${jobId} for this key.`);
    if (job.activeModelId === null) throw new Refusal('refused', NO_MODEL);
    const event = await this.#events.get(jobId, eventId);
    return this.#task.one(jobId, event.seq, (tx, outcome) =>
      this.#audit.record(tx, origin, {
        action: 'event.reprocess',
        objectKind: 'event',
        objectId: eventId,
        jobId,
        after: { model: outcome.modelId, changed: outcome.changed },
      }),
    );
  }
}

const NO_MODEL = 'Train a model first: there is none to decide with.';
