import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from './testing.ts';

let service: TestService;
let jobId: number;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  ({ integrationId } = await service.inputKey());
  jobId = (await service.job(integrationId, { title: 'Endpoint alerts' })).id;
});

afterAll(() => service.stop());

const send = (raw: unknown, more: Record<string, unknown> = {}, id = '') =>
  service.call('POST', `/api/v1/events/${id}`, { job_id: jobId, raw_body: raw, ...more });
const decision = (id: string) => service.call('GET', `/api/v1/events/${jobId}/${id}`);

describe('health', () => {
  it('says that the key is good, with and without the slash and with a body on GET', async () => {
    expect((await service.call('GET', '/api/v1/health/')).body).toEqual({ status: true, connected: true });
    expect((await service.call('GET', '/api/v1/health')).status).toBe(200);
  });

  it('is 401 with a readable text without a key or with a wrong one', async () => {
    for (const bad of [null, 'nonsense']) {
      const answer = await service.call('GET', '/api/v1/health/', undefined, bad);
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ status: false, connected: false, detail: expect.stringContaining('key') });
    }
  });
});

describe('jobs', () => {
  it('are shown as SOARs know them', async () => {
    const { status, body } = await service.call('GET', `/api/v1/jobs/${jobId}/`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      job_id: jobId,
      title: 'Endpoint alerts',
      category: 'Decision intelligence',
      data_type: '',
      status: 'ENABLED',
      retrain_state: null,
      retrain_msg: null,
      labels: ['Escalate', 'Drop', 'Investigate'],
      features: ['rule.name', 'user'],
      invalid: false,
    });
    expect((await service.call<unknown[]>('GET', '/api/v1/jobs/')).body).toHaveLength(1);
    expect((await service.call('POST', '/api/v1/jobs/get_by_name', { job_name: 'Endpoint alerts' })).body.job_id).toBe(jobId);
    expect((await service.call('POST', '/api/v1/jobs/get_by_name/labels/', { job_name: 'Endpoint alerts' })).body).toEqual([
      'Escalate',
      'Drop',
      'Investigate',
    ]);
    expect((await service.call('GET', `/api/v1/jobs/${jobId}/labels`)).body).toEqual(['Escalate', 'Drop', 'Investigate']);
  });

  it('list their labels by class id, which retired labels leave gaps in, and refuse other ways and other keys', async () => {
    const { id } = await service.job(integrationId, { title: 'Gaps' });
    await service.running.services.jobs.update(id, { labels: [{ name: 'Escalate' }, { name: 'Investigate' }] }, OPERATOR);
    const labels = (query: string, key?: string | null) =>
      service.call('GET', `/api/v1/jobs/${id}/labels${query}`, undefined, ...(key === undefined ? [] : [key]));
    expect((await labels('?as=class_ids')).body).toEqual(['class_0', 'class_2']);
    expect((await labels('?as=class_ids&other=1')).body).toEqual(['class_0', 'class_2']);
    expect((await labels('?as=names')).body).toEqual(['Escalate', 'Investigate']);
    for (const query of ['?as=numbers', '?as=names&as=class_ids']) {
      const { status, body } = await labels(query);
      expect([query, status]).toEqual([query, 400]);
      expect(body).toMatchObject({ status: 'ERROR', detail: expect.stringContaining('as') });
    }
    expect((await labels('?as=class_ids', null)).status).toBe(401);
    expect((await labels('?as=class_ids', 'nonsense')).status).toBe(401);
    expect((await labels('?as=class_ids', (await service.inputKey()).value)).status).toBe(404);
  });

  it('start at 1201 and say READY_TO_SELECT_FEATURES before points are chosen', async () => {
    expect(jobId).toBe(1201);
    const bare = await service.job(integrationId, { points: [] });
    expect((await service.call('GET', `/api/v1/jobs/${bare.id}`)).body.status).toBe('READY_TO_SELECT_FEATURES');
    const train = await service.call('POST', `/api/v1/jobs/${bare.id}/train?username=alice`);
    expect(train).toMatchObject({
      status: 200,
      body: { status: 'ERROR', error_message: expect.stringContaining('hoose decision points first') },
    });
  });

  it('are 404 when unknown or another key’s, alike, and 400 when no number', async () => {
    const other = await service.inputKey();
    const unknown = await service.call('GET', '/api/v1/jobs/99999');
    const foreign = await service.call('GET', `/api/v1/jobs/${jobId}`, undefined, other.value);
    expect([unknown.status, foreign.status]).toEqual([404, 404]);
    expect(String(foreign.body.detail).replace(String(jobId), 'N')).toBe(String(unknown.body.detail).replace('99999', 'N'));
    expect((await service.call('GET', '/api/v1/jobs/abc')).status).toBe(400);
    expect((await service.call('POST', '/api/v1/jobs/get_by_name', { job_name: 'Endpoint alerts' }, other.value)).status).toBe(
      404,
    );
    expect((await service.call<unknown[]>('GET', '/api/v1/jobs', undefined, other.value)).body).toEqual([]);
  });

  it('stop and start; a stopped one takes no events and stores nothing', async () => {
    const job = await service.job(integrationId);
    expect((await service.call('POST', `/api/v1/jobs/${job.id}/stop?username=alice`, {})).body).toEqual({
      status: 'OK',
      error_message: '',
    });
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`)).body.status).toBe('DISABLED');
    const refused = await service.call('POST', '/api/v1/events/e1', { job_id: job.id, raw_body: { a: 1 } });
    expect(refused.status).toBe(409);
    expect((await service.call('POST', `/api/v1/bulk/${job.id}`, { events: [{ raw_body: { a: 1 } }] })).status).toBe(409);
    expect((await service.call('POST', `/api/v1/jobs/${job.id}/start`)).body.status).toBe('OK');
    expect((await service.call('GET', `/api/v1/events/${job.id}/e1`)).status).toBe(404);
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`)).body.processed_documents_count).toBe(0);
  });
});

