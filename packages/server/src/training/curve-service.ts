import type { AuditTrail } from '../audit/audit-trail.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import { type Job, sharesFeedback } from '../jobs/job.ts';
import type { ReadTx, Storage } from '../storage/storage.ts';
import type { Task } from '../tasks/task.ts';
import { isOver, type TaskService } from '../tasks/task-service.ts';
import { type StoredCurve, whyNoCurve } from './curve.ts';
import { getCurve } from './curve-store.ts';
import { type CurveParameters, curveParameters, LEARNING_CURVE } from './curve-task.ts';
import type { TrainedModel } from './training.ts';

/** Where the learning curve of a model stands. */
export interface CurveStatus {
  readonly curve: StoredCurve | undefined;
  /** The task that works it out, or the last one that was to and did not; undefined where there is a curve or nobody asked. */
  readonly task: Task | undefined;
  readonly unit: 'bucket' | 'event';
  /** Why it cannot be worked out now; null when it can, is being worked out, or is there. */
  readonly missing: string | null;
}

/** Learning curves of models: worked out when somebody asks, one of a job at a time, then kept with the model. */
export class CurveService {
  readonly #storage: Storage;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #tasks: TaskService;

  constructor(storage: Storage, audit: Pick<AuditTrail, 'record'>, tasks: TaskService) {
    this.#storage = storage;
    this.#audit = audit;
    this.#tasks = tasks;
  }

  /** @param model one of the job's, which the caller may see. */
  async status(job: Job, model: TrainedModel): Promise<CurveStatus> {
    return this.#storage.read((tx) => this.#statusIn(tx, job, model));
  }

  /**
   * Asks for the curve. Where it is there or being worked out, nothing changes.
   * @param model one of the job's, which the caller may see.
   * @throws Refusal `refused` with what is missing.
   */
  async start(job: Job, model: TrainedModel, origin: Origin): Promise<CurveStatus> {
    return this.#storage.write(async (tx) => {
      const before = await this.#statusIn(tx, job, model);
      if (before.curve || (before.task && !isOver(before.task))) return before;
      if (before.missing !== null) throw new Refusal('refused', before.missing);
      const parameters: CurveParameters = { modelId: model.id, askedBy: origin.principal.name };
      const createdBy = principalId(origin.principal);
      const task = await this.#tasks.enqueue(tx, {
        kind: LEARNING_CURVE,
        jobId: job.id,
        parameters: { ...parameters },
        createdBy,
      });
      await this.#audit.record(tx, origin, {
        action: 'model.learning_curve',
        objectKind: 'model',
        objectId: String(model.id),
        jobId: job.id,
        after: { task: task.id },
      });
      return { ...before, task };
    });
  }

  /**
   * Ends the work on the curve: at once where it waits, soon where it runs.
   * @param model one of the job's, which the caller may see.
   * @throws Refusal `refused` where none is being worked out.
   */
  async cancel(job: Job, model: TrainedModel, origin: Origin): Promise<CurveStatus> {
    return this.#storage.write(async (tx) => {
      const { task } = await this.#statusIn(tx, job, model);
      if (!task || isOver(task)) throw new Refusal('refused', `No learning curve of model ${model.id} is being worked out.`);
      await this.#tasks.cancelIn(tx, task.id, async () => {
        await this.#audit.record(tx, origin, {
          action: 'task.cancel',
          objectKind: 'task',
          objectId: String(task.id),
          jobId: job.id,
          before: { kind: task.kind, state: task.state },
          after: { kind: task.kind, state: 'cancelled' },
        });
      });
      return this.#statusIn(tx, job, model);
    });
  }

  async #statusIn(tx: ReadTx, job: Job, model: TrainedModel): Promise<CurveStatus> {
    const unit = sharesFeedback(job.category) ? 'bucket' : 'event';
    const curve = await getCurve(tx, model.id);
    if (curve) return { curve, task: undefined, unit, missing: null };
    const active = await this.#tasks.activeIn(tx, job.id, LEARNING_CURVE);
    const busyWith = active && curveParameters(active).modelId;
    if (active && busyWith === model.id) return { curve, task: active, unit, missing: null };
    const last = await this.#tasks.latestIn(tx, job.id, LEARNING_CURVE);
    const task = last && curveParameters(last).modelId === model.id ? last : undefined;
    const missing =
      busyWith === undefined
        ? whyNoCurve(model, job.pointsVersion, unit)
        : `The learning curve of model ${busyWith} is being worked out; wait until it is there, or cancel it.`;
    return { curve, task, unit, missing };
  }
}
