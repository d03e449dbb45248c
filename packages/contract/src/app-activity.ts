import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** The app API over what a use case does in time. */

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const AppActivityQuery = Type.Object({
  days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_660, default: 30, description: 'How far back.' })),
  offset_minutes: Type.Optional(
    Type.Integer({ minimum: -840, maximum: 840, default: 0, description: "Minutes that the asker's zone is ahead of UTC." }),
  ),
});
export type AppActivityQuery = Static<typeof AppActivityQuery>;

export const AppActivity = Type.Object(
  {
    times: Type.Array(Type.Integer(), { description: 'Seconds since 1970 at which each step begins.' }),
    events: Type.Array(Type.Integer(), { description: 'Events in each step.' }),
    labels: Type.Array(
      Type.Object({
        class_id: Type.String({ description: 'Its id for ever.' }),
        name: Type.String({ description: 'Its name.' }),
        hex_color: Type.String({ description: 'Its colour.' }),
        events: Type.Array(Type.Integer(), { description: 'Events decided so, in each step.' }),
      }),
      { description: 'Decisions in the order of class ids.' },
    ),
    confidence: Type.Array(Nullable(Type.Number(), 'null where nothing was decided.'), {
      description: 'Mean confidence in each step, 0 to 1.',
    }),
    attention: count('Events decided with less than 60 %, or outliers.'),
    standings: Type.Array(
      Type.Object({
        state: Type.String({ description: 'new, pending, in_knowledge_base or retrain.' }),
        units: count('Buckets, or events where each stands on its own.'),
        events: count('Their events.'),
      }),
      { description: 'Where what there is stands between people and the active model, whatever its time.' },
    ),
  },
  {
    description: 'What came in, what was decided, and where the knowledge base stands.',
    examples: [
      {
        times: [1_796_083_200],
        events: [12],
        labels: [{ class_id: 'class_1', name: 'Drop', hex_color: '#10b981', events: [9] }],
        confidence: [0.93],
        attention: 1,
        standings: [{ state: 'new', units: 3, events: 4 }],
      },
    ],
  },
);
export type AppActivity = Static<typeof AppActivity>;
