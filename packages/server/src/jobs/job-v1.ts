import {
  ActionAnswer,
  ActionRequest,
  HealthView,
  JobByNameRequest,
  JobList,
  JobParams,
  JobView,
  LabelNames,
  LabelsQuery,
  microsToOffset,
  readJobByName,
  readJobId,
  readLabelsAs,
  readUsername,
  UsernameQuery,
} from '@verdict/contract';
import { Refusal } from '../errors.ts';
import type { Principal } from '../http/principal.ts';
import { expectValid } from '../http/read.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { Authenticate } from '../http/server.ts';
import { classId, type Job, jobStatus, openLabels } from './job.ts';
import type { JobService } from './job-service.ts';

/** Starts a training; says in a sentence when it cannot. */
export interface Trainer {
  requestTraining(
    jobId: number,
    origin: Call['origin'],
    username?: string,
  ): Promise<{ readonly ok: boolean; readonly sentence: string }>;
}

const DONE = { ok: true, sentence: '' };

/** Calls 1 to 9 of the v1 API. */
export function jobRoutesV1(deps: {
  readonly jobs: JobService;
  readonly trainer: Trainer;
  readonly authenticate: Authenticate;
}): Route[] {
  const { jobs, trainer } = deps;

  const jobOf = async (principal: Principal, params: unknown): Promise<Job> =>
    jobs.get(principal, expectValid(readJobId((params as { job_id?: unknown }).job_id)));
  const byName = async (principal: Principal, body: unknown): Promise<Job> =>
    jobs.getByTitle(principal, expectValid(readJobByName(body)).job_name);
  const view = (job: Job) => presentJob(jobs, job);

  /** Calls 7 to 9 answer 200 whatever came of it: the packs show `error_message`. */
  const action = async (
    call: Call,
    act: (job: Job, username: string | undefined) => Promise<{ ok: boolean; sentence: string }>,
  ) => {
    const job = await jobOf(call.principal, call.params);
    const username = expectValid(readUsername(call.query));
    try {
      const { ok, sentence } = await act(job, username);
      return { status: ok ? 'OK' : 'ERROR', error_message: ok ? '' : sentence };
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) return { status: 'ERROR', error_message: error.message };
      throw error;
    }
  };
  const actionRoute = {
    tag: 'v1: jobs',
    params: JobParams,
    query: UsernameQuery,
    body: ActionRequest,
    lenient: true,
    response: ActionAnswer,
  } as const;

  return [
    route({
      method: 'GET',
      path: '/api/v1/health/',
      id: 'v1Health',
      summary: 'Tell whether the service is there and the key is good',
      tag: 'v1: jobs',
      right: { public: true },
      response: HealthView,
      async handler(call) {
        try {
          await deps.authenticate(call.request);
          return { status: true, connected: true };
        } catch (error) {
          if (!(error instanceof Refusal) || error.status !== 401) throw error;
          call.reply.status(401);
          return { status: false, connected: false, detail: error.message };
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/jobs/',
      id: 'v1ListJobs',
      summary: 'List the jobs this key sees',
      tag: 'v1: jobs',
      right: { input: 'any', scope: 'read:resources', role: 'analyst' },
      response: JobList,
      handler: async ({ principal }) => Promise.all((await jobs.list(principal)).map(view)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/jobs/{job_id}',
      id: 'v1GetJob',
      summary: 'Show a job',
      tag: 'v1: jobs',
      right: { input: 'any', scope: 'read:resources', role: 'analyst' },
      params: JobParams,
      response: JobView,
      handler: async ({ principal, params }) => view(await jobOf(principal, params)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/jobs/get_by_name',
      id: 'v1GetJobByName',
      summary: 'Show a job by its title',
      tag: 'v1: jobs',
      right: { input: 'any', scope: 'read:resources', role: 'analyst' },
      body: JobByNameRequest,
      lenient: true,
      response: JobView,
      handler: async ({ principal, body }) => view(await byName(principal, body)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/jobs/{job_id}/labels',
      id: 'v1GetLabels',
      summary: 'List the labels of a job (its decision set)',
      tag: 'v1: jobs',
      right: { input: 'any', scope: 'read:resources', role: 'analyst' },
      params: JobParams,
      query: LabelsQuery,
      response: LabelNames,
      handler: async ({ principal, params, query }) => {
        const job = await jobOf(principal, params);
        const as = expectValid(readLabelsAs(query));
        // Labels that were retired leave gaps, so class ids cannot be told from the names.
        return as === 'class_ids' ? openLabels(job.labels).map(({ classNo }) => classId(classNo)) : labelNames(job);
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/jobs/get_by_name/labels',
      id: 'v1GetLabelsByName',
      summary: 'List the labels of a job by its title',
      tag: 'v1: jobs',
      right: { input: 'any', scope: 'read:resources', role: 'analyst' },
      body: JobByNameRequest,
      lenient: true,
      response: LabelNames,
      handler: async ({ principal, body }) => labelNames(await byName(principal, body)),
    }),
    route({
      ...actionRoute,
      method: 'POST',
      path: '/api/v1/jobs/{job_id}/train',
      id: 'v1Train',
      summary: 'Train a model from the feedback',
      right: { input: 'train', scope: 'execute:job_operations', role: 'lead' },
      handler: (call) => action(call, (job, username) => trainer.requestTraining(job.id, call.origin, username)),
    }),
    route({
      ...actionRoute,
      method: 'POST',
      path: '/api/v1/jobs/{job_id}/start',
      id: 'v1Start',
      summary: 'Start a job: it takes events from now on',
      right: { input: 'start_stop', scope: 'execute:job_operations', role: 'lead' },
      handler: (call) => action(call, (job) => jobs.start(job.id, call.origin).then(() => DONE)),
    }),
    route({
      ...actionRoute,
      method: 'POST',
      path: '/api/v1/jobs/{job_id}/stop',
      id: 'v1Stop',
      summary: 'Stop a job: it takes no events until it is started',
      right: { input: 'start_stop', scope: 'execute:job_operations', role: 'lead' },
      handler: (call) => action(call, (job) => jobs.stop(job.id, call.origin).then(() => DONE)),
    }),
  ];
}

/** The job view of the wire. */
export async function presentJob(jobs: JobService, job: Job): Promise<JobView> {
  const counters = await jobs.counters(job.id);
  const time = (micros: number | null) => (micros === null ? null : microsToOffset(micros));
  return {
    job_id: job.id,
    title: job.title,
    category: job.category,
    data_type: '',
    status: jobStatus(job),
    retrain_state: job.trainState as JobView['retrain_state'],
    retrain_msg: job.trainMessage,
    labels: labelNames(job),
    features: [...job.points],
    processed_documents_count: counters.events,
    feedback_documents_count: counters.eventsWithFeedback,
    last_processed_timestamp: time(counters.lastEventAt),
    last_feedback_timestamp: time(counters.lastFeedbackAt),
    last_train_start_timestamp: time(job.trainStartedAt),
    last_train_finished_timestamp: time(job.trainFinishedAt),
    invalid: await jobs.isInvalid(job),
  };
}

function labelNames(job: Job): string[] {
  return openLabels(job.labels).map((label) => label.name);
}
