import type { AppQueue } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { QueueThread } from './queue-thread.ts';

let service: TestService;
let ana: string;
let ben: string;
let readOnly: string;
let inputValue: string;
let jobId: number;

beforeAll(async () => {
  service = await startTestService();
  const scopes = ['read:resources', 'read:event_query', 'write:event_feedback'];
  ana = await service.managementKey(scopes);
  ben = await service.managementKey(scopes);
  readOnly = await service.managementKey(['read:resources']);
  const input = await service.inputKey();
  inputValue = input.value;
  const job = await service.job(input.integrationId, { points: ['rule', 'host'] });
  jobId = job.id;
  // Bucket n holds n + 1 events.
  for (let n = 0; n < 12; n++)
    for (let copy = 0; copy <= n; copy++) await send(`e${n}-${copy}`, { rule: n % 2 ? 'malware' : 'noise', host: `h${n}`, copy });
  await send('empty', { other: 1 });
});
afterAll(() => service.stop());

async function send(id: string, raw_body: unknown): Promise<void> {
  const { status } = await service.call('POST', `/api/v1/events/${id}`, { job_id: jobId, raw_body }, inputValue);
  expect(status).toBe(201);
}
const next = async (size: number, key: string) =>
  (await service.call<AppQueue>('GET', `/api/app/jobs/${jobId}/queue?size=${size}`, undefined, key)).body.questions;
const vote = (eventId: string, body: unknown, key: string) =>
  service.call('POST', `/api/app/jobs/${jobId}/events/${eventId}/feedback`, body, key);
const feedback = () =>
  service.running.services.storage.read((tx) =>
    tx.all<{ event_id: string; asked: string; chance: number | null }>(
      'SELECT event_id, asked, chance FROM feedback ORDER BY id DESC',
    ),
  );

