import type { ReadTx } from '../storage/storage.ts';

export interface LiveRowRead {
  readonly seq: number;
  readonly at: number;
  readonly probabilities: string;
  readonly labelled: number;
  readonly truth: number;
}

/**
 * Events that people voted on while the model's decision stood on them, newest votes first, each once, with the consensus now. Votes that were
 * taken back, or given before there was a decision, are not among them.
 */
export async function votedAfterDeciding(
  tx: ReadTx,
  of: { readonly jobId: number; readonly modelId: number; readonly shared: boolean; readonly limit: number },
): Promise<LiveRowRead[]> {
  return tx.all(
    of.shared
      ? `SELECT e.seq, e.ingested_at AS at, d.probabilities, d.labelled, c.class_no AS truth FROM feedback f
         JOIN votes v ON v.event_seq = f.event_seq AND v.voter = f.voter AND v.feedback_id = f.id
         JOIN decisions d ON d.id = f.decision_id AND d.model_id = ? JOIN events e ON e.seq = f.event_seq
         JOIN consensus c ON c.unit_kind = 'b' AND c.unit_id = e.bucket_id
         WHERE f.job_id = ? AND d.class_no IS NOT NULL AND c.class_no IS NOT NULL GROUP BY e.seq ORDER BY max(f.id) DESC LIMIT ?`
      : `SELECT e.seq, e.ingested_at AS at, d.probabilities, d.labelled, c.class_no AS truth FROM feedback f
         JOIN votes v ON v.event_seq = f.event_seq AND v.voter = f.voter AND v.feedback_id = f.id
         JOIN decisions d ON d.id = f.decision_id AND d.model_id = ? JOIN events e ON e.seq = f.event_seq
         JOIN consensus c ON c.unit_kind = 'e' AND c.unit_id = e.seq
         WHERE f.job_id = ? AND d.class_no IS NOT NULL AND c.class_no IS NOT NULL GROUP BY e.seq ORDER BY max(f.id) DESC LIMIT ?`,
    of.modelId,
    of.jobId,
    of.limit,
  );
}
