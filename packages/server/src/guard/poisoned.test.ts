import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '../jobs/job.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const BAD = ['mimikatz', 'ransom note', 'beacon', 'dumped hashes'];
const GOOD = ['backup', 'patch', 'scanner', 'print job'];
const DROP = 1;

/** Alert `n`: one of eight rules (half of them bad) on one of fifty hosts, with a command line. */
const alert = (n: number) => {
  const names = n % 2 ? BAD : GOOD;
  const rule = names[(n >> 1) % names.length]!;
  return { rule, host: `host-${(n * 7) % 50}`, command: `${rule} run ${n % 13} --flag ${n}` };
};
const truth = (n: number) => (n % 2 ? 'Escalate' : 'Drop');

const guards = () => service.running.services.guards;
const find = async (id: number): Promise<Job> => (await service.running.services.jobs.find(id))!;

const send = (job: Job, n: number, key?: string) =>
  service.call('POST', `/api/v1/events/e${n}?wait_ms=1`, { job_id: job.id, raw_body: alert(n) }, key);

async function label(job: Job, n: number, feedback: string, user: string, key: string): Promise<void> {
  await send(job, n, key);
  const { status } = await service.call('PUT', `/api/v1/events/${job.id}/e${n}/feedback`, { feedback, cortex_user: user }, key);
  expect(status).toBe(200);
}

async function train(job: Job): Promise<Job> {
  await service.call('POST', `/api/v1/jobs/${job.id}/train`);
  await service.trained(job.id);
  const [newest] = await service.running.services.training.models(job.id);
  if ((await find(job.id)).activeModelId !== newest!.id)
    await service.running.services.training.activate(job.id, newest!.id, OPERATOR);
  const followed = async () => (await guards().status(job)).guards.every(({ guard }) => guard.modelId === newest!.id);
  await expect.poll(followed).toBe(true);
  return find(job.id);
}

/** Sends alerts from `from` on and has somebody honest label those drawn, until the guard for Drop is open. Returns the next number. */
async function audited(job: Job, from: number): Promise<number> {
  const status = async () => (await guards().status(job)).guards[0]!.verdict.status;
  let n = from;
  for (; (await status()) !== 'open' && n < from + 900; ) {
    await Promise.all(Array.from({ length: 60 }, () => send(job, n++)));
    for (const { audit, event } of await guards().waiting(job, 100))
      await guards().answer(job, audit.id, truth(Number(event.eventId.slice(1))), { id: 'user:9', name: 'lea' }, OPERATOR);
  }
  expect(await status()).toBe('open');
  return n;
}

it('5 % of the labels poisoned through one key turn no decision into an automated Drop, though the guard is open', async () => {
  const [ana, eve] = [await service.inputKey(), await service.inputKey()];
  const job = await service.job(ana.integrationId, {
    points: ['rule', 'host', 'command'],
    settings: { auditRate: 1 },
    integrations: [ana, eve].map(({ integrationId }) => ({ integrationId, role: 'input', enabled: true, settings: {} })),
  });
  for (let n = 0; n < 95; n++) await label(job, n, truth(n), 'ana', ana.value);
  const clean = await train(job);
  await guards().open(clean, DROP, 0.1, undefined, OPERATOR);
  await audited(clean, 10_000);
  // All buckets were labelled when it was opened; that the strictest step has audits shows that its threshold is one that the traffic reaches.
  const { verdict } = (await guards().status(clean)).guards[0]!;
  expect(verdict.steps[0]!.audits).toBeGreaterThan(0);

  // All of them one bad rule, to turn it.
  for (let i = 0; i < 5; i++) await label(job, 1_001 + 8 * i, 'Drop', `name ${i}`, eve.value);
  const poisoned = await train(job);
  expect(poisoned.activeModelId).not.toBe(clean.activeModelId);
  // The promise was of the model before.
  expect((await guards().status(poisoned)).guards[0]!.verdict).toMatchObject({ status: 'gathering', threshold: null });
  const next = await audited(poisoned, 20_000);

  await service.running.services.jobs.update(job.id, { settings: { auditRate: 0.001 } }, OPERATOR);
  const { decisions } = service.running.services;
  let changed = 0;
  let allowed = 0;
  const fresh = 200;
  for (let n = next; n < next + fresh; n++) {
    const { body } = await send(poisoned, n);
    const { rule, host, command } = alert(n);
    const said = await decisions.preview(clean.activeModelId!, [rule, host, command]);
    const was = said?.classNo === DROP ? 'Drop' : 'Escalate';
    if (body.result_label !== was) changed++;
    if (body.automation !== 'allowed') continue;
    allowed++;
    expect([n, body.result_label, was, truth(n)]).toEqual([n, 'Drop', 'Drop', 'Drop']);
  }
  expect(changed / fresh).toBeLessThanOrEqual(0.01);
  // It does act: nearly all that is to be dropped.
  expect(allowed).toBeGreaterThan(fresh / 4);
}, 240_000);
