/**
 * The public contracts row by row, as a client sees them that knows nothing of the code: real HTTP, exact shapes, old and new forms.
 * What is set up is set up by document, as a customer would.
 */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestService, type TestService } from './testing.ts';

const SCOPES = [
  'read:resources',
  'write:resources',
  'delete:resources',
  'execute:job_operations',
  'read:event_query',
  'read:event_export',
  'write:events',
  'write:event_feedback',
];
const RIGHTS = ['events', 'decisions', 'feedback', 'export', 'train', 'start_stop'] as const;
const Z = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/;
const OK = { status: 'OK', reason: '', reason_details: '' };

let service: TestService;
let management: string;
let job: number;
let key: string;
let stranger: number;

beforeAll(async () => {
  service = await startTestService();
  management = await service.managementKey(SCOPES);
  ({ job, key } = await useCase('Endpoint'));
  ({ job: stranger } = await useCase('Of others'));
});

afterAll(() => service.stop());

type Json = Record<string, unknown>;
interface Items {
  readonly created: { readonly type: string; readonly internal_id: number; readonly value?: string }[];
}

const v1 = <Body = Json>(method: string, path: string, body?: unknown, withKey: string | null = key) =>
  service.call<Body>(method, `/api/v1${path}`, body, withKey);
const v2 = <Body = Json>(method: string, path: string, body?: unknown, withKey: string | null = management) =>
  service.call<Body>(method, `/api/v2${path}`, body, withKey);

/** An integration with a key of its own and a running job, by one document. */
async function useCase(title: string, more: Json = {}, parameters: Json = {}): Promise<{ job: number; key: string }> {
  const integration = { title: `SOAR of ${title}`, integration_type: 'Cortex XSOAR', parameters };
  const { body } = await v2<Items>('POST', '/resources', {
    soar: { type: 'integration', properties: integration },
    triage: { type: 'job', properties: { ...jobProperties(title, 'soar'), ...more } },
  });
  const made = body.created.find(({ type }) => type === 'job')!.internal_id;
  const value = body.created.find((item) => item.value !== undefined)!.value!;
  expect((await v1('POST', `/jobs/${made}/start`, undefined, value)).body).toEqual({ status: 'OK', error_message: '' });
  return { job: made, key: value };
}

const jobProperties = (title: string, resource: string) => ({
  title,
  category: 'Decision intelligence',
  decision_points: ['rule.name', 'user'],
  pipeline_integrations: [{ resource, integration_type: 'input', enabled: true, parameters: {} }],
});

const send = (id: string, raw: Json, more: Json = {}) => v1('POST', `/events/${id}`, { job_id: job, raw_body: raw, ...more });
const decision = (id: string) => v1('GET', `/events/${job}/${id}`);
const exported = async (id: string) =>
  (await v1<{ arcanna_event: Json & { arcanna: Json } }>('GET', `/events/${job}/${id}/export`)).body.arcanna_event;

/** Every refusal has this body, whatever refused. */
function expectRefusal(answer: Answer<Json>, status: number, sentence?: string | RegExp): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/json');
  const { detail, errors } = answer.body;
  expect(answer.body).toEqual({ detail, errors, status: 'ERROR', error_message: detail });
  expect(detail).toMatch(sentence ?? /\S.*\.$/s);
  for (const problem of errors as Json[]) {
    expect(problem).toEqual({ loc: expect.any(Array), msg: expect.any(String), type: expect.any(String) });
  }
}

/** Sends bytes as they are; what comes back until the service closes the connection. */
function raw(text: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(service.running.url);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () => socket.write(text));
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    socket.on('error', reject);
  });
}

const head = (line: string, more: string[] = []) =>
  `${[line, 'Host: localhost', `x-arcanna-api-key: ${key}`, 'Connection: close', ...more].join('\r\n')}\r\n\r\n`;

