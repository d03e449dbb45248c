import type { ReadTx, Tx } from '../storage/storage.ts';
import type { Note } from './note.ts';

export async function insertNote(
  tx: Tx,
  jobId: number,
  eventSeq: number,
  note: Omit<Note, 'id' | 'eventId' | 'eventVersion'>,
): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO agent_notes (job_id, event_seq, note, saved_objects, workflow_name, workflow_id, session_id, created_at, created_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    jobId,
    eventSeq,
    note.text,
    note.savedObjects,
    note.workflowName,
    note.workflowId,
    note.sessionId,
    note.at,
    note.by,
  );
  return id;
}

/** Notes on all versions of an event, newest first. */
export async function listNotes(tx: ReadTx, jobId: number, eventId: string, limit: number): Promise<Note[]> {
  return tx.all<Note>(
    `SELECT n.id, e.event_id AS eventId, e.event_version AS eventVersion, n.note AS text, n.saved_objects AS savedObjects,
       n.workflow_name AS workflowName, n.workflow_id AS workflowId, n.session_id AS sessionId, n.created_at AS at, n.created_by AS "by"
     FROM events e JOIN agent_notes n ON n.event_seq = e.seq WHERE e.job_id = ? AND e.event_id = ? ORDER BY n.id DESC LIMIT ?`,
    jobId,
    eventId,
    limit,
  );
}
