import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../jobs/job.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { MetricsService } from './metrics-service.ts';

/** Figures from events that were counted before are those of a walk over every event, whatever happened between. */

/** Rows in a stretch: few, so that some tens of events make pieces of pieces. */
const WINDOW = 3;
const DAY = 86_400_000_000;
const START = 1_709_280_000_000_000;

let service: TestService;
let metrics: MetricsService;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  integrationId = (await service.inputKey()).integrationId;
  const { storage, audit, training, tasks } = service.running.services;
  metrics = new MetricsService(storage, audit, training, tasks, WINDOW);
  tasks.onChange((task) => {
    if (task.kind === 'rebucket' || task.kind === 'reprocess')
      metrics.changing(task.id, task.jobId, ['done', 'failed', 'cancelled'].includes(task.state));
  });
});
afterAll(() => service.stop());

async function send(job: Job, id: string, kind: number, day: number): Promise<void> {
  const alert = { rule: { name: kind % 2 ? 'malware' : 'scan' }, user: `u${kind % 5}`, host: `h${kind}` };
  await service.running.services.ingest.ingest({
    jobId: job.id,
    eventId: id,
    body: Buffer.from(JSON.stringify(alert)),
    title: null,
    severity: null,
    dataSource: null,
    storageTag: null,
    keyId: null,
    group: null,
    eventAt: START + day * DAY,
  });
}

async function say(job: Job, id: string, label: string, who: string): Promise<void> {
  await service.running.services.feedback.vote(job.id, id, {
    label,
    voter: { id: who, name: who },
    through: 'app',
    asked: 'self',
  });
}

async function train(job: Job): Promise<void> {
  const { training, tasks } = service.running.services;
  const { ok, taskId } = await training.requestTraining(job.id, OPERATOR);
  if (ok) await tasks.finished(taskId!);
}

/** Waits until nothing changes the events of a job any more. */
async function settled(job: Job): Promise<void> {
  const { tasks } = service.running.services;
  for (const task of await tasks.list(job.id)) await tasks.finished(task.id);
}

async function expectSame(job: Job, from: number | null, to: number | null): Promise<void> {
  const { jobs, storage } = service.running.services;
  const now = (await jobs.find(job.id))!;
  const rows = await storage.read((tx) =>
    tx.all<{ id: string }>('SELECT event_id AS id FROM events WHERE job_id = ? AND is_current = 1', job.id),
  );
  const walked = await metrics.ofJob(
    now,
    from,
    to,
    rows.map(({ id }) => id),
  );
  expect(await metrics.ofJob(now, from, to)).toEqual(walked);
}

/** Twelve labelled events of two kinds, trained on. */
async function trainedJob(category?: string): Promise<Job> {
  const job = await service.job(integrationId, category === undefined ? {} : { category });
  for (let i = 0; i < 12; i++) {
    await send(job, `e${i}`, i, i);
    await say(job, `e${i}`, i % 2 ? 'Escalate' : 'Drop', 'ann');
  }
  await train(job);
  return job;
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), event: fc.nat(60), kind: fc.nat(9), day: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      event: fc.nat(11),
      label: fc.constantFrom('Drop', 'Escalate'),
      who: fc.constantFrom('ann', 'ben'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), from: fc.option(fc.nat(30)), length: fc.option(fc.nat(30)) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('train' as const, 'points' as const, 'again' as const) }) },
);

describe.each(['Decision intelligence', 'Event centric decision intelligence'])('the figures of a job (%s)', (category) => {
  it('are those of a walk over all its events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        const job = await trainedJob(category);
        const { jobs, storage, tasks } = service.running.services;
        let wide = false;
        for (const each of steps) {
          if (each.do === 'send') await send(job, `e${each.event}`, each.kind, each.day);
          if (each.do === 'say') await say(job, `e${each.event}`, each.label, each.who);
          if (each.do === 'train') await train(job);
          if (each.do === 'points') {
            wide = !wide;
            await jobs.update(job.id, { points: wide ? ['rule.name'] : ['rule.name', 'user'] }, OPERATOR);
            await settled(job);
          }
          if (each.do === 'again') {
            await storage.write((tx) =>
              tasks.enqueue(tx, { kind: 'reprocess', jobId: job.id, parameters: {}, createdBy: 'test' }),
            );
            await settled(job);
          }
          if (each.do === 'ask') {
            const from = each.from === null ? null : START + each.from * DAY;
            await expectSame(job, from, each.length === null ? null : (from ?? START) + each.length * DAY);
          }
        }
        await expectSame(job, null, null);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});

describe('what was counted', () => {
  it('is counted again while and after stored events are changed, and otherwise once', async () => {
    const job = await trainedJob();
    const { jobs } = service.running.services;
    const now = async () => (await jobs.find(job.id))!;
    const before = await metrics.ofJob(await now(), null, null);
    expect(before).toMatchObject({ events: 12, eventsInKnowledgeBase: 12, eventsWithConsensus: 12 });
    // Told of a change that goes on, it looks at the rows themselves.
    metrics.changing(4_711, job.id, false);
    expect(await metrics.ofJob(await now(), null, null)).toEqual(before);
    metrics.changing(4_711, job.id, true);
    expect(await metrics.ofJob(await now(), null, null)).toEqual(before);
  });

  it('leaves out what waits for its code steps until it is decided', async () => {
    const job = await trainedJob();
    const { jobs, storage } = service.running.services;
    for (let i = 0; i < 6; i++) await send(job, `p${i}`, i, 20);
    await storage.write(async (tx) => {
      await tx.run(
        `UPDATE events SET status = 'pending_inference', decision_id = NULL, bucket_id = NULL WHERE job_id = ? AND event_id = 'p0'`,
        job.id,
      );
    });
    const now = (await jobs.find(job.id))!;
    const first = await metrics.ofJob(now, null, null);
    await storage.write(async (tx) => {
      await tx.run(
        `UPDATE events SET status = 'OK', decision_id = (SELECT decision_id FROM events WHERE job_id = ? AND event_id = 'p2'),
           bucket_id = (SELECT bucket_id FROM events WHERE job_id = ? AND event_id = 'p2') WHERE job_id = ? AND event_id = 'p0'`,
        job.id,
        job.id,
        job.id,
      );
    });
    const second = await metrics.ofJob(now, null, null);
    expect(second.eventsWithConsensus).toBe(first.eventsWithConsensus + 1);
    await expectSame(job, null, null);
  });
});