describe('the frame of v1', () => {
  it('answers each path with, without and with doubled slashes, itself', async () => {
    for (const path of ['/jobs', '/jobs/', '/jobs//', '//jobs/']) expect((await v1('GET', path)).status).toBe(200);
    for (const path of ['/events', '/events/', '//events//'])
      expect((await v1('POST', path, { job_id: job, raw_body: {} })).status).toBe(201);
  });

  it('ignores a body of GET, whatever it is', async () => {
    for (const body of ['{}', '{not json', 'x'.repeat(10_000)]) {
      const answer = await raw(`${head('GET /api/v1/jobs/ HTTP/1.1', [`Content-Length: ${body.length}`])}${body}`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  it('knows the header in any letter case, over HTTP/1.0 and 1.1, in chunks and after 100-continue', async () => {
    const body = JSON.stringify({ job_id: job, raw_body: { a: 1 } });
    const lines = ['Host: localhost', 'Connection: close', `Content-Length: ${body.length}`];
    for (const name of ['X-ARCANNA-API-KEY', 'X-Arcanna-Api-Key'])
      for (const version of ['1.0', '1.1'])
        expect(
          await raw(`${[`POST /api/v1/events/ HTTP/${version}`, `${name}: ${key}`, ...lines].join('\r\n')}\r\n\r\n${body}`),
        ).toMatch(/^HTTP\/1\.1 201 /);
    const chunks = `5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
    expect(await raw(`${head('POST /api/v1/events/ HTTP/1.1', ['Transfer-Encoding: chunked'])}${chunks}`)).toMatch(/ 201 /);
    expect(
      await raw(`${head('POST /api/v1/events/ HTTP/1.1', ['Expect: 100-continue', `Content-Length: ${body.length}`])}${body}`),
    ).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  });

  it('takes JSON under any content type and behind a byte order mark; refuses compressed bodies in words', async () => {
    const body = JSON.stringify({ job_id: job, raw_body: { a: 1 } });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8'])
      expect((await service.call('POST', '/api/v1/events/', body, key, { 'content-type': type })).status).toBe(201);
    expect((await v1('POST', '/events/', Buffer.from(`\u{feff}${body}`))).status).toBe(201);
    const zipped = await service.call('POST', '/api/v1/events/', gzipSync(body), key, { 'content-encoding': 'gzip' });
    expectRefusal(zipped, 400, /compressed/);
  });

  it('answers HEAD as GET, without a body', async () => {
    const answer = await v1('HEAD', `/jobs/${job}`);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect((await v1('HEAD', `/jobs/${job}`, undefined, null)).status).toBe(401);
  });

  it('refuses in one shape: no route, no path, no request', async () => {
    for (const [method, path] of [
      ['GET', '/nope'],
      ['DELETE', '/jobs/'],
      ['OPTIONS', '/events/'],
      ['POST', `/events/${job}/x/feedback`],
    ] as const)
      expectRefusal(await v1(method, path, undefined, null), 404, `There is no ${method} /api/v1${path}`);
    expectRefusal(await v1('GET', `/events/${job}/%zz`), 400, /path/);
    expectRefusal(await v1('GET', `/events/${job}/${'x'.repeat(3_000)}`), 400, /too long/);
    for (const [sent, status] of [
      ['nonsense\r\n\r\n', '400 Bad Request'],
      [head('GET /api/v1/jobs/ HTTP/1.1', [`x-long: ${'x'.repeat(20_000)}`]), '431 Request Header Fields Too Large'],
    ] as const) {
      const [top, body] = (await raw(sent)).split('\r\n\r\n');
      expect(top).toContain(`HTTP/1.1 ${status}`);
      expect(JSON.parse(body!)).toEqual({
        detail: expect.any(String),
        errors: [],
        status: 'ERROR',
        error_message: expect.any(String),
      });
    }
  });

  it('tells a client that still sends what is wrong, and does not break the connection instead', async () => {
    const body = 'x'.repeat(8_000_000);
    for (const [path, credential, status] of [
      ['events/', key, 413],
      ['events/', 'wrong', 401],
    ] as const) {
      const lines = [
        'Host: localhost',
        `x-arcanna-api-key: ${credential}`,
        'Connection: close',
        `Content-Length: ${body.length}`,
      ];
      const answer = await raw(`${[`POST /api/v1/${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body}`);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });
});

describe('calls 1 to 6: health and jobs', () => {
  it('1: health says whether the key is good', async () => {
    for (const path of ['/health/', '/health']) {
      expect(await v1('GET', path)).toMatchObject({ status: 200, body: { status: true, connected: true } });
      expect((await v1('GET', path, undefined, management)).body).toEqual({ status: true, connected: true });
      for (const wrong of [null, '', 'wrong', `vrd_${'x'.repeat(43)}`]) {
        const answer = await v1('GET', path, undefined, wrong);
        expect(answer.status).toBe(401);
        expect(answer.body).toEqual({ status: false, connected: false, detail: expect.stringContaining('API key') });
      }
    }
  });

  it('2, 3, 4: the job view has all its members, with their types', async () => {
    const fresh = await useCase('Fresh');
    const view = {
      job_id: fresh.job,
      title: 'Fresh',
      category: 'Decision intelligence',
      data_type: '',
      status: 'ENABLED',
      retrain_state: null,
      retrain_msg: null,
      labels: ['Escalate', 'Drop', 'Investigate'],
      features: ['rule.name', 'user'],
      processed_documents_count: 0,
      feedback_documents_count: 0,
      last_processed_timestamp: null,
      last_feedback_timestamp: null,
      last_train_start_timestamp: null,
      last_train_finished_timestamp: null,
      invalid: false,
    };
    expect((await v1('GET', '/jobs/', undefined, fresh.key)).body).toEqual([view]);
    expect((await v1('GET', `/jobs/${fresh.job}`, undefined, fresh.key)).body).toEqual(view);
    for (const path of ['/jobs/get_by_name', '/jobs/get_by_name/'])
      expect((await v1('POST', path, { job_name: 'Fresh', more: 1 }, fresh.key)).body).toEqual(view);

    await v1('POST', '/events/a', { job_id: fresh.job, raw_body: {} }, fresh.key);
    await v1('PUT', `/events/${fresh.job}/a/feedback`, { feedback: 'Drop' }, fresh.key);
    expect((await v1('GET', `/jobs/${fresh.job}`, undefined, fresh.key)).body).toEqual({
      ...view,
      processed_documents_count: 1,
      feedback_documents_count: 1,
      last_processed_timestamp: expect.stringMatching(OFFSET),
      last_feedback_timestamp: expect.stringMatching(OFFSET),
    });
  });

  it('5, 6: labels are a bare list', async () => {
    const labels = ['Escalate', 'Drop', 'Investigate'];
    for (const path of [`/jobs/${job}/labels`, `/jobs/${job}/labels/`]) expect((await v1('GET', path)).body).toEqual(labels);
    for (const path of ['/jobs/get_by_name/labels', '/jobs/get_by_name/labels/'])
      expect((await v1('POST', path, { job_name: 'Endpoint' })).body).toEqual(labels);
  });

  it('refuse: no key 401, what is no job 400, what is not there or not this key’s 404, alike', async () => {
    for (const path of ['/jobs/', `/jobs/${job}`, `/jobs/${job}/labels`])
      expectRefusal(await v1('GET', path, undefined, null), 401);
    for (const id of ['0', '-1', 'abc', '1.5', '1201x', '9'.repeat(20)]) expectRefusal(await v1('GET', `/jobs/${id}`), 400);
    const [unknown, foreign] = [await v1('GET', '/jobs/99999'), await v1('GET', `/jobs/${stranger}`)];
    expectRefusal(unknown, 404);
    expect(foreign.text.replaceAll(String(stranger), '99999')).toBe(unknown.text);
    for (const body of [undefined, {}, { job_name: null }, { job_name: 7 }, [], 'null', '{'])
      expectRefusal(await v1('POST', '/jobs/get_by_name', body), 400);
    for (const name of ['Nowhere', 'Of others']) expectRefusal(await v1('POST', '/jobs/get_by_name', { job_name: name }), 404);
  });
});

describe('calls 7 to 9: train, start, stop', () => {
  it('answer 200 whatever came of it, with any object or none', async () => {
    const one = await useCase('Started and stopped');
    const act = (what: string, body?: unknown) =>
      v1('POST', `/jobs/${one.job}/${what}?username=alice`, body, one.key).then(({ status, body: answer }) => [status, answer]);
    for (const body of [undefined, {}, { any: 'thing' }]) {
      expect(await act('train', body)).toEqual([
        200,
        { status: 'ERROR', error_message: expect.stringContaining('2 more buckets labelled Escalate') },
      ]);
      expect(await act('stop', body)).toEqual([200, { status: 'OK', error_message: '' }]);
      expect((await v1('GET', `/jobs/${one.job}`, undefined, one.key)).body.status).toBe('DISABLED');
      expect(await act('start', body)).toEqual([200, { status: 'OK', error_message: '' }]);
      expect((await v1('GET', `/jobs/${one.job}`, undefined, one.key)).body.status).toBe('ENABLED');
    }
    expectRefusal(await v1('POST', '/jobs/99999/train'), 404);
  });

  it('a job without decision points takes events and feedback, and says what training lacks', async () => {
    const bare = await useCase('Bare', { decision_points: [] });
    expect((await v1('GET', `/jobs/${bare.job}`, undefined, bare.key)).body).toMatchObject({
      status: 'READY_TO_SELECT_FEATURES',
      features: [],
    });
    expect((await v1('POST', '/events/a', { job_id: bare.job, raw_body: {} }, bare.key)).status).toBe(201);
    expect((await v1('PUT', `/events/${bare.job}/a/feedback`, { feedback: 'Drop' }, bare.key)).status).toBe(200);
    expect((await v1('POST', `/jobs/${bare.job}/train`, undefined, bare.key)).body).toEqual({
      status: 'ERROR',
      error_message: expect.stringContaining('Choose decision points first'),
    });
  });
});

describe('calls 10, 11 and 17: events', () => {
  const answer = {
    event_id: expect.any(String),
    job_id: expect.any(Number),
    ingest_timestamp: expect.stringMatching(Z),
    status: 'pending_inference',
    error_message: '',
  };

  it.each<[string, Json]>([
    ['the least', {}],
    ['all members', { title: 't', severity: 3, data_source: 'd', storage_tag: 's' }],
    ['null for absent', { title: null, severity: null, data_source: null, storage_tag: null }],
    ['a decimal severity as text', { severity: '0.5' }],
    ['an unknown member', { more: { of: [1] } }],
  ])('10: takes %s, job_id as number and as text', async (_, more) => {
    for (const id of [job, String(job)]) {
      const { status, body } = await v1('POST', '/events/', { job_id: id, raw_body: { a: 1 }, ...more });
      expect([status, body]).toEqual([201, { ...answer, job_id: job, event_id: expect.stringMatching(`^${job}\\d{6,}$`) }]);
    }
  });

  it.each<[string, unknown, string]>([
    ['job_id missing', { raw_body: {} }, 'job_id'],
    ['job_id null', { job_id: null, raw_body: {} }, 'job_id'],
    ['job_id a boolean', { job_id: true, raw_body: {} }, 'job_id'],
    ['raw_body missing', { job_id: 1201 }, 'raw_body'],
    ['raw_body text', { job_id: 1201, raw_body: '{}' }, 'raw_body'],
    ['raw_body a list', { job_id: 1201, raw_body: [] }, 'raw_body'],
    ['severity in words', { job_id: 1201, raw_body: {}, severity: 'high' }, 'severity'],
    ['title a number', { job_id: 1201, raw_body: {}, title: 7 }, 'title'],
  ])('10: refuses %s and names the place', async (_, body, place) => {
    const refused = await v1('POST', '/events/', body);
    expectRefusal(refused, 400, place);
    expect(refused.body.errors).toEqual([expect.objectContaining({ loc: ['body', place] })]);
  });

  it.each(['', '{', '[]', 'null', '7', '"x"', '{"job_id":01}'])('10: refuses the body %s', async (body) => {
    const refused = await v1('POST', '/events/', body);
    expectRefusal(refused, 400);
    expect(refused.body.errors).toEqual([expect.objectContaining({ loc: ['body'] })]);
  });

  it('11: takes ids as alerts have them, encoded or not, and refuses others', async () => {
    for (const id of ['4711', 'INC-2.3:4@5=6~7+8', 'x'.repeat(200), 'get_by_name'])
      for (const path of [id, encodeURIComponent(id)]) {
        expect((await send(path, { id })).body).toEqual({ ...answer, event_id: id });
        expect((await decision(`${path}/`)).body.event_id).toBe(id);
      }
    for (const path of ['a%20b', 'a%2Fb', 'a%3Fb', '%00', 'a!b', '%C3%A4', 'x'.repeat(201)])
      expectRefusal(await send(path, {}), 400, 'A-Z a-z 0-9 _ . : @ = ~ + -');
  });

  it('11: the same body again changes nothing; another makes a new version without the votes of the old one', async () => {
    const first = await send('versions', { rule: { name: 'V1' }, n: 1.0 });
    expect((await send('versions', { n: 1, rule: { name: 'V1' } }, { title: 'other' })).body).toEqual(first.body);
    await v1('PUT', `/events/${job}/versions/feedback`, { feedback: 'Drop' });
    expect((await exported('versions')).arcanna).toMatchObject({ consensus: 'class_1', bucket_state: 'pending' });
    expect((await send('versions', { rule: { name: 'V2' } })).body.ingest_timestamp).not.toBe(first.body.ingest_timestamp);
    expect((await exported('versions')).arcanna).toMatchObject({ consensus: null, bucket_state: 'new' });
    await send('versions-other', { rule: { name: 'V1' } });
    expect((await exported('versions-other')).arcanna).toMatchObject({ consensus: 'class_1', bucket_state: 'pending' });
  });

  it('17: wait_ms gives the decision view, to a key that may see decisions', async () => {
    const waited = await v1('POST', '/events/waited?wait_ms=2000', { job_id: job, raw_body: {} });
    expect([waited.status, waited.body]).toEqual([201, (await decision('waited')).body]);
    expect((await v1('POST', '/events/waited?wait_ms=0', { job_id: job, raw_body: {} })).body).toEqual({
      ...answer,
      event_id: 'waited',
    });
    for (const wait of ['5001', '-1', '1.5', 'x'])
      expectRefusal(await v1('POST', `/events/?wait_ms=${wait}`, { job_id: job, raw_body: {} }), 400, 'from 0 to 5000');
    const blind = await service.managementKey(['write:events']);
    expect((await v1('POST', '/events/waited?wait_ms=2000', { job_id: job, raw_body: {} }, blind)).body).toEqual({
      ...answer,
      event_id: 'waited',
    });
  });

  it('refuse: stopped 409, unknown or foreign 404, too large 413; nothing is stored', async () => {
    const one = await useCase('Stopped');
    await v1('POST', `/jobs/${one.job}/stop`, undefined, one.key);
    expectRefusal(await v1('POST', '/events/', { job_id: one.job, raw_body: {} }, one.key), 409);
    expectRefusal(await v1('POST', '/events/x', { job_id: one.job, raw_body: {} }, one.key), 409);
    expectRefusal(await v1('POST', `/bulk/${one.job}`, { events: [{ raw_body: {} }] }, one.key), 409);
    expect((await v1('GET', `/jobs/${one.job}`, undefined, one.key)).body.processed_documents_count).toBe(0);
    for (const id of [99999, stranger]) expectRefusal(await v1('POST', '/events/', { job_id: id, raw_body: {} }), 404);
    expectRefusal(await v1('POST', '/events/', { job_id: job, raw_body: { big: 'x'.repeat(2_000_000) } }), 413);
  });
});

describe('calls 12, 14 and 16: decision, export, explanation', () => {
  it('12: the decision view has all its members', async () => {
    await send('viewed', { rule: { name: 'Viewed' } });
    expect((await decision('viewed')).body).toEqual({
      event_id: 'viewed',
      ingest_timestamp: expect.stringMatching(Z),
      status: 'OK',
      result: 'no_decision',
      result_label: null,
      confidence_score: null,
      outlier: null,
      bucket_state: 'new',
      knowledge_base_state: 'new',
      is_duplicated: false,
      confidence_level: null,
      error_message: null,
      automation: 'ask',
      automation_reason: expect.stringMatching(/\.$/),
      reasons: [expect.stringMatching(/\.$/)],
      outlier_score: null,
      model_id: null,
      event_url: expect.stringMatching(`^http://[^/]+/jobs/${job}/events/viewed$`),
    });
    await send('viewed-again', { rule: { name: 'Viewed' } });
    expect((await decision('viewed-again')).body.is_duplicated).toBe(true);
    expectRefusal(await decision('nowhere'), 404);
    expectRefusal(await v1('GET', `/events/${stranger}/viewed`), 404);
    expectRefusal(await v1('GET', '/events/abc/viewed'), 400);
  });

  it('12: result_form legacy says drop_alert or escalate_alert', async () => {
    const old = await useCase('Old playbooks', {}, { result_form: 'legacy' });
    await v1('POST', '/events/a', { job_id: old.job, raw_body: {} }, old.key);
    expect((await v1('GET', `/events/${old.job}/a`, undefined, old.key)).body).toMatchObject({
      result: 'escalate_alert',
      result_label: null,
    });
  });

  it('14: the export has the alert’s fields at the top and ours beside them', async () => {
    await send('exported', { rule: { name: 'E' }, host: 'h' }, { title: 'Title', severity: '2.5', storage_tag: 'tag' });
    const { body } = await v1('GET', `/events/${job}/exported/export`);
    expect(body).toEqual({
      event_id: 'exported',
      ingest_timestamp: expect.stringMatching(Z),
      status: 'OK',
      error_message: '',
      arcanna_event: {
        rule: { name: 'E' },
        host: 'h',
        '@timestamp': body.ingest_timestamp,
        timestamp_inference: expect.stringMatching(Z),
        id: 'exported',
        metadata: { id: 'exported', description: 'Title', severity: 2.5, ingested_timestamp: body.ingest_timestamp },
        arcanna: {
          result: 'no_decision',
          result_label: null,
          inference_status: 'finished',
          inference_result: 'no_decision',
          previous_result: null,
          bucket_state: 'new',
          knowledge_base_state: 'new',
          bucket_id: expect.any(String),
          key_hash: expect.any(String),
          consensus: null,
          confidence_score: null,
          confidence_percentage: null,
          outlier_flag: null,
          outlier_score: null,
          attention: {
            low_confidence_score: { attention_required: false },
            undecided_consensus: { attention_required: false },
          },
          original_id: 'exported',
          storage_tag: 'tag',
          pipeline_status: 'finished',
          pipeline_stage: expect.any(String),
          model: { path: null, timestamp: null },
          log_messages: [],
          timers: {},
        },
      },
    });
    expectRefusal(await v1('GET', `/events/${job}/nowhere/export`), 404);
  });

  it.each(['arcanna', 'id', 'metadata', 'timestamp_inference', 'raw_event'])(
    '14: an alert’s own %s is kept in raw_event',
    async (name) => {
      const alert = { [name]: { mine: 1 }, rule: { name: 'own' } };
      await send(`own-${name}`, alert);
      expect(await exported(`own-${name}`)).toMatchObject({ rule: { name: 'own' }, raw_event: alert, id: `own-${name}` });
    },
  );

  it('14: @timestamp is the alert’s own time where it is a time', async () => {
    await send('timed', { '@timestamp': '2021-09-02T09:46:22Z' });
    expect(await exported('timed')).toMatchObject({ '@timestamp': '2021-09-02T09:46:22Z' });
    expect(await exported('timed')).not.toHaveProperty('raw_event');
    for (const time of ['yesterday', null, 5e300]) {
      await send('untimed', { '@timestamp': time });
      expect(await exported('untimed')).toMatchObject({
        '@timestamp': expect.stringMatching(Z),
        raw_event: { '@timestamp': time },
      });
    }
  });

  it('16: the explanation says why, also before the first training', async () => {
    await send('explained', { rule: { name: 'X' } });
    expect((await v1('GET', `/events/${job}/explained/explanation/`)).body).toMatchObject({
      event_id: 'explained',
      job_id: job,
      model_id: null,
      result: 'no_decision',
      towards: [],
      against: [],
      nearest: [],
      learners: [],
      guard: { automation: 'ask' },
    });
    expectRefusal(await v1('GET', `/events/${job}/nowhere/explanation`), 404);
  });
});

describe('call 13: feedback', () => {
  const vote = (id: string, body: unknown, withKey = key) => v1('PUT', `/events/${job}/${id}/feedback`, body, withKey);
  beforeAll(() => send('voted', { rule: { name: 'Voted' } }));

  it.each<[Json, string]>([
    [{ feedback: 'Drop', cortex_user: 'alice' }, 'class_1'],
    [{ feedback: 'eSCALATE', cortex_user: 'alice', closing_notes: 'seen', indicators: [{ any: 1 }] }, 'class_0'],
    [{ feedback: 'class_2', username: 'alice' }, 'class_2'],
    [{ feedback: 'drop_alert', cortex_user: 'alice' }, 'class_1'],
    [{ label: 'escalate_alert', username: 'alice' }, 'class_0'],
    [{ label: 'Drop', username: 'alice', feedback: null, closing_notes: null, indicators: null, more: 1 }, 'class_1'],
    [{ label: 'Escalate', username: 'alice', feedback: '' }, 'class_0'],
    [{ feedback: 'Drop', label: 'nonsense', cortex_user: 'alice' }, 'class_1'],
  ])('takes %j', async (body, consensus) => {
    expect(await vote('voted', body)).toMatchObject({ status: 200, body: { status: 'updated' } });
    expect((await exported('voted')).arcanna).toMatchObject({ consensus });
  });

  it('takes the voter from the query; a voter is the pair of key and name', async () => {
    await send('pair', { rule: { name: 'Pair' } });
    for (const withKey of [key, management])
      expect((await v1('PUT', `/events/${job}/pair/feedback?username=bob`, { feedback: 'Drop' }, withKey)).status).toBe(200);
    expect((await exported('pair')).arcanna).toMatchObject({ consensus: 'class_1' });
    await v1('PUT', `/events/${job}/pair/feedback?username=bob`, { feedback: 'Escalate' });
    expect((await exported('pair')).arcanna).toMatchObject({
      consensus: null,
      attention: { undecided_consensus: { attention_required: true } },
    });
  });

  it('refuses unknown labels naming the valid ones, and what is no label; nothing is stored', async () => {
    await send('unvoted', { rule: { name: 'Unvoted' } });
    for (const label of ['Ignore', 'class_9', 'investigate_alert', '__proto__'])
      expectRefusal(await vote('unvoted', { feedback: label }), 400, 'Escalate, Drop, Investigate');
    for (const body of [
      undefined,
      {},
      { feedback: null },
      { feedback: '' },
      { feedback: 7 },
      { feedback: ['Drop'] },
      [],
      'null',
      '{',
    ])
      expectRefusal(await vote('unvoted', body), 400);
    expect((await exported('unvoted')).arcanna).toMatchObject({ consensus: null, bucket_state: 'new' });
    expectRefusal(await vote('nowhere', { feedback: 'Drop' }), 404);
  });
});

describe('call 15: bulk', () => {
  const bulk = (body: unknown, withKey = key) =>
    v1<{ status: string; results: Json[] } & Json>('POST', `/bulk/${job}`, body, withKey);

  it('takes old and new forms of events and labels', async () => {
    const label = { cortex_user: 'bob', feedback: 'Drop', closing_notes: 'n' };
    const events: Json[] = [
      { job_id: job, title: 't', raw_body: { rule: { name: 'B0' } }, severity: 1, label, event_id: 'b0' },
      { job_id: String(job), title: null, raw_body: { rule: { name: 'B1' } }, severity: '1.5', label: null, event_id: 'b1' },
      { raw_body: { rule: { name: 'B2' } }, event_id: 'b2', label: { cortex_user: null, feedback: null } },
      { raw_body: { rule: { name: 'B3' } }, event_id: 'b3', label: { ...label, feedback: 'escalate_alert' } },
      { raw_body: {} },
    ];
    const { status, body } = await bulk({ count: '5', events });
    expect([status, body.status]).toEqual([201, 'ok']);
    expect(body.results).toEqual(
      ['b0', 'b1', 'b2', 'b3', expect.stringMatching(/^\d+$/)].map((event_id) => ({
        event_id,
        status: 'pending_inference',
        error_message: '',
      })),
    );
    const consensus = await Promise.all(['b0', 'b1', 'b2', 'b3'].map(async (id) => (await exported(id)).arcanna.consensus));
    expect(consensus).toEqual(['class_1', null, null, 'class_0']);
  });

  it('stores what it can and says of each what is wrong', async () => {
    const { status, body } = await bulk({
      count: 4,
      events: [
        { raw_body: { ok: 1 }, event_id: 'p0' },
        { raw_body: 'text' },
        { raw_body: {}, event_id: 'a b' },
        { raw_body: {}, event_id: 'p3', label: { feedback: 'Ignore' } },
      ],
    });
    expect([status, body.status]).toEqual([201, 'partial']);
    expect(body.results).toEqual([
      { event_id: 'p0', status: 'pending_inference', error_message: '' },
      { event_id: '', status: 'ERROR', error_message: expect.stringContaining('body.events.1.raw_body') },
      { event_id: '', status: 'ERROR', error_message: expect.stringContaining('body.events.2.event_id') },
      { event_id: 'p3', status: 'pending_inference', error_message: expect.stringContaining('Escalate, Drop, Investigate') },
    ]);
  });

  it('keeps the event but not its label where the key may not vote', async () => {
    const writer = await service.managementKey(['write:events']);
    const { body } = await bulk(
      { events: [{ event_id: 'unvotable', raw_body: { rule: { name: 'U' } }, label: { feedback: 'Drop' } }] },
      writer,
    );
    expect(body).toEqual({
      status: 'partial',
      results: [
        { event_id: 'unvotable', status: 'pending_inference', error_message: expect.stringContaining('write:event_feedback') },
      ],
    });
    expect((await exported('unvotable')).arcanna).toMatchObject({ consensus: null, bucket_state: 'new' });
  });

  it('refuses what is no list of events, or too many of them', async () => {
    for (const body of [
      undefined,
      [],
      {},
      { events: null },
      { events: {} },
      '{"events":[{]}',
      'null',
      { count: 'x', events: [] },
    ])
      expectRefusal(await bulk(body), 400);
    expectRefusal(await bulk({ events: new Array(5_001).fill({ raw_body: {} }) }), 413, '5000');
    expectRefusal(await v1('POST', '/bulk/99999', { events: [] }), 404);
  });
});

describe('rights and scopes', () => {
  const calls: readonly [
    right: (typeof RIGHTS)[number] | 'any',
    scope: string,
    method: string,
    path: string,
    body?: () => unknown,
  ][] = [
    ['events', 'write:events', 'POST', '/events/', () => ({ job_id: job, raw_body: {} })],
    ['events', 'write:events', 'POST', '/events/r1', () => ({ job_id: job, raw_body: {} })],
    ['events', 'write:events', 'POST', '/bulk/JOB', () => ({ events: [] })],
    ['export', 'read:event_export', 'GET', '/events/JOB/voted/export'],
    ['decisions', 'read:event_query', 'GET', '/events/JOB/voted'],
    ['decisions', 'read:event_query', 'GET', '/events/JOB/voted/explanation'],
    ['feedback', 'write:event_feedback', 'PUT', '/events/JOB/voted/feedback', () => ({ feedback: 'Drop' })],
    ['train', 'execute:job_operations', 'POST', '/jobs/JOB/train'],
    ['start_stop', 'execute:job_operations', 'POST', '/jobs/JOB/stop'],
    ['start_stop', 'execute:job_operations', 'POST', '/jobs/JOB/start'],
    ['any', 'read:resources', 'GET', '/jobs/'],
    ['any', 'read:resources', 'GET', '/jobs/JOB'],
    ['any', 'read:resources', 'GET', '/jobs/JOB/labels'],
    ['any', 'read:resources', 'POST', '/jobs/get_by_name', () => ({ job_name: 'Endpoint' })],
    ['any', 'read:resources', 'POST', '/jobs/get_by_name/labels', () => ({ job_name: 'Endpoint' })],
  ];

  it('a management key needs the scope of each v1 call, and no other', async () => {
    const scopes = [...new Set(calls.map(([, scope]) => scope))];
    const having = new Map<string, string>();
    const lacking = new Map<string, string>();
    for (const scope of scopes) {
      having.set(scope, await service.managementKey([scope]));
      lacking.set(scope, await service.managementKey(SCOPES.filter((other) => other !== scope)));
    }
    for (const [, scope, method, path, body] of calls) {
      const at = path.replace('JOB', String(job));
      expectRefusal(await v1(method, at, body?.(), lacking.get(scope)!), 403, scope);
      expect([at, (await v1(method, at, body?.(), having.get(scope)!)).status]).toEqual([at, expect.toBeOneOf([200, 201])]);
    }
  });

  it('each right of an input key can be switched off by itself', async () => {
    for (const right of RIGHTS) {
      const limited = await service.inputKey({ rights: RIGHTS.filter((other) => other !== right) });
      const { id } = await service.job(limited.integrationId);
      await v1('POST', '/events/voted', { job_id: id, raw_body: {} }, management);
      for (const [needed, , method, path, body] of calls) {
        if (path.endsWith('/stop') || path.includes('get_by_name')) continue;
        const sent = body?.() as Json | undefined;
        const { status } = await v1(
          method,
          path.replace('JOB', String(id)),
          sent && 'job_id' in sent ? { ...sent, job_id: id } : sent,
          limited.value,
        );
        expect([right, path, status === 403]).toEqual([right, path, needed === right]);
      }
    }
  });

  it('an input key gets 403 on all of v2 but its scopes, which are none', async () => {
    expect((await v2('GET', '/token/scopes', undefined, key)).body).toEqual([]);
    expect((await v2('GET', '/token/scopes/')).body).toEqual(SCOPES);
    expectRefusal(await v2('GET', '/token/scopes', undefined, null), 401);
    for (const [method, path] of [
      ['POST', '/resources'],
      ['GET', '/resources'],
      ['DELETE', '/resources?resource_type=job&title=Endpoint'],
      ['GET', '/resources/integration/metadata'],
      ['GET', '/resources/integration/parameters/schema'],
      ['GET', '/resources/job/metadata'],
      ['POST', `/jobs/${job}/start`],
      ['POST', `/jobs/${job}/stop`],
      ['POST', `/jobs/${job}/train`],
      ['PUT', `/events/${job}/voted/feedback?feedback_label=Drop`],
    ] as const) {
      expectRefusal(await v2(method, path, method === 'POST' ? {} : undefined, key), 403);
      expectRefusal(await v2(method, path, method === 'POST' ? {} : undefined, null), 401);
    }
  });

  it('health of v2 needs no key', async () => {
    for (const path of ['/health', '/health/'])
      for (const one of [null, 'wrong', key, management]) expect((await v2('GET', path, undefined, one)).body).toEqual(OK);
  });
});

describe('v2: start, stop, train, feedback', () => {
  it('answer a request status; a refusal of the domain is NOK, what is not there 404', async () => {
    const { job: id } = await useCase('By v2');
    for (const what of ['stop', 'stop/', 'start', 'start/']) expect((await v2('POST', `/jobs/${id}/${what}`)).body).toEqual(OK);
    expect((await v2('POST', `/jobs/${id}/train`)).body).toEqual({
      status: 'NOK',
      reason: expect.stringContaining('2 more buckets labelled'),
      reason_details: '',
    });
    expectRefusal(await v2('POST', '/jobs/99999/start'), 404);
    expectRefusal(await v2('POST', '/jobs/abc/start'), 400);

    await v1('POST', '/events/e', { job_id: id, raw_body: {} }, management);
    const vote = (event: string, query: string) => v2('PUT', `/events/${id}/${event}/feedback${query}`);
    expect((await vote('e', '?feedback_label=drop&storage_name=any')).body).toEqual(OK);
    expect(await vote('e', '?feedback_label=Ignore')).toMatchObject({
      status: 200,
      body: { status: 'NOK', reason: expect.stringContaining('Escalate, Drop, Investigate'), reason_details: '' },
    });
    expectRefusal(await vote('e', ''), 400, 'feedback_label');
    expectRefusal(await vote('nowhere', '?feedback_label=Drop'), 404);
  });
});

describe('v2: resources', () => {
  const apply = (body: unknown, query = '') =>
    v2<Items & { request: Json; updated: Json[] } & Json>('POST', `/resources${query}`, body);
  const find = (query: string) => v2<Json[]>('GET', `/resources?${query}`);

  it('are made together, shown flat with secrets masked, and never without overwrite changed', async () => {
    const made = await apply({
      resources: {
        j: { type: 'job', properties: jobProperties('Doc job', 'i') },
        i: {
          type: 'integration',
          properties: { title: 'Doc SOAR', integration_type: 'External REST API', parameters: { api_key: 'k' } },
        },
        k: { type: 'api_key', properties: { name: 'Doc key' }, depends_on: [] },
      },
    });
    const item = (type: string, resource_name: string, title: string) => ({
      type,
      resource_name,
      title,
      internal_id: expect.any(Number),
      url: expect.stringMatching(/^http:/),
    });
    expect(made.body).toEqual({
      request: OK,
      created: expect.arrayContaining([
        { ...item('api_key', 'k', 'Doc key'), value: expect.any(String) },
        item('integration', 'i', 'Doc SOAR'),
        item('job', 'j', 'Doc job'),
      ]),
      updated: [],
    });
    const value = made.body.created.find((one) => one.value)!.value!;
    expect((await v1<Json[]>('GET', '/jobs/', undefined, value)).body.map(({ title, status }) => [title, status])).toEqual([
      ['Doc job', 'DISABLED'],
    ]);

    const integration = await find('resource_type=integration&title=Doc%20SOAR');
    expect(integration.body).toEqual([
      {
        id: expect.any(Number),
        title: 'Doc SOAR',
        subcategory_id: 2,
        integration_type: 'External REST API',
        parameters: { api_key: '********' },
      },
    ]);
    const shown = await find('resource_type=api_key&title=Doc%20key');
    expect(shown.body).toEqual([
      {
        id: expect.any(Number),
        name: 'Doc key',
        created_at: expect.stringMatching(Z),
        expires_at: null,
        last_used_at: expect.toSatisfy((at: unknown) => at === null || typeof at === 'string'),
        scopes: [],
      },
    ]);
    expect(`${integration.text}${shown.text}`).not.toContain(value);
    expect((await find('resource_type=job&title=Doc%20job')).body).toEqual([
      {
        'Doc job': {
          type: 'job',
          properties: expect.objectContaining({
            id: expect.any(Number),
            title: 'Doc job',
            decision_points: ['rule.name', 'user'],
          }),
        },
      },
    ]);

    const again = {
      n: { type: 'api_key', properties: { name: 'Never' } },
      j: { type: 'job', properties: jobProperties('Doc job', 'Doc SOAR') },
    };
    for (const query of ['', '?overwrite=false'])
      expect((await apply(again, query)).body).toEqual({
        request: { status: 'NOK', reason: expect.stringContaining('overwrite'), reason_details: '' },
        created: [],
        updated: [],
      });
    expect((await find('resource_type=api_key&title=Never')).body).toEqual([]);
    expect((await apply({ j: again.j }, '?overwrite=true')).body).toMatchObject({
      request: OK,
      created: [],
      updated: [{ type: 'job', title: 'Doc job' }],
    });
  });

  it.each([
    'SOAR of Endpoint',
    "{{integrations(title='SOAR of Endpoint')}}",
    '{{ integrations( title = "SOAR of Endpoint" ) }}',
    'ID',
  ])('refer to an integration as %s', async (form) => {
    const [found] = (await find('resource_type=integration&title=SOAR%20of%20Endpoint')).body;
    const resource = form === 'ID' ? `{{integrations(internal_id=${found!.id})}}` : form;
    const { body } = await apply({ j: { type: 'job', properties: jobProperties(`Refers as ${form}`, resource) } });
    expect(body.request).toEqual(OK);
  });

  it('refuse a reference to nothing with NOK, and what is malformed with 400 and the place', async () => {
    for (const resource of ['Nowhere', "{{integrations(title='Nowhere')}}", '{{integrations(internal_id=9)}}'])
      expect((await apply({ j: { type: 'job', properties: jobProperties('Never', resource) } })).body).toMatchObject({
        request: { status: 'NOK', reason: expect.stringContaining('There is no integration') },
        created: [],
      });
    for (const body of [
      undefined,
      '{',
      [],
      'null',
      {},
      { resources: {} },
      { x: null },
      { x: { type: 'nope', properties: {} } },
      { x: { type: 'job', properties: { title: 'q' } } },
    ])
      expectRefusal(await apply(body), 400);
  });

  it('are not deleted while something uses them, and the users are named', async () => {
    const remove = (query: string) => v2('DELETE', `/resources?${query}`);
    const { job: id } = await useCase('Deleted');
    expect((await remove('resource_type=integration&title=SOAR%20of%20Deleted')).body).toEqual({
      status: 'NOK',
      reason: expect.stringContaining('"Deleted"'),
      reason_details: '',
    });
    expect((await remove(`resource_type=job&id=${id}`)).body).toMatchObject({
      status: 'NOK',
      reason: expect.stringContaining('Stop it'),
    });
    await v2('POST', `/jobs/${id}/stop`);
    for (const title of ['Deleted', 'SOAR%20of%20Deleted'])
      expect((await remove(`resource_type=${title === 'Deleted' ? 'job' : 'integration'}&title=${title}`)).body).toEqual(OK);
    expectRefusal(await remove('resource_type=job&title=Deleted'), 404);
    expectRefusal(await remove('resource_type=job'), 400);
  });

  it('say what can be made: metadata and schema', async () => {
    const types = (await v2<{ integration_types: Json[] }>('GET', '/resources/integration/metadata')).body.integration_types;
    expect(types.slice(0, 2).map(({ id, name }) => [id, name])).toEqual([
      [1, 'Cortex XSOAR'],
      [2, 'External REST API'],
    ]);
    const members = ['id', 'name', 'description', 'creatable', 'roles', 'roles_details', 'pipeline_role_identifiers'];
    for (const type of types) expect(Object.keys(type).sort()).toEqual([...members].sort());
    const one = (await v2('GET', '/resources/integration/metadata?type=Cortex%20XSOAR')).body;
    expect(Object.keys(one).sort()).toEqual([...members, 'connection_parameters', 'pipeline_parameters'].sort());
    for (const name of ['type', 'integration_type'])
      expect((await v2('GET', `/resources/integration/parameters/schema?${name}=Cortex%20XSOAR`)).body).toEqual({
        type: 'object',
        properties: { 'Cortex XSOAR': one.connection_parameters },
      });
    expect((await v2('GET', '/resources/integration/parameters/schema?type=Nope')).body).toEqual({
      type: 'object',
      properties: {},
    });
    const categories = (await v2<{ job_categories: Json[] }>('GET', '/resources/job/metadata')).body.job_categories;
    expect(categories.map(({ name }) => name)).toEqual(['Decision intelligence', 'Event centric decision intelligence']);
    expect((await v2('GET', '/resources/job/metadata?category=Decision%20intelligence')).body).toEqual({
      ...categories[0],
      parameters: expect.objectContaining({ type: 'object' }),
    });
  });
});

describe('the way of a customer', () => {
  it('goes from events over feedback and training to a decision that names its model', async () => {
    const one = await useCase('Way');
    const call = (method: string, path: string, body?: unknown) => v1(method, path, body, one.key);
    const alert = (index: number) => ({ rule: { name: `rule ${index % 8}` }, user: `u${index >> 3}` });
    for (let index = 0; index < 32; index++) {
      await call('POST', `/events/e${index}`, { job_id: String(one.job), raw_body: alert(index), severity: '1.5' });
      const label = index % 2 ? 'Escalate' : 'Drop';
      await call('PUT', `/events/${one.job}/e${index}/feedback`, { label, username: 'alice' });
    }
    expect((await call('POST', `/jobs/${one.job}/train?username=alice`, {})).body).toEqual({ status: 'OK', error_message: '' });
    await service.trained(one.job);
    expect((await call('GET', `/jobs/${one.job}`)).body).toMatchObject({
      retrain_state: 'RETRAIN_FINISHED',
      retrain_msg: 'Retraining finished successfully',
      last_train_start_timestamp: expect.stringMatching(OFFSET),
      last_train_finished_timestamp: expect.stringMatching(OFFSET),
    });

    await call('POST', '/events/unseen', { job_id: one.job, raw_body: { rule: { name: 'rule 3' }, user: 'new' } });
    const { body } = await call('GET', `/events/${one.job}/unseen`);
    expect(body).toMatchObject({
      status: 'OK',
      result: 'class_0',
      result_label: 'Escalate',
      bucket_state: 'new',
      model_id: expect.any(String),
    });
    expect(body.confidence_score).toBeGreaterThan(50);
    expect(body.confidence_level).toBeCloseTo((body.confidence_score as number) / 100, 9);

    // The machine's name repeats the machine's own decision: shown, not counted. Contradicting it counts.
    const block = async () =>
      (await call('GET', `/events/${one.job}/unseen/export`)).body.arcanna_event as { arcanna: { consensus: unknown } };
    await call('PUT', `/events/${one.job}/unseen/feedback`, { feedback: 'Escalate', cortex_user: 'DBot' });
    expect((await block()).arcanna.consensus).toBeNull();
    await call('PUT', `/events/${one.job}/unseen/feedback`, { feedback: 'Drop', cortex_user: 'dbot' });
    expect((await block()).arcanna.consensus).toBe('class_1');

    await call('POST', '/events/pointless', { job_id: one.job, raw_body: { other: 1 } });
    expect((await call('GET', `/events/${one.job}/pointless`)).body).toMatchObject({ result: 'no_decision', result_label: null });
    await call('PUT', `/events/${one.job}/e1/feedback`, { feedback: 'Drop', cortex_user: 'alice' });
    expect((await call('GET', `/events/${one.job}/e1`)).body.bucket_state).toBe('retrain');
    expect((await call('GET', `/events/${one.job}/e2`)).body.bucket_state).toBe('in_knowledge_base');
  });
});
