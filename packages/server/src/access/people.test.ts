import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '@verdict/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditTrail } from '../audit/audit-trail.ts';
import type { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { type Access, createAccess } from './access.ts';
import { guessSubjects, waitAfter } from './guesses.ts';
import { passwordProblems } from './user.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const PASSWORD = 'correct horse battery staple';
const OTHER = 'another quite long password';
const OPERATOR: Origin = { principal: { kind: 'operator', name: 'operator' }, address: 'socket' };
const HERE = 'api 10.0.0.7';

let folder: string;
let storage: Storage;
let access: Access;
let now: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-people-'));
  storage = openSqlite(folder);
  now = 1_700_000_000_000_000;
  access = open();
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The services as another start of the program would make them: with nothing in memory. */
const open = () => createAccess(storage, () => now, new AuditTrail(() => now));
const add = (name: string, role: 'analyst' | 'lead' | 'admin' = 'admin') =>
  access.users.add(OPERATOR, { name, role, password: PASSWORD });
const signIn = (name: string, password = PASSWORD, address = HERE) => access.sessions.signIn(name, password, address);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: Refusal) => ({ code: error.code, message: error.message, retryAfter: error.retryAfter }),
  );
const everything = async () =>
  JSON.stringify(
    await storage.read(async (tx) => [await tx.all('SELECT * FROM audit'), await tx.all('SELECT * FROM sign_in_guesses')]),
  );

describe('signing in', () => {
  it('gives one answer for an unknown name, a wrong password and a disabled user', async () => {
    await add('Ada');
    const bob = await add('Bob');
    await access.users.update(OPERATOR, bob.id, { disabled: true });
    const wrong = { code: 'bad_sign_in', message: 'The user name or the password is wrong.' };
    expect(await refusal(signIn('Nobody'))).toEqual(wrong);
    expect(await refusal(signIn('Ada', `${PASSWORD}!`))).toEqual(wrong);
    expect(await refusal(signIn('Bob'))).toEqual(wrong);
    expect(await refusal(signIn('Ada', ''))).toEqual(wrong);
    expect(await refusal(signIn('x'.repeat(100_000), 'y'.repeat(100_000)))).toEqual(wrong);
  });

  it('takes the name in any letter case and Unicode form', async () => {
    const zoe = await add('Zoë');
    const session = await signIn(' zoe\u0308'.toUpperCase());
    expect(session.principal).toEqual({ kind: 'user', userId: zoe.id, name: 'Zoë', role: 'admin' });
    expect((await access.users.list())[0]?.lastSignInAt).toBe(now);
  });

  it('makes whoever guesses a name wait longer and longer, whether it exists or not, and a right sign-in starts anew', async () => {
    await add('Ada');
    for (const name of ['Ada', 'Nobody']) {
      for (let guess = 0; guess < 5; guess++) expect(await refusal(signIn(name, 'wrong'))).toMatchObject({ code: 'bad_sign_in' });
      // Not even the right password helps before the time is over.
      expect(await refusal(signIn(name.toLowerCase()))).toEqual({
        code: 'too_many',
        message: 'Too many wrong attempts. Wait 1 second before the next one.',
        retryAfter: 1,
      });
      now += SECOND;
      expect(await refusal(signIn(name, 'wrong'))).toMatchObject({ code: 'bad_sign_in' });
      now += SECOND;
      expect(await refusal(signIn(name, 'wrong'))).toMatchObject({ code: 'too_many', retryAfter: 1 });
      now += SECOND;
    }
    expect((await signIn('Ada')).principal.name).toBe('Ada');
    for (let guess = 0; guess < 5; guess++) expect(await refusal(signIn('Ada', 'wrong'))).toMatchObject({ code: 'bad_sign_in' });
    expect(await everything()).not.toContain('obody');
  });

  it('counts guesses that come at once', async () => {
    await add('Ada');
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => refusal(signIn('Ada', 'wrong'))));
    expect(outcomes.map((outcome) => outcome?.code).toSorted()).toEqual([
      ...Array<string>(5).fill('bad_sign_in'),
      ...Array<string>(7).fill('too_many'),
    ]);
  });

  it('makes an address wait that tries many names, and an own account does not wipe its count', async () => {
    await add('Mallory', 'analyst');
    for (let guess = 0; guess < 19; guess++) await refusal(signIn(`user ${guess}`, 'wrong'));
    expect((await signIn('Mallory')).principal.name).toBe('Mallory');
    expect(await refusal(signIn('user 20', 'wrong'))).toMatchObject({ code: 'bad_sign_in' });
    expect(await refusal(signIn('Mallory'))).toMatchObject({ code: 'too_many', retryAfter: 1 });
    expect((await signIn('Mallory', PASSWORD, 'api 10.0.0.8')).principal.name).toBe('Mallory');
  });

  it('waits no longer because the clock went backwards', async () => {
    await add('Ada');
    for (let guess = 0; guess < 5; guess++) await refusal(signIn('Ada', 'wrong'));
    now -= 24 * HOUR;
    expect(await refusal(signIn('Ada'))).toMatchObject({ code: 'too_many', retryAfter: 1 });
    now += SECOND;
    expect((await signIn('Ada')).principal.name).toBe('Ada');
  });

  it('doubles the wait up to 15 minutes and counts networks of IPv6 addresses', () => {
    expect([4, 5, 6, 10, 14, 15, 1_000_000].map((n) => waitAfter(n, 5) / SECOND)).toEqual([0, 1, 2, 32, 512, 900, 900]);
    const subject = (address: string) => guessSubjects('ada', address).address;
    expect(subject('api 2001:db8::1')).toBe(subject('api 2001:0DB8:0:0:ffff::2'));
    expect(subject('api 2001:db8:0:1::1')).not.toBe(subject('api 2001:db8::1'));
    expect(subject('api ::ffff:10.0.0.7')).toBe('address:10.0.0.7');
  });
});

