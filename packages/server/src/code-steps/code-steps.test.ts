import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
let key: string;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(SCOPES);
  ({ integrationId } = await service.inputKey());
});
afterAll(() => service.stop());

type Step = { stdout: string; stderr: string; output_record: string };
const v2 = (what: 'test' | 'save', body: object, withKey = key) =>
  service.call<Step>('POST', `/api/v2/inline_code_blocks/${what}`, body, withKey);
const send = (jobId: number, eventId: string, rawBody: string, query = '?wait_ms=5000') =>
  service.call('POST', `/api/v1/events/${eventId}${query}`, `{"job_id":${jobId},"raw_body":${rawBody}}`, key);
const exported = async (jobId: number, eventId: string) =>
  (
    await service.call<{ arcanna_event: Record<string, unknown> }>(
      'GET',
      `/api/v1/events/${jobId}/${eventId}/export`,
      undefined,
      key,
    )
  ).body.arcanna_event;

const SITE = `function transform(record) { record.site = record.host.split('-')[0]; return record }`;

/** A job with a step; its decision point is what the step adds. */
async function enriched(source = SITE, points = ['site'], more: object = {}) {
  const job = await service.job(integrationId, { points });
  const saved = await v2('save', { source_code: source, input_test: { host: 'lyon-1' }, job_id: job.id, title: 'Step', ...more });
  expect([saved.status, saved.body.stderr]).toEqual([200, '']);
  return job;
}

describe('trying a code step', () => {
  it('answers what it printed and returned, and keeps nothing', async () => {
    const source = `function transform(record) { console.log('hello', env_variables.NAME); record.n += 1; return record }`;
    const env_variables = [{ name: 'NAME', value: 'you', is_secret: true, should_encrypt: true }];
    const tried = await v2('test', { source_code: source, input_test: { n: 1 }, env_variables });
    expect([tried.status, tried.body]).toEqual([200, { stdout: 'hello you', stderr: '', output_record: '{"n":2}' }]);
    const left = `const transform = (record) => ({ ...record, by: env_variables.NAME })`;
    const byName = await v2('test', { source_code: left, input_test: '{"n": 9007199254740993}', env_variables: { NAME: 'me' } });
    expect(byName.body).toMatchObject({ output_record: '{"n":9007199254740993,"by":"me"}' });
  });

  it('runs on a stored event of a job', async () => {
    const job = await service.job(integrationId);
    await send(job.id, 'stored', '{"id":12345678901234567890}');
    const body = { source_code: 'const transform = (r) => ({ ...r, job: env_variables.JOB_ID })', job_id: job.id };
    const tried = await v2('test', { ...body, reprocess_event_id: 'stored' });
    expect(tried.body.output_record).toBe(`{"id":12345678901234567890,"job":"${job.id}"}`);
    expect((await v2('test', { ...body, reprocess_event_id: 'not-there' })).status).toBe(404);
    expect((await v2('test', { source_code: body.source_code, reprocess_event_id: 'stored' })).status).toBe(400);
    expect((await v2('test', { ...body, job_id: 999_999, input_test: {} })).status).toBe(404);
  });

  it('says what is wrong with the code under status 200', async () => {
    const python = await v2('test', { source_code: 'def transform(input_record):\n    return input_record', input_test: {} });
    expect([python.status, python.body]).toEqual([200, { stdout: '', stderr: 'Code steps are JavaScript', output_record: '' }]);
    const broken = await v2('test', { source_code: 'function transform(r) { r.x.y; }', input_test: {} });
    expect(broken.body).toMatchObject({ output_record: '', stderr: expect.stringContaining('TypeError') });
    const settings = { limits: { cpu_time_limit_seconds: 0.1 } };
    const endless = await v2('test', { source_code: 'for (;;);', input_test: {}, settings });
    expect(endless.body.stderr).toContain('0.1 s of computing');
  });

  it.each([
    [{ source_code: 'x'.repeat(65_537), input_test: {} }, 'source_code'],
    [{ source_code: ' ', input_test: {} }, 'source_code'],
    [{ source_code: 'x', input_test: [1] }, 'input_test'],
    [{ source_code: 'x', input_test: '{' }, 'input_test'],
    [{ source_code: 'x' }, 'input_test'],
    [{ source_code: 'x', input_test: {}, settings: { limits: { cpu_time_limit_seconds: 11 } } }, 'cpu_time_limit_seconds'],
    [{ source_code: 'x', input_test: {}, settings: { limits: { memory_limit_mb: 4_096 } } }, 'memory_limit_mb'],
    [{ source_code: 'x', input_test: {}, env_variables: { 'no blanks': '' } }, 'env_variables'],
    [{ source_code: 'x', input_test: {}, env_variables: [{ name: '__proto__', value: '' }] }, 'env_variables'],
  ])('refuses what is malformed: %#', async (body, place) => {
    const answer = await v2('test', body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(place)]);
  });

  it('wants its scope, and saving the other one', async () => {
    const [execute, write] = [
      await service.managementKey(['execute:job_code_blocks']),
      await service.managementKey(['write:job_code_blocks']),
    ];
    const body = { source_code: 'const transform = (r) => r', input_test: {}, title: 'x', job_id: 1 };
    expect([(await v2('test', body, write)).status, (await v2('save', body, execute)).status]).toEqual([403, 403]);
    expect((await v2('test', { ...body, job_id: null }, execute)).status).toBe(200);
    expect((await v2('save', body, write)).status).toBe(404);
  });
});

