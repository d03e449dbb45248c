import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Storage } from '../storage/storage.ts';
import * as store from './training-store.ts';

/** Bytes of a model written or read at once: a few milliseconds with their fsync. */
const PART = 256 * 1024;
/** Rows of the knowledge base written in one unit. */
export const UNITS_PER_WRITE = 500;

/**
 * Writes a model that nobody sees until it is completed, in units that hold nobody up.
 * @param check called between units; throwing from it ends the writing.
 * @returns its id.
 */
export async function writeModel(
  storage: Storage,
  model: store.NewModel,
  bytes: Uint8Array,
  units: readonly (readonly store.TrainedUnit[])[],
  check: () => void,
): Promise<number> {
  const modelId = await storage.write((tx) => store.insertModel(tx, model));
  for (let from = 0, part = 0; from < bytes.length; from += PART, part++) {
    check();
    await storage.write((tx) => store.insertModelPart(tx, modelId, part, bytes.subarray(from, from + PART)));
  }
  for (const some of units) {
    check();
    await storage.write((tx) => store.insertModelUnits(tx, modelId, some));
  }
  return modelId;
}

/** The bytes of a model and its decision points in the job's order; undefined where there is none. Lets others have a turn between its parts. */
export async function readModelBytes(
  storage: Storage,
  modelId: number,
): Promise<{ readonly bytes: Uint8Array; readonly points: readonly string[] } | undefined> {
  const model = await storage.read((tx) => store.getModelSize(tx, modelId));
  if (!model) return undefined;
  const bytes = new Uint8Array(model.size);
  let length = 0;
  for (let part = 0; length < model.size; part++) {
    const piece = await storage.read((tx) => store.getModelPart(tx, modelId, part));
    if (!piece || length + piece.length > model.size)
      throw new RangeError(`Model ${modelId} is damaged: part ${part} of its bytes is missing.`);
    bytes.set(piece, length);
    length += piece.length;
    await nextTurn();
  }
  return { bytes, points: JSON.parse(model.points) as string[] };
}

/** Removes what trainings of a job began to write and did not complete. */
export async function removeIncomplete(storage: Storage, jobId: number): Promise<void> {
  for (const modelId of await storage.read((tx) => store.listIncomplete(tx, jobId))) {
    while (await storage.write((tx) => store.deleteSomeOfModel(tx, modelId, UNITS_PER_WRITE)));
  }
}
