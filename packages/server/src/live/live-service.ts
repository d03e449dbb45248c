import { classNumber } from '../decisions/decision.ts';
import { type Job, sharesFeedback } from '../jobs/job.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrainedModel } from '../training/training.ts';
import type { TrainingService } from '../training/training-service.ts';
import { type LiveFigures, liveFigures } from './live.ts';
import * as store from './live-store.ts';

/** Most events that are looked at. */
const MOST = 10_000;

/** How a model does in use. */
export interface Live extends LiveFigures {
  readonly model: TrainedModel;
  /** There are more events than were looked at. */
  readonly truncated: boolean;
}

/** Figures of models on what came after their training. */
export class LiveService {
  readonly #storage: Storage;
  readonly #training: TrainingService;
  readonly #most: number;

  /** @param most events that are looked at. */
  constructor(storage: Storage, training: TrainingService, most = MOST) {
    this.#storage = storage;
    this.#training = training;
    this.#most = most;
  }

  /** @throws Refusal `not_found`, also for a model of another job. */
  async of(job: Job, modelId: number): Promise<Live> {
    const model = await this.#training.model(job.id, modelId);
    const shared = sharesFeedback(job.category);
    const found = await this.#storage.read((tx) =>
      store.votedAfterDeciding(tx, { jobId: job.id, modelId, shared, limit: this.#most + 1 }),
    );
    const rows = found.slice(0, this.#most).map((row) => ({
      at: row.at,
      probabilities: JSON.parse(row.probabilities) as Record<string, number>,
      truth: row.truth,
      known: row.labelled === 1,
    }));
    return { model, truncated: found.length > this.#most, ...liveFigures(rows, model.classes.map(classNumber)) };
  }
}
