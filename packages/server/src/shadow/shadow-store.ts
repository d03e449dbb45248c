import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Agreement, Difference } from './shadow.ts';

/** Sets or (null) ends the shadow of a job. */
export async function setShadow(tx: Tx, jobId: number, modelId: number | null, since: number | null): Promise<void> {
  await tx.run(
    'UPDATE jobs SET shadow_model_id = ?, shadow_since = ?, version = version + 1 WHERE id = ?',
    modelId,
    since,
    jobId,
  );
}

/**
 * What is looked at: a shadow model, since when, whether votes are counted over buckets, and how many of its newest decisions; of those none on
 * the events with the numbers in `hidden` (a JSON list).
 */
export interface Look {
  readonly modelId: number;
  readonly since: number;
  readonly shared: boolean;
  readonly newest: number;
  readonly hidden: string;
}

export async function countShadowDecisions(tx: ReadTx, modelId: number): Promise<number> {
  return (await tx.get<{ n: number }>('SELECT count(*) AS n FROM shadow_decisions WHERE model_id = ?', modelId))?.n ?? 0;
}

export async function agreements(tx: ReadTx, look: Look): Promise<Agreement[]> {
  return tx.all<Agreement>(
    `SELECT a.class_no AS active, s.class_no AS shadow, CASE WHEN c.updated_at > ? THEN c.class_no END AS people, count(*) AS events
     FROM (SELECT event_seq, decision_id FROM shadow_decisions WHERE model_id = ? ORDER BY event_seq DESC LIMIT ?) n
     JOIN events e ON e.seq = n.event_seq AND e.is_current = 1 JOIN decisions s ON s.id = n.decision_id
     JOIN decisions a ON a.id = e.decision_id AND a.model_id <> s.model_id
     LEFT JOIN consensus c ON c.unit_kind = ? AND c.unit_id = CASE ? WHEN 1 THEN e.bucket_id ELSE e.seq END
     WHERE n.event_seq NOT IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3`,
    look.since,
    look.modelId,
    look.newest,
    look.shared ? 'b' : 'e',
    look.shared ? 1 : 0,
    look.hidden,
  );
}

export async function differences(tx: ReadTx, look: Look, limit: number): Promise<Difference[]> {
  return tx.all<Difference>(
    `SELECT e.event_id AS eventId, e.ingested_at AS ingestedAt, a.class_no AS active, s.class_no AS shadow,
       CASE WHEN c.updated_at > ? THEN c.class_no END AS people
     FROM (SELECT event_seq, decision_id FROM shadow_decisions WHERE model_id = ? ORDER BY event_seq DESC LIMIT ?) n
     JOIN events e ON e.seq = n.event_seq AND e.is_current = 1 JOIN decisions s ON s.id = n.decision_id
     JOIN decisions a ON a.id = e.decision_id AND a.model_id <> s.model_id
     LEFT JOIN consensus c ON c.unit_kind = ? AND c.unit_id = CASE ? WHEN 1 THEN e.bucket_id ELSE e.seq END
     WHERE a.class_no IS NOT s.class_no AND n.event_seq NOT IN (SELECT value FROM json_each(?)) ORDER BY e.seq DESC LIMIT ?`,
    look.since,
    look.modelId,
    look.newest,
    look.shared ? 'b' : 'e',
    look.shared ? 1 : 0,
    look.hidden,
    limit,
  );
}

/** Models of a job, other than `kept`, whose silent decisions are still there. */
export async function modelsWithShadows(tx: ReadTx, jobId: number, kept: number | null): Promise<number[]> {
  const rows = await tx.all<{ id: number }>(
    `SELECT m.id FROM models m WHERE m.job_id = ? AND m.id IS NOT ? AND EXISTS (SELECT 1 FROM shadow_decisions s WHERE s.model_id = m.id) ORDER BY m.id`,
    jobId,
    kept,
  );
  return rows.map(({ id }) => id);
}

/** Forgets some of what a model said silently; false when nothing was left. */
export async function deleteSomeShadowDecisions(tx: Tx, modelId: number, limit: number): Promise<boolean> {
  const { changes } = await tx.run(
    `DELETE FROM shadow_decisions WHERE model_id = ? AND event_seq IN
       (SELECT event_seq FROM shadow_decisions WHERE model_id = ? ORDER BY event_seq LIMIT ?)`,
    modelId,
    modelId,
    limit,
  );
  return changes > 0;
}
