import {
  AppBuckets,
  AppBucketsQuery,
  type AppDecision,
  AppEvent,
  AppEventParams,
  type AppEventRow,
  AppEvents,
  AppEventsQuery,
  AppJobParams,
  microsToZ,
} from '@verdict/contract';
import type { PointValues } from '@verdict/engine';
import type { Static } from 'typebox';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { Consensus } from '../feedback/feedback.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import { type Route, route } from '../http/route.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { resultOf } from './arcanna-block.ts';
import type { Decision } from './decision.ts';
import type { DecisionService } from './decision-service.ts';
import type { EventPictures } from './event-picture.ts';
import { labelName, reasonSentences } from './reasons.ts';

export interface EventAppDeps {
  readonly jobs: JobService;
  readonly events: EventService;
  readonly buckets: BucketService;
  readonly decisions: DecisionService;
  readonly feedback: FeedbackService;
  readonly pictures: EventPictures;
}

/** Events and buckets for people. */
export function eventRoutesApp(deps: EventAppDeps): Route[] {
  const { jobs, events, buckets, decisions, feedback, pictures } = deps;
  const right = { scope: 'read:event_query', role: 'analyst' } as const;
  const tag = 'app: events';

  const row = async (job: Job, event: StoredEvent): Promise<Static<typeof AppEventRow>> => {
    const decision = event.decisionId === null ? undefined : await decisions.get(event.decisionId);
    const { state, consensus } = await feedback.state(job, event);
    return {
      event_id: event.eventId,
      version: event.version,
      title: event.title,
      severity: event.severity,
      ingested_at: microsToZ(event.ingestedAt),
      event_at: microsToZ(event.eventAt),
      bucket_id: event.bucketId,
      state,
      decision: presentAppDecision(job, decision),
      consensus: presentConsensus(job, consensus),
    };
  };

  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/events',
      id: 'appListEvents',
      summary: 'List events, newest first',
      tag,
      right,
      params: AppJobParams,
      query: AppEventsQuery,
      response: AppEvents,
      async handler({ principal, params, query }) {
        const job = await jobs.get(principal, params.job_id);
        const limit = query.limit ?? 50;
        const found = await events.list(job.id, { bucketId: query.bucket_id, before: query.before, limit });
        const rows = [];
        for (const event of found) if (event.jobId === job.id) rows.push(await row(job, event));
        return { events: rows, next: found.length === limit ? found.at(-1)!.seq : null };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/events/{event_id}',
      id: 'appGetEvent',
      summary: 'Show an event with everything known about it',
      tag,
      right,
      params: AppEventParams,
      response: AppEvent,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        const picture = await pictures.of(job, params.event_id);
        const { event } = picture;
        const bucket = event.bucketId === null ? undefined : await buckets.get(event.bucketId);
        return {
          ...(await row(job, event)),
          data_source: event.dataSource,
          storage_tag: event.storageTag,
          raw_event: await events.body(event.seq),
          enriched_event: (await events.enriched(event.seq)) ?? null,
          pending: event.status === 'pending_inference',
          error: event.error,
          decision_points: bucket ? withPoints(job, bucket.values) : [],
          reasons: reasonSentences(job, picture.decision, picture.explanation),
          automation: picture.automation.verdict,
          automation_reason: picture.automation.reason,
          feedback: (await feedback.history(job.id, event.eventId)).map((entry) => ({
            kind: entry.kind,
            label: entry.classNo === null ? null : labelName(job, entry.classNo),
            by: entry.voter.name,
            at: microsToZ(entry.at),
            through: entry.through,
            asked: entry.asked,
            reason: entry.reason,
            notes: entry.closingNotes,
            counted: entry.counted,
            event_version: entry.eventVersion,
          })),
          past_decisions: (await decisions.past(event.seq)).map((past) => ({
            ...presentAppDecision(job, past),
            replaced_at: microsToZ(past.replacedAt),
            why: past.why,
          })),
          versions: (await events.versions(job.id, event.eventId)).map((version) => ({
            version: version.version,
            ingested_at: microsToZ(version.ingestedAt),
          })),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/buckets',
      id: 'appListBuckets',
      summary: 'List buckets, biggest first',
      tag,
      right,
      params: AppJobParams,
      query: AppBucketsQuery,
      response: AppBuckets,
      async handler({ principal, params, query }) {
        const job = await jobs.get(principal, params.job_id);
        const found = await buckets.list(job.id, job.pointsVersion, query.limit ?? 50, query.offset ?? 0);
        const rows = [];
        for (const bucket of found) {
          const [example] = await events.list(job.id, { bucketId: bucket.id, limit: 1 });
          const shown = example && (await row(job, example));
          rows.push({
            bucket_id: bucket.id,
            events: bucket.events,
            decision_points: withPoints(job, bucket.values),
            state: shown?.state ?? 'new',
            consensus: shown?.consensus ?? null,
            decision: shown?.decision ?? null,
            example_event_id: example?.eventId ?? null,
            first_seen_at: microsToZ(bucket.firstSeenAt),
            last_seen_at: microsToZ(bucket.lastSeenAt),
          });
        }
        return { buckets: rows };
      },
    }),
  ];
}

/** A consensus in the words of the app API. */
export function presentConsensus(job: Job, consensus: Consensus | undefined) {
  if (!consensus) return null;
  return {
    label: consensus.classNo === null ? null : labelName(job, consensus.classNo),
    votes: Object.fromEntries(
      Object.entries(consensus.tally).map(([classNo, votes]) => [labelName(job, Number(classNo)), votes]),
    ),
    overruled: consensus.overruled,
  };
}

function presentAppDecision(job: Job, decision: Decision | undefined): Static<typeof AppDecision> {
  return {
    decision_id: decision?.id ?? null,
    result: resultOf(decision),
    label: decision && decision.classNo !== null ? labelName(job, decision.classNo) : null,
    confidence: decision?.confidence ?? null,
    outlier: decision?.outlier ?? false,
    outlier_score: decision?.outlierScore ?? null,
    similarity: decision?.similarity ?? null,
    model_id: decision?.modelId ?? null,
  };
}

function withPoints(job: Job, values: PointValues): { point: string; value: unknown }[] {
  return job.points.map((point, index) => ({ point, value: values[index] ?? null }));
}
