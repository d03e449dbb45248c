import type { AppAuditPage, AppJob } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
let key: string;
let input: string;
let jobId: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(['read:resources', 'write:resources', 'execute:job_operations']);
  const made = await service.inputKey();
  input = made.value;
  jobId = (await service.job(made.integrationId, { points: ['at', 'rule'] })).id;
});
afterAll(() => service.stop());

const path = () => `/api/app/jobs/${jobId}`;
const show = async () => (await service.call<AppJob>('GET', path(), undefined, key)).body;
const change = (types: unknown, by: string | null = key, id: string | number = jobId) =>
  service.call<AppJob & { detail: string }>('PATCH', `/api/app/jobs/${id}`, { decision_point_types: types }, by);

async function signIn(name: string, role: 'analyst' | 'admin'): Promise<Record<string, string>> {
  const { access } = service.running.services;
  const password = 'correct horse battery staple';
  await access.users.add(OPERATOR, { name, role, password });
  const session = await access.sessions.signIn(name, password, 'api 127.0.0.1');
  return { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
}

describe('types of decision points', () => {
  it('are none until somebody sets one, stay until they are taken back, and make no new version', async () => {
    const before = await show();
    expect(before.decision_point_types).toEqual({});
    const set = await change({ at: 'time' });
    expect(set.status).toBe(200);
    expect(set.body).toMatchObject({
      decision_point_types: { at: 'time' },
      decision_points_version: before.decision_points_version,
    });
    expect((await change({ rule: 'text' })).body.decision_point_types).toEqual({ at: 'time', rule: 'text' });
    expect((await change({ at: null, rule: null })).body.decision_point_types).toEqual({});
    expect((await show()).decision_point_types).toEqual({});
    const made = await service.call<AppJob>(
      'POST',
      '/api/app/jobs',
      { title: 'Typed', decision_points: ['user', 'command'], decision_point_types: { command: 'text' } },
      key,
    );
    expect([made.status, made.body.decision_point_types]).toEqual([201, { command: 'text' }]);
  });

  it('are in the audit trail, before and after', async () => {
    await change({ rule: 'category' });
    await change({ rule: null });
    const headers = await signIn('Ada', 'admin');
    const { body } = await service.call<AppAuditPage>(
      'GET',
      `/api/app/audit?object_kind=job&object_id=${jobId}&size=2`,
      undefined,
      null,
      headers,
    );
    const types = (pointTypes: unknown) => expect.objectContaining({ pointTypes });
    expect(body.entries.map(({ before, after }) => [before, after])).toEqual([
      [types({ rule: 'category' }), types({})],
      [types({}), types({ rule: 'category' })],
    ]);
  });

  it.each<[string, unknown, number, RegExp]>([
    ['a type that there is not', { at: 'moment' }, 400, /type/i],
    ['no type but a number', { at: 3 }, 400, /type/i],
    ['a list', ['time'], 400, /decision_point_types/],
    ['a point that is not chosen', { 'at.hour': 'number' }, 400, /"at\.hour" is not a decision point of this AI use case/],
    ['a name that objects have by themselves', { constructor: 'text' }, 400, /"constructor" is not a decision point/],
  ])('refuse %s, and change nothing', async (_, types, status, sentence) => {
    const { status: answered, body } = await change(types);
    expect(answered).toBe(status);
    expect(body.detail).toMatch(sentence);
    expect((await show()).decision_point_types).toEqual({});
  });

  it('are refused without a key, with an unknown one, without the right, for input keys, and for a use case that is not there', async () => {
    const readOnly = await service.managementKey(['read:resources']);
    expect((await change({ at: 'time' }, null)).status).toBe(401);
    expect((await change({ at: 'time' }, `vrd_${'x'.repeat(43)}`)).status).toBe(401);
    expect((await change({ at: 'time' }, readOnly)).status).toBe(403);
    expect((await change({ at: 'time' }, input)).status).toBe(403);
    expect((await change({ at: 'time' }, key, 987_654)).status).toBe(404);
    expect((await change({ at: 'time' }, key, 'none')).status).toBe(400);
    const headers = await signIn('Ann', 'analyst');
    const byAnalyst = await service.call('PATCH', path(), { decision_point_types: { at: 'time' } }, null, headers);
    expect(byAnalyst.status).toBe(403);
    expect((await show()).decision_point_types).toEqual({});
  });

  it('change what the next model does: by the hour only where a time is said to be one', async () => {
    const at = (day: number, hour: number) =>
      `2026-03-${String(1 + day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:15:00Z`;
    const send = async (id: string, day: number, hour: number) => {
      const raw_body = { at: at(day, hour), rule: 'login' };
      const { body } = await service.call('POST', `/api/v1/events/${id}?wait_ms=1`, { job_id: jobId, raw_body }, input);
      return body.result_label;
    };
    for (let n = 0; n < 40; n++) {
      const night = n % 2 === 0;
      await send(`l${n}`, n % 20, night ? n % 5 : 9 + (n % 8));
      await service.call(
        'PUT',
        `/api/v1/events/${jobId}/l${n}/feedback`,
        { feedback: night ? 'Escalate' : 'Drop', cortex_user: 'alice' },
        input,
      );
    }
    const train = async () => {
      expect((await service.call('POST', `${path()}/train`, undefined, key)).body).toMatchObject({ ok: true });
      expect((await service.trained(jobId)).trainState).toBe('RETRAIN_FINISHED');
    };
    await train();
    const found = [await send('n1', 25, 2), await send('d1', 25, 12)];
    expect(found[0]).toBe(found[1]);
    await change({ at: 'time' });
    await train();
    expect([await send('n2', 26, 2), await send('d2', 26, 12)]).toEqual(['Escalate', 'Drop']);
  });
});

describe('the wires of a use case', () => {
  it('keep what a document set of them where the app API wires others too', async () => {
    const { jobs } = service.running.services;
    const other = await service.inputKey();
    const before = await jobs.find(jobId);
    const [wire] = before!.integrations;
    const set = { ...wire!, settings: { auto_id: '7', storage_tag: 'edr' } };
    await jobs.update(jobId, { integrations: [set] }, OPERATOR);
    const wires = [{ integration_id: other.integrationId }, { integration_id: set.integrationId }];
    const { status } = await service.call<AppJob>('PATCH', path(), { integrations: wires }, key);
    expect(status).toBe(200);
    const after = (await jobs.find(jobId))!.integrations;
    expect(after.map(({ integrationId, settings }) => [integrationId, settings])).toEqual([
      [other.integrationId, {}],
      [set.integrationId, { auto_id: '7', storage_tag: 'edr' }],
    ]);
  });
});
