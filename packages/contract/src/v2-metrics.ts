import { type Static, Type } from 'typebox';
import { Lenient, Nullable, Open } from './common.ts';
import { Filter } from './v2-search.ts';

/** How well jobs and models do: `/api/v2/metrics/…`. A share is from 0 to 1, and null where there is nothing to count. */

const share = (description: string) => Nullable(Type.Number({ minimum: 0, maximum: 1 }), description);
const count = (description: string) => Type.Integer({ minimum: 0, description });

const decisionExample = {
  precision: 0.93,
  recall: 0.952,
  f1_score: 0.941,
  true_positives: 40,
  true_negatives: 55,
  false_positives: 3,
  false_negatives: 2,
};
export const DecisionMetrics = Type.Object(
  {
    precision: share('Of those decided so, how many the analysts agree with.'),
    recall: share('Of those the analysts label so, how many were decided so.'),
    f1_score: share('Harmonic mean of the two.'),
    true_positives: count('Decided so, and rightly.'),
    true_negatives: count('Decided otherwise, and rightly.'),
    false_positives: count('Decided so, and wrongly.'),
    false_negatives: count('Decided otherwise, and wrongly.'),
  },
  { description: 'How well one label is decided.', examples: [decisionExample] },
);
export type DecisionMetrics = Static<typeof DecisionMetrics>;

const overall = {
  overall_accuracy: share('How many decisions the analysts agree with.'),
  overall_f1_score: share('Mean over the labels.'),
  overall_recall: share('Mean over the labels.'),
  overall_precision: share('Mean over the labels.'),
  confusion_matrix: Type.Array(Type.Array(Type.Integer({ minimum: 0 })), {
    description: 'Rows are the consensus of the analysts, columns the decision, both in class-id order.',
  }),
  metrics_per_decision: Type.Record(Type.String(), DecisionMetrics, { description: 'By name of the label.' }),
};
const overallExample = {
  overall_accuracy: 0.95,
  overall_f1_score: 0.94,
  overall_recall: 0.94,
  overall_precision: 0.95,
  confusion_matrix: [
    [40, 2],
    [3, 55],
  ],
  metrics_per_decision: { Escalate: decisionExample },
};

/** Query of `POST /api/v2/metrics/job` and `/job_and_latest_model`. */
export const JobMetricsQuery = Open(
  {
    job_id: Type.String({ description: 'The number or the title of the job.' }),
    start_datetime: Type.Optional(Type.String({ description: 'From then on; ISO 8601, UTC without a zone.' })),
    end_datetime: Type.Optional(Type.String({ description: 'Until then.' })),
    timeout_s: Type.Optional(
      Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?$', description: 'Seconds to wait for the model’s metrics.' }),
    ),
  },
  { description: 'Which job and time.', examples: [{ job_id: '1201', start_datetime: '2021-09-01' }] },
);
export type JobMetricsQuery = Static<typeof JobMetricsQuery>;

/** Body of the same. */
export const JobMetricsRequest = Open(
  { filters: Lenient(Type.Array(Filter), 'Conditions; all have to hold.') },
  { description: 'Which events count.', examples: [{ filters: [{ field: 'rule.name', operator: 'exists' }] }] },
);
export type JobMetricsRequest = Static<typeof JobMetricsRequest>;

