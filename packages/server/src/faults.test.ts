import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from './testing.ts';

let service: TestService;
let integrationId: number;
let now = 1_790_000_000_000_000;

beforeAll(async () => {
  service = await startTestService({}, () => ++now);
  ({ integrationId } = await service.inputKey());
});

afterAll(() => service.stop());

/** A call as no fetch would make it. */
function raw(
  method: string,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const call = request(`${service.running.url}${path}`, { method, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  call.on('error', reject);
  call.end(body);
  return promise;
}

async function label(jobId: number, name: string, user: string, feedback: string): Promise<void> {
  const id = `${name}-${user}`;
  await service.call('POST', `/api/v1/events/${id}`, { job_id: jobId, raw_body: { rule: { name }, user } });
  await service.call('PUT', `/api/v1/events/${jobId}/${id}/feedback`, { feedback, cortex_user: 'alice' });
}

describe('keys', () => {
  it('that expired or were revoked are 401 and say so; management keys are 403 without the scope', async () => {
    const expiring = await service.inputKey({ expiresAt: now + 1_000_000 });
    expect((await service.call('GET', '/api/v1/jobs', undefined, expiring.value)).status).toBe(200);
    now += 2_000_000;
    expect(await service.call('GET', '/api/v1/jobs', undefined, expiring.value)).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('expired') },
    });
    const revoked = await service.inputKey();
    await service.running.services.keys.revoke(OPERATOR, revoked.keyId);
    expect(await service.call('GET', '/api/v1/jobs', undefined, revoked.value)).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('revoked') },
    });
    const reader = await service.managementKey(['read:resources']);
    const job = await service.job(integrationId);
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`, undefined, reader)).status).toBe(200);
    expect(await service.call('POST', '/api/v1/events/', { job_id: job.id, raw_body: {} }, reader)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('write:events') },
    });
  });
});

describe('odd calls', () => {
  it('take a body on GET, missing and doubled slashes, and a body without a content type', async () => {
    const job = await service.job(integrationId);
    const answer = await service.call('POST', '/api/v1//events', { job_id: job.id, raw_body: { a: 1 } });
    expect(answer.status).toBe(201);
    expect((await service.call('GET', `//api/v1/jobs//${job.id}/`)).status).toBe(200);
    expect(
      (
        await service.call('POST', '/api/v1/events/', JSON.stringify({ job_id: job.id, raw_body: {} }), undefined, {
          'content-type': 'text/plain',
        })
      ).status,
    ).toBe(201);
  });

  it('are 404 with a sentence where there is nothing, and 400 under a foreign host name', async () => {
    expect(await service.call('GET', '/api/v1/nothing')).toMatchObject({
      status: 404,
      body: { status: 'ERROR', detail: expect.any(String) },
    });
    const foreign = await raw('GET', '/api/v1/health/', '', { host: 'evil.example' });
    expect(foreign.status).toBe(400);
    expect(foreign.text).toContain('VERDICT_ALLOWED_HOSTS');
  });

  it('with a body on GET are answered', async () => {
    const answer = await raw('GET', '/api/v1/health/', '{}', { 'content-type': 'application/json', 'content-length': '2' });
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({ status: false, connected: false });
  });
});

describe('training', () => {
  it('says what is missing with one label, runs once at a time, and runs for a stopped job', async () => {
    const job = await service.job(integrationId);
    for (const name of ['a', 'b', 'c']) await label(job.id, name, 'u', 'Drop');
    expect((await service.call('POST', `/api/v1/jobs/${job.id}/train`)).body).toMatchObject({
      status: 'ERROR',
      error_message: expect.stringMatching(/more/),
    });
    for (const name of ['d', 'e', 'f']) await label(job.id, name, 'u', 'Escalate');
    await service.call('POST', `/api/v1/jobs/${job.id}/stop`);
    const both = await Promise.all([
      service.call('POST', `/api/v1/jobs/${job.id}/train`),
      service.call('POST', `/api/v1/jobs/${job.id}/train`),
    ]);
    expect(both.map(({ body }) => body.status).sort()).toEqual(['ERROR', 'OK']);
    expect((await service.trained(job.id)).trainState).toBe('RETRAIN_FINISHED');
  });
});

