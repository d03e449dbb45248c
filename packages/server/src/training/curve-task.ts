import type { Clock } from '../clock.ts';
import { classNumber } from '../decisions/decision.ts';
import { OVERRULE } from '../feedback/feedback.ts';
import { sharesFeedback } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import { type Closing, type Task, type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import { whyNoCurve } from './curve.ts';
import { putCurve } from './curve-store.ts';
import { curveInThread } from './curve-thread.ts';
import { TRAIN } from './train-task.ts';
import { getModel } from './training-store.ts';

/** Kind of the tasks that work out learning curves. */
export const LEARNING_CURVE = 'learning_curve';

/** What such a task is asked with. */
export interface CurveParameters {
  readonly modelId: number;
  /** Who asked, for people. */
  readonly askedBy: string;
}

/**
 * Works out the learning curve of one model in a thread and keeps it in the unit that ends the task. One at a time, and none while anything is
 * trained: a training that is asked for meanwhile has it begin again afterwards. What was done of it is kept nowhere, so after the end of the
 * process it is not there and can be asked for again.
 */
export class CurveTask implements TaskHandler {
  readonly kind = LEARNING_CURVE;
  readonly resumable = false;
  readonly atOnce = 1;
  readonly after = ['rebucket'];
  readonly yieldsTo = [TRAIN];
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;

  constructor(storage: Storage, clock: Clock, jobs: JobService) {
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
  }

  async run(context: TaskContext): Promise<Closing> {
    const { modelId, askedBy } = curveParameters(context);
    const job = await this.#jobs.find(context.jobId!);
    const model = await this.#storage.read((tx) => getModel(tx, modelId));
    if (!job || model?.jobId !== job.id) throw new TaskFailed(`Model ${modelId} is not there any more.`);
    const shared = sharesFeedback(job.category);
    const missing = whyNoCurve(model, job.pointsVersion, shared ? 'bucket' : 'event');
    if (missing !== null) throw new TaskFailed(missing);
    const order = {
      file: this.#storage.file,
      source: {
        jobId: job.id,
        pointsVersion: model.pointsVersion,
        points: model.points,
        classNos: model.classes.map(classNumber),
        shared,
        overrule: OVERRULE,
      },
      modelId,
      modelAt: model.createdAt,
      seed: model.seed,
      outlierRate: job.settings.outlierRate,
      labels: job.labels.map(({ classNo, name }) => ({ classNo, name })),
    };
    context.progress(0, 'starting');
    const curve = await curveInThread(order, context.signal, (share, step) => context.progress(share, step));
    return {
      message: `The learning curve of model ${modelId} is there.`,
      commit: (tx) => putCurve(tx, modelId, { curve, madeAt: this.#clock(), madeBy: askedBy }),
    };
  }
}

/** Reads back what `CurveService` put in the row. */
export function curveParameters({ parameters }: Pick<Task, 'parameters'>): CurveParameters {
  const { modelId, askedBy } = parameters;
  return { modelId: typeof modelId === 'number' ? modelId : 0, askedBy: typeof askedBy === 'string' ? askedBy : '' };
}
