import { type Static, Type } from 'typebox';
import {
  BULK_EVENTS_MAX,
  CLOSING_NOTES_CHARS_MAX,
  EVENT_ID_PATTERN,
  examplesOf,
  ID_MAX,
  Lenient,
  Nullable,
  Open,
  SHORT_TEXT_CHARS_MAX,
  TITLE_CHARS_MAX,
} from './common.ts';

/**
 * The shapes of the v1 API, what a SOAR speaks. Request schemas say what is accepted (numbers also as strings, null as absent);
 * the functions of `v1-read.ts` read such a body. Answer schemas say exactly what is sent.
 */

/** What an input key may be allowed to do, one by one, and what each allows. */
export const INPUT_RIGHTS = ['events', 'decisions', 'feedback', 'export', 'train', 'start_stop'] as const;
export type InputRight = (typeof INPUT_RIGHTS)[number];
export const INPUT_RIGHT_DESCRIPTIONS: Readonly<Record<InputRight, string>> = {
  events: 'Send events, one or many at a time.',
  decisions: 'Read the decision on an event and its explanation.',
  feedback: 'Give feedback on an event.',
  export: 'Export an event with everything known about it.',
  train: 'Start a training.',
  start_stop: 'Start and stop the job.',
};

const NumericId = Type.Union([
  Type.Integer({ minimum: 1, maximum: ID_MAX }),
  Type.String({ pattern: '^\\s*\\+?[0-9]+(\\.0*)?\\s*$' }),
]);
const NumericText = Type.Union([
  Type.Number(),
  Type.String({ pattern: '^\\s*([+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?)?\\s*$' }),
]);
const Text = Type.String({ maxLength: SHORT_TEXT_CHARS_MAX });
const Integer = (description: string) => Type.Integer({ minimum: 0, description });
const Instant = (description: string) => Type.String({ format: 'date-time', description });

const senderMembers = {
  username: Lenient(Text, 'Who sends it, as the SOAR knows them; the name of the key when absent.'),
  cortex_user: Lenient(Text, 'The same as username, in the words of the XSOAR packs; wins over it.'),
};

const eventMembers = {
  raw_body: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description: 'The alert as it is. Kept byte for byte.',
  }),
  title: Lenient(Type.String({ maxLength: TITLE_CHARS_MAX }), 'A title for people.'),
  severity: Lenient(NumericText, 'How severe the sender holds it to be; any finite number, also as text.'),
  data_source: Lenient(Text, 'Where the alert comes from.'),
  storage_tag: Lenient(Text, 'A tag kept with the event and found again in its export.'),
  ...senderMembers,
};

const jobIdInPath = Type.String({ description: 'The number of the job.', examples: ['1201'] });
const eventIdInPath = Type.String({
  pattern: EVENT_ID_PATTERN,
  description: 'The id of the event, unique within its job.',
  examples: ['4711'],
});
/** Path parameters of v1 and v2. */
export const JobParams = Type.Object({ job_id: jobIdInPath }, { description: 'A job.', examples: [{ job_id: '1201' }] });
export const EventParams = Type.Object(
  { job_id: jobIdInPath, event_id: eventIdInPath },
  { description: 'An event.', examples: [{ job_id: '1201', event_id: '4711' }] },
);
export const EventIdParams = Type.Object(
  { event_id: eventIdInPath },
  { description: 'The id that an event gets.', examples: [{ event_id: '4711' }] },
);

/** Query of calls 7, 8, 9 and 13. */
export const UsernameQuery = Open(
  { username: Type.Optional(Type.String({ maxLength: SHORT_TEXT_CHARS_MAX, description: 'Who acts.', examples: ['alice'] })) },
  { description: 'Who acts; the name of the key when absent.', examples: [{ username: 'alice' }] },
);

/** Query of call 5. */
export const LabelsQuery = Open(
  { as: Type.Optional(Type.Enum(['names', 'class_ids'], { description: 'What the labels are listed by; names when absent.' })) },
  { description: 'What the labels are listed by.', examples: [{ as: 'class_ids' }] },
);

/** Query of calls 10 and 11 (call 17). */
export const WaitQuery = Open(
  {
    wait_ms: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,4}$', description: 'Milliseconds to wait for the decision, 0 to 5000.' }),
    ),
  },
  { description: 'With wait_ms the answer is the decision view where it came in time.', examples: [{ wait_ms: '2000' }] },
);

/** Answer of call 1; `detail` says what is wrong with the key. */
export const HealthView = Type.Object(
  {
    status: Type.Boolean({ description: 'Whether the key is good.' }),
    connected: Type.Boolean({ description: 'The same as status.' }),
    detail: Type.Optional(Type.String({ description: 'What is wrong, where status is false.' })),
  },
  { description: 'Whether the service is there and the key is good.', examples: [{ status: true, connected: true }] },
);
export type HealthView = Static<typeof HealthView>;

