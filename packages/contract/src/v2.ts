import { type Static, Type } from 'typebox';
import { EVENT_ID_PATTERN, Lenient, Open, RequestStatus, SHORT_TEXT_CHARS_MAX } from './common.ts';

/** The v2 API: scopes, tokens, health, and what can be done to jobs and events. Documents, search and metrics have their own files. */

export const ScopeList = Type.Array(Type.String(), {
  description: 'The scopes of the calling key; empty for an input key.',
  examples: [['read:resources', 'read:event_query']],
});
export type ScopeList = Static<typeof ScopeList>;

/** How long a token made by `POST /api/v2/token` lives: 24 hours unless asked, 90 days at most. */
export const TOKEN_HOURS_DEFAULT = 24;
export const TOKEN_DAYS_MAX = 90;
/** Seconds in each unit of time that a token's life may be given in. */
export const TOKEN_UNIT_SECONDS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type TokenUnit = keyof typeof TOKEN_UNIT_SECONDS;
export const TOKEN_UNITS = Object.keys(TOKEN_UNIT_SECONDS) as readonly TokenUnit[];

/** Body of `POST /api/v2/token`. */
export const TokenRequest = Open(
  {
    username: Type.String({ minLength: 1, maxLength: SHORT_TEXT_CHARS_MAX, description: 'An admin.' }),
    password: Type.String({ minLength: 1, maxLength: SHORT_TEXT_CHARS_MAX, description: 'Their password.' }),
    expires_in_value: Lenient(Type.Integer({ minimum: 1 }), 'How long it lives, 24 hours when absent, at most 90 days.'),
    expires_in_unit: Lenient(
      Type.Enum([...TOKEN_UNITS]),
      'The unit of that: seconds, minutes, hours or days; hours when absent.',
    ),
  },
  {
    description: 'Asks for a management key that ends by itself.',
    examples: [{ username: 'admin', password: '••••••••••••', expires_in_value: 8, expires_in_unit: 'hours' }],
  },
);
export type TokenRequest = Static<typeof TokenRequest>;

/** Answer of `POST /api/v2/token`, also when it is refused (401): then the first two are null. */
export const TokenAnswer = Type.Object(
  {
    api_token: Type.Union([Type.String(), Type.Null()], { description: 'The key; shown this once. Null when refused.' }),
    expire_at: Type.Union([Type.String(), Type.Null()], { description: 'When it ends; RFC 3339 with Z. Null when refused.' }),
    error_message: Type.String({ description: 'Why it was refused; empty when it was not.' }),
  },
  {
    description: 'A management key that ends by itself.',
    examples: [
      { api_token: 'the key itself', expire_at: '2021-09-03T09:46:22.363642Z', error_message: '' },
      { api_token: null, expire_at: null, error_message: 'The user name or the password is wrong, or the user is not an admin.' },
    ],
  },
);
export type TokenAnswer = Static<typeof TokenAnswer>;

/** Answer of `GET /api/v2/health/`, and of start, stop, train, feedback and deletion. */
export const V2Health = RequestStatus;

/** Query of `PUT /api/v2/events/{job}/{event}/feedback`. */
export const V2FeedbackQuery = Open(
  {
    feedback_label: Type.String({
      minLength: 1,
      maxLength: SHORT_TEXT_CHARS_MAX,
      description: 'A label: its name in any letter case, or its class id.',
    }),
    storage_name: Type.Optional(
      Type.String({ maxLength: SHORT_TEXT_CHARS_MAX, description: 'Taken and ignored: a job has one store.' }),
    ),
  },
  { description: 'A label for an event.', examples: [{ feedback_label: 'Drop' }] },
);
export type V2FeedbackQuery = Static<typeof V2FeedbackQuery>;

