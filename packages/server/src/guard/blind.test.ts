import type { AppBuckets, AppEvent, AppInfluence, AppPointsPreview, AppShadowReport, AppVotesDone } from '@verdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../http/principal.ts';
import type { Job } from '../jobs/job.ts';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

/** What people see of events that wait for a blind label, and the lists that they label from. */

let service: TestService;
let job: Job;
let input: string;
let analyst: Record<string, string>;
const DROP = 1;

beforeAll(async () => {
  service = await startTestService();
  const made = await service.inputKey();
  input = made.value;
  job = await service.job(made.integrationId, { settings: { auditRate: 1 } });
  for (let index = 0; index < 24; index++) await send(`l${index}`, index % 2 ? 'beacon' : 'scan', `u${index}`);
  // The first model learns the contrary of what the second one does, and goes on silently as its shadow.
  const first = await trainOn('Drop', 'Escalate');
  await trainOn('Escalate', 'Drop');
  job = (await service.running.services.jobs.find(job.id))!;
  await service.running.services.training.activate(job.id, (await newest()).id, OPERATOR);
  const operator = await service.managementKey(['execute:job_operations', 'read:resources']);
  await service.call('PUT', `/api/app/jobs/${job.id}/shadow`, { model_id: first }, operator);
  job = (await service.running.services.jobs.find(job.id))!;
  await service.running.services.guards.open(job, DROP, 0.1, undefined, OPERATOR);
  analyst = await person('ben', 'analyst');
  await send('drawn', 'scan', 'somebody');
});
afterAll(() => service.stop());

async function person(name: string, role: Role): Promise<Record<string, string>> {
  const { access } = service.running.services;
  const password = 'correct horse battery staple';
  await access.users.add(OPERATOR, { name, role, password });
  const session = await access.sessions.signIn(name, password, 'test');
  return { cookie: `verdict_session=${session.token}`, 'x-verdict-csrf': session.csrf };
}
const newest = async () => (await service.running.services.training.models(job.id))[0]!;
async function trainOn(beacon: string, scan: string): Promise<number> {
  for (let index = 0; index < 24; index++) {
    await service.call('PUT', `/api/v1/events/${job.id}/l${index}/feedback`, {
      feedback: index % 2 ? beacon : scan,
      cortex_user: 'alice',
    });
  }
  await service.call('POST', `/api/v1/jobs/${job.id}/train`);
  await service.trained(job.id);
  return (await newest()).id;
}
const shadowReport = async (key: string | null, headers: Record<string, string>) =>
  (await service.call<AppShadowReport>('GET', `/api/app/jobs/${job.id}/shadow`, undefined, key, headers)).body;
const send = (id: string, rule: string, user: string) =>
  service.call('POST', `/api/v1/events/${id}?wait_ms=1`, { job_id: job.id, raw_body: { rule: { name: rule }, user } }, input);
const app = <Body>(method: string, path: string, body?: unknown) =>
  service.call<Body>(method, `/api/app/jobs/${job.id}${path}`, body, null, analyst);
const hit = async () => {
  const asked = { job_ids: [job.id], query_body: { query: { ids: { values: ['drawn'] } } } };
  const { body } = await service.call<{ hits: { hits: { _source: { arcanna: Record<string, unknown> } }[] } }>(
    'POST',
    '/api/v2/events/raw_es_query',
    asked,
    null,
    analyst,
  );
  return body.hits.hits[0]!._source.arcanna;
};
const countOf = async (label: string) => {
  const query = { term: { 'arcanna.result_label': label } };
  const asked = { job_ids: [job.id], query_body: { query, size: 0 } };
  const { body } = await service.call<{ hits: { total: { value: number } } }>(
    'POST',
    '/api/v2/events/raw_es_query',
    asked,
    null,
    analyst,
  );
  return body.hits.total.value;
};