describe('the labelling queue', () => {
  it('asks about buckets nobody has labelled, by their newest event, the same ones until somebody answers', async () => {
    const questions = await next(5, ana);
    expect(questions).toHaveLength(5);
    expect(questions[0]).toMatchObject({ reason: 'biggest', event_id: 'e11-11', events: 12, chance: null, blind: false });
    expect(questions[0]!.decision_points).toEqual([
      { point: 'rule', value: 'malware' },
      { point: 'host', value: 'h11' },
    ]);
    expect(new Set(questions.map((question) => question.bucket_id)).size).toBe(5);
    expect(questions.map((question) => question.event_id)).not.toContain('empty');
    const random = questions.find((question) => question.reason === 'random')!;
    expect(random.blind).toBe(true);
    expect(random.chance).toBeGreaterThan(0);
    expect(random.chance).toBeLessThan(1);
    expect(await next(5, ana)).toEqual(questions);
  });

  it('leaves to others what they were asked', async () => {
    const anas = (await next(5, ana)).map((question) => question.bucket_id);
    const bens = (await next(12, ben)).map((question) => question.bucket_id);
    expect(bens).toHaveLength(7);
    expect(bens.filter((bucket) => anas.includes(bucket))).toEqual([]);
  });

  it('records with the vote why it was asked and with what chance', async () => {
    const questions = await next(5, ana);
    const random = questions.find((question) => question.reason === 'random')!;
    const biggest = questions.find((question) => question.reason === 'biggest')!;
    expect((await vote(random.event_id, { label: 'Drop', ask: random.ask, asked: 'self' }, ana)).status).toBe(200);
    expect((await vote(biggest.event_id, { label: 'Escalate', ask: biggest.ask }, ana)).status).toBe(200);
    expect(await feedback()).toEqual([
      { event_id: biggest.event_id, asked: 'queue', chance: null },
      { event_id: random.event_id, asked: 'random', chance: random.chance },
    ]);
    const after = (await next(12, ana)).map((question) => question.bucket_id);
    expect(after).not.toContain(random.bucket_id);
    expect(after).not.toContain(biggest.bucket_id);
  });

  it('does not take a question about another event, or one that was never put', async () => {
    const [question, other] = await next(2, ana);
    for (const ask of [other!.ask, 'guessed']) {
      const answer = await vote(question!.event_id, { label: 'Drop', ask }, ana);
      expect(answer.status).toBe(400);
      expect(answer.body.detail).toContain(`There is no question "${ask}" about the event "${question!.event_id}".`);
    }
    expect(await feedback()).toHaveLength(2);
  });

  it('shows what the machine says where it is not to be a fair sample', async () => {
    for (let n = 0; n < 10; n++) await vote(`e${n}-0`, { label: n % 2 ? 'Escalate' : 'Drop' }, ana);
    const { training, tasks } = service.running.services;
    const { taskId } = await training.requestTraining(jobId, OPERATOR);
    await tasks.finished(taskId!);
    for (let n = 20; n < 40; n++) await send(`e${n}`, { rule: n % 2 ? 'malware' : 'noise', host: `h${n}` });
    const questions = await next(20, ben);
    expect(questions).toHaveLength(20);
    const open = questions.filter((question) => !question.blind);
    const blind = questions.filter((question) => question.blind);
    expect(blind.length).toBeGreaterThan(0);
    for (const question of blind) expect(question).toMatchObject({ suggestion: null, confidence: null });
    for (const question of open) expect(question.suggestion).toBe(Number(question.event_id.slice(1)) % 2 ? 'Escalate' : 'Drop');
  });

  it('goes on after an order that failed', async () => {
    const field = { jobId, pointsVersion: 1, points: ['rule', 'host'], askedOf: 'nobody', askedSince: Number.MAX_SAFE_INTEGER };
    const { file } = service.running.services.storage;
    const thread = new QueueThread();
    await expect(thread.suggest({ file: `${file}-not`, field, modelId: null, size: 1 })).rejects.toThrow(/queue's thread failed/);
    expect(await thread.suggest({ file, field, modelId: null, size: 1 })).toHaveLength(1);
    await thread.stop();
    await expect(thread.suggest({ file, field, modelId: null, size: 1 })).rejects.toMatchObject({ code: 'stopping' });
  });

  it('is for those who may vote, and needs decision points', async () => {
    expect((await service.call('GET', `/api/app/jobs/${jobId}/queue`, undefined, readOnly)).status).toBe(403);
    expect((await service.call('GET', `/api/app/jobs/${jobId}/queue?size=101`, undefined, ana)).status).toBe(400);
    const { integrationId } = await service.inputKey();
    const bare = await service.job(integrationId, { points: [] });
    const answer = await service.call('GET', `/api/app/jobs/${bare.id}/queue`, undefined, ana);
    expect([answer.status, answer.body.detail]).toEqual([
      409,
      'Choose decision points first: the queue compares alerts by them.',
    ]);
  });
});

describe('a queue that was worked out before', () => {
  it('is given at once and worked out anew meanwhile; what is gone is left out', async () => {
    let now = 1_800_000_000_000_000;
    const test = await startTestService({}, () => now);
    try {
      const key = await test.managementKey(['read:resources', 'read:event_query', 'write:event_feedback']);
      const input = await test.inputKey();
      const job = await test.job(input.integrationId, { points: ['host'] });
      const take = async (id: string, host: string) =>
        test.call('POST', `/api/v1/events/${id}`, { job_id: job.id, raw_body: { host } }, input.value);
      const asked = async () =>
        (await test.call<AppQueue>('GET', `/api/app/jobs/${job.id}/queue?size=10`, undefined, key)).body.questions.map(
          (question) => question.event_id,
        );
      await take('a', 'one');
      await take('b', 'two');
      expect((await asked()).sort()).toEqual(['a', 'b']);
      await take('c', 'three');
      now += 59_000_000;
      expect((await asked()).sort()).toEqual(['a', 'b']);
      now += 2_000_000;
      expect((await asked()).sort()).toEqual(['a', 'b']);
      await expect.poll(async () => (await asked()).sort()).toEqual(['a', 'b', 'c']);
      // Another version of it, in another bucket.
      await test.running.services.storage.write((tx) => tx.run("UPDATE events SET is_current = 0 WHERE event_id = 'c'"));
      expect((await asked()).sort()).toEqual(['a', 'b']);
    } finally {
      await test.stop();
    }
  });

  it('is not given to somebody whom it would ask what others are asked', async () => {
    const test = await startTestService();
    try {
      const keys = await Promise.all([1, 2].map(() => test.managementKey(['read:resources', 'write:event_feedback'])));
      const input = await test.inputKey();
      const job = await test.job(input.integrationId, { points: ['host'] });
      for (const host of ['one', 'two', 'three'])
        await test.call('POST', `/api/v1/events/${host}`, { job_id: job.id, raw_body: { host } }, input.value);
      const queue = async (key: string) =>
        (await test.call<AppQueue>('GET', `/api/app/jobs/${job.id}/queue?size=2`, undefined, key)).body.questions;
      const [first, second] = [await queue(keys[0]!), await queue(keys[1]!)];
      expect(first).toHaveLength(2);
      // They were asked of the first.
      expect(second).toHaveLength(1);
      expect(first.map(({ bucket_id }) => bucket_id)).not.toContain(second[0]!.bucket_id);
      expect(await queue(keys[0]!)).toEqual(first);
    } finally {
      await test.stop();
    }
  });
});
