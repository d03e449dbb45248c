import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';
import { ExplanationView } from './v1-event.ts';

/** The app API over jobs, events, buckets and feedback: what people's own clients (web, CLI) use. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

export const AppJobParams = Type.Object({ job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }) });
export const AppEventParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  event_id: Type.String({ minLength: 1, maxLength: 200, description: 'The id of the event.' }),
});
export const AppLabelParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  class_id: Type.String({ pattern: '^class_[0-9]{1,4}$', description: 'The class id of the label.' }),
});

export const AppLabel = Type.Object(
  {
    class_id: text('Its id for ever.'),
    name: text('Its name.'),
    hex_color: text('Its colour.'),
    retired: Type.Boolean({ description: 'No longer offered; kept because old feedback and models name it.' }),
  },
  { description: 'A label.', examples: [{ class_id: 'class_1', name: 'Drop', hex_color: '#10b981', retired: false }] },
);
export type AppLabel = Static<typeof AppLabel>;

export const AppJobSettings = Type.Object(
  {
    minutes_per_alert: Type.Number({ minimum: 0, maximum: 1440, description: 'Minutes an analyst spends on one alert.' }),
    retention_days: Nullable(Type.Integer({ minimum: 1, maximum: 36_500 }), 'Days after which events are removed; null = never.'),
    outlier_rate: Type.Number({
      minimum: 0,
      maximum: 0.5,
      description: 'Share of ordinary events that may be flagged as outliers.',
    }),
    agent_votes: Type.Enum(['confirm', 'count'], {
      description: 'Whether votes of agents count by themselves (count) or when a person has confirmed them (confirm).',
    }),
    audit_rate: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: "Share of the traffic that is drawn for the guard's audits once a lead opens it.",
    }),
    protected_points: Type.Array(Type.String({ maxLength: 512 }), {
      maxItems: 100,
      description: 'Decision points whose unseen values always go to a person.',
    }),
  },
  { description: 'Settings of an AI use case.' },
);

export const AppPointType = Type.Enum(['category', 'text', 'number', 'boolean', 'ip', 'time', 'set'], {
  description: 'What kind of thing a decision point holds.',
});
export type AppPointType = Static<typeof AppPointType>;

export const AppJob = Type.Object(
  {
    job_id: Type.Integer({ description: 'Its number.' }),
    title: text('Its title.'),
    description: text('What it is for.'),
    category: text('Decision intelligence or Event centric decision intelligence.'),
    status: text('ENABLED, DISABLED or READY_TO_SELECT_FEATURES.'),
    labels: Type.Array(AppLabel, { description: 'Its labels in class-id order.' }),
    decision_points: Type.Array(Type.String(), { description: 'Dotted paths.' }),
    decision_points_version: Type.Integer({ description: '0 = never chosen.' }),
    decision_point_types: Type.Record(Type.String(), AppPointType, {
      description: 'Types that a person has set, by path; those of the others are found from the data at each training.',
    }),
    integrations: Type.Array(
      Type.Object({ integration_id: Type.Integer(), role: Type.String(), enabled: Type.Boolean() }, { description: 'One wire.' }),
      { description: 'What it is wired to.' },
    ),
    settings: AppJobSettings,
    demo: Type.Boolean({ description: 'Filled with made-up alerts, to look around in.' }),
    active_model_id: Nullable(Type.Integer(), 'The model that decides.'),
    shadow_model_id: Nullable(Type.Integer(), 'The model that decides silently beside it.'),
    warnings: Type.Array(Type.String(), {
      description:
        'What has moved since the active model was trained. Of the last look; one use case asked for by itself is looked at anew.',
    }),
    training: Type.Object(
      {
        state: Nullable(Type.String(), 'RETRAIN_STARTED, RETRAIN_FINISHED, RETRAIN_FAILED; null before the first.'),
        message: Nullable(Type.String(), 'What came of it.'),
        started_at: Nullable(Type.String(), 'When the last one started.'),
        finished_at: Nullable(Type.String(), 'When the last one finished.'),
      },
      { description: 'How the last training stands.' },
    ),
    events: count('Events taken in.'),
    events_with_feedback: count('Events with feedback.'),
    last_event_at: Nullable(Type.String(), 'When the last event came in.'),
    last_feedback_at: Nullable(Type.String(), 'When the last feedback was given.'),
    created_at: time('When it was made.'),
    updated_at: time('When it was last changed.'),
  },
  { description: 'An AI use case.' },
);
export type AppJob = Static<typeof AppJob>;

const draft = {
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  category: Type.Optional(Type.String({ maxLength: 100 })),
  labels: Type.Optional(
    Type.Array(Type.Object({ name: Type.String({ maxLength: 100 }), hex_color: Type.Optional(Type.String()) }), {
      maxItems: 20,
      description: 'All labels, in their order; one that is left out is retired.',
    }),
  ),
  decision_points: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 100 })),
  decision_point_types: Type.Optional(
    Type.Record(
      Type.String({ maxLength: 512 }),
      Nullable(AppPointType, 'A type, or null to have it found from the data again.'),
      {
        maxProperties: 100,
        description: 'Types to set, by path; points that are not named keep theirs. The next training uses them.',
      },
    ),
  ),
  integrations: Type.Optional(
    Type.Array(
      Type.Object({
        integration_id: Type.Integer({ minimum: 1 }),
        role: Type.Optional(Type.String({ description: 'input by default.' })),
        enabled: Type.Optional(Type.Boolean()),
      }),
      { maxItems: 100 },
    ),
  ),
  settings: Type.Optional(Type.Partial(AppJobSettings)),
};
export const AppJobCreate = Type.Object(
  { title: Type.String({ minLength: 1, maxLength: 200 }), ...draft },
  {
    description: 'A new AI use case, stopped until it is started.',
    examples: [{ title: 'Endpoint alerts', integrations: [{ integration_id: 1001 }] }],
  },
);
export type AppJobCreate = Static<typeof AppJobCreate>;
export const AppJobChange = Type.Object(
  { title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })), ...draft },
  { description: 'What is left out stays as it is.', examples: [{ decision_points: ['rule.name', 'host.os'] }] },
);
export type AppJobChange = Static<typeof AppJobChange>;
export const AppLabelChange = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 100 }) },
  { description: 'The new name.' },
);

export const AppConsensus = Nullable(
  Type.Object({
    label: Nullable(Type.String(), 'What people agree on; null = undecided.'),
    votes: Type.Record(Type.String(), Type.Integer(), { description: 'Voters by label.' }),
    overruled: Type.Boolean({ description: 'A lead decided over the votes.' }),
  }),
  'What people say; null where nobody voted.',
);
export type AppConsensus = Static<typeof AppConsensus>;

export const AppDecision = Type.Object(
  {
    decision_id: Nullable(Type.Integer(), 'Its number.'),
    result: text('A class id or no_decision.'),
    label: Nullable(Type.String(), 'The name of the label.'),
    confidence: Nullable(share('Calibrated probability that it is right.'), 'null without a decision.'),
    outlier: Type.Boolean({ description: 'Far from everything the model was trained on.' }),
    outlier_score: Nullable(Type.Number(), '0 ordinary, 1 unlike anything.'),
    similarity: Nullable(Type.Number(), 'Closeness of the nearest labelled bucket; not a confidence.'),
    model_id: Nullable(Type.Integer(), 'The model that decided.'),
  },
  { description: 'What the machine says.' },
);
export type AppDecision = Static<typeof AppDecision>;

export const AppEventRow = Type.Object(
  {
    event_id: text('Its id.'),
    version: count('Grows when another body is sent under the same id.'),
    title: Nullable(Type.String(), 'The title it was sent with.'),
    severity: Nullable(Type.Number(), 'The severity it was sent with.'),
    ingested_at: time('When it was stored.'),
    event_at: time("The alert's own time."),
    bucket_id: Nullable(Type.Integer(), 'Its bucket.'),
    state: text('new, pending, in_knowledge_base or retrain.'),
    decision: AppDecision,
    blind: Type.Boolean({
      description: 'It waits for a blind label as a sample of the guard: what the machine says is hidden from who may give one.',
    }),
    consensus: AppConsensus,
  },
  { description: 'An event in a list.' },
);
export type AppEventRow = Static<typeof AppEventRow>;
export const AppEventsQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  before: Type.Optional(Type.Integer({ minimum: 1, description: 'The cursor of the page before.' })),
  bucket_id: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type AppEventsQuery = Static<typeof AppEventsQuery>;
export const AppEvents = Type.Object(
  { events: Type.Array(AppEventRow), next: Nullable(Type.Integer(), 'Cursor of the next page; null at the end.') },
  { description: 'Events, newest first.' },
);
export type AppEvents = Static<typeof AppEvents>;

export const AppExport = Type.Object(
  {
    query: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        description: 'Which events, in the query DSL of /api/v2/events/raw_es_query; all without it.',
      }),
    ),
    format: Type.Enum(['csv', 'ndjson'], { description: 'A table of the columns, or whole events, one JSON a line.' }),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Fields of the table, in their order.',
      }),
    ),
  },
  { description: 'What to export.', examples: [{ format: 'csv', columns: ['id', '@timestamp', 'rule.name'] }] },
);
export type AppExport = Static<typeof AppExport>;

export const AppFeedbackEntry = Type.Object(
  {
    kind: text('vote, withdraw, overrule or lift.'),
    label: Nullable(Type.String(), 'The label.'),
    by: text('Who.'),
    at: time('When.'),
    through: text('Through what.'),
    asked: text('Why they were asked.'),
    reason: Nullable(Type.String(), 'Why, in their words.'),
    notes: Nullable(Type.String(), 'Closing notes.'),
    counted: Type.Boolean({ description: 'Whether it counts.' }),
    event_version: count('The version it was given on.'),
  },
  { description: 'Something said of an event.' },
);
export const AppEvent = Type.Object(
  {
    ...AppEventRow.properties,
    data_source: Nullable(Type.String(), 'Where it comes from.'),
    storage_tag: Nullable(Type.String(), 'The tag it was sent with.'),
    raw_event: text("The alert's own JSON, as text: its numbers stay as they came."),
    enriched_event: Nullable(
      Type.String(),
      'What code steps made of the alert, as JSON text: what it is decided by and found by; null where they changed nothing.',
    ),
    pending: Type.Boolean({ description: 'Its code steps have not run yet: it is not decided.' }),
    error: Nullable(Type.String(), 'What went wrong before the decision; null when nothing did.'),
    decision_points: Type.Array(Type.Object({ point: Type.String(), value: Type.Unknown() }), {
      description: 'What the decision may depend on.',
    }),
    reasons: Type.Array(Type.String(), { description: 'Why, in short sentences.' }),
    explanation: Nullable(
      ExplanationView,
      'What speaks for and against, and the nearest labelled buckets; null without a decision, and while it is `blind`.',
    ),
    own_label: Nullable(Type.String(), "The caller's own vote on it."),
    automation: text('allowed or ask.'),
    automation_reason: text('Why.'),
    feedback: Type.Array(AppFeedbackEntry, { description: 'Everything said of it, newest first.' }),
    past_decisions: Type.Array(Type.Object({ ...AppDecision.properties, replaced_at: Type.String(), why: Type.String() }), {
      description: 'Decisions that later ones replaced, newest first.',
    }),
    versions: Type.Array(Type.Object({ version: Type.Integer(), ingested_at: Type.String() }), {
      description: 'All versions, newest first.',
    }),
  },
  { description: 'An event with everything known about it.' },
);
export type AppEvent = Static<typeof AppEvent>;

export const AppBucketsQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
  queue: Type.Optional(
    Type.Enum(['all', 'disagreements', 'low', 'outliers', 'undecided'], {
      default: 'all',
      description:
        'Which: disagreements between people, or of people with the machine; decided with less than 60 %; unlike anything labelled; without a label that people agree on.',
    }),
  ),
});
export type AppBucketsQuery = Static<typeof AppBucketsQuery>;
const buckets = {
  buckets: Type.Array(
    Type.Object(
      {
        bucket_id: Type.Integer(),
        events: count('Events in it.'),
        title: Nullable(Type.String(), 'The title of its newest event.'),
        decision_points: Type.Array(Type.Object({ point: Type.String(), value: Type.Unknown() })),
        state: text('new, pending, in_knowledge_base or retrain.'),
        consensus: AppConsensus,
        decision: Nullable(AppDecision, 'What the machine says of its newest event; null also where that is `blind`.'),
        blind: Type.Boolean({ description: 'Its newest event waits for a blind label, so what the machine says is not shown.' }),
        own_label: Nullable(Type.String(), "The caller's own vote in it."),
        example_event_id: Nullable(Type.String(), 'Its newest event.'),
        first_seen_at: time('When it was first seen.'),
        last_seen_at: time('When it was last seen.'),
      },
      { description: 'A bucket.' },
    ),
  ),
};
export const AppBuckets = Type.Object(
  {
    ...buckets,
    total: count('Buckets in the queue.'),
    counts: Type.Record(Type.String(), Type.Integer(), { description: 'Buckets in each queue, by its name.' }),
  },
  { description: 'Buckets, biggest first.' },
);
export type AppBuckets = Static<typeof AppBuckets>;
export const AppBucketsAsked = Type.Object(
  { bucket_ids: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 500 }) },
  { description: 'Which buckets.', examples: [{ bucket_ids: [17, 18] }] },
);
export type AppBucketsAsked = Static<typeof AppBucketsAsked>;
export const AppBucketsFound = Type.Object(buckets, {
  description: 'Those of the buckets that are there, in the order in which they were named.',
});
export type AppBucketsFound = Static<typeof AppBucketsFound>;

export const AppVote = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 200, description: 'Name or class id.' }),
    notes: Type.Optional(Type.String({ maxLength: 100_000 })),
    ask: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'The question of the labelling queue that this answers.' }),
    ),
    asked: Type.Optional(Type.Enum(['queue', 'random', 'self'], { description: 'Why it was shown; self by default.' })),
  },
  { description: 'A vote of the signed-in person.', examples: [{ label: 'Drop' }] },
);
export type AppVote = Static<typeof AppVote>;
/** Most votes in one call. */
const MOST_VOTES = 500;
export const AppVotes = Type.Object(
  {
    votes: Type.Array(
      Type.Object({
        event_id: Type.String({ minLength: 1, maxLength: 200, description: 'The event.' }),
        label: Nullable(
          Type.String({ minLength: 1, maxLength: 200 }),
          "Name or class id; null takes the caller's vote on it back.",
        ),
        notes: Type.Optional(Type.String({ maxLength: 10_000 })),
        ask: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      }),
      { minItems: 1, maxItems: MOST_VOTES },
    ),
  },
  { description: 'Votes of the caller on many events.', examples: [{ votes: [{ event_id: '4711', label: 'Drop' }] }] },
);
export type AppVotes = Static<typeof AppVotes>;
export const AppVotesDone = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        event_id: text('The event.'),
        error: text('Why it was refused; empty where it was not.'),
        before: Nullable(Type.String(), "The caller's vote on the event until now: what an undo gives back."),
      }),
      { description: 'In their order.' },
    ),
  },
  { description: 'What became of each vote.' },
);
export type AppVotesDone = Static<typeof AppVotesDone>;
export const AppOverrule = Type.Object(
  { label: Type.String({ minLength: 1, maxLength: 200 }), reason: Type.String({ minLength: 1, maxLength: 10_000 }) },
  { description: "A lead's word over the votes.", examples: [{ label: 'Escalate', reason: 'Seen in the red-team report' }] },
);
export type AppOverrule = Static<typeof AppOverrule>;
export const AppVoted = Type.Object(
  { label: Nullable(Type.String(), 'The label.'), counted: Type.Boolean(), consensus: AppConsensus },
  { description: 'What the feedback did.' },
);
export type AppVoted = Static<typeof AppVoted>;

