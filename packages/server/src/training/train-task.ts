import type { Clock } from '../clock.ts';
import { OVERRULE } from '../feedback/feedback.ts';
import { classId, openLabels, sharesFeedback } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import { type Closing, type Task, type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import { type Comparison, notActivated } from './comparison.ts';
import { removeIncomplete, writeModel } from './model-bytes.ts';
import type { ModelCache } from './model-cache.ts';
import { trainInThread } from './train-thread.ts';
import * as store from './training-store.ts';

/** Kind of the training tasks. */
export const TRAIN = 'train';
/** What clients of the v1 API read as success. */
export const FINISHED = 'Retraining finished successfully';

/** What a training task is asked with. */
export interface TrainParameters {
  /** Who asked, for people. */
  readonly askedBy: string;
}

/** Told after a job decides by another model. */
export type OnActivated = (jobId: number, modelId: number) => void;

/** Trains one job: learns in a thread, writes the model piece by piece, and makes it the active one in the unit that ends the task. */
export class TrainTask implements TaskHandler {
  readonly kind = TRAIN;
  readonly resumable = false;
  readonly atOnce = 1;
  readonly after = ['rebucket'];
  readonly restarts = 1;
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #jobs: JobService;
  readonly #models: ModelCache;
  readonly #listeners: OnActivated[] = [];

  constructor(storage: Storage, clock: Clock, jobs: JobService, models: ModelCache) {
    this.#storage = storage;
    this.#clock = clock;
    this.#jobs = jobs;
    this.#models = models;
  }

  onActivated(listener: OnActivated): void {
    this.#listeners.push(listener);
  }

  async run(context: TaskContext): Promise<Closing> {
    const jobId = context.jobId!;
    const job = await this.#jobs.find(jobId);
    if (!job) throw new TaskFailed(JOB_GONE);
    await removeIncomplete(this.#storage, jobId);
    const source: store.TrainingSource = {
      jobId,
      pointsVersion: job.pointsVersion,
      points: job.points,
      classNos: openLabels(job.labels).map((label) => label.classNo),
      shared: sharesFeedback(job.category),
      overrule: OVERRULE,
    };
    const championId = job.activeModelId;
    const order = {
      file: this.#storage.file,
      source,
      seed: jobId,
      outlierRate: job.settings.outlierRate,
      championId,
      now: this.#clock(),
      labels: job.labels.map(({ classNo, name }) => ({ classNo, name })),
    };
    context.progress(0, 'starting');
    const trained = await trainInThread(order, context.signal, (share, step) => context.progress(0.95 * share, step));
    context.progress(0.95, 'storing the model');
    const units = trained.units.reduce((sum, some) => sum + some.length, 0);
    const { askedBy } = parametersOf(context.parameters);
    let modelId: number | undefined;
    try {
      modelId = await writeModel(
        this.#storage,
        {
          jobId,
          pointsVersion: source.pointsVersion,
          points: source.points,
          classes: source.classNos.map(classId),
          size: trained.bytes.length,
          sha256: trained.sha256,
          metrics: trained.metrics,
          comparison: trained.comparison,
          setAside: trained.setAside,
          reference: trained.reference,
          units,
          seed: order.seed,
          createdAt: this.#clock(),
          createdBy: askedBy,
        },
        trained.bytes,
        trained.units,
        () => context.check(),
      );
      // In memory before the first alert needs it.
      await this.#models.get(modelId);
      context.check();
    } catch (error) {
      await removeIncomplete(this.#storage, jobId).catch(() => {});
      if (!(await this.#jobs.find(jobId))) throw new TaskFailed(JOB_GONE);
      throw error;
    }
    const id = modelId;
    const { comparison } = trained;
    const message = takesOver(comparison) ? FINISHED : notActivated(comparison);
    return {
      message,
      commit: async (tx) => {
        await store.completeModel(tx, id, message);
        if (takesOver(comparison)) await this.activateIn(tx, jobId, id);
      },
    };
  }

  /** The job says how its training ended in the same unit as the task does. */
  async settled(tx: Tx, task: Task, state: 'done' | 'failed' | 'cancelled', message: string): Promise<void> {
    const jobId = task.jobId!;
    const now = this.#clock();
    const startedAt = await store.getTrainStartedAt(tx, jobId);
    const trainState = state === 'done' ? 'RETRAIN_FINISHED' : 'RETRAIN_FAILED';
    // v1 has no state for a cancelled training. The success of the one before would be taken for this one's by who asked and waits.
    const said = state === 'cancelled' ? await this.#cancelledIn(tx, jobId) : message;
    await store.setTrainState(tx, jobId, { state: trainState, message: said, startedAt, finishedAt: now });
    this.#jobs.forgetAfter(tx, jobId);
  }

  async #cancelledIn(tx: Tx, jobId: number): Promise<string> {
    const decides = (await this.#jobs.findIn(tx, jobId))?.activeModelId ?? null;
    return decides === null ? 'The training was cancelled.' : 'The training was cancelled; the model that decides stays.';
  }

  /** Makes a complete model the one that decides, inside the unit that says so. */
  async activateIn(tx: Tx, jobId: number, modelId: number): Promise<void> {
    await store.setActiveModel(tx, jobId, modelId, this.#clock());
    this.#jobs.forgetAfter(tx, jobId);
    tx.afterCommit(() => {
      for (const listener of this.#listeners) listener(jobId, modelId);
    });
  }
}

const JOB_GONE = 'The AI use case is not there any more.';

/** Reads back what `TrainingService` put in the row. */
function parametersOf(parameters: Readonly<Record<string, unknown>>): TrainParameters {
  const { askedBy } = parameters;
  return { askedBy: typeof askedBy === 'string' ? askedBy : '' };
}

/** Whether a newly trained model takes over: a first one, and each that is not worse than the active one. */
function takesOver(comparison: Comparison | null): comparison is null | (Comparison & { readonly worse: false }) {
  return comparison === null || !comparison.worse;
}
