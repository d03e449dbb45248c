import { type Static, Type } from 'typebox';
import { Nullable, Open } from './common.ts';
import { BUCKET_STATES } from './v1.ts';

/** The long views of one event in v1: its export (call 14) and why it was decided so (call 16). */

const text = (description: string) => Type.String({ description });
const textOrNull = (description: string) => Nullable(Type.String(), description);
const numberOrNull = (description: string) => Nullable(Type.Number(), description);
const stateOrNull = Nullable(Type.Enum([...BUCKET_STATES]), 'State of the bucket; null while the event has none.');
const attention = (description: string) =>
  Open({ attention_required: Type.Boolean({ description }) }, { description: 'Whether a person should look.' });

const blockExample = {
  result: 'class_1',
  result_label: 'Drop',
  inference_status: 'finished',
  inference_result: 'class_1',
  previous_result: null,
  bucket_state: 'in_knowledge_base',
  knowledge_base_state: 'in_knowledge_base',
  bucket_id: '812',
  key_hash: '5f2b9c0d',
  consensus: 'class_1',
  confidence_score: 97.4,
  confidence_percentage: '97.4%',
  outlier_flag: false,
  outlier_score: 0.08,
  attention: {
    low_confidence_score: { attention_required: false },
    undecided_consensus: { attention_required: false },
  },
  original_id: '4711',
  storage_tag: null,
  pipeline_status: 'finished',
  pipeline_stage: 'decision',
  model: { path: '3', timestamp: '2021-09-01T22:00:04.118204Z' },
  log_messages: [],
  timers: {},
};
const eventExample = {
  rule: { name: 'Encoded command' },
  '@timestamp': '2021-09-02T09:46:20.000000Z',
  timestamp_inference: '2021-09-02T09:46:22.364101Z',
  id: '4711',
  metadata: {
    id: '4711',
    description: 'Suspicious PowerShell',
    severity: 3,
    ingested_timestamp: '2021-09-02T09:46:22.363642Z',
  },
  arcanna: blockExample,
};

/** What Verdict says of an event, as the export and the explorer show it. */
export const ArcannaBlock = Open(
  {
    result: textOrNull('A class id or no_decision; null while pending.'),
    result_label: textOrNull('The name of the label; null where there is none.'),
    inference_status: text('finished once there is a decision, else pending.'),
    inference_result: textOrNull('What the machine said; never changed by feedback.'),
    previous_result: textOrNull('The result before the last reprocessing; null where there was none.'),
    bucket_state: stateOrNull,
    knowledge_base_state: stateOrNull,
    bucket_id: textOrNull('The bucket: all events with the same values of the decision points.'),
    key_hash: textOrNull('Hash of those values in canonical form.'),
    consensus: textOrNull('What the people agree on for the bucket, as a class id; null where nobody voted.'),
    confidence_score: numberOrNull('Calibrated probability that the decision is right, in percent.'),
    confidence_percentage: textOrNull('The same as text, such as 97.4%.'),
    outlier_flag: Nullable(Type.Boolean(), 'Whether it is far from everything the model was trained on.'),
    outlier_score: numberOrNull('0 is ordinary, 1 unlike anything trained on.'),
    attention: Open(
      {
        low_confidence_score: attention('The confidence is below 60.'),
        undecided_consensus: attention('The votes on the bucket are tied.'),
      },
      { description: 'What asks for a person.' },
    ),
    original_id: textOrNull('The id the sender gave; null where it was made here.'),
    storage_tag: textOrNull('The tag it was sent with.'),
    pipeline_status: text('Where the event stands on its way.'),
    pipeline_stage: text('The step it stands at.'),
    model: Open(
      { path: textOrNull('The model that decided.'), timestamp: textOrNull('When that model was trained.') },
      { description: 'The model that decided; null members where none did.' },
    ),
    log_messages: Type.Array(
      Open(
        {
          component: text('Which part wrote it.'),
          level: text('INFO, WARNING or ERROR.'),
          component_subcategory: text('Which step of that part.'),
          content: text('What happened.'),
          timestamp: text('When; RFC 3339.'),
        },
        { description: 'One message.' },
      ),
      { description: 'What happened to the event.' },
    ),
    timers: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'How long the steps took, in seconds.',
    }),
  },
  { description: 'What Verdict says of the event.', examples: [blockExample] },
);
export type ArcannaBlock = Static<typeof ArcannaBlock>;

/** The exported event: the raw body's own members stand at the top beside these. */
export const ArcannaEvent = Open(
  {
    '@timestamp': text('The alert’s own time where it has one, else the ingest time.'),
    timestamp_inference: textOrNull('When it was decided.'),
    id: text('The id of the event.'),
    metadata: Open(
      {
        id: text('The id of the event.'),
        description: textOrNull('The title it was sent with.'),
        severity: numberOrNull('The severity it was sent with.'),
        ingested_timestamp: text('When it was stored.'),
      },
      { description: 'How it came in.' },
    ),
    arcanna: ArcannaBlock,
    raw_event: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        description: 'The whole raw body, where it has an arcanna, id or metadata of its own.',
      }),
    ),
  },
  { description: 'The alert’s own fields at the top, and everything known about it.', examples: [eventExample] },
);
export type ArcannaEvent = Static<typeof ArcannaEvent>;

