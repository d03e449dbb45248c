import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  BULK_EVENTS_MAX,
  BulkAnswer,
  BulkRequest,
  EventIdParams,
  type IngestInput,
  IngestOrDecision,
  IngestRequest,
  JobParams,
  microsToZ,
  readBulkItem,
  readBulkRequest,
  readEventId,
  readIngestRequest,
  readJobId,
  readWaitMs,
  WaitQuery,
} from '@verdict/contract';
import type { Config } from '../config.ts';
import { Refusal } from '../errors.ts';
import { toRefusal } from '../http/error-answer.ts';
import type { Principal } from '../http/principal.ts';
import { expectValid, invalidAt } from '../http/read.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import { type IncomingEvent, MAX_DEPTH, MAX_KEYS } from './event.ts';
import type { Ingested, IngestService } from './ingest-service.ts';
import { elements, type Found, findMember } from './json-scan.ts';

export interface IngestRoutesDeps {
  readonly config: Config;
  readonly jobs: JobService;
  readonly ingest: IngestService;
  /** The decision view of call 12, for `wait_ms`. */
  readonly decisionView: (principal: Principal, jobId: number, eventId: string) => Promise<unknown>;
  /** Gives the vote that an event of a bulk brought along. */
  readonly vote: (call: Call, jobId: number, eventId: string, feedback: NonNullable<BulkEvent['feedback']>) => Promise<void>;
}

type BulkEvent = Extract<ReturnType<typeof readBulkItem>, { ok: true }>['value'];

/** Calls 10, 11, 15 and 17 of the v1 API: alerts come in. */
export function ingestRoutesV1(deps: IngestRoutesDeps): Route[] {
  const one = async (call: Call, eventId: string | null) => {
    const waitMs = expectValid(readWaitMs(call.query));
    const { input, body } = readOne(bytesOf(call), deps.config.eventLimit);
    await deps.jobs.get(call.principal, input.job_id);
    const ingested = await deps.ingest.ingest(incoming(call.principal, input, input.job_id, eventId, body));
    // Decisions are made on the way in: whoever is willing to wait has the decision already.
    if (waitMs > 0) return deps.decisionView(call.principal, ingested.jobId, ingested.eventId);
    return presentIngested(ingested);
  };
  const right = { input: 'events', scope: 'write:events', role: 'lead' } as const;

  return [
    route({
      method: 'POST',
      path: '/api/v1/events/',
      id: 'v1SendEvent',
      summary: 'Send an event; it gets a new id',
      tag: 'v1 events',
      right,
      query: WaitQuery,
      body: IngestRequest,
      rawBody: true,
      bodyLimit: deps.config.eventLimit,
      status: 201,
      response: IngestOrDecision,
      handler: (call) => one(call, null),
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/{event_id}',
      id: 'v1SendEventWithId',
      summary: 'Send an event under an id of your own; sending it again changes nothing',
      tag: 'v1 events',
      right,
      params: EventIdParams,
      query: WaitQuery,
      body: IngestRequest,
      rawBody: true,
      bodyLimit: deps.config.eventLimit,
      status: 201,
      response: IngestOrDecision,
      handler: (call) => one(call, expectValid(readEventId((call.params as { event_id?: unknown }).event_id))),
    }),
    route({
      method: 'POST',
      path: '/api/v1/bulk/{job_id}',
      id: 'v1SendBulk',
      summary: 'Send many events at once, with their labels where they have been closed',
      tag: 'v1 events',
      right,
      params: JobParams,
      body: BulkRequest,
      rawBody: true,
      bodyLimit: deps.config.bulkLimit,
      status: 201,
      response: BulkAnswer,
      handler: (call) => bulk(deps, call),
    }),
  ];
}

/** Events of a bulk that are on their way at once; the rest waits in the request's own bytes. */
const BULK_WINDOW = 200;
/** Bytes of a bulk that are checked before others get their turn. */
const CHECK_SLICE = 256 * 1024;

async function bulk(deps: IngestRoutesDeps, call: Call): Promise<BulkAnswer> {
  const jobId = expectValid(readJobId((call.params as { job_id?: unknown }).job_id));
  const job = await deps.jobs.get(call.principal, jobId);
  if (!job.running)
    throw new Refusal('job_stopped', `"${job.title}" is stopped: nothing was stored. Start it and send the events again.`);
  const bytes = bytesOf(call);
  const spans = await splitBulk(bytes);

  const results: BulkAnswer['results'] = new Array(spans.length);
  let refused = 0;
  let failure: Refusal | undefined;
  const store = async (index: number): Promise<void> => {
    const found = spans[index]!;
    const slice = bytes.subarray(found.span.from, found.span.to);
    let eventId = '';
    try {
      const item = expectValid(readBulkItem(JSON.parse(slice.toString('utf8')), index, jobId));
      eventId = item.event_id ?? '';
      const body = ownBytes(slice, deps.config.eventLimit);
      const ingested = await deps.ingest.ingest(incoming(call.principal, item, jobId, item.event_id ?? null, body));
      eventId = ingested.eventId;
      results[index] = { event_id: eventId, status: 'pending_inference', error_message: '' };
      if (item.feedback) await deps.vote(call, jobId, eventId, item.feedback);
    } catch (error) {
      const known = toRefusal(error);
      if (known.code === 'internal') throw error;
      refused++;
      failure ??= known.status >= 500 ? known : undefined;
      const stored = results[index];
      // The alert is kept also where the label it brought is not one of the job's.
      results[index] = stored
        ? { ...stored, error_message: `Stored, but its label was not: ${known.message}` }
        : { event_id: eventId, status: 'ERROR', error_message: known.message };
    }
  };
  for (let from = 0; from < spans.length; from += BULK_WINDOW) {
    while (deps.ingest.full) await nextTurn();
    const window = [];
    for (let index = from; index < Math.min(from + BULK_WINDOW, spans.length); index++) window.push(store(index));
    await Promise.all(window);
    await nextTurn();
  }
  // Nothing was stored and the store is the reason: the whole call can be sent again.
  if (failure && results.every((result) => result.status === 'ERROR')) throw failure;
  return { status: refused === 0 ? 'ok' : 'partial', results };
}

