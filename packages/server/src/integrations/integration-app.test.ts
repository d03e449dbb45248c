import { SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

interface View {
  readonly integration_id: number;
  readonly title: string;
  readonly parameters: Record<string, unknown>;
  readonly key: {
    readonly id: number;
    readonly name: string;
    readonly last_used_at: string | null;
    readonly made_for_it: boolean;
  };
  readonly used_by: readonly unknown[];
}
interface Written {
  readonly integration: View;
  readonly key_value: string | null;
}

let service: TestService;
let key: string;
const PATH = '/api/app/integrations';

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(SCOPES);
});
afterAll(() => service.stop());

const create = (title: string, parameters: object = {}, type = 'Cortex XSOAR') =>
  service.call<Written>('POST', PATH, { title, type, parameters }, key);
const change = (id: number, body: object) => service.call<Written>('PATCH', `${PATH}/${id}`, body, key);
const show = async (id: number) => (await service.call<View>('GET', `${PATH}/${id}`, undefined, key)).body;
const works = async (value: string) => (await service.call('GET', '/api/v1/health/', undefined, value)).status === 200;

describe('the catalogue', () => {
  const search = async (words: string) =>
    (
      await service.call<readonly { name: string }[]>('GET', `/api/app/integration-types?search=${words}`, undefined, key)
    ).body.map(({ name }) => name);

  it('is searched by words of name and description', async () => {
    expect(await search('')).toEqual(['Cortex XSOAR', 'External REST API']);
    expect(await search('xsoar')).toEqual(['Cortex XSOAR']);
    expect(await search('script http')).toEqual(['External REST API']);
    expect(await search('qradar')).toEqual([]);
  });
});