describe('events', () => {
  it('get an id of digits and are answered as stored', async () => {
    const { status, body } = await send({ rule: { name: 'A' } }, { severity: '2.5', title: 'Alert', job_id: String(jobId) });
    expect(status).toBe(201);
    expect(body).toEqual({
      event_id: expect.stringMatching(/^1201\d{18}$/),
      job_id: jobId,
      ingest_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      status: 'pending_inference',
      error_message: '',
    });
  });

  it('are no_decision before the first training', async () => {
    await send({ rule: { name: 'B' } }, {}, 'first');
    const { body } = await decision('first');
    expect(body).toMatchObject({
      event_id: 'first',
      status: 'OK',
      result: 'no_decision',
      result_label: null,
      confidence_score: null,
      outlier: null,
      bucket_state: 'new',
      knowledge_base_state: 'new',
      is_duplicated: false,
      error_message: null,
      automation: 'ask',
      model_id: null,
    });
  });

  it('sent again change nothing; another body makes a new version', async () => {
    const one = await send({ rule: { name: 'C' }, n: 1 }, {}, 'again');
    const same = await send({ rule: { name: 'C' }, n: 1 }, {}, 'again');
    const spelled = await service.call(
      'POST',
      '/api/v1/events/again',
      `{"job_id":${jobId},"raw_body":{"n":1.0, "rule":{"name":"C"}}}`,
    );
    expect([same.body, spelled.body]).toEqual([one.body, one.body]);
    const changed = await send({ rule: { name: 'C' }, n: 2 }, {}, 'again');
    expect(changed.status).toBe(201);
    expect(changed.body.ingest_timestamp).not.toBe(one.body.ingest_timestamp);
    const versions = await service.running.services.events.versions(jobId, 'again');
    expect(versions.map(({ version, isCurrent }) => [version, isCurrent])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it('sent twenty times at once are stored once for each body', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send({ rule: { name: 'D' }, body: index % 2 }, {}, 'race')),
    );
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const versions = await service.running.services.events.versions(jobId, 'race');
    expect(versions.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    const buckets = await service.running.services.buckets.list(jobId, 1, 500, 0);
    const bucket = buckets.find(({ values }) => values[0] === 'D');
    expect(bucket?.events).toBe(1);
  });

  it('with wait_ms are answered with the decision', async () => {
    const { status, body } = await service.call('POST', '/api/v1/events/waited?wait_ms=1000', {
      job_id: jobId,
      raw_body: { rule: { name: 'W' } },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ event_id: 'waited', result: 'no_decision' });
    expect((await service.call('POST', '/api/v1/events/?wait_ms=6000', { job_id: jobId, raw_body: {} })).status).toBe(400);
  });

  it.each([
    ['a real SOAR id', 'INC-2026.11:a@b=~+c'],
    ['one that is encoded', encodeURIComponent('a+b=c')],
  ])('take %s', async (_, id) => {
    expect((await send({ rule: { name: 'I' } }, {}, id)).status).toBe(201);
    expect((await decision(id)).status).toBe(200);
  });

  it.each(['a%2Fb', 'a%20b', '%00', 'x'.repeat(201), '%E2%98%83'])('refuse the id %s with 400', async (id) => {
    const answer = await send({ a: 1 }, {}, id);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: 'ERROR', detail: expect.any(String), error_message: answer.body.detail });
  });

  it.each([
    ['no body', undefined],
    ['no JSON', '{"job_id":1201,'],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['no object', [1]],
    ['no raw_body', { job_id: 1201 }],
    ['raw_body as text', { job_id: 1201, raw_body: '{}' }],
    ['raw_body as list', { job_id: 1201, raw_body: [] }],
    ['raw_body null', { job_id: 1201, raw_body: null }],
    ['job_id as words', { job_id: 'one', raw_body: {} }],
    ['severity as words', { job_id: 1201, raw_body: {}, severity: 'high' }],
    ['title as number', { job_id: 1201, raw_body: {}, title: 7 }],
  ])('refuse %s with 400 and the place', async (_, body) => {
    const answer = await service.call('POST', '/api/v1/events/', body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toEqual(expect.stringMatching(/\.$/));
  });

  it('are 404 for a job of another key, and 403 without the right', async () => {
    const other = await service.inputKey();
    expect((await service.call('POST', '/api/v1/events/', { job_id: jobId, raw_body: {} }, other.value)).status).toBe(404);
    expect((await service.call('GET', `/api/v1/events/${jobId}/first`, undefined, other.value)).status).toBe(404);
    const reader = await service.inputKey({ rights: ['decisions'] });
    expect((await service.call('POST', '/api/v1/events/', { job_id: jobId, raw_body: {} }, reader.value)).status).toBe(403);
    expect((await service.call('GET', `/api/v1/events/${jobId}/none`)).status).toBe(404);
  });
});

