import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';
import { csvCell } from './export-lines.ts';

let service: TestService;
let jobId: number;
let key: string;

const EVENTS = 1_203;
const bulk = (events: readonly unknown[]) => ({ count: events.length, events });

beforeAll(async () => {
  service = await startTestService();
  const input = await service.inputKey();
  jobId = (await service.job(input.integrationId)).id;
  const events = Array.from({ length: EVENTS }, (_, n) => ({
    job_id: jobId,
    event_id: `e${n}`,
    raw_body: { rule: { name: n % 3 ? 'noise' : '=HYPERLINK("http://x")' }, user: 'a, "b"', n },
  }));
  for (let from = 0; from < EVENTS; from += 500)
    await service.call('POST', `/api/v1/bulk/${jobId}`, bulk(events.slice(from, from + 500)), input.value);
  await service.call(
    'POST',
    '/api/v1/events/exact',
    `{"job_id":${jobId},"raw_body":{\n"big":9223372036854775807,\n"rule":{"name":"exact"}}}`,
    input.value,
  );
  key = await service.managementKey(['read:event_export', 'read:resources', 'read:event_query']);
});
afterAll(() => service.stop());

const exported = (body: unknown) => service.call('POST', `/api/app/jobs/${jobId}/export`, body, key);

describe('an export', () => {
  it('is the whole of what fits, not a page of it', async () => {
    const all = await exported({ format: 'ndjson' });
    expect(all.status).toBe(200);
    const lines = all.text.trimEnd().split('\n');
    expect(lines).toHaveLength(EVENTS + 1);
    expect(all.headers.get('x-total-count')).toBe(String(EVENTS + 1));
    expect(new Set(lines.map((line) => JSON.parse(line).event_id)).size).toBe(EVENTS + 1);
    const some = await exported({ format: 'csv', columns: ['id'], query: { term: { 'rule.name': 'noise' } } });
    expect(some.text.trimEnd().split('\r\n')).toHaveLength(EVENTS - Math.ceil(EVENTS / 3) + 1);
  });

  it('keeps numbers as they came, one event a line', async () => {
    const { text } = await exported({ format: 'ndjson', query: { ids: { values: ['exact'] } } });
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(text).toContain('9223372036854775807');
    expect(JSON.parse(text)).toMatchObject({ event_id: 'exact', raw_event: { rule: { name: 'exact' } } });
  });

  it('starts no formula and splits no cell', async () => {
    const { text } = await exported({ format: 'csv', columns: ['id', 'rule.name', 'user'], query: { term: { n: 0 } } });
    expect(text).toContain(`id,rule.name,user\r\ne0,"'=HYPERLINK(""http://x"")","a, ""b"""\r\n`);
    fc.assert(
      fc.property(fc.string(), (value) => {
        const cell = csvCell(value);
        expect(cell.replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r\n]/);
        const bare = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(bare.replace(/^'/, '')).toBe(value.replace(/^'/, ''));
      }),
    );
  });

  it('names what is wrong with a query, needs its own scope, and is recorded', async () => {
    const wrong = await exported({ format: 'csv', query: { nothing: {} } });
    expect(wrong.status).toBe(400);
    expect(String(wrong.body.detail)).toContain('nothing');
    const reader = await service.managementKey(['read:event_query', 'read:resources']);
    expect((await service.call('POST', `/api/app/jobs/${jobId}/export`, { format: 'csv' }, reader)).status).toBe(403);
    const rows = await service.running.services.storage.read((tx) =>
      tx.all<{ after: string }>("SELECT after FROM audit WHERE action = 'events.export' ORDER BY seq"),
    );
    expect(JSON.parse(rows[0]!.after)).toEqual({ format: 'ndjson', events: EVENTS + 1 });
  });
});
