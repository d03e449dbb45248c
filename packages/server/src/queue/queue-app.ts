import { AppJobParams, AppQueue, AppQueueQuery } from '@verdict/contract';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import { labelName } from '../decisions/reasons.ts';
import { type Route, route } from '../http/route.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import { type Ask, isBlind } from './queue.ts';
import type { QueueService } from './queue-service.ts';

export interface QueueDeps {
  readonly jobs: JobService;
  readonly events: EventService;
  readonly buckets: BucketService;
  readonly decisions: DecisionService;
  readonly queue: QueueService;
}

/** What to label next, for people. */
export function queueRoutesApp(deps: QueueDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/queue',
      id: 'appGetQueue',
      summary: 'Say what to label next',
      description: 'Send `ask` with the vote, so that it is known why the alert was labelled and with what chance it was drawn.',
      tag: 'app: feedback',
      right: { scope: 'write:event_feedback', role: 'analyst' },
      params: AppJobParams,
      query: AppQueueQuery,
      response: AppQueue,
      async handler({ principal, params, query }) {
        const job = await deps.jobs.get(principal, params.job_id);
        const asks = await deps.queue.next(job, query.size ?? 10, principal);
        return { questions: await Promise.all(asks.map((ask) => present(deps, job, ask))) };
      },
    }),
  ];
}

async function present(deps: QueueDeps, job: Job, ask: Ask): Promise<AppQueue['questions'][number]> {
  const event = await deps.events.getBySeq(ask.eventSeq);
  const bucket = await deps.buckets.get(ask.bucketId);
  const blind = isBlind(ask.reason);
  const decision = blind || !event || event.decisionId === null ? undefined : await deps.decisions.get(event.decisionId);
  return {
    ask: ask.token,
    event_id: ask.eventId,
    bucket_id: ask.bucketId,
    events: ask.events,
    title: event?.title ?? null,
    reason: ask.reason,
    chance: ask.chance,
    blind,
    decision_points: job.points.map((point, index) => ({ point, value: bucket?.values[index] ?? null })),
    suggestion: decision && decision.classNo !== null ? labelName(job, decision.classNo) : null,
    confidence: decision?.confidence ?? null,
  };
}
