import {
  AppAuditAnswer,
  AppAuditParams,
  AppAudits,
  AppDone,
  AppGuardSwitch,
  AppGuards,
  AppGuardWish,
  AppJobParams,
  AppLabelParams,
  microsToZ,
} from '@verdict/contract';
import type { BucketService } from '../buckets/bucket-service.ts';
import { labelName } from '../decisions/reasons.ts';
import { voterOf } from '../feedback/feedback-v1.ts';
import { type Route, route } from '../http/route.ts';
import type { EventService } from '../ingest/event-service.ts';
import { classId, type Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { GuardService, GuardStatus } from './guard-service.ts';

const MOST_WAITING = 100;

/** The guard for people: leads open and close it, analysts label what was drawn. */
export function guardRoutesApp(deps: {
  readonly jobs: JobService;
  readonly guards: GuardService;
  readonly events: EventService;
  readonly buckets: BucketService;
}): Route[] {
  const { jobs, guards, events, buckets } = deps;
  const tag = 'app: guard';
  // Only a person answers for what is acted on without one: no key can open a guard or label blind.
  const lead = { role: 'lead' } as const;
  const analyst = { role: 'analyst' } as const;
  const view = async (job: Job, status: GuardStatus) =>
    presentGuards(job, status, (await guards.waiting(job, MOST_WAITING)).length);

  return [
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/guard',
      id: 'appGetGuard',
      summary: 'How far automation may go, and what the evidence is',
      tag,
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppJobParams,
      response: AppGuards,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        return view(job, await guards.status(job));
      },
    }),
    route({
      method: 'PUT',
      path: '/api/app/jobs/{job_id}/guard/{class_id}',
      id: 'appOpenGuard',
      summary: 'Allow acting on a label while at most a share of such decisions is wrong',
      description: 'Starts without evidence: audits are drawn from now on, and nothing is acted on before they suffice.',
      tag,
      right: lead,
      params: AppLabelParams,
      body: AppGuardWish,
      response: AppGuards,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        const classNo = Number(params.class_id.slice('class_'.length));
        return view(job, await guards.open(job, classNo, body.max_error_rate, body.wrong_labels, origin));
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}/guard/{class_id}',
      id: 'appCloseGuard',
      summary: 'Take back what was allowed for a label',
      tag,
      right: lead,
      params: AppLabelParams,
      response: AppGuards,
      async handler({ principal, origin, params }) {
        const job = await jobs.get(principal, params.job_id);
        return view(job, await guards.close(job, Number(params.class_id.slice('class_'.length)), origin));
      },
    }),
    route({
      method: 'PUT',
      path: '/api/app/guard',
      id: 'appSwitchGuards',
      summary: 'The one switch: close all guards of all AI use cases, or let them be as they are',
      tag,
      right: lead,
      body: AppGuardSwitch,
      response: AppGuardSwitch,
      async handler({ origin, body }) {
        await guards.switchAll(body.closed, origin);
        return { closed: guards.closedForAll };
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}/guard/audits',
      id: 'appListAudits',
      summary: 'Events drawn at random that wait for a blind label',
      tag,
      right: analyst,
      params: AppJobParams,
      response: AppAudits,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        const audits = [];
        for (const { audit, event } of await guards.waiting(job, MOST_WAITING)) {
          const bucket = event.bucketId === null ? undefined : await buckets.get(event.bucketId);
          audits.push({
            audit_id: audit.id,
            event_id: event.eventId,
            title: event.title,
            ingested_at: microsToZ(event.ingestedAt),
            due_at: microsToZ(audit.dueAt),
            raw_event: await events.body(event.seq),
            decision_points: bucket ? job.points.map((point, index) => ({ point, value: bucket.values[index] ?? null })) : [],
          });
        }
        return { audits };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/guard/audits/{audit_id}',
      id: 'appAnswerAudit',
      summary: 'Label a drawn event without having seen the suggestion',
      tag,
      right: analyst,
      params: AppAuditParams,
      body: AppAuditAnswer,
      response: AppDone,
      async handler({ principal, origin, params, body }) {
        const job = await jobs.get(principal, params.job_id);
        await guards.answer(job, params.audit_id, body.label, voterOf(principal, undefined), origin);
        return { done: true };
      },
    }),
  ];
}

function presentGuards(job: Job, status: GuardStatus, waiting: number): AppGuards {
  return {
    closed_for_all: status.closedForAll,
    audit_rate: job.settings.auditRate,
    protected_points: [...job.settings.protectedPoints],
    waiting,
    guards: status.guards.map(({ guard, verdict }) => ({
      class_id: classId(guard.classNo),
      label: labelName(job, guard.classNo),
      model_id: guard.modelId,
      max_error_rate: guard.maxErrorRate,
      wrong_labels: guard.wrong.map((classNo) => labelName(job, classNo)),
      status: verdict.status,
      threshold: verdict.threshold,
      sentence: verdict.sentence,
      steps: verdict.steps.map((step) => ({ ...step })),
      more_audits: verdict.needs?.ifAllRight ?? null,
      opened_by: guard.openedBy,
      opened_at: microsToZ(guard.openedAt),
    })),
  };
}
