import {
  type ArcannaBlock,
  DecisionView,
  EventParams,
  ExplanationView,
  ExportAnswer,
  microsToZ,
  readEventId,
  readJobId,
} from '@verdict/contract';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { Principal } from '../http/principal.ts';
import { baseOf, expectValid } from '../http/read.ts';
import { type Route, route } from '../http/route.ts';
import { ownTime } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import { keyText, members } from '../ingest/json-scan.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { arcannaBlockOf, percent, resultOf } from './arcanna-block.ts';
import type { DecisionService } from './decision-service.ts';
import type { EventPicture, EventPictures } from './event-picture.ts';
import { presentExplanation } from './explanation-v1.ts';
import { labelName, reasonSentences } from './reasons.ts';

/** Whether the calling integration wants results as Arcanna before 1.45 gave them. */
export type WantsLegacy = (principal: Principal, job: Job) => Promise<boolean>;

export interface DecisionRoutesDeps {
  readonly jobs: JobService;
  readonly events: EventService;
  readonly decisions: DecisionService;
  readonly buckets: BucketService;
  readonly feedback: FeedbackService;
  readonly pictures: EventPictures;
  readonly wantsLegacy: WantsLegacy;
}

/** Calls 12, 14 and 16 of the v1 API: what was decided, everything about an event, and why. */
export function decisionRoutesV1(deps: DecisionRoutesDeps): Route[] {
  const pictureOf = async (principal: Principal, params: unknown): Promise<{ job: Job; picture: EventPicture }> => {
    const { job_id, event_id } = params as { job_id?: unknown; event_id?: unknown };
    const jobId = expectValid(readJobId(job_id));
    const eventId = expectValid(readEventId(event_id));
    const job = await deps.jobs.get(principal, jobId);
    return { job, picture: await deps.pictures.of(job, eventId) };
  };

  return [
    route({
      method: 'GET',
      path: '/api/v1/events/{job_id}/{event_id}',
      id: 'v1GetDecision',
      summary: 'Ask for the decision on an event',
      tag: 'v1: events',
      right: { input: 'decisions', scope: 'read:event_query', role: 'analyst' },
      params: EventParams,
      response: DecisionView,
      async handler({ principal, params, request }) {
        const { job, picture } = await pictureOf(principal, params);
        return presentDecision(job, picture, await deps.wantsLegacy(principal, job), baseOf(request));
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/{job_id}/{event_id}/export',
      id: 'v1ExportEvent',
      summary: 'Export an event with everything known about it',
      tag: 'v1: events',
      right: { input: 'export', scope: 'read:event_export', role: 'analyst' },
      params: EventParams,
      response: ExportAnswer,
      async handler({ principal, params, reply }) {
        const { job, picture } = await pictureOf(principal, params);
        const text = await exportText(deps, job, picture);
        // Sent as text: the alert's own numbers must not pass through a number of ours.
        reply.type('application/json; charset=utf-8');
        return text;
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/{job_id}/{event_id}/explanation',
      id: 'v1ExplainEvent',
      summary: 'Say why an event was decided so',
      tag: 'v1: events',
      right: { input: 'decisions', scope: 'read:event_query', role: 'analyst' },
      params: EventParams,
      response: ExplanationView,
      async handler({ principal, params }) {
        const { job, picture } = await pictureOf(principal, params);
        return presentExplanation(deps, job, picture);
      },
    }),
  ];
}

/**
 * The decision view of call 12.
 * @param legacy gives results as playbooks for Arcanna before 1.45 branch on them.
 * @param base where the caller reached the service, before the path.
 */
export function presentDecision(job: Job, picture: EventPicture, legacy: boolean, base: string): DecisionView {
  const { event, decision, state, automation } = picture;
  const pending = event.status === 'pending_inference';
  const result = pending ? null : legacy ? legacyResult(job, picture) : resultOf(decision);
  const confidence = decision?.confidence ?? null;
  return {
    event_id: event.eventId,
    ingest_timestamp: microsToZ(event.ingestedAt),
    status: event.status,
    result,
    result_label: decision && decision.classNo !== null ? labelName(job, decision.classNo) : null,
    confidence_score: confidence === null ? null : percent(confidence),
    outlier: decision && decision.classNo !== null ? decision.outlier : null,
    bucket_state: state,
    knowledge_base_state: state,
    is_duplicated: event.duplicated,
    confidence_level: confidence === null ? null : percent(confidence) / 100,
    error_message: event.error,
    automation: automation.verdict,
    automation_reason: automation.reason,
    reasons: reasonSentences(job, decision, picture.explanation),
    outlier_score: decision?.outlierScore ?? null,
    model_id: decision ? String(decision.modelId) : null,
    event_url: `${base}/jobs/${job.id}/events/${encodeURIComponent(event.eventId)}`,
  };
}

function legacyResult(job: Job, { decision, automation }: EventPicture): string {
  const isDrop = decision !== undefined && decision.classNo !== null && labelName(job, decision.classNo).toLowerCase() === 'drop';
  return isDrop && automation.verdict === 'allowed' ? 'drop_alert' : 'escalate_alert';
}

/** What Verdict knows about an event, under `arcanna` in exports. */
async function arcannaBlock(
  deps: Pick<DecisionRoutesDeps, 'buckets' | 'decisions'>,
  job: Job,
  { event, decision, state, consensus }: EventPicture,
): Promise<ArcannaBlock> {
  const bucket = event.bucketId === null ? undefined : await deps.buckets.get(event.bucketId);
  const [before] = await deps.decisions.past(event.seq);
  return arcannaBlockOf(job, { event, decision, state, consensus, bucket, before });
}

/** Members of ours that an alert may have too; then the whole alert stands under `raw_event` as well. */
const OURS = new Set(['arcanna', 'id', 'metadata', 'timestamp_inference', 'raw_event']);

/** The export of call 14 as JSON text: the alert's members byte for byte as they came, ours beside them. */
async function exportText(deps: DecisionRoutesDeps, job: Job, picture: EventPicture): Promise<string> {
  const { event } = picture;
  const raw = await deps.events.body(event.seq);
  const enriched = await deps.events.enriched(event.seq);
  const body = Buffer.from(enriched ?? raw, 'utf8');
  const parts: string[] = [];
  // What code steps changed is shown as they left it, and the alert as it came stands beside it.
  let collides = enriched !== undefined;
  let hasTime = false;
  for (const { key, value } of members(body)) {
    const name = keyText(body, key) ?? '';
    if (OURS.has(name)) {
      collides = true;
      continue;
    }
    if (name === '@timestamp') {
      // Readers sort by it: what is no time stands in the whole alert only.
      if (ownTime({ '@timestamp': JSON.parse(body.toString('utf8', value.span.from, value.span.to)) }) === null) {
        collides = true;
        continue;
      }
      hasTime = true;
    }
    parts.push(body.toString('utf8', key.from, value.span.to));
  }
  const own: Record<string, unknown> = {
    ...(hasTime ? {} : { '@timestamp': microsToZ(event.eventAt) }),
    timestamp_inference: event.decidedAt === null ? null : microsToZ(event.decidedAt),
    id: event.eventId,
    metadata: {
      id: event.eventId,
      description: event.title,
      severity: event.severity,
      ingested_timestamp: microsToZ(event.ingestedAt),
    },
    arcanna: await arcannaBlock(deps, job, picture),
  };
  for (const [name, value] of Object.entries(own)) parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (collides) parts.push(`"raw_event":${raw}`);
  const head = JSON.stringify({
    event_id: event.eventId,
    ingest_timestamp: microsToZ(event.ingestedAt),
    status: 'OK',
    error_message: '',
  });
  return `${head.slice(0, -1)},"arcanna_event":{${parts.join(',')}}}`;
}
