import { type Static, type TSchema, Type } from 'typebox';
import { Nullable } from './common.ts';

/** The app API over tasks, training and models. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const timeOrNull = (description: string) => Nullable(Type.String({ format: 'date-time' }), description);
const id = (description: string) => Type.Integer({ minimum: 1, description });
const count = (description: string) => Type.Integer({ minimum: 0, description });

export const AppTaskParams = Type.Object({ task_id: id('The number of the task.') });
export const AppTasksQuery = Type.Object({
  job_id: Type.Optional(id('Only tasks of this AI use case.')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'At most so many, 50 by default.' })),
});
export type AppTasksQuery = Static<typeof AppTasksQuery>;
export const AppModelParams = Type.Object({
  job_id: id('The number of the AI use case.'),
  model_id: id('The number of the model.'),
});

export type AppModelParams = Static<typeof AppModelParams>;

export const AppTask = Type.Object(
  {
    task_id: id('Its number.'),
    job_id: Nullable(Type.Integer(), 'The AI use case it works on; null for the whole service.'),
    kind: text('What it does: train, rebucket, reprocess, learning_curve and others.'),
    state: text('waiting, running, done, failed or cancelled.'),
    share: Type.Number({ minimum: 0, maximum: 1, description: 'Share done.' }),
    step: text('What it is doing now.'),
    message: text('How it ended; empty before.'),
    cancel_requested: Type.Boolean({ description: 'Somebody cancelled it and it has not ended yet, or ended by that.' }),
    created_at: time('When it was asked for.'),
    started_at: timeOrNull('When it began.'),
    finished_at: timeOrNull('When it ended.'),
  },
  {
    description: 'A long work: wait for it, watch it, cancel it. It goes on after a restart of the service.',
    examples: [
      {
        task_id: 12,
        job_id: 1201,
        kind: 'train',
        state: 'running',
        share: 0.42,
        step: 'checking against held-back feedback',
        message: '',
        cancel_requested: false,
        created_at: '2026-03-02T09:46:22.363642Z',
        started_at: '2026-03-02T09:46:22.371001Z',
        finished_at: null,
      },
    ],
  },
);
export type AppTask = Static<typeof AppTask>;

export const AppTasks = Type.Array(AppTask, { description: 'Tasks, newest first.' });

export const AppTrainRequested = Type.Object(
  {
    ok: Type.Boolean({ description: 'Whether a training was begun.' }),
    message: text('What happens now, or what to do first.'),
    task_id: Nullable(Type.Integer(), 'The task that trains; null when none was begun.'),
  },
  {
    description: 'What came of a request to train.',
    examples: [{ ok: true, message: 'Training has started.', task_id: 12 }],
  },
);
export type AppTrainRequested = Static<typeof AppTrainRequested>;

export const AppTraining = Type.Object(
  {
    state: Nullable(
      Type.String(),
      'RETRAIN_STARTED, RETRAIN_FINISHED or RETRAIN_FAILED (also when cancelled); null before the first training.',
    ),
    message: Nullable(Type.String(), 'What came of the last training.'),
    started_at: timeOrNull('When the last training was asked for.'),
    finished_at: timeOrNull('When the last one ended.'),
    task: Nullable(AppTask, 'The newest training task.'),
    ready: Type.Boolean({ description: 'Whether a training can begin now.' }),
    missing: Nullable(Type.String(), 'What a training still needs, in words; null when it can begin.'),
    unit: text('What votes are counted over: bucket or event.'),
    labels: Type.Array(
      Type.Object(
        {
          class_id: text('The class id of the label.'),
          label: text('Its name.'),
          units: count('Buckets (or events) that people agree to be this.'),
        },
        { description: 'What there is to learn one label from.' },
      ),
      { description: 'All labels that are offered, in class-id order.' },
    ),
    undecided: count('Buckets (or events) with votes of which no label has the most.'),
  },
  { description: 'How the training of an AI use case stands, and what it still needs.' },
);
export type AppTraining = Static<typeof AppTraining>;

const share = (description: string) => Type.Number({ description });
/** Either; the schema's own description stays. */
const orNull = <T extends TSchema>(schema: T) =>
  Type.Union([schema, Type.Null()], { description: 'null where nothing could be compared.' });

export const AppModelMetrics = Type.Object(
  {
    rows: count('Buckets (or events) these figures are from, none of which the model was fitted to when it was judged on it.'),
    accuracy: share('Share decided right.'),
    macro_f1: share('Mean F1 over the labels.'),
    log_loss: Type.Number({ description: 'Mean negative log-likelihood, in nats.' }),
    brier: Type.Number({ description: 'Brier score.' }),
    ece: share('Expected calibration error, 15 bins of equal width.'),
    confusion: Type.Array(Type.Array(Type.Number()), {
      description: 'Rows: what people say; columns: the choice; both in class-id order.',
    }),
    share_at_95: share('Longest most-confident-first part with at least 95 % right.'),
    reliability: Type.Array(
      Type.Object(
        {
          from: Type.Number({ description: 'Lower end of the bin.' }),
          to: Type.Number({ description: 'Upper end of the bin.' }),
          count: count('Rows in it.'),
          confidence: Type.Number({ description: 'Their mean confidence.' }),
          accuracy: Type.Number({ description: 'Share of them decided right.' }),
        },
        { description: 'One bin.' },
      ),
      { description: 'How often a confidence was right.' },
    ),
  },
  { description: 'Figures of a model.' },
);

