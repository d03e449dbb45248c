import { parseTimestamp } from '@verdict/contract';

/** Where a stored event stands. */
export type EventStatus = 'pending_inference' | 'OK' | 'ERROR';

/** One version of one event, without its body. */
export interface StoredEvent {
  /** Number of this version among all events ever stored; grows. */
  readonly seq: number;
  readonly jobId: number;
  readonly eventId: string;
  readonly version: number;
  readonly isCurrent: boolean;
  /** An identical body had been seen before in this job. */
  readonly duplicated: boolean;
  readonly title: string | null;
  readonly severity: number | null;
  readonly dataSource: string | null;
  readonly storageTag: string | null;
  readonly ingestedAt: number;
  /** The alert's own time where it has one, else the ingest time. */
  readonly eventAt: number;
  readonly pointsVersion: number;
  readonly bucketId: number | null;
  readonly decisionId: number | null;
  readonly decidedAt: number | null;
  readonly status: EventStatus;
  readonly error: string | null;
}

/** An alert on its way in: well-formed, within the limits, not stored yet. */
export interface IncomingEvent {
  readonly jobId: number;
  /** null = give it one. */
  readonly eventId: string | null;
  /** The alert's own bytes: valid UTF-8, valid JSON, an object. */
  readonly body: Buffer;
  /** What `parseAlert` makes of the body, where the caller has it already. */
  readonly alert?: Readonly<Record<string, unknown>> | undefined;
  readonly title: string | null;
  readonly severity: number | null;
  readonly dataSource: string | null;
  readonly storageTag: string | null;
  readonly keyId: number | null;
  /** Rows of one group (an incident) are never split when models are checked. */
  readonly group: string | null;
  /** Microseconds; where the sender knows the alert's time better than its body. */
  readonly eventAt: number | null;
}

/** Deepest nesting of an alert. Real ones stay below 20; what is deeper is made to hurt parsers. */
export const MAX_DEPTH = 128;
/** Most members in all objects of an alert. */
export const MAX_KEYS = 50_000;

const TIME_MEMBERS = ['@timestamp', 'timestamp', 'event_time', 'time', 'occurred', 'created', 'detected_at', 'created_at'];
const EARLIEST = Date.UTC(1990, 0, 1) * 1000;
const LATEST = Date.UTC(2200, 0, 1) * 1000;

/**
 * The alert's own time in microseconds, looked for at its top level only: as text with a date, or as seconds, milliseconds or microseconds
 * since 1970. null where there is none that can be a time.
 */
export function ownTime(alert: Readonly<Record<string, unknown>>): number | null {
  for (const name of TIME_MEMBERS) {
    if (!Object.hasOwn(alert, name)) continue;
    const value = alert[name];
    const time = typeof value === 'string' ? parseTimestamp(value) : typeof value === 'number' ? epoch(value) : null;
    if (time !== null && time >= EARLIEST && time <= LATEST) return time;
  }
  return null;
}

function epoch(value: number): number | null {
  if (!(value > 0)) return null;
  if (value < 1e11) return Math.round(value * 1e6);
  if (value < 1e14) return Math.round(value * 1e3);
  return Math.round(value);
}
