import { SCOPES } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

let service: TestService;
let key: string;
let input: string;
let jobId: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(SCOPES);
  const made = await service.inputKey();
  input = made.value;
  jobId = (await service.job(made.integrationId, { title: 'Operated' })).id;
});
afterAll(() => service.stop());

const OK = { status: 'OK', reason: '', reason_details: '' };
const act = (action: string, id: number | string = jobId, withKey: string | null = key, body?: unknown) =>
  service.call('POST', `/api/v2/jobs/${id}/${action}`, body, withKey);
const running = async () => (await service.running.services.jobs.find(jobId))?.running;

describe('start, stop and train', () => {
  it('start and stop the job, again and again, with and without a slash or a body', async () => {
    expect((await act('stop')).body).toEqual(OK);
    expect(await running()).toBe(false);
    expect((await act('stop')).body).toEqual(OK);
    expect((await act('start/', jobId, key, {})).body).toEqual(OK);
    expect(await running()).toBe(true);
    expect((await act('start')).body).toEqual(OK);
  });

  it('answer NOK with a reason to act on', async () => {
    const { status, body } = await act('train');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'NOK', reason: expect.stringContaining('label'), reason_details: '' });
    const lonely = await service.running.services.jobs.create(
      { title: 'Lonely' },
      { principal: { kind: 'operator', name: 'o' }, address: 'test' },
    );
    expect((await act('start', lonely.id)).body).toEqual({
      status: 'NOK',
      reason: '"Lonely" has no input integration. Add one before you start it.',
      reason_details: '',
    });
  });

  it('train with labels of two kinds, and not twice at once', async () => {
    const label = async (name: string, rule: string, n: number) => {
      for (let i = 0; i < n; i++) {
        const id = `${rule}-${i}`;
        await service.call(
          'POST',
          `/api/v1/events/${id}`,
          { job_id: jobId, raw_body: { rule: { name: rule }, user: `u${i}` } },
          input,
        );
        const query = `feedback_label=${name}`;
        const { body } = await service.call('PUT', `/api/v2/events/${jobId}/${id}/feedback?${query}`, undefined, key);
        expect(body.status).toBe('OK');
      }
    };
    await label('Drop', 'scan', 12);
    await label('Escalate', 'malware', 12);
    expect((await act('train')).body).toEqual(OK);
    expect((await act('train')).body).toMatchObject({ status: 'NOK', reason: expect.stringMatching(/train/i) });
    expect((await service.trained(jobId)).trainState).toBe('RETRAIN_FINISHED');
  });

  it('are 404 for a job that is not there and 400 for what is no number', async () => {
    for (const action of ['start', 'stop', 'train']) {
      expect((await act(action, 99_999)).status).toBe(404);
      expect((await act(action, 'first')).status).toBe(400);
      expect((await act(action, 0)).status).toBe(400);
      expect((await act(action, jobId, key, '{"a"')).status).toBe(400);
    }
  });

  it('want the scope', async () => {
    const others = await service.managementKey(SCOPES.filter((scope) => scope !== 'execute:job_operations'));
    const only = await service.managementKey(['execute:job_operations']);
    for (const action of ['start', 'stop', 'train']) {
      expect((await act(action, jobId, null)).status).toBe(401);
      expect((await act(action, jobId, 'vrd_nonsense')).status).toBe(401);
      expect((await act(action, jobId, input)).status).toBe(403);
      expect((await act(action, jobId, others)).status).toBe(403);
      expect((await act(action, jobId, only)).status).toBe(200);
    }
  });
});