export const JOB_STATUSES = ['ENABLED', 'DISABLED', 'READY_TO_SELECT_FEATURES'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];
export const RETRAIN_STATES = ['RETRAIN_STARTED', 'RETRAIN_FINISHED', 'RETRAIN_FAILED'] as const;
export type RetrainState = (typeof RETRAIN_STATES)[number];

/** A job as calls 2, 3 and 4 show it. */
export const JobView = Type.Object(
  {
    job_id: Type.Integer({ description: 'The number of the job; numbers start at 1201.' }),
    title: Type.String({ description: 'The title of the job.' }),
    category: Type.String({ description: 'Decision intelligence or Event centric decision intelligence.' }),
    data_type: Type.String({ description: 'Always empty; kept because old clients print it.' }),
    status: Type.Enum([...JOB_STATUSES], {
      description:
        'ENABLED takes events, DISABLED is stopped, READY_TO_SELECT_FEATURES takes events but has no decision points yet.',
    }),
    retrain_state: Nullable(Type.Enum([...RETRAIN_STATES]), 'How the last training stands; null before the first.'),
    retrain_msg: Nullable(Type.String(), 'What came of the last training, in words.'),
    labels: Type.Array(Type.String(), { description: 'Names of the labels, in class-id order.' }),
    features: Type.Array(Type.String(), { description: 'The decision points as dotted paths.' }),
    processed_documents_count: Integer('Events taken in.'),
    feedback_documents_count: Integer('Events with feedback.'),
    last_processed_timestamp: Nullable(Instant('RFC 3339'), 'When the last event came in.'),
    last_feedback_timestamp: Nullable(Instant('RFC 3339'), 'When the last feedback was given.'),
    last_train_start_timestamp: Nullable(Instant('RFC 3339'), 'When the last training started.'),
    last_train_finished_timestamp: Nullable(Instant('RFC 3339'), 'When the last training finished.'),
    invalid: Type.Boolean({ description: 'Whether something the job needs is gone, such as its input integration.' }),
  },
  {
    description: 'A job.',
    examples: [
      {
        job_id: 1201,
        title: 'Endpoint alerts',
        category: 'Decision intelligence',
        data_type: '',
        status: 'ENABLED',
        retrain_state: 'RETRAIN_FINISHED',
        retrain_msg: 'Retraining finished successfully',
        labels: ['Escalate', 'Drop', 'Investigate'],
        features: ['rule.name', 'host.os'],
        processed_documents_count: 1250,
        feedback_documents_count: 310,
        last_processed_timestamp: '2021-09-02T09:46:22.363642+00:00',
        last_feedback_timestamp: '2021-09-02T09:40:02.000113+00:00',
        last_train_start_timestamp: '2021-09-01T22:00:00.000250+00:00',
        last_train_finished_timestamp: '2021-09-01T22:00:04.118204+00:00',
        invalid: false,
      },
    ],
  },
);
export type JobView = Static<typeof JobView>;
export const JobList = Type.Array(JobView, { description: 'The jobs this key sees.', examples: [examplesOf(JobView)] });

/** Body of calls 4 and 6. */
export const JobByNameRequest = Open(
  { job_name: Type.String({ minLength: 1, maxLength: SHORT_TEXT_CHARS_MAX, description: 'The title of the job.' }) },
  { description: 'Names a job by its title.', examples: [{ job_name: 'Endpoint alerts' }] },
);
export type JobByNameRequest = Static<typeof JobByNameRequest>;

/** Answer of calls 5 and 6. */
export const LabelNames = Type.Array(Type.String(), {
  description: 'Names of the labels of the job, or their class ids where those were asked for, in class-id order.',
  examples: [['Escalate', 'Drop', 'Investigate']],
});
export type LabelNames = Static<typeof LabelNames>;

/** Answer of calls 7, 8 and 9, with status 200 in either case. */
export const ActionAnswer = Type.Object(
  {
    status: Type.Enum(['OK', 'ERROR'], { description: 'OK, or ERROR when the action could not be done.' }),
    error_message: Type.String({ description: 'What to do about it; empty when OK.' }),
  },
  { description: 'Whether the action was done.', examples: [{ status: 'OK', error_message: '' }] },
);
export type ActionAnswer = Static<typeof ActionAnswer>;