describe('the alert', () => {
  const raw =
    '{"n":9223372036854775807,"big":1e400,"__proto__":{"polluted":true},"s":"\\ud800\\u0000","deep":{"constructor":{"prototype":1}},"f":1.10}';

  it('comes back byte for byte in the export', async () => {
    expect((await service.call('POST', '/api/v1/events/hostile', `{"job_id":${jobId},"raw_body":${raw}}`)).status).toBe(201);
    const { text, body } = await service.call('GET', `/api/v1/events/${jobId}/hostile/export`);
    expect(text).toContain(raw.slice(1, -1));
    expect(body).toMatchObject({
      event_id: 'hostile',
      status: 'OK',
      error_message: '',
      arcanna_event: { id: 'hostile', arcanna: { inference_status: 'finished' } },
    });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('that has an arcanna, id or metadata of its own loses nothing', async () => {
    await service.call(
      'POST',
      '/api/v1/events/own',
      `{"job_id":${jobId},"raw_body":{"id":12345678901234567890,"arcanna":"mine","x":1}}`,
    );
    const { text, body } = await service.call<{ arcanna_event: Record<string, unknown> }>(
      'GET',
      `/api/v1/events/${jobId}/own/export`,
    );
    expect(text).toContain('"raw_event":{"id":12345678901234567890,"arcanna":"mine","x":1}');
    expect(body.arcanna_event).toMatchObject({ id: 'own', x: 1, metadata: { id: 'own' }, arcanna: { result: 'no_decision' } });
  });

  it('with 10,000 keys is stored, with 1,000 levels refused, with 2 MiB refused', async () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index]));
    expect((await send(wide)).status).toBe(201);
    const deep = await service.call(
      'POST',
      '/api/v1/events/',
      `{"job_id":${jobId},"raw_body":${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}}`,
    );
    expect(deep).toMatchObject({ status: 400, body: { detail: expect.stringContaining('levels') } });
    expect((await send({ big: 'x'.repeat(2 * 1024 * 1024) })).status).toBe(413);
  });

  it('with 20-digit numbers that differ in the last digit falls into two buckets', async () => {
    const job = await service.job(integrationId, { points: ['n'] });
    for (const digit of [1, 2])
      await service.call('POST', `/api/v1/events/d${digit}`, `{"job_id":${job.id},"raw_body":{"n":1234567890123456789${digit}}}`);
    expect(await service.running.services.buckets.list(job.id, 1, 10, 0)).toHaveLength(2);
  });
});