describe('an event that waits for a blind label', () => {
  it('shows people nothing of what the machine says of it, also not when they search', async () => {
    const { body: event } = await app<AppEvent>('GET', '/events/drawn');
    expect(event).toMatchObject({ blind: true, reasons: [], explanation: null, past_decisions: [] });
    expect(event.decision).toMatchObject({ label: null, confidence: null, model_id: null });
    expect(event.automation_reason).toContain('drawn at random');
    expect(await hit()).toMatchObject({ result_label: null, confidence_score: null, outlier_flag: null });
    expect(await countOf('Drop')).toBe(0);
    const { body: buckets } = await app<AppBuckets>('GET', '/buckets?limit=500');
    const own = buckets.buckets.find((bucket) => bucket.example_event_id === 'drawn');
    expect(own).toMatchObject({ blind: true, decision: null });
    const { text } = await app('POST', '/export', { format: 'ndjson', query: { ids: { values: ['drawn'] } } });
    expect(JSON.parse(text).arcanna.result_label).toBeNull();
  });

  it('still answers playbooks in full', async () => {
    const { body } = await service.call('GET', `/api/v1/events/${job.id}/drawn`, undefined, input);
    expect(body.result_label).toBe('Drop');
  });

  it('is not among what a shadow model is compared on, for whoever may label it', async () => {
    expect(await shadowReport(null, analyst)).toMatchObject({ decided: 1, compared: 0, table: [], differences: [] });
    const reader = await service.managementKey(['read:resources']);
    const seen = await shadowReport(reader, {});
    expect(seen).toMatchObject({ decided: 1, compared: 1, differences: [{ event_id: 'drawn', active: 'Drop' }] });
  });

  it('shows everything once it is labelled', async () => {
    const { body } = await app<{ audits: { audit_id: number }[] }>('GET', '/guard/audits');
    expect((await app('POST', `/guard/audits/${body.audits[0]!.audit_id}`, { label: 'Drop' })).status).toBe(200);
    const { body: event } = await app<AppEvent>('GET', '/events/drawn');
    expect(event).toMatchObject({ blind: false, own_label: 'Drop', decision: { label: 'Drop' } });
    expect(event.explanation?.nearest.length).toBeGreaterThan(0);
    expect(await countOf('Drop')).toBe(1);
    expect(await shadowReport(null, analyst)).toMatchObject({ compared: 1, differences: [{ event_id: 'drawn' }] });
  });
});

describe('many votes at once', () => {
  it('are taken one by one, and say what an undo gives back', async () => {
    const votes = [
      { event_id: 'l0', label: 'Escalate' },
      { event_id: 'nowhere', label: 'Drop' },
      { event_id: 'l1', label: 'No such label' },
    ];
    const first = (await app<AppVotesDone>('POST', '/feedback', { votes })).body.results;
    expect(first.map(({ error }) => error === '')).toEqual([true, false, false]);
    expect(first[0]!.before).toBeNull();
    const again = await app<AppVotesDone>('POST', '/feedback', { votes: [{ event_id: 'l0', label: 'Drop' }] });
    expect(again.body.results[0]!.before).toBe('Escalate');
    expect((await app<AppEvent>('GET', '/events/l0')).body.own_label).toBe('Drop');
    await app('POST', '/feedback', { votes: [{ event_id: 'l0', label: null }] });
    expect((await app<AppEvent>('GET', '/events/l0')).body.own_label).toBeNull();
    // Taking back what is not there is no mistake: an undo that is sent twice.
    const twice = await app<AppVotesDone>('POST', '/feedback', { votes: [{ event_id: 'l0', label: null }] });
    expect(twice.body.results[0]).toMatchObject({ error: '', before: null });
  });
});

describe('the lists that people label from', () => {
  it('are counted, paged and follow what people say', async () => {
    const list = (queue: string, limit = 500) => app<AppBuckets>('GET', `/buckets?queue=${queue}&limit=${limit}`);
    const { body: all } = await list('all', 2);
    expect(all.buckets).toHaveLength(2);
    expect(all.total).toBe(25);
    expect(all.counts).toMatchObject({ all: 25, disagreements: 0, undecided: 0 });
    await app('POST', '/feedback', { votes: [{ event_id: 'l3', label: 'Drop' }] });
    const { body: undecided } = await list('undecided');
    expect(undecided.buckets.map((bucket) => bucket.example_event_id)).toEqual(['l3']);
    expect(undecided.buckets[0]).toMatchObject({ own_label: 'Drop', consensus: { label: null } });
    expect((await list('disagreements')).body.total).toBe(1);
    const ids = [undecided.buckets[0]!.bucket_id, 999_999];
    const { body: found } = await app<AppBuckets>('POST', '/buckets', { bucket_ids: ids });
    expect(found.buckets.map((bucket) => bucket.bucket_id)).toEqual(ids.slice(0, 1));
  });
});

describe('decision points', () => {
  it('are tried out on stored events', async () => {
    const preview = (points: string[]) => app<AppPointsPreview>('POST', '/decision-points/preview', { decision_points: points });
    const { body } = await preview(['rule.name']);
    expect(body).toMatchObject({ events: 25, buckets: 2, single: 0, empty: 0, top_10: 1, labelled: 2, conflicts: 0 });
    expect(body.biggest[0]).toMatchObject({ events: 13, labels: ['Drop'] });
    expect((await preview(['nothing.here'])).body).toMatchObject({ buckets: 1, empty: 25, conflicts: 1 });
    expect((await preview(['a..b'])).status).toBe(400);
  });

  it('weigh what the decisions hang on', async () => {
    const { body } = await app<AppInfluence>('GET', `/models/${job.activeModelId}/influence`);
    expect(body.buckets).toBe(25);
    expect(body.points.map((point) => point.decision_point)).toEqual(['rule.name', 'user']);
    expect(body.points[0]!.weight).toBeGreaterThan(body.points[1]!.weight);
    expect(body.points[0]!.towards).toBeGreaterThan(0.9);
    expect((await app('GET', '/models/999/influence')).status).toBe(404);
  });
});