describe('a job with a code step', () => {
  it('decides by what the step made of the alert, and keeps the alert as it came', async () => {
    const job = await enriched();
    const raw = '{"host":"lyon-7", "id":9223372036854775807,  "x":1.50}';
    const answer = await send(job.id, 'one', raw);
    expect([answer.status, answer.body]).toEqual([
      201,
      expect.objectContaining({ event_id: 'one', status: 'OK', result: 'no_decision', error_message: null }),
    ]);
    const shown = await service.call('GET', `/api/app/jobs/${job.id}/events/one`, undefined, key);
    expect(shown.body).toMatchObject({
      raw_event: raw,
      enriched_event: '{"host":"lyon-7","id":9223372036854775807,"x":1.5,"site":"lyon"}',
      decision_points: [{ point: 'site', value: 'lyon' }],
    });
    const text = (await service.call('GET', `/api/v1/events/${job.id}/one/export`, undefined, key)).text;
    expect(text).toContain('"site":"lyon"');
    expect(text).toContain(`"raw_event":${raw}`);
    expect((await exported(job.id, 'one')).arcanna).toMatchObject({ inference_status: 'finished', log_messages: [] });
  });

  it('learns and decides by it', async () => {
    const job = await enriched(SITE, ['site', 'n']);
    for (let n = 0; n < 12; n++) {
      await send(job.id, `e${n}`, `{"host":"${n % 2 ? 'lyon' : 'oslo'}-${n}","n":${n}}`);
      const path = `/api/v1/events/${job.id}/e${n}/feedback`;
      await service.call('PUT', path, { feedback: n % 2 ? 'Drop' : 'Escalate', cortex_user: 'ada' }, key);
    }
    await service.call('POST', `/api/v1/jobs/${job.id}/train`, {}, key);
    expect((await service.trained(job.id)).trainMessage).toContain('success');
    expect((await send(job.id, 'new', '{"host":"lyon-99"}')).body).toMatchObject({ status: 'OK', result_label: 'Drop' });
    const again = await service.call('POST', `/api/v2/events/${job.id}/new/reprocess`, {}, key);
    expect(again.body).toMatchObject({ request: { status: 'OK', reason_details: 'The decision stayed the same.' } });
  });

  it('is found by what the step added, as soon as it is decided', async () => {
    const job = await enriched();
    await send(job.id, 'found', '{"host":"turin-7"}');
    const asked = (field: string, value: string) =>
      service.call<{ total_count: number }>(
        'POST',
        '/api/v2/events/query',
        { job_ids: job.id, filters: [{ field, operator: 'is', value }] },
        key,
      );
    for (let turn = 0; turn < 3; turn++) {
      expect((await asked('site', 'turin')).body.total_count).toBe(1);
      expect((await asked('site', 'lyon')).body.total_count).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  });

  it('never loses an event to what goes wrong in the step: it is decided as it came, and says so', async () => {
    const source = `function transform(record) { if (record.bad) throw new Error('no <b>way</b>'); record.site = 'x'; return record }`;
    const job = await enriched(source, ['host']);
    const { body } = await send(job.id, 'bad', '{"host":"a","bad":true}');
    expect(body).toMatchObject({
      status: 'OK',
      result: 'no_decision',
      automation: 'ask',
      error_message: 'The code step "Step" failed: Error: no <b>way</b>. The event was decided as it came.',
    });
    const { arcanna, raw_event } = await exported(job.id, 'bad');
    expect(raw_event).toBeUndefined();
    expect(arcanna).toMatchObject({
      pipeline_status: 'finished',
      log_messages: [{ level: 'ERROR', component_subcategory: 'enrichment', content: body.error_message }],
    });
    expect((await send(job.id, 'good', '{"host":"a"}')).body).toMatchObject({ status: 'OK', error_message: null });
  });

  it('takes votes on an event that still waits, and they count in its bucket afterwards', async () => {
    const slow = `function transform(r) { if (r.slow) { const end = Date.now() + 600; while (Date.now() < end); } r.site = r.host; return r }`;
    const job = await enriched(slow);
    const first = await send(job.id, 'slow', '{"host":"a","slow":true}', '');
    expect(first.body).toMatchObject({ event_id: 'slow', status: 'pending_inference' });
    const pending = await service.call('GET', `/api/v1/events/${job.id}/slow`, undefined, key);
    expect(pending.body).toMatchObject({ status: 'pending_inference', result: null, automation: 'ask' });
    await service.call('PUT', `/api/v1/events/${job.id}/slow/feedback`, { feedback: 'Drop', cortex_user: 'ada' }, key);
    // Sent again while it waits: the same answer, and with patience the decision.
    expect((await send(job.id, 'slow', '{"slow":true,"host":"a"}')).body).toMatchObject({
      status: 'OK',
      bucket_state: 'pending',
    });
    expect((await send(job.id, 'other', '{"host":"a"}')).body).toMatchObject({ bucket_state: 'pending' });
    expect((await send(job.id, 'impatient', '{"host":"b","slow":true}', '?wait_ms=50')).body).not.toHaveProperty('result');
  });

  it('has versions, an order and a switch; each change is in the audit trail', async () => {
    const job = await enriched(`const transform = (r) => ({ ...r, site: 'first' })`);
    const second = { source_code: `const transform = (r) => ({ ...r, site: 'second' })`, input_test: {}, job_id: job.id };
    await v2('save', { ...second, title: 'Step', env_variables: { TOKEN: 'not to be seen' } });
    await v2('save', { ...second, source_code: `const transform = (r) => ({ ...r, last: r.site })`, title: 'Last' });
    const path = `/api/app/jobs/${job.id}/code_steps`;
    const list = async () =>
      (await service.call<{ step_id: number; title: string; enabled: boolean }[]>('GET', path, undefined, key)).body;
    const [step, last] = await list();
    expect([step, last]).toMatchObject([
      { title: 'Step', position: 1, enabled: true, current: { version: 2, variables: ['TOKEN'] } },
      { title: 'Last', position: 2, current: { version: 1 } },
    ]);
    const patch = (id: number, change: object) => service.call('PATCH', `${path}/${id}`, change, key);
    const sites = async (id: string) => {
      await send(job.id, id, '{}');
      const event = await exported(job.id, id);
      return [event.site, event.last];
    };
    expect(await sites('v2')).toEqual(['second', 'second']);
    expect((await patch(step!.step_id, { version: 1 })).body).toMatchObject({
      current: { version: 1 },
      versions: [{ version: 2 }, { version: 1 }],
    });
    expect(await sites('v1')).toEqual(['first', 'first']);
    await patch(last!.step_id, { position: 1 });
    expect(await sites('moved')).toEqual(['first', undefined]);
    await patch(step!.step_id, { enabled: false });
    await service.call('DELETE', `${path}/${last!.step_id}`, undefined, key);
    expect(await sites('off')).toEqual([undefined, undefined]);
    expect((await list()).map(({ title, enabled }) => [title, enabled])).toEqual([['Step', false]]);
    expect([(await patch(step!.step_id, { version: 9 })).status, (await patch(9_999, {})).status]).toEqual([400, 404]);
    const { rows } = await service.running.services.audit.list(
      (read) => service.running.services.storage.read(read),
      { actor: null, action: null, objectKind: null, objectId: null, jobId: job.id, from: null, to: null },
      null,
      50,
    );
    expect(rows.map(({ action }) => action).filter((action) => action.startsWith('code_step'))).toEqual([
      'code_step.remove',
      'code_step.change',
      'code_step.change',
      'code_step.change',
      'code_step.save',
      'code_step.save',
      'code_step.save',
    ]);
    expect(JSON.stringify(rows)).not.toContain('not to be seen');
  });

  it('takes two saves at once as two versions', async () => {
    const job = await service.job(integrationId);
    const save = (n: number) =>
      v2('save', { source_code: `const transform = (r) => ({ ...r, n: ${n} })`, input_test: {}, job_id: job.id, title: 'Same' });
    await Promise.all([save(1), save(2), save(3)]);
    const [step] = (
      await service.call<{ current: { version: number } }[]>('GET', `/api/app/jobs/${job.id}/code_steps`, undefined, key)
    ).body;
    expect(step?.current.version).toBe(3);
  });

  it('does not save what fails its own test, and no more than ten', async () => {
    const job = await service.job(integrationId);
    const draft = { source_code: 'function transform(r) { return r }', input_test: {}, job_id: job.id };
    const failed = await v2('save', { ...draft, source_code: 'function transform(r) { nope() }', title: 'Bad' });
    expect(failed.body.stderr).toContain('The step was not saved.');
    for (let n = 1; n <= 10; n++) await v2('save', { ...draft, title: `Step ${n}` });
    const tooMany = await v2('save', { ...draft, title: 'Step 11' });
    expect([tooMany.status, tooMany.text]).toEqual([409, expect.stringContaining('at most 10')]);
    expect((await v2('save', { ...draft, title: null })).status).toBe(400);
  });

  it('keeps up with hostile records', async () => {
    const job = await enriched(`function transform(r) { return { ...r, site: Object.keys(r).join() } }`);
    const { body } = await send(job.id, 'hostile', '{"__proto__":{"polluted":1},"constructor":1,"toString":"x"}');
    expect(body).toMatchObject({ status: 'OK', error_message: null });
    expect((await service.call('GET', `/api/app/jobs/${job.id}/events/hostile`, undefined, key)).body).toMatchObject({
      decision_points: [{ point: 'site', value: '__proto__,constructor,toString' }],
    });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('goes on without steps that pass their limits on every event', async () => {
    const settings = { limits: { cpu_time_limit_seconds: 0.02 } };
    const job = await enriched(`function transform(r) { if (r.host !== 'lyon-1') for (;;); return r }`, ['host'], { settings });
    const events = Array.from({ length: 14 }, (_, n) => ({ job_id: job.id, event_id: `x${n}`, raw_body: { host: `h${n}` } }));
    await service.call('POST', `/api/v1/bulk/${job.id}`, { count: events.length, events }, key);
    // Each of the first ten ends a thread, which takes its time on a busy machine.
    for (let turn = 0; turn < 5 && !('result' in (await send(job.id, 'x13', '{"host":"h13"}')).body); turn++);
    expect((await send(job.id, 'x13', '{"host":"h13"}')).body).toMatchObject({
      error_message: expect.stringContaining('passed over'),
    });
    expect((await send(job.id, 'x0', '{"host":"h0"}')).body).toMatchObject({ error_message: expect.stringContaining('0.02 s') });
    await service.running.services.jobs.stop(job.id, OPERATOR);
  });
});

it('goes on with pending events after kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-killed-'));
  const owner = await startTestService({}, undefined, folder);
  const admin = await owner.managementKey(SCOPES);
  const input = await owner.inputKey();
  const job = await owner.job(input.integrationId, { points: ['site'] });
  const source_code = `function transform(r) { const end = Date.now() + 150; while (Date.now() < end); r.site = 'here'; return r }`;
  await owner.call(
    'POST',
    '/api/v2/inline_code_blocks/save',
    { source_code, input_test: {}, job_id: job.id, title: 'Slow' },
    admin,
  );
  await owner.running.stop();

  const child = spawn(process.execPath, ['--conditions=source', 'packages/server/src/main.ts'], {
    env: { ...process.env, VERDICT_PORT: '0', VERDICT_DATA_DIR: folder, VERDICT_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const url = await urlOf(child);
    const events = Array.from({ length: 40 }, (_, n) => ({ job_id: job.id, event_id: `k${n}`, raw_body: { n } }));
    const answer = await fetch(`${url}/api/v1/bulk/${job.id}`, {
      method: 'POST',
      headers: { 'x-arcanna-api-key': input.value },
      body: JSON.stringify({ count: events.length, events }),
    });
    expect(answer.status).toBe(201);
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }

  const again = await startTestService({}, undefined, folder);
  try {
    const statuses = async () =>
      again.running.services.storage.read((tx) =>
        tx.all<{ status: string; n: number }>('SELECT status, count(*) AS n FROM events GROUP BY status'),
      );
    expect((await statuses()).find(({ status }) => status === 'pending_inference')?.n).toBeGreaterThan(0);
    await expect.poll(statuses).toEqual([{ status: 'OK', n: 40 }]);
    const buckets = await again.running.services.buckets.list(job.id, 1, 10, 0);
    expect(buckets.map(({ events, values }) => [events, values])).toEqual([[40, ['here']]]);
  } finally {
    await again.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Where a service that was started as a process listens, from its log. */
function urlOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
    if (url) resolve(url);
  });
  child.once('exit', (code) => reject(new Error(`The service ended with ${code}: ${log}`)));
  return promise;
}
