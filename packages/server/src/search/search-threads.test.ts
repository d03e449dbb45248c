import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';
import type { Query } from './query.ts';
import { INDEX_FILE } from './search-index.ts';
import { SearchThreads } from './search-threads.ts';
import { JOB } from './testing.ts';

let service: TestService;
let job: number;
let input: string;

beforeAll(async () => {
  service = await startTestService({}, undefined, mkdtempSync(join(tmpdir(), 'verdict-test-')));
  const made = await service.inputKey();
  input = made.value;
  job = (await service.job(made.integrationId)).id;
  const events = Array.from({ length: 300 }, (_, number) => ({
    job_id: job,
    raw_body: { n: number, text: `${'a'.repeat(3_000)}${number}` },
  }));
  const answer = await service.call('POST', `/api/v1/bulk/${job}`, { count: events.length, events }, input);
  expect(answer.status).toBe(201);
});
afterAll(() => service.stop());

/** Patterns that take as long as the product of text and pattern, many times over. */
const slow: Query = {
  kind: 'and',
  of: Array.from({ length: 400 }, (_, number) => ({
    kind: 'not',
    of: {
      kind: 'pattern',
      field: { path: 'text', glob: false },
      pattern: `*${'a?'.repeat(500 + number)}b*`,
      fold: true,
      words: false,
    },
  })),
};
const order = (query: Query) => ({
  file: service.running.services.storage.file,
  index: null,
  jobs: [{ ...JOB, id: job }],
  query,
  want: { kind: 'ids' } as const,
});

describe('reading threads', () => {
  it('end a search that passes its deadline, and answer the next one', async () => {
    const threads = new SearchThreads(300, 1);
    await expect(threads.search(order(slow))).rejects.toMatchObject({ code: 'too_slow' });
    await threads.stop();
    const patient = new SearchThreads(20_000, 1);
    const { found } = await patient.search(order({ kind: 'range', field: 'n', range: { lt: { kind: 'number', value: 2 } } }));
    expect(found.kind === 'ids' && found.ids.length).toBe(2);
    await patient.stop();
    await expect(patient.search(order({ kind: 'all' }))).rejects.toMatchObject({ code: 'stopping' });
    const cut = new SearchThreads(20_000, 1);
    const under = expect(cut.search(order(slow))).rejects.toMatchObject({ code: 'stopping' });
    await cut.stop();
    await under;
  });

  it('end a search that nobody waits for any more; those that wait go on', async () => {
    const threads = new SearchThreads(60_000, 1);
    const control = new AbortController();
    const first = threads.search(order(slow), control.signal);
    const second = threads.search(order({ kind: 'all' }));
    const third = threads.search(order({ kind: 'all' }), AbortSignal.abort());
    setTimeout(() => control.abort(), 100);
    await expect(first).rejects.toMatchObject({ code: 'caller_gone' });
    expect((await second).effort.looked).toBe(300);
    await expect(third).rejects.toMatchObject({ code: 'caller_gone' });
    // The first one never looks up from its pattern: its thread had to be ended.
    expect(threads.started).toBe(2);
    await threads.stop();
  });

  it('stop a search between events and keep its thread, after a cancelled call as after the deadline', async () => {
    const pattern = `*${'a?'.repeat(50)}b*`;
    const long = order({
      kind: 'not',
      of: { kind: 'pattern', field: { path: 'text', glob: false }, pattern, fold: true, words: false },
    });
    // The same job many times over: as many blocks of events, between which it can hear.
    const jobs = Array.from({ length: 1_000 }, () => long.jobs[0]!);
    const threads = new SearchThreads(1_500, 1);
    await threads.search(order({ kind: 'all' }));
    const control = new AbortController();
    const first = threads.search({ ...long, jobs }, control.signal);
    setTimeout(() => control.abort(), 50);
    await expect(first).rejects.toMatchObject({ code: 'caller_gone' });
    expect((await threads.search(order({ kind: 'all' }))).effort.looked).toBe(300);
    await expect(threads.search({ ...long, jobs })).rejects.toMatchObject({
      message: expect.stringContaining('longer than 1.5'),
    });
    expect((await threads.search(order({ kind: 'all' }))).effort.looked).toBe(300);
    expect(threads.started).toBe(1);
    await threads.stop();
  });
});

const PATIENCE = { timeout: 20_000, interval: 200 };

describe('the index thread', () => {
  const indexedUntil = (): unknown => {
    try {
      const index = new Database(join(service.folder, INDEX_FILE), { readonly: true });
      const value = index.prepare(`SELECT value FROM state WHERE name = 'last_seq'`).pluck().get();
      index.close();
      return value;
    } catch {
      return 'not there yet';
    }
  };
  const newest = async (): Promise<number> => {
    const row = await service.running.services.storage.read((tx) =>
      tx.get<{ seq: number }>('SELECT max(seq) AS seq FROM events'),
    );
    return row!.seq;
  };

  const lag = async (): Promise<string | undefined> => {
    const { value } = await service.running.services.keys.create(
      { principal: { kind: 'operator', name: 'test' }, address: 'test' },
      { name: `m${Math.random()}`, kind: 'management', scopes: ['read:job_metrics'] },
    );
    const { text } = await service.call('GET', '/metrics', undefined, value);
    return /^verdict_search_lag_events (\d+)$/m.exec(text)?.[1];
  };

  it('follows the events, tells its lag, and goes on after a restart', async () => {
    await expect.poll(indexedUntil, PATIENCE).toBe(await newest());
    await expect.poll(lag, PATIENCE).toBe('0');
    await service.restart();
    await service.call('POST', '/api/v1/events/late', { job_id: job, raw_body: { word: 'zebra' } }, input);
    const key = await service.managementKey(['read:event_query']);
    const ask = () =>
      service.call('POST', '/api/v2/events/raw_es_query', { query_body: { query: { multi_match: { query: 'zebra' } } } }, key);
    // Found at once, in the index or not.
    expect((await ask()).body).toMatchObject({ hits: { total: { value: 1 }, hits: [{ _id: 'late' }] } });
    await expect.poll(indexedUntil, PATIENCE).toBe(await newest());
    await expect.poll(lag, PATIENCE).toBe('0');
    expect((await ask()).body).toMatchObject({ hits: { total: { value: 1 }, hits: [{ _id: 'late' }] } });
  });

  it('is built again where its file was lost', async () => {
    const { folder } = service;
    await service.running.stop();
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${INDEX_FILE}${end}`), { force: true });
    await service.restart();
    await expect.poll(indexedUntil, PATIENCE).toBe(await newest());
    await expect.poll(lag, PATIENCE).toBe('0');
    const key = await service.managementKey(['read:event_query']);
    const answer = await service.call(
      'POST',
      '/api/v2/events/query',
      { filters: [{ field: 'n', operator: 'is', value: 7 }] },
      key,
    );
    expect(answer.body).toMatchObject({ total_count: 1 });
  });
});
