import {
  AppFields,
  AppFieldsQuery,
  AppImport,
  AppImported,
  AppJobParams,
  isEventId,
  isObject,
  type Problem,
} from '@verdict/contract';
import type { Config } from '../config.ts';
import { Refusal } from '../errors.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import { authorise } from '../http/authorise.ts';
import { toRefusal } from '../http/error-answer.ts';
import type { Principal } from '../http/principal.ts';
import { invalidAt } from '../http/read.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { JobService } from '../jobs/job-service.ts';
import { alertBytes, bytesOf, inWindows, splitEvents } from './body-bytes.ts';
import { ownTime } from './event.ts';
import type { FieldAdviser } from './field-adviser.ts';
import type { IngestService } from './ingest-service.ts';

export interface IngestAppDeps {
  readonly config: Config;
  readonly jobs: JobService;
  readonly ingest: IngestService;
  readonly feedback: FeedbackService;
  readonly fields: FieldAdviser;
}

/** Events that one import call may carry. */
export const IMPORT_EVENTS_MAX = 1_000;

/** For people who set a job up: closed alerts with their labels come in, and the fields found in the alerts go out. */
export function ingestRoutesApp(deps: IngestAppDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/import',
      id: 'appImportEvents',
      summary: 'Bring in closed alerts with the labels they were closed with',
      description:
        'Each label counts as the word of one person on one alert. Sending the same again changes nothing. An alert is kept also where its label is refused.',
      tag: 'app: events',
      right: { scope: 'write:events', role: 'lead' },
      params: AppJobParams,
      body: AppImport,
      rawBody: true,
      bodyLimit: deps.config.bulkLimit,
      response: AppImported,
      handler: (call) => importEvents(deps, call, call.params.job_id),
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/fields',
      id: 'appListFields',
      summary: 'List the fields found in the newest events, with advice on which to decide by',
      tag: 'app: AI use cases',
      right: { scope: 'read:event_query', role: 'analyst' },
      params: AppJobParams,
      query: AppFieldsQuery,
      response: AppFields,
      async handler({ principal, params, query }) {
        const job = await deps.jobs.get(principal, params.job_id);
        const { events, advice } = await deps.fields.advise(job, query.sample ?? 1_000);
        const chosen = new Set(job.points);
        return {
          events,
          fields: advice.map(({ path, type, coverage, distinct, examples, kind, score, sentence }) => ({
            path,
            type,
            coverage,
            distinct,
            examples: [...examples],
            advice: kind,
            score,
            sentence,
            chosen: chosen.has(path),
          })),
        };
      },
    }),
  ];
}

type Imported = { event_id: string; outcome: 'new' | 'version' | 'repeated' | 'refused'; labelled: boolean; error: string };