describe('an integration', () => {
  it('is made with a key that is shown once, and shows the last call with it', async () => {
    const { status, body } = await create('Soar one');
    expect(status).toBe(201);
    expect(body.key_value).toMatch(/^vrd_/);
    expect(body.integration).toEqual({
      integration_id: 1001,
      title: 'Soar one',
      type: 'Cortex XSOAR',
      type_id: 1,
      parameters: { api_key: '********' },
      key: {
        id: expect.any(Number),
        name: 'Soar one',
        prefix: body.key_value!.slice(0, 8),
        last4: body.key_value!.slice(-4),
        rights: ['events', 'decisions', 'feedback', 'export', 'train', 'start_stop'],
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
        made_for_it: true,
      },
      used_by: [],
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(await works(body.key_value!)).toBe(true);
    const shown = await service.call<View>('GET', `${PATH}/1001`, undefined, key);
    expect(shown.text).not.toContain(body.key_value);
    expect(shown.body.key.last_used_at).toMatch(/Z$/);
  });

  it('is listed and searched by title and type', async () => {
    await create('Searched for', {}, 'External REST API');
    const titles = async (search: string) =>
      (await service.call<readonly View[]>('GET', `${PATH}?search=${search}`, undefined, key)).body.map(({ title }) => title);
    expect(await titles('searched rest')).toEqual(['Searched for']);
    expect(await titles('nothing like it')).toEqual([]);
    expect((await titles('')).length).toBeGreaterThan(1);
  });

  it('changes what is given and nothing else; the mask and null change nothing, an empty text clears', async () => {
    const made = (await create('Changed', { data_type: 'EDR', result_form: 'legacy' }, 'External REST API')).body;
    const id = made.integration.integration_id;
    await change(id, { parameters: { api_key: '********', machine_users: ['bot'], result_form: null, unknown: 1 } });
    expect((await show(id)).parameters).toEqual({
      api_key: '********',
      data_type: 'EDR',
      result_form: 'legacy',
      machine_users: ['bot'],
    });
    const { body } = await change(id, { title: ' Renamed ', parameters: { data_type: '' } });
    expect(body.key_value).toBeNull();
    expect(await show(id)).toMatchObject({ title: 'Renamed', parameters: { api_key: '********', result_form: 'legacy' } });
    expect((await show(id)).parameters.data_type).toBeUndefined();
    expect(await works(made.key_value!)).toBe(true);
  });

  it('gets another key: the one that was made for it ends at once', async () => {
    const made = (await create('Rotated')).body;
    const id = made.integration.integration_id;
    const { body } = await service.call<Written>('POST', `${PATH}/${id}/key`, undefined, key);
    expect(body.key_value).toMatch(/^vrd_/);
    expect(body.key_value).not.toBe(made.key_value);
    expect(body.integration.key.name).toBe('Rotated');
    expect([await works(made.key_value!), await works(body.key_value!)]).toEqual([false, true]);
    const pasted = 'zx81-pasted-into-the-form';
    expect((await change(id, { parameters: { api_key: pasted } })).body.key_value).toBeNull();
    expect([await works(body.key_value!), await works(pasted)]).toEqual([false, true]);
  });

  it('leaves a key alone that was not made for it or that others use', async () => {
    const { keys } = service.running.services;
    const shared = await keys.create(OPERATOR, { name: 'Shared key', kind: 'input' });
    const first = (await create('Shares one', { api_key: 'Shared key' })).body;
    const second = (await create('Shares two', { api_key: "{{api_keys(name='Shared key')}}" })).body;
    expect([first.key_value, first.integration.key.made_for_it, second.integration.key.id]).toEqual([null, false, shared.key.id]);
    expect((await service.call('DELETE', `${PATH}/${first.integration.integration_id}`, undefined, key)).status).toBe(200);
    await service.call('POST', `${PATH}/${second.integration.integration_id}/key`, undefined, key);
    expect(await works(shared.value)).toBe(true);

    const owner = (await create('Owner')).body;
    const guest = (await create('Guest', { api_key: 'Owner' })).body;
    await service.call('DELETE', `${PATH}/${owner.integration.integration_id}`, undefined, key);
    expect(await works(owner.key_value!)).toBe(true);
    expect(guest.integration.key.id).toBe(owner.integration.key.id);
  });

  it('does not take a key that is revoked or has expired, or that does not exist', async () => {
    const { keys } = service.running.services;
    const { key: revoked, value } = await keys.create(OPERATOR, { name: 'Revoked key', kind: 'input' });
    await keys.revoke(OPERATOR, revoked.id);
    for (const api_key of ['Revoked key', value]) {
      const { status, body } = await create('Refused', { api_key });
      expect([status, body]).toMatchObject([409, { detail: 'The API key "Revoked key" is revoked. Choose another one.' }]);
    }
    expect((await create('Refused', { api_key: "{{api_keys(name='nobody')}}" })).status).toBe(409);
    expect((await create('Refused', { api_key: "{{integrations(title='x')}}" })).status).toBe(400);
    const before = (await create('Keeps its key')).body;
    expect((await change(before.integration.integration_id, { parameters: { api_key: 'Revoked key' } })).status).toBe(409);
    expect(await works(before.key_value!)).toBe(true);
  });

  it('names its key after itself, or with a number where the name is taken', async () => {
    const { keys } = service.running.services;
    const title = 'T'.repeat(200);
    await keys.create(OPERATOR, { name: title, kind: 'input' });
    expect((await create(title)).body.integration.key.name).toBe(`${'T'.repeat(196)} (2)`);
  });

  it('is not deleted while a job is wired to it, and its number is never given again', async () => {
    const { integration } = (await create('In use')).body;
    const id = integration.integration_id;
    const job = await service.job(id, { title: 'Uses it' });
    expect((await show(id)).used_by).toEqual([{ job_id: job.id, title: 'Uses it', role: 'input', enabled: true }]);
    const refused = await service.call('DELETE', `${PATH}/${id}`, undefined, key);
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      'The integration "In use" is used by "Uses it". Take it out of there first.',
    ]);
    await service.running.services.jobs.update(job.id, { integrations: [] }, OPERATOR);
    expect((await service.call('DELETE', `${PATH}/${id}`, undefined, key)).body).toEqual({ done: true });
    expect((await service.call('GET', `${PATH}/${id}`, undefined, key)).status).toBe(404);
    expect((await create('After it')).body.integration.integration_id).toBeGreaterThan(id);
  });

  it('is in the trail with each change, without secrets', async () => {
    const { storage } = service.running.services;
    const pasted = 'hush-hush-0123456789-abcdef';
    const { integration } = (await create('Trailed', { api_key: pasted })).body;
    const id = integration.integration_id;
    await change(id, { parameters: { result_form: 'legacy' } });
    const { body } = await service.call<Written>('POST', `${PATH}/${id}/key`, undefined, key);
    await service.call('DELETE', `${PATH}/${id}`, undefined, key);
    const rows = await storage.read((tx) =>
      tx.all<{ action: string }>(
        `SELECT * FROM audit WHERE object_kind = 'integration' AND object_id = ? ORDER BY seq`,
        String(id),
      ),
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'integration.create',
      'integration.change',
      'integration.key',
      'integration.delete',
    ]);
    const everything = JSON.stringify(await storage.read((tx) => tx.all('SELECT * FROM audit')));
    expect(everything).not.toContain(pasted);
    expect(everything).not.toContain(body.key_value);
  });

  it('is refused with a place where it is wrong', async () => {
    const cases: readonly [object, number][] = [
      [{ title: '', type: 'Cortex XSOAR' }, 400],
      [{ title: 'x'.repeat(201), type: 'Cortex XSOAR' }, 400],
      [{ title: 'a\u0000b', type: 'Cortex XSOAR' }, 400],
      [{ title: 'Typeless' }, 400],
      [{ title: 'Wrong', type: 'Elasticsearch' }, 409],
      [{ title: 'Wrong', type: 'Cortex XSOAR', parameters: [] }, 400],
      [{ title: 'Wrong', type: 'Cortex XSOAR', parameters: { result_form: 'old' } }, 400],
      [{ title: 'Wrong', type: 'Cortex XSOAR', parameters: { machine_users: 'dbot' } }, 400],
      [{ title: 'Wrong', type: 'Cortex XSOAR', parameters: { api_key: 5 } }, 400],
      [{ title: 'Soar one', type: 'Cortex XSOAR' }, 409],
    ];
    for (const [body, status] of cases) {
      expect([body, (await service.call('POST', PATH, body, key)).status]).toEqual([body, status]);
    }
    const list = (await service.call<readonly View[]>('GET', PATH, undefined, key)).body;
    expect(list.filter(({ title }) => title === 'Wrong')).toEqual([]);
    expect((await change(99_999, { title: 'x' })).status).toBe(404);
  });
});

