import { SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

interface Item {
  readonly type: string;
  readonly resource_name: string;
  readonly title: string;
  readonly internal_id: number;
  readonly url: string;
  readonly value?: string;
}
interface DocumentAnswer {
  readonly request: { readonly status: string; readonly reason: string; readonly reason_details: string };
  readonly created: readonly Item[];
  readonly updated: readonly Item[];
}
interface Pipe {
  readonly resource: string;
  readonly integration_type: string;
  readonly enabled: boolean;
  readonly auto_id: string;
}
interface JobView {
  readonly id: number;
  readonly title: string;
  readonly decision_points: readonly string[];
  readonly pipeline_integrations: readonly Pipe[];
  readonly advanced_settings: { readonly custom_labels: readonly { readonly class_id: string; readonly name: string }[] };
}

let service: TestService;
let key: string;
const PATH = '/api/v2/resources';

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(SCOPES);
});
afterAll(() => service.stop());

const post = (resources: unknown, query = '', withKey: string | null = key) =>
  service.call<DocumentAnswer>('POST', `${PATH}${query}`, { resources }, withKey);
const get = <Body = readonly Record<string, unknown>[]>(query: string) =>
  service.call<Body>('GET', `${PATH}${query}`, undefined, key);
const remove = (query: string) => service.call('DELETE', `${PATH}${query}`, undefined, key);
const jobOf = async (title: string): Promise<JobView> => {
  const { body } = await get<readonly Record<string, { properties: JobView }>[]>(
    `?resource_type=job&title=${encodeURIComponent(title)}`,
  );
  return body[0]![title]!.properties;
};
const trailLength = async () =>
  (await service.running.services.storage.read((tx) => tx.get<{ n: number }>('SELECT count(*) AS n FROM audit')))!.n;

/** Key, integration and job, written in the order in which they need each other least. */
const whole = (name: string) => ({
  job: {
    type: 'job',
    depends_on: ['soar'],
    properties: {
      title: `${name} job`,
      category: 'Decision intelligence',
      decision_points: ['rule.name', 'host.os'],
      pipeline_integrations: [{ resource: 'soar', integration_type: 'input', enabled: true, parameters: {} }],
    },
  },
  soar: {
    type: 'integration',
    properties: {
      title: `${name} soar`,
      integration_type: 'Cortex XSOAR',
      parameters: { api_key: `{{api_keys(name='${name} key')}}` },
    },
  },
  key: { type: 'api_key', properties: { name: `${name} key`, title: null } },
});

