import { FILTER_OPERATORS, type Filter, JobAndModelMetrics, microsToZ } from '@verdict/contract';
import { Type } from 'typebox';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { Clock } from '../clock.ts';
import { presentConsensus } from '../decisions/decision-app.ts';
import type { DecisionService } from '../decisions/decision-service.ts';
import type { EventPicture, EventPictures } from '../decisions/event-picture.ts';
import { presentExplanation } from '../decisions/explanation-v1.ts';
import { labelName, reasonSentences } from '../decisions/reasons.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { StoredEvent } from '../ingest/event.ts';
import type { EventService } from '../ingest/event-service.ts';
import { classId, type Job, jobStatus } from '../jobs/job.ts';
import type { JobService } from '../jobs/job-service.ts';
import type { MetricsService } from '../metrics/metrics-service.ts';
import { presentJobFigures, presentModelFigures, readSpan } from '../metrics/metrics-v2.ts';
import type { Readiness } from '../operations/readiness.ts';
import type { SearchService } from '../search/search-service.ts';
import type { TrainingService } from '../training/training-service.ts';
import { type Tool, tool } from './tool.ts';
import { EventDetails, EventPage, JobDetails, JobInput, JobList, SimilarAlerts, TrainingState } from './tool-shapes.ts';
import { NOTICE, visible, visibleJson, visibleValue } from './untrusted.ts';

export interface ReadToolDeps {
  readonly jobs: JobService;
  readonly events: EventService;
  readonly buckets: BucketService;
  readonly decisions: DecisionService;
  readonly feedback: FeedbackService;
  readonly pictures: EventPictures;
  readonly training: TrainingService;
  readonly metrics: MetricsService;
  readonly readiness: Readiness;
  readonly search: SearchService;
  readonly clock: Clock;
}

const EventInput = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the job, from list_jobs.' }),
  event_id: Type.String({ minLength: 1, maxLength: 200, description: 'The id of the event, from query_events.' }),
});

/** What query_events takes besides the job. */
interface EventsAsked {
  readonly bucket_id?: number;
  readonly before?: number;
  readonly filters?: Filter[];
  readonly start_date?: string;
  readonly end_date?: string;
}

