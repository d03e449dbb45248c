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
  readonly body: Uint8Array;
}

/** Stores one version of an event; returns its number. */
export async function insertEvent(tx: Tx, event: NewEvent): Promise<number> {
  const { id } = await tx.run(
    `INSERT INTO events (job_id, event_id, event_version, body_hash, duplicated, title, severity, data_source, storage_tag, ingested_at, event_at, key_id,
       group_name, points_version, bucket_id, decision_id, decided_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'OK')`,
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
    event.ingestedAt,
  );
  // The bytes go in as they came; SQLite only takes them for the text that they are.
  await tx.run('INSERT INTO event_bodies (seq, body) VALUES (?, CAST(? AS TEXT))', id, event.body);
  return id;
}

/** The alert's own text. */
export async function getBody(tx: ReadTx, seq: number): Promise<string | undefined> {
  return (await tx.get<{ body: string }>('SELECT body FROM event_bodies WHERE seq = ?', seq))?.body;
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