export const AppFieldsQuery = Type.Object({
  sample: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 1_000 })),
});
export const AppFields = Type.Object(
  {
    events: count('Events looked at.'),
    fields: Type.Array(
      Type.Object({
        path: text('The field, as a decision point names it.'),
        type: text('What it holds.'),
        coverage: share('Share of the events that have it.'),
        distinct: count('Different values seen.'),
        examples: Type.Array(Type.String()),
        advice: text('good, constant, identifier, time, leaks_outcome, duplicate or rare.'),
        score: share('How much it tells; higher is better.'),
        sentence: text('The advice in words.'),
        chosen: Type.Boolean({ description: 'It is a decision point now.' }),
      }),
      { description: 'Fields, best first.' },
    ),
  },
  { description: 'Fields found in the newest events, and whether to decide by them.' },
);
export type AppFields = Static<typeof AppFields>;

/** Closed alerts with the labels they were closed with. */
export const AppImport = Type.Object(
  {
    feedback_as: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'The name the labels are recorded under.' }),
    ),
    events: Type.Array(
      Type.Object({
        event_id: Type.Optional(Type.String()),
        event: Type.Unsafe<Record<string, unknown>>({
          type: 'object',
          additionalProperties: true,
          description: 'The alert as it is.',
        }),
        label: Type.Optional(Type.String()),
        time: Type.Optional(Type.Number({ description: 'Seconds since 1970.' })),
        group: Type.Optional(
          Type.String({ description: 'Alerts of one group (an incident) are never split when models are checked.' }),
        ),
      }),
      { maxItems: 1_000 },
    ),
  },
  { description: 'Closed alerts, at most 1,000 a call; each label is taken as the word of one person on one alert.' },
);
export type AppImport = Static<typeof AppImport>;
export const AppImported = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        event_id: text('Its id; empty where it was refused without one.'),
        outcome: text('new, version, repeated or refused.'),
        labelled: Type.Boolean({ description: 'Its label was stored.' }),
        error: text('Why it, or its label, was refused; empty when all went well.'),
      }),
    ),
  },
  { description: 'What became of each, in their order.' },
);
export type AppImported = Static<typeof AppImported>;

export const AppDone = Type.Object({ done: Type.Boolean({ description: 'Always true.' }) }, { description: 'It is done.' });
export type AppDone = Static<typeof AppDone>;