describe('settings of an integration', () => {
  it('reach the v1 API: old results for its own key, its automations do not teach', async () => {
    const made = (await create('Legacy soar', { result_form: 'legacy', machine_users: ['Closer Bot'] })).body;
    const value = made.key_value!;
    const job = await service.job(made.integration.integration_id, { title: 'Legacy job' });
    const raw_body = { rule: { name: 'a' }, user: 'b' };
    const sent = await service.call('POST', '/api/v1/events/', { job_id: job.id, raw_body }, value);
    const decision = async (withKey: string) =>
      (await service.call('GET', `/api/v1/events/${job.id}/${sent.body.event_id}`, undefined, withKey)).body.result;
    expect(await decision(key)).toBe('no_decision');
    expect(await decision(value)).toBe('escalate_alert');
    const { integrations, jobs } = service.running.services;
    const names = async () => [...(await integrations.machineNames((await jobs.find(job.id))!))];
    expect(await names()).toEqual(['closer bot']);
    await change(made.integration.integration_id, { parameters: { machine_users: [] } });
    expect(await names()).toEqual([]);
    await jobs.update(job.id, { integrations: [] }, OPERATOR);
    expect(await names()).toEqual(['dbot']);
  });

  it('follow a new key at once: the old one sees the job no longer', async () => {
    const made = (await create('Moves')).body;
    const job = await service.job(made.integration.integration_id, { title: 'Moves job' });
    const jobs = async (value: string) =>
      (await service.call<readonly { job_id: number }[]>('GET', '/api/v1/jobs/', undefined, value)).body.map(
        ({ job_id }) => job_id,
      );
    expect(await jobs(made.key_value!)).toEqual([job.id]);
    const kept = await service.running.services.keys.create(OPERATOR, { name: 'Kept key', kind: 'input' });
    expect(await jobs(kept.value)).toEqual([]);
    await change(made.integration.integration_id, { parameters: { api_key: 'Kept key' } });
    expect(await jobs(kept.value)).toEqual([job.id]);
    await change(made.integration.integration_id, { parameters: { api_key: 'Shared key' } });
    expect(await jobs(kept.value)).toEqual([]);
  });
});

