import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

/** Shadow and live figures over real HTTP: two models of one job, one of which decides silently. */

interface Report {
  model_id: number | null;
  active_model_id: number;
  decided: number;
  compared: number;
  agreed: number;
  labelled: number;
  active_right: number;
  shadow_right: number;
  table: { active: string; shadow: string; people: string | null; events: number }[];
  differences: { event_id: string; active: string; shadow: string; people: string | null }[];
}

let service: TestService;
let key: string;
let readOnly: string;
let inputValue: string;
let jobId: number;
/** The first model knows two rules; the second has other decision points and is told the contrary of them. */
let first: number;
let second: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(['read:resources', 'write:resources', 'execute:job_operations', 'read:event_query']);
  readOnly = await service.managementKey(['read:resources']);
  const input = await service.inputKey();
  inputValue = input.value;
  const job = await service.job(input.integrationId, { points: ['rule', 'host'] });
  jobId = job.id;
  for (let n = 0; n < 16; n++) await sendAndVote(`e${n}`, n, n % 2 ? 'Escalate' : 'Drop');
  first = await train();
  for (let n = 0; n < 16; n++) await vote(`e${n}`, n % 2 ? 'Drop' : 'Escalate');
  second = await train();
  await service.call('POST', `/api/app/jobs/${jobId}/models/${first}/activate`, undefined, key);
});
afterAll(() => service.stop());

const path = () => `/api/app/jobs/${jobId}/shadow`;
const report = async () => (await service.call<Report & Record<string, unknown>>('GET', path(), undefined, key)).body;

async function send(id: string, n: number): Promise<void> {
  const raw_body = { rule: n % 2 ? 'malware' : 'noise', host: `h${n}` };
  const { status } = await service.call('POST', `/api/v1/events/${id}`, { job_id: jobId, raw_body }, inputValue);
  expect(status).toBe(201);
}
const vote = async (id: string, feedback: string) => {
  const { status } = await service.call('PUT', `/api/v1/events/${jobId}/${id}/feedback?username=ann`, { feedback }, inputValue);
  expect(status).toBe(200);
};
async function sendAndVote(id: string, n: number, label: string): Promise<void> {
  await send(id, n);
  await vote(id, label);
}
async function train(): Promise<number> {
  const { training, tasks, jobs } = service.running.services;
  const { taskId } = await training.requestTraining(jobId, OPERATOR);
  await tasks.finished(taskId!);
  expect((await jobs.find(jobId))!.trainState).toBe('RETRAIN_FINISHED');
  return (await training.models(jobId))[0]!.id;
}

describe('a shadow model', () => {
  it('is not there at first, and costs nothing then', async () => {
    expect(await report()).toMatchObject({ model_id: null, active_model_id: first, decided: 0, table: [] });
    await send('before', 31);
    const { storage } = service.running.services;
    expect(await storage.read((tx) => tx.all('SELECT * FROM shadow_decisions'))).toEqual([]);
  });

  it('is set by a lead, and is another model of the job than the active one', async () => {
    expect((await service.call('PUT', path(), { model_id: second }, readOnly)).status).toBe(403);
    const active = await service.call('PUT', path(), { model_id: first }, key);
    expect([active.status, active.body.detail]).toEqual([
      409,
      `Model ${first} is the active one already; a shadow is another model beside it.`,
    ]);
    expect((await service.call('PUT', path(), { model_id: 4711 }, key)).status).toBe(404);
    const set = await service.call('PUT', path(), { model_id: second }, key);
    expect(set.body).toMatchObject({ model_id: second, decided: 0 });
    const { storage } = service.running.services;
    expect(
      await storage.read((tx) => tx.get(`SELECT after FROM audit WHERE action = 'job.shadow' ORDER BY seq DESC LIMIT 1`)),
    ).toEqual({ after: JSON.stringify({ shadowModel: second }) });
  });

  it('decides each new event silently, and is compared with the active one and with people', async () => {
    for (let n = 100; n < 106; n++) await send(`s${n}`, n);
    // Repeated, it is decided once.
    await send('s100', 100);
    const event = await service.call<{ decision: { label: string; model_id: number } }>(
      'GET',
      `/api/app/jobs/${jobId}/events/s101`,
      undefined,
      key,
    );
    expect(event.body.decision).toMatchObject({ label: 'Escalate', model_id: first });
    expect(await report()).toMatchObject({ decided: 6, compared: 6, agreed: 0, labelled: 0 });
    await vote('s101', 'Escalate');
    await vote('s103', 'Escalate');
    await vote('s100', 'Escalate');
    const after = await report();
    expect(after).toMatchObject({ decided: 6, compared: 6, agreed: 0, labelled: 3, active_right: 2, shadow_right: 1 });
    expect(after.table).toContainEqual({ active: 'Escalate', shadow: 'Drop', people: 'Escalate', events: 2 });
    expect(after.table).toContainEqual({ active: 'Drop', shadow: 'Escalate', people: 'Escalate', events: 1 });
    expect(after.differences.map((entry) => entry.event_id)).toEqual(['s105', 's104', 's103', 's102', 's101', 's100']);
  });

  it('goes on after a restart', async () => {
    await service.restart();
    await send('s106', 106);
    expect(await report()).toMatchObject({ model_id: second, decided: 7 });
  });

  it('that is made the active model is none any more, and what it said silently goes', async () => {
    await service.call('POST', `/api/app/jobs/${jobId}/models/${second}/activate`, undefined, key);
    expect(await report()).toMatchObject({ model_id: null, active_model_id: second, decided: 0 });
    const { storage } = service.running.services;
    await expect.poll(() => storage.read((tx) => tx.all('SELECT 1 FROM shadow_decisions'))).toEqual([]);
  });

  it('is ended, and forgotten', async () => {
    await service.call('PUT', path(), { model_id: first }, key);
    await send('s107', 107);
    expect(await report()).toMatchObject({ model_id: first, decided: 1 });
    expect((await service.call('DELETE', path(), undefined, key)).body).toEqual({ done: true });
    await send('s108', 108);
    expect(await report()).toMatchObject({ model_id: null });
    const { storage } = service.running.services;
    expect(await storage.read((tx) => tx.all('SELECT 1 FROM shadow_decisions'))).toEqual([]);
  });
});

describe('live figures of a model', () => {
  it('are over events voted on after it had decided them', async () => {
    interface Live {
      live: Record<'all' | 'new_buckets' | 'known_buckets', { rows: number; accuracy: number }>;
      weeks: { week: string; metrics: { rows: number } }[];
      at_training: { rows: number };
      truncated: boolean;
      class_ids: string[];
    }
    const live = (model: number) => service.call<Live>('GET', `/api/app/jobs/${jobId}/models/${model}/live`, undefined, key);
    const { body } = await live(first);
    // s100, s101, s103: the votes on e0 to e15 were given before there was a decision.
    expect(body.live.new_buckets).toMatchObject({ rows: 3, accuracy: 2 / 3 });
    expect(body.live.known_buckets.rows).toBe(0);
    expect(body.weeks.map(({ metrics }) => metrics.rows)).toEqual([3]);
    expect(body.weeks[0]!.week).toMatch(/^\d{4}-W\d{2}$/);
    expect(body).toMatchObject({ truncated: false, class_ids: ['class_0', 'class_1', 'class_2'], at_training: { rows: 16 } });
    expect((await live(second)).body.live.all.rows).toBe(0);
    await vote('s108', 'Drop');
    expect((await live(second)).body.live.all).toMatchObject({ rows: 1 });
    expect((await live(4711)).status).toBe(404);
  });
});
