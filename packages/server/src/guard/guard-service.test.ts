import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../jobs/job.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { closeOnDrift } from './drift-watch.ts';

let service: TestService;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  ({ integrationId } = await service.inputKey());
});

afterAll(() => service.stop());

const guards = () => service.running.services.guards;
const voter = { id: 'user:1', name: 'ann' };
const find = async (id: number): Promise<Job> => (await service.running.services.jobs.find(id))!;
const DROP = 1;

/** A job with a model that knows: rules of even number are dropped, the others escalated. */
async function trainedJob(): Promise<Job> {
  const job = await service.job(integrationId, { settings: { auditRate: 1 } });
  for (let index = 0; index < 24; index++) {
    const id = `l${index}`;
    await service.call('POST', `/api/v1/events/${id}`, {
      job_id: job.id,
      raw_body: { rule: { name: index % 2 ? 'beacon' : 'scan' }, user: `u${index}` },
    });
    await service.call('PUT', `/api/v1/events/${job.id}/${id}/feedback`, {
      feedback: index % 2 ? 'Escalate' : 'Drop',
      cortex_user: 'alice',
    });
  }
  await service.call('POST', `/api/v1/jobs/${job.id}/train`);
  await service.trained(job.id);
  return find(job.id);
}

const send = (job: Job, id: string, rule = 'scan') =>
  service.call('POST', `/api/v1/events/${id}?wait_ms=1`, {
    job_id: job.id,
    raw_body: { rule: { name: rule }, user: `new ${id}` },
  });

async function answerAll(job: Job, label: string): Promise<number> {
  let answered = 0;
  for (;;) {
    const waiting = await guards().waiting(job, 100);
    if (waiting.length === 0) return answered;
    for (const { audit } of waiting) {
      await guards().answer(job, audit.id, label, voter, OPERATOR);
      answered++;
    }
  }
}

/** An answered event whose decision is at least so sure. */
async function surest(job: Job, threshold: number): Promise<string> {
  for (let index = 0; index < 60; index++) {
    const { body } = await service.call('GET', `/api/v1/events/${job.id}/a${index}`);
    if ((body.confidence_score as number) >= threshold * 100 + 0.005) return `a${index}`;
  }
  throw new Error('No decision is that sure.');
}

