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
import { parseAlert } from '@verdict/engine';
import type { Config } from '../config.ts';
import { Refusal } from '../errors.ts';
import { authorise, may } from '../http/authorise.ts';
import { toRefusal } from '../http/error-answer.ts';
import type { Principal } from '../http/principal.ts';
import { expectValid } from '../http/read.ts';
import { type Call, type Right, type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import { alertBytes, bytesOf, checkSize, expectUtf8, inWindows, parseOrRefuse, splitEvents } from './body-bytes.ts';
import type { IncomingEvent } from './event.ts';
import type { Ingested, IngestService } from './ingest-service.ts';
import { findMember } from './json-scan.ts';

export interface IngestRoutesDeps {
  readonly config: Config;
  readonly jobs: JobService;
  readonly ingest: IngestService;
  /** Waits until a pending event is decided, so many milliseconds at most; false when it is not. */
  readonly settled: (seq: number, milliseconds: number) => Promise<boolean>;
  /** The decision view of call 12, for `wait_ms`. */
  readonly decisionView: (call: Call, jobId: number, eventId: string) => Promise<unknown>;
  /** Gives the vote that an event of a bulk brought along. */
  readonly vote: (call: Call, jobId: number, eventId: string, feedback: NonNullable<BulkEvent['feedback']>) => Promise<void>;
}

type BulkEvent = Extract<ReturnType<typeof readBulkItem>, { ok: true }>['value'];

/** Rights that a call needs besides sending events: a label in a bulk is feedback, and `wait_ms` shows a decision. */
const GIVES_FEEDBACK: Right = { input: 'feedback', scope: 'write:event_feedback', role: 'analyst' };
const SEES_DECISIONS: Right = { input: 'decisions', scope: 'read:event_query', role: 'analyst' };

/** Calls 10, 11, 15 and 17 of the v1 API: alerts come in. */
export function ingestRoutesV1(deps: IngestRoutesDeps): Route[] {
  const one = async (call: Call, eventId: string | null) => {
    const waitMs = expectValid(readWaitMs(call.query));
    const { input, body } = readOne(bytesOf(call), deps.config.eventLimit);
    await deps.jobs.get(call.principal, input.job_id);
    const ingested = await deps.ingest.ingest(incoming(call.principal, input, input.job_id, eventId, body));
    // Decisions are made on the way in, but for code steps that come first: then whoever is willing to wait, waits.
    if (waitMs > 0 && may(call.principal, SEES_DECISIONS) && (await deps.settled(ingested.seq, waitMs)))
      return deps.decisionView(call, ingested.jobId, ingested.eventId);
    // Written here: the serializer of the schema would first have to find out which of the two answers this is.
    call.reply.type('application/json; charset=utf-8');
    return JSON.stringify(presentIngested(ingested));
  };
  const right = { input: 'events', scope: 'write:events', role: 'lead' } as const;

  return [
    route({
      method: 'POST',
      path: '/api/v1/events/',
      id: 'v1SendEvent',
      summary: 'Send an event; it gets a new id',
      tag: 'v1: events',
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
      tag: 'v1: events',
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
      tag: 'v1: events',
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

async function bulk(deps: IngestRoutesDeps, call: Call): Promise<BulkAnswer> {
  const jobId = expectValid(readJobId((call.params as { job_id?: unknown }).job_id));
  const job = await deps.jobs.get(call.principal, jobId);
  if (!job.running)
    throw new Refusal('job_stopped', `"${job.title}" is stopped: nothing was stored. Start it and send the events again.`);
  const bytes = bytesOf(call);
  const { events: spans, frame } = await splitEvents(bytes, BULK_EVENTS_MAX);
  expectValid(readBulkRequest(frame));

  const results: BulkAnswer['results'] = new Array(spans.length);
  let refused = 0;
  let failure: Refusal | undefined;
  const store = async (index: number): Promise<void> => {
    const found = spans[index]!;
    const slice = bytes.subarray(found.span.from, found.span.to);
    let eventId = '';
    try {
      const item = expectValid(readBulkItem(parseAlert(slice.toString('utf8')), index, jobId));
      eventId = item.event_id ?? '';
      const body = alertBytes(slice, 'raw_body', deps.config.eventLimit);
      const ingested = await deps.ingest.ingest(incoming(call.principal, item, jobId, item.event_id ?? null, body));
      eventId = ingested.eventId;
      results[index] = { event_id: eventId, status: 'pending_inference', error_message: '' };
      if (item.feedback) {
        authorise(call.principal, GIVES_FEEDBACK);
        await deps.vote(call, jobId, eventId, item.feedback);
      }
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
  await inWindows(spans.length, () => deps.ingest.full, store);
  // Nothing was stored and the store is the reason: the whole call can be sent again.
  if (failure && results.every((result) => result.status === 'ERROR')) throw failure;
  return { status: refused === 0 ? 'ok' : 'partial', results };
}

/** Reads the body of calls 10 and 11 and cuts the alert's own bytes out of it. */
function readOne(bytes: Buffer, limit: number): { input: IngestInput; body: Buffer } {
  if (bytes.length === 0) throw new Refusal('malformed_json', 'The body is empty. Send {"job_id": …, "raw_body": {…}} as JSON.');
  expectUtf8(bytes);
  const found = findMember(bytes, 'raw_body');
  if (found) checkSize(found, 'raw_body', limit);
  const input = expectValid(readIngestRequest(parseOrRefuse(bytes, 'the body')));
  if (!found) throw new Refusal('malformed_json', 'The body is not a JSON object.');
  return { input, body: bytes.subarray(found.span.from, found.span.to) };
}

function incoming(principal: Principal, input: IngestInput, jobId: number, eventId: string | null, body: Buffer): IncomingEvent {
  return {
    jobId,
    eventId,
    body,
    alert: input.raw_body,
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