describe('a document', () => {
  it('makes key, integration and job at once, whatever their order, and the key works after the job was started', async () => {
    const { status, body } = await post(whole('First'));
    expect(status).toBe(200);
    expect(body.request).toEqual({ status: 'OK', reason: '', reason_details: '' });
    expect(body.updated).toEqual([]);
    const [apiKey, integration, job] = body.created;
    expect(apiKey).toEqual({
      type: 'api_key',
      resource_name: 'key',
      title: 'First key',
      internal_id: expect.any(Number),
      url: expect.stringMatching(/^http:\/\/localhost:\d+\/keys\/\d+$/),
      value: expect.stringMatching(/^vrd_/),
    });
    expect(integration).toEqual({
      type: 'integration',
      resource_name: 'soar',
      title: 'First soar',
      internal_id: 1001,
      url: expect.stringMatching(/\/integrations\/1001$/),
    });
    expect(job).toEqual({
      type: 'job',
      resource_name: 'job',
      title: 'First job',
      internal_id: 1201,
      url: expect.stringMatching(/\/jobs\/1201$/),
    });

    const send = () =>
      service.call('POST', '/api/v1/events/', { job_id: 1201, raw_body: { rule: { name: 'x' } } }, apiKey!.value);
    expect((await send()).status).toBe(409);
    expect((await service.call('POST', '/api/v2/jobs/1201/start', undefined, key)).body.status).toBe('OK');
    expect((await send()).status).toBe(201);
    expect(await jobOf('First job')).toEqual({
      id: 1201,
      title: 'First job',
      description: '',
      category: 'Decision intelligence',
      status: 'ENABLED',
      decision_points: ['rule.name', 'host.os'],
      feedback_columns: [],
      advanced_settings: {
        custom_labels: [
          { class_id: 'class_0', name: 'Escalate', hex_color: '#ed0a2c' },
          { class_id: 'class_1', name: 'Drop', hex_color: '#10b981' },
          { class_id: 'class_2', name: 'Investigate', hex_color: '#2563eb' },
        ],
        auto_retrain: null,
        monitoring_settings: null,
      },
      pipeline_integrations: [
        {
          resource: 'First soar',
          integration_type: 'input',
          enabled: true,
          auto_id: '1',
          storage_tag: null,
          storage_tag_display_name: null,
          parameters: {},
        },
      ],
    });
  });

  it('is refused as a whole when anything in it exists, and changes nothing', async () => {
    await post(whole('Guard'));
    const before = await trailLength();
    const { status, body } = await post({ ...whole('Guard'), other: { type: 'api_key', properties: { name: 'not made' } } });
    expect(status).toBe(200);
    expect(body.request.status).toBe('NOK');
    expect(body.request.reason).toBe(
      'The api_key "Guard key", the integration "Guard soar", the job "Guard job" exist already. Send overwrite=true to change what exists.',
    );
    expect([body.created, body.updated]).toEqual([[], []]);
    expect((await get('?resource_type=api_key&title=not made')).body).toEqual([]);
    expect(await trailLength()).toBe(before);
  });

  it('sent several times at once is made once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(whole('Race'))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.map(({ body }) => body.request.status).toSorted()).toEqual(['NOK', 'NOK', 'NOK', 'NOK', 'OK']);
    expect((await get('?title=Race job')).body).toHaveLength(1);
  });

  it('changes what exists with overwrite, in any spelling that clients use, and shows no key again', async () => {
    await post(whole('Over'));
    for (const overwrite of ['true', 'True']) {
      const { body } = await post(whole('Over'), `?overwrite=${overwrite}`);
      expect(body.request.status).toBe('OK');
      expect(body.created).toEqual([]);
      expect(body.updated.map(({ type, title, value }) => [type, title, value])).toEqual([
        ['api_key', 'Over key', undefined],
        ['integration', 'Over soar', undefined],
        ['job', 'Over job', undefined],
      ]);
    }
    expect((await post(whole('Over'), '?overwrite=False')).body.request.status).toBe('NOK');
    expect((await post(whole('Over'), '?overwrite=maybe')).status).toBe(400);
  });

  it('keeps nothing when its last part is refused', async () => {
    const before = await trailLength();
    const document = whole('Half');
    document.job.properties.pipeline_integrations = [
      { resource: 'nobody', integration_type: 'input', enabled: true, parameters: {} },
    ];
    const { status, body } = await post(document);
    expect(status).toBe(200);
    expect(body.request).toEqual({
      status: 'NOK',
      reason: 'In "job": There is no integration nobody, neither in the document nor stored.',
      reason_details: '',
    });
    expect((await get('?title=Half key')).body).toEqual([]);
    expect((await get('?title=Half soar')).body).toEqual([]);
    expect(await trailLength()).toBe(before);
  });

  it('is accepted as a bare map, also with a resource called resources', async () => {
    const bare = {
      resources: { type: 'api_key', properties: { name: 'Bare one' } },
      two: { type: 'api_key', properties: { name: 'Bare two' } },
    };
    const { body } = await service.call<DocumentAnswer>('POST', PATH, bare, key);
    expect(body.created.map(({ title }) => title)).toEqual(['Bare one', 'Bare two']);
  });

  it('names integrations by name in the document, stored title, title or number in a reference', async () => {
    const { body } = await post({
      'My soar': { type: 'integration', properties: { title: 'Ref soar', integration_type: 'external rest api' } },
    });
    const id = body.created.find(({ type }) => type === 'integration')!.internal_id;
    for (const [n, resource] of [
      'Ref soar',
      "{{integrations(title='Ref soar')}}",
      `{{integrations(internal_id=${id})}}`,
    ].entries()) {
      const made = await post({
        job: {
          type: 'job',
          properties: {
            title: `Ref job ${n}`,
            category: 'event centric decision intelligence',
            decision_points: [],
            pipeline_integrations: [{ resource, integration_type: 'input', enabled: true, parameters: null }],
          },
        },
      });
      expect(made.body.request.status).toBe('OK');
      expect((await jobOf(`Ref job ${n}`)).pipeline_integrations.map((entry) => entry.resource)).toEqual(['Ref soar']);
    }
    const unknown = await post({
      job: {
        type: 'job',
        properties: {
          title: 'Ref job x',
          category: 'Decision intelligence',
          pipeline_integrations: [{ resource: '{{integrations(internal_id=99)}}', integration_type: 'input' }],
        },
      },
    });
    expect(unknown.body.request.status).toBe('NOK');
  });

  it('makes a key for an integration that names none, shows it once, and ends it with the integration', async () => {
    const { body } = await post({
      soar: { type: 'integration', properties: { title: 'Own key', integration_type: 'Cortex XSOAR', parameters: {} } },
    });
    const [made, integration] = body.created;
    expect([made!.type, made!.title, integration!.type]).toEqual(['api_key', 'Own key', 'integration']);
    expect(made!.value).toMatch(/^vrd_/);
    expect(integration!.value).toBe(made!.value);
    const health = () => service.call('GET', '/api/v1/health/', undefined, made!.value);
    expect((await health()).status).toBe(200);

    const again = await post(
      {
        soar: {
          type: 'integration',
          properties: { title: 'Own key', integration_type: 'Cortex XSOAR', parameters: { api_key: '********' } },
        },
      },
      '?overwrite=true',
    );
    expect(again.body.created).toEqual([]);
    expect((await health()).status).toBe(200);
    expect((await get('?resource_type=integration&title=Own key')).body).toEqual([
      {
        id: integration!.internal_id,
        title: 'Own key',
        subcategory_id: 1,
        integration_type: 'Cortex XSOAR',
        parameters: { api_key: '********' },
      },
    ]);

    expect((await remove('?resource_type=integration&title=Own key')).body.status).toBe('OK');
    expect((await health()).status).toBe(401);
    expect((await get('?resource_type=api_key&title=Own key')).body).toEqual([]);
  });

  it('takes a pasted key and never shows it', async () => {
    const pasted = 'q7T-pasted-by-the-customer-04';
    const document = {
      soar: {
        type: 'integration',
        properties: { title: 'Pasted', integration_type: 'Cortex XSOAR', parameters: { api_key: pasted } },
      },
    };
    const { text, body } = await post(document);
    expect(body.request.status).toBe('OK');
    expect(text).not.toContain(pasted);
    expect((await service.call('GET', '/api/v1/health/', undefined, pasted)).status).toBe(200);
    expect((await get('?title=Pasted')).text).not.toContain(pasted);
    const stored = await service.running.services.storage.read((tx) => tx.all('SELECT * FROM integrations'));
    const trail = await service.running.services.storage.read((tx) => tx.all('SELECT * FROM audit'));
    expect(JSON.stringify([stored, trail])).not.toContain(pasted);
    // The same key again is the key that is there, for this integration and for others.
    expect((await post(document, '?overwrite=true')).body.created).toEqual([]);
  });

  it('refuses a key that is none, without repeating it', async () => {
    const { status, text } = await post({
      soar: {
        type: 'integration',
        properties: { title: 'Short', integration_type: 'Cortex XSOAR', parameters: { api_key: 'hunter2' } },
      },
    });
    expect(status).toBe(400);
    expect(text).not.toContain('hunter2');
    expect(JSON.parse(text).errors[0].loc).toEqual(['body', 'resources', 'soar', 'properties', 'parameters', 'api_key']);
    const management = await service.running.services.keys.list();
    const name = management.find(({ kind }) => kind === 'management')!.name;
    const other = await post({
      soar: {
        type: 'integration',
        properties: { title: 'Mgmt', integration_type: 'Cortex XSOAR', parameters: { api_key: name } },
      },
    });
    expect(other.body.request.reason).toContain('is a management key');
  });

  it('takes a key by its name in the document', async () => {
    const { body } = await post({
      soar: {
        type: 'integration',
        properties: { title: 'By ref', integration_type: 'Cortex XSOAR', parameters: { api_key: 'k' } },
      },
      k: { type: 'api_key', properties: { name: 'By ref key' } },
    });
    expect(body.created.map(({ type, title }) => [type, title])).toEqual([
      ['api_key', 'By ref key'],
      ['integration', 'By ref'],
    ]);
    const users = await remove('?resource_type=api_key&title=By ref key');
    expect(users.body).toMatchObject({ status: 'NOK', reason: expect.stringContaining('"By ref"') });
  });

  it('ignores members it does not know and takes null as absent', async () => {
    const { body } = await post({
      job: {
        type: 'job',
        colour: 'red',
        depends_on: null,
        properties: {
          title: 'Lenient',
          category: 'Decision intelligence',
          description: null,
          decision_points: null,
          feedback_columns: null,
          advanced_settings: { custom_labels: null, auto_retrain: null, monitoring_settings: null, nonsense: 1 },
          pipeline_integrations: [],
          remove_missing_pipeline_integrations: null,
          unknown: {},
        },
      },
    });
    expect(body.request).toEqual({ status: 'OK', reason: '', reason_details: '' });
  });

  it('says what is kept but not acted on', async () => {
    const { body } = await post({
      soar: { type: 'integration', properties: { title: 'Kept soar', integration_type: 'Cortex XSOAR', parameters: null } },
      job: {
        type: 'job',
        properties: {
          title: 'Kept job',
          category: 'Decision intelligence',
          decision_points: [],
          feedback_columns: ['rule.name'],
          advanced_settings: {
            auto_retrain: { enabled: true, cron: '0 2 * * *', blockers: { outliers: true } },
            monitoring_settings: { throttling: 5, monitors: [] },
          },
          pipeline_integrations: [
            {
              resource: 'soar',
              integration_type: 'input',
              enabled: true,
              storage_tag: 'edr',
              parameters: { max_batch_size: 100 },
            },
            { resource: 'soar', integration_type: 'output', enabled: true, parameters: {} },
          ],
        },
      },
    });
    expect(body.request.status).toBe('OK');
    expect(body.request.reason_details.split('. ').map((sentence) => sentence.replace(/\.$/, ''))).toEqual([
      'The pipeline settings of "Kept soar" (storage_tag, parameters) are kept, but this version does not act on them',
      '"Kept soar" as output is kept, but this version does not act on that role of Cortex XSOAR',
      'auto_retrain is kept, but this version does not train by itself',
      'monitoring_settings are kept, but this version does not act on them',
      'feedback_columns are kept, but this version does not act on them',
    ]);
    const job = await jobOf('Kept job');
    expect(job).toMatchObject({
      feedback_columns: ['rule.name'],
      advanced_settings: {
        auto_retrain: { enabled: true, cron: '0 2 * * *', blockers: { outliers: true } },
        monitoring_settings: { throttling: 5, monitors: [] },
      },
    });
    expect(job.pipeline_integrations).toMatchObject([
      { integration_type: 'input', storage_tag: 'edr', parameters: { max_batch_size: 100 }, auto_id: '1' },
      { integration_type: 'output', storage_tag: null, parameters: {}, auto_id: '2' },
    ]);
  });

  it('leaves the pipeline alone unless told, and a job that is sent back as it was shown does not change', async () => {
    await post(whole('Pipe'));
    await post({ b: { type: 'integration', properties: { title: 'Pipe second', integration_type: 'External REST API' } } });
    const shown = await jobOf('Pipe job');
    const change = (properties: object) =>
      post(
        {
          job: {
            type: 'job',
            properties: { title: 'Pipe job', category: 'Decision intelligence', decision_points: [], ...properties },
          },
        },
        '?overwrite=true',
      );

    const kept = await change({ pipeline_integrations: [] });
    expect(kept.body.request.reason_details).toBe('The decision points of "Pipe job" stay as they are.');
    expect(await jobOf('Pipe job')).toEqual(shown);
    await change({ ...shown });
    expect(await jobOf('Pipe job')).toEqual(shown);

    await change({
      pipeline_integrations: [{ resource: 'Pipe second', integration_type: 'input', enabled: false, parameters: {} }],
    });
    expect((await jobOf('Pipe job')).pipeline_integrations.map(({ resource, enabled }) => [resource, enabled])).toEqual([
      ['Pipe soar', true],
      ['Pipe second', false],
    ]);
    await change({
      pipeline_integrations: [{ resource: 'Pipe second', integration_type: 'input', enabled: true, parameters: {} }],
      remove_missing_pipeline_integrations: true,
    });
    expect(
      (await jobOf('Pipe job')).pipeline_integrations.map(({ resource, enabled, auto_id }) => [resource, enabled, auto_id]),
    ).toEqual([['Pipe second', true, '2']]);
  });

  it('keeps class ids when labels change their order, and retires those that are not named', async () => {
    const labels = (...names: string[]) =>
      post(
        {
          job: {
            type: 'job',
            properties: {
              title: 'Labels',
              category: 'Decision intelligence',
              advanced_settings: { custom_labels: names.map((name) => ({ name })) },
              pipeline_integrations: [],
            },
          },
        },
        '?overwrite=true',
      );
    await labels('Important', 'Discard');
    const { body } = await labels('Noise', 'discard');
    expect(body.request.reason_details).toBe('Labels of "Labels" that are no longer offered: Important.');
    expect((await jobOf('Labels')).advanced_settings.custom_labels.map(({ class_id, name }) => [class_id, name])).toEqual([
      ['class_2', 'Noise'],
      ['class_1', 'discard'],
    ]);
    expect((await labels('One')).status).toBe(400);
  });

  it('writes an entry of the trail for each thing it makes', async () => {
    const before = await trailLength();
    await post(whole('Trail'));
    const entries = await service.running.services.storage.read((tx) =>
      tx.all<{ action: string; actor_kind: string }>('SELECT action, actor_kind FROM audit WHERE seq > ? ORDER BY seq', before),
    );
    expect(entries).toEqual([
      { action: 'key.create', actor_kind: 'management' },
      { action: 'integration.create', actor_kind: 'management' },
      { action: 'job.create', actor_kind: 'management' },
    ]);
  });

  it('gives a key no right that its maker does not have', async () => {
    const small = await service.managementKey(['write:resources', 'read:resources', 'write:events']);
    const { body } = await post({ k: { type: 'api_key', properties: { name: 'Small' } } }, '', small);
    expect(body.request.reason_details).toBe(
      'The API key "Small" lacks the rights decisions, feedback, export, train, start_stop: a key can give none that it does not have itself.',
    );
    const made = (await service.running.services.keys.list()).find(({ name }) => name === 'Small');
    expect([made?.kind, made?.rights]).toEqual(['input', ['events']]);
  });
});

