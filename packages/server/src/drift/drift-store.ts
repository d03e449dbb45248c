import type { ReadTx } from '../storage/storage.ts';

/** One event of a job, as drift looks at it. */
export interface SeenEvent {
  readonly seq: number;
  readonly at: number;
  readonly decisionId: number | null;
  readonly bucketId: number | null;
}

/**
 * Events of a job that came in from a time on, evenly spread over the numbers of all: each a look at an index, however many there are.
 * @param most how many looks; events met twice are listed once.
 */
export async function spreadEvents(tx: ReadTx, jobId: number, since: number, most: number): Promise<SeenEvent[]> {
  const next = (from: number) =>
    tx.get<SeenEvent>(
      `SELECT seq, ingested_at AS at, decision_id AS decisionId, bucket_id AS bucketId FROM events
       WHERE job_id = ? AND seq >= ? ORDER BY seq LIMIT 1`,
      jobId,
      from,
    );
  const last = await tx.get<{ seq: number }>('SELECT seq FROM events WHERE job_id = ? ORDER BY seq DESC LIMIT 1', jobId);
  if (!last) return [];
  // Numbers grow with the time of ingest, so the first one of the window is found by halving.
  let low = 0;
  let high = last.seq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const event = await next(middle);
    if (event && event.at < since) low = event.seq + 1;
    else high = middle;
  }
  const found: SeenEvent[] = [];
  const step = Math.max(1, (last.seq + 1 - low) / most);
  for (let at = low; at <= last.seq; at += step) {
    const known = found.at(-1);
    if (known && known.seq >= at) continue;
    const event = await next(Math.floor(at));
    if (!event) break;
    if (event.seq !== known?.seq) found.push(event);
  }
  return found;
}

/** Canonical values of a bucket of this version of the decision points. */
export async function bucketValues(
  tx: ReadTx,
  bucketId: number,
  pointsVersion: number,
): Promise<{ key: string; point_values: string } | undefined> {
  return tx.get('SELECT key, point_values FROM buckets WHERE id = ? AND points_version = ?', bucketId, pointsVersion);
}

export interface DecidedRow {
  readonly model_id: number;
  readonly point_values: string;
  readonly class_no: number | null;
  readonly confidence: number | null;
  readonly outlier: number;
}

export async function decidedRow(tx: ReadTx, decisionId: number): Promise<DecidedRow | undefined> {
  return tx.get('SELECT model_id, point_values, class_no, confidence, outlier FROM decisions WHERE id = ?', decisionId);
}

/** Whether people agreed with the model's decisions, newest votes first; without those that the queue picked because they are hard. */
export async function agreedVotes(
  tx: ReadTx,
  jobId: number,
  modelId: number,
  since: number,
  limit: number,
): Promise<{ at: number; agreed: number }[]> {
  return tx.all(
    `SELECT f.at, f.class_no = d.class_no AS agreed FROM feedback f JOIN decisions d ON d.id = f.decision_id AND d.model_id = ?
     WHERE f.job_id = ? AND f.kind = 'vote' AND f.counted = 1 AND f.asked <> 'queue' AND f.at >= ? AND d.class_no IS NOT NULL
     ORDER BY f.id DESC LIMIT ?`,
    modelId,
    jobId,
    since,
    limit,
  );
}

/** What a model was trained among, as JSON; null where nothing was kept. */
export async function getReference(tx: ReadTx, modelId: number): Promise<string | null> {
  return (await tx.get<{ reference: string | null }>('SELECT reference FROM models WHERE id = ?', modelId))?.reference ?? null;
}
