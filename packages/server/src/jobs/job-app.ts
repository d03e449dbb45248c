import {
  AppDone,
  AppJob,
  AppJobChange,
  AppJobCreate,
  AppJobParams,
  AppLabelChange,
  AppLabelParams,
  type AppPointType,
  microsToZ,
} from '@verdict/contract';
import { Type } from 'typebox';
import { type Route, route } from '../http/route.ts';
import { classId, type Job, type JobIntegration, type JobSettings, jobStatus } from './job.ts';
import type { JobDraft, JobService } from './job-service.ts';

/** What has moved since a job's model was trained, in words: looked up, or only what is known already. */
export interface Warnings {
  warnings(job: Job): Promise<readonly string[]>;
  known(job: Job): readonly string[];
}

/** AI use cases for people: list, make, change, start, stop, delete. */
export function jobRoutesApp(deps: {
  readonly jobs: JobService;
  readonly drift: Warnings;
  /** Told that somebody opens an AI use case, who will soon ask for its decisions. Must not throw. */
  opened(job: Job): void;
}): Route[] {
  const { jobs } = deps;
  const read = { scope: 'read:resources', role: 'analyst' } as const;
  const write = { scope: 'write:resources', role: 'lead' } as const;
  const operate = { scope: 'execute:job_operations', role: 'lead' } as const;
  const tag = 'app: AI use cases';
  const view = (job: Job) => presentAppJob(jobs, job, deps.drift.known(job));

  return [
    route({
      method: 'GET',
      path: '/api/app/jobs',
      id: 'appListJobs',
      summary: 'List the AI use cases',
      tag,
      right: read,
      response: Type.Array(AppJob),
      handler: async ({ principal }) => Promise.all((await jobs.list(principal)).map(view)),
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs',
      id: 'appCreateJob',
      summary: 'Make an AI use case',
      tag,
      right: { scope: 'write:resources', role: 'admin' },
      body: AppJobCreate,
      status: 201,
      response: AppJob,
      handler: async ({ body, origin }) => view(await jobs.create({ ...readDraft(body), title: body.title }, origin)),
    }),
    route({
      method: 'GET',
      path: '/api/app/jobs/{job_id}',
      id: 'appGetJob',
      summary: 'Show an AI use case',
      tag,
      right: read,
      params: AppJobParams,
      response: AppJob,
      async handler({ principal, params }) {
        const job = await jobs.get(principal, params.job_id);
        deps.opened(job);
        return presentAppJob(jobs, job, await deps.drift.warnings(job));
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/app/jobs/{job_id}',
      id: 'appChangeJob',
      summary: 'Change an AI use case, its labels or its decision points',
      tag,
      right: write,
      params: AppJobParams,
      body: AppJobChange,
      response: AppJob,
      async handler({ principal, params, body, origin }) {
        const before = await jobs.get(principal, params.job_id);
        return view(await jobs.update(params.job_id, readDraft(body, before), origin));
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/app/jobs/{job_id}/labels/{class_id}',
      id: 'appRenameLabel',
      summary: 'Rename a label; its class id stays',
      tag,
      right: write,
      params: AppLabelParams,
      body: AppLabelChange,
      response: AppJob,
      handler: async ({ params, body, origin }) =>
        view(await jobs.renameLabel(params.job_id, Number(params.class_id.slice('class_'.length)), body.name, origin)),
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/start',
      id: 'appStartJob',
      summary: 'Start an AI use case',
      tag,
      right: operate,
      params: AppJobParams,
      response: AppJob,
      handler: async ({ params, origin }) => view(await jobs.start(params.job_id, origin)),
    }),
    route({
      method: 'POST',
      path: '/api/app/jobs/{job_id}/stop',
      id: 'appStopJob',
      summary: 'Stop an AI use case',
      tag,
      right: operate,
      params: AppJobParams,
      response: AppJob,
      handler: async ({ params, origin }) => view(await jobs.stop(params.job_id, origin)),
    }),
    route({
      method: 'DELETE',
      path: '/api/app/jobs/{job_id}',
      id: 'appDeleteJob',
      summary: 'Delete a stopped AI use case with everything in it',
      tag,
      right: { scope: 'delete:resources', role: 'admin' },
      params: AppJobParams,
      response: AppDone,
      async handler({ params, origin }) {
        await jobs.delete(params.job_id, origin);
        return { done: true };
      },
    }),
  ];
}

interface WireDraft {
  readonly title?: string;
  readonly description?: string;
  readonly category?: string;
  readonly labels?: readonly { readonly name: string; readonly hex_color?: string }[];
  readonly decision_points?: readonly string[];
  readonly decision_point_types?: Readonly<Record<string, AppPointType | null>>;
  readonly integrations?: readonly { readonly integration_id: number; readonly role?: string; readonly enabled?: boolean }[];
  readonly settings?: {
    readonly minutes_per_alert?: number;
    readonly retention_days?: number | null;
    readonly outlier_rate?: number;
    readonly agent_votes?: 'confirm' | 'count';
    readonly audit_rate?: number;
    readonly protected_points?: readonly string[];
  };
}

/** A wire that stays keeps what a document set of it; it has no place in the app API. */
function readDraft(body: WireDraft, before?: Job): JobDraft {
  const settings: { -readonly [K in keyof JobSettings]?: JobSettings[K] } = {};
  if (body.settings?.minutes_per_alert !== undefined) settings.minutesPerAlert = body.settings.minutes_per_alert;
  if (body.settings?.retention_days !== undefined) settings.retentionDays = body.settings.retention_days;
  if (body.settings?.outlier_rate !== undefined) settings.outlierRate = body.settings.outlier_rate;
  if (body.settings?.audit_rate !== undefined) settings.auditRate = body.settings.audit_rate;
  if (body.settings?.protected_points !== undefined) settings.protectedPoints = body.settings.protected_points;
  if (body.settings?.agent_votes !== undefined) settings.agentVotes = body.settings.agent_votes;
  return {
    title: body.title,
    description: body.description,
    category: body.category,
    labels: body.labels?.map(({ name, hex_color }) => ({ name, hexColor: hex_color })),
    points: body.decision_points,
    pointTypes: body.decision_point_types,
    integrations: body.integrations?.map(
      ({ integration_id, role, enabled }): JobIntegration => ({
        integrationId: integration_id,
        role: role ?? 'input',
        enabled: enabled ?? true,
        settings:
          before?.integrations.find((wire) => wire.integrationId === integration_id && wire.role === (role ?? 'input'))
            ?.settings ?? {},
      }),
    ),
    settings,
  };
}

async function presentAppJob(jobs: JobService, job: Job, warnings: readonly string[]): Promise<AppJob> {
  const counters = await jobs.counters(job.id);
  const time = (micros: number | null) => (micros === null ? null : microsToZ(micros));
  return {
    job_id: job.id,
    title: job.title,
    description: job.description,
    category: job.category,
    status: jobStatus(job),
    labels: job.labels.map((label) => ({
      class_id: classId(label.classNo),
      name: label.name,
      hex_color: label.hexColor,
      retired: label.retired,
    })),
    decision_points: [...job.points],
    decision_points_version: job.pointsVersion,
    decision_point_types: { ...job.pointTypes },
    integrations: job.integrations.map(({ integrationId, role, enabled }) => ({ integration_id: integrationId, role, enabled })),
    settings: {
      minutes_per_alert: job.settings.minutesPerAlert,
      retention_days: job.settings.retentionDays,
      outlier_rate: job.settings.outlierRate,
      agent_votes: job.settings.agentVotes,
      audit_rate: job.settings.auditRate,
      protected_points: [...job.settings.protectedPoints],
    },
    demo: job.settings.demo,
    active_model_id: job.activeModelId,
    shadow_model_id: job.shadowModelId,
    warnings: [...warnings],
    training: {
      state: job.trainState,
      message: job.trainMessage,
      started_at: time(job.trainStartedAt),
      finished_at: time(job.trainFinishedAt),
    },
    events: counters.events,
    events_with_feedback: counters.eventsWithFeedback,
    last_event_at: time(counters.lastEventAt),
    last_feedback_at: time(counters.lastFeedbackAt),
    created_at: microsToZ(job.createdAt),
    updated_at: microsToZ(job.updatedAt),
  };
}
