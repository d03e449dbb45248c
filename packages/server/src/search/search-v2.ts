import {
  EventQuery,
  EventQueryAnswer,
  FILTER_OPERATORS,
  FieldList,
  FieldsMapping,
  FieldsRequest,
  type FilterOperator,
  JobParams,
  RawQuery,
  RawQueryAnswer,
  ReprocessAnswer,
  ReprocessRequest,
  readEventId,
  readJobId,
} from '@verdict/contract';
import { parseAlert } from '@verdict/engine';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ReprocessService } from '../decisions/reprocess-service.ts';
import { Refusal } from '../errors.ts';
import { callerGone } from '../http/caller-gone.ts';
import type { Origin } from '../http/principal.ts';
import { expectValid } from '../http/read.ts';
import { done, refusedStatus } from '../http/request-status.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { FoundField } from './order.ts';
import type { Chosen, SearchService } from './search-service.ts';

const EventParams = Type.Object({
  job_id: Type.Integer({ minimum: 1 }),
  event_id: Type.String({ minLength: 1, maxLength: 200 }),
});

/** Asking about events, and deciding again those that were found. */
export function searchRoutesV2(deps: {
  readonly search: SearchService;
  readonly jobs: JobService;
  readonly reprocess: ReprocessService;
}): Route[] {
  const { search, jobs, reprocess } = deps;
  const asking = { scope: 'read:event_query', role: 'analyst' } as const;
  const deciding = { scope: 'execute:reprocess_events', role: 'lead' } as const;

  return [
    route({
      method: 'POST',
      path: '/api/v2/events/query',
      id: 'v2QueryEvents',
      summary: 'Find events by filters',
      description:
        'Newest first unless asked otherwise; `size` counts for each job. `is` compares whole values with their letter case, `contains` and ' +
        '`starts with` ignore it; negations hold where the field is missing. An `end_date` that is a day includes the day.',
      tag: 'v2: events',
      right: asking,
      body: EventQuery,
      rawBody: true,
      response: EventQueryAnswer,
      handler: (call) => sendText(call, search.events(call.principal, readBody(EventQuery, call), callerGone(call))),
    }),
    route({
      method: 'POST',
      path: '/api/v2/events/raw_es_query',
      id: 'v2RawQuery',
      summary: 'Find and aggregate events in Elasticsearch query DSL',
      description:
        'Hits are sorted (newest first by default), never scored, and always counted to the last one. Text is compared whole by term and ' +
        'by words by match; there are no mappings to make. What is not supported is refused by name.',
      tag: 'v2: events',
      right: asking,
      body: RawQuery,
      rawBody: true,
      response: RawQueryAnswer,
      handler: (call) => sendText(call, search.elastic(call.principal, readBody(RawQuery, call), callerGone(call))),
    }),
    route({
      method: 'POST',
      path: '/api/v2/filters/fields',
      id: 'v2FilterFields',
      summary: 'List the fields that can be filtered by',
      description: 'As found in the newest 1,000 events of each job. Any other field can be filtered by too.',
      tag: 'v2: events',
      right: asking,
      body: FieldsRequest,
      rawBody: true,
      response: FieldList,
      async handler(call) {
        const { fields } = await search.fields(call.principal, readBody(FieldsRequest, call), callerGone(call));
        return fields.map((field) => ({
          field_name: field.path,
          available_operators: operatorsOf(field),
          available_in_jobs: [...field.jobs],
        }));
      },
    }),
    route({
      method: 'POST',
      path: '/api/v2/filters/fields_mapping',
      id: 'v2FieldsMapping',
      summary: 'Tell the Elasticsearch type of each field',
      description: 'As found in the newest 1,000 events of each job; `keyword` where values are of several types.',
      tag: 'v2: events',
      right: asking,
      body: FieldsRequest,
      rawBody: true,
      response: FieldsMapping,
      async handler(call) {
        const { fields } = await search.fields(call.principal, readBody(FieldsRequest, call), callerGone(call));
        return Object.fromEntries(fields.map((field) => [field.path, elasticType(field)]));
      },
    }),
    route({
      method: 'POST',
      path: '/api/v2/events/{job_id}/reprocess',
      id: 'v2Reprocess',
      summary: 'Decide stored events again by the active model',
      description:
        'Those that fulfil all conditions; all without any. `events_updated` counts the events chosen; they are decided again in the background.',
      tag: 'v2: events',
      right: deciding,
      params: JobParams,
      body: ReprocessRequest,
      rawBody: true,
      response: ReprocessAnswer,
      async handler(call) {
        const job = await jobs.get(call.principal, expectValid(readJobId(call.params.job_id)));
        const chosen = await search.chosen(job, readBody(ReprocessRequest, call), callerGone(call));
        try {
          const tasks = await decideAgain(reprocess, job.id, chosen, call.origin);
          const word = tasks.length === 1 ? 'task' : 'tasks';
          const details = [`They are decided again by the ${word} ${tasks.join(', ')}.`];
          return { request: done(details), events_updated: chosen.ids.length };
        } catch (error) {
          return { request: refusedStatus(error), events_updated: 0 };
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v2/events/{job_id}/{event_id}/reprocess',
      id: 'v2ReprocessEvent',
      summary: 'Decide one event again by the active model',
      tag: 'v2: events',
      right: deciding,
      params: EventParams,
      response: ReprocessAnswer,
      async handler({ principal, params, origin }) {
        const job = await jobs.get(principal, params.job_id);
        const eventId = expectValid(readEventId(params.event_id));
        try {
          const changed = await reprocess.one(job.id, eventId, origin);
          return { request: done([changed ? 'The decision changed.' : 'The decision stayed the same.']) };
        } catch (error) {
          return { request: refusedStatus(error) };
        }
      },
    }),
  ];
}

/** Events named in one task. */
const PER_TASK = 10_000;

async function decideAgain(reprocess: ReprocessService, jobId: number, chosen: Chosen, origin: Origin): Promise<number[]> {
  const { ids, span } = chosen;
  if (span) return [(await reprocess.request(jobId, span, origin)).id];
  const tasks: number[] = [];
  // Asked for also without any event, so that a job without a model says so.
  for (let from = 0; from === 0 || from < ids.length; from += PER_TASK)
    tasks.push((await reprocess.request(jobId, { eventIds: ids.slice(from, from + PER_TASK) }, origin)).id);
  return tasks;
}

const compiled = new Map<TSchema, ReturnType<typeof Compile>>();

/** Reads a body whose numbers count exactly. No body is an empty one. @throws Refusal for what is not JSON or does not fit. */
function readBody<S extends TSchema>(schema: S, call: Call): Static<S> {
  const bytes = call.body;
  let value: unknown = {};
  if (Buffer.isBuffer(bytes) && bytes.length > 0) {
    try {
      value = parseAlert(bytes.toString('utf8'));
    } catch {
      throw new Refusal('malformed_json', 'The body is not valid JSON.');
    }
  }
  let check = compiled.get(schema);
  if (!check) {
    check = Compile(schema);
    compiled.set(schema, check);
  }
  if (check.Check(value)) return value as Static<S>;
  const validation = [...check.Errors(value)].slice(0, 20);
  throw Object.assign(new Error('not valid'), { validation });
}

async function sendText({ reply }: Call, text: Promise<string>): Promise<string> {
  const made = await text;
  // Sent as text: the alert's own numbers must not pass through a number of ours.
  reply.type('application/json; charset=utf-8');
  return made;
}

const ALWAYS: readonly FilterOperator[] = ['is', 'is not', 'is one of', 'is not one of', 'exists', 'not exists'];
const OF_TEXT: readonly FilterOperator[] = ['starts with', 'not starts with', 'contains', 'not contains'];
const OF_SIZE: readonly FilterOperator[] = ['lt', 'lte', 'gt', 'gte'];

function operatorsOf({ types }: FoundField): FilterOperator[] {
  const can = new Set(ALWAYS);
  if (types.some((type) => type === 'string' || type === 'date')) for (const operator of OF_TEXT) can.add(operator);
  if (types.some((type) => type !== 'boolean')) for (const operator of OF_SIZE) can.add(operator);
  return FILTER_OPERATORS.filter((operator) => can.has(operator));
}

function elasticType({ types }: FoundField): string {
  if (types.length === 2 && types.includes('long') && types.includes('double')) return 'double';
  return types.length === 1 && types[0] !== 'string' ? types[0]! : 'keyword';
}
