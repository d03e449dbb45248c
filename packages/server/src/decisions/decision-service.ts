import {
  compileDecisionPoints,
  type DecisionPoints,
  type Explanation,
  type Model,
  type PointValues,
  parsePointValues,
} from '@verdict/engine';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Job, samePoints } from '../jobs/job.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { classNumber, type Decision } from './decision.ts';
import * as store from './decision-store.ts';

/** Where trained models come from; kept in memory by the training feature. */
export interface Models {
  get(modelId: number): Promise<Model>;
}

/** A decision as ingest needs it. */
export interface Decided {
  readonly id: number;
  readonly classNo: number | null;
}

/** Decisions kept in memory for each model: repeated alerts cost a look-up. */
const CACHED_PER_MODEL = 50_000;
const CACHED_MODELS = 8;

/**
 * Decides. A decision depends only on the model and the values of its decision points, so there is one row for each pair of them, made
 * when it is first needed.
 */
export class DecisionService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #models: Models;
  readonly #known = new Map<number, Map<string, Decided>>();
  readonly #points = new WeakMap<readonly string[], DecisionPoints>();
  readonly #explained = new Map<number, Explanation>();

  constructor(storage: Storage, clock: Clock, models: Models) {
    this.#storage = storage;
    this.#clock = clock;
    this.#models = models;
  }

  /** Decision points ready for use, kept as long as the very list: jobs and models in memory have one each. */
  compile(points: readonly string[]): DecisionPoints {
    let compiled = this.#points.get(points);
    if (!compiled) {
      compiled = compileDecisionPoints(points);
      this.#points.set(points, compiled);
    }
    return compiled;
  }

  /** The decision points that a model was trained on, in the order of its decisions' values. */
  async pointsOf(modelId: number): Promise<readonly string[]> {
    return (await this.#models.get(modelId)).points;
  }

  /** What a model would say of values under its own decision points; nothing is kept. undefined = no decision. */
  async preview(
    modelId: number,
    values: PointValues,
  ): Promise<{ readonly classNo: number; readonly confidence: number } | undefined> {
    const model = await this.#models.get(modelId);
    const points = this.compile(model.points);
    if (points.empty(values)) return undefined;
    const verdict = model.decide(values, points.key(values));
    return { classNo: classNumber(model.classes[verdict.choice]!), confidence: verdict.confidence };
  }

  /** Has the job's active model in memory before a unit of work needs it. */
  async prepare(job: Job): Promise<void> {
    if (job.activeModelId !== null) await this.#models.get(job.activeModelId);
    if (job.shadowModelId !== null) await this.#shadow(job.shadowModelId);
  }

  /**
   * Decides an alert by the job's active model. `own` are its values under the job's current points, where they are known already: a model
   * trained on them needs no second reading. The alert is asked for only when the model was trained on other points.
   * @returns undefined when there is no model yet.
   */
  async decideIn(
    tx: Tx,
    job: Job,
    alert: () => unknown,
    own?: { readonly values: PointValues; readonly key: string },
  ): Promise<Decided | undefined> {
    if (job.activeModelId === null) return undefined;
    return this.#decideBy(tx, job, job.activeModelId, await this.#models.get(job.activeModelId), alert, own);
  }

  /** Lets the job's shadow model say silently what it would decide; nothing else hangs on it, so one that cannot be read says nothing. */
  async shadowIn(
    tx: Tx,
    job: Job,
    eventSeq: number,
    alert: () => unknown,
    own?: { readonly values: PointValues; readonly key: string },
  ): Promise<void> {
    const modelId = job.shadowModelId;
    const model = modelId === null ? undefined : await this.#shadow(modelId);
    if (modelId === null || !model) return;
    const decided = await this.#decideBy(tx, job, modelId, model, alert, own);
    await store.insertShadowDecision(tx, modelId, eventSeq, decided.id);
  }

  async #shadow(modelId: number): Promise<Model | undefined> {
    return this.#models.get(modelId).catch((error: unknown) => {
      if (error instanceof RangeError || error instanceof Refusal) return undefined;
      throw error;
    });
  }

  async #decideBy(
    tx: Tx,
    job: Job,
    modelId: number,
    model: Model,
    alert: () => unknown,
    own?: { readonly values: PointValues; readonly key: string },
  ): Promise<Decided> {
    const points = this.compile(model.points);
    if (own && samePoints(model.points, job.points))
      return this.#decideValues(tx, job, modelId, model, points, own.values, own.key);
    const values = points.values(alert());
    return this.#decideValues(tx, job, modelId, model, points, values, points.key(values));
  }

  async get(id: number): Promise<Decision | undefined> {
    return this.#storage.read((tx) => store.getDecision(tx, id));
  }

  async getIn(tx: ReadTx, id: number): Promise<Decision | undefined> {
    return store.getDecision(tx, id);
  }

  /** Decisions that later ones replaced on an event, newest first. */
  async past(seq: number): Promise<(Decision & { replacedAt: number; why: string })[]> {
    return this.#storage.read((tx) => store.pastDecisions(tx, seq));
  }

  /** Why: computed from model and values when somebody asks, and kept for a while because playbooks ask again. */
  async explain(decision: Decision): Promise<Explanation | undefined> {
    if (decision.classNo === null) return undefined;
    const known = this.#explained.get(decision.id);
    if (known) return known;
    const model = await this.#models.get(decision.modelId);
    const values = parsePointValues(decision.values);
    const explanation = model.explain(values, this.compile(model.points).key(values));
    if (this.#explained.size >= 2_000) this.#explained.clear();
    this.#explained.set(decision.id, explanation);
    return explanation;
  }

  /** Why a model would decide values of its own decision points as it does; undefined where there is nothing to decide by. */
  async explainValues(modelId: number, values: PointValues): Promise<Explanation | undefined> {
    const model = await this.#models.get(modelId);
    const points = this.compile(model.points);
    return points.empty(values) ? undefined : model.explain(values, points.key(values));
  }

  async #decideValues(
    tx: Tx,
    job: Job,
    modelId: number,
    model: Model,
    points: DecisionPoints,
    values: PointValues,
    key: string,
  ): Promise<Decided> {
    const known = this.#knownOf(modelId);
    const remembered = known.get(key);
    if (remembered) return remembered;
    const stored = await store.findDecision(tx, modelId, key);
    if (stored) {
      const decided = { id: stored.id, classNo: stored.class_no };
      tx.afterCommit(() => remember(known, key, decided));
      return decided;
    }
    const made = points.empty(values) ? NO_DECISION : verdictOf(model, values, key);
    const id = await store.insertDecision(
      tx,
      { ...made, jobId: job.id, modelId, values: points.canonical(values), madeAt: this.#clock() },
      key,
    );
    const decided = { id, classNo: made.classNo };
    // Remembered only once durable: a unit that fails takes its row with it.
    tx.afterCommit(() => remember(known, key, decided));
    return decided;
  }

  #knownOf(modelId: number): Map<string, Decided> {
    let known = this.#known.get(modelId);
    if (!known) {
      known = new Map();
      if (this.#known.size >= CACHED_MODELS) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(modelId, known);
    }
    return known;
  }

  /** Forgets decisions whose rows were removed (retention). */
  forget(): void {
    this.#known.clear();
    this.#explained.clear();
  }
}

type Made = Omit<Decision, 'id' | 'jobId' | 'modelId' | 'values' | 'madeAt'>;

const NO_DECISION: Made = {
  classNo: null,
  probabilities: {},
  confidence: null,
  outlier: false,
  outlierScore: null,
  similarity: null,
  labelled: false,
};

function verdictOf(model: Model, values: PointValues, key: string): Made {
  const verdict = model.decide(values, key);
  return {
    classNo: classNumber(model.classes[verdict.choice]!),
    probabilities: Object.fromEntries(
      model.classes.map((name, index) => [String(classNumber(name)), verdict.probabilities[index]!]),
    ),
    confidence: verdict.confidence,
    outlier: verdict.outlier,
    outlierScore: verdict.outlierScore,
    similarity: verdict.similarity,
    labelled: verdict.labelled,
  };
}

function remember(known: Map<string, Decided>, key: string, decided: Decided): void {
  if (known.size >= CACHED_PER_MODEL) known.delete(known.keys().next().value!);
  known.set(key, decided);
}
