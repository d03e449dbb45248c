import {
  compileDecisionPoints,
  loadModel,
  type PointValues,
  parseAlert,
  TrainingError,
  type TrainingInput,
  type TrainingRow,
  train,
} from '@verdict/engine';
import type { ReadTx } from '../storage/storage.ts';
import { type Comparison, chooseHoldOut, compare, type HeldOutUnit, nothingToCompare, type Opinion } from './comparison.ts';
import type { TrainOrder } from './train-thread.ts';
import * as store from './training-store.ts';

/** The active model and the units to compare on, read in the snapshot that the training learns from. */
export interface Ground {
  readonly championId: number;
  /** Positions in the training rows. */
  readonly heldOut: readonly number[];
  /** Those of them that people agree on; `index` = position in the training rows. */
  readonly units: readonly (Omit<HeldOutUnit, 'challenger'> & { readonly index: number })[];
  /** Why there is nothing to compare on. */
  readonly missing: string | null;
}

/** Chooses the hold-out and lets the active model decide it. */
export async function readGround(
  tx: ReadTx,
  championId: number,
  source: store.TrainingSource,
  feedback: { readonly rows: readonly TrainingRow[]; readonly sources: readonly store.RowSource[] },
): Promise<Ground> {
  const none = (missing: string): Ground => ({ championId, heldOut: [], units: [], missing });
  const champion = await store.getModel(tx, championId);
  if (!champion) return none('The active model is not there any more.');
  const first = await store.firstSaid(tx, source);
  const candidates = feedback.rows.map((row, index) => {
    const { id } = feedback.sources[index]!;
    return { ...row, firstSaid: first.get(id) ?? 0 };
  });
  const heldOut = chooseHoldOut(candidates, champion.createdAt);
  if (heldOut.length === 0) {
    const unit = source.shared ? 'bucket' : 'event';
    return none(`No ${unit} was labelled since the active model was trained.`);
  }
  let model: ReturnType<typeof loadModel>;
  try {
    model = loadModel(await store.getModelBytes(tx, championId, champion.size), { points: champion.points });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return none(`The active model cannot be read: ${error.message}`);
  }
  const points = compileDecisionPoints(champion.points);
  const same = champion.points.length === source.points.length && champion.points.every((p, i) => p === source.points[i]);
  const units: Ground['units'][number][] = [];
  for (const index of heldOut) {
    const row = feedback.rows[index]!;
    const { id, unit, classNo } = feedback.sources[index]!;
    if (classNo === null) continue;
    const example = await store.exampleOf(tx, id, source.shared);
    let values: PointValues = row.values;
    if (!same) values = points.values(parseAlert((example && (await store.alertText(tx, example.seq))) ?? '{}'));
    units.push({
      index,
      unit,
      cluster: row.group ?? row.key,
      classNo,
      champion: opinionOf(model, values, points.key(values), points.empty(values)),
      eventId: example?.event_id ?? null,
    });
  }
  return { championId, heldOut, units, missing: null };
}

/** Trains once more without the hold-out and compares on it. */
export function judge(ground: Ground, input: TrainingInput, order: TrainOrder): Comparison {
  if (ground.missing !== null) return nothingToCompare(ground.championId, ground.missing);
  const out = new Set(ground.heldOut);
  const rows = input.rows.filter((_, index) => !out.has(index));
  let bytes: Uint8Array;
  try {
    bytes = train({ ...input, rows }).model;
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    return nothingToCompare(
      ground.championId,
      `Without what was labelled last there is too little to train on: ${error.message}`,
    );
  }
  const model = loadModel(bytes, { points: input.points });
  const points = compileDecisionPoints(input.points);
  let since = Number.MAX_SAFE_INTEGER;
  const units = ground.units.map(({ index, ...unit }): HeldOutUnit => {
    const row = input.rows[index]!;
    since = Math.min(since, row.time ?? since);
    return { ...unit, challenger: opinionOf(model, row.values, row.key, points.empty(row.values)) };
  });
  return compare(units, order.labels, {
    championId: ground.championId,
    since: units.length === 0 ? null : since,
    unit: order.source.shared ? 'bucket' : 'event',
  });
}

function opinionOf(model: ReturnType<typeof loadModel>, values: PointValues, key: string, empty: boolean): Opinion {
  if (empty) return { classNo: null, probabilities: new Map() };
  const verdict = model.decide(values, key);
  const classNos = model.classes.map((name) => Number(name.slice('class_'.length)));
  return {
    classNo: classNos[verdict.choice]!,
    probabilities: new Map(classNos.map((classNo, index) => [classNo, verdict.probabilities[index]!])),
  };
}
