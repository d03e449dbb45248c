import { loadModel, type Model, type PointType } from '@verdict/engine';
import type { ReadTx } from '../storage/storage.ts';
import * as store from './training-store.ts';

/** A complete model read for a thread of its own; undefined where it is not there, looks at other decision points, or is damaged. */
export async function readStoredModel(tx: ReadTx, modelId: number, points: readonly string[]): Promise<Model | undefined> {
  const stored = await store.getModel(tx, modelId);
  if (!stored || [...stored.points].sort().join('\n') !== [...points].sort().join('\n')) return undefined;
  try {
    return loadModel(await store.getModelBytes(tx, modelId, stored.size), { points });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Types of decision points that a person has set. */
export function readPointTypes(tx: ReadTx, jobId: number, version: number): Promise<Record<string, PointType>> {
  return store.getPointTypes(tx, jobId, version);
}
