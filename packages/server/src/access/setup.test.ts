import { afterEach, expect, test } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

let service: TestService;
afterEach(() => service.stop());

const PASSWORD = 'correct horse battery';

async function secretOf(test: TestService): Promise<string> {
  return /\/setup#([A-Za-z0-9_-]{43})\n/.exec(await test.running.welcome())?.[1] ?? '';
}

test('the link of the terminal makes the first administrator and signs them in, once', async () => {
  service = await startTestService();
  expect((await service.call('GET', '/api/app/setup')).body).toEqual({ needed: true });
  const secret = await secretOf(service);
  const answer = await service.call('POST', '/api/app/setup', { secret, name: 'ada', password: PASSWORD });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ kind: 'user', name: 'ada', role: 'admin' });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await service.call('GET', '/api/app/session', undefined, null, { cookie })).body).toMatchObject({ name: 'ada' });
  expect((await service.call('GET', '/api/app/setup')).body).toEqual({ needed: false });
  const again = await service.call('POST', '/api/app/setup', { secret, name: 'eve', password: PASSWORD });
  expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('administrator already')]);
  expect(await service.running.welcome()).not.toContain('/setup#');
});

test('a wrong, an older and an expired secret do not serve; a bad password leaves the link alive', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z') * 1000;
  service = await startTestService({}, () => now);
  const old = await secretOf(service);
  const secret = await secretOf(service);
  for (const wrong of [old, 'x', `${secret}A`]) {
    const answer = await service.call('POST', '/api/app/setup', { secret: wrong, name: 'ada', password: PASSWORD });
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('does not serve')]);
  }
  const weak = await service.call('POST', '/api/app/setup', { secret, name: 'ada', password: 'short' });
  expect(weak.status).toBe(400);
  now += 3_600_000_000;
  const late = await service.call('POST', '/api/app/setup', { secret, name: 'ada', password: PASSWORD });
  expect(late.status).toBe(409);
  expect((await service.call('POST', '/api/app/setup', { name: 'ada' })).status).toBe(400);
});

test('of two at once one is made', async () => {
  service = await startTestService();
  const secret = await secretOf(service);
  const answers = await Promise.all(
    ['ada', 'eve'].map((name) => service.call('POST', '/api/app/setup', { secret, name, password: PASSWORD })),
  );
  expect(answers.map((a) => a.status).sort()).toEqual([200, 409]);
});

test('where no terminal is, what is written has no secret, and says how else to begin', async () => {
  service = await startTestService();
  const kept = await service.running.welcome(false);
  expect(kept).not.toContain('/setup#');
  expect(kept).toContain('users add NAME --admin');
});
