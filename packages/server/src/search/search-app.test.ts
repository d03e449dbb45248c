import type { AppCounts } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';

let service: TestService;
let job: number;
let asking: string;

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1);

beforeAll(async () => {
  service = await startTestService();
  const input = await service.inputKey();
  job = (await service.job(input.integrationId)).id;
  const events = Array.from({ length: 40 }, (_, number) => ({
    job_id: job,
    raw_body: {
      '@timestamp': new Date(START + number * HOUR).toISOString(),
      rule: number % 4 === 0 ? 'Beaconing' : 'Port scan',
      blocked: number >= 30,
    },
  }));
  const answer = await service.call('POST', `/api/v1/bulk/${job}`, { count: events.length, events }, input.value);
  expect(answer.status).toBe(201);
  asking = await service.managementKey(['read:event_query']);
});
afterAll(() => service.stop());

const counts = async (body: object) => {
  const answer = await service.call('POST', `/api/app/jobs/${job}/events/counts`, body, asking);
  return { status: answer.status, body: answer.body as AppCounts };
};

describe('POST /api/app/jobs/{job_id}/events/counts', () => {
  it('refuses what cannot be asked, by its place', async () => {
    expect((await counts({ fields: [''] })).status).toBe(400);
    expect((await counts({ newest: 0 })).status).toBe(400);
    const unsupported = await counts({ query: { fuzzy: { rule: 'x' } } });
    expect([unsupported.status, JSON.stringify(unsupported.body)]).toEqual([400, expect.stringContaining('fuzzy')]);
  });

  it('counts values of all events that are meant, and the events over time', async () => {
    const { status, body } = await counts({ fields: ['rule', 'blocked', 'gone'], bars: 10 });
    expect(status).toBe(200);
    expect(body.facets).toEqual([
      {
        field: 'rule',
        values: [
          { value: 'Port scan', count: 30 },
          { value: 'Beaconing', count: 10 },
        ],
        more: 0,
      },
      {
        field: 'blocked',
        values: [
          { value: false, count: 30 },
          { value: true, count: 10 },
        ],
        more: 0,
      },
      { field: 'gone', values: [], more: 0 },
    ]);
    expect([body.total, body.counted, body.over_time.interval_ms]).toEqual([40, 40, 6 * HOUR]);
    expect(body.over_time.bars).toEqual([6, 6, 6, 6, 6, 6, 4].map((count, index) => ({ at: START + index * 6 * HOUR, count })));
  });

  it('counts values in the newest alone when asked to, and says so; the total and the time stay exact', async () => {
    const { body } = await counts({ query: { term: { rule: 'Port scan' } }, fields: ['blocked'], newest: 10, values: 1 });
    expect([body.total, body.counted]).toEqual([30, 10]);
    expect(body.facets).toEqual([{ field: 'blocked', values: [{ value: true, count: 8 }], more: 2 }]);
    expect(body.over_time.bars.reduce((sum, { count }) => sum + count, 0)).toBe(30);
  });

  it('answers about nothing', async () => {
    const { body } = await counts({ query: { match_none: {} }, fields: ['rule'] });
    expect(body).toEqual({
      total: 0,
      counted: 0,
      facets: [{ field: 'rule', values: [], more: 0 }],
      over_time: { interval_ms: 0, bars: [] },
    });
  });
});
