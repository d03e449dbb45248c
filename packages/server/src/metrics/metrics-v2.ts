import {
  type DecisionMetrics,
  type Filter,
  JobAndModelMetrics,
  JobMetrics,
  JobMetricsQuery,
  JobMetricsRequest,
  type MetricsError,
  ModelMetricsQuery,
  ModelMetricsView,
  microsToZ,
  RecomputeAnswer,
} from '@verdict/contract';
import { Compile } from 'typebox/compile';
import type { Clock } from '../clock.ts';
import { labelName } from '../decisions/reasons.ts';
import { Refusal } from '../errors.ts';
import type { Principal } from '../http/principal.ts';
import { invalidAt } from '../http/read.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { SearchService } from '../search/search-service.ts';
import { readTime } from '../search/time-text.ts';
import type { Figures } from './figures.ts';
import { type JobFigures, type MetricsService, type ModelFigures, readModelId } from './metrics-service.ts';

/** Longest wait for the metrics of a model, in seconds. */
const LONGEST_WAIT_S = 60;

/** `/api/v2/metrics/…`: how well jobs and models do. */
export function metricsRoutesV2(deps: {
  readonly jobs: JobService;
  readonly metrics: MetricsService;
  readonly search: SearchService;
  readonly clock: Clock;
}): Route[] {
  const { jobs, metrics, search, clock } = deps;
  const tag = 'v2: metrics';
  const read = { scope: 'read:job_metrics', role: 'analyst' } as const;

  const figuresOf = async ({ principal, query, body, reply }: Call<unknown, JobMetricsQuery, unknown>) => {
    const job = await findJob(jobs, principal, query.job_id);
    const filters = readFilters(body);
    const { from, to } = readSpan(query, clock());
    const only = filters.length === 0 ? undefined : (await search.chosen(job, { filters }, gone(reply))).ids;
    return { job, view: presentJobFigures(job, await metrics.ofJob(job, from, to, only)) };
  };

  return [
    route({
      method: 'POST',
      path: '/api/v2/metrics/job',
      id: 'v2JobMetrics',
      summary: 'How well a job does',
      description: ABOUT_JOBS,
      tag,
      right: read,
      query: JobMetricsQuery,
      body: JobMetricsRequest,
      lenient: true,
      response: JobMetrics,
      handler: async (call) => (await figuresOf(call)).view,
    }),
    route({
      method: 'POST',
      path: '/api/v2/metrics/job_and_latest_model',
      id: 'v2JobAndModelMetrics',
      summary: 'How well a job and its active model do',
      description: `${ABOUT_JOBS} ${ABOUT_MODELS} timeout_s: how long to wait for metrics that are being computed, up to ${LONGEST_WAIT_S}.`,
      tag,
      right: read,
      query: JobMetricsQuery,
      body: JobMetricsRequest,
      lenient: true,
      response: JobAndModelMetrics,
      async handler(call) {
        const { job, view } = await figuresOf(call);
        const wait = Math.min(LONGEST_WAIT_S, Number(call.query.timeout_s ?? 0)) * 1000;
        const model = job.activeModelId === null ? null : await metrics.ofModelWhenReady(job, job.activeModelId, wait);
        return { ...view, active_model_metrics: model && presentModelFigures(job, model) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/metrics/model',
      id: 'v2ModelMetrics',
      summary: 'How well a model does',
      description: ABOUT_MODELS,
      tag,
      right: read,
      query: ModelMetricsQuery,
      response: ModelMetricsView,
      handler: (call) =>
        orUnknownModel(deps, call, async (job, modelId) => presentModelFigures(job, await metrics.ofModel(job, modelId))),
    }),
    route({
      method: 'POST',
      path: '/api/v2/metrics/model/request_recompute_metrics',
      id: 'v2RecomputeModelMetrics',
      summary: 'Have the metrics of a model computed anew',
      description: 'In the background; GET /api/v2/metrics/model says when they are there.',
      tag,
      right: { scope: 'execute:recompute_model_metrics', role: 'lead' },
      query: ModelMetricsQuery,
      response: RecomputeAnswer,
      handler: (call) =>
        orUnknownModel(deps, call, async (job, modelId) => {
          const { begun, requestedAt } = await metrics.requestRecompute(job, modelId, call.origin);
          return {
            message: begun
              ? `The metrics of model ${modelId} are being computed.`
              : `The metrics of model ${modelId} are being computed already.`,
            job_id: job.id,
            model_id: String(modelId),
            status: begun ? 'started' : 'running',
            requested_at: microsToZ(requestedAt),
          };
        }),
    }),
  ];
}

const ABOUT_JOBS =
  'Events count by their own time, each once, with its current decision and what people agree on now; only those with both are judged. Precision, recall and F1 over all labels are the plain mean over the labels that were given or chosen, as scikit-learn’s macro average. Buckets that the model was trained on count too: the metrics of a model say how it does on what it did not learn.';
const ABOUT_MODELS =
  'Metrics of a model are over buckets (or events that stand on their own) that it was not fitted to: its knowledge base as judged at its training, each by a part of the model that had not seen it, and, once computed anew, what was labelled since.';

/** Figures of a job in the words of v2. */
export function presentJobFigures(job: Job, found: JobFigures): JobMetrics {
  const at = (micros: number | null) => (micros === null ? null : microsToZ(micros));
  return {
    start_time: at(found.from),
    end_time: at(found.to),
    ...presentFigures(job, found.figures),
    time_saved_minutes: found.minutesSaved,
    active_model_id: job.activeModelId === null ? null : String(job.activeModelId),
    all_model_ids: found.modelIds.map(String),
    total_events: found.events,
    total_events_in_knowledge_base: found.eventsInKnowledgeBase,
    total_events_with_consensus: found.eventsWithConsensus,
    changed_consensus_after_training: {
      total_events: found.changed.events,
      top_events_ids: [...found.changed.eventIds],
      top_buckets_ids: found.changed.bucketIds.map(String),
    },
  };
}

/** Figures of a model in the words of v2. */
export function presentModelFigures(job: Job, found: ModelFigures): ModelMetricsView {
  return {
    model_id: String(found.modelId),
    is_recomputing_metrics: found.recomputing,
    last_recomputed_timestamp: found.recomputedAt === null ? null : microsToZ(found.recomputedAt),
    ...presentFigures(job, found.figures),
  };
}

function presentFigures(job: Job, figures: Figures) {
  const perLabel: Record<string, DecisionMetrics> = {};
  for (const label of figures.labels) {
    const name = labelName(job, label.classNo);
    // A label may bear the name of one that is no longer offered.
    const key = Object.hasOwn(perLabel, name) ? `${name} (class_${label.classNo})` : name;
    perLabel[key] = {
      precision: label.precision,
      recall: label.recall,
      f1_score: label.f1,
      true_positives: label.truePositives,
      true_negatives: label.trueNegatives,
      false_positives: label.falsePositives,
      false_negatives: label.falseNegatives,
    };
  }
  return {
    overall_accuracy: figures.accuracy,
    overall_f1_score: figures.f1,
    overall_recall: figures.recall,
    overall_precision: figures.precision,
    confusion_matrix: figures.confusion.map((row) => [...row]),
    metrics_per_decision: perLabel,
  };
}

/** The job by its number or, where that is none, by its title. @throws Refusal `job_not_found`. */
export async function findJob(jobs: JobService, principal: Principal, text: string): Promise<Job> {
  const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
  if (number < 1) return jobs.getByTitle(principal, text);
  try {
    return await jobs.get(principal, number);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'job_not_found') throw error;
    // A title may look like a number.
    return await jobs.getByTitle(principal, text).catch(() => {
      throw error;
    });
  }
}

/**
 * A span of time in microseconds, both ends in it; null where it is not limited. An end that is a day includes the day; `now-7d` and the like are
 * taken too.
 * @throws Refusal `invalid` for what is no time, and for an end before the start.
 */
export function readSpan(query: SpanQuery, now: number): { from: number | null; to: number | null } {
  const [from, to] = [readBound(query, 'start_datetime', now), readBound(query, 'end_datetime', now)];
  if (from !== null && to !== null && from > to)
    throw invalidAt([{ loc: ['query', 'end_datetime'], msg: 'must not be before start_datetime', type: 'conflict' }]);
  return { from, to };
}

type SpanQuery = Pick<JobMetricsQuery, 'start_datetime' | 'end_datetime'>;

function readBound(query: SpanQuery, name: 'start_datetime' | 'end_datetime', now: number): number | null {
  const text = query[name];
  if (text === undefined || text.trim() === '') return null;
  const time = readTime(text, { now }, name === 'end_datetime');
  if (time !== null) return time;
  throw invalidAt([{ loc: ['query', name], msg: 'must be a date or time like 2021-09-02T09:46:22Z', type: 'bad_format' }]);
}

/** Aborted when the caller has gone. */
function gone(reply: Call['reply']): AbortSignal {
  const control = new AbortController();
  reply.raw.once('close', () => control.abort());
  return control.signal;
}

const checkRequest = Compile(JobMetricsRequest);

/** The body may be left out. @throws Refusal `invalid`. */
function readFilters(body: unknown): readonly Filter[] {
  if (body === undefined || body === null) return [];
  if (checkRequest.Check(body)) return body.filters ?? [];
  const problems = [...checkRequest.Errors(body)].slice(0, 5).map(({ instancePath, message }) => ({
    loc: ['body', ...instancePath.split('/').slice(1)],
    msg: message,
    type: 'bad_format' as const,
  }));
  throw invalidAt(problems);
}

/** Does something with a model; for one that is not there, the 404 that clients of these routes read. */
async function orUnknownModel<Answer>(
  deps: { readonly jobs: JobService; readonly metrics: MetricsService },
  call: Call<unknown, ModelMetricsQuery, unknown>,
  act: (job: Job, modelId: number) => Promise<Answer>,
): Promise<Answer | MetricsError> {
  const job = await findJob(deps.jobs, call.principal, call.query.job_id);
  try {
    return await act(job, readModelId(call.query.model_id));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'not_found') throw error;
    const ids = await deps.metrics.modelIds(job.id);
    call.reply.status(404);
    return {
      error: 'Model not found',
      details:
        ids.length === 0 ? `Job ${job.id} has no models yet; train it first.` : `Job ${job.id} has the models ${ids.join(', ')}.`,
    };
  }
}
