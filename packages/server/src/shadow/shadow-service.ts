import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import { type Job, sharesFeedback } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { Storage } from '../storage/storage.ts';
import type { ModelCache } from '../training/model-cache.ts';
import type { TrainingService } from '../training/training-service.ts';
import { type ShadowReport, summarise } from './shadow.ts';
import * as store from './shadow-store.ts';

/** Newest events that a report compares: what one question may cost the thread that answers all others. */
const COMPARED = 10_000;
const DIFFERENCES = 50;
const FORGOTTEN_AT_ONCE = 500;

/** A model that decides silently beside the active one, so that people see what it would change before it does. */
export class ShadowService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: Pick<AuditTrail, 'record'>;
  readonly #jobs: JobService;
  readonly #training: TrainingService;
  readonly #models: ModelCache;

  constructor(
    storage: Storage,
    clock: Clock,
    audit: Pick<AuditTrail, 'record'>,
    jobs: JobService,
    training: TrainingService,
    models: ModelCache,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#jobs = jobs;
    this.#training = training;
    this.#models = models;
  }

  /**
   * Lets a model of the job decide silently from now on; another one that did is ended. The same again changes nothing.
   * @throws Refusal `not_found`; `refused` for the active model or one whose bytes cannot be read.
   */
  async begin(jobId: number, modelId: number, origin: Origin): Promise<void> {
    await this.#training.model(jobId, modelId);
    await this.#models.get(modelId).catch((error: unknown) => {
      if (!(error instanceof RangeError)) throw error;
      throw new Refusal('refused', `Model ${modelId} cannot be used: ${error.message}`, { cause: error });
    });
    const changed = await this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw noJob(jobId);
      if (job.activeModelId === modelId)
        throw new Refusal('refused', `Model ${modelId} is the active one already; a shadow is another model beside it.`);
      if (job.shadowModelId === modelId) return false;
      await store.setShadow(tx, jobId, modelId, this.#clock());
      await this.#record(tx, origin, job, modelId);
      this.#jobs.forgetAfter(tx, jobId);
      return true;
    });
    if (changed) await this.tidy(jobId);
  }

  /** Ends the shadow and forgets what it said. Without one nothing happens. */
  async end(jobId: number, origin: Origin): Promise<void> {
    await this.#storage.write(async (tx) => {
      const job = await this.#jobs.findIn(tx, jobId);
      if (!job) throw noJob(jobId);
      if (job.shadowModelId === null) return;
      await store.setShadow(tx, jobId, null, null);
      await this.#record(tx, origin, job, null);
      this.#jobs.forgetAfter(tx, jobId);
    });
    await this.tidy(jobId);
  }

  /**
   * The shadow beside the active model; undefined where there is none.
   * @param hidden numbers of events that are left out: those that the asker may have to label blind.
   */
  async report(job: Job, hidden: readonly number[] = []): Promise<ShadowReport | undefined> {
    const { shadowModelId, shadowSince } = job;
    if (shadowModelId === null || shadowSince === null) return undefined;
    const look = {
      modelId: shadowModelId,
      since: shadowSince,
      shared: sharesFeedback(job.category),
      newest: COMPARED,
      hidden: JSON.stringify(hidden),
    };
    return this.#storage.read(async (tx) => {
      const agreements = await store.agreements(tx, look);
      return {
        modelId: shadowModelId,
        since: shadowSince,
        decided: await store.countShadowDecisions(tx, shadowModelId),
        ...summarise(agreements),
        agreements,
        differences: await store.differences(tx, look, DIFFERENCES),
      };
    });
  }

  /** Forgets, in small units, what models said silently that are no shadow of the job any more. */
  async tidy(jobId: number): Promise<void> {
    const job = await this.#jobs.find(jobId);
    if (!job) return;
    for (const modelId of await this.#storage.read((tx) => store.modelsWithShadows(tx, jobId, job.shadowModelId))) {
      while (await this.#storage.write((tx) => store.deleteSomeShadowDecisions(tx, modelId, FORGOTTEN_AT_ONCE)));
    }
  }

  async #record(tx: Parameters<AuditTrail['record']>[0], origin: Origin, job: Job, modelId: number | null): Promise<void> {
    await this.#audit.record(tx, origin, {
      action: 'job.shadow',
      objectKind: 'job',
      objectId: String(job.id),
      jobId: job.id,
      before: { shadowModel: job.shadowModelId },
      after: { shadowModel: modelId },
    });
  }
}

function noJob(id: number): Refusal {
  return new Refusal('job_not_found', `There is no AI use case with the job id ${id} for this key.`);
}