describe('deleting', () => {
  it('a running job is refused; a stopped one goes with everything in it', async () => {
    const job = await service.job(integrationId);
    await label(job.id, 'x', 'u', 'Drop');
    const { jobs, storage } = service.running.services;
    await expect(jobs.delete(job.id, OPERATOR)).rejects.toMatchObject({ code: 'in_use' });
    await jobs.stop(job.id, OPERATOR);
    await jobs.delete(job.id, OPERATOR);
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`)).status).toBe(404);
    const left = await storage.read((tx) =>
      tx.get<{ n: number }>(
        `WITH j(id) AS (VALUES (?)) SELECT (SELECT count(*) FROM events WHERE job_id = (SELECT id FROM j)) + (SELECT count(*) FROM votes WHERE job_id = (SELECT id FROM j)) + (SELECT count(*) FROM feedback WHERE job_id = (SELECT id FROM j))
         + (SELECT count(*) FROM buckets WHERE job_id = (SELECT id FROM j)) + (SELECT count(*) FROM consensus WHERE job_id = (SELECT id FROM j)) AS n`,
        job.id,
      ),
    );
    expect(left?.n).toBe(0);
    const next = await service.job(integrationId);
    expect(next.id).toBeGreaterThan(job.id);
  });
});

describe('everything at once', () => {
  it('feedback, training, reprocess, other decision points and ingest leave counts and votes right', async () => {
    const job = await service.job(integrationId);
    const { services } = service.running;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await label(job.id, name, 'u', name < 'd' ? 'Drop' : 'Escalate');
    await service.call('POST', `/api/v1/jobs/${job.id}/train`);
    const work: Promise<unknown>[] = [];
    for (let index = 0; index < 300; index++) {
      work.push(
        service.call('POST', `/api/v1/events/n${index % 250}`, {
          job_id: job.id,
          raw_body: { rule: { name: `r${index % 40}` }, user: `u${index % 3}` },
        }),
      );
      if (index % 10 === 0)
        work.push(
          service.call('PUT', `/api/v1/events/${job.id}/n${index % 7}/feedback`, {
            feedback: index % 20 ? 'Drop' : 'Escalate',
            cortex_user: `p${index % 5}`,
          }),
        );
      if (index === 100) work.push(services.jobs.update(job.id, { points: ['rule.name'] }, OPERATOR));
      if (index === 200) work.push(service.call('POST', `/api/v1/jobs/${job.id}/train`));
      if (index % 50 === 0) await Promise.all(work.splice(0));
    }
    await Promise.all(work);
    await service.trained(job.id);
    const open = async () =>
      (await services.tasks.list(job.id)).filter(({ state }) => state === 'waiting' || state === 'running');
    await expect.poll(open).toEqual([]);
    const wrong = await services.storage.read((tx) =>
      tx.all(
        `SELECT b.id, b.events, (SELECT count(*) FROM events e WHERE e.bucket_id = b.id AND e.is_current = 1) AS counted FROM buckets b
         WHERE b.job_id = ? AND b.events <> (SELECT count(*) FROM events e WHERE e.bucket_id = b.id AND e.is_current = 1)`,
        job.id,
      ),
    );
    expect(wrong).toEqual([]);
    const totals = await services.storage.read((tx) =>
      tx.get<{ current: number; counted: number; strays: number }>(
        `WITH j(id) AS (VALUES (?)) SELECT (SELECT count(*) FROM events WHERE job_id = (SELECT id FROM j) AND is_current = 1) AS current, (SELECT events FROM job_counters WHERE job_id = (SELECT id FROM j)) AS counted,
           (SELECT count(*) FROM votes v JOIN events e ON e.seq = v.event_seq WHERE v.job_id = (SELECT id FROM j) AND v.bucket_id IS NOT e.bucket_id) AS strays`,
        job.id,
      ),
    );
    expect(totals).toEqual({ current: 256, counted: 256, strays: 0 });
    const versions = await services.storage.read((tx) =>
      tx.get<{ n: number }>('SELECT count(*) AS n FROM events WHERE job_id = ? AND points_version < 2', job.id),
    );
    expect(versions?.n).toBe(0);
  });
});

describe('a clock that goes backwards', () => {
  it('changes neither order nor versions', async () => {
    const job = await service.job(integrationId);
    const send = (n: number) => service.call('POST', '/api/v1/events/same', { job_id: job.id, raw_body: { n } });
    await send(1);
    now -= 3_600_000_000;
    await send(2);
    const [first, second] = await service.running.services.events.versions(job.id, 'same');
    expect([first?.version, first?.isCurrent, second?.version, second?.isCurrent]).toEqual([2, true, 1, false]);
    expect((await service.call('GET', `/api/v1/events/${job.id}/same`)).body.ingest_timestamp).toEqual(expect.any(String));
    now += 3_600_000_000;
  });
});

describe('a full disk', () => {
  it('is 503 with Retry-After, nothing half written, and over when there is space again', async () => {
    const job = await service.job(integrationId);
    const { storage } = service.running.services;
    const file = new Database(join(service.folder, 'verdict.db'), { readonly: true });
    const pages = file.pragma('page_count', { simple: true }) as number;
    file.close();
    await storage.write((tx) => tx.get(`PRAGMA max_page_count = ${pages}`));
    const send = (id: string) =>
      service.call('POST', `/api/v1/events/${id}`, {
        job_id: job.id,
        raw_body: { rule: { name: id }, fill: 'x'.repeat(500_000) },
      });
    const answers = await Promise.all(['f1', 'f2', 'f3'].map(send));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers[0]?.headers.get('retry-after')).toBe('5');
    expect(answers[0]?.body.detail).toContain('disk is full');
    await storage.write((tx) => tx.get('PRAGMA max_page_count = 1073741823'));
    expect((await service.call('GET', `/api/v1/events/${job.id}/f1`)).status).toBe(404);
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`)).body.processed_documents_count).toBe(0);
    expect((await send('f1')).status).toBe(201);
    expect((await service.call('GET', `/api/v1/jobs/${job.id}`)).body.processed_documents_count).toBe(1);
  });
});

