import {
  compileDecisionPoints,
  type DriftWindow,
  loadModel,
  type ModelMetrics,
  type PointValues,
  parsePointValues,
} from '@verdict/engine';
import type { ReadTx } from '../storage/storage.ts';
import { dayOf, trainingReference } from './drift.ts';
import { bucketValues, spreadEvents } from './drift-store.ts';

/** What comes in when a model is trained: so far back, in microseconds, and so many events. */
const BACK = 28 * 86_400 * 1_000_000;
const MOST = 2_000;

/** Whose traffic, and by which decision points. */
export interface TrafficSource {
  readonly jobId: number;
  readonly pointsVersion: number;
  readonly points: readonly string[];
}

/** An event of the job as it came in. */
export interface Passing {
  readonly at: number;
  readonly key: string;
  readonly values: PointValues;
}

/** A sample of what came in during the last four weeks, by the decision points of the training. */
export async function readTraffic(tx: ReadTx, source: TrafficSource, now: number): Promise<Passing[]> {
  const passing: Passing[] = [];
  for (const { at, bucketId } of await spreadEvents(tx, source.jobId, now - BACK, MOST)) {
    const bucket = bucketId === null ? undefined : await bucketValues(tx, bucketId, source.pointsVersion);
    if (bucket) passing.push({ at, key: bucket.key, values: parsePointValues(bucket.point_values) });
  }
  return passing;
}

/** The sample as the new model decides it, in counts. */
export function referenceOf(
  model: Uint8Array,
  source: TrafficSource,
  traffic: readonly Passing[],
  metrics: ModelMetrics,
): DriftWindow {
  const ready = loadModel(model, { points: source.points });
  const points = compileDecisionPoints(source.points);
  const decided = new Map<string, { label: string | null; confidence: number; outlier: boolean }>();
  const samples = traffic.map(({ at, key, values }) => {
    let said = decided.get(key);
    if (!said) {
      if (points.empty(values)) said = { label: null, confidence: 0, outlier: false };
      else {
        const verdict = ready.decide(values, key);
        said = { label: ready.classes[verdict.choice]!, confidence: verdict.confidence, outlier: verdict.outlier };
      }
      decided.set(key, said);
    }
    return { values, ...said, block: dayOf(at) };
  });
  return trainingReference(source.points, samples, metrics);
}
