import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';
import { SCOPES } from './scopes.ts';
import { INPUT_RIGHTS } from './v1.ts';

/** The app API over people, sessions, API keys and the audit trail. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const id = (description: string) => Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });

/** What a person may do: each role may do what those before it may. */
export const USER_ROLES = ['analyst', 'lead', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];
const UserRoleSchema = Type.Enum([...USER_ROLES], {
  description: 'analyst, lead or admin; each may do what those before it may.',
});

/** What each role may do beyond those before it, so that a page can switch off what is not for its reader. */
export const ROLE_ACTIONS = {
  analyst: ['read', 'vote', 'withdraw_own'],
  lead: ['overrule', 'decision_points', 'train', 'activate', 'guard', 'reprocess'],
  admin: ['integrations', 'keys', 'users', 'audit', 'retention', 'backup', 'delete'],
} as const satisfies Record<UserRole, readonly string[]>;
export type UserAction = (typeof ROLE_ACTIONS)[UserRole][number];

/** Everything that a role may do. */
export function actionsOf(role: UserRole): UserAction[] {
  return USER_ROLES.slice(0, USER_ROLES.indexOf(role) + 1).flatMap((each): readonly UserAction[] => ROLE_ACTIONS[each]);
}

const ActionList = Type.Array(Type.String(), {
  description: 'What the caller may do: read, vote, overrule, train, keys and so on.',
});
const name = (description: string) => Type.String({ minLength: 1, maxLength: 1_000, description });
const password = (description: string) => Type.String({ minLength: 1, maxLength: 10_000, description });

export const AppSignIn = Type.Object(
  { name: name('The user name, in any letter case.'), password: password('The password.') },
  { description: 'Signs a person in.', examples: [{ name: 'ada', password: '••••••••••••' }] },
);
export type AppSignIn = Static<typeof AppSignIn>;

export const AppCaller = Type.Object(
  {
    kind: Type.Enum(['user', 'operator'], { description: 'A signed-in person, or the operator at the machine itself.' }),
    user_id: Nullable(Type.Integer(), 'Number of the user; null for the operator.'),
    name: text('The name.'),
    role: UserRoleSchema,
    may: ActionList,
    csrf: Nullable(Type.String(), 'To be sent as x-verdict-csrf with every call that changes something; null without a session.'),
    expires_at: Nullable(Type.String({ format: 'date-time' }), 'When the session ends whatever happens; null without a session.'),
    live_place: Type.String({
      description:
        'Where the stream of changes stands: as `after` of `/api/app/live` it misses nothing that changed since this answer.',
    }),
  },
  {
    description: 'Who is calling, and what they may do.',
    examples: [
      {
        kind: 'user',
        user_id: 1,
        name: 'ada',
        role: 'analyst',
        may: ['read', 'vote', 'withdraw_own'],
        csrf: '0pT3…',
        expires_at: '2021-09-09T09:46:22.363642Z',
        live_place: '2f1c….41',
      },
    ],
  },
);
export type AppCaller = Static<typeof AppCaller>;

export const AppSetupState = Type.Object(
  { needed: Type.Boolean({ description: 'Nobody can sign in as administrator yet.' }) },
  { description: 'Whether the first administrator is still to be made.', examples: [{ needed: true }] },
);
export type AppSetupState = Static<typeof AppSetupState>;
export const AppSetup = Type.Object(
  {
    secret: Type.String({ minLength: 1, maxLength: 200, description: 'What stands behind the # of the set-up link.' }),
    name: name('The name of the first administrator.'),
    password: password('At least 12 characters, not the name.'),
  },
  { description: 'Makes the first administrator.', examples: [{ secret: '••••••••', name: 'ada', password: '••••••••••••' }] },
);
export type AppSetup = Static<typeof AppSetup>;

export const AppOwnPassword = Type.Object(
  { current_password: password('The password until now.'), new_password: password('The new one: at least 12 characters.') },
  { description: 'Changes the own password.', examples: [{ current_password: '••••••••••••', new_password: '••••••••••••' }] },
);
export type AppOwnPassword = Static<typeof AppOwnPassword>;