/** Body of calls 10 and 11. */
export const IngestRequest = Open(
  {
    job_id: Type.Unsafe<number | string>({ ...NumericId, description: 'The number of the job, also as text.' }),
    ...eventMembers,
  },
  {
    description: 'An alert for a job.',
    examples: [{ job_id: 1201, title: 'Suspicious PowerShell', severity: 3, raw_body: { rule: { name: 'Encoded command' } } }],
  },
);
export type IngestRequest = Static<typeof IngestRequest>;

/** Answer of calls 10 and 11; the decision comes from call 12. */
export const IngestAnswer = Type.Object(
  {
    event_id: Type.String({ description: 'The id of the event: the one sent, or a new one of digits.' }),
    job_id: Type.Integer({ description: 'The job it went to.' }),
    ingest_timestamp: Instant('When it was stored; RFC 3339 with Z, microseconds.'),
    status: Type.String({ description: 'Always pending_inference; ask call 12 for the decision.' }),
    error_message: Type.String({ description: 'Empty.' }),
  },
  {
    description: 'The event is stored and will not be lost.',
    examples: [
      {
        event_id: '12013636421',
        job_id: 1201,
        ingest_timestamp: '2021-09-02T09:46:22.363642Z',
        status: 'pending_inference',
        error_message: '',
      },
    ],
  },
);
export type IngestAnswer = Static<typeof IngestAnswer>;

export const EVENT_STATUSES = ['pending_inference', 'OK', 'ERROR'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];
export const BUCKET_STATES = ['new', 'pending', 'in_knowledge_base', 'retrain'] as const;
export type BucketState = (typeof BUCKET_STATES)[number];
const BucketState = Nullable(
  Type.Enum([...BUCKET_STATES]),
  'new: no consensus; pending: consensus, not trained on yet; in_knowledge_base: trained on; retrain: consensus changed since.',
);
const Automation = Type.Enum(['allowed', 'ask'], { description: 'Whether the decision may be acted on without a person.' });

/** Answer of call 12. */
export const DecisionView = Type.Object(
  {
    event_id: Type.String({ description: 'The id of the event.' }),
    ingest_timestamp: Instant('When it was stored; RFC 3339 with Z.'),
    status: Type.Enum([...EVENT_STATUSES], {
      description: 'pending_inference until there is a decision; ERROR when there can be none.',
    }),
    result: Nullable(Type.String(), 'A class id (class_0 …) or no_decision; null while pending.'),
    result_label: Nullable(Type.String(), 'The name of the label; null where there is none.'),
    confidence_score: Nullable(
      Type.Number({ minimum: 0, maximum: 100 }),
      'Calibrated probability that the decision is right, in percent.',
    ),
    outlier: Nullable(Type.Boolean(), 'Whether it is far from everything the model was trained on.'),
    bucket_state: BucketState,
    knowledge_base_state: BucketState,
    is_duplicated: Type.Boolean({ description: 'Deprecated. Whether an identical event was seen before in this job.' }),
    confidence_level: Nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Deprecated. confidence_score / 100.'),
    error_message: Nullable(Type.String(), 'What went wrong; null when nothing did.'),
    automation: Automation,
    automation_reason: Type.String({ description: 'Why the guard allows it or asks for a person.' }),
    reasons: Type.Array(Type.String(), { maxItems: 5, description: 'Why this decision, in at most five short sentences.' }),
    outlier_score: Nullable(Type.Number({ minimum: 0, maximum: 1 }), '0 is ordinary, 1 unlike anything trained on.'),
    model_id: Nullable(Type.String(), 'The model that decided; null where none did.'),
    event_url: Type.String({ description: 'Where a person finds the event.' }),
  },
  {
    description: 'The decision on an event.',
    examples: [
      {
        event_id: '12013636421',
        ingest_timestamp: '2021-09-02T09:46:22.363642Z',
        status: 'OK',
        result: 'class_1',
        result_label: 'Drop',
        confidence_score: 97.4,
        outlier: false,
        bucket_state: 'in_knowledge_base',
        knowledge_base_state: 'in_knowledge_base',
        is_duplicated: false,
        confidence_level: 0.974,
        error_message: null,
        automation: 'ask',
        automation_reason: 'Nobody has opened automation for this job.',
        reasons: ['rule.name is "Encoded command", which analysts mostly labelled Drop.'],
        outlier_score: 0.08,
        model_id: '3',
        event_url: 'http://localhost:9666/jobs/1201/events/12013636421',
      },
    ],
  },
);
export type DecisionView = Static<typeof DecisionView>;

/** Answer of call 17: the decision view where it came within `wait_ms`, else the ingest answer. */
export const IngestOrDecision = Type.Union([DecisionView, IngestAnswer], {
  description: 'The ingest answer; with wait_ms the decision view where the decision came in time.',
  examples: [...examplesOf(IngestAnswer), ...examplesOf(DecisionView)],
});

