import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Storage } from '../storage/storage.ts';
import type { DecisionService } from './decision-service.ts';
import * as store from './decision-store.ts';

/** How much the decisions of a model hang on one decision point. */
export interface Influence {
  readonly point: string;
  /** Mean size of what the log-odds of the decision lose without it, whichever way it speaks. */
  readonly weight: number;
  /** Share of the buckets in which it spoke for what was decided, and against it. */
  readonly towards: number;
  readonly against: number;
}

const LOOKED_AT = 200;
/** The main thread is not held longer than this at a stretch, and the whole look takes no longer than that, in milliseconds. */
const SLICE_MS = 8;
const LONGEST_MS = 5_000;
const MOST_KEPT = 50;

/**
 * What a model's decisions hang on, over the newest buckets of its decision points: the mean of what single decisions are explained by
 * (occlusion, as in the engine's `explanation.ts`). A model never changes, so what was found of it is kept.
 */
export class InfluenceService {
  readonly #storage: Storage;
  readonly #decisions: DecisionService;
  readonly #known = new Map<number, Promise<{ readonly buckets: number; readonly points: readonly Influence[] }>>();

  constructor(storage: Storage, decisions: DecisionService) {
    this.#storage = storage;
    this.#decisions = decisions;
  }

  /** The points of a model, those that weigh most first. Whether the caller may see the model is checked before. */
  of(modelId: number): Promise<{ readonly buckets: number; readonly points: readonly Influence[] }> {
    const known = this.#known.get(modelId);
    if (known) return known;
    if (this.#known.size >= MOST_KEPT) this.#known.delete(this.#known.keys().next().value!);
    const found = this.#look(modelId);
    this.#known.set(modelId, found);
    found.then(
      // A model that nothing has come in for yet is looked at again.
      ({ buckets }) => buckets < LOOKED_AT && this.#known.delete(modelId),
      () => this.#known.delete(modelId),
    );
    return found;
  }

  async #look(modelId: number): Promise<{ readonly buckets: number; readonly points: readonly Influence[] }> {
    const points = await this.#decisions.pointsOf(modelId);
    const sums = new Map(points.map((point) => [point, { weight: 0, towards: 0, against: 0 }]));
    let buckets = 0;
    const started = performance.now();
    let since = started;
    for (const values of await this.#storage.read((tx) => store.newestValues(tx, modelId, LOOKED_AT))) {
      if (performance.now() - started > LONGEST_MS) break;
      const explanation = await this.#decisions.explainValues(modelId, values);
      if (!explanation) continue;
      buckets++;
      for (const { point, weight } of [...explanation.towards, ...explanation.against]) {
        const sum = sums.get(point);
        if (!sum) continue;
        sum.weight += Math.abs(weight);
        if (weight > 0) sum.towards++;
        else sum.against++;
      }
      if (performance.now() - since > SLICE_MS) {
        await nextTurn();
        since = performance.now();
      }
    }
    const mean = (sum: number) => (buckets === 0 ? 0 : sum / buckets);
    const influences = [...sums].map(([point, { weight, towards, against }]) => ({
      point,
      weight: mean(weight),
      towards: mean(towards),
      against: mean(against),
    }));
    return { buckets, points: influences.sort((a, b) => b.weight - a.weight) };
  }
}
