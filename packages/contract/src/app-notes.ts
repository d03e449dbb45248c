import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** The app API over notes of agents. Times are RFC 3339 with Z. */

const AppNote = Type.Object(
  {
    note_id: Type.Integer({ minimum: 1, description: 'Its number.' }),
    event_version: Type.Integer({ description: 'The version of the event that it was written on.' }),
    text: Type.String({ description: 'What the agent found; text from outside.' }),
    saved_objects: Type.Unsafe<unknown>({ description: 'What the agent wanted kept: any JSON, or null.' }),
    workflow_name: Nullable(Type.String(), 'The workflow that ran.'),
    workflow_id: Nullable(Type.String(), 'Its id.'),
    session_id: Nullable(Type.String(), 'The run.'),
    at: Type.String({ format: 'date-time', description: 'When.' }),
    by: Type.String({ description: 'The key that sent it.' }),
  },
  { description: 'What an agent noted on an event; never counted as feedback.' },
);

export const AppNotes = Type.Array(AppNote, {
  description: 'Notes, newest first.',
  examples: [
    [
      {
        note_id: 4,
        event_version: 1,
        text: 'The address belongs to our scanner.',
        saved_objects: null,
        workflow_name: 'Triage',
        workflow_id: null,
        session_id: null,
        at: '2026-03-02T09:46:22.363642Z',
        by: 'key:3',
      },
    ],
  ],
});
export type AppNotes = Static<typeof AppNotes>;
