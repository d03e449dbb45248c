import { AppDone, AppJobParams, AppShadow, AppShadowReport, microsToZ } from '@verdict/contract';
import { labelName } from '../decisions/reasons.ts';
import type { Principal } from '../http/principal.ts';
import { type Route, route } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { ShadowReport } from './shadow.ts';
import type { ShadowService } from './shadow-service.ts';

/** A model that decides silently beside the active one: begin, compare, end. */
export function shadowRoutesApp(deps: {
  readonly jobs: JobService;
  readonly shadow: ShadowService;
  /** Numbers of the events that the caller may label blind, and so must not see the decisions of. */
  hidden(principal: Principal, job: Job): Promise<readonly number[]>;
}): Route[] {
  const { jobs, shadow } = deps;
  const report = async (principal: Principal, job: Job) =>
    presentReport(job, await shadow.report(job, await deps.hidden(principal, job)));
  const tag = 'app: training';
  const path = '/api/app/jobs/{job_id}/shadow';
  const operate = { scope: 'execute:job_operations', role: 'lead' } as const;

  return [
    route({
      method: 'GET',
      path,
      id: 'appGetShadow',
      summary: 'Compare the shadow model with the active one',
      description: 'Events that wait for a blind label are left out for whoever may give it.',
      tag,
      right: { scope: 'read:resources', role: 'analyst' },
      params: AppJobParams,
      response: AppShadowReport,
      async handler({ principal, params }) {
        return report(principal, await jobs.get(principal, params.job_id));
      },
    }),
    route({
      method: 'PUT',
      path,
      id: 'appSetShadow',
      summary: 'Let a model decide silently beside the active one',
      description: 'From now on it decides each new event too; nobody but the comparison sees what it says.',
      tag,
      right: operate,
      params: AppJobParams,
      body: AppShadow,
      response: AppShadowReport,
      async handler({ principal, params, body, origin }) {
        await jobs.get(principal, params.job_id);
        await shadow.begin(params.job_id, body.model_id, origin);
        return report(principal, await jobs.get(principal, params.job_id));
      },
    }),
    route({
      method: 'DELETE',
      path,
      id: 'appEndShadow',
      summary: 'End the shadow model and forget what it said',
      tag,
      right: operate,
      params: AppJobParams,
      response: AppDone,
      async handler({ principal, params, origin }) {
        await jobs.get(principal, params.job_id);
        await shadow.end(params.job_id, origin);
        return { done: true };
      },
    }),
  ];
}

function presentReport(job: Job, report: ShadowReport | undefined): AppShadowReport {
  const named = (classNo: number | null) => (classNo === null ? null : labelName(job, classNo));
  return {
    model_id: report?.modelId ?? null,
    active_model_id: job.activeModelId,
    since: report ? microsToZ(report.since) : null,
    decided: report?.decided ?? 0,
    compared: report?.compared ?? 0,
    agreed: report?.agreed ?? 0,
    labelled: report?.labelled ?? 0,
    active_right: report?.activeRight ?? 0,
    shadow_right: report?.shadowRight ?? 0,
    table: (report?.agreements ?? []).map(({ active, shadow, people, events }) => ({
      active: named(active),
      shadow: named(shadow),
      people: named(people),
      events,
    })),
    differences: (report?.differences ?? []).map(({ eventId, ingestedAt, active, shadow, people }) => ({
      event_id: eventId,
      ingested_at: microsToZ(ingestedAt),
      active: named(active),
      shadow: named(shadow),
      people: named(people),
    })),
  };
}
