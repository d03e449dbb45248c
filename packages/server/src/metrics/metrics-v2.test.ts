import { type JobAndModelMetrics, JobMetrics, ModelMetricsView, RecomputeAnswer } from '@verdict/contract';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';
import { MetricsService } from './metrics-service.ts';

/** Members of an answer that the tests read. */
type Body = JobMetrics &
  JobAndModelMetrics &
  ModelMetricsView &
  RecomputeAnswer & { error: string; details: string; detail: string };

let service: TestService;
let key: string;
let input: string;
let integrationId: number;

beforeAll(async () => {
  service = await startTestService();
  key = await service.managementKey(['read:job_metrics', 'execute:recompute_model_metrics', 'write:event_feedback']);
  const made = await service.inputKey();
  input = made.value;
  integrationId = made.integrationId;
});
afterAll(() => service.stop());

const newJob = (title: string, category?: string) =>
  service.job(integrationId, { title, ...(category ? { category } : {}), settings: { minutesPerAlert: 4 } });

async function send(jobId: number, eventId: string, rule: string, user: string, day = 1): Promise<void> {
  const alert = { '@timestamp': `2024-03-${String(day).padStart(2, '0')}T12:00:00Z`, rule: { name: rule }, user };
  const { status } = await service.call('POST', `/api/v1/events/${eventId}`, { job_id: jobId, raw_body: alert }, input);
  expect(status).toBe(201);
}

async function say(jobId: number, eventId: string, label: string): Promise<void> {
  const path = `/api/v2/events/${jobId}/${eventId}/feedback?feedback_label=${label}`;
  expect((await service.call('PUT', path, undefined, key)).status).toBe(200);
}

async function train(jobId: number): Promise<number> {
  const origin = { principal: { kind: 'operator', name: 'o' }, address: 'test' } as const;
  const { ok, sentence } = await service.running.services.training.requestTraining(jobId, origin);
  expect({ ok, sentence }).toMatchObject({ ok: true });
  const { activeModelId } = await service.trained(jobId);
  return activeModelId!;
}

const ofJob = (query: string, body: unknown = {}) => service.call<Body>('POST', `/api/v2/metrics/job?${query}`, body, key);
const ofModel = (query: string) => service.call<Body>('GET', `/api/v2/metrics/model?${query}`, undefined, key);

/** Scans on three days that people drop, malware that they escalate: 24 buckets, trained on; the job's number and its model's. */
async function trainedJob(title: string, category?: string): Promise<{ jobId: number; modelId: number }> {
  const { id } = await newJob(title, category);
  for (let i = 0; i < 12; i++) {
    await send(id, `scan-${i}`, 'scan', `u${i}`, 1 + (i % 3));
    await say(id, `scan-${i}`, 'Drop');
    await send(id, `mal-${i}`, 'malware', `u${i}`, 1 + (i % 3));
    await say(id, `mal-${i}`, 'Escalate');
  }
  return { jobId: id, modelId: await train(id) };
}