describe('sessions', () => {
  it('end after 12 hours without a call, and after 7 days whatever happens', async () => {
    await add('Ada');
    const { token } = await signIn('Ada');
    for (let day = 0; day < 13; day++) {
      now += 12 * HOUR - 1;
      expect(await access.sessions.find(token)).not.toBeNull();
    }
    now += 12 * HOUR;
    expect(await access.sessions.find(token)).toBeNull();
    const idle = await signIn('Ada');
    now += 12 * HOUR;
    expect(await access.sessions.find(idle.token)).toBeNull();
  });

  it('outlive a restart, with when they were last seen', async () => {
    await add('Ada');
    const { token, csrf } = await signIn('Ada');
    now += 11 * HOUR;
    await access.sessions.find(token);
    await access.stop();
    access = open();
    now += 11 * HOUR;
    expect(await access.sessions.find(token)).toMatchObject({ csrf, principal: { name: 'Ada' } });
  });

  it('are not found by nonsense, and not after signing out', async () => {
    await add('Ada');
    const { token, principal } = await signIn('Ada');
    for (const nonsense of ['', 'x', `${token}x`, token.toLowerCase(), 'A'.repeat(43), 'x'.repeat(1_000_000)]) {
      expect(await access.sessions.find(nonsense)).toBeNull();
    }
    await access.sessions.end({ principal, address: HERE }, token);
    expect(await access.sessions.find(token)).toBeNull();
  });

  it.each([
    ['another role', (id: number) => access.users.update(OPERATOR, id, { role: 'lead' })],
    ['a new password', (id: number) => access.users.setPassword(OPERATOR, id, OTHER)],
    ['being disabled', (id: number) => access.users.update(OPERATOR, id, { disabled: true })],
    ['an administrator who ends them', (id: number) => access.users.endSessions(OPERATOR, id)],
  ])('and tokens all end with %s', async (_, change) => {
    await add('Root');
    const ada = await add('Ada');
    const sessions = [await signIn('Ada'), await signIn('Ada')];
    const token = await access.tokens.create({ username: 'Ada', password: PASSWORD }, HERE);
    expect(await access.keys.authenticate(token.value)).toHaveProperty('principal');
    await change(ada.id);
    for (const session of sessions) expect(await access.sessions.find(session.token)).toBeNull();
    expect(await access.keys.authenticate(token.value)).toEqual({ fault: 'revoked' });
  });

  it('do not start from a password that was changed while it was checked', async () => {
    const ada = await add('Ada');
    const before = await storage.read((tx) => tx.get<{ password_hash: string }>('SELECT password_hash FROM users'));
    await access.users.setPassword(OPERATOR, ada.id, OTHER);
    const started = access.sessions.start({ ...ada, passwordHash: before?.password_hash ?? '' }, HERE);
    expect(await refusal(started)).toMatchObject({ code: 'bad_sign_in' });
  });

  it('keep a name that was changed', async () => {
    const ada = await add('Ada');
    const { token } = await signIn('Ada');
    await access.users.update(OPERATOR, ada.id, { name: 'Ada L.' });
    expect((await access.sessions.find(token))?.principal.name).toBe('Ada L.');
  });
});

