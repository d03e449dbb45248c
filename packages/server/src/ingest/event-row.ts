import type { EventStatus, StoredEvent } from './event.ts';

/** A row of `events` as a statement gives it: for whoever reads events, in this thread or another. */
export interface EventRow {
  seq: number;
  job_id: number;
  event_id: string;
  event_version: number;
  is_current: number;
  duplicated: number;
  title: string | null;
  severity: number | null;
  data_source: string | null;
  storage_tag: string | null;
  ingested_at: number;
  event_at: number;
  points_version: number;
  bucket_id: number | null;
  decision_id: number | null;
  decided_at: number | null;
  status: EventStatus;
  error: string | null;
}

/** The event that a row holds. */
export function toEvent(row: EventRow): StoredEvent {
  return {
    seq: row.seq,
    jobId: row.job_id,
    eventId: row.event_id,
    version: row.event_version,
    isCurrent: row.is_current === 1,
    duplicated: row.duplicated === 1,
    title: row.title,
    severity: row.severity,
    dataSource: row.data_source,
    storageTag: row.storage_tag,
    ingestedAt: row.ingested_at,
    eventAt: row.event_at,
    pointsVersion: row.points_version,
    bucketId: row.bucket_id,
    decisionId: row.decision_id,
    decidedAt: row.decided_at,
    status: row.status,
    error: row.error,
  };
}