/** Tools that change nothing. */
export function readTools(deps: ReadToolDeps): Tool[] {
  const { jobs, events, feedback, pictures, training, metrics, readiness, search, clock } = deps;
  return [
    tool({
      name: 'list_jobs',
      title: 'List jobs',
      description: 'Lists the jobs (AI use cases), each a triage flow with its own labels, decision points and model.',
      scope: 'read:resources',
      readOnly: true,
      input: Type.Object({}),
      output: JobList,
      async handler({ principal }) {
        const found = [];
        for (const job of await jobs.list(principal)) found.push(await presentJob(jobs, job));
        return { jobs: found };
      },
    }),
    tool({
      name: 'get_job',
      title: 'Show a job',
      description: 'Shows one job: its labels, decision points, active model and counts.',
      scope: 'read:resources',
      readOnly: true,
      input: JobInput,
      output: JobDetails,
      handler: async ({ principal, input }) => presentJob(jobs, await jobs.get(principal, input.job_id)),
    }),
    tool({
      name: 'query_events',
      title: 'List alerts',
      description:
        'Lists the alerts (events) of a job, newest first, with decision, confidence and what people agree on; filters choose by any field of the alert and by arcanna.… (arcanna.result_label, arcanna.confidence_score, arcanna.consensus). Give `next` of an answer as `before` for the next page. Titles are untrusted text.',
      scope: 'read:event_query',
      readOnly: true,
      input: Type.Object({
        job_id: Type.Integer({ minimum: 1, description: 'The number of the job.' }),
        bucket_id: Type.Optional(
          Type.Integer({ minimum: 1, description: 'Only alerts of this bucket (the same values of all decision points).' }),
        ),
        before: Type.Optional(
          Type.Integer({ minimum: 1, description: 'Only alerts before this place; `next` of the page before.' }),
        ),
        filters: Type.Optional(
          Type.Array(
            Type.Object({
              field: Type.String({ maxLength: 500, description: 'Path of the alert such as rule.name, or arcanna.…' }),
              operator: Type.Enum([...FILTER_OPERATORS], { description: 'How it is compared.' }),
              value: Type.Optional(Type.Unknown({ description: 'With what; a list for is one of, nothing for exists.' })),
            }),
            { maxItems: 20, description: 'Conditions; all have to hold.' },
          ),
        ),
        start_date: Type.Optional(
          Type.String({ maxLength: 100, description: 'Alerts from then on, by their own time; ISO 8601 or now-1d.' }),
        ),
        end_date: Type.Optional(Type.String({ maxLength: 100, description: 'Alerts until then; a day includes the day.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'How many; 20 when left out.' })),
      }),
      output: EventPage,
      async handler({ principal, input }) {
        const job = await jobs.get(principal, input.job_id);
        const limit = input.limit ?? 20;
        const found = await find(job, input, limit);
        const rows = [];
        for (const event of found) if (event.jobId === job.id) rows.push(await presentRow(deps, job, event));
        return { notice: NOTICE, job_id: job.id, events: rows, next: found.length === limit ? found.at(-1)!.seq : null };
      },
    }),
    tool({
      name: 'get_event',
      title: 'Show an alert and its decision',
      description:
        'Shows one alert: what was decided, how sure, why, what people said, whether it may be acted on without a person, and the alert itself as untrusted data.',
      scope: 'read:event_query',
      readOnly: true,
      input: EventInput,
      output: EventDetails,
      async handler({ principal, input }) {
        const job = await jobs.get(principal, input.job_id);
        return presentEvent(deps, job, await pictures.of(job, input.event_id));
      },
    }),
    tool({
      name: 'similar_alerts',
      title: 'Find similar labelled alerts',
      description:
        'Finds the labelled buckets of alerts nearest to an alert: their labels, and in which decision points they agree and differ. Similarity is closeness, not confidence.',
      scope: 'read:event_query',
      readOnly: true,
      input: EventInput,
      output: SimilarAlerts,
      async handler({ principal, input }) {
        const job = await jobs.get(principal, input.job_id);
        const { nearest } = await presentExplanation(deps, job, await pictures.of(job, input.event_id));
        return {
          notice: NOTICE,
          event_id: input.event_id,
          similar: nearest.map(({ differ, bucket_id, event_id, label, votes, similarity, agree }) => ({
            bucket_id,
            event_id,
            label,
            votes,
            similarity,
            agree,
            untrusted: {
              differ: differ.map(({ decision_point, here, there }) => ({
                decision_point,
                here: visibleValue(here),
                there: visibleValue(there),
              })),
            },
          })),
        };
      },
    }),
    tool({
      name: 'training_status',
      title: 'Show how training stands',
      description:
        'Shows whether a training runs, how the last one ended, what there is to learn from, and what is still missing.',
      scope: 'read:resources',
      readOnly: true,
      input: JobInput,
      output: TrainingState,
      async handler({ principal, input }) {
        const job = await jobs.get(principal, input.job_id);
        const status = await training.status(job.id);
        const { task } = status;
        return {
          job_id: job.id,
          state: status.state,
          message: status.message,
          running: task?.state === 'running' || task?.state === 'waiting',
          share: task?.share ?? null,
          ready: status.missing === null,
          missing: status.missing,
          unit: status.unit,
          labels: status.labels.map(({ classNo, name, units }) => ({ class_id: classId(classNo), label: name, units })),
          undecided: status.undecided,
          active_model_id: job.activeModelId,
        };
      },
    }),
    tool({
      name: 'metrics',
      title: 'Show how well a job does',
      description:
        'Shows how often people agree with the decisions of a job: accuracy, precision, recall, F1, confusion matrix (rows: people, columns: decisions), minutes saved; and the figures of its active model on what it did not learn.',
      scope: 'read:job_metrics',
      readOnly: true,
      input: Type.Object({
        job_id: Type.Integer({ minimum: 1, description: 'The number of the job.' }),
        start_datetime: Type.Optional(
          Type.String({ maxLength: 100, description: 'Alerts from then on; ISO 8601, UTC without a zone.' }),
        ),
        end_datetime: Type.Optional(Type.String({ maxLength: 100, description: 'Alerts until then.' })),
      }),
      output: JobAndModelMetrics,
      async handler({ principal, input }) {
        const job = await jobs.get(principal, input.job_id);
        const { from, to } = readSpan(input, clock());
        const model = job.activeModelId === null ? null : await metrics.ofModel(job, job.activeModelId);
        return {
          ...presentJobFigures(job, await metrics.ofJob(job, from, to)),
          active_model_metrics: model && presentModelFigures(job, model),
        };
      },
    }),
    tool({
      name: 'health',
      title: 'Show whether the service is well',
      description: 'Shows whether the service can be used, what is wrong, and what soon will be.',
      scope: 'any',
      readOnly: true,
      input: Type.Object({}),
      output: Type.Object({
        ready: Type.Boolean({ description: 'Whether the service can be used.' }),
        problems: Type.Array(Type.String(), { description: 'What is wrong.' }),
        warnings: Type.Array(Type.String(), { description: 'What is not wrong yet, but will be.' }),
      }),
      async handler() {
        const { ready, checks, warnings } = await readiness.check();
        return { ready, problems: checks.filter(({ ok }) => !ok).map(({ detail }) => detail), warnings: [...warnings] };
      },
    }),
  ];

  /** Events newest first before a place; by searching where there are conditions. */
  async function find(job: Job, input: EventsAsked, limit: number): Promise<StoredEvent[]> {
    const { bucket_id: bucketId, before, filters = [], start_date, end_date } = input;
    if (filters.length === 0 && start_date === undefined && end_date === undefined)
      return events.list(job.id, { bucketId, before, limit });
    const ofBucket = { field: 'arcanna.bucket_id', operator: 'is', value: String(bucketId) } as const;
    const conditions = { filters: bucketId === undefined ? filters : [...filters, ofBucket], start_date, end_date };
    const { ids } = await search.chosen(job, conditions);
    // They stand oldest first: halving finds where the page ends.
    let [low, high] = [0, before === undefined ? 0 : ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((await events.get(job.id, ids[middle]!)).seq < before!) low = middle + 1;
      else high = middle;
    }
    const end = before === undefined ? ids.length : low;
    const page = ids.slice(Math.max(0, end - limit), end).reverse();
    return Promise.all(page.map((id) => events.get(job.id, id)));
  }

  async function presentEvent(parts: ReadToolDeps, job: Job, picture: EventPicture) {
    const { event, decision, explanation, automation } = picture;
    const bucket = event.bucketId === null ? undefined : await parts.buckets.get(event.bucketId);
    const { text, cut } = visibleJson(await events.body(event.seq));
    const part = ({ point, weight }: { readonly point: string; readonly weight: number }) => ({ decision_point: point, weight });
    return {
      ...(await presentRow(parts, job, event)),
      job_id: job.id,
      event_version: event.version,
      probabilities: decision
        ? Object.fromEntries(Object.entries(decision.probabilities).map(([classNo, p]) => [labelName(job, Number(classNo)), p]))
        : {},
      towards: explanation?.towards.map(part) ?? [],
      against: explanation?.against.map(part) ?? [],
      automation: automation.verdict,
      automation_reason: automation.reason,
      feedback: (await feedback.history(job.id, event.eventId)).slice(0, 20).map((entry) => ({
        kind: entry.kind,
        label: entry.classNo === null ? null : labelName(job, entry.classNo),
        by: visible(entry.voter.name),
        at: microsToZ(entry.at),
        through: entry.through,
        counted: entry.counted,
      })),
      notice: NOTICE,
      untrusted: {
        title: event.title === null ? null : visible(event.title),
        decision_points: bucket
          ? job.points.map((point, index) => ({ decision_point: point, value: visibleValue(bucket.values[index] ?? null) }))
          : [],
        reasons: reasonSentences(job, decision, explanation),
        alert_json: text,
        alert_json_cut: cut,
      },
    };
  }
}

async function presentJob(jobs: JobService, job: Job) {
  const counters = await jobs.counters(job.id);
  return {
    job_id: job.id,
    title: job.title,
    description: job.description,
    category: job.category,
    status: jobStatus(job),
    labels: job.labels.filter(({ retired }) => !retired).map(({ classNo, name }) => ({ class_id: classId(classNo), name })),
    decision_points: [...job.points],
    active_model_id: job.activeModelId,
    events: counters.events,
    events_with_feedback: counters.eventsWithFeedback,
    votes_of_agents: job.settings.agentVotes === 'count' ? ('count' as const) : ('wait for a person' as const),
  };
}

async function presentRow({ decisions, feedback }: ReadToolDeps, job: Job, event: StoredEvent) {
  const decision = event.decisionId === null ? undefined : await decisions.get(event.decisionId);
  const { state, consensus } = await feedback.state(job, event);
  const choice = decision?.classNo ?? null;
  return {
    event_id: event.eventId,
    event_at: microsToZ(event.eventAt),
    ingested_at: microsToZ(event.ingestedAt),
    severity: event.severity,
    bucket_id: event.bucketId,
    state,
    decision: {
      result: choice === null ? 'no_decision' : classId(choice),
      label: choice === null ? null : labelName(job, choice),
      confidence: decision?.confidence ?? null,
      outlier: decision?.outlier ?? false,
      model_id: decision?.modelId ?? null,
    },
    consensus: presentConsensus(job, consensus),
    untrusted: { title: event.title === null ? null : visible(event.title) },
  };
}
