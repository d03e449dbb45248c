import { type Static, Type } from 'typebox';
import { AppTask } from './app-training.ts';
import { Nullable } from './common.ts';

/** The app API over the demo: one AI use case filled with made-up alerts, to look around in. */
export const AppDemo = Type.Object(
  {
    job_id: Nullable(Type.Integer(), 'The AI use case with the demo data; null where there is none.'),
    task: Nullable(AppTask, 'The work that fills it, also when it is over.'),
  },
  { description: 'Whether there is demo data, and how far it is.' },
);
export type AppDemo = Static<typeof AppDemo>;
