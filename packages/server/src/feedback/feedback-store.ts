import type { ReadTx, Tx } from '../storage/storage.ts';
import { type Asked, agree, agreeAfter, type Consensus, type Feedback, OVERRULE, type Unit } from './feedback.ts';

export interface NewFeedback {
  readonly jobId: number;
  readonly eventSeq: number;
  readonly eventId: string;
  readonly eventVersion: number;
  readonly kind: Feedback['kind'];
  readonly classNo: number | null;
  readonly voter: string;
  readonly voterName: string;
  readonly at: number;
  readonly through: string;
  readonly asked: Asked;
  readonly chance: number | null;
  readonly reason: string | null;
  readonly closingNotes: string | null;
  readonly indicators: string | null;
  readonly decisionId: number | null;
  readonly counted: boolean;
  readonly keyId: number | null;
}

export async function insertFeedback(tx: Tx, feedback: NewFeedback): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO feedback (job_id, event_seq, event_id, event_version, kind, class_no, voter, voter_name, at, through, asked, chance, reason, closing_notes,
       indicators, decision_id, counted, key_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    feedback.jobId,
    feedback.eventSeq,
    feedback.eventId,
    feedback.eventVersion,
    feedback.kind,
    feedback.classNo,
    feedback.voter,
    feedback.voterName,
    feedback.at,
    feedback.through,
    feedback.asked,
    feedback.chance,
    feedback.reason,
    feedback.closingNotes,
    feedback.indicators,
    feedback.decisionId,
    feedback.counted ? 1 : 0,
    feedback.keyId,
  );
  return id;
}

/** Makes a vote the one that counts for its voter on its event. */
export async function saveVote(
  tx: Tx,
  vote: { eventSeq: number; voter: string; jobId: number; bucketId: number | null; classNo: number; feedbackId: number },
): Promise<void> {
  await tx.run(
    `INSERT INTO votes (event_seq, voter, job_id, bucket_id, class_no, feedback_id) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (event_seq, voter) DO UPDATE SET bucket_id = excluded.bucket_id, class_no = excluded.class_no, feedback_id = excluded.feedback_id`,
    vote.eventSeq,
    vote.voter,
    vote.jobId,
    vote.bucketId,
    vote.classNo,
    vote.feedbackId,
  );
}

export async function getVote(
  tx: ReadTx,
  eventSeq: number,
  voter: string,
): Promise<{ class_no: number; feedback_id: number } | undefined> {
  return tx.get('SELECT class_no, feedback_id FROM votes WHERE event_seq = ? AND voter = ?', eventSeq, voter);
}

export async function deleteVote(tx: Tx, eventSeq: number, voter: string): Promise<boolean> {
  return (await tx.run('DELETE FROM votes WHERE event_seq = ? AND voter = ?', eventSeq, voter)).changes > 0;
}

/** Whether a vote is the last of its voter in the unit and came with the same words. */
export async function isLastWord(
  tx: ReadTx,
  unit: Unit,
  voter: string,
  feedbackId: number,
  said: { readonly reason: string | null; readonly closingNotes: string | null; readonly indicators: string | null },
): Promise<boolean> {
  const row = await tx.get(
    `SELECT 1 FROM feedback f JOIN unit_votes u ON u.feedback_id = f.id WHERE u.unit_kind = ? AND u.unit_id = ? AND u.voter = ? AND f.id = ?
       AND f.reason IS ? AND f.closing_notes IS ? AND f.indicators IS ?`,
    unit.kind,
    unit.id,
    voter,
    feedbackId,
    said.reason,
    said.closingNotes,
    said.indicators,
  );
  return row !== undefined;
}

/** Removes the votes of one voter from all events of a bucket. */
export async function deleteVotesInBucket(tx: Tx, bucketId: number, voter: string): Promise<boolean> {
  return (await tx.run('DELETE FROM votes WHERE bucket_id = ? AND voter = ?', bucketId, voter)).changes > 0;
}

/** How many voters have a vote that counts on this version of an event. */
export async function countVotes(tx: ReadTx, eventSeq: number): Promise<number> {
  return (await tx.get<{ n: number }>('SELECT count(*) AS n FROM votes WHERE event_seq = ?', eventSeq))?.n ?? 0;
}

/** Whose votes count on this version of an event. */
export async function votersOf(tx: ReadTx, eventSeq: number): Promise<string[]> {
  return (await tx.all<{ voter: string }>('SELECT voter FROM votes WHERE event_seq = ?', eventSeq)).map((row) => row.voter);
}