describe('feedback', () => {
  it('takes a label by name, class id and old name, in both forms', async () => {
    await send({ rule: { name: 'F' } }, {}, 'voted');
    for (const body of [
      { feedback: 'drop', cortex_user: 'alice' },
      { feedback: 'class_0', username: 'alice' },
      { label: 'drop_alert', username: 'alice' },
      { feedback: 'Escalate', cortex_user: 'bob', closing_notes: 'seen', indicators: [1] },
    ]) {
      expect(await service.call('PUT', `/api/v1/events/${jobId}/voted/feedback`, body)).toMatchObject({
        status: 200,
        body: { status: 'updated' },
      });
    }
    const history = await service.running.services.feedback.history(jobId, 'voted');
    expect(history.map(({ voter, classNo }) => [voter.name, classNo])).toEqual([
      ['bob', 0],
      ['alice', 1],
      ['alice', 0],
      ['alice', 1],
    ]);
    // Alice says Drop, Bob Escalate: undecided.
    expect(
      (await service.call<{ arcanna_event: { arcanna: unknown } }>('GET', `/api/v1/events/${jobId}/voted/export`)).body
        .arcanna_event.arcanna,
    ).toMatchObject({
      consensus: null,
      attention: { undecided_consensus: { attention_required: true } },
    });
  });

  it('shares the bucket, and is pending until it is trained on', async () => {
    await send({ rule: { name: 'G' }, n: 1 }, {}, 'g1');
    await send({ rule: { name: 'G' }, n: 2 }, {}, 'g2');
    await service.call('PUT', `/api/v1/events/${jobId}/g1/feedback`, { feedback: 'Drop', cortex_user: 'alice' });
    expect((await decision('g2')).body.bucket_state).toBe('pending');
  });

  it('with an unknown label is 400, names the valid ones and stores nothing', async () => {
    await send({ rule: { name: 'H' } }, {}, 'h');
    const answer = await service.call('PUT', `/api/v1/events/${jobId}/h/feedback`, { feedback: 'Ignore', cortex_user: 'alice' });
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('Escalate, Drop, Investigate') } });
    expect(await service.running.services.feedback.history(jobId, 'h')).toEqual([]);
    expect((await service.call('PUT', `/api/v1/events/${jobId}/h/feedback`, {})).status).toBe(400);
    expect((await service.call('PUT', `/api/v1/events/${jobId}/none/feedback`, { feedback: 'Drop' })).status).toBe(404);
  });

  it('before decision points are chosen belongs to the event, and to its bucket once they are', async () => {
    const job = await service.job(integrationId, { points: [] });
    for (const id of ['p1', 'p2'])
      await service.call('POST', `/api/v1/events/${id}`, { job_id: job.id, raw_body: { rule: { name: 'P' }, id } });
    await service.call('PUT', `/api/v1/events/${job.id}/p1/feedback`, { feedback: 'Drop', cortex_user: 'alice' });
    const states = async () => [
      (await service.call('GET', `/api/v1/events/${job.id}/p1`)).body.bucket_state,
      (await service.call('GET', `/api/v1/events/${job.id}/p2`)).body.bucket_state,
    ];
    expect(await states()).toEqual(['pending', 'new']);
    await service.running.services.jobs.update(job.id, { points: ['rule.name'] }, OPERATOR);
    await expect.poll(states).toEqual(['pending', 'pending']);
  });

  it('by a machine that repeats our own decision is kept but does not count', async () => {
    const services = service.running.services;
    await send({ rule: { name: 'M' } }, {}, 'm');
    const voted = await services.feedback.vote(jobId, 'm', {
      label: 'Drop',
      voter: { id: 'key:1/dbot', name: 'dbot' },
      through: 'api',
      asked: 'playbook',
      machine: true,
    });
    // There was no decision to repeat, so it counts.
    expect(voted.counted).toBe(true);
  });
});