/**
 * Finds the events of a bulk without parsing it as a whole: a body of 64 MiB would hold up everybody else. Each event is checked on its
 * own, with a pause for others now and then.
 * @throws Refusal 400 for anything that JSON.parse would refuse; nothing was stored then.
 */
async function splitBulk(bytes: Buffer): Promise<Found[]> {
  if (!isUtf8(bytes)) throw new Refusal('malformed_json', 'The body is not UTF-8 text. Send JSON encoded as UTF-8.');
  const events = findMember(bytes, 'events');
  const spans: Found[] = [];
  if (events && bytes[events.span.from] === 0x5b) {
    const walk = elements(bytes, events.span.from);
    let checked = 0;
    let step = walk.next();
    for (; !step.done; step = walk.next()) {
      const { span, depth } = step.value;
      // The event's own wrapper adds two levels to the alert's.
      if (depth <= MAX_DEPTH + 2) parseOrRefuse(bytes.subarray(span.from, span.to), `event ${spans.length} of the body`);
      spans.push(step.value);
      checked += span.to - span.from;
      if (checked > CHECK_SLICE) {
        checked = 0;
        await nextTurn();
      }
      if (spans.length > BULK_EVENTS_MAX) {
        throw new Refusal('too_large', `A bulk can have at most ${BULK_EVENTS_MAX} events. Send them in several calls.`);
      }
    }
    if (!step.value) throw new Refusal('malformed_json', 'The body is not valid JSON: the list of events is not well-formed.');
  }
  // What is around the events is small; the events themselves were checked one by one.
  const frame = events
    ? Buffer.concat([
        bytes.subarray(0, events.span.from),
        bytes[events.span.from] === 0x5b ? Buffer.from('[]') : bytes.subarray(events.span.from, events.span.to),
        bytes.subarray(events.span.to),
      ])
    : bytes;
  expectValid(readBulkRequest(parseOrRefuse(frame, 'the body')));
  return spans;
}

/** Reads the body of calls 10 and 11 and cuts the alert's own bytes out of it. */
function readOne(bytes: Buffer, limit: number): { input: IngestInput; body: Buffer } {
  if (bytes.length === 0) throw new Refusal('malformed_json', 'The body is empty. Send {"job_id": …, "raw_body": {…}} as JSON.');
  if (!isUtf8(bytes)) throw new Refusal('malformed_json', 'The body is not UTF-8 text. Send JSON encoded as UTF-8.');
  const found = findMember(bytes, 'raw_body');
  if (found) checkSize(found, limit);
  const input = expectValid(readIngestRequest(parseOrRefuse(bytes, 'the body')));
  if (!found) throw new Refusal('malformed_json', 'The body is not a JSON object.');
  return { input, body: bytes.subarray(found.span.from, found.span.to) };
}

/** A raw body is a Buffer, or nothing where none was sent. */
function bytesOf(call: Call): Buffer {
  return Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
}

function ownBytes(item: Buffer, limit: number): Buffer {
  const found = findMember(item, 'raw_body');
  if (!found) throw new Refusal('invalid', 'raw_body must be the alert as a JSON object, and is missing.');
  checkSize(found, limit);
  return item.subarray(found.span.from, found.span.to);
}

function checkSize(found: Found, limit: number): void {
  const size = found.span.to - found.span.from;
  if (size > limit)
    throw new Refusal('too_large', `The alert has ${size} bytes; at most ${limit} are taken (VERDICT_EVENT_LIMIT).`);
  const refuse = (msg: string) => {
    throw invalidAt([{ loc: ['body', 'raw_body'], msg, type: 'too_many' }]);
  };
  if (found.depth > MAX_DEPTH) refuse(`is nested ${found.depth} levels deep; at most ${MAX_DEPTH} are taken`);
  if (found.keys > MAX_KEYS) refuse(`has ${found.keys} members in all; at most ${MAX_KEYS} are taken`);
}

function parseOrRefuse(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const where = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    throw new Refusal(
      'malformed_json',
      `${what[0]!.toUpperCase()}${what.slice(1)} is not valid JSON${where ? ` (at character ${where})` : ''}.`,
    );
  }
}

function incoming(principal: Principal, input: IngestInput, jobId: number, eventId: string | null, body: Buffer): IncomingEvent {
  return {
    jobId,
    eventId,
    body,
    title: input.title ?? null,
    severity: input.severity ?? null,
    dataSource: input.data_source ?? null,
    storageTag: input.storage_tag ?? null,
    keyId: principal.kind === 'input' || principal.kind === 'management' ? principal.keyId : null,
    group: null,
    eventAt: null,
  };
}

/** The ingest answer of the wire. `status` is always the same: clients ask call 12 for the decision. */
export function presentIngested(ingested: Ingested): Record<string, unknown> {
  return {
    event_id: ingested.eventId,
    job_id: ingested.jobId,
    ingest_timestamp: microsToZ(ingested.ingestedAt),
    status: 'pending_inference',
    error_message: '',
  };
}