/** All votes move with their event when it is put in another bucket. */
export async function moveVotes(tx: Tx, eventSeq: number, bucketId: number | null): Promise<boolean> {
  return (await tx.run('UPDATE votes SET bucket_id = ? WHERE event_seq = ?', bucketId, eventSeq)).changes > 0;
}

/** Sets what one voter's vote in a unit is now: the last one on any of its events, or none. */
export async function refreshUnitVote(tx: Tx, unit: Unit, voter: string): Promise<void> {
  const last =
    unit.kind === 'b'
      ? await tx.get<{ class_no: number; feedback_id: number }>(
          'SELECT class_no, feedback_id FROM votes WHERE bucket_id = ? AND voter = ? ORDER BY feedback_id DESC LIMIT 1',
          unit.id,
          voter,
        )
      : await getVote(tx, unit.id, voter);
  if (!last) {
    await tx.run('DELETE FROM unit_votes WHERE unit_kind = ? AND unit_id = ? AND voter = ?', unit.kind, unit.id, voter);
    return;
  }
  await tx.run(
    `INSERT INTO unit_votes (unit_kind, unit_id, voter, class_no, feedback_id) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (unit_kind, unit_id, voter) DO UPDATE SET class_no = excluded.class_no, feedback_id = excluded.feedback_id`,
    unit.kind,
    unit.id,
    voter,
    last.class_no,
    last.feedback_id,
  );
}

/** Builds the votes of a unit anew from the votes on its events. */
export async function rebuildUnitVotes(tx: Tx, unit: Unit): Promise<void> {
  await tx.run('DELETE FROM unit_votes WHERE unit_kind = ? AND unit_id = ?', unit.kind, unit.id);
  if (unit.kind === 'b') {
    await tx.run(
      `INSERT INTO unit_votes (unit_kind, unit_id, voter, class_no, feedback_id)
       SELECT 'b', v.bucket_id, v.voter, v.class_no, v.feedback_id FROM votes v
       JOIN (SELECT voter, max(feedback_id) AS last FROM votes WHERE bucket_id = ? GROUP BY voter) l ON l.voter = v.voter AND l.last = v.feedback_id
       WHERE v.bucket_id = ?`,
      unit.id,
      unit.id,
    );
  } else {
    await tx.run(
      `INSERT INTO unit_votes (unit_kind, unit_id, voter, class_no, feedback_id)
       SELECT 'e', event_seq, voter, class_no, feedback_id FROM votes WHERE event_seq = ?`,
      unit.id,
    );
  }
}

/**
 * Takes over what one voter says now in a unit, without counting its other votes again.
 * @returns what the unit's votes come to.
 */
export async function settleVoter(tx: Tx, unit: Unit, voter: string, jobId: number, now: number): Promise<Consensus | undefined> {
  const from = await getUnitVote(tx, unit, voter);
  await refreshUnitVote(tx, unit, voter);
  const before = await getConsensus(tx, unit);
  // An overrule stands on one side of all votes; and without what they came to until now there is nothing to go on from.
  if (voter === OVERRULE || (before === undefined && from !== undefined)) return settleConsensus(tx, unit, jobId, now);
  const to = await getUnitVote(tx, unit, voter);
  const last = to?.feedback_id ?? from?.feedback_id ?? 0;
  return saveConsensus(tx, unit, agreeAfter(before, from?.class_no, to?.class_no), last, jobId, now);
}

/** Counts what the votes of a unit come to and keeps it. */
export async function settleConsensus(tx: Tx, unit: Unit, jobId: number, now: number): Promise<Consensus | undefined> {
  const votes = await tx.all<{ voter: string; classNo: number; feedbackId: number }>(
    'SELECT voter, class_no AS classNo, feedback_id AS feedbackId FROM unit_votes WHERE unit_kind = ? AND unit_id = ? ORDER BY voter',
    unit.kind,
    unit.id,
  );
  const last = votes.reduce((top, vote) => Math.max(top, vote.feedbackId), 0);
  return saveConsensus(tx, unit, agree(votes), last, jobId, now);
}

