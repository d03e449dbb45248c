import { setImmediate as nextTurn } from 'node:timers/promises';
import { type PointValues, parseAlert, parsePointValues } from '@verdict/engine';
import type { Clock } from '../clock.ts';
import { classNumber } from '../decisions/decision.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import { Refusal } from '../errors.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Storage } from '../storage/storage.ts';
import { type Closing, type TaskContext, TaskFailed, type TaskHandler } from '../tasks/task.ts';
import type { ModelCache } from '../training/model-cache.ts';
import type { TrainedModel } from '../training/training.ts';
import type { TrainingService } from '../training/training-service.ts';
import { type Pair, pairsOf } from './figures.ts';
import * as store from './metrics-store.ts';

/** Kind of these tasks. */
export const RECOMPUTE = 'recompute_metrics';

/** Units read at once. */
const BATCH = 200;
/** A turn of deciding ends after this many milliseconds: each takes up to one. */
const TURN_MS = 10;

/**
 * Judges a model by what people say now, and only where it cannot have learned the answer: the units of its knowledge base as they were
 * judged when it was trained (each by a part of the model that had not seen it), and every unit that got a consensus, or another one, since then,
 * decided by the model as it is. A unit whose consensus changed so counts with what people said then and with what they say now.
 */
export class RecomputeTask implements TaskHandler {
  readonly kind = RECOMPUTE;
  readonly resumable = false;
  readonly restarts = 1;
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #training: () => TrainingService;
  readonly #models: ModelCache;
  readonly #events: EventService;
  readonly #decisions: DecisionService;

  /** @param training asked for when a task runs: it is made after the tasks that it uses. */
  constructor(
    storage: Storage,
    clock: Clock,
    training: () => TrainingService,
    models: ModelCache,
    events: EventService,
    decisions: DecisionService,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#training = training;
    this.#models = models;
    this.#events = events;
    this.#decisions = decisions;
  }

  async run(context: TaskContext): Promise<Closing> {
    const jobId = context.jobId!;
    const modelId = Number(context.parameters.modelId);
    const model = await this.#modelOf(jobId, modelId);
    context.progress(0, 'reading the model');
    await this.#models.get(modelId);
    const counts = new Map<string, Pair>();
    for (const pair of trainedPairs(model)) add(counts, pair.agreed, pair.decided, pair.count);
    let later = 0;
    for (const kind of ['b', 'e'] as const) {
      for (let after = 0; ; ) {
        context.check();
        const units = await this.#storage.read((tx) => store.unlearnedUnits(tx, jobId, modelId, kind, after, BATCH));
        later += await this.#judge(model, kind, units, counts);
        context.progress(kind === 'b' ? 0.25 : 0.75, 'deciding what was labelled since');
        if (units.length < BATCH) break;
        after = units.at(-1)!.id;
      }
    }
    const pairs = JSON.stringify([...counts.values()]);
    return {
      message: `The metrics of model ${modelId} are from ${model.metrics.rows + later} units, ${later} of them labelled since its training.`,
      commit: (tx) => store.saveRecomputed(tx, modelId, this.#clock(), pairs),
    };
  }

  async #modelOf(jobId: number, modelId: number): Promise<TrainedModel> {
    try {
      return await this.#training().model(jobId, modelId);
    } catch (error) {
      if (error instanceof Refusal) throw new TaskFailed(error.message);
      throw error;
    }
  }

  /** Counts what the model decides on units; returns how many it decided. */
  async #judge(
    stored: TrainedModel,
    kind: 'b' | 'e',
    units: readonly store.AgreedUnit[],
    counts: Map<string, Pair>,
  ): Promise<number> {
    const points = this.#decisions.compile(stored.points);
    let decided = 0;
    let turn = performance.now();
    for (const unit of units) {
      const values = await this.#valuesOf(stored, kind, unit);
      if (values && !points.empty(values) && !(await this.#learned(stored.id, kind, unit, points.key(values)))) {
        const model = await this.#models.get(stored.id);
        const { choice } = model.decide(values, points.key(values));
        add(counts, unit.agreed, classNumber(model.classes[choice]!), 1);
        decided++;
      }
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        turn = performance.now();
      }
    }
    return decided;
  }

  /**
   * Whether the model was trained on what people say there now under another name of the unit: its bucket by the decision points of then, or one of its
   * events where these stood on their own.
   */
  async #learned(modelId: number, kind: 'b' | 'e', unit: store.AgreedUnit, key: string): Promise<boolean> {
    return this.#storage.read(
      async (tx) =>
        (await store.trainedAs(tx, modelId, key)) === unit.agreed ||
        (kind === 'b' && (await store.trainedOnEventOf(tx, modelId, unit.id)) === unit.agreed),
    );
  }

  /** What the model sees of a unit; of a bucket of other decision points than its own, what it sees of the newest event there. */
  async #valuesOf(model: TrainedModel, kind: 'b' | 'e', unit: store.AgreedUnit): Promise<PointValues | undefined> {
    if (unit.values !== null && unit.pointsVersion === model.pointsVersion) return parsePointValues(unit.values);
    const seq = kind === 'e' ? unit.id : (await this.#events.list(model.jobId, { bucketId: unit.id, limit: 1 }))[0]?.seq;
    if (seq === undefined) return undefined;
    return this.#decisions.compile(model.points).values(parseAlert(await this.#events.record(seq)));
  }
}

/** How a model was judged when it was trained: by parts of it that had not seen what they decided. */
export function trainedPairs(model: TrainedModel): Pair[] {
  return pairsOf(model.classes.map(classNumber), model.metrics.confusion);
}

function add(counts: Map<string, Pair>, agreed: number, decided: number, count: number): void {
  const name = `${agreed}:${decided}`;
  counts.set(name, { agreed, decided, count: (counts.get(name)?.count ?? 0) + count });
}