const userExample = {
  user_id: 1,
  name: 'ada',
  role: 'admin',
  disabled: false,
  created_at: '2021-09-02T09:46:22.363642Z',
  last_sign_in_at: null,
};
export const AppUser = Type.Object(
  {
    user_id: Type.Integer({ description: 'Its number.' }),
    name: text('The name, unique in any letter case.'),
    role: UserRoleSchema,
    disabled: Type.Boolean({ description: 'May not sign in.' }),
    created_at: time('When it was added.'),
    last_sign_in_at: Nullable(Type.String({ format: 'date-time' }), 'When the person last signed in.'),
  },
  { description: 'A person who can sign in.', examples: [userExample] },
);
export type AppUser = Static<typeof AppUser>;
export const AppUsers = Type.Array(AppUser, { description: 'All users, oldest first.', examples: [[userExample]] });
export const AppUserParams = Type.Object({ user_id: id('The number of the user.') });

export const AppUserDraft = Type.Object(
  { name: name('The name.'), role: UserRoleSchema, password: password('At least 12 characters, not the name.') },
  { description: 'A user to add.', examples: [{ name: 'ada', role: 'lead', password: '••••••••••••' }] },
);
export type AppUserDraft = Static<typeof AppUserDraft>;
export const AppUserChange = Type.Object(
  {
    name: Type.Optional(name('Another name.')),
    role: Type.Optional(UserRoleSchema),
    disabled: Type.Optional(Type.Boolean({ description: 'Whether the person may not sign in.' })),
  },
  {
    description: 'What to change; the rest stays. Another role, and disabling, ends sessions and tokens.',
    examples: [{ role: 'lead' }],
  },
);
export type AppUserChange = Static<typeof AppUserChange>;
export const AppPassword = Type.Object(
  { password: password('At least 12 characters, not the name.') },
  { description: 'A new password; all sessions and tokens of the person end.', examples: [{ password: '••••••••••••' }] },
);
export type AppPassword = Static<typeof AppPassword>;
export const AppEnded = Type.Object(
  { sessions: Type.Integer({ minimum: 0, description: 'Sessions that were ended.' }) },
  { description: 'What was ended.', examples: [{ sessions: 2 }] },
);
export type AppEnded = Static<typeof AppEnded>;

const RightList = Type.Array(Type.Enum([...INPUT_RIGHTS]), {
  description: `Rights of an input key: ${INPUT_RIGHTS.join(', ')}.`,
});
const ScopeNames = Type.Array(Type.String(), { description: `Scopes of a management key: ${SCOPES.join(', ')}.` });
const Expiry = Nullable(Type.String({ description: 'ISO 8601' }), 'When it ends; null = never.');
const keyMembers = {
  key_id: Type.Integer({ description: 'Its number.' }),
  name: text('Its name.'),
  kind: Type.Enum(['input', 'management'], {
    description: 'input = tied to integrations and so to their jobs; management = scopes, all jobs.',
  }),
  prefix: text('How it starts; empty for a pasted one.'),
  last4: text('Its last four characters.'),
  rights: RightList,
  scopes: ScopeNames,
  state: Type.Enum(['active', 'expired', 'revoked'], { description: 'Whether it is taken now.' }),
  owner: Nullable(Type.String(), 'Whose token it is (user:1); null for a key of its own.'),
  created_at: time('When it was made.'),
  created_by: text('By whom: user:1, key:3, operator.'),
  expires_at: Nullable(Type.String({ format: 'date-time' }), 'When it ends; null = never.'),
  revoked_at: Nullable(Type.String({ format: 'date-time' }), 'When it was revoked.'),
  last_used_at: Nullable(Type.String({ format: 'date-time' }), 'When it was last used.'),
  integrations: Type.Array(Type.String(), { description: 'Titles of the integrations that use it.' }),
};
const keyExample = {
  key_id: 3,
  name: 'SOAR',
  kind: 'input',
  prefix: 'vrd_x7Qa',
  last4: 'k9Zw',
  rights: ['events', 'decisions', 'feedback'],
  scopes: [],
  state: 'active',
  owner: null,
  created_at: '2021-09-02T09:46:22.363642Z',
  created_by: 'user:1',
  expires_at: null,
  revoked_at: null,
  last_used_at: '2021-09-02T10:00:00.000000Z',
  integrations: ['Main SOAR'],
};
export const AppKey = Type.Object(keyMembers, { description: 'An API key, never its value.', examples: [keyExample] });
export type AppKey = Static<typeof AppKey>;
export const AppKeys = Type.Array(AppKey, { description: 'All keys, oldest first.', examples: [[keyExample]] });
export const AppKeyParams = Type.Object({ key_id: id('The number of the key.') });
export const AppNewKey = Type.Object(
  { ...keyMembers, value: text('The key itself. Shown this once and never again.') },
  { description: 'A new API key with its value.', examples: [{ ...keyExample, value: 'vrd_x7Qa…k9Zw' }] },
);
export type AppNewKey = Static<typeof AppNewKey>;

