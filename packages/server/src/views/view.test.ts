import type { AppView, AppViews } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
let jobId: number;
let ada: Record<string, string>;
let bob: Record<string, string>;

beforeAll(async () => {
  service = await startTestService();
  const { integrationId } = await service.inputKey();
  jobId = (await service.job(integrationId)).id;
  const { access } = service.running.services;
  const person = async (name: string) => {
    const password = 'correct horse battery staple';
    await access.users.add(OPERATOR, { name, role: 'analyst', password });
    const session = await access.sessions.signIn(name, password, 'test');
    return { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
  };
  ada = await person('ada');
  bob = await person('bob');
});
afterAll(() => service.stop());

const call = <Body>(who: Record<string, string>, method: string, path: string, body?: unknown) =>
  service.call<Body>(method, `/api/app/jobs/${jobId}/views${path}`, body, null, who);
const save = (who: Record<string, string>, title: string, shared = false) =>
  call<AppView>(who, 'POST', '', { title, shared, search: 'range=24h' });
const seen = async (who: Record<string, string>) => (await call<AppViews>(who, 'GET', '')).body;

describe('saved views', () => {
  it('are private unless shared, and only their owner changes them', async () => {
    const own = (await save(ada, ' Night shift ')).body;
    expect(own).toMatchObject({ title: 'Night shift', shared: false, mine: true, by: 'ada', search: 'range=24h' });
    const shared = (await save(ada, 'For all', true)).body;
    expect((await seen(bob)).views).toMatchObject([{ title: 'For all', mine: false, by: 'ada' }]);
    expect((await seen(ada)).views.map((view) => view.title)).toEqual(['For all', 'Night shift']);

    const others = await call<{ detail: string }>(bob, 'PATCH', `/${shared.view_id}`, { title: 'Mine now' });
    expect(others.status).toBe(403);
    expect(others.body.detail).toContain("ada's view");
    expect((await call(bob, 'DELETE', `/${own.view_id}`)).status).toBe(404);
    expect((await call<AppView>(ada, 'PATCH', `/${own.view_id}`, { shared: true })).body.shared).toBe(true);
    expect((await seen(bob)).views).toHaveLength(2);
  });

  it('have one name for each person', async () => {
    expect((await save(bob, 'Night shift')).status).toBe(201);
    const again = await save(bob, 'Night shift');
    expect(again.status).toBe(409);
    const { body } = await save(bob, 'Another');
    expect((await call(bob, 'PATCH', `/${body.view_id}`, { title: 'Night shift' })).status).toBe(409);
    expect((await save(bob, '   ')).status).toBe(400);
  });

  it('are a default for each person, gone with the view or its sharing', async () => {
    const { body: view } = await save(ada, 'Morning', true);
    expect((await call(bob, 'PUT', '/default', { view_id: view.view_id })).status).toBe(200);
    expect((await seen(bob)).default_view_id).toBe(view.view_id);
    expect((await seen(ada)).default_view_id).toBeNull();
    await call(ada, 'PATCH', `/${view.view_id}`, { shared: false });
    expect((await seen(bob)).default_view_id).toBeNull();
    expect((await call(bob, 'PUT', '/default', { view_id: view.view_id })).status).toBe(404);
    await call(ada, 'PUT', '/default', { view_id: view.view_id });
    await call(ada, 'DELETE', `/${view.view_id}`);
    expect((await seen(ada)).default_view_id).toBeNull();
    expect((await call(ada, 'PUT', '/default', { view_id: null })).status).toBe(200);
  });

  it('go with their job, and are recorded where others see them', async () => {
    const actions = await service.running.services.storage.read((tx) =>
      tx.all<{ action: string }>("SELECT action FROM audit WHERE object_kind = 'view' ORDER BY seq"),
    );
    expect(actions.map(({ action }) => action)).toEqual(['view.share', 'view.change', 'view.share', 'view.change']);
    await service.running.services.jobs.stop(jobId, OPERATOR);
    await service.running.services.jobs.delete(jobId, OPERATOR);
    const left = await service.running.services.storage.read((tx) => tx.get<{ n: number }>('SELECT count(*) AS n FROM views'));
    expect(left?.n).toBe(0);
  });
});
