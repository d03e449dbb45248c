import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

interface Task {
  task_id: number;
  state: string;
  kind: string;
  message: string;
}

let service: TestService;
let key: string;
let readOnly: string;
let input: string;
let jobId: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey([
    'read:resources',
    'write:resources',
    'execute:job_operations',
    'execute:reprocess_events',
    'read:event_query',
  ]);
  readOnly = await service.managementKey(['read:resources']);
  const made = await service.inputKey();
  input = made.value;
  const job = await service.job(made.integrationId, { points: ['rule', 'severity'] });
  jobId = job.id;
  for (let n = 0; n < 6; n++) {
    const raw_body = { rule: n % 2 ? 'malware' : 'noise', severity: n, '@timestamp': `2026-03-0${n + 1}T00:00:00Z` };
    await service.call('POST', `/api/v1/events/e${n}`, { job_id: jobId, raw_body }, input);
    if (n < 3)
      await service.call('PUT', `/api/v1/events/${jobId}/e${n}/feedback`, { feedback: n % 2 ? 'Escalate' : 'Drop' }, input);
  }
  vote = async (n) =>
    void (await service.call('PUT', `/api/v1/events/${jobId}/e${n}/feedback`, { feedback: n % 2 ? 'Escalate' : 'Drop' }, input));
});
afterAll(() => service.stop());

let vote: (n: number) => Promise<void>;

const get = <Body>(path: string) => service.call<Body>('GET', path, undefined, key);
const post = <Body>(path: string, body?: unknown, by = key) => service.call<Body>('POST', path, body, by);

async function finished(taskId: number): Promise<Task> {
  const task = async () => (await get<Task>(`/api/app/tasks/${taskId}`)).body;
  await expect.poll(async () => (await task()).state).not.toMatch(/waiting|running/);
  return task();
}

describe('training for people', () => {
  it('says what is missing, trains when it is there, and shows the model', async () => {
    const before = await get<{ missing: string }>(`/api/app/jobs/${jobId}/training`);
    expect(before.body).toMatchObject({
      state: null,
      ready: false,
      unit: 'bucket',
      undecided: 0,
      task: null,
      missing:
        'Training needs at least 2 labels with 2 buckets each. Missing: 1 more bucket labelled Escalate, or 2 more labelled Investigate.',
      labels: [
        { class_id: 'class_0', label: 'Escalate', units: 1 },
        { class_id: 'class_1', units: 2 },
        { class_id: 'class_2', units: 0 },
      ],
    });
    expect((await post(`/api/app/jobs/${jobId}/train`)).body).toEqual({ ok: false, message: before.body.missing, task_id: null });
    await vote(3);
    const asked = await post<{ ok: boolean; task_id: number }>(`/api/app/jobs/${jobId}/train`);
    expect(asked.body).toMatchObject({ ok: true, message: 'Training has started.' });
    expect(await finished(asked.body.task_id)).toMatchObject({
      state: 'done',
      kind: 'train',
      message: 'Retraining finished successfully',
    });
    expect((await get(`/api/app/jobs/${jobId}/training`)).body).toMatchObject({
      state: 'RETRAIN_FINISHED',
      ready: true,
      missing: null,
    });
    const models = await get<{ model_id: number; active: boolean }[]>(`/api/app/jobs/${jobId}/models`);
    expect(models.body).toMatchObject([{ active: true, units: 4, decision_points: ['rule', 'severity'], metrics: { rows: 4 } }]);
    const model = await get(`/api/app/jobs/${jobId}/models/${models.body[0]!.model_id}`);
    expect(model.body).toEqual(models.body[0]);
  });

  it('lets an older model decide again', async () => {
    const asked = await post<{ task_id: number }>(`/api/app/jobs/${jobId}/train`);
    await finished(asked.body.task_id);
    const [second, first] = (await get<{ model_id: number }[]>(`/api/app/jobs/${jobId}/models`)).body;
    const activated = await post(`/api/app/jobs/${jobId}/models/${first!.model_id}/activate`);
    expect(activated.body).toMatchObject({ model_id: first!.model_id, active: true });
    const { body } = await get<{ model_id: number; active: boolean }[]>(`/api/app/jobs/${jobId}/models`);
    expect(body.map(({ model_id, active }) => [model_id, active])).toEqual([
      [second!.model_id, false],
      [first!.model_id, true],
    ]);
    expect((await post(`/api/app/jobs/${jobId}/models/4711/activate`)).status).toBe(404);
  });

  it('decides stored events again, asked for in one way', async () => {
    const all = await post<Task>(`/api/app/jobs/${jobId}/reprocess`, { all: true });
    expect(all.status).toBe(202);
    expect((await finished(all.body.task_id)).message).toBe('6 events decided again; the decision changed on 6.');
    const span = await post<Task>(`/api/app/jobs/${jobId}/reprocess`, {
      from: '2026-03-02T00:00:00Z',
      to: '2026-03-04T00:00:00Z',
    });
    expect((await finished(span.body.task_id)).message).toBe('2 events decided again; the decision changed on 0.');
    expect((await post(`/api/app/jobs/${jobId}/events/e1/reprocess`)).body).toEqual({ changed: false });
    for (const body of [{}, { all: true, event_ids: ['e1'] }, { from: 'yesterday' }]) {
      expect((await post(`/api/app/jobs/${jobId}/reprocess`, body)).status).toBe(400);
    }
  });
});

describe('tasks for people', () => {
  it('are listed newest first, and refuse to be cancelled when they are over', async () => {
    const { body } = await get<Task[]>(`/api/app/tasks?job_id=${jobId}&limit=2`);
    expect(body.map((task) => task.kind)).toEqual(['reprocess', 'reprocess']);
    const refused = await post<{ detail: string }>(`/api/app/tasks/${body[0]!.task_id}/cancel`);
    expect([refused.status, refused.body.detail]).toEqual([409, 'This task is over already.']);
    expect((await get('/api/app/tasks/4711')).status).toBe(404);
  });

  it('can be cancelled while they run, with a record', async () => {
    const asked = await post<{ task_id: number }>(`/api/app/jobs/${jobId}/train`);
    const cancelled = await post<{ cancel_requested: boolean }>(`/api/app/tasks/${asked.body.task_id}/cancel`);
    expect(cancelled.body.cancel_requested).toBe(true);
    expect((await finished(asked.body.task_id)).state).toBe('cancelled');
    expect((await get(`/api/app/jobs/${jobId}/training`)).body).toMatchObject({
      state: 'RETRAIN_FAILED',
      message: 'The training was cancelled; the model that decides stays.',
    });
    const view = await service.call('GET', `/api/v1/jobs/${jobId}`, undefined, input);
    expect(view.body).toMatchObject({
      retrain_state: 'RETRAIN_FAILED',
      retrain_msg: 'The training was cancelled; the model that decides stays.',
    });
  });

  it('are closed to those who may not', async () => {
    expect((await post(`/api/app/jobs/${jobId}/train`, undefined, readOnly)).status).toBe(403);
    expect((await post(`/api/app/jobs/${jobId}/reprocess`, { all: true }, readOnly)).status).toBe(403);
    expect((await post('/api/app/tasks/1/cancel', undefined, readOnly)).status).toBe(403);
    expect((await service.call('GET', '/api/app/tasks', undefined, null)).status).toBe(401);
  });
});
