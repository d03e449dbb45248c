import { compileDecisionPoints, parseAlert } from '@verdict/engine';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { agree, OVERRULE } from '../feedback/feedback.ts';
import type { Job } from '../jobs/job.ts';
import { idle, LEAD, makeJob, openWorld, send, vote, type World } from '../training/testing.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(world.errors).toEqual([]);
  await world.remove();
});

interface EventRow {
  readonly seq: number;
  readonly points_version: number;
  readonly bucket_id: number | null;
  readonly is_current: number;
  readonly body: string;
}
interface VoteRow {
  readonly event_seq: number;
  readonly voter: string;
  readonly bucket_id: number | null;
  readonly class_no: number;
  readonly feedback_id: number;
}
interface BucketRow {
  readonly id: number;
  readonly points_version: number;
  readonly key: string;
  readonly events: number;
  readonly first_seen_at: number;
  readonly last_seen_at: number;
}

const all = <Row>(sql: string): Promise<Row[]> => world.storage.read((tx) => tx.all<Row>(sql));

/** Checks everything that is derived against what it is derived from. */
async function expectConsistent(job: Job): Promise<void> {
  const events = await all<EventRow>(
    'SELECT e.seq, points_version, bucket_id, is_current, body FROM events e JOIN event_bodies b ON b.seq = e.seq',
  );
  const votes = await all<VoteRow>('SELECT event_seq, voter, bucket_id, class_no, feedback_id FROM votes');
  const buckets = await all<BucketRow>('SELECT * FROM buckets');
  const points = compileDecisionPoints(job.points);
  const byId = new Map(buckets.map((bucket) => [bucket.id, bucket]));
  for (const event of events) {
    if (job.points.length === 0) {
      expect(event.bucket_id).toBeNull();
      continue;
    }
    expect(event.points_version).toBe(job.pointsVersion);
    const bucket = byId.get(event.bucket_id!)!;
    expect(bucket.points_version).toBe(job.pointsVersion);
    expect(bucket.key).toBe(points.key(points.values(parseAlert(event.body))));
  }
  for (const bucket of buckets) {
    const inside = events.filter((event) => event.bucket_id === bucket.id);
    expect(bucket.events).toBe(inside.filter((event) => event.is_current === 1).length);
    expect(bucket.points_version).toBe(job.pointsVersion);
  }
  const units = new Map<string, Map<string, VoteRow>>();
  for (const one of votes) {
    const bucketId = events.find((event) => event.seq === one.event_seq)!.bucket_id;
    expect(one.bucket_id).toBe(bucketId);
    const unit = job.category === 'Decision intelligence' && bucketId !== null ? `b:${bucketId}` : `e:${one.event_seq}`;
    const last = units.get(unit) ?? new Map<string, VoteRow>();
    const known = last.get(one.voter);
    if (!known || known.feedback_id < one.feedback_id) last.set(one.voter, one);
    units.set(unit, last);
  }
  const unitVotes = [...units].flatMap(([unit, last]) =>
    [...last.values()].map((one) => ({ unit, voter: one.voter, class_no: one.class_no, feedback_id: one.feedback_id })),
  );
  const order = (a: { unit: string; voter?: string }, b: { unit: string; voter?: string }) =>
    `${a.unit} ${a.voter}` < `${b.unit} ${b.voter}` ? -1 : 1;
  expect(
    (
      await all<{ unit: string; voter: string }>(
        `SELECT unit_kind || ':' || unit_id AS unit, voter, class_no, feedback_id FROM unit_votes`,
      )
    ).sort(order),
  ).toEqual(unitVotes.sort(order));
  const consensus = [...units].map(([unit, last]) => {
    const agreed = agree([...last.values()].map((one) => ({ voter: one.voter, classNo: one.class_no })))!;
    return { unit, class_no: agreed.classNo, voters: agreed.voters, overrule_id: last.get(OVERRULE)?.feedback_id ?? null };
  });
  expect(
    (
      await all<{ unit: string }>(`SELECT unit_kind || ':' || unit_id AS unit, class_no, voters, overrule_id FROM consensus`)
    ).sort(order),
  ).toEqual(consensus.sort(order));
}

const current = async (id: number) => (await world.jobs.find(id))!;

