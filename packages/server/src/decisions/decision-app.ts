import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AppBuckets,
  AppBucketsAsked,
  AppBucketsFound,
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
import type { Bucket } from '../buckets/bucket.ts';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { Consensus } from '../feedback/feedback.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import { voterOf } from '../feedback/feedback-v1.ts';
import type { Principal } from '../http/principal.ts';
import { type Route, route } from '../http/route.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { resultOf } from './arcanna-block.ts';
import type { Decision } from './decision.ts';
import type { DecisionService } from './decision-service.ts';
import type { EventPictures } from './event-picture.ts';
import { presentExplanation } from './explanation-v1.ts';
import { labelName, reasonSentences } from './reasons.ts';

export interface EventAppDeps {
  readonly jobs: JobService;
  readonly events: EventService;
  readonly buckets: BucketService;
  readonly decisions: DecisionService;
  readonly feedback: FeedbackService;
  readonly pictures: EventPictures;
  /** Whether the caller must not see what the machine says of an event, because they may label it blind. */
  hides(principal: Principal, job: Job, eventSeq: number): Promise<boolean>;
}

/** Events and buckets for people. */
export function eventRoutesApp(deps: EventAppDeps): Route[] {
  const { jobs, events, buckets, decisions, feedback, pictures } = deps;
  const right = { scope: 'read:event_query', role: 'analyst' } as const;
  const tag = 'app: events';

  const row = async (principal: Principal, job: Job, event: StoredEvent): Promise<Static<typeof AppEventRow>> => {
    const blind = await deps.hides(principal, job, event.seq);
    const decision = blind || event.decisionId === null ? undefined : await decisions.get(event.decisionId);
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
      blind,
      consensus: presentConsensus(job, consensus),
    };
  };
  const ownLabel = async (principal: Principal, job: Job, event: StoredEvent): Promise<string | null> => {
    const classNo = await feedback.ownClass(job, event, voterOf(principal, undefined));
    return classNo === undefined ? null : labelName(job, classNo);
  };
  const bucketRow = async (
    principal: Principal,
    job: Job,
    bucket: Bucket,
  ): Promise<Static<typeof AppBuckets>['buckets'][number]> => {
    const [example] = await events.list(job.id, { bucketId: bucket.id, limit: 1 });
    const shown = example && (await row(principal, job, example));
    return {
      bucket_id: bucket.id,
      events: bucket.events,
      title: shown?.title ?? null,
      decision_points: withPoints(job, bucket.values),
      state: shown?.state ?? 'new',
      consensus: shown?.consensus ?? null,
      decision: shown && !shown.blind ? shown.decision : null,
      blind: shown?.blind ?? false,
      own_label: example ? await ownLabel(principal, job, example) : null,
      example_event_id: example?.eventId ?? null,
      first_seen_at: microsToZ(bucket.firstSeenAt),
      last_seen_at: microsToZ(bucket.lastSeenAt),
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
        for (const event of found) if (event.jobId === job.id) rows.push(await row(principal, job, event));
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
        const shown = await row(principal, job, event);
        const { decision, explanation, automation } = shown.blind ? BLIND : picture;
        return {
          ...shown,
          data_source: event.dataSource,
          storage_tag: event.storageTag,
          raw_event: await events.body(event.seq),
          enriched_event: (await events.enriched(event.seq)) ?? null,
          pending: event.status === 'pending_inference',
          error: event.error,
          decision_points: bucket ? withPoints(job, bucket.values) : [],
          reasons: shown.blind ? [] : reasonSentences(job, decision, explanation),
          explanation:
            explanation && decision ? await presentExplanation(deps, job, { ...picture, decision, explanation }) : null,
          own_label: await ownLabel(principal, job, event),
          automation: automation.verdict,
          automation_reason: automation.reason,
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
          past_decisions: (shown.blind ? [] : await decisions.past(event.seq)).map((past) => ({
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
        const lists = await buckets.queues(job);
        const ids = lists[query.queue ?? 'all'];
        const offset = query.offset ?? 0;
        const rows = [];
        for (const id of ids.slice(offset, offset + (query.limit ?? 50))) {
          const bucket = await buckets.get(id);
          if (bucket) rows.push(await bucketRow(principal, job, bucket));
        }
        const counts = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length]));
        return { buckets: rows, total: ids.length, counts };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/buckets',
      id: 'appFindBuckets',
      summary: 'Show buckets by their numbers',
      description:
        'As `arcanna.bucket_id` of events names them; those of other decision points than the chosen ones are left out.',
      tag,
      right,
      params: AppJobParams,
      body: AppBucketsAsked,
      response: AppBucketsFound,
      async handler({ principal, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        const rows = [];
        for (const id of new Set(body.bucket_ids)) {
          const bucket = await buckets.get(id);
          if (bucket?.jobId === job.id && bucket.pointsVersion === job.pointsVersion)
            rows.push(await bucketRow(principal, job, bucket));
          if (rows.length % 50 === 49) await nextTurn();
        }
        return { buckets: rows };
      },
    }),
  ];
}

/** What is shown of an event that waits for a blind label. */
const BLIND = {
  decision: undefined,
  explanation: undefined,
  automation: {
    verdict: 'ask',
    reason:
      'This event was drawn at random to check the guard, so what Verdict says of it is hidden until somebody has labelled it.',
  },
} as const;

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
