import { type Static, Type } from 'typebox';

/** Whether the process is alive: `GET /health`. */
export const Health = Type.Object(
  { status: Type.Literal('ok', { description: 'Always ok: a process that is not alive does not answer.' }) },
  { description: 'The process is alive. It says nothing of the store; ask /ready for that.', examples: [{ status: 'ok' }] },
);
export type Health = Static<typeof Health>;

/** One thing that must be well before the service can be used. */
export const ReadyCheck = Type.Object(
  {
    name: Type.Union([Type.Literal('running'), Type.Literal('storage'), Type.Literal('migrations')], {
      description: 'What was checked.',
    }),
    ok: Type.Boolean({ description: 'Whether it is well.' }),
    detail: Type.String({ description: 'What is wrong; empty when nothing is.' }),
  },
  { description: 'One thing that must be well before the service can be used.' },
);
export type ReadyCheck = Static<typeof ReadyCheck>;

/** Whether the service can be used: `GET /ready`, 200 or 503. */
export const ReadyAnswer = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready')], { description: 'not_ready comes with status 503.' }),
    checks: Type.Array(ReadyCheck, { description: 'Each check with what is wrong.' }),
    warnings: Type.Array(Type.String(), { description: 'What is not wrong yet, but will be: the disk is nearly full.' }),
  },
  {
    description: 'Whether the service can be used.',
    examples: [{ status: 'ready', checks: [{ name: 'storage', ok: true, detail: '' }], warnings: [] }],
  },
);
export type ReadyAnswer = Static<typeof ReadyAnswer>;

/** A backup in the data folder. */
export const BackupView = Type.Object(
  {
    name: Type.String({ description: 'Its folder inside the backups of the data folder, named by time (UTC).' }),
    folder: Type.String({ description: 'Where it is on the machine of the service: what `verdict restore` wants.' }),
    created_at: Type.String({ description: 'When it was made, RFC 3339.' }),
    version: Type.String({ description: 'The version of Verdict that made it.' }),
    bytes: Type.Integer({ description: 'Size of the database in bytes.' }),
    sha256: Type.String({ description: 'SHA-256 of the database file.' }),
    with_key: Type.Boolean({
      description: 'Whether the key file is in it. Without it integration secrets cannot be read after a restore elsewhere.',
    }),
  },
  { description: 'A backup in the data folder.' },
);
export type BackupView = Static<typeof BackupView>;

/** The answer of `POST /api/app/backup`. */
export const BackupMade = Type.Object(
  {
    backup: BackupView,
    message: Type.String({ description: 'What to know of it: whether the key file is in it and what that means.' }),
  },
  { description: 'A backup that was made.' },
);
export type BackupMade = Static<typeof BackupMade>;

/** The answer of `GET /api/app/backups`. */
export const BackupList = Type.Object(
  { backups: Type.Array(BackupView, { description: 'Complete backups, newest first.' }) },
  { description: 'The backups in the data folder.' },
);
export type BackupList = Static<typeof BackupList>;

/** What the service is: `GET /api/app/about`. */
export const AppAbout = Type.Object(
  {
    version: Type.String({ description: 'The version of Verdict.' }),
    node: Type.String({ description: 'The version of Node.js it runs on.' }),
    started_at: Type.String({ format: 'date-time', description: 'When this process started.' }),
    database_bytes: Type.Integer({ description: 'Size of the database in bytes.' }),
    memory_bytes: Type.Integer({ description: 'Memory that the process holds, in bytes.' }),
    search_lag: Type.Integer({ description: 'Events that the search index does not hold yet.' }),
    session_idle_seconds: Type.Integer({ description: 'A session ends after so long without a call.' }),
    session_longest_seconds: Type.Integer({ description: 'A session ends after so long whatever happens.' }),
    free_failures: Type.Integer({ description: 'Failed sign-ins of a name that cost no waiting.' }),
    longest_wait_seconds: Type.Integer({ description: 'The longest wait after more of them; it doubles from one second.' }),
  },
  { description: 'What the service is, and its rules of signing in.' },
);
export type AppAbout = Static<typeof AppAbout>;