describe('choosing decision points when events exist', () => {
  it('puts each event in its bucket, the votes that were given with it, and counts them together', async () => {
    const job = await makeJob(world);
    for (let n = 0; n < 20; n++) await send(world, job.id, `e${n}`, { rule: n % 2 ? 'odd' : 'even', n });
    await vote(world, job.id, 'e1', 'Drop', 'ann');
    await vote(world, job.id, 'e3', 'Drop', 'bob');
    await vote(world, job.id, 'e5', 'Escalate', 'ann');
    await world.jobs.update(job.id, { points: ['rule'] }, LEAD);
    await idle(world);
    await expectConsistent(await current(job.id));
    const event = await world.events.get(job.id, 'e19');
    expect(await world.feedback.consensus(await current(job.id), event)).toEqual({
      classNo: null,
      tally: { 0: 1, 1: 1 },
      voters: 2,
      overruled: false,
    });
    expect((await world.tasks.list(job.id))[0]).toMatchObject({
      kind: 'rebucket',
      state: 'done',
      message: '20 events put in buckets.',
    });
    const range = await all<{ first: number; last: number }>(
      'SELECT min(ingested_at) AS first, max(ingested_at) AS last FROM events',
    );
    const spans = await all<BucketRow>('SELECT * FROM buckets ORDER BY first_seen_at');
    expect([spans[0]!.first_seen_at, spans[1]!.last_seen_at]).toEqual([range[0]!.first, range[0]!.last]);
  });

  it('counts only current versions, and moves the votes of older ones to their own bucket', async () => {
    const job = await makeJob(world, { points: ['rule'] });
    await send(world, job.id, 'a', { rule: 'one', user: 'x' });
    await vote(world, job.id, 'a', 'Drop');
    await send(world, job.id, 'a', { rule: 'two', user: 'y' });
    await world.jobs.update(job.id, { points: ['user'] }, LEAD);
    await idle(world);
    await expectConsistent(await current(job.id));
    expect(
      await all(
        'SELECT point_values, b.events, c.class_no FROM buckets b LEFT JOIN consensus c ON c.unit_id = b.id ORDER BY point_values',
      ),
    ).toEqual([
      { point_values: '["x"]', events: 0, class_no: 1 },
      { point_values: '["y"]', events: 1, class_no: null },
    ]);
  });

  it('keeps a bucket that a model was trained on, without events and votes', async () => {
    const job = await makeJob(world, { points: ['rule'] });
    for (let n = 0; n < 4; n++) {
      await send(world, job.id, `e${n}`, { rule: `r${n}`, user: 'x' });
      await vote(world, job.id, `e${n}`, n % 2 ? 'Drop' : 'Escalate');
    }
    await send(world, job.id, 'plain', { rule: 'unlabelled', user: 'x' });
    const { taskId } = await world.training.requestTraining(job.id, LEAD);
    await world.tasks.finished(taskId!);
    await world.jobs.update(job.id, { points: ['user'] }, LEAD);
    await idle(world);
    expect(
      await all(
        'SELECT points_version, point_values, events, (SELECT count(*) FROM consensus c WHERE c.unit_id = b.id) AS agreed FROM buckets b ORDER BY points_version, point_values',
      ),
    ).toEqual([
      ...[0, 1, 2, 3].map((n) => ({ points_version: 1, point_values: `["r${n}"]`, events: 0, agreed: 0 })),
      { points_version: 2, point_values: '["x"]', events: 5, agreed: 1 },
    ]);
  });

  it('ends when they change again, and the task of that change does the rest', async () => {
    await world.close();
    world = await openWorld(world.folder, false);
    const job = await makeJob(world);
    for (let n = 0; n < 10; n++) await send(world, job.id, `e${n}`, { rule: n % 3, user: n % 2 });
    await world.jobs.update(job.id, { points: ['rule'] }, LEAD);
    await world.jobs.update(job.id, { points: ['user'] }, LEAD);
    await world.tasks.start();
    await idle(world);
    await expectConsistent(await current(job.id));
    expect((await world.tasks.list(job.id)).map((task) => task.message)).toEqual([
      '10 events put in buckets.',
      'The decision points were changed again; the task of that change goes on.',
    ]);
  });

  it('counts feedback anew when the category changes', async () => {
    const job = await makeJob(world, { points: ['rule'] });
    for (const id of ['a', 'b']) await send(world, job.id, id, { rule: 1, id });
    await vote(world, job.id, 'a', 'Drop');
    await vote(world, job.id, 'b', 'Escalate');
    for (const category of ['Event centric decision intelligence', 'Decision intelligence']) {
      await world.jobs.update(job.id, { category }, LEAD);
      await idle(world);
      await expectConsistent(await current(job.id));
    }
  });
});

describe('whatever happens at once', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), id: fc.nat(15), rule: fc.nat(2), user: fc.nat(2) }) },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('vote' as const), id: fc.nat(15), label: fc.nat(2), voter: fc.nat(2) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), id: fc.nat(15), voter: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('overrule' as const), id: fc.nat(15), label: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lift' as const), id: fc.nat(15) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('points' as const), points: fc.subarray(['rule', 'user']) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('category' as const), shared: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
  const LABELS = ['Escalate', 'Drop', 'Investigate'];

  /** What cannot be done now (no such event, nothing to withdraw) is no matter here. */
  const attempt = async (action: Promise<unknown>) => {
    await action.catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
    });
  };

  async function perform(jobId: number, one: Step, open: Promise<unknown>[]): Promise<void> {
    const begin = (action: Promise<unknown>) => void open.push(attempt(action));
    const lead = { id: 'user:lea', name: 'lea' };
    switch (one.kind) {
      case 'send':
        return begin(send(world, jobId, `e${one.id}`, { rule: one.rule, user: one.user }));
      case 'vote':
        return begin(vote(world, jobId, `e${one.id}`, LABELS[one.label]!, `v${one.voter}`));
      case 'withdraw':
        return begin(world.feedback.withdraw(jobId, `e${one.id}`, { id: `user:v${one.voter}`, name: 'v' }, 'app'));
      case 'overrule':
        return begin(world.feedback.overrule(jobId, `e${one.id}`, LABELS[one.label]!, 'because', LEAD, lead));
      case 'lift':
        return begin(world.feedback.lift(jobId, `e${one.id}`, LEAD, lead));
      case 'points':
        return begin(world.jobs.update(jobId, { points: one.points }, LEAD));
      case 'category':
        return begin(
          world.jobs.update(
            jobId,
            { category: one.shared ? 'Decision intelligence' : 'Event centric decision intelligence' },
            LEAD,
          ),
        );
      case 'wait':
        await Promise.all(open.splice(0));
        return;
      case 'restart':
        await Promise.all(open.splice(0));
        await world.close();
        world = await openWorld(world.folder);
    }
  }

  it('events, counts, votes and consensus fit together in the end', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        await world.remove();
        world = await openWorld();
        const job = await makeJob(world, { title: `Run ${runs++}` });
        const open: Promise<unknown>[] = [];
        for (const one of steps) await perform(job.id, one, open);
        await Promise.all(open);
        await idle(world);
        expect(world.errors).toEqual([]);
        await expectConsistent(await current(job.id));
      }),
      { numRuns: 25 },
    );
  });
});