describe('back-pressure', () => {
  it('refuses with 429 and Retry-After when more waits than may, and takes it again later', async () => {
    const small = await startTestService({ queueLimit: 5 });
    try {
      const { integrationId: input } = await small.inputKey();
      const job = await small.job(input);
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          small.call('POST', `/api/v1/events/b${index}`, { job_id: job.id, raw_body: { n: index } }),
        ),
      );
      const taken = answers.filter(({ status }) => status === 201).length;
      expect(answers.every(({ status }) => status === 201 || status === 429)).toBe(true);
      expect(answers.filter(({ status }) => status === 429).every(({ headers }) => headers.get('retry-after') === '1')).toBe(
        true,
      );
      expect((await small.call('GET', `/api/v1/jobs/${job.id}`)).body.processed_documents_count).toBe(taken);
      expect((await small.call('POST', '/api/v1/events/later', { job_id: job.id, raw_body: {} })).status).toBe(201);
    } finally {
      await small.stop();
    }
  });
});

describe('a second process on the same data folder', () => {
  it('refuses with a sentence', async () => {
    const child = spawn(process.execPath, ['--conditions=source', fileURLToPath(new URL('./main.ts', import.meta.url))], {
      env: { ...process.env, VERDICT_DATA_DIR: service.folder, VERDICT_PORT: '0', VERDICT_HOST: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(1);
    expect(said).toContain('Another Verdict process is using the data folder');
    expect(said).not.toContain('    at ');
  });
});
