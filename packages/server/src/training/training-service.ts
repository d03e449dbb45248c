import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import { type Job, openLabels, sharesFeedback } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ReadTx, Storage } from '../storage/storage.ts';
import type { Task } from '../tasks/task.ts';
import type { TaskService } from '../tasks/task-service.ts';
import type { ModelCache } from './model-cache.ts';
import { TRAIN, type TrainParameters, type TrainTask } from './train-task.ts';
import { type LabelledUnits, type TrainedModel, whatIsMissing } from './training.ts';
import * as store from './training-store.ts';

/** Most models of a list. */
const MAX_LISTED = 200;
/** How long a request to train waits for a re-bucketing that is about to end, in milliseconds. */
const PATIENCE_MS = 3_000;

/** Whether a training was asked for, or why not. */
export interface Requested {
  readonly ok: boolean;
  readonly sentence: string;
  readonly taskId?: number;
}

/** Where the training of a job stands. */
export interface TrainingStatus {
  readonly state: string | null;
  readonly message: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** The newest training task, ended or not. */
  readonly task: Task | undefined;
  readonly unit: 'bucket' | 'event';
  readonly labels: readonly LabelledUnits[];
  /** Units with votes and no majority. */
  readonly undecided: number;
  /** Why a training cannot begin now; null when it can. */
  readonly missing: string | null;
}

/** Training and models of jobs. */
export class TrainingService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #jobs: JobService;
  readonly #tasks: TaskService;
  readonly #train: TrainTask;
  readonly #models: ModelCache;
  readonly #patience: number;

  constructor(
    storage: Storage,
    clock: Clock,
    audit: Pick<AuditTrail, 'record'>,
    jobs: JobService,
    tasks: TaskService,
    train: TrainTask,
    models: ModelCache,
    patienceMs = PATIENCE_MS,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#jobs = jobs;
    this.#tasks = tasks;
    this.#train = train;
    this.#models = models;
    this.#patience = patienceMs;
  }

  /**
   * Begins a training, also of a stopped job: training takes no events. Where stored events are being put in buckets again it waits a
   * moment for that, because what was said of them is counted anew.
   * @param username a name that was sent with a key; else the caller's own is recorded.
   * @returns `ok`, or a sentence that says what to do first.
   * @throws Refusal `job_not_found`.
   */
  async requestTraining(jobId: number, origin: Origin, username?: string): Promise<Requested> {
    await this.#bucketsReady(jobId);
    return this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw noJob(jobId);
      if (await this.#tasks.activeIn(tx, jobId, TRAIN)) return { ok: false, sentence: 'Training is already running.' };
      const { missing } = await this.#readiness(tx, job);
      if (missing !== null) return { ok: false, sentence: missing };
      const now = this.#clock();
      const parameters: TrainParameters = { askedBy: username ?? origin.principal.name };
      const createdBy = principalId(origin.principal);
      const task = await this.#tasks.enqueue(tx, { kind: TRAIN, jobId, parameters: { ...parameters }, createdBy });
      await store.setTrainState(tx, jobId, {
        state: 'RETRAIN_STARTED',
        message: 'Retraining started',
        startedAt: now,
        finishedAt: job.trainFinishedAt,
      });
      await this.#audit.record(tx, origin, {
        action: 'job.train',
        objectKind: 'job',
        objectId: String(jobId),
        jobId,
        after: { task: task.id, ...(username === undefined ? {} : { username }) },
      });
      this.#jobs.forgetAfter(tx, jobId);
      return { ok: true, sentence: 'Training has started.', taskId: task.id };
    });
  }

  /** Where training stands, and what it still needs. @throws Refusal `job_not_found`. */
  async status(jobId: number): Promise<TrainingStatus> {
    return this.#storage.read(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw noJob(jobId);
      const running = await this.#tasks.activeIn(tx, jobId, TRAIN);
      const readiness = await this.#readiness(tx, job);
      return {
        state: job.trainState,
        message: job.trainMessage,
        startedAt: job.trainStartedAt,
        finishedAt: job.trainFinishedAt,
        task: running ?? (await this.#tasks.latest(jobId, TRAIN)),
        ...readiness,
      };
    });
  }

  /** The models of a job, newest first. */
  async models(jobId: number): Promise<TrainedModel[]> {
    return this.#storage.read((tx) => store.listModels(tx, jobId, MAX_LISTED));
  }

  /** @throws Refusal `not_found`, also for a model of another job. */
  async model(jobId: number, modelId: number): Promise<TrainedModel> {
    return this.#storage.read((tx) => this.#modelIn(tx, jobId, modelId));
  }

  /**
   * Makes a model, also an older one, the one that decides new events; stored ones keep their decisions until they are reprocessed.
   * @throws Refusal `not_found`; `refused` when its bytes cannot be read.
   */
  async activate(jobId: number, modelId: number, origin: Origin): Promise<TrainedModel> {
    await this.model(jobId, modelId);
    await this.#models.get(modelId).catch((error: unknown) => {
      if (!(error instanceof RangeError)) throw error;
      throw new Refusal('refused', `Model ${modelId} cannot be used: ${error.message}`, { cause: error });
    });
    return this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw noJob(jobId);
      const model = await this.#modelIn(tx, jobId, modelId);
      if (job.activeModelId === modelId) return model;
      await this.#train.activateIn(tx, jobId, modelId);
      await this.#audit.record(tx, origin, {
        action: 'model.activate',
        objectKind: 'model',
        objectId: String(modelId),
        jobId,
        before: { activeModel: job.activeModelId },
        after: { activeModel: modelId },
      });
      return this.#modelIn(tx, jobId, modelId);
    });
  }

  async #modelIn(tx: ReadTx, jobId: number, modelId: number): Promise<TrainedModel> {
    const model = await store.getModel(tx, modelId);
    if (model?.jobId !== jobId) throw new Refusal('not_found', `The AI use case ${jobId} has no model ${modelId}.`);
    return model;
  }

  async #readiness(tx: ReadTx, job: Job): Promise<Pick<TrainingStatus, 'unit' | 'labels' | 'undecided' | 'missing'>> {
    const shared = sharesFeedback(job.category);
    const unit = shared ? 'bucket' : 'event';
    const source = { jobId: job.id, pointsVersion: job.pointsVersion, points: job.points, shared };
    const chosen = job.pointsVersion > 0 && job.points.length > 0;
    const counts = chosen ? await store.countUnits(tx, source) : [];
    const labels = openLabels(job.labels).map(({ classNo, name }) => ({
      classNo,
      name,
      units: counts.find((count) => count.class_no === classNo)?.n ?? 0,
    }));
    const undecided = counts.find((count) => count.class_no === null)?.n ?? 0;
    const rebucket = await this.#tasks.activeIn(tx, job.id, 'rebucket');
    let missing: string | null;
    if (!chosen) missing = 'Choose decision points first: they are what the model may look at.';
    else if (rebucket) {
      const percent = Math.floor(100 * rebucket.share);
      missing = `Stored events are being put in buckets by the new decision points (${percent} % done). Train when that is finished.`;
    } else missing = whatIsMissing(labels, unit);
    return { unit, labels, undecided, missing };
  }

  async #bucketsReady(jobId: number): Promise<void> {
    const until = performance.now() + this.#patience;
    while (performance.now() < until) {
      if (!(await this.#storage.read((tx) => this.#tasks.activeIn(tx, jobId, 'rebucket')))) return;
      await sleep(20);
    }
  }
}

function noJob(id: number): Refusal {
  return new Refusal('job_not_found', `There is no AI use case with the job id ${id} for this key.`);
}