describe('a job without a model', () => {
  it('has events, and null where there is nothing to count', async () => {
    const { id } = await newJob('Empty');
    const none = await ofJob(`job_id=${id}`);
    expect(none.status).toBe(200);
    expect(Value.Check(JobMetrics, none.body)).toBe(true);
    expect(none.body).toMatchObject({
      start_time: null,
      end_time: null,
      overall_accuracy: null,
      overall_f1_score: null,
      time_saved_minutes: 0,
      active_model_id: null,
      all_model_ids: [],
      total_events: 0,
      confusion_matrix: [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
    await send(id, 'one', 'scan', 'a');
    await say(id, 'one', 'Drop');
    const one = await ofJob(`job_id=${id}`);
    expect(one.body).toMatchObject({
      start_time: '2024-03-01T12:00:00.000000Z',
      end_time: '2024-03-01T12:00:00.000000Z',
      total_events: 1,
      total_events_with_consensus: 1,
      total_events_in_knowledge_base: 0,
      overall_accuracy: null,
      changed_consensus_after_training: { total_events: 0, top_events_ids: [], top_buckets_ids: [] },
    });
    const both = await service.call<Body>('POST', `/api/v2/metrics/job_and_latest_model?job_id=${id}`, undefined, key);
    expect(both.body).toEqual({ ...one.body, active_model_metrics: null });
  });
});

describe('a trained job', () => {
  let jobId: number;
  let modelId: number;
  beforeAll(async () => {
    ({ jobId, modelId } = await trainedJob('Trained'));
    // Decided by the model: seven as people say (one bucket of four events, one of three), two not.
    for (let i = 0; i < 4; i++) await send(jobId, `later-scan-${i}`, 'scan', 'new1', 10);
    for (let i = 0; i < 3; i++) await send(jobId, `later-mal-${i}`, 'malware', 'new1', 10);
    for (let i = 0; i < 2; i++) await send(jobId, `odd-${i}`, 'scan', 'new2', 11);
    await send(jobId, 'nobody', 'scan', 'new3', 11);
    await say(jobId, 'later-scan-0', 'Drop');
    await say(jobId, 'later-mal-0', 'Escalate');
    await say(jobId, 'odd-1', 'Escalate');
  });

  it('counts each event once, with its decision and what people agree on for its bucket', async () => {
    const { status, body } = await ofJob(`job_id=${jobId}`);
    expect(status).toBe(200);
    expect(Value.Check(JobMetrics, body)).toBe(true);
    // The first 24 came before the model and have no decision.
    expect(body.confusion_matrix).toEqual([
      [3, 2, 0],
      [0, 4, 0],
      [0, 0, 0],
    ]);
    expect(body).toMatchObject({
      total_events: 34,
      total_events_with_consensus: 33,
      total_events_in_knowledge_base: 24,
      time_saved_minutes: 28,
      active_model_id: String(modelId),
      all_model_ids: [String(modelId)],
      start_time: '2024-03-01T12:00:00.000000Z',
      end_time: '2024-03-11T12:00:00.000000Z',
    });
    expect(body.overall_accuracy).toBeCloseTo(7 / 9, 12);
    expect(body.overall_recall).toBeCloseTo((3 / 5 + 1) / 2, 12);
    expect(body.overall_precision).toBeCloseTo((1 + 4 / 6) / 2, 12);
    expect(body.overall_f1_score).toBeCloseTo((6 / 8 + 8 / 10) / 2, 12);
    expect(Object.keys(body.metrics_per_decision)).toEqual(['Escalate', 'Drop', 'Investigate']);
    expect(body.metrics_per_decision.Escalate).toMatchObject({
      true_positives: 3,
      false_negatives: 2,
      false_positives: 0,
      true_negatives: 4,
      precision: 1,
      recall: 0.6,
    });
    expect(body.metrics_per_decision.Investigate).toMatchObject({ precision: null, recall: null, f1_score: null });
  });

  it('is found by its title too, and counts the events of a time, both ends in it', async () => {
    const tenth = await ofJob('job_id=Trained&start_datetime=2024-03-10T12:00:00Z&end_datetime=2024-03-10T12:00:00Z');
    expect(tenth.body).toMatchObject({
      total_events: 7,
      overall_accuracy: 1,
      time_saved_minutes: 28,
      start_time: '2024-03-10T12:00:00.000000Z',
    });
    const later = await ofJob(`job_id=${jobId}&start_datetime=2024-03-10T12:00:00.000001Z`);
    expect(later.body).toMatchObject({ total_events: 3, overall_accuracy: 0, start_time: '2024-03-10T12:00:00.000001Z' });
    expect((await ofJob(`job_id=${jobId}&end_datetime=2024-02-01`)).body).toMatchObject({ total_events: 0, start_time: null });
  });

  it('tells the events whose consensus changed after the training', async () => {
    const knownOf = async () => (await ofJob(`job_id=${jobId}`)).body;
    await say(jobId, 'scan-4', 'Escalate');
    await send(jobId, 'scan-4-again', 'scan', 'u4', 12);
    await say(jobId, 'mal-5', 'Investigate');
    const event = await service.running.services.events.get(jobId, 'scan-4');
    const other = await service.running.services.events.get(jobId, 'mal-5');
    expect((await knownOf()).changed_consensus_after_training).toEqual({
      total_events: 3,
      top_events_ids: ['scan-4-again', 'mal-5', 'scan-4'],
      top_buckets_ids: [String(event.bucketId), String(other.bucketId)],
    });
    expect((await knownOf()).total_events_in_knowledge_base).toBe(25);
    await say(jobId, 'scan-4', 'Drop');
    await say(jobId, 'mal-5', 'Escalate');
    expect((await knownOf()).changed_consensus_after_training.total_events).toBe(0);
  });

  it('counts only the events that filters choose', async () => {
    const { body } = await ofJob(`job_id=${jobId}`, { filters: [{ field: 'user', operator: 'is', value: 'new1' }] });
    expect(body).toMatchObject({ total_events: 7, overall_accuracy: 1, total_events_with_consensus: 7, time_saved_minutes: 28 });
    const within = { filters: [{ field: 'rule.name', operator: 'is', value: 'scan' }] };
    const one = await ofJob(`job_id=${jobId}&start_datetime=2024-03-11&end_datetime=2024-03-11`, within);
    expect(one.body).toMatchObject({ total_events: 3, overall_accuracy: 0, end_time: '2024-03-11T23:59:59.999999Z' });
    const none = await ofJob(`job_id=${jobId}`, { filters: [{ field: 'user', operator: 'is', value: 'nobody' }] });
    expect(none.body).toMatchObject({ total_events: 0, overall_accuracy: null, start_time: null });
    await say(jobId, 'scan-4', 'Escalate');
    const changed = await ofJob(`job_id=${jobId}`, { filters: [{ field: 'user', operator: 'is one of', value: ['u4', 'u5'] }] });
    expect(changed.body.changed_consensus_after_training).toMatchObject({
      total_events: 2,
      top_events_ids: ['scan-4-again', 'scan-4'],
    });
    await say(jobId, 'scan-4', 'Drop');
  });

  it('comes to the same in pieces of any size', async () => {
    const { storage, audit, training, tasks, jobs } = service.running.services;
    const job = (await jobs.find(jobId))!;
    await say(jobId, 'scan-4', 'Escalate');
    const ids = ['later-scan-0', 'mal-3', 'scan-4-again', 'odd-0', 'nothing', 'scan-4', 'mal-5'];
    for (const only of [undefined, ids]) {
      const whole = await new MetricsService(storage, audit, training, tasks).ofJob(job, null, null, only);
      expect(whole.events).toBe(only ? 6 : 35);
      expect(whole.changed.eventIds).toEqual(['scan-4-again', 'scan-4']);
      for (const size of [1, 2, 7]) {
        const pieces = await new MetricsService(storage, audit, training, tasks, size).ofJob(job, null, null, only);
        expect(pieces).toEqual(whole);
      }
    }
    await say(jobId, 'scan-4', 'Drop');
  });

  it('gives the figures of its model beside its own', async () => {
    const own = await ofJob(`job_id=${jobId}`);
    const model = await ofModel(`job_id=${jobId}&model_id=${modelId}`);
    const both = await service.call<Body>(
      'POST',
      `/api/v2/metrics/job_and_latest_model?job_id=${jobId}&timeout_s=2.5`,
      { filters: null },
      key,
    );
    expect(both.body).toEqual({ ...own.body, active_model_metrics: model.body });
  });

  it('refuses dates that are none, an end before the start, filters that are wrong, and jobs that are not there', async () => {
    const bad = async (query: string, status: number, sentence: RegExp, body: unknown = {}) => {
      const answer = await ofJob(query, body);
      expect([query, answer.status]).toEqual([query, status]);
      expect(answer.body.detail).toMatch(sentence);
    };
    await bad(`job_id=${jobId}&start_datetime=yesterday`, 400, /start_datetime/);
    await bad(`job_id=${jobId}&start_datetime=2024-03-02&end_datetime=2024-03-01`, 400, /end_datetime/);
    await bad(`job_id=${jobId}`, 400, /operator/, { filters: [{ field: 'user', operator: 'resembles' }] });
    await bad(`job_id=${jobId}`, 400, /filters/, { filters: 'user' });
    await bad(`job_id=${jobId}`, 400, /body/, '[]');
    await bad(`job_id=${jobId}`, 400, /JSON/, '{"filters"');
    await bad('job_id=99999', 404, /99999/);
    await bad('job_id=No such title', 404, /No such title/);
    await bad('', 400, /job_id/);
  });
});

describe('the figures of a model', () => {
  it('are those of its training until they are computed anew; then what was labelled since counts too', async () => {
    const { jobId, modelId } = await trainedJob('Recomputed');
    const before = await ofModel(`job_id=Recomputed&model_id=${modelId}`);
    expect(before.status).toBe(200);
    expect(Value.Check(ModelMetricsView, before.body)).toBe(true);
    const { metrics } = await service.running.services.training.model(jobId, modelId);
    expect(before.body).toMatchObject({
      model_id: String(modelId),
      is_recomputing_metrics: false,
      last_recomputed_timestamp: null,
      overall_accuracy: metrics.accuracy,
      confusion_matrix: metrics.confusion,
    });
    // Not learned: one bucket that it decides rightly, one wrongly; one that it learned and people see otherwise now.
    await send(jobId, 'new-mal', 'malware', 'x');
    await say(jobId, 'new-mal', 'Escalate');
    await send(jobId, 'new-scan', 'scan', 'y');
    await say(jobId, 'new-scan', 'Investigate');
    await say(jobId, 'scan-1', 'Escalate');

    const asked = await service.call<Body>(
      'POST',
      `/api/v2/metrics/model/request_recompute_metrics?job_id=${jobId}&model_id=${modelId}`,
      undefined,
      key,
    );
    expect(asked.status).toBe(200);
    expect(Value.Check(RecomputeAnswer, asked.body)).toBe(true);
    expect(asked.body).toMatchObject({ job_id: jobId, model_id: String(modelId), status: 'started' });
    const done = await service.call<Body>(
      'POST',
      `/api/v2/metrics/job_and_latest_model?job_id=${jobId}&timeout_s=20`,
      undefined,
      key,
    );
    const after = done.body.active_model_metrics!;
    const expected = metrics.confusion.map((row) => [...row]);
    expected[0]![0]!++;
    expected[2]![1]!++;
    expected[0]![1]!++;
    expect(after.confusion_matrix).toEqual(expected);
    expect(after.is_recomputing_metrics).toBe(false);
    expect(after.last_recomputed_timestamp).toMatch(/^\d{4}-.*Z$/);
    const [task] = await service.running.services.tasks.list(jobId, 1);
    expect(task).toMatchObject({ kind: 'recompute_metrics', state: 'done' });
    expect(task!.message).toBe(
      `The metrics of model ${modelId} are from ${metrics.rows + 3} units, 3 of them labelled since its training.`,
    );
  });

  it('stay those of its training when the same is only called otherwise: other decision points, another way of counting', async () => {
    const { jobId, modelId } = await trainedJob('Renamed');
    const { jobs, tasks, training, buckets } = service.running.services;
    const origin = { principal: { kind: 'operator', name: 'o' }, address: 'test' } as const;
    const { metrics } = await training.model(jobId, modelId);
    const recomputed = async () => {
      for (const task of await tasks.list(jobId)) await tasks.finished(task.id);
      const path = `/api/v2/metrics/model/request_recompute_metrics?job_id=${jobId}&model_id=${modelId}`;
      expect((await service.call('POST', path, undefined, key)).status).toBe(200);
      const [task] = await tasks.list(jobId, 1);
      expect((await tasks.finished(task!.id)).state).toBe('done');
      return (await ofModel(`job_id=${jobId}&model_id=${modelId}`)).body.confusion_matrix;
    };
    expect(await recomputed()).toEqual(metrics.confusion);
    await jobs.update(jobId, { points: ['user', 'rule.name', 'note'] }, origin);
    expect(await recomputed()).toEqual(metrics.confusion);
    expect((await buckets.list(jobId, 2, 100, 0)).length).toBe(24);
    await send(jobId, 'another', 'malware', 'w');
    await say(jobId, 'another', 'Escalate');
    const expected = metrics.confusion.map((row) => [...row]);
    expected[0]![0]!++;
    expect(await recomputed()).toEqual(expected);
    await jobs.update(jobId, { category: 'Event centric decision intelligence' }, origin);
    expect(await recomputed()).toEqual(expected);
  });

  it('are computed once at a time', async () => {
    const { jobId, modelId } = await trainedJob('Twice');
    const path = `/api/v2/metrics/model/request_recompute_metrics?job_id=${jobId}&model_id=${modelId}`;
    const answers = await Promise.all([1, 2, 3].map(() => service.call<Body>('POST', path, undefined, key)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const tasks = (await service.running.services.tasks.list(jobId)).filter(({ kind }) => kind === 'recompute_metrics');
    expect(tasks.length).toBe(answers.filter(({ body }) => body.status === 'started').length);
    for (const { id } of tasks) expect((await service.running.services.tasks.finished(id)).state).toBe('done');
  });

  it('are 404 in their own words for a model that is not there, of another job, or no number', async () => {
    const { jobId, modelId } = await trainedJob('Mine');
    const other = await newJob('Other');
    for (const [job, model] of [
      [jobId, '99999'],
      [jobId, 'abc'],
      [jobId, '0'],
    ]) {
      const answer = await ofModel(`job_id=${job}&model_id=${model}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ error: 'Model not found', details: `Job ${jobId} has the models ${modelId}.` });
    }
    const path = `/api/v2/metrics/model/request_recompute_metrics?job_id=${other.id}&model_id=${modelId}`;
    const answer = await service.call<Body>('POST', path, undefined, key);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ error: 'Model not found', details: `Job ${other.id} has no models yet; train it first.` });
  });
});

describe('a job whose events stand on their own', () => {
  it('counts the consensus of each event alone', async () => {
    const { jobId } = await trainedJob('Alone', 'Event centric decision intelligence');
    await send(jobId, 'a1', 'scan', 'z', 5);
    await send(jobId, 'a2', 'scan', 'z', 5);
    await say(jobId, 'a1', 'Escalate');
    await say(jobId, 'scan-3', 'Escalate');
    const { body } = await ofJob(`job_id=${jobId}`);
    expect(body).toMatchObject({
      total_events: 26,
      total_events_with_consensus: 25,
      total_events_in_knowledge_base: 24,
      overall_accuracy: 0,
      changed_consensus_after_training: { total_events: 1, top_events_ids: ['scan-3'], top_buckets_ids: [] },
    });
    expect(body.confusion_matrix[0]).toEqual([0, 1, 0]);
  });
});
