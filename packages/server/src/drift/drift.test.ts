import type { AppDrift, AppJob } from '@verdict/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { spreadEvents } from './drift-store.ts';

const DAY = 86_400 * 1_000_000;
let now = Date.parse('2026-03-02T00:00:00Z') * 1000;
let service: TestService;
let key: string;
let jobId: number;
let sent = 0;

beforeAll(async () => {
  service = await startTestService({}, () => ++now);
  key = await service.managementKey(['read:resources', 'read:event_query']);
  const { integrationId } = await service.inputKey();
  jobId = (await service.job(integrationId, { points: ['rule', 'host'] })).id;
  // Another job's events lie between, so that the numbers have gaps.
  const other = await service.job(integrationId);
  await send(other.id, { rule: 'x' });
  // Two alerts of each of four rules a turn, four days long.
  for (let day = 0; day < 4; day++) {
    for (let n = 0; n < 40; n++) await send(jobId, { rule: `rule ${n % 4}`, host: `h${n % 5}` });
    now += DAY;
  }
  const { feedback } = service.running.services;
  for (let n = 0; n < 20; n++)
    await feedback.vote(jobId, `d${n + 1}`, {
      label: n % 4 < 2 ? 'Escalate' : 'Drop',
      voter: { id: 'user:1', name: 'ana' },
      through: 'app',
      asked: 'self',
    });
  const { training, tasks } = service.running.services;
  const { taskId } = await training.requestTraining(jobId, OPERATOR);
  await tasks.finished(taskId!);
});
afterAll(() => service.stop());

async function send(id: number, raw_body: unknown): Promise<void> {
  const { status } = await service.call('POST', `/api/v1/events/d${sent++}`, { job_id: id, raw_body });
  expect(status).toBe(201);
}
const drift = async () => (await service.call<AppDrift>('GET', `/api/app/jobs/${jobId}/drift`, undefined, key)).body;

it('keeps a small sample of what came in with the model', async () => {
  const rows = await service.running.services.storage.read((tx) => tx.all<{ reference: string }>('SELECT reference FROM models'));
  expect(rows).toHaveLength(1);
  expect(rows[0]!.reference.length).toBeLessThan(20_000);
  expect(await drift()).toMatchObject({ events_at_training: 160, events: 0, warnings: [] });
});

it('spreads its sample over all events, and begins where the window does', async () => {
  const { storage } = service.running.services;
  const all = await storage.read((tx) => spreadEvents(tx, jobId, 0, 1_000));
  expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 160 }, (_, n) => n + 2));
  const from = all[120]!.at;
  expect(await storage.read((tx) => spreadEvents(tx, jobId, from, 1_000))).toEqual(all.slice(120));
  const few = await storage.read((tx) => spreadEvents(tx, jobId, 0, 10));
  expect(few).toHaveLength(10);
  expect(few[9]!.seq - few[0]!.seq).toBeGreaterThan(120);
  expect(await storage.read((tx) => spreadEvents(tx, jobId, now + DAY, 10))).toEqual([]);
  expect(await storage.read((tx) => spreadEvents(tx, 4711, 0, 10))).toEqual([]);
});

it('does not warn of more of the same, warns when inputs and labels move, and says so with the job', async () => {
  for (let day = 0; day < 3; day++) {
    for (let n = 0; n < 40; n++) await send(jobId, { rule: `rule ${n % 4}`, host: `h${n % 5}` });
    now += DAY;
  }
  const same = await drift();
  expect(same).toMatchObject({ events: 120, warnings: [] });
  expect(same.findings.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'agreement agreement',
    'confidence confidence',
    'input host',
    'input rule',
    'labels labels',
    'outliers outliers',
  ]);
  now += 8 * DAY;
  for (let day = 0; day < 4; day++) {
    for (let n = 0; n < 40; n++) await send(jobId, { rule: `rule ${n % 2}`, host: `h${n % 5}` });
    now += DAY;
  }
  const moved = await drift();
  expect(moved.events).toBe(160);
  const warned = moved.findings.filter(({ warning }) => warning).map(({ kind, name }) => `${kind} ${name}`);
  expect(warned).toEqual(expect.arrayContaining(['input rule', 'labels labels']));
  expect(warned).not.toContain('input host');
  expect(moved.warnings.find((sentence) => sentence.startsWith('The label mix'))).toBe(
    'The label mix has moved: Escalate: 50 % of 160 then, 100 % of 160 now.',
  );
  const { body } = await service.call<AppJob>('GET', `/api/app/jobs/${jobId}`, undefined, key);
  expect(body.warnings).toEqual(moved.warnings);
  const list = await service.call<AppJob[]>('GET', '/api/app/jobs', undefined, key);
  expect(list.body.map((job) => job.warnings.length > 0)).toEqual([true, false]);
});
