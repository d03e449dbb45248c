import type { ReadTx, Tx } from '../storage/storage.ts';
import type { StoredEvent } from './event.ts';
import { type EventRow, toEvent } from './event-row.ts';

const COLUMNS = `seq, job_id, event_id, event_version, is_current, duplicated, title, severity, data_source, storage_tag, ingested_at, event_at,
  points_version, bucket_id, decision_id, decided_at, status, error`;

/** The current version of an event. Found by its mark: SQLite prepares a statement with a parameter and an order anew each time. */
export async function getEvent(tx: ReadTx, jobId: number, eventId: string): Promise<StoredEvent | undefined> {
  const row = await tx.get<EventRow>(
    `SELECT ${COLUMNS} FROM events WHERE job_id = ? AND event_id = ? AND is_current = 1`,
    jobId,
    eventId,
  );
  return row && toEvent(row);
}

/** One version by its number. */
export async function getEventBySeq(tx: ReadTx, seq: number): Promise<StoredEvent | undefined> {
  const row = await tx.get<EventRow>(`SELECT ${COLUMNS} FROM events WHERE seq = ?`, seq);
  return row && toEvent(row);
}

/** All versions of an event, newest first. */
export async function listVersions(tx: ReadTx, jobId: number, eventId: string): Promise<StoredEvent[]> {
  const rows = await tx.all<EventRow>(
    `SELECT ${COLUMNS} FROM events WHERE job_id = ? AND event_id = ? ORDER BY event_version DESC`,
    jobId,
    eventId,
  );
  return rows.map(toEvent);
}

/** Current events of a job before a number, newest first. */
export async function listEvents(tx: ReadTx, jobId: number, before: number, limit: number): Promise<StoredEvent[]> {
  const rows = await tx.all<EventRow>(
    `SELECT ${COLUMNS} FROM events WHERE job_id = ? AND seq < ? AND is_current = 1 ORDER BY seq DESC LIMIT ?`,
    jobId,
    before,
    limit,
  );
  return rows.map(toEvent);
}

/** Current events of a bucket before a number, newest first. */
export async function listEventsOfBucket(tx: ReadTx, bucketId: number, before: number, limit: number): Promise<StoredEvent[]> {
  const rows = await tx.all<EventRow>(
    `SELECT ${COLUMNS} FROM events WHERE bucket_id = ? AND seq < ? AND is_current = 1 ORDER BY seq DESC LIMIT ?`,
    bucketId,
    before,
    limit,
  );
  return rows.map(toEvent);
}

/** What tells whether an alert was sent before under the same id. */
export async function getIdentity(
  tx: ReadTx,
  jobId: number,
  eventId: string,
): Promise<
  { seq: number; event_version: number; body_hash: Uint8Array; ingested_at: number; bucket_id: number | null } | undefined
> {
  return tx.get(
    'SELECT seq, event_version, body_hash, ingested_at, bucket_id FROM events WHERE job_id = ? AND event_id = ? AND is_current = 1',
    jobId,
    eventId,
  );
}

/** Whether the same body was stored before in this job. */
export async function bodySeen(tx: ReadTx, jobId: number, hash: Uint8Array): Promise<boolean> {
  return (await tx.get('SELECT 1 FROM events WHERE body_hash = ? AND job_id = ? LIMIT 1', hash, jobId)) !== undefined;
}

export async function retireVersion(tx: Tx, seq: number): Promise<void> {
  await tx.run('UPDATE events SET is_current = 0 WHERE seq = ?', seq);
}

export interface NewEvent {
  readonly jobId: number;
  readonly eventId: string;
  readonly version: number;
  readonly bodyHash: Uint8Array;
  readonly duplicated: boolean;
  readonly title: string | null;
  readonly severity: number | null;
  readonly dataSource: string | null;
  readonly storageTag: string | null;
  readonly ingestedAt: number;
  readonly eventAt: number;
  readonly keyId: number | null;
  readonly group: string | null;
  readonly pointsVersion: number;
  readonly bucketId: number | null;
  readonly decisionId: number | null;
  /** Steps before the decision are still to run. */
  readonly pending?: boolean;
  readonly body: Uint8Array;
}