describe('the guard', () => {
  it('is off until somebody asks, and cannot be asked for before the first training', async () => {
    const job = await service.job(integrationId);
    await expect(guards().open(job, DROP, 0.1, undefined, OPERATOR)).rejects.toMatchObject({ code: 'refused' });
    const trained = await trainedJob();
    const { body } = await send(trained, 'before');
    expect(body).toMatchObject({
      result_label: 'Drop',
      automation: 'ask',
      automation_reason: 'Nobody has allowed acting on "Drop" without a person.',
    });
    expect(await guards().waiting(trained, 10)).toEqual([]);
  });

  it('refuses numbers and labels that make no sense', async () => {
    const job = await trainedJob();
    await expect(guards().open(job, DROP, 0.9, undefined, OPERATOR)).rejects.toMatchObject({ code: 'invalid' });
    await expect(guards().open(job, 7, 0.1, undefined, OPERATOR)).rejects.toMatchObject({ code: 'not_found' });
    await expect(guards().open(job, DROP, 0.1, ['Nonsense'], OPERATOR)).rejects.toMatchObject({ code: 'unknown_label' });
    await expect(guards().open(job, DROP, 0.1, ['Drop'], OPERATOR)).rejects.toMatchObject({ code: 'invalid' });
    await expect(guards().close(job, DROP, OPERATOR)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('opens on blind audits, survives a restart, closes when they turn bad, and starts anew with another model', async () => {
    const job = await trainedJob();
    for (let index = 0; index < 30; index++) await send(job, `w${index}`);
    const opened = await guards().open(job, DROP, 0.2, undefined, OPERATOR);
    expect(opened.guards[0]).toMatchObject({ guard: { wrong: [0] }, verdict: { status: 'gathering', threshold: null } });
    expect(opened.guards[0]!.verdict.sentence).toContain('"Drop" is not acted on yet.');

    for (let index = 0; index < 60; index++) await send(job, `a${index}`);
    const [first] = await guards().waiting(job, 1);
    expect(JSON.stringify(first?.event)).not.toContain('Drop');
    expect((await service.call('GET', `/api/v1/events/${job.id}/a0`)).body.automation).toBe('ask');
    expect(await answerAll(job, 'Drop')).toBe(60);
    for (let more = 0; more < 8 && (await guards().status(job)).guards[0]!.verdict.status !== 'open'; more++) {
      for (let index = 0; index < 50; index++) await send(job, `m${more}-${index}`);
      await answerAll(job, 'Drop');
    }
    await expect(guards().answer(job, first!.audit.id, 'Drop', voter, OPERATOR)).rejects.toMatchObject({ code: 'refused' });

    const open = (await guards().status(job)).guards[0]!.verdict;
    expect(open.status).toBe('open');
    const sure = await surest(job, open.threshold!);
    const decided = (await service.call('GET', `/api/v1/events/${job.id}/${sure}`)).body;
    expect(decided).toMatchObject({
      result_label: 'Drop',
      automation: 'allowed',
      automation_reason: expect.stringContaining('"Drop"'),
    });
    // Drawn and not answered yet: a person labels it.
    expect((await send(job, 'fresh')).body.automation).toBe('ask');
    expect((await send(job, 'other', 'beacon')).body).toMatchObject({ result_label: 'Escalate', automation: 'ask' });
    await answerAll(job, 'Drop');

    await service.restart();
    expect((await service.call('GET', `/api/v1/events/${job.id}/${sure}`)).body.automation).toBe('allowed');

    await guards().switchAll(true, OPERATOR);
    expect((await service.call('GET', `/api/v1/events/${job.id}/${sure}`)).body).toMatchObject({
      automation: 'ask',
      automation_reason: 'Automation is switched off for everything.',
    });
    await guards().switchAll(false, OPERATOR);

    for (let index = 0; index < 120; index++) await send(job, `b${index}`);
    await answerAll(job, 'Escalate');
    const closed = (await guards().status(job)).guards[0]!.verdict;
    expect(closed).toMatchObject({ status: 'closed', sentence: expect.stringContaining('Closed: since it was opened') });
    expect((await service.call('GET', `/api/v1/events/${job.id}/${sure}`)).body.automation).toBe('ask');

    await service.call('POST', `/api/v1/jobs/${job.id}/train`);
    await service.trained(job.id);
    const models = await service.running.services.training.models(job.id);
    const other = models.find(({ id }) => id !== job.activeModelId);
    expect(other).toBeDefined();
    const now = await find(job.id);
    if (now.activeModelId !== other!.id) await service.running.services.training.activate(job.id, other!.id, OPERATOR);
    await expect.poll(async () => (await guards().status(job)).guards[0]?.guard.modelId).toBe(other!.id);
    expect((await guards().status(await find(job.id))).guards[0]).toMatchObject({
      guard: { modelId: other!.id },
      verdict: { status: 'gathering' },
    });
  });

  it('does not learn from labels that serve it as evidence', async () => {
    const job = await trainedJob();
    await guards().open(job, DROP, 0.2, undefined, OPERATOR);
    await send(job, 'drawn');
    await answerAll(job, 'Escalate');
    const event = await service.running.services.events.get(job.id, 'drawn');
    await service.call('POST', `/api/v1/jobs/${job.id}/train`);
    await service.trained(job.id);
    const [newest] = await service.running.services.training.models(job.id);
    const bucket = await service.running.services.buckets.get(event.bucketId!);
    const learned = await service.running.services.storage.read((tx) =>
      tx.get('SELECT 1 FROM model_units WHERE model_id = ? AND unit = ?', newest!.id, `b:${bucket!.key}`),
    );
    expect(learned).toBeUndefined();
  });

  it('leaves unseen values of protected decision points to people', async () => {
    const job = await trainedJob();
    await service.running.services.jobs.update(job.id, { settings: { protectedPoints: ['user'] } }, OPERATOR);
    await guards().open(job, DROP, 0.2, undefined, OPERATOR);
    await send(job, 'stranger');
    const [waiting] = await guards().waiting(job, 1);
    expect(waiting?.audit.excluded).toBe(true);
  });

  it('is closed by drift, with the reason, and not without one', async () => {
    const job = await trainedJob();
    await guards().open(job, DROP, 0.2, undefined, OPERATOR);
    const { jobs } = service.running.services;
    const quiet = { warnings: async () => [] };
    expect(await closeOnDrift(jobs, guards(), quiet)).not.toContain(job.id);
    expect((await guards().status(job)).guards[0]!.verdict.status).toBe('gathering');
    const moved = { warnings: async () => ['rule.name has other values than before.'] };
    expect(await closeOnDrift(jobs, guards(), moved)).toContain(job.id);
    expect((await guards().status(job)).guards[0]!.verdict).toMatchObject({
      status: 'closed',
      sentence: 'Closed: the traffic has changed. rule.name has other values than before.',
    });
  });

  it('is opened and answered by people only: keys may look', async () => {
    const job = await trainedJob();
    const reader = await service.managementKey(['read:resources', 'write:resources', 'write:event_feedback']);
    expect((await service.call('GET', `/api/app/jobs/${job.id}/guard`, undefined, reader)).body).toMatchObject({
      closed_for_all: false,
      audit_rate: 1,
      guards: [],
      waiting: 0,
    });
    for (const [method, path, body] of [
      ['PUT', `/api/app/jobs/${job.id}/guard/class_1`, { max_error_rate: 0.1 }],
      ['DELETE', `/api/app/jobs/${job.id}/guard/class_1`, undefined],
      ['PUT', '/api/app/guard', { closed: false }],
      ['GET', `/api/app/jobs/${job.id}/guard/audits`, undefined],
      ['POST', `/api/app/jobs/${job.id}/guard/audits/1`, { label: 'Drop' }],
    ] as const) {
      expect((await service.call(method, path, body, reader)).status).toBe(403);
      expect((await service.call(method, path, body, null)).status).toBe(401);
    }
  });
});
