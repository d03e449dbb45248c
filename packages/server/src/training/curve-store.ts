import type { LearningCurve } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { StoredCurve } from './curve.ts';

/** The learning curve of a model, where it was worked out. */
export async function getCurve(tx: ReadTx, modelId: number): Promise<StoredCurve | undefined> {
  const row = await tx.get<{ curve: string; made_at: number; made_by: string }>(
    'SELECT curve, made_at, made_by FROM learning_curves WHERE model_id = ?',
    modelId,
  );
  return row && { curve: JSON.parse(row.curve) as LearningCurve, madeAt: row.made_at, madeBy: row.made_by };
}

/** Keeps it, in place of one that is there. */
export async function putCurve(tx: Tx, modelId: number, { curve, madeAt, madeBy }: StoredCurve): Promise<void> {
  await tx.run(
    `INSERT INTO learning_curves (model_id, curve, made_at, made_by) VALUES (?, ?, ?, ?)
     ON CONFLICT (model_id) DO UPDATE SET curve = excluded.curve, made_at = excluded.made_at, made_by = excluded.made_by`,
    modelId,
    JSON.stringify(curve),
    madeAt,
    madeBy,
  );
}

/** The knowledge base of a model: its buckets or events, as `TrainedUnit` names them. */
export async function listModelUnits(tx: ReadTx, modelId: number): Promise<Set<string>> {
  const rows = await tx.all<{ unit: string }>('SELECT unit FROM model_units WHERE model_id = ?', modelId);
  return new Set(rows.map(({ unit }) => unit));
}
