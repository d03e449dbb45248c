import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../jobs/job.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';
import type { Consensus } from './feedback.ts';

let service: TestService;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  ({ integrationId } = await service.inputKey());
});

afterAll(() => service.stop());

const feedback = () => service.running.services.feedback;
const voter = (name: string) => ({ id: `user:${name}`, name });
const say = (job: Job, eventId: string, name: string, label: string, machine = false) =>
  feedback().vote(job.id, eventId, { label, voter: voter(name), through: 'app', asked: 'self', machine });

async function withEvents(job: Job, ...names: string[]): Promise<void> {
  for (const name of names) {
    const [rule] = name.split('-');
    await service.call('POST', `/api/v1/events/${name}`, { job_id: job.id, raw_body: { rule: { name: rule }, name } });
  }
}

async function agreed(job: Job, eventId: string): Promise<Consensus | undefined> {
  const { events } = service.running.services;
  return feedback().consensus(job, await events.get(job.id, eventId));
}

describe('votes on a bucket', () => {
  it('are one for each voter, the last counts, wherever in the bucket it was given', async () => {
    const job = await service.job(integrationId);
    await withEvents(job, 'a-1', 'a-2');
    await say(job, 'a-1', 'ann', 'Drop');
    await say(job, 'a-2', 'ann', 'Escalate');
    expect(await agreed(job, 'a-1')).toEqual({ classNo: 0, tally: { 0: 1 }, voters: 1, overruled: false });
    await say(job, 'a-1', 'ann', 'Drop');
    expect(await agreed(job, 'a-2')).toEqual({ classNo: 1, tally: { 1: 1 }, voters: 1, overruled: false });
  });

  it('given again in the same words change nothing', async () => {
    const job = await service.job(integrationId);
    await withEvents(job, 'a-1');
    for (let time = 0; time < 3; time++) {
      await feedback().vote(job.id, 'a-1', {
        label: 'Drop',
        voter: voter('ann'),
        through: 'api',
        asked: 'playbook',
        closingNotes: 'known',
      });
    }
    expect(await feedback().history(job.id, 'a-1')).toHaveLength(1);
  });

  it('can be withdrawn; the voter’s last vote on another event of the bucket counts again', async () => {
    const job = await service.job(integrationId);
    await withEvents(job, 'a-1', 'a-2');
    await say(job, 'a-1', 'ann', 'Drop');
    await say(job, 'a-2', 'ann', 'Escalate');
    expect(await feedback().withdraw(job.id, 'a-2', voter('ann'), 'app')).toMatchObject({ classNo: 1 });
    expect(await feedback().withdraw(job.id, 'a-1', voter('ann'), 'app')).toBeUndefined();
    await expect(feedback().withdraw(job.id, 'a-1', voter('ann'), 'app')).rejects.toMatchObject({ code: 'not_found' });
    expect((await service.running.services.jobs.counters(job.id)).eventsWithFeedback).toBe(0);
    expect((await feedback().history(job.id, 'a-2')).map(({ kind }) => kind)).toEqual(['withdraw', 'vote']);
  });

  it('are undecided in a tie, until a lead overrules with a reason, and again when that is lifted', async () => {
    const job = await service.job(integrationId);
    await withEvents(job, 'a-1', 'a-2');
    await say(job, 'a-1', 'ann', 'Drop');
    await say(job, 'a-2', 'ben', 'Escalate');
    expect((await agreed(job, 'a-1'))?.classNo).toBeNull();
    await expect(feedback().overrule(job.id, 'a-1', 'Escalate', ' ', OPERATOR, voter('lea'))).rejects.toMatchObject({
      code: 'invalid',
    });
    await feedback().overrule(job.id, 'a-1', 'Escalate', 'red team', OPERATOR, voter('lea'));
    expect(await agreed(job, 'a-2')).toEqual({ classNo: 0, tally: { 0: 1, 1: 1 }, voters: 2, overruled: true });
    await feedback().lift(job.id, 'a-2', OPERATOR, voter('lea'));
    expect((await agreed(job, 'a-1'))?.classNo).toBeNull();
    await expect(feedback().lift(job.id, 'a-2', OPERATOR, voter('lea'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('stay with the version they were given on: a new version in another bucket starts without', async () => {
    const job = await service.job(integrationId);
    await withEvents(job, 'a-1', 'a-2');
    await say(job, 'a-1', 'ann', 'Drop');
    await service.call('POST', '/api/v1/events/a-1', { job_id: job.id, raw_body: { rule: { name: 'b' } } });
    expect(await agreed(job, 'a-1')).toBeUndefined();
    expect((await agreed(job, 'a-2'))?.classNo).toBe(1);
  });
});

describe('an event-centric job', () => {
  it('shares no votes between events of a bucket', async () => {
    const job = await service.job(integrationId, { category: 'Event centric decision intelligence' });
    await withEvents(job, 'a-1', 'a-2');
    await say(job, 'a-1', 'ann', 'Drop');
    expect((await agreed(job, 'a-1'))?.classNo).toBe(1);
    expect(await agreed(job, 'a-2')).toBeUndefined();
  });
});

describe('a machine', () => {
  it('that repeats our own decision is kept, shown, and does not count; one that disagrees counts', async () => {
    const job = await service.job(integrationId);
    for (const [rule, label] of [
      ['a', 'Drop'],
      ['b', 'Drop'],
      ['c', 'Escalate'],
      ['d', 'Escalate'],
    ] as const) {
      await withEvents(job, `${rule}-1`);
      await say(job, `${rule}-1`, 'ann', label);
    }
    await service.call('POST', `/api/v1/jobs/${job.id}/train`);
    await service.trained(job.id);
    const sent = await service.call('POST', '/api/v1/events/new?wait_ms=1', {
      job_id: job.id,
      raw_body: { rule: { name: 'a' }, user: 'x' },
    });
    const own = sent.body.result_label as string;
    const other = own === 'Drop' ? 'Escalate' : 'Drop';
    expect((await say(job, 'new', 'dbot', own, true)).counted).toBe(false);
    expect(await agreed(job, 'new')).toBeUndefined();
    expect((await feedback().history(job.id, 'new'))[0]).toMatchObject({ voter: { name: 'dbot' }, counted: false });
    expect((await say(job, 'new', 'dbot', other, true)).counted).toBe(true);
  });
});

describe('what votes come to', () => {
  it('is the same however it came about: votes, other ones, withdrawals, overrules', async () => {
    const job = await service.job(integrationId);
    const names = ['z-1', 'z-2', 'z-3'];
    await withEvents(job, ...names);
    const labels = ['Escalate', 'Drop', 'Investigate'];
    // A fixed walk through the combinations that touches every one of them several times.
    for (let turn = 0; turn < 120; turn++) {
      const [eventId, name, label] = [names[turn % 3]!, `v${turn % 4}`, labels[(turn * 7) % 3]!];
      if (turn % 5 === 4)
        await feedback()
          .withdraw(job.id, eventId, voter(name), 'app')
          .catch(() => {});
      else if (turn % 17 === 16) await feedback().overrule(job.id, eventId, label, 'seen', OPERATOR, voter('lead'));
      else if (turn % 19 === 18)
        await feedback()
          .lift(job.id, eventId, OPERATOR, voter('lead'))
          .catch(() => {});
      else await say(job, eventId, name, label);
      const kept = await agreed(job, eventId);
      const { bucketId } = await service.running.services.events.get(job.id, eventId);
      await service.running.services.storage.write((tx) => feedback().recountIn(tx, { kind: 'b', id: bucketId! }, job.id, turn));
      expect(await agreed(job, eventId)).toEqual(kept);
    }
  });
});
