import type { AppLearningCurve } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../http/principal.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
let input: string;
let reads: string;
let operates: string;
let lead: Record<string, string>;
let analyst: Record<string, string>;
let jobId: number;
let otherId: number;
let modelId: number;

beforeAll(async () => {
  service = await startTestService();
  const made = await service.inputKey();
  input = made.value;
  reads = await service.managementKey(['read:resources']);
  operates = await service.managementKey(['read:resources', 'execute:job_operations']);
  lead = await person('lea', 'lead');
  analyst = await person('ann', 'analyst');
  jobId = (await service.job(made.integrationId, { points: ['rule', 'size'] })).id;
  otherId = (await service.job(made.integrationId, { points: ['rule', 'size'] })).id;
  for (let n = 0; n < 60; n++) {
    const raw_body = { rule: `rule-${n % 9}`, size: n };
    await service.call('POST', `/api/v1/events/e${n}`, { job_id: jobId, raw_body }, input);
    const feedback = n % 9 < 3 ? 'Escalate' : 'Drop';
    await service.call('PUT', `/api/v1/events/${jobId}/e${n}/feedback`, { feedback }, input);
  }
  await service.call('POST', `/api/app/jobs/${jobId}/train`, undefined, operates);
  modelId = (await service.trained(jobId)).activeModelId!;
});
afterAll(() => service.stop());

async function person(name: string, role: Role): Promise<Record<string, string>> {
  const { access } = service.running.services;
  const password = 'correct horse battery staple';
  await access.users.add(OPERATOR, { name, role, password });
  const session = await access.sessions.signIn(name, password, 'test');
  return { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
}

type Refused = { readonly detail: string };
const path = (job: number | string = jobId, model: number | string = modelId) =>
  `/api/app/jobs/${job}/models/${model}/learning-curve`;
const ROUTES = [
  ['GET', ''],
  ['POST', ''],
  ['POST', '/cancel'],
] as const;
const read = async (headers = analyst) => (await service.call<AppLearningCurve>('GET', path(), undefined, null, headers)).body;

describe('the learning curve for people', () => {
  it('is nothing at first; a lead asks for it, cancels it, asks again, and everybody reads it', async () => {
    expect(await read()).toEqual({ model_id: modelId, state: 'none', task: null, missing: null, unit: 'bucket', curve: null });
    const asked = await service.call<AppLearningCurve>('POST', path(), undefined, null, lead);
    expect([asked.status, asked.body.state, asked.body.task?.kind]).toEqual([202, 'running', 'learning_curve']);
    const cancelled = await service.call<AppLearningCurve>('POST', `${path()}/cancel`, undefined, null, lead);
    expect([cancelled.status, cancelled.body.task?.task_id]).toEqual([200, asked.body.task!.task_id]);
    await ended();
    expect(await read()).toMatchObject({ state: 'none', task: { state: 'cancelled', message: 'Cancelled.' }, curve: null });
    expect((await service.call('POST', path(), undefined, operates)).status).toBe(202);
    await ended();
    const done = await read();
    expect(done).toMatchObject({
      state: 'done',
      task: null,
      missing: null,
      curve: { held_out: 12, made_by: expect.any(String) },
    });
    expect(done.curve!.points.map(({ units }) => units)).toEqual([12, 24, 48]);
    expect(done.curve!.reading).toMatch(/^The last doubling of labels \(24 to 48 buckets\)/);
    const again = await service.call('POST', path(), undefined, null, lead);
    expect([again.status, again.body]).toEqual([202, done]);
    const late = await service.call<Refused>('POST', `${path()}/cancel`, undefined, null, lead);
    expect([late.status, late.body.detail]).toEqual([409, `No learning curve of model ${modelId} is being worked out.`]);
  });

  it('is told of while it is worked out', async () => {
    await service.call('POST', `/api/app/jobs/${jobId}/train`, undefined, operates);
    const second = (await service.trained(jobId)).activeModelId!;
    const aborts = new AbortController();
    const stream = await fetch(`${service.running.url}/api/app/live?job_id=${jobId}`, {
      headers: analyst,
      signal: aborts.signal,
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    await service.call('POST', path(jobId, second), undefined, null, lead);
    let told = '';
    while (!/"kind":"learning_curve","state":"done"/.test(told)) {
      const { value, done } = await reader.read();
      if (done) break;
      told += value;
    }
    aborts.abort();
    expect(told).toContain('event: task');
    expect(told).toContain('"kind":"learning_curve","state":"running"');
    expect(told).toContain('"kind":"learning_curve","state":"done"');
  });

  it('is closed to who has no key or session, a wrong one, or no right to it', async () => {
    for (const [method, end] of ROUTES) {
      const refusals = [
        await service.call(method, path() + end, undefined, null),
        await service.call(method, path() + end, undefined, 'vrd_wrong'),
        await service.call(method, path() + end, undefined, null, { cookie: 'verdict_session=wrong', 'x-verdict-csrf': 'wrong' }),
        await service.call(method, path() + end, undefined, input),
      ];
      expect([method, end, ...refusals.map(({ status }) => status)]).toEqual([method, end, 401, 401, 401, 403]);
    }
    for (const end of ['', '/cancel']) {
      expect((await service.call('POST', path() + end, undefined, reads)).status).toBe(403);
      expect((await service.call('POST', path() + end, undefined, null, analyst)).status).toBe(403);
      expect((await service.call('POST', path() + end, undefined, null, { cookie: lead.cookie! })).status).toBe(403);
    }
    expect((await service.call('GET', path(), undefined, reads)).status).toBe(200);
  });

  it('is not found under a job that is not there or has not this model, and refuses numbers that are none', async () => {
    for (const [method, end] of ROUTES) {
      const statuses = [];
      for (const at of [path(otherId), path(4711), path(jobId, 4711), path('x'), path(jobId, 'x'), path(jobId, 0)])
        statuses.push((await service.call(method, at + end, undefined, operates)).status);
      expect([method, end, ...statuses]).toEqual([method, end, 404, 404, 404, 400, 400, 400]);
    }
  });

  it('says what is missing where there is too little', async () => {
    for (let n = 0; n < 8; n++) {
      const raw_body = { rule: `rule-${n % 2}`, size: n };
      await service.call('POST', `/api/v1/events/o${n}`, { job_id: otherId, raw_body }, input);
      const feedback = n % 2 ? 'Escalate' : 'Drop';
      await service.call('PUT', `/api/v1/events/${otherId}/o${n}/feedback`, { feedback }, input);
    }
    await service.call('POST', `/api/app/jobs/${otherId}/train`, undefined, operates);
    const model = (await service.trained(otherId)).activeModelId!;
    const missing = `A learning curve needs at least 50 labelled buckets; model ${model} learned from 8. Label 42 more and train again.`;
    expect((await service.call('GET', path(otherId, model), undefined, reads)).body).toMatchObject({ state: 'none', missing });
    const refused = await service.call<Refused>('POST', path(otherId, model), undefined, operates);
    expect([refused.status, refused.body.detail]).toEqual([409, missing]);
  });
});

async function ended(): Promise<void> {
  await expect.poll(async () => (await read()).task?.state ?? 'none').not.toMatch(/waiting|running/);
}