async function importEvents(deps: IngestAppDeps, call: Call, jobId: number): Promise<{ results: Imported[] }> {
  const job = await deps.jobs.get(call.principal, jobId);
  if (!job.running)
    throw new Refusal('job_stopped', `"${job.title}" is stopped: nothing was imported. Start it and import again.`);
  const bytes = bytesOf(call);
  const { events, frame } = await splitEvents(bytes, IMPORT_EVENTS_MAX);
  const feedbackAs = readFrame(frame) ?? call.principal.name;

  const results: Imported[] = new Array(events.length);
  let failure: Refusal | undefined;
  const store = async (index: number): Promise<void> => {
    const { span } = events[index]!;
    const slice = bytes.subarray(span.from, span.to);
    const result: Imported = { event_id: '', outcome: 'refused', labelled: false, error: '' };
    results[index] = result;
    try {
      const item = readItem(JSON.parse(slice.toString('utf8')), index);
      result.event_id = item.eventId ?? '';
      const ingested = await deps.ingest.ingest({
        jobId,
        eventId: item.eventId,
        body: alertBytes(slice, 'event', deps.config.eventLimit),
        title: null,
        severity: null,
        dataSource: null,
        storageTag: null,
        keyId: keyOf(call.principal) ?? null,
        group: item.group,
        eventAt: item.eventAt,
      });
      result.event_id = ingested.eventId;
      result.outcome = ingested.outcome;
      if (item.label === null) return;
      // A label is feedback, whatever it comes with.
      authorise(call.principal, { scope: 'write:event_feedback', role: 'analyst' });
      await deps.feedback.vote(jobId, ingested.eventId, {
        label: item.label,
        // One person's word on one alert: alerts of a bucket that were closed differently stay a distribution.
        voter: { id: `import:${feedbackAs}#${ingested.eventId}`, name: feedbackAs },
        through: 'import',
        asked: 'import',
        keyId: keyOf(call.principal),
      });
      result.labelled = true;
    } catch (error) {
      const known = toRefusal(error);
      if (known.code === 'internal') throw error;
      if (known.status >= 500 || known.status === 429) failure ??= known;
      result.error = result.outcome === 'refused' ? known.message : `Stored, but its label was not: ${known.message}`;
    }
  };
  await inWindows(events.length, () => deps.ingest.full, store);
  // The store was the reason for some: the whole call can be sent again, what is stored is only repeated.
  if (failure) throw failure;
  return { results };
}

/** What is around the events: the name that labels are recorded under. @throws Refusal naming what is wrong. */
function readFrame(frame: unknown): string | undefined {
  if (!isObject(frame))
    throw new Refusal('invalid', 'The body must be a JSON object: {"events": [{"event": {…}, "label": "…"}]}.');
  const problems: Problem[] = [];
  if (!Array.isArray(frame.events))
    problems.push({ loc: ['body', 'events'], msg: 'must be a list of events', type: 'wrong_type' });
  const name = text(frame.feedback_as, ['body', 'feedback_as'], 200, problems);
  if (problems.length > 0) throw invalidAt(problems);
  return name?.trim() || undefined;
}

interface Item {
  readonly eventId: string | null;
  readonly label: string | null;
  /** Microseconds. */
  readonly eventAt: number | null;
  readonly group: string | null;
}

function readItem(item: unknown, index: number): Item {
  const at = ['body', 'events', String(index)];
  if (!isObject(item)) throw invalidAt([{ loc: at, msg: 'must be an object with the alert as "event"', type: 'wrong_type' }]);
  const problems: Problem[] = [];
  if (!isObject(item.event))
    problems.push({ loc: [...at, 'event'], msg: 'must be the alert as a JSON object', type: 'wrong_type' });
  const eventId = text(item.event_id, [...at, 'event_id'], 200, problems) ?? null;
  if (eventId !== null && !isEventId(eventId)) {
    const msg = 'may have letters, digits and _ . : @ = ~ + - only, at most 200 of them';
    problems.push({ loc: [...at, 'event_id'], msg, type: 'bad_format' });
  }
  const label = text(item.label, [...at, 'label'], 200, problems) ?? null;
  const group = text(item.group, [...at, 'group'], 1_000, problems) ?? null;
  // The same rules as for a time inside the alert: seconds, and no year that cannot be.
  const eventAt = typeof item.time === 'number' ? ownTime({ time: item.time }) : null;
  if (item.time !== undefined && item.time !== null && eventAt === null) {
    problems.push({ loc: [...at, 'time'], msg: 'must be seconds since 1970 as a number', type: 'wrong_type' });
  }
  if (problems.length > 0) throw invalidAt(problems);
  return { eventId, label, eventAt, group };
}

function text(value: unknown, loc: string[], most: number, problems: Problem[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= most) return value;
  problems.push({
    loc,
    msg: `must be a text of at most ${most} characters`,
    type: typeof value === 'string' ? 'too_long' : 'wrong_type',
  });
  return undefined;
}

function keyOf(principal: Principal): number | undefined {
  return principal.kind === 'management' || principal.kind === 'input' ? principal.keyId : undefined;
}
