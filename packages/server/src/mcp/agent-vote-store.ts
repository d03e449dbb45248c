import type { ReadTx, Tx } from '../storage/storage.ts';

/** A vote of an agent as it is stored. */
export interface AgentVoteRow {
  readonly feedbackId: number;
  readonly state: 'waiting' | 'confirmed' | 'declined' | 'replaced';
  readonly eventSeq: number;
  readonly eventId: string;
  readonly classNo: number;
  readonly voter: string;
  readonly voterName: string;
  readonly at: number;
  readonly reason: string | null;
  /** Whether the version of the event that it was given on is the current one. */
  readonly isCurrent: number;
}

const COLUMNS = `a.feedback_id AS feedbackId, a.state, f.event_seq AS eventSeq, f.event_id AS eventId, f.class_no AS classNo, f.voter,
  f.voter_name AS voterName, f.at, f.reason, e.is_current AS isCurrent`;

export async function insertWaiting(tx: Tx, feedbackId: number, jobId: number): Promise<void> {
  await tx.run(`INSERT INTO agent_votes (feedback_id, job_id, state) VALUES (?, ?, 'waiting')`, feedbackId, jobId);
}

/** Changes the state of a vote that waits. */
export async function settle(
  tx: Tx,
  feedbackId: number,
  state: 'confirmed' | 'declined' | 'replaced',
  at: number,
  by: string,
): Promise<void> {
  await tx.run(
    `UPDATE agent_votes SET state = ?, settled_at = ?, settled_by = ? WHERE feedback_id = ? AND state = 'waiting'`,
    state,
    at,
    by,
    feedbackId,
  );
}

/** A vote of a job, waiting or settled. */
export async function getAgentVote(tx: ReadTx, jobId: number, feedbackId: number): Promise<AgentVoteRow | undefined> {
  return tx.get(
    `SELECT ${COLUMNS} FROM agent_votes a JOIN feedback f ON f.id = a.feedback_id JOIN events e ON e.seq = f.event_seq
     WHERE a.feedback_id = ? AND a.job_id = ?`,
    feedbackId,
    jobId,
  );
}

/** What waits of one voter on one version of an event: at most one. */
export async function waitingOf(tx: ReadTx, eventSeq: number, voter: string): Promise<AgentVoteRow | undefined> {
  return tx.get(
    `SELECT ${COLUMNS} FROM feedback f JOIN agent_votes a ON a.feedback_id = f.id JOIN events e ON e.seq = f.event_seq
     WHERE f.event_seq = ? AND f.voter = ? AND a.state = 'waiting'`,
    eventSeq,
    voter,
  );
}

/** What waits in a job, newest first. */
export async function listWaiting(tx: ReadTx, jobId: number, limit: number): Promise<AgentVoteRow[]> {
  return tx.all(
    `SELECT ${COLUMNS} FROM agent_votes a JOIN feedback f ON f.id = a.feedback_id JOIN events e ON e.seq = f.event_seq
     WHERE a.job_id = ? AND a.state = 'waiting' ORDER BY a.feedback_id DESC LIMIT ?`,
    jobId,
    limit,
  );
}
