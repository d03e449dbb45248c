import { request } from 'node:http';
import { join } from 'node:path';
import type { AppAuditPage, AppCaller, AppKey, AppNewKey, AppUser } from '@verdict/contract';
import { INPUT_RIGHTS, SCOPES } from '@verdict/contract';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SOCKET_FILE } from '../service.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

const PASSWORD = 'correct horse battery staple';
const DAY = 86_400_000_000;

let test: TestService;
let now = 1_700_000_000_000_000;

beforeAll(async () => {
  test = await startTestService({}, () => now++);
  await add('Ada', 'admin');
  await add('Lea', 'lead');
  await add('Ann', 'analyst');
});

afterAll(() => test.stop());

beforeEach(async () => {
  await test.running.services.storage.write((tx) => tx.run('DELETE FROM sign_in_guesses'));
});

const add = (name: string, role: 'analyst' | 'lead' | 'admin') =>
  test.running.services.access.users.add(OPERATOR, { name, role, password: PASSWORD });

/** A signed-in browser: sends cookie and token as our page does. */
async function browser(name: string, password = PASSWORD) {
  // Straight from the service: the route's own limit of guesses is tested apart.
  const session = await test.running.services.access.sessions.signIn(name, password, 'api 127.0.0.1');
  const headers = { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
  return {
    headers,
    call: <Body = Record<string, unknown>>(method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
      test.call<Body>(method, path, body, null, { ...headers, ...more }),
  };
}

/** A call over the Unix socket in the data folder. */
function overSocket(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: join(test.folder, SOCKET_FILE), method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) });
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('who is let in', () => {
  it('refuses no key, an unknown, a revoked and an expired one with 401 and a sentence', async () => {
    const { keys } = test.running.services;
    const revoked = await keys.create(OPERATOR, { name: 'revoked', kind: 'management' });
    await keys.revoke(OPERATOR, revoked.key.id);
    const expiring = await keys.create(OPERATOR, { name: 'expiring', kind: 'management', expiresAt: now + DAY });
    now += DAY;
    for (const [key, sentence] of [
      [null, 'No API key was sent'],
      ['vrd_nonsense', 'is not known here'],
      [revoked.value, 'was revoked'],
      [expiring.value, 'has expired'],
    ] as const) {
      const { status, body } = await test.call('GET', '/api/v1/jobs/', undefined, key);
      expect({ status, body }).toEqual({
        status: 401,
        body: {
          detail: expect.stringContaining(sentence),
          errors: [],
          status: 'ERROR',
          error_message: expect.stringContaining(sentence),
        },
      });
    }
  });

  it('takes a key as header or as bearer token, and refuses a key without the scope or right, or of the other kind, with 403', async () => {
    const { keys } = test.running.services;
    const reader = await keys.create(OPERATOR, { name: 'reader', kind: 'management', scopes: ['read:resources'] });
    const sender = await keys.create(OPERATOR, { name: 'sender', kind: 'input', rights: ['events'] });
    expect((await test.call('GET', '/api/v1/jobs/', undefined, reader.value)).status).toBe(200);
    const bearer = { authorization: `Bearer ${reader.value}` };
    expect((await test.call('GET', '/api/v1/jobs/', undefined, null, bearer)).status).toBe(200);
    const event = { job_id: 1201, raw_body: {} };
    const scopeless = await test.call('POST', '/api/v1/events/', event, reader.value);
    expect([scopeless.status, scopeless.body.detail]).toEqual([403, 'This key lacks the scope write:events.']);
    expect((await test.call('GET', '/api/v1/events/1201/x', undefined, sender.value)).status).toBe(403);
    for (const key of [reader.value, sender.value])
      expect((await test.call('GET', '/api/app/users', undefined, key)).status).toBe(403);
  });

  it('refuses a session that has ended, and people without the role', async () => {
    const ended = await test.call('GET', '/api/app/session', undefined, null, { cookie: `verdict_session=${'A'.repeat(43)}` });
    expect([ended.status, ended.body.detail]).toEqual([401, 'The session has ended. Sign in again.']);
    const lead = await browser('lea');
    const refused = await lead.call('GET', '/api/app/users');
    expect([refused.status, refused.body.detail]).toEqual([403, 'This needs the role admin; you are signed in as lead.']);
    expect((await lead.call('GET', '/api/app/audit')).status).toBe(403);
  });

  it('refuses a change without the token of the session, or from a page of another site', async () => {
    const { headers, call } = await browser('ada');
    const { cookie } = headers;
    const body = { name: 'never', kind: 'input' };
    const csrf = async (more: Record<string, string>) => (await test.call('POST', '/api/app/keys', body, null, more)).status;
    expect(await csrf({ cookie })).toBe(403);
    expect(await csrf({ cookie, 'x-verdict-csrf': 'x'.repeat(43) })).toBe(403);
    expect(await csrf({ ...headers, origin: 'https://evil.example' })).toBe(403);
    expect(await csrf({ ...headers, origin: 'null' })).toBe(403);
    expect(await csrf({ ...headers, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await csrf({ ...headers, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect((await call<AppKey[]>('GET', '/api/app/keys')).body.map(({ name }) => name)).not.toContain('never');
    const own = { origin: test.running.url, 'sec-fetch-site': 'same-origin' };
    expect((await call('POST', '/api/app/keys', { name: 'from our page', kind: 'input' }, own)).status).toBe(201);
  });
});

describe('the session', () => {
  it('is a cookie that scripts and other sites do not get; signing out ends it', async () => {
    const answer = await test.call<AppCaller>('POST', '/api/app/session', { name: 'ANN', password: PASSWORD }, null);
    expect(answer.body).toEqual({
      kind: 'user',
      user_id: 3,
      name: 'Ann',
      role: 'analyst',
      may: ['read', 'vote', 'withdraw_own'],
      csrf: expect.stringMatching(/^[\w-]{43}$/),
      expires_at: expect.stringContaining('2023-11-'),
      live_place: expect.stringMatching(/^[0-9a-f-]{36}\.\d+$/),
    });
    const set = answer.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^verdict_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
    const headers = { cookie: set.split(';')[0]!, 'x-verdict-csrf': answer.body.csrf! };
    expect((await test.call('GET', '/api/app/session', undefined, null, headers)).body).toEqual(answer.body);
    expect((await test.call('DELETE', '/api/app/session', undefined, null, headers)).status).toBe(204);
    expect((await test.call('GET', '/api/app/session', undefined, null, headers)).status).toBe(401);
  });

  it('refuses a wrong password with 401, guessing with 429, and a sign-in made by another site', async () => {
    const guess = () => test.call('POST', '/api/app/session', { name: 'ann', password: 'wrong' }, null);
    const wrong = await guess();
    expect([wrong.status, wrong.body.detail]).toEqual([401, 'The user name or the password is wrong.']);
    for (let n = 0; n < 4; n++) await guess();
    const locked = await guess();
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '1']);
    expect(locked.text).not.toContain('"wrong"');
    const evil = { 'sec-fetch-site': 'cross-site' };
    expect((await test.call('POST', '/api/app/session', { name: 'ann', password: PASSWORD }, null, evil)).status).toBe(403);
    expect((await test.call('POST', '/api/app/session', { name: 'ann' }, null)).status).toBe(400);
  });

  it('goes on in this browser alone after the own password was changed', async () => {
    await add('Pia', 'analyst');
    const [here, there] = [await browser('pia'), await browser('pia')];
    const path = '/api/app/session/password';
    const next = 'a completely different one';
    const wrong = await here.call('POST', path, { current_password: 'wrong', new_password: next });
    expect([wrong.status, wrong.body.detail]).toEqual([400, 'The current password is wrong.']);
    const weak = await here.call('POST', path, { current_password: PASSWORD, new_password: 'short' });
    expect(weak.body.errors).toEqual([
      { loc: ['body', 'new_password'], msg: expect.stringContaining('at least 12'), type: 'bad_format' },
    ]);
    const changed = await here.call<AppCaller>('POST', path, { current_password: PASSWORD, new_password: next });
    expect(changed.status).toBe(200);
    for (const old of [here, there]) expect((await old.call('GET', '/api/app/session')).status).toBe(401);
    const cookie = changed.headers.get('set-cookie')!.split(';')[0]!;
    expect((await test.call<AppCaller>('GET', '/api/app/session', undefined, null, { cookie })).body.name).toBe('Pia');
  });
});

describe('administration', () => {
  it('adds, changes and disables users, and keeps the last administrator', async () => {
    const ada = await browser('ada');
    const added = await ada.call<AppUser>('POST', '/api/app/users', { name: 'Max', role: 'analyst', password: PASSWORD });
    expect([added.status, added.body]).toEqual([201, expect.objectContaining({ name: 'Max', role: 'analyst', disabled: false })]);
    expect((await ada.call('POST', '/api/app/users', { name: 'MAX', role: 'lead', password: PASSWORD })).status).toBe(409);
    expect((await ada.call('POST', '/api/app/users', { name: 'Tom', role: 'king', password: PASSWORD })).status).toBe(400);
    expect((await ada.call('POST', '/api/app/users', { name: 'Tom', role: 'lead', password: 'tom' })).status).toBe(400);
    const path = `/api/app/users/${added.body.user_id}`;
    expect((await ada.call<AppUser>('PATCH', path, { role: 'lead', disabled: true })).body).toMatchObject({
      role: 'lead',
      disabled: true,
    });
    expect((await ada.call('PATCH', '/api/app/users/999', { role: 'lead' })).status).toBe(404);
    expect((await ada.call('PATCH', '/api/app/users/1', { role: 'lead' })).status).toBe(409);
    expect((await ada.call<AppUser[]>('GET', '/api/app/users')).text).not.toContain('argon2');
  });

  it('makes keys whose value is shown once, changes their rights, revokes them', async () => {
    const ada = await browser('ada');
    const made = await ada.call<AppNewKey>('POST', '/api/app/keys', { name: 'SOAR', kind: 'input', expires_at: '2030-01-01' });
    expect(made.body).toMatchObject({
      kind: 'input',
      rights: [...INPUT_RIGHTS],
      state: 'active',
      created_by: 'user:1',
      expires_at: '2030-01-01T00:00:00.000000Z',
    });
    const path = `/api/app/keys/${made.body.key_id}`;
    const changed = await ada.call<AppKey>('PATCH', path, { rights: ['events'], expires_at: null });
    expect(changed.body).toMatchObject({ rights: ['events'], expires_at: null, integrations: [] });
    expect((await ada.call('PATCH', path, { expires_at: 'soon' })).status).toBe(400);
    expect((await ada.call('PATCH', path, { rights: ['everything'] })).status).toBe(400);
    expect((await ada.call<AppKey>('POST', `${path}/revoke`)).body.state).toBe('revoked');
    expect((await ada.call('PATCH', path, { rights: ['events'] })).status).toBe(409);
    const listed = await ada.call('GET', '/api/app/keys');
    expect(listed.text).toContain('SOAR');
    expect(listed.text).not.toContain(made.body.value);
  });

  it('is done by the operator over the socket too, who has no session', async () => {
    expect(await overSocket('GET', '/api/app/session')).toMatchObject({
      status: 200,
      body: { kind: 'operator', role: 'admin', csrf: null },
    });
    const made = await overSocket('POST', '/api/app/users', { name: 'Root', role: 'admin', password: PASSWORD });
    expect(made).toMatchObject({ status: 201, body: { name: 'Root' } });
    expect((await overSocket('PATCH', '/api/app/users/1', { disabled: false })).status).toBe(200);
    expect(await overSocket('POST', '/api/app/keys', { name: 'from the terminal', kind: 'management' })).toMatchObject({
      status: 201,
      body: { scopes: [...SCOPES], created_by: 'operator' },
    });
  });
});

describe('tokens', () => {
  it('are given to admins, with the wire form of v2 also when refused', async () => {
    const ask = (body: object) => test.call('POST', '/api/v2/token', body, null);
    const given = await ask({ username: 'ada', password: PASSWORD, expires_in_value: 1, expires_in_unit: 'hours' });
    expect(given.body).toEqual({
      api_token: expect.stringMatching(/^vrd_/),
      expire_at: expect.stringMatching(/Z$/),
      error_message: '',
    });
    const token = String(given.body.api_token);
    expect((await test.call('GET', '/api/v2/token/scopes', undefined, token)).body).toEqual([...SCOPES]);
    for (const body of [
      { username: 'ada', password: 'wrong' },
      { username: 'nobody', password: PASSWORD },
      { username: 'lea', password: PASSWORD },
    ]) {
      const refused = await ask(body);
      expect([refused.status, refused.body]).toEqual([
        401,
        {
          api_token: null,
          expire_at: null,
          error_message: 'The user name or the password is wrong, or the user is not an admin.',
        },
      ]);
    }
    expect((await ask({ username: 'ada', password: PASSWORD, expires_in_value: 91, expires_in_unit: 'days' })).status).toBe(400);
    expect((await ask({ username: 'ada' })).status).toBe(400);
    const { value } = await test.running.services.keys.create(OPERATOR, { name: 'an input key', kind: 'input' });
    expect((await test.call('GET', '/api/v2/token/scopes/', undefined, value)).body).toEqual([]);
    expect((await test.call('GET', '/api/v2/token/scopes', undefined, null)).status).toBe(401);
  });
});

describe('the audit trail', () => {
  it('shows who did what, page by page, and finds what was changed behind its back', async () => {
    const ada = await browser('ada');
    await ada.call('POST', '/api/app/keys', { name: 'audited', kind: 'management', scopes: ['read:resources'] });
    const page = await ada.call<AppAuditPage>('GET', '/api/app/audit?actor=Ada&action=key.create&size=1');
    expect(page.body.entries[0]).toMatchObject({
      actor_kind: 'user',
      actor_id: 'user:1',
      actor_name: 'Ada',
      origin: 'api 127.0.0.1',
      object_kind: 'key',
      before: null,
      after: { name: 'audited', kind: 'management', scopes: ['read:resources'] },
    });
    expect(page.body.next).toBe(page.body.entries[0]!.seq);
    const nextPage = await ada.call<AppAuditPage>('GET', `/api/app/audit?action=key.create&size=1&before=${page.body.next}`);
    expect(nextPage.body.entries[0]!.seq).toBeLessThan(page.body.next!);
    expect((await ada.call('GET', '/api/app/audit?from=yesterday')).status).toBe(400);
    expect((await ada.call('GET', '/api/app/audit?size=100000')).status).toBe(400);
    const verify = async () => (await ada.call('POST', '/api/app/audit/verify')).body;
    expect(await verify()).toMatchObject({
      ok: true,
      first_broken: null,
      sentence: expect.stringContaining('as they were written'),
    });
    const database = new Database(test.running.services.storage.file);
    database.exec(`DROP TRIGGER audit_no_update; UPDATE audit SET actor_name = 'Eve' WHERE seq = 2`);
    database.close();
    expect(await verify()).toMatchObject({ ok: false, rows: 1, first_broken: 2, head: null });
  });
});