describe('bulk', () => {
  it('takes many, with their labels, and says what became of each', async () => {
    const { status, body } = await service.call<{ status: string; results: Record<string, string>[] }>(
      'POST',
      `/api/v1/bulk/${jobId}`,
      {
        count: 4,
        events: [
          {
            job_id: jobId,
            title: 'a',
            severity: 1,
            raw_body: { rule: { name: 'K' } },
            event_id: 'k1',
            label: { cortex_user: 'carol', feedback: 'Drop' },
          },
          { job_id: jobId, title: 'b', raw_body: { rule: { name: 'K' } }, label: null },
          { raw_body: 'no' },
          { raw_body: { rule: { name: 'L' } }, event_id: 'k4', label: { feedback: 'Whatever' } },
        ],
      },
    );
    expect(status).toBe(201);
    expect(body.status).toBe('partial');
    expect(body.results.map((result) => [result.status, result.error_message === ''])).toEqual([
      ['pending_inference', true],
      ['pending_inference', true],
      ['ERROR', false],
      ['pending_inference', false],
    ]);
    expect((await decision('k4')).status).toBe(200);
    expect((await decision('k1')).body.bucket_state).toBe('pending');
  });

  it('stores nothing of a body that is not JSON, or has too many events', async () => {
    const before = (await service.call('GET', `/api/v1/jobs/${jobId}`)).body.processed_documents_count;
    expect(
      (await service.call('POST', `/api/v1/bulk/${jobId}`, '{"events":[{"raw_body":{"a":1}},{"raw_body":{"a":]}')).status,
    ).toBe(400);
    expect((await service.call('POST', `/api/v1/bulk/${jobId}`, { events: {} })).status).toBe(400);
    const many = { events: Array.from({ length: 5_001 }, () => ({ raw_body: {} })) };
    expect((await service.call('POST', `/api/v1/bulk/${jobId}`, many)).status).toBe(413);
    expect((await service.call('GET', `/api/v1/jobs/${jobId}`)).body.processed_documents_count).toBe(before);
  });
});

describe('the way to a decision', () => {
  it('goes from events over feedback and training to decisions, and survives a restart', async () => {
    const job = await service.job(integrationId, { title: 'Whole way' });
    const rules: [string, string][] = ['scan', 'ping', 'backup', 'update'].map((name): [string, string] => [name, 'Drop']);
    rules.push(...['beacon', 'dump', 'lateral', 'ransom'].map((name): [string, string] => [name, 'Escalate']));
    for (const [name, label] of rules) {
      for (const user of ['ann', 'ben']) {
        const id = `${name}-${user}`;
        await service.call('POST', `/api/v1/events/${id}`, { job_id: job.id, raw_body: { rule: { name }, user } });
        await service.call('PUT', `/api/v1/events/${job.id}/${id}/feedback`, { feedback: label, cortex_user: 'alice' });
      }
    }
    expect((await service.call('POST', `/api/v1/jobs/${job.id}/train/?username=alice`, {})).body).toEqual({
      status: 'OK',
      error_message: '',
    });
    expect((await service.trained(job.id)).trainState).toBe('RETRAIN_FINISHED');
    const view = (await service.call('GET', `/api/v1/jobs/${job.id}`)).body;
    expect(view).toMatchObject({
      retrain_state: 'RETRAIN_FINISHED',
      retrain_msg: 'Retraining finished successfully',
      feedback_documents_count: 16,
    });
    expect(view.last_train_finished_timestamp).toEqual(expect.stringMatching(/\.\d{6}\+00:00$/));

    await service.call('POST', '/api/v1/events/unseen', { job_id: job.id, raw_body: { rule: { name: 'scan' }, user: 'carl' } });
    await service.restart();
    const decided = (await service.call('GET', `/api/v1/events/${job.id}/unseen`)).body;
    expect(decided).toMatchObject({
      status: 'OK',
      result: 'class_1',
      result_label: 'Drop',
      bucket_state: 'new',
      automation: 'ask',
    });
    expect(decided.confidence_score).toBeGreaterThan(50);
    expect((decided.reasons as string[]).join(' ')).toContain('rule.name');
    const why = (await service.call<{ nearest: { label: string }[] }>('GET', `/api/v1/events/${job.id}/unseen/explanation`)).body;
    expect(why.nearest[0]?.label).toBe('Drop');
    const known = (await service.call('GET', `/api/v1/events/${job.id}/scan-ann`)).body;
    expect(known.bucket_state).toBe('in_knowledge_base');
    const empty = await service.call('POST', '/api/v1/events/empty?wait_ms=1', { job_id: job.id, raw_body: { other: 1 } });
    expect(empty.body.result).toBe('no_decision');
  });
});