const paired = Type.Object(
  {
    difference: Type.Number({ description: 'Mean loss of this model less that of the other; above 0 = worse.' }),
    p: share('One-sided chance of a difference at least this bad if both were equally good.'),
    worse: Type.Boolean({ description: 'Worse at 5 %.' }),
  },
  { description: 'A paired test over groups.' },
);

export const AppComparison = Type.Object(
  {
    champion_model_id: id('The model that was active when this one was trained.'),
    held_out: count('Buckets (or events) it was compared on: labelled since that model was made, learned from by neither.'),
    clusters: count('Pieces of evidence: those that share a group count as one.'),
    since: timeOrNull('The oldest of the newest votes on them.'),
    worse: Type.Boolean({ description: 'It is worse, and did not take over by itself.' }),
    sentence: text('The finding in words.'),
    missed_escalations: orNull(
      Type.Object(
        {
          before: count('By the model that was active.'),
          after: count('By this one.'),
          test: paired,
        },
        { description: 'Held-out units that people would have escalated and that were decided otherwise.' },
      ),
    ),
    missed: Type.Array(
      Type.Object(
        {
          event_id: Nullable(Type.String(), 'An event of it to look at.'),
          unit: text('b: and the key of the bucket, or e: and the number of the event.'),
          label: text('What people say.'),
          before: Nullable(Type.String(), 'What the model that was active says.'),
          after: Nullable(Type.String(), 'What this one says.'),
        },
        { description: 'One of them.' },
      ),
      { description: 'Missed escalations; those that this model drops first. At most 100.' },
    ),
    log_loss: orNull(paired),
    before: orNull(AppModelMetrics),
    after: orNull(AppModelMetrics),
  },
  {
    description:
      'The model beside the one that was active, on the same held-out feedback. Figures in the order of the class ids.',
  },
);
export type AppComparison = Static<typeof AppComparison>;

export const AppModel = Type.Object(
  {
    model_id: id('Its number.'),
    job_id: id('The AI use case it was trained for.'),
    active: Type.Boolean({ description: 'Whether it decides new events now.' }),
    created_at: time('When it was trained.'),
    created_by: text('Who asked for it.'),
    activated_at: timeOrNull('When it last became the active one.'),
    message: text('What came of its training.'),
    decision_points: Type.Array(Type.String(), { description: 'What it looks at.' }),
    decision_points_version: count('The version of the decision points it was trained on.'),
    class_ids: Type.Array(Type.String(), { description: 'What it may choose.' }),
    units: count('Buckets (or events) with a consensus that it was trained on: its knowledge base.'),
    size: count('Bytes.'),
    sha256: text('Of its bytes, in hexadecimal digits.'),
    metrics: AppModelMetrics,
    set_aside: Type.Array(
      Type.Object(
        {
          name: text('A person, or a key by its number.'),
          votes: count('Votes of theirs on alerts like which others labelled some.'),
          agreed: count('How many of them agree with the others.'),
          expected: Type.Number({ description: 'How many would be expected to.' }),
        },
        { description: 'A voter or a key.' },
      ),
      { description: 'Whose votes were not learned from, because they contradict what others say of like alerts.' },
    ),
    comparison: Type.Union([AppComparison, Type.Null()], { description: 'Beside the model before it; null for a first one.' }),
  },
  { description: 'A trained model.' },
);
export type AppModel = Static<typeof AppModel>;

export const AppModels = Type.Array(AppModel, { description: 'Models, newest first.' });

export const AppInfluence = Type.Object(
  {
    buckets: count('Buckets looked at: the newest.'),
    points: Type.Array(
      Type.Object(
        {
          decision_point: text('The decision point.'),
          weight: Type.Number({ description: 'Mean size of what the log-odds of a decision lose without it.' }),
          towards: share('Share of the buckets in which it spoke for what was decided.'),
          against: share('Share of them in which it spoke against it.'),
        },
        { description: 'One of them.' },
      ),
      { description: 'Those that weigh most first.' },
    ),
  },
  { description: 'What the decisions of a model hang on.' },
);
export type AppInfluence = Static<typeof AppInfluence>;

const CURVE_POINTS = [
  { units: 60, accuracy: 0.871, macro_f1: 0.803, log_loss: 0.391, missed_escalations: 7, share_at_95: 0.62 },
  { units: 120, accuracy: 0.912, macro_f1: 0.866, log_loss: 0.284, missed_escalations: 4, share_at_95: 0.81 },
];