/** Answer of call 14. */
export const ExportAnswer = Type.Object(
  {
    event_id: text('The id of the event.'),
    ingest_timestamp: text('When it was stored; RFC 3339 with Z.'),
    status: text('OK.'),
    error_message: text('Empty.'),
    arcanna_event: ArcannaEvent,
  },
  {
    description: 'An event with everything known about it.',
    examples: [
      {
        event_id: '4711',
        ingest_timestamp: '2021-09-02T09:46:22.363642Z',
        status: 'OK',
        error_message: '',
        arcanna_event: eventExample,
      },
    ],
  },
);
export type ExportAnswer = Static<typeof ExportAnswer>;

const PointValue = (description: string) =>
  Type.Unsafe<null | string | number | boolean | readonly (string | number | boolean)[]>({ description });

const ReasonView = Type.Object(
  {
    decision_point: text('The decision point.'),
    value: PointValue('What the event holds there: null, a value, or a set of values.'),
    weight: Type.Number({ description: 'Log-odds of the decision; above 0 speaks for it, below 0 against.' }),
    text: text('The same in a sentence.'),
  },
  { description: 'One decision point’s part in the decision.' },
);

const NeighbourView = Type.Object(
  {
    bucket_id: text('The labelled bucket.'),
    event_id: textOrNull('One event of that bucket to look at.'),
    label: textOrNull('The label its people agree on; null when undecided.'),
    votes: Type.Record(Type.String(), Type.Integer(), { description: 'Votes by label.' }),
    labelled_by: Type.Array(Type.String(), { description: 'Who labelled it, newest vote first; empty where that is not known.' }),
    labelled_at: textOrNull('When it was last labelled; RFC 3339.'),
    similarity: Type.Number({ minimum: 0, maximum: 1, description: 'How close it is; 1 is the same. Not a confidence.' }),
    agree: Type.Array(Type.String(), { description: 'Decision points with the same value.' }),
    differ: Type.Array(
      Type.Object({
        decision_point: text('The decision point.'),
        here: PointValue('What this event holds.'),
        there: PointValue('What that bucket holds.'),
      }),
      { description: 'Decision points with other values.' },
    ),
  },
  { description: 'A labelled bucket near the event.' },
);

const LearnerView = Type.Object(
  {
    name: text('The learner.'),
    weight: Type.Number({ description: 'Its share in the decision.' }),
    probabilities: Type.Record(Type.String(), Type.Number(), { description: 'What it alone says, by label; sums to 1.' }),
    label: textOrNull('The label it alone would give; null where two are equally likely.'),
    agrees: Type.Boolean({ description: 'Whether that is the decision.' }),
  },
  { description: 'One learner’s own view.' },
);

/** Answer of call 16. */
export const ExplanationView = Type.Object(
  {
    event_id: text('The id of the event.'),
    job_id: Type.Integer({ description: 'Its job.' }),
    model_id: textOrNull('The model that decided; null where none did.'),
    result: textOrNull('A class id or no_decision; null while pending.'),
    result_label: textOrNull('The name of the label.'),
    confidence_score: numberOrNull('Percent.'),
    probabilities: Type.Record(Type.String(), Type.Number(), {
      description: 'Calibrated, by label; sums to 1; empty without a model.',
    }),
    reasons: Type.Array(Type.String(), { maxItems: 5, description: 'At most five short sentences.' }),
    towards: Type.Array(ReasonView, { description: 'What speaks for the decision, strongest first.' }),
    against: Type.Array(ReasonView, { description: 'What speaks against it, strongest first.' }),
    nearest: Type.Array(NeighbourView, { description: 'The nearest labelled buckets, nearest first.' }),
    learners: Type.Array(LearnerView, { description: 'What each learner says.' }),
    outlier: Nullable(Type.Boolean(), 'Whether it is far from everything the model was trained on.'),
    outlier_score: numberOrNull('0 is ordinary, 1 unlike anything trained on.'),
    guard: Type.Object(
      {
        automation: Type.Enum(['allowed', 'ask'], { description: 'Whether the decision may be acted on without a person.' }),
        automation_reason: text('Why.'),
      },
      { description: 'The guard.' },
    ),
  },
  {
    description: 'Why an event was decided so.',
    examples: [
      {
        event_id: '4711',
        job_id: 1201,
        model_id: '3',
        result: 'class_1',
        result_label: 'Drop',
        confidence_score: 97.4,
        probabilities: { Escalate: 0.016, Drop: 0.974, Investigate: 0.01 },
        reasons: ['rule.name is "Encoded command", which analysts mostly labelled Drop.'],
        towards: [
          {
            decision_point: 'rule.name',
            value: 'Encoded command',
            weight: 2.1,
            text: 'rule.name is "Encoded command", which analysts mostly labelled Drop.',
          },
        ],
        against: [],
        nearest: [
          {
            bucket_id: '812',
            event_id: '4690',
            label: 'Drop',
            votes: { Drop: 3 },
            labelled_by: ['ana', 'ben'],
            labelled_at: '2021-08-31T14:02:11.208441Z',
            similarity: 0.92,
            agree: ['rule.name'],
            differ: [{ decision_point: 'host.os', here: 'linux', there: null }],
          },
        ],
        learners: [
          {
            name: 'linear',
            weight: 0.6,
            probabilities: { Escalate: 0.02, Drop: 0.97, Investigate: 0.01 },
            label: 'Drop',
            agrees: true,
          },
        ],
        outlier: false,
        outlier_score: 0.08,
        guard: { automation: 'ask', automation_reason: 'Nobody has opened automation for this job.' },
      },
    ],
  },
);
export type ExplanationView = Static<typeof ExplanationView>;