const jobMembers = {
  start_time: Nullable(Type.String(), 'The first moment that counts; RFC 3339.'),
  end_time: Nullable(Type.String(), 'The last moment that counts.'),
  ...overall,
  time_saved_minutes: Type.Number({
    description: 'Minutes an alert takes (a setting of the job) × decisions the analysts agree with.',
  }),
  active_model_id: Nullable(Type.String(), 'The model that decides; null before the first training.'),
  all_model_ids: Type.Array(Type.String(), { description: 'Every model of the job.' }),
  total_events: count('Events.'),
  total_events_in_knowledge_base: count('Events in buckets the active model was trained on.'),
  total_events_with_consensus: count('Events in buckets with a consensus.'),
  changed_consensus_after_training: Type.Object(
    {
      total_events: count('Events in buckets whose consensus changed since the training.'),
      top_events_ids: Type.Array(Type.String(), { description: 'Some of them.' }),
      top_buckets_ids: Type.Array(Type.String(), { description: 'Some of the buckets.' }),
    },
    { description: 'What people see otherwise since the training.' },
  ),
};
const jobExample = {
  start_time: '2021-09-01T00:00:00.000000Z',
  end_time: '2021-09-02T00:00:00.000000Z',
  ...overallExample,
  time_saved_minutes: 950,
  active_model_id: '3',
  all_model_ids: ['1', '2', '3'],
  total_events: 1250,
  total_events_in_knowledge_base: 900,
  total_events_with_consensus: 1000,
  changed_consensus_after_training: { total_events: 0, top_events_ids: [], top_buckets_ids: [] },
};
/** Answer of `POST /api/v2/metrics/job`. */
export const JobMetrics = Type.Object(jobMembers, { description: 'How well a job does.', examples: [jobExample] });
export type JobMetrics = Static<typeof JobMetrics>;

/** Query of `GET /api/v2/metrics/model` and `POST /api/v2/metrics/model/request_recompute_metrics`. */
export const ModelMetricsQuery = Open(
  {
    job_id: Type.String({ description: 'The number or the title of the job.' }),
    model_id: Type.String({ description: 'The model.' }),
  },
  { description: 'Which model.', examples: [{ job_id: '1201', model_id: '3' }] },
);
export type ModelMetricsQuery = Static<typeof ModelMetricsQuery>;

const modelExample = {
  model_id: '3',
  is_recomputing_metrics: false,
  last_recomputed_timestamp: '2021-09-01T22:00:04.118204Z',
  ...overallExample,
};
/** Answer of `GET /api/v2/metrics/model`. */
export const ModelMetricsView = Type.Object(
  {
    model_id: Type.String({ description: 'The model.' }),
    is_recomputing_metrics: Type.Boolean({ description: 'Whether they are being computed now.' }),
    last_recomputed_timestamp: Nullable(Type.String(), 'When they were computed; RFC 3339.'),
    ...overall,
  },
  { description: 'How well a model does.', examples: [modelExample] },
);
export type ModelMetricsView = Static<typeof ModelMetricsView>;

/** Answer of `POST /api/v2/metrics/job_and_latest_model`. */
export const JobAndModelMetrics = Type.Object(
  { ...jobMembers, active_model_metrics: Nullable(ModelMetricsView, 'Of the active model; null before the first training.') },
  { description: 'How well a job and its active model do.', examples: [{ ...jobExample, active_model_metrics: modelExample }] },
);
export type JobAndModelMetrics = Static<typeof JobAndModelMetrics>;

export const RecomputeAnswer = Type.Object(
  {
    message: Type.String({ description: 'What happens now.' }),
    job_id: Type.Integer({ description: 'The job.' }),
    model_id: Type.String({ description: 'The model.' }),
    status: Type.String({ description: 'How the work stands.' }),
    requested_at: Type.String({ description: 'RFC 3339.' }),
  },
  {
    description: 'The metrics are being computed.',
    examples: [
      {
        message: 'The metrics of model 3 are being computed.',
        job_id: 1201,
        model_id: '3',
        status: 'started',
        requested_at: '2021-09-02T09:46:22.363642Z',
      },
    ],
  },
);
export type RecomputeAnswer = Static<typeof RecomputeAnswer>;

/** The 404 of the metrics of models. */
export const MetricsError = Type.Object(
  { error: Type.String({ description: 'What is wrong.' }), details: Type.String({ description: 'What to do about it.' }) },
  {
    description: 'There is no such model.',
    examples: [{ error: 'Model not found', details: 'Job 1201 has the models 1, 2, 3.' }],
  },
);
export type MetricsError = Static<typeof MetricsError>;
