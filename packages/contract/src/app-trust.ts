import { type Static, Type } from 'typebox';
import { AppModelMetrics } from './app-training.ts';
import { Nullable } from './common.ts';

/** The app API over what a model is worth in use: shadow, live calibration, drift, what to label next. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const label = (description: string) => Nullable(Type.String(), description);

export const AppShadow = Type.Object(
  { model_id: Type.Integer({ minimum: 1, description: 'The model that is to decide silently.' }) },
  { description: 'Which model decides silently beside the active one.', examples: [{ model_id: 12 }] },
);
export type AppShadow = Static<typeof AppShadow>;

export const AppShadowReport = Type.Object(
  {
    model_id: Nullable(Type.Integer(), 'The shadow model; null = there is none.'),
    active_model_id: Nullable(Type.Integer(), 'The model that decides.'),
    since: Nullable(Type.String({ format: 'date-time' }), 'When the shadow began.'),
    decided: count('Events that the shadow has decided.'),
    compared: count('The newest of them (at most 10,000), which are compared here.'),
    agreed: count('Compared events to which both give the same label.'),
    labelled: count('Compared events on which people agreed by votes given since the shadow began.'),
    active_right: count('Labelled ones to which the active model gives the label of the people.'),
    shadow_right: count('Labelled ones to which the shadow gives it.'),
    table: Type.Array(
      Type.Object(
        {
          active: label('What the active model says; null = no decision.'),
          shadow: label('What the shadow says.'),
          people: label('What people say since; null = nothing, or undecided.'),
          events: count('How often.'),
        },
        { description: 'One combination.' },
      ),
      { description: 'All combinations, most frequent first.' },
    ),
    differences: Type.Array(
      Type.Object(
        {
          event_id: text('The event.'),
          ingested_at: time('When it came in.'),
          active: label('What the active model says.'),
          shadow: label('What the shadow says.'),
          people: label('What people say since.'),
        },
        { description: 'An event on which they differ.' },
      ),
      { description: 'The newest differences, at most 50.' },
    ),
  },
  { description: 'The shadow model beside the active one.' },
);
export type AppShadowReport = Static<typeof AppShadowReport>;

const LiveFigures = Type.Object(
  {
    all: AppModelMetrics,
    new_buckets: AppModelMetrics,
    known_buckets: AppModelMetrics,
  },
  { description: 'Figures over all events, over those of buckets that the model had not learned from, and over those it had.' },
);

export const AppLive = Type.Object(
  {
    model_id: Type.Integer({ description: 'The model.' }),
    class_ids: Type.Array(Type.String(), { description: 'The order of the confusion tables.' }),
    at_training: AppModelMetrics,
    live: LiveFigures,
    weeks: Type.Array(
      Type.Object(
        { week: text('ISO week in which the events came in, such as 2026-W09.'), metrics: AppModelMetrics },
        { description: 'One week.' },
      ),
      { description: 'Each week with such events, oldest first.' },
    ),
    truncated: Type.Boolean({ description: 'There are more events than were looked at; the newest were.' }),
  },
  {
    description:
      'How the model does in use: its decisions on events that people voted on after it had decided them, beside what people agree on.',
  },
);
export type AppLive = Static<typeof AppLive>;

export const AppQueueQuery = Type.Object({
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'How many questions at most.' })),
});
export type AppQueueQuery = Static<typeof AppQueueQuery>;

export const AppQueue = Type.Object(
  {
    questions: Type.Array(
      Type.Object(
        {
          ask: text('Send it with the vote: it says why this was asked.'),
          event_id: text('The event to look at: the newest of its bucket.'),
          bucket_id: Type.Integer({ description: 'Its bucket: the answer counts for all of it where feedback is shared.' }),
          events: count('Events in the bucket.'),
          title: Nullable(Type.String(), 'The title it was sent with.'),
          reason: text('biggest, diverse, uncertain, disagreement, audit or random.'),
          chance: Nullable(Type.Number(), 'The chance with which it was drawn, for audit and random.'),
          blind: Type.Boolean({ description: 'Do not show what the machine says: the answer is to be a fair sample.' }),
          decision_points: Type.Array(Type.Object({ point: Type.String(), value: Type.Unknown() }), {
            description: 'What the decision may depend on.',
          }),
          suggestion: label('What the machine says; null where there is nothing or it is to be hidden.'),
          confidence: Nullable(Type.Number(), 'How sure it is, 0 to 1.'),
        },
        { description: 'A question.' },
      ),
      { description: 'Best first.' },
    ),
  },
  { description: 'What to label next.' },
);
export type AppQueue = Static<typeof AppQueue>;

export const AppDrift = Type.Object(
  {
    model_id: Nullable(Type.Integer(), 'The active model; null where there is none, or none that this can be said of.'),
    from: Nullable(
      Type.String({ format: 'date-time' }),
      'Begin of the recent window: seven days, not before the model was made.',
    ),
    to: Nullable(Type.String({ format: 'date-time' }), 'Its end.'),
    events_at_training: count('Events sampled when the model was trained.'),
    events: count('Events sampled in the recent window.'),
    warnings: Type.Array(Type.String(), {
      description: 'What has moved, in words; empty where nothing has, or too little came in.',
    }),
    findings: Type.Array(
      Type.Object(
        {
          kind: text('input, labels, confidence, outliers or agreement.'),
          name: text('The decision point for input, else the kind.'),
          p: Type.Number({ description: 'Chance of a difference at least this large if nothing had moved.' }),
          stability: Type.Number({ description: 'Population stability index; below 0.1 is usually taken as stable.' }),
          divergence: Type.Number({ description: 'Jensen-Shannon divergence in bits, 0 to 1.' }),
          warning: Type.Boolean({ description: 'It has moved.' }),
          sentence: text('The finding in words.'),
        },
        { description: 'One thing that was looked at.' },
      ),
      { description: 'All of them, warnings first.' },
    ),
  },
  { description: 'Whether what comes in and what is decided is still as it was when the active model was trained.' },
);
export type AppDrift = Static<typeof AppDrift>;