describe('a bad document', () => {
  const job = { title: 'Bad', category: 'Decision intelligence', decision_points: [], pipeline_integrations: [] };
  const entry = { resource: 'x', integration_type: 'input', enabled: true, parameters: {} };
  const cases: readonly [string, unknown, readonly string[]][] = [
    ['no object', [], ['body']],
    ['no resources', { resources: [] }, ['body', 'resources']],
    ['empty', { resources: {} }, ['body', 'resources']],
    ['no type', { resources: { a: { properties: {} } } }, ['body', 'resources', 'a', 'type']],
    ['unknown type', { a: { type: 'user', properties: {} } }, ['body', 'a', 'type']],
    ['resource is a text', { resources: { a: 'x' } }, ['body', 'resources', 'a']],
    ['no properties', { resources: { a: { type: 'job' } } }, ['body', 'resources', 'a', 'properties']],
    [
      'key without a name',
      { resources: { a: { type: 'api_key', properties: {} } } },
      ['body', 'resources', 'a', 'properties', 'name'],
    ],
    ['blank title', { a: { type: 'job', properties: { ...job, title: '  ' } } }, ['body', 'a', 'properties', 'title']],
    [
      'title of 201',
      { a: { type: 'job', properties: { ...job, title: 'x'.repeat(201) } } },
      ['body', 'a', 'properties', 'title'],
    ],
    ['title with NUL', { a: { type: 'job', properties: { ...job, title: 'x\u0000y' } } }, ['body', 'a', 'properties', 'title']],
    [
      'title with half a pair',
      { a: { type: 'job', properties: { ...job, title: 'x\ud800' } } },
      ['body', 'a', 'properties', 'title'],
    ],
    ['no category', { a: { type: 'job', properties: { ...job, category: null } } }, ['body', 'a', 'properties', 'category']],
    ['unknown category', { a: { type: 'job', properties: { ...job, category: 'Astrology' } } }, ['body', 'a', 'properties']],
    [
      'points as a text',
      { a: { type: 'job', properties: { ...job, decision_points: 'x' } } },
      ['body', 'a', 'properties', 'decision_points'],
    ],
    [
      'a point that is a number',
      { a: { type: 'job', properties: { ...job, decision_points: ['a', 5] } } },
      ['body', 'a', 'properties', 'decision_points', '1'],
    ],
    [
      'unknown role',
      { a: { type: 'job', properties: { ...job, pipeline_integrations: [{ ...entry, integration_type: 'sink' }] } } },
      ['body', 'a', 'properties', 'pipeline_integrations', '0', 'integration_type'],
    ],
    [
      'same auto_id twice',
      {
        a: {
          type: 'job',
          properties: {
            ...job,
            pipeline_integrations: [
              { ...entry, auto_id: 1 },
              { ...entry, auto_id: '1' },
            ],
          },
        },
      },
      ['body', 'a', 'properties', 'pipeline_integrations'],
    ],
    [
      'storage tag with a dot',
      { a: { type: 'job', properties: { ...job, pipeline_integrations: [{ ...entry, storage_tag: 'a.b' }] } } },
      ['body', 'a', 'properties', 'pipeline_integrations', '0', 'storage_tag'],
    ],
    [
      'a key in the pipeline',
      { a: { type: 'job', properties: { ...job, pipeline_integrations: [{ ...entry, resource: "{{api_keys(name='x')}}" }] } } },
      ['body', 'a', 'properties'],
    ],
    [
      'bad cron',
      { a: { type: 'job', properties: { ...job, advanced_settings: { auto_retrain: { enabled: true, cron: '99 * * * *' } } } } },
      ['body', 'a', 'properties', 'advanced_settings', 'auto_retrain', 'cron'],
    ],
    [
      'bad colour',
      {
        a: {
          type: 'job',
          properties: { ...job, advanced_settings: { custom_labels: [{ name: 'A', hex_color: 'red' }, { name: 'B' }] } },
        },
      },
      ['body', 'a', 'properties'],
    ],
    [
      'same title twice',
      { a: { type: 'api_key', properties: { name: 'T' } }, b: { type: 'api_key', properties: { name: ' T ' } } },
      ['body', 'b', 'properties', 'name'],
    ],
    [
      'unknown dependency',
      { a: { type: 'api_key', depends_on: ['z'], properties: { name: 'T' } } },
      ['body', 'a', 'depends_on', '0'],
    ],
    [
      'itself as dependency',
      { a: { type: 'api_key', depends_on: ['a'], properties: { name: 'T' } } },
      ['body', 'a', 'depends_on'],
    ],
    [
      'unknown result form',
      {
        a: {
          type: 'integration',
          properties: { title: 'T', integration_type: 'Cortex XSOAR', parameters: { result_form: 'new' } },
        },
      },
      ['body', 'a', 'properties', 'parameters', 'result_form'],
    ],
  ];
  it.each(cases)('%s is answered with 400 and its place', async (_name, document, loc) => {
    const before = await trailLength();
    const { status, body } = await service.call('POST', PATH, document, key);
    expect(status).toBe(400);
    expect((body.errors as readonly { loc: unknown }[])[0]!.loc).toEqual(loc);
    expect(await trailLength()).toBe(before);
  });

  it('of too many resources, of bad JSON and of none is 400', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1_001 }, (_, n) => [`k${n}`, { type: 'api_key', properties: { name: `k${n}` } }]),
    );
    expect((await post(many)).status).toBe(400);
    expect((await service.call('POST', PATH, '{"resources":', key)).status).toBe(400);
    expect((await service.call('POST', PATH, undefined, key)).status).toBe(400);
    expect((await service.call('POST', PATH, `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, key)).status).toBe(400);
  });

  it('that names an unknown integration type or another type for one that is there is refused', async () => {
    const of = (integration_type: string) => ({
      a: { type: 'integration', properties: { title: 'Typed', integration_type, parameters: {} } },
    });
    expect((await post(of('Elasticsearch'))).body.request).toMatchObject({
      status: 'NOK',
      reason: expect.stringContaining('Cortex XSOAR'),
    });
    await post(of('Cortex XSOAR'));
    expect((await post(of('External REST API'), '?overwrite=true')).body.request).toMatchObject({
      status: 'NOK',
      reason: 'In "a": "Typed" is a Cortex XSOAR integration, and stays one. Make another integration for another type.',
    });
  });

  it('cannot reach prototypes: such names are names', async () => {
    const document =
      '{"resources":{"__proto__":{"type":"api_key","properties":{"name":"__proto__"}},"constructor":{"type":"job","properties":{"title":"__proto__","category":"Decision intelligence","decision_points":[],"pipeline_integrations":[]}}}}';
    const { body } = await service.call<DocumentAnswer>('POST', PATH, document, key);
    expect(body.created.map(({ resource_name, title }) => [resource_name, title])).toEqual([
      ['__proto__', '__proto__'],
      ['constructor', '__proto__'],
    ]);
    const { text } = await get('?resource_type=job&title=__proto__');
    expect(text).toContain('{"__proto__":{"type":"job"');
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });
});

describe('what is stored', () => {
  it('is listed by type: jobs minimal, integrations flat and masked, keys without value', async () => {
    await post(whole('List'));
    const jobs = (await get<readonly Record<string, unknown>[]>('?resource_type=job')).body;
    const id = (await jobOf('List job')).id;
    expect(jobs).toContainEqual({ 'List job': { type: 'job', properties: { id, title: 'List job' } } });
    const integrations = (await get('?resource_type=integration')).body;
    expect(integrations).toContainEqual({
      id: expect.any(Number),
      title: 'List soar',
      subcategory_id: 1,
      integration_type: 'Cortex XSOAR',
      parameters: { api_key: '********' },
    });
    const keys = (await get('?resource_type=api_key&title=List key')).body;
    expect(keys).toEqual([
      {
        id: expect.any(Number),
        name: 'List key',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        expires_at: null,
        last_used_at: null,
        scopes: [],
      },
    ]);
    const everything = (await get('')).body;
    expect(everything.length).toBe(jobs.length + integrations.length + (await get('?resource_type=api_key')).body.length);
    expect((await get(`?resource_type=job&id=${id}`)).body).toHaveLength(1);
    expect((await get('?title=no such thing')).body).toEqual([]);
  });

  it('is asked for with 400 where the question is wrong', async () => {
    for (const query of ['?resource_type=user', '?title=a&id=1', '?id=abc', '?resource_type=job&resource_type=job']) {
      expect([query, (await get(query)).status]).toEqual([query, 400]);
    }
  });

  it('is deleted from the job down, and what is in use names its users', async () => {
    await post(whole('Del'));
    const { id } = await jobOf('Del job');
    await service.call('POST', `/api/v2/jobs/${id}/start`, undefined, key);
    expect((await remove('?resource_type=job&title=Del job')).body).toMatchObject({
      status: 'NOK',
      reason: '"Del job" is running. Stop it before you delete it.',
    });
    await service.call('POST', `/api/v2/jobs/${id}/stop`, undefined, key);
    expect((await remove('?resource_type=integration&title=Del soar')).body).toEqual({
      status: 'NOK',
      reason: 'The integration "Del soar" is used by "Del job". Take it out of there first.',
      reason_details: '',
    });
    expect((await remove('?resource_type=api_key&title=Del key')).body.status).toBe('NOK');
    expect((await remove(`?resource_type=job&id=${id}`)).body).toEqual({ status: 'OK', reason: '', reason_details: '' });
    expect((await remove('?resource_type=integration&title=Del soar')).body.status).toBe('OK');
    expect((await remove('?resource_type=api_key&title=Del key')).body.status).toBe('OK');
    expect((await remove('?resource_type=api_key&title=Del key')).status).toBe(404);
    const again = await post(whole('Del'));
    const job = again.body.created.find(({ type }) => type === 'job')!;
    expect(job.internal_id).toBeGreaterThan(id);
  });

  it('is not deleted by a question that is incomplete, and management keys are not there', async () => {
    const { name } = (await service.running.services.keys.list()).find(({ kind }) => kind === 'management')!;
    expect((await remove('?title=x')).status).toBe(400);
    expect((await remove('?resource_type=job')).status).toBe(400);
    expect((await remove('?resource_type=job&id=99999')).status).toBe(404);
    expect((await remove(`?resource_type=api_key&title=${encodeURIComponent(name)}`)).status).toBe(404);
    expect((await post({ k: { type: 'api_key', properties: { name } } }, '?overwrite=true')).body.request).toMatchObject({
      status: 'NOK',
      reason: expect.stringContaining('management key'),
    });
  });
});

describe('schemas and metadata', () => {
  const ask = (path: string) => service.call('GET', `${PATH}${path}`, undefined, key);

  it('show the parameters of integrations', async () => {
    const all = (await ask('/integration/parameters/schema')).body;
    expect(all.type).toBe('object');
    expect(Object.keys(all.properties as object)).toEqual(['Cortex XSOAR', 'External REST API']);
    for (const query of ['integration_type=External REST API', 'type=external rest api']) {
      const { body } = await ask(`/integration/parameters/schema?${query}`);
      expect(body).toMatchObject({
        properties: {
          'External REST API': { type: 'object', properties: { api_key: { writeOnly: true }, data_type: { type: 'string' } } },
        },
      });
    }
    expect((await ask('/integration/parameters/schema?type=Elasticsearch')).body).toEqual({ type: 'object', properties: {} });
    expect((await ask('/integration/parameters/schema?role=input')).body).toMatchObject({
      properties: { 'Cortex XSOAR': { properties: {} } },
    });
    expect((await ask('/integration/parameters/schema?role=output')).body).toEqual({ type: 'object', properties: {} });
  });

  it('show the integration types', async () => {
    const { body } = await ask('/integration/metadata');
    expect(body).toMatchObject({
      integration_types: [{ id: 1, name: 'Cortex XSOAR', creatable: true, roles: ['input'] }, { id: 2 }],
    });
    expect(Object.keys((body.integration_types as object[])[0]!)).toEqual([
      'id',
      'name',
      'description',
      'creatable',
      'roles',
      'roles_details',
      'pipeline_role_identifiers',
    ]);
    expect((await ask('/integration/metadata?role=output')).body).toEqual({ integration_types: [] });
    expect((await ask('/integration/metadata?type=Cortex XSOAR')).body).toMatchObject({
      id: 1,
      name: 'Cortex XSOAR',
      connection_parameters: { properties: { api_key: { writeOnly: true } } },
      pipeline_parameters: { input: { type: 'object' } },
    });
    expect((await ask('/integration/metadata?type=Elasticsearch')).status).toBe(404);
  });

  it('show the categories of jobs', async () => {
    expect((await ask('/job/metadata')).body).toMatchObject({
      job_categories: [
        { id: 1, name: 'Decision intelligence' },
        { id: 2, name: 'Event centric decision intelligence' },
      ],
    });
    expect((await ask('/job/metadata?category=Decision intelligence')).body).toMatchObject({
      id: 1,
      parameters: { type: 'object', properties: { title: { type: 'string' }, decision_points: {} } },
    });
    expect((await ask('/job/metadata?category=Astrology')).status).toBe(404);
  });
});

describe('who may', () => {
  const routes: readonly [string, string, string, unknown][] = [
    ['POST', PATH, 'write:resources', { k: { type: 'api_key', properties: { name: 'by scope' } } }],
    ['GET', PATH, 'read:resources', undefined],
    ['DELETE', `${PATH}?resource_type=api_key&title=by%20scope`, 'delete:resources', undefined],
    ['GET', `${PATH}/integration/parameters/schema`, 'read:resources', undefined],
    ['GET', `${PATH}/integration/metadata`, 'read:resources', undefined],
    ['GET', `${PATH}/job/metadata`, 'read:resources', undefined],
  ];

  it.each(routes)('%s %s', async (method, path, scope, body) => {
    const { value: input } = await service.inputKey();
    const without = await service.managementKey(SCOPES.filter((one) => one !== scope));
    const only = await service.managementKey([scope]);
    const statusWith = async (withKey: string | null) => (await service.call(method, path, body, withKey)).status;
    expect(await statusWith(null)).toBe(401);
    expect(await statusWith('vrd_nonsense')).toBe(401);
    expect(await statusWith(input)).toBe(403);
    expect(await statusWith(without)).toBe(403);
    expect(await statusWith(only)).toBe(200);
  });
});