describe('users', () => {
  it('refuses weak passwords and bad names, naming the place', async () => {
    const faults = (password: string, name = 'Ada Lovelace') => passwordProblems(password, name).map(({ msg }) => msg);
    expect(faults('short')).toEqual([expect.stringContaining('at least 12')]);
    expect(faults('Ada LOVELACE')).toEqual(['must not be the user name']);
    expect(faults('ada lovelace1')).toEqual(['must not be the user name']);
    expect(faults('aaaaaaaaaaaaaaaa')).toEqual([expect.stringContaining('easy to guess')]);
    expect(faults('x'.repeat(1_001))).toEqual([expect.stringContaining('at most')]);
    expect(faults(PASSWORD)).toEqual([]);
    for (const name of ['', ' Ada', 'a\u202eb', 'a\nb', 'x'.repeat(101)]) {
      expect(await refusal(add(name))).toMatchObject({ code: 'invalid' });
    }
    expect(await access.users.list()).toEqual([]);
  });

  it('adds one of two of the same name that come at once', async () => {
    const outcomes = await Promise.all([refusal(add('Ada')), refusal(add('ADA'))]);
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome !== null)).toMatchObject({ code: 'refused' });
    const bob = await add('Bob');
    expect(await refusal(access.users.update(OPERATOR, bob.id, { name: 'ada' }))).toMatchObject({ code: 'refused' });
  });

  it('keeps the last administrator, also when two step down at once', async () => {
    expect(await access.users.hasAdmin()).toBe(false);
    const [ada, bob] = [await add('Ada'), await add('Bob')];
    const outcomes = await Promise.all([
      refusal(access.users.update(OPERATOR, ada.id, { role: 'lead' })),
      refusal(access.users.update(OPERATOR, bob.id, { disabled: true })),
    ]);
    expect(outcomes).toEqual([
      null,
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('last administrator') }),
    ]);
    expect(await access.users.hasAdmin()).toBe(true);
  });

  it('stores argon2id and writes no password, hash or token into the audit trail', async () => {
    const ada = await add('Ada');
    const { token, csrf } = await signIn('Ada');
    await access.users.setPassword(OPERATOR, ada.id, OTHER);
    const issued = await access.tokens.create({ username: 'Ada', password: OTHER }, HERE);
    const row = await storage.read((tx) => tx.get<{ password_hash: string }>('SELECT password_hash FROM users'));
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$/);
    const text = await everything();
    for (const secret of [PASSWORD, OTHER, token, csrf, issued.value, row?.password_hash ?? '', '$argon2']) {
      expect(text).not.toContain(secret);
    }
    for (const action of ['user.add', 'session.start', 'user.password', 'key.create']) expect(text).toContain(`"${action}"`);
  });

  it('lets a person in again at once whose password an administrator set after too many guesses', async () => {
    const ada = await add('Ada');
    for (let guess = 0; guess < 6; guess++) await refusal(signIn('Ada', 'wrong'));
    await access.users.setPassword(OPERATOR, ada.id, OTHER);
    expect((await signIn('Ada', OTHER)).principal.name).toBe('Ada');
  });
});

describe('tokens', () => {
  const token = (more: object = {}) => access.tokens.create({ username: 'ada', password: PASSWORD, ...more }, HERE);

  it('refuse a wrong name, password and role with one sentence, and a life that is too long', async () => {
    await add('Ada');
    await add('Lea', 'lead');
    const wrong = { code: 'bad_sign_in', message: 'The user name or the password is wrong, or the user is not an admin.' };
    expect(await refusal(token({ username: 'nobody' }))).toEqual(wrong);
    expect(await refusal(token({ password: 'wrong' }))).toEqual(wrong);
    expect(await refusal(token({ username: 'Lea' }))).toEqual(wrong);
    expect(await refusal(token({ expires_in_value: 91, expires_in_unit: 'days' }))).toMatchObject({ code: 'invalid' });
    expect(await refusal(token({ expires_in_value: 1e300 }))).toMatchObject({ code: 'invalid' });
  });

  it('count guesses together with the sign-in', async () => {
    await add('Ada');
    for (let guess = 0; guess < 5; guess++) await refusal(token({ password: 'wrong' }));
    expect(await refusal(signIn('Ada'))).toMatchObject({ code: 'too_many' });
  });

  it('are management keys with all scopes that end after 24 hours unless asked otherwise', async () => {
    await add('Ada');
    expect((await token()).expiresAt).toBe(now + 24 * HOUR);
    expect((await token({ expires_in_unit: 'days' })).expiresAt).toBe(now + 24 * HOUR);
    expect((await token({ expires_in_value: 90, expires_in_unit: 'days' })).expiresAt).toBe(now + 90 * 24 * HOUR);
    const { value, expiresAt } = await token({ expires_in_value: 30, expires_in_unit: 'minutes' });
    expect(await access.keys.authenticate(value)).toMatchObject({ principal: { kind: 'management', scopes: new Set(SCOPES) } });
    now = expiresAt;
    expect(await access.keys.authenticate(value)).toEqual({ fault: 'expired' });
  });

  it('are forgotten a month after they ended', async () => {
    await add('Ada');
    await token();
    now += 24 * HOUR + 31 * 24 * HOUR;
    await token();
    expect((await access.keys.list()).map(({ owner }) => owner)).toEqual(['user:1']);
  });
});
