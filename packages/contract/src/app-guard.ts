import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** The guard in the app API: how far automation may go, and the audits that it rests on. */

const text = (description: string) => Type.String({ description });

export const AppGuardWish = Type.Object(
  {
    max_error_rate: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.5,
      description: 'The share of such decisions that may be wrong.',
    }),
    wrong_labels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        minItems: 1,
        maxItems: 20,
        description: 'What analysts must have said for such a decision to be wrong. For Drop: Escalate; else every other label.',
      }),
    ),
  },
  { description: 'A wish of a lead for one label.', examples: [{ max_error_rate: 0.01 }] },
);

export const AppGuards = Type.Object(
  {
    closed_for_all: Type.Boolean({ description: 'The one switch: nothing is acted on while it is true.' }),
    audit_rate: Type.Number({ description: 'Share of the traffic that is drawn at random once somebody opens the guard.' }),
    protected_points: Type.Array(Type.String(), {
      description: 'A value of these that the model has never seen goes to a person.',
    }),
    waiting: Type.Integer({ description: 'Drawn events that wait for a blind label; 100 = at least so many.' }),
    guards: Type.Array(
      Type.Object(
        {
          class_id: text('The label.'),
          label: text('Its name.'),
          model_id: Type.Integer({ description: 'The model under test.' }),
          max_error_rate: Type.Number({ description: 'What was promised.' }),
          wrong_labels: Type.Array(Type.String(), { description: 'What makes such a decision wrong.' }),
          status: Type.Enum(['open', 'gathering', 'closed'], { description: 'gathering: not enough evidence yet.' }),
          threshold: Nullable(Type.Number(), 'Decisions with at least this confidence may be acted on.'),
          sentence: text('All of this in words.'),
          steps: Type.Array(
            Type.Object({
              threshold: Type.Number(),
              audits: Type.Number(),
              wrong: Type.Number(),
              unanswered: Type.Number(),
              evidence: Type.Number({ description: '1 = passed.' }),
              passed: Type.Boolean(),
            }),
            { description: 'The tested thresholds, strictest first.' },
          ),
          more_audits: Nullable(Type.Integer(), 'How many more audits the next threshold needs if none of them is wrong.'),
          opened_by: text('Who asked for it.'),
          opened_at: text('When.'),
        },
        { description: 'One guard.' },
      ),
    ),
  },
  { description: 'The guards of an AI use case.' },
);
export type AppGuards = Static<typeof AppGuards>;

export const AppGuardSwitch = Type.Object(
  { closed: Type.Boolean({ description: 'true: nothing is acted on, in any AI use case.' }) },
  { description: 'The one switch.', examples: [{ closed: true }] },
);

export const AppAudits = Type.Object(
  {
    audits: Type.Array(
      Type.Object({
        audit_id: Type.Integer({ description: 'Its number, in the order of drawing.' }),
        event_id: text('The event.'),
        title: Nullable(Type.String(), 'Its title.'),
        ingested_at: text('When it came in.'),
        due_at: text('Until when an answer is evidence.'),
        raw_event: text("The alert's own JSON, as text."),
        decision_points: Type.Array(Type.Object({ point: Type.String(), value: Type.Unknown() })),
      }),
    ),
  },
  { description: 'Events drawn at random, to be labelled blind: what Verdict says of them is not shown. Oldest first.' },
);
export const AppAuditParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  audit_id: Type.Integer({ minimum: 1, description: 'The number of the audit.' }),
});
export const AppAuditAnswer = Type.Object(
  { label: Type.String({ minLength: 1, maxLength: 200, description: 'Name or class id.' }) },
  { description: 'The label of somebody who has not seen the suggestion.', examples: [{ label: 'Drop' }] },
);

export type AppGuardWish = Static<typeof AppGuardWish>;
export type AppGuardSwitch = Static<typeof AppGuardSwitch>;
export type AppAudits = Static<typeof AppAudits>;
export type AppAuditAnswer = Static<typeof AppAuditAnswer>;