describe('who may', () => {
  const routes: readonly [string, string, string, string, unknown][] = [
    ['GET', '/api/app/integration-types', 'read:resources', 'analyst', undefined],
    ['GET', PATH, 'read:resources', 'analyst', undefined],
    ['GET', `${PATH}/:id`, 'read:resources', 'analyst', undefined],
    ['POST', PATH, 'write:resources', 'admin', 'new'],
    ['PATCH', `${PATH}/:id`, 'write:resources', 'admin', {}],
    ['POST', `${PATH}/:id/key`, 'write:resources', 'admin', undefined],
    ['DELETE', `${PATH}/:id`, 'delete:resources', 'admin', undefined],
  ];

  const signIn = async (role: 'analyst' | 'lead' | 'admin', name: string) => {
    const password = 'correct horse battery staple 9';
    await service.running.services.access.users.add(OPERATOR, { name, role, password });
    const answer = await service.call<{ csrf: string }>('POST', '/api/app/session', { name, password }, null);
    expect(answer.status).toBe(200);
    return { cookie: answer.headers.getSetCookie()[0]!.split(';')[0]!, 'x-verdict-csrf': answer.body.csrf };
  };

  it('is decided by scope, role and kind of key, for every route', async () => {
    const { value: input } = await service.inputKey();
    const people = {
      analyst: await signIn('analyst', 'ana'),
      lead: await signIn('lead', 'lea'),
      admin: await signIn('admin', 'ada'),
    };
    let n = 0;
    for (const [method, path, scope, role, body] of routes) {
      const status = async (withKey: string | null, headers: Record<string, string> = {}) => {
        const { integration } = (await create(`Right ${++n}`)).body;
        const sent = body === 'new' ? { title: `New ${n}`, type: 'Cortex XSOAR' } : body;
        return (await service.call(method, path.replace(':id', String(integration.integration_id)), sent, withKey, headers))
          .status;
      };
      const ok = body === 'new' ? 201 : 200;
      const place = `${method} ${path}`;
      expect([place, await status(null)]).toEqual([place, 401]);
      expect([place, await status('vrd_nonsense')]).toEqual([place, 401]);
      expect([place, await status(input)]).toEqual([place, 403]);
      expect([place, await status(await service.managementKey(SCOPES.filter((one) => one !== scope)))]).toEqual([place, 403]);
      expect([place, await status(await service.managementKey(SCOPES))]).toEqual([place, ok]);
      expect([place, await status(null, people.analyst)]).toEqual([place, role === 'analyst' ? ok : 403]);
      expect([place, await status(null, people.lead)]).toEqual([place, role === 'analyst' ? ok : 403]);
      expect([place, await status(null, people.admin)]).toEqual([place, ok]);
    }
  });
});