export const AppKeyDraft = Type.Object(
  {
    name: name('Its name.'),
    kind: Type.Enum(['input', 'management'], { description: 'input or management.' }),
    rights: Type.Optional(RightList),
    scopes: Type.Optional(ScopeNames),
    value: Type.Optional(
      Type.String({ maxLength: 1_000, description: 'An input key that exists already in a SOAR; made here when absent.' }),
    ),
    expires_at: Type.Optional(Expiry),
  },
  {
    description: 'A key to make. Absent rights or scopes: all that the caller may grant.',
    examples: [{ name: 'SOAR', kind: 'input' }],
  },
);
export type AppKeyDraft = Static<typeof AppKeyDraft>;
export const AppKeyChange = Type.Object(
  {
    name: Type.Optional(name('Another name.')),
    rights: Type.Optional(RightList),
    scopes: Type.Optional(ScopeNames),
    expires_at: Type.Optional(Expiry),
  },
  { description: 'What to change; the rest stays.', examples: [{ rights: ['events', 'decisions'] }] },
);
export type AppKeyChange = Static<typeof AppKeyChange>;

const short = (description: string) => Type.Optional(Type.String({ maxLength: 1_000, description }));
export const AppAuditQuery = Type.Object(
  {
    actor: short('Who did it: a name, or an id such as user:1 or key:3.'),
    action: short('What was done, say key.revoke.'),
    object_kind: short('The kind of thing it was done to: job, key, user.'),
    object_id: short('Its id.'),
    job_id: Type.Optional(id('The AI use case it belongs to.')),
    from: short('From this time on (ISO 8601).'),
    to: short('Before this time (ISO 8601).'),
    before: Type.Optional(id('Only entries with a smaller number: the next of the page before.')),
    size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'Entries of a page, 100 when absent.' })),
  },
  { description: 'Which entries.', examples: [{ actor: 'ada', size: 50 }] },
);
export type AppAuditQuery = Static<typeof AppAuditQuery>;

export const AppAuditEntry = Type.Object(
  {
    seq: Type.Integer({ description: 'Its number.' }),
    at: time('When.'),
    actor_kind: text('input, management, user or operator.'),
    actor_id: text('user:1, key:3, operator.'),
    actor_name: text('The name at that time.'),
    origin: text('From where: api 10.0.0.7, socket, command line.'),
    action: text('What was done.'),
    object_kind: text('The kind of thing.'),
    object_id: text('Its id.'),
    job_id: Nullable(Type.Integer(), 'The AI use case it belongs to.'),
    before: Type.Unknown({ description: 'What it was; null where it is new.' }),
    after: Type.Unknown({ description: 'What it is now; null where it is gone.' }),
    hash: text('SHA-256 over the entry and the one before it.'),
  },
  { description: 'One change.' },
);
export type AppAuditEntry = Static<typeof AppAuditEntry>;
export const AppAuditPage = Type.Object(
  {
    entries: Type.Array(AppAuditEntry, { description: 'Newest first; may be fewer than asked while there are more.' }),
    next: Nullable(Type.Integer(), 'What to send as before for the next page; null at the end.'),
  },
  { description: 'A page of the audit trail.', examples: [{ entries: [], next: null }] },
);
export type AppAuditPage = Static<typeof AppAuditPage>;

export const AppAuditVerdict = Type.Object(
  {
    ok: Type.Boolean({ description: 'Whether every entry is as it was written.' }),
    rows: Type.Integer({ minimum: 0, description: 'Entries found in order.' }),
    first_broken: Nullable(Type.Integer(), 'Number of the first that is changed or missing.'),
    head: Nullable(
      Type.Object({ seq: Type.Integer(), hash: Type.String() }, { description: 'The last entry.' }),
      'The last entry. Kept elsewhere, it proves later that nothing before it was rewritten.',
    ),
    sentence: text('The same in words.'),
  },
  {
    description: 'Whether the audit trail is as it was written.',
    examples: [{ ok: true, rows: 0, first_broken: null, head: null, sentence: 'The audit trail is empty.' }],
  },
);
export type AppAuditVerdict = Static<typeof AppAuditVerdict>;
