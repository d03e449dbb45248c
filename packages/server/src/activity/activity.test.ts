import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallClock } from '../clock.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import { addTo, BIN_SECONDS, type Counted, courseOf, type Grid } from './activity.ts';
import { ActivityService } from './activity-service.ts';

describe('the course of events', () => {
  const counted = fc.record<Counted>({
    bin: fc.integer({ min: 900_000, max: 902_000 }),
    events: fc.integer({ min: 0, max: 50 }),
    classNo: fc.option(fc.integer({ min: 0, max: 3 })),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    outlier: fc.constantFrom(0, 1),
  });

  it('holds every event of its span once, whatever the zone', () => {
    fc.assert(
      fc.property(
        fc.array(counted, { maxLength: 50 }),
        fc.constantFrom(1, 7, 30, 365),
        fc.integer({ min: -28, max: 28 }).map((halfHours) => halfHours * BIN_SECONDS),
        (some, days, offset) => {
          const grid: Grid = new Map();
          addTo(grid, some);
          const now = 902_000 * BIN_SECONDS;
          const course = courseOf(grid, days, offset, now);
          const within = some.filter(({ bin }) => bin * BIN_SECONDS >= course.times[0]!);
          const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
          expect(sum(course.events)).toBe(sum(within.map(({ events }) => events)));
          const decided = within.filter(({ classNo }) => classNo !== null);
          expect(sum([...course.byClass.values()].map(sum))).toBe(sum(decided.map(({ events }) => events)));
          for (const sure of course.confidence) if (sure !== null) expect(sure).toBeLessThanOrEqual(1.000_001);
          expect(course.times.at(-1)!).toBeLessThanOrEqual(now);
        },
      ),
    );
  });
});

describe('the activity of a use case', () => {
  let service: TestService;
  let key: string;
  let jobId: number;

  beforeAll(async () => {
    service = await startTestService();
    const input = await service.inputKey();
    key = input.value;
    jobId = (await service.job(input.integrationId)).id;
  });
  afterAll(() => service.stop());

  const send = (id: string, user: string) =>
    service.call('POST', `/api/v1/events/${id}`, { job_id: jobId, raw_body: { rule: { name: 'scan' }, user } }, key);
  const activity = async () => {
    const reader = await service.managementKey(['read:resources']);
    const { body } = await service.call<{ events: number[]; standings: { state: string; units: number; events: number }[] }>(
      'GET',
      `/api/app/jobs/${jobId}/activity?days=1&offset_minutes=120`,
      undefined,
      reader,
    );
    return { events: body.events.reduce((sum, count) => sum + count, 0), standings: body.standings };
  };

  it('counts each event once, also after another version of it, and what came since it was asked last', async () => {
    expect((await activity()).events).toBe(0);
    for (const id of ['a', 'b', 'c']) await send(id, id);
    await send('a', 'other');
    expect((await activity()).events).toBe(3);
    await send('b', 'other');
    await send('d', 'd');
    expect((await activity()).events).toBe(4);
  });

  it('says where the buckets stand', async () => {
    const { feedback } = service.running.services;
    const voter = { id: 'user:9', name: 'ann' };
    await feedback.vote(jobId, 'c', { label: 'Drop', voter, through: 'app', asked: 'self' });
    expect((await activity()).standings).toEqual([
      { state: 'new', units: 2, events: 3 },
      { state: 'pending', units: 1, events: 1 },
      { state: 'in_knowledge_base', units: 0, events: 0 },
      { state: 'retrain', units: 0, events: 0 },
    ]);
  });

  it('counts events on their own before decision points are chosen', async () => {
    await service.running.services.jobs.update(jobId, { category: 'Event centric decision intelligence' }, OPERATOR);
    const { standings } = await activity();
    expect(standings.reduce((sum, { events }) => sum + events, 0)).toBe(4);
  });

  it('follows events that get their decision later, as those do that wait for code steps', async () => {
    const { storage } = service.running.services;
    const counting = new ActivityService(storage, wallClock);
    const decided = async () => {
      const { byClass } = await counting.course(jobId, 1, 0);
      return [...byClass.values()].flat().reduce((sum, count) => sum + count, 0);
    };
    await send('late', 'late');
    await storage.write((tx) => tx.run("UPDATE events SET status = 'pending_inference' WHERE event_id = 'late'"));
    expect(await decided()).toBe(0);
    expect((await activity()).events).toBe(5);
    await storage.write(async (tx) => {
      const { id } = await tx.run(
        `INSERT INTO decisions (job_id, model_id, key, point_values, class_no, probabilities, confidence, outlier, labelled, made_at)
         VALUES (?, 1, 'k', '[]', 1, '[]', 0.9, 0, 0, 0)`,
        jobId,
      );
      await tx.run("UPDATE events SET status = 'OK', decision_id = ? WHERE event_id = 'late'", id);
    });
    expect(await decided()).toBe(1);
    expect((await activity()).events).toBe(5);
  });
});
