import type { ArgumentsByName } from '../pack/commands.ts';
import { jobIdOf } from './jobs.ts';
import { canSchedule, type Entry, type Fields, merged, pause, resultEntry, table } from './platform.ts';
import { callForObject, serverUrl } from './server.ts';
import { alertText, isTrue, neededText, numberOf, objectText, plain, secondsOf, textOf } from './values.ts';

/** Entries of events with the same id are one; labels that were asked for before there was an event become part of it. */
export const EVENT_KEY = 'Arcanna.Event(!val.event_id || val.event_id === obj.event_id)';
/** Where an event was sent: one entry for each server and use case, so that a playbook sees whether several took it. */
const SENT_KEY = 'Verdict.Sent(val.server === obj.server && val.job_id === obj.job_id && val.event_id === obj.event_id)';

const INTERVAL_SECONDS = 15;
const TIMEOUT_SECONDS = 120;
/** How long the server itself may take before it answers without a decision. */
const WAIT_MS = 5000;
const PENDING = 'pending_inference';

const SENT = ['event_id', 'job_id', 'ingest_timestamp', 'status', 'error_message'];
const DECIDED = [
  'event_id',
  'job_id',
  'status',
  'result',
  'result_label',
  'confidence_score',
  'outlier',
  'bucket_state',
  'automation',
  'error_message',
];

interface Waiting {
  readonly interval: number;
  readonly timeout: number;
}

/** arcanna-send-event */
export function sendEvent(args: ArgumentsByName['arcanna-send-event']): Entry {
  const jobId = jobIdOf(args);
  const answer = withJob(callForObject('POST', eventPath(args.id_value), ingestBody(args, jobId)), jobId);
  const sent = { event_id: answer.event_id, job_id: jobId, server: serverUrl() };
  return resultEntry(answer, table('Arcanna Event', [answer], SENT), merged(contextOf(answer), { [SENT_KEY]: sent }));
}

/** arcanna-get-event-status */
export function getEventStatus(args: ArgumentsByName['arcanna-get-event-status']): Entry {
  const jobId = jobIdOf(args);
  const eventId = neededText(args.event_id, 'event_id');
  const waiting = waitingOf(args);
  const view = viewOf(jobId, eventId);
  const isWaiting = isTrue(args.polling) && view.status === PENDING && waiting.timeout > 0 && canSchedule();
  return isWaiting ? again(view, jobId, eventId, waiting) : statusEntry(view);
}

/** verdict-get-decision */
export function getDecision(args: ArgumentsByName['verdict-get-decision']): Entry {
  const jobId = jobIdOf(args);
  const waiting = waitingOf(args);
  const path = `${eventPath(args.id_value)}?wait_ms=${WAIT_MS}`;
  let view = withJob(callForObject('POST', path, ingestBody(args, jobId)), jobId);
  const eventId = textOf(view.event_id, 'event_id');
  if (view.status === PENDING && canSchedule()) return again(view, jobId, eventId, waiting);
  for (let left = waiting.timeout; view.status === PENDING && left > 0 && pause(waiting.interval); left -= waiting.interval) {
    view = viewOf(jobId, eventId);
  }
  return statusEntry(view);
}

/** arcanna-export-event */
export function exportEvent(args: ArgumentsByName['arcanna-export-event']): Entry {
  const jobId = jobIdOf(args);
  const eventId = neededText(args.event_id, 'event_id');
  const answer = withJob(callForObject('GET', `${pathOf(jobId, eventId)}/export`), jobId);
  const rows = [merged(answer, { arcanna_event: JSON.stringify(answer.arcanna_event) })];
  const headers = ['event_id', 'ingest_timestamp', 'status', 'error_message', 'arcanna_event'];
  return resultEntry(answer, table('Arcanna Event', rows, headers), contextOf(answer));
}

/** The path of an event of a job. */
export function pathOf(jobId: number, eventId: string): string {
  return `/api/v1/events/${jobId}/${encodeURIComponent(eventId)}`;
}

/** What goes into the context of an event: everything, so that what is null now does not stand there from before. */
export function contextOf(event: Fields): Fields {
  return { [EVENT_KEY]: event };
}

function statusEntry(view: Fields): Entry {
  const reasons = Array.isArray(view.reasons) ? view.reasons.map((reason) => `- ${plain(reason)}\n`).join('') : '';
  const human = `${table('Arcanna Event Status', [view], DECIDED)}${reasons === '' ? '' : `\n${reasons}`}`;
  return resultEntry(view, human, contextOf(view));
}

/** Asks the platform to come back. The time that is left goes along, so that the last turn gives back what there is. */
function again(view: Fields, jobId: number, eventId: string, { interval, timeout }: Waiting): Entry {
  const left = Math.max(0, timeout - interval);
  const sentence = `Event ${plain(eventId)} is not decided yet: asking again in ${interval} seconds, for ${timeout} more at most.`;
  return merged(resultEntry(view, sentence, contextOf(view)), {
    PollingCommand: 'arcanna-get-event-status',
    NextRun: String(interval),
    // A little more than is left, so that it is this command that ends the waiting, and not the platform with an error.
    Timeout: String(timeout + 2 * interval),
    PollingArgs: { event_id: eventId, job_id: String(jobId), polling: 'true', interval: String(interval), timeout: String(left) },
  });
}

function viewOf(jobId: number, eventId: string): Fields {
  return withJob(callForObject('GET', pathOf(jobId, eventId)), jobId);
}

function withJob(answer: Fields, jobId: number): Fields {
  return merged(answer, { job_id: jobId });
}

function eventPath(id: unknown): string {
  return `/api/v1/events/${encodeURIComponent(textOf(id, 'id_value'))}`;
}

function ingestBody(args: Fields, jobId: number): string {
  const severity = numberOf(args.severity, 'severity');
  return objectText({
    job_id: String(jobId),
    title: JSON.stringify(neededText(args.title, 'title')),
    severity: severity === undefined ? undefined : String(severity),
    raw_body: alertText(args.event_json, 'event_json'),
  });
}

function waitingOf(args: Fields): Waiting {
  const timeout = numberOf(args.timeout, 'timeout');
  return {
    interval: secondsOf(args.interval, 'interval', INTERVAL_SECONDS),
    timeout: timeout === undefined ? TIMEOUT_SECONDS : Math.max(0, Math.round(timeout)),
  };
}