async function saveConsensus(
  tx: Tx,
  unit: Unit,
  consensus: Consensus | undefined,
  lastFeedbackId: number,
  jobId: number,
  now: number,
): Promise<Consensus | undefined> {
  if (!consensus) {
    await tx.run('DELETE FROM consensus WHERE unit_kind = ? AND unit_id = ?', unit.kind, unit.id);
    return undefined;
  }
  const overrule = consensus.overruled ? ((await getUnitVote(tx, unit, OVERRULE))?.feedback_id ?? null) : null;
  await tx.run(
    `INSERT INTO consensus (unit_kind, unit_id, job_id, class_no, tally, voters, overrule_id, last_feedback_id, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (unit_kind, unit_id) DO UPDATE SET class_no = excluded.class_no, tally = excluded.tally, voters = excluded.voters,
       overrule_id = excluded.overrule_id, last_feedback_id = excluded.last_feedback_id, updated_at = excluded.updated_at`,
    unit.kind,
    unit.id,
    jobId,
    consensus.classNo,
    JSON.stringify(consensus.tally),
    consensus.voters,
    overrule,
    lastFeedbackId,
    now,
  );
  return consensus;
}

/** What one voter says of a unit now. */
export async function getUnitVote(
  tx: ReadTx,
  unit: Unit,
  voter: string,
): Promise<{ readonly class_no: number; readonly feedback_id: number } | undefined> {
  return tx.get(
    'SELECT class_no, feedback_id FROM unit_votes WHERE unit_kind = ? AND unit_id = ? AND voter = ?',
    unit.kind,
    unit.id,
    voter,
  );
}

export async function getConsensus(tx: ReadTx, unit: Unit): Promise<Consensus | undefined> {
  const row = await tx.get<{ class_no: number | null; tally: string; voters: number; overrule_id: number | null }>(
    'SELECT class_no, tally, voters, overrule_id FROM consensus WHERE unit_kind = ? AND unit_id = ?',
    unit.kind,
    unit.id,
  );
  if (!row) return undefined;
  return {
    classNo: row.class_no,
    tally: JSON.parse(row.tally) as Record<string, number>,
    voters: row.voters,
    overruled: row.overrule_id !== null,
  };
}

interface FeedbackRow {
  id: number;
  kind: Feedback['kind'];
  event_id: string;
  event_version: number;
  class_no: number | null;
  voter: string;
  voter_name: string;
  at: number;
  through: string;
  asked: Asked;
  reason: string | null;
  closing_notes: string | null;
  counted: number;
}

const COLUMNS =
  'id, kind, event_id, event_version, class_no, voter, voter_name, at, through, asked, reason, closing_notes, counted';

/** Everything said of the versions of an event, newest first. */
export async function listFeedbackOfEvent(tx: ReadTx, jobId: number, eventId: string, limit: number): Promise<Feedback[]> {
  const rows = await tx.all<FeedbackRow>(
    `SELECT ${COLUMNS} FROM feedback WHERE event_seq IN (SELECT seq FROM events WHERE job_id = ? AND event_id = ?) ORDER BY id DESC LIMIT ?`,
    jobId,
    eventId,
    limit,
  );
  return rows.map(toFeedback);
}

/** The votes that count now in a bucket, newest first: who labelled it, and when. */
export async function listVotesOfBucket(tx: ReadTx, bucketId: number, limit: number): Promise<Feedback[]> {
  const rows = await tx.all<FeedbackRow>(
    `SELECT ${COLUMNS} FROM feedback WHERE id IN (SELECT feedback_id FROM unit_votes WHERE unit_kind = 'b' AND unit_id = ?) ORDER BY id DESC LIMIT ?`,
    bucketId,
    limit,
  );
  return rows.map(toFeedback);
}

/** The votes that count now on one version of an event, newest first. */
export async function listVotesOfEvent(tx: ReadTx, seq: number, limit: number): Promise<Feedback[]> {
  const rows = await tx.all<FeedbackRow>(
    `SELECT ${COLUMNS} FROM feedback WHERE id IN (SELECT feedback_id FROM unit_votes WHERE unit_kind = 'e' AND unit_id = ?) ORDER BY id DESC LIMIT ?`,
    seq,
    limit,
  );
  return rows.map(toFeedback);
}

function toFeedback(row: FeedbackRow): Feedback {
  return {
    id: row.id,
    kind: row.kind,
    eventId: row.event_id,
    eventVersion: row.event_version,
    classNo: row.class_no,
    voter: { id: row.voter, name: row.voter_name },
    at: row.at,
    through: row.through,
    asked: row.asked,
    reason: row.reason,
    closingNotes: row.closing_notes,
    counted: row.counted === 1,
  };
}

/** A unit that votes are no longer counted over. */
export async function clearUnit(tx: Tx, unit: Unit): Promise<void> {
  await tx.run('DELETE FROM unit_votes WHERE unit_kind = ? AND unit_id = ?', unit.kind, unit.id);
  await tx.run('DELETE FROM consensus WHERE unit_kind = ? AND unit_id = ?', unit.kind, unit.id);
}