/** Body of `POST /api/v2/events/{job}/{event}/add_agentic_notes`. */
export const AgenticNotesRequest = Open(
  {
    agent_notes: Type.String({ description: 'What the agent found, in words or Markdown.' }),
    agent_saved_objects: Lenient(Type.Unknown(), 'What it wants kept with the event; any JSON.'),
    workflow_name: Lenient(Type.String({ maxLength: SHORT_TEXT_CHARS_MAX }), 'The workflow that ran.'),
    workflow_id: Lenient(Type.Union([Type.String(), Type.Integer()]), 'Its id.'),
    session_id: Lenient(Type.Union([Type.String(), Type.Integer()]), 'The run.'),
  },
  {
    description: 'Notes of an agent on an event. They are shown to people, and never counted as feedback.',
    examples: [{ agent_notes: 'The address belongs to our scanner.', agent_saved_objects: {}, workflow_name: 'Triage' }],
  },
);
export type AgenticNotesRequest = Static<typeof AgenticNotesRequest>;

/** Its answer; here `reason_details` is a list. */
export const AgenticNotesAnswer = Type.Object(
  {
    status: Type.Enum(['OK', 'NOK'], { description: 'OK, or NOK when it was refused.' }),
    reason: Type.String({ description: 'Why it was refused; empty when OK.' }),
    reason_details: Type.Array(Type.String(), { description: 'More to know.' }),
  },
  { description: 'Whether the notes are stored.', examples: [{ status: 'OK', reason: '', reason_details: [] }] },
);
export type AgenticNotesAnswer = Static<typeof AgenticNotesAnswer>;

/** Body of `POST /api/v2/inline_code_blocks/test` and `/save`. */
export const CodeBlockRequest = Open(
  {
    source_code: Type.String({ description: 'JavaScript: function transform(record) { … return record }' }),
    input_test: Type.Optional(
      Type.Unknown({ description: 'The record to try it on, as an object or as JSON text; not needed with reprocess_event_id.' }),
    ),
    job_id: Lenient(Type.Integer(), 'The job it belongs to; needed to save it.'),
    title: Lenient(Type.String({ maxLength: SHORT_TEXT_CHARS_MAX }), 'What it is called.'),
    description: Lenient(Type.String({ maxLength: 10_000 }), 'What it is for.'),
    env_variables: Lenient(
      Type.Union([
        Type.Record(Type.String(), Type.String()),
        Type.Array(
          Open(
            { name: Type.String({ description: 'Its name.' }), value: Type.String({ description: 'Its value.' }) },
            { description: 'One variable.', examples: [{ name: 'SITE', value: 'Lyon', is_secret: false }] },
          ),
        ),
      ]),
      'Texts it can read as env_variables.NAME: by name, or as a list of names and values. They are kept sealed and never shown again.',
    ),
    settings: Lenient(
      Open(
        {
          limits: Lenient(
            Open(
              {
                cpu_time_limit_seconds: Lenient(Type.Number({ exclusiveMinimum: 0 }), 'Seconds of computing.'),
                memory_limit_mb: Lenient(Type.Number({ exclusiveMinimum: 0 }), 'Megabytes of memory.'),
              },
              { description: 'What it may use.' },
            ),
            'What it may use.',
          ),
        },
        { description: 'How it runs.' },
      ),
      'How it runs.',
    ),
    reprocess_event_id: Lenient(
      Type.String({ pattern: EVENT_ID_PATTERN }),
      'A stored event of the job to try it on, as it came, in place of input_test.',
    ),
  },
  {
    description: 'A code step.',
    examples: [
      { source_code: 'function transform(record) { record.seen = true; return record; }', input_test: { ip: '192.0.2.7' } },
    ],
  },
);
export type CodeBlockRequest = Static<typeof CodeBlockRequest>;

/** Its answer. */
export const CodeBlockAnswer = Type.Object(
  {
    stdout: Type.String({ description: 'What it printed.' }),
    stderr: Type.String({ description: 'What went wrong; empty when nothing did.' }),
    output_record: Type.String({ description: 'The record it returned, as JSON text; empty when it failed.' }),
  },
  {
    description: 'What a code step did.',
    examples: [{ stdout: '', stderr: '', output_record: '{"ip":"192.0.2.7","seen":true}' }],
  },
);
export type CodeBlockAnswer = Static<typeof CodeBlockAnswer>;
