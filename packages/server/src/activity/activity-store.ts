import type { ReadTx } from '../storage/storage.ts';
import { BIN_SECONDS, type Counted } from './activity.ts';

const BIN_MICROS = BIN_SECONDS * 1_000_000;

/** The number of the last of the next `size` rows of a job after a number; undefined where there are none. */
export async function endOfWindow(tx: ReadTx, jobId: number, after: number, size: number): Promise<number | undefined> {
  const row = await tx.get<{ seq: number | null }>(
    'SELECT max(seq) AS seq FROM (SELECT seq FROM events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?)',
    jobId,
    after,
    size,
  );
  return row?.seq ?? undefined;
}

/** All rows of a window by half hour and decision, whether another version replaced them or not. */
export async function countWindow(tx: ReadTx, jobId: number, after: number, upTo: number): Promise<Counted[]> {
  return tx.all<Counted>(
    `WITH grouped AS MATERIALIZED (
       SELECT event_at / ${BIN_MICROS} AS bin, decision_id, count(*) AS events FROM events
       WHERE job_id = ? AND seq > ? AND seq <= ? GROUP BY 1, 2)
     SELECT g.bin, g.events, d.class_no AS classNo, d.confidence, d.outlier FROM grouped g LEFT JOIN decisions d ON d.id = g.decision_id`,
    jobId,
    after,
    upTo,
  );
}

/** What the rows of a window replaced: each version but the first takes the place of the one before it. */
export async function countReplaced(tx: ReadTx, jobId: number, after: number, upTo: number): Promise<Counted[]> {
  return tx.all<Counted>(
    `SELECT p.event_at / ${BIN_MICROS} AS bin, -1 AS events, d.class_no AS classNo, d.confidence, d.outlier
     FROM events e JOIN events p ON p.job_id = e.job_id AND p.event_id = e.event_id AND p.event_version = e.event_version - 1
       LEFT JOIN decisions d ON d.id = p.decision_id
     WHERE e.job_id = ? AND e.seq > ? AND e.seq <= ? AND e.event_version > 1`,
    jobId,
    after,
    upTo,
  );
}

/** Units that stand between people and model in the same way. */
export interface Standing {
  readonly agreed: number | null;
  readonly trained: number | null;
  readonly units: number;
  readonly events: number;
}

/** Buckets of one version of the decision points after a key, at most `size`, by consensus and by what the model was trained on. */
export async function countBuckets(
  tx: ReadTx,
  of: { readonly jobId: number; readonly pointsVersion: number; readonly modelId: number },
  after: string,
  upTo: string,
): Promise<Standing[]> {
  return tx.all<Standing>(
    `SELECT c.class_no AS agreed, m.class_no AS trained, count(*) AS units, sum(b.events) AS events FROM buckets b
       LEFT JOIN consensus c ON c.unit_kind = 'b' AND c.unit_id = b.id
       LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'b:' || b.key
     WHERE b.job_id = ? AND b.points_version = ? AND b.key > ? AND b.key <= ? AND b.events > 0 GROUP BY 1, 2`,
    of.modelId,
    of.jobId,
    of.pointsVersion,
    after,
    upTo,
  );
}

/** The key of the last of the next `size` buckets; undefined where there are none. */
export async function endOfBuckets(
  tx: ReadTx,
  jobId: number,
  pointsVersion: number,
  after: string,
  size: number,
): Promise<string | undefined> {
  const row = await tx.get<{ key: string | null }>(
    'SELECT max(key) AS key FROM (SELECT key FROM buckets WHERE job_id = ? AND points_version = ? AND key > ? ORDER BY key LIMIT ?)',
    jobId,
    pointsVersion,
    after,
    size,
  );
  return row?.key ?? undefined;
}

/** Events that are units of their own and that people or the model know something of. */
export async function countOwn(tx: ReadTx, jobId: number, modelId: number): Promise<Standing[]> {
  return tx.all<Standing>(
    `SELECT c.class_no AS agreed, m.class_no AS trained, count(*) AS units, count(*) AS events FROM consensus c
       JOIN events e ON e.seq = c.unit_id AND e.is_current = 1
       LEFT JOIN model_units m ON m.model_id = ? AND m.unit = 'e:' || c.unit_id
     WHERE c.job_id = ? AND c.unit_kind = 'e' GROUP BY 1, 2`,
    modelId,
    jobId,
  );
}