/** Stores one version of an event; returns its number. */
export async function insertEvent(tx: Tx, event: NewEvent): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO events (job_id, event_id, event_version, body_hash, duplicated, title, severity, data_source, storage_tag, ingested_at, event_at, key_id,
       group_name, points_version, bucket_id, decision_id, decided_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    event.jobId,
    event.eventId,
    event.version,
    event.bodyHash,
    event.duplicated ? 1 : 0,
    event.title,
    event.severity,
    event.dataSource,
    event.storageTag,
    event.ingestedAt,
    event.eventAt,
    event.keyId,
    event.group,
    event.pointsVersion,
    event.bucketId,
    event.decisionId,
    event.pending ? null : event.ingestedAt,
    event.pending ? 'pending_inference' : 'OK',
  );
  // The bytes go in as they came; SQLite only takes them for the text that they are.
  await tx.run('INSERT INTO event_bodies (seq, body) VALUES (?, CAST(? AS TEXT))', id, event.body);
  return id;
}

/** The alert's own text. */
export async function getBody(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM event_bodies WHERE seq = ?', seq))?.body;
}

/** What the event is decided by: the enriched record where there is one, else the alert. */
export async function getRecord(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM event_records WHERE seq = ?', seq))?.body;
}

/** What code steps made of the alert. */
export async function getEnriched(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM enriched_bodies WHERE seq = ?', seq))?.body;
}

/** Events of a job that wait for their code steps, oldest first, with their alerts. */
export async function pendingEvents(tx: ReadTx, jobId: number, limit: number): Promise<{ seq: number; body: string }[]> {
  return tx.all(
    `SELECT e.seq, b.body FROM events e INDEXED BY events_pending JOIN event_bodies b ON b.seq = e.seq
     WHERE e.job_id = ? AND e.status = 'pending_inference' ORDER BY e.seq LIMIT ?`,
    jobId,
    limit,
  );
}

/** Whether an event of a job waits for its code steps. */
export async function hasPending(tx: ReadTx, jobId: number): Promise<boolean> {
  const row = await tx.get(
    `SELECT 1 FROM events INDEXED BY events_pending WHERE job_id = ? AND status = 'pending_inference' LIMIT 1`,
    jobId,
  );
  return row !== undefined;
}

/** Numbers of the jobs with events that wait for their code steps. */
export async function jobsWithPending(tx: ReadTx): Promise<number[]> {
  const rows = await tx.all<{ job_id: number }>(
    `SELECT DISTINCT job_id FROM events INDEXED BY events_pending WHERE status = 'pending_inference' ORDER BY job_id`,
  );
  return rows.map((row) => row.job_id);
}

/** Where a pending event came to stand. */
export interface Settlement {
  readonly seq: number;
  readonly pointsVersion: number;
  readonly bucketId: number | null;
  readonly decisionId: number | null;
  /** What went wrong before the decision; null when nothing did. */
  readonly error: string | null;
  /** JSON text of what code steps made of the alert; null = decided as it came. */
  readonly enriched: string | null;
}

/** Turns a pending event into a decided one. */
export async function settleEvent(tx: Tx, event: Settlement, now: number): Promise<void> {
  await tx.run(
    `UPDATE events SET points_version = ?, bucket_id = ?, decision_id = ?, decided_at = ?, status = 'OK', error = ? WHERE seq = ?`,
    event.pointsVersion,
    event.bucketId,
    event.decisionId,
    now,
    event.error,
    event.seq,
  );
  if (event.enriched !== null) await tx.run('INSERT INTO enriched_bodies (seq, body) VALUES (?, ?)', event.seq, event.enriched);
}

/** Points an event at another decision and keeps the one before. */
export async function replaceDecision(
  tx: Tx,
  event: StoredEvent,
  decisionId: number | null,
  why: string,
  now: number,
): Promise<void> {
  if (event.decisionId === decisionId) return;
  if (event.decisionId !== null) {
    await tx.run(
      'INSERT INTO past_decisions (event_seq, decision_id, decided_at, replaced_at, why) VALUES (?, ?, ?, ?, ?)',
      event.seq,
      event.decisionId,
      event.decidedAt,
      now,
      why,
    );
  }
  await tx.run('UPDATE events SET decision_id = ?, decided_at = ? WHERE seq = ?', decisionId, now, event.seq);
}