/** Body of call 13: the new form, or the old one with `label` and `username`. */
export const FeedbackRequest = Open(
  {
    feedback: Lenient(
      Text,
      'A label: its name in any letter case, its class id, or drop_alert, escalate_alert. Wins over label.',
    ),
    label: Lenient(Text, 'The old name of feedback.'),
    ...senderMembers,
    closing_notes: Lenient(Type.String({ maxLength: CLOSING_NOTES_CHARS_MAX }), 'What the analyst wrote on closing.'),
    indicators: Type.Optional(Type.Unknown({ description: 'Indicators known to the SOAR; kept as they are.' })),
  },
  {
    description: 'An analyst’s label for an event. One of feedback and label is needed.',
    examples: [
      { feedback: 'Drop', cortex_user: 'alice', closing_notes: 'Known scanner' },
      { label: 'Drop', username: 'alice' },
    ],
  },
);
export type FeedbackRequest = Static<typeof FeedbackRequest>;

/** Answer of call 13. */
export const FeedbackAnswer = Type.Object(
  { status: Type.Literal('updated', { description: 'Always updated.' }) },
  { description: 'The feedback is stored.', examples: [{ status: 'updated' }] },
);
export type FeedbackAnswer = Static<typeof FeedbackAnswer>;

const BulkVote = Open(
  {
    feedback: Lenient(Text, 'As in a feedback; null or empty is no vote.'),
    ...senderMembers,
    closing_notes: Lenient(Type.String({ maxLength: CLOSING_NOTES_CHARS_MAX }), 'What the analyst wrote on closing.'),
    indicators: Type.Optional(Type.Unknown({ description: 'Indicators known to the SOAR; kept as they are.' })),
  },
  {
    description: 'The label the alert was closed with.',
    examples: [{ cortex_user: 'alice', feedback: 'Drop', closing_notes: '' }],
  },
);

/** One event of call 15. */
export const BulkItem = Open(
  {
    event_id: Lenient(Type.String({ pattern: EVENT_ID_PATTERN }), 'The id of the event; made when absent.'),
    job_id: Lenient(NumericId, 'The job of the path; may be left out.'),
    ...eventMembers,
    label: Lenient(Type.Union([BulkVote, Text]), 'The label it was closed with, where it was.'),
  },
  {
    description: 'One event of a bulk.',
    examples: [{ job_id: 1201, title: 'Port scan', severity: 1, raw_body: { rule: 'scan' } }],
  },
);
export type BulkItem = Static<typeof BulkItem>;

/** Body of call 15. */
export const BulkRequest = Open(
  {
    count: Lenient(NumericText, 'How many events the client sends.'),
    events: Type.Array(BulkItem, { maxItems: BULK_EVENTS_MAX, description: 'The events, at most 5,000.' }),
  },
  {
    description: 'Many events for one job, with their labels where they were closed before.',
    examples: [
      {
        count: 1,
        events: [
          {
            job_id: 1201,
            title: 'Port scan',
            severity: 1,
            raw_body: { rule: 'scan' },
            label: { cortex_user: 'alice', feedback: 'Drop' },
          },
        ],
      },
    ],
  },
);
export type BulkRequest = Static<typeof BulkRequest>;

/** What became of one event of a bulk; `status` is `pending_inference` or `ERROR`. */
export const BulkResult = Type.Object(
  {
    event_id: Type.String({ description: 'Its id; empty where it was refused without one.' }),
    status: Type.String({ description: 'pending_inference when stored, ERROR when refused.' }),
    error_message: Type.String({ description: 'Why it was refused; empty when stored.' }),
  },
  {
    description: 'What became of one event.',
    examples: [{ event_id: '12013636421', status: 'pending_inference', error_message: '' }],
  },
);
export type BulkResult = Static<typeof BulkResult>;

/** Answer of call 15, results in the order of the events. */
export const BulkAnswer = Type.Object(
  {
    status: Type.Enum(['ok', 'partial'], { description: 'partial when some events were refused.' }),
    results: Type.Array(BulkResult, { description: 'One for each event, in their order.' }),
  },
  {
    description: 'What became of each event.',
    examples: [{ status: 'ok', results: [{ event_id: '12013636421', status: 'pending_inference', error_message: '' }] }],
  },
);
export type BulkAnswer = Static<typeof BulkAnswer>;

/** Body of calls 7, 8 and 9: none, `{}` or any object. */
export const ActionRequest = Type.Optional(
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description: 'Not needed; may name the user.',
    examples: [{}, { username: 'alice' }],
  }),
);
