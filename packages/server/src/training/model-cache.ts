import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadModelInSteps, type Model } from '@verdict/engine';
import { Refusal } from '../errors.ts';
import type { Storage } from '../storage/storage.ts';
import { readModelBytes } from './model-bytes.ts';

/** Models in memory at once. */
const KEPT = 8;

/** Trained models in memory: read when first asked for, those not asked for longest leave. */
export class ModelCache {
  readonly #storage: Storage;
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #models = new Map<number, Model>();
  readonly #loading = new Map<number, Promise<Model>>();

  /** @param limit how many models stay in memory; at least 1. */
  constructor(storage: Storage, limit = KEPT) {
    this.#storage = storage;
    this.#limit = Math.max(1, limit);
  }

  /** The model if it is in memory: for a unit of work, in which nothing else may be awaited. */
  peek(modelId: number): Model | undefined {
    const model = this.#models.get(modelId);
    if (model) this.#touch(modelId, model);
    return model;
  }

  /**
   * The model, read where it is not in memory. Callers that ask at once share the reading. Its decision points stand in the order of the
   * job's, as they were when it was trained. Ask before a unit of work begins, so that the unit need not wait for it.
   * @throws Refusal `not_found`; RangeError when its bytes are damaged or of another version.
   */
  async get(modelId: number): Promise<Model> {
    const known = this.peek(modelId);
    if (known) return known;
    let loading = this.#loading.get(modelId);
    if (!loading) {
      loading = this.#load(modelId).finally(() => this.#loading.delete(modelId));
      this.#loading.set(modelId, loading);
    }
    return loading;
  }

  async #load(modelId: number): Promise<Model> {
    const stored = await readModelBytes(this.#storage, modelId);
    if (!stored) throw new Refusal('not_found', `There is no model ${modelId}.`);
    await nextTurn();
    const steps = loadModelInSteps(stored.bytes, { points: stored.points });
    let step = steps.next();
    for (; !step.done; step = steps.next()) await nextTurn();
    const model = step.value;
    this.#touch(modelId, model);
    return model;
  }

  #touch(modelId: number, model: Model): void {
    this.#models.delete(modelId);
    this.#models.set(modelId, model);
    if (this.#models.size > this.#limit) this.#models.delete(this.#models.keys().next().value!);
  }
}