export const AppLearningCurve = Type.Object(
  {
    model_id: id('The model.'),
    state: text('none = nobody asked or it did not come about, running = asked for, done = it is there.'),
    task: Nullable(AppTask, 'What works it out, or the last try that ended without; null where there is neither.'),
    missing: Nullable(Type.String(), 'Why it cannot be worked out now, in words; null when it can or is there.'),
    unit: text('What votes are counted over: bucket or event.'),
    curve: Type.Union(
      [
        Type.Object(
          {
            made_at: time('When it was worked out.'),
            made_by: text('Who asked for it.'),
            held_out: count('Newest buckets (or events) held out, which each point is judged on.'),
            clusters: count('Pieces of evidence among them: those that share a group count as one.'),
            points: Type.Array(
              Type.Object(
                {
                  units: count('Labelled buckets (or events) learned from.'),
                  accuracy: share('Share of the held-out ones decided right.'),
                  macro_f1: share('Mean F1 over the labels.'),
                  log_loss: Type.Number({ description: 'Mean negative log-likelihood, in nats.' }),
                  missed_escalations: count('Held-out ones that people would have escalated and that were decided otherwise.'),
                  share_at_95: share('Longest most-confident-first part with at least 95 % right.'),
                },
                { description: 'What was learned from so many.' },
              ),
              { description: 'Upwards; each of about twice as many as the one before.' },
            ),
            last_doubling: Type.Union(
              [
                Type.Object(
                  {
                    difference: Type.Number({ description: 'Accuracy gained, as a share; below 0 = lost.' }),
                    low: Type.Number({ description: 'Lower end of its 95 % interval, by the noise of the hold-out.' }),
                    high: Type.Number({ description: 'Upper end.' }),
                  },
                  { description: 'What twice the labels did to the accuracy.' },
                ),
                Type.Null(),
              ],
              { description: 'null where the hold-out is of fewer than five pieces of evidence.' },
            ),
            reading: text('What it says of more labelling, in a sentence.'),
          },
          { description: 'How quality grows with labels.' },
        ),
        Type.Null(),
      ],
      { description: 'null until it was worked out.' },
    ),
  },
  {
    description: 'The learning curve of a model: whether more labels of this kind would make it better.',
    examples: [
      {
        model_id: 3,
        state: 'done',
        task: null,
        missing: null,
        unit: 'bucket',
        curve: {
          made_at: '2026-03-02T09:46:22.363642Z',
          made_by: 'ada',
          held_out: 200,
          clusters: 200,
          points: CURVE_POINTS,
          last_doubling: { difference: 0.041, low: 0.012, high: 0.068 },
          reading:
            'The last doubling of labels (60 to 120 buckets) brought +4.1 points of accuracy (95 % interval +1.2 to +6.8, on 200 held-out buckets): more labels of this kind pay.',
        },
      },
    ],
  },
);
export type AppLearningCurve = Static<typeof AppLearningCurve>;

export const AppPointsAsked = Type.Object(
  {
    decision_points: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { minItems: 1, maxItems: 100 }),
    sample: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 1_000 })),
  },
  { description: 'Decision points to try out.', examples: [{ decision_points: ['rule.name', 'host.os'] }] },
);
export type AppPointsAsked = Static<typeof AppPointsAsked>;
export const AppPointsPreview = Type.Object(
  {
    events: count('Events looked at: the newest.'),
    buckets: count('Buckets that they would be in.'),
    single: count('Buckets with one event.'),
    empty: count('Events that hold none of the points.'),
    top_10: share('Share of the events in the ten biggest buckets.'),
    top_50: share('Share of the events in the fifty biggest buckets.'),
    labelled: count('Buckets with events that people have agreed on.'),
    conflicts: count('Buckets that would hold events with different labels.'),
    biggest: Type.Array(
      Type.Object(
        {
          events: count('Events in it.'),
          labels: Type.Array(Type.String(), { description: 'What people agree on for events in it.' }),
          decision_points: Type.Array(Type.Object({ point: Type.String(), value: Type.Unknown() })),
        },
        { description: 'A bucket.' },
      ),
      { description: 'The biggest of them.' },
    ),
  },
  { description: 'The buckets that a choice of decision points would make.' },
);
export type AppPointsPreview = Static<typeof AppPointsPreview>;

export const AppReprocess = Type.Object(
  {
    event_ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        minItems: 1,
        maxItems: 10_000,
        description: 'These events; others are left alone. Ids that are not there are passed over.',
      }),
    ),
    from: Type.Optional(time('Events whose own time is not before this.')),
    to: Type.Optional(time('Events whose own time is before this.')),
    all: Type.Optional(Type.Boolean({ description: 'true = all events; needed where nothing else is said.' })),
  },
  { description: 'Which stored events are to be decided again by the active model.', examples: [{ all: true }] },
);
export type AppReprocess = Static<typeof AppReprocess>;

export const AppReprocessed = Type.Object(
  { changed: Type.Boolean({ description: 'Whether the event has another result now.' }) },
  { description: 'What came of deciding one event again.', examples: [{ changed: true }] },
);
export type AppReprocessed = Static<typeof AppReprocessed>;
