import { type PointValues, parsePointValues } from '@verdict/engine';
import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Decision } from './decision.ts';

interface DecisionRow {
  id: number;
  job_id: number;
  model_id: number;
  point_values: string;
  class_no: number | null;
  probabilities: string;
  confidence: number | null;
  outlier: number;
  outlier_score: number | null;
  similarity: number | null;
  labelled: number;
  made_at: number;
}

export async function getDecision(tx: ReadTx, id: number): Promise<Decision | undefined> {
  const row = await tx.get<DecisionRow>('SELECT * FROM decisions WHERE id = ?', id);
  return row && toDecision(row);
}

/** Values of the newest buckets of the decision points that a model was trained on. */
export async function newestValues(tx: ReadTx, modelId: number, limit: number): Promise<PointValues[]> {
  const rows = await tx.all<{ point_values: string }>(
    `SELECT b.point_values FROM models m JOIN buckets b ON b.job_id = m.job_id AND b.points_version = m.points_version
     WHERE m.id = ? ORDER BY b.id DESC LIMIT ?`,
    modelId,
    limit,
  );
  return rows.map(({ point_values }) => parsePointValues(point_values));
}

export async function findDecision(
  tx: ReadTx,
  modelId: number,
  key: string,
): Promise<{ id: number; class_no: number | null } | undefined> {
  return tx.get('SELECT id, class_no FROM decisions WHERE model_id = ? AND key = ?', modelId, key);
}

export async function insertDecision(tx: Tx, decision: Omit<Decision, 'id'>, key: string): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO decisions (job_id, model_id, key, point_values, class_no, probabilities, confidence, outlier, outlier_score, similarity, labelled, made_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    decision.jobId,
    decision.modelId,
    key,
    decision.values,
    decision.classNo,
    JSON.stringify(decision.probabilities),
    decision.confidence,
    decision.outlier ? 1 : 0,
    decision.outlierScore,
    decision.similarity,
    decision.labelled ? 1 : 0,
    decision.madeAt,
  );
  return id;
}

/** Keeps what a shadow model says of an event. */
export async function insertShadowDecision(tx: Tx, modelId: number, eventSeq: number, decisionId: number): Promise<void> {
  await tx.run(
    `INSERT INTO shadow_decisions (model_id, event_seq, decision_id) VALUES (?, ?, ?)
     ON CONFLICT (model_id, event_seq) DO UPDATE SET decision_id = excluded.decision_id`,
    modelId,
    eventSeq,
    decisionId,
  );
}

/** Decisions that reprocessing replaced on an event, newest first. */
export async function pastDecisions(tx: ReadTx, seq: number): Promise<(Decision & { replacedAt: number; why: string })[]> {
  const rows = await tx.all<DecisionRow & { replaced_at: number; why: string }>(
    `SELECT d.*, p.replaced_at, p.why FROM past_decisions p JOIN decisions d ON d.id = p.decision_id WHERE p.event_seq = ? ORDER BY p.id DESC LIMIT 100`,
    seq,
  );
  return rows.map((row) => ({ ...toDecision(row), replacedAt: row.replaced_at, why: row.why }));
}

function toDecision(row: DecisionRow): Decision {
  return {
    id: row.id,
    jobId: row.job_id,
    modelId: row.model_id,
    values: row.point_values,
    classNo: row.class_no,
    probabilities: JSON.parse(row.probabilities) as Record<string, number>,
    confidence: row.confidence,
    outlier: row.outlier === 1,
    outlierScore: row.outlier_score,
    similarity: row.similarity,
    labelled: row.labelled === 1,
    madeAt: row.made_at,
  };
}
