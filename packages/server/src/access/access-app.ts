import {
  AppEnded,
  AppKey,
  AppKeyChange,
  AppKeyDraft,
  AppKeyParams,
  AppKeys,
  AppNewKey,
  AppPassword,
  AppUser,
  AppUserChange,
  AppUserDraft,
  AppUserParams,
  AppUsers,
  microsToZ,
  parseTimestamp,
} from '@verdict/contract';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { KeyInUse, KeyService } from './key-service.ts';
import type { User } from './user.ts';
import type { UserService } from './user-service.ts';

const PEOPLE = 'app: people';
const KEYS = 'app: API keys';

/** Users and API keys, for administrators. */
export function accessRoutesApp({ users, keys, clock }: { users: UserService; keys: KeyService; clock: Clock }): Route[] {
  const right = { role: 'admin' } as const;
  const inUse = async (id: number): Promise<AppKey> => {
    const key = (await keys.list()).find((each) => each.id === id);
    if (!key) throw new Refusal('not_found', `There is no key ${id}.`);
    return presentKey(key, clock());
  };
  return [
    route({
      method: 'GET',
      path: '/api/app/users',
      id: 'appListUsers',
      summary: 'All users',
      tag: PEOPLE,
      right,
      response: AppUsers,
      handler: async () => (await users.list()).map(presentUser),
    }),
    route({
      method: 'POST',
      path: '/api/app/users',
      id: 'appAddUser',
      summary: 'Add a user',
      tag: PEOPLE,
      right,
      status: 201,
      body: AppUserDraft,
      response: AppUser,
      handler: async ({ origin, body }) => presentUser(await users.add(origin, body)),
    }),
    route({
      method: 'PATCH',
      path: '/api/app/users/{user_id}',
      id: 'appChangeUser',
      summary: 'Change name or role of a user, disable or enable',
      tag: PEOPLE,
      right,
      params: AppUserParams,
      body: AppUserChange,
      response: AppUser,
      handler: async ({ origin, params, body }) => presentUser(await users.update(origin, params.user_id, body)),
    }),
    route({
      method: 'POST',
      path: '/api/app/users/{user_id}/password',
      id: 'appSetPassword',
      summary: 'Give a user a new password',
      tag: PEOPLE,
      right,
      params: AppUserParams,
      body: AppPassword,
      response: AppUser,
      handler: async ({ origin, params, body }) => presentUser(await users.setPassword(origin, params.user_id, body.password)),
    }),
    route({
      method: 'DELETE',
      path: '/api/app/users/{user_id}/sessions',
      id: 'appEndSessions',
      summary: 'End all sessions and tokens of a user',
      tag: PEOPLE,
      right,
      params: AppUserParams,
      response: AppEnded,
      handler: async ({ origin, params }) => ({ sessions: await users.endSessions(origin, params.user_id) }),
    }),
    route({
      method: 'GET',
      path: '/api/app/keys',
      id: 'appListKeys',
      summary: 'All API keys',
      tag: KEYS,
      right,
      response: AppKeys,
      handler: async () => (await keys.list()).map((key) => presentKey(key, clock())),
    }),
    route({
      method: 'POST',
      path: '/api/app/keys',
      id: 'appCreateKey',
      summary: 'Make an API key; its value is shown this once',
      tag: KEYS,
      right,
      status: 201,
      body: AppKeyDraft,
      response: AppNewKey,
      async handler({ origin, body }) {
        const { key, value } = await keys.create(origin, {
          name: body.name,
          kind: body.kind,
          rights: body.rights,
          scopes: body.scopes,
          value: body.value,
          expiresAt: expiryOf(body.expires_at),
        });
        return { ...presentKey({ ...key, integrations: [] }, clock()), value };
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/app/keys/{key_id}',
      id: 'appChangeKey',
      summary: 'Change name, rights, scopes or expiry of an API key',
      tag: KEYS,
      right,
      params: AppKeyParams,
      body: AppKeyChange,
      response: AppKey,
      async handler({ origin, params, body }) {
        const { name, rights, scopes } = body;
        await keys.update(origin, params.key_id, { name, rights, scopes, expiresAt: expiryOf(body.expires_at) });
        return inUse(params.key_id);
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/keys/{key_id}/revoke',
      id: 'appRevokeKey',
      summary: 'Revoke an API key for good',
      tag: KEYS,
      right,
      params: AppKeyParams,
      response: AppKey,
      async handler({ origin, params }) {
        await keys.revoke(origin, params.key_id);
        return inUse(params.key_id);
      },
    }),
  ];
}

function presentUser(user: User): AppUser {
  return {
    user_id: user.id,
    name: user.name,
    role: user.role,
    disabled: user.disabled,
    created_at: microsToZ(user.createdAt),
    last_sign_in_at: timeText(user.lastSignInAt),
  };
}

function presentKey(key: KeyInUse, now: number): AppKey {
  return {
    key_id: key.id,
    name: key.name,
    kind: key.kind,
    prefix: key.prefix,
    last4: key.last4,
    rights: [...key.rights],
    scopes: [...key.scopes],
    state: key.revokedAt !== null ? 'revoked' : key.expiresAt !== null && now >= key.expiresAt ? 'expired' : 'active',
    owner: key.owner,
    created_at: microsToZ(key.createdAt),
    created_by: key.createdBy,
    expires_at: timeText(key.expiresAt),
    revoked_at: timeText(key.revokedAt),
    last_used_at: timeText(key.lastUsedAt),
    integrations: [...key.integrations],
  };
}

function timeText(time: number | null): string | null {
  return time === null ? null : microsToZ(time);
}

function expiryOf(text: string | null | undefined): number | null | undefined {
  if (text === null || text === undefined) return text;
  const time = parseTimestamp(text);
  if (time !== null) return time;
  const msg = 'must be a date or time in ISO 8601, say 2021-09-02T09:46:22Z';
  throw new Refusal('invalid', `body.expires_at ${msg}.`, {
    problems: [{ loc: ['body', 'expires_at'], msg, type: 'bad_format' }],
  });
}
