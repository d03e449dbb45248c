import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, startTestService, type TestService } from '../testing.ts';

let service: TestService;
let key: string;
let input: string;
let job: number;
let other: number;

const ALERTS: Record<string, object> = {
  a: { '@timestamp': '2026-03-01T10:00:00Z', rule: { name: 'Port scan', level: 3 }, user: 'ann', port: 22 },
  b: { '@timestamp': '2026-03-02T10:00:00Z', rule: { name: 'Encoded command powershell.exe', level: 9 }, user: 'bob', port: 443 },
  c: { '@timestamp': '2026-03-02T11:00:00Z', rule: { name: 'Encoded command', level: 9 }, user: 'ann', big: 1 },
};

beforeAll(async () => {
  service = await startTestService();
  const made = await service.inputKey();
  input = made.value;
  job = (await service.job(made.integrationId, { title: 'Endpoint' })).id;
  other = (await service.job(made.integrationId, { title: 'Mail' })).id;
  key = await service.managementKey(['read:event_query', 'execute:reprocess_events', 'write:event_agentic_notes']);
  for (const [id, alert] of Object.entries(ALERTS)) {
    // A number that no double holds must come out as it went in.
    const body = JSON.stringify(alert).replace('"big":1', '"big":9223372036854775807');
    const sent = `{"job_id":${job},"title":"Alert ${id}","raw_body":${body}}`;
    expect((await service.call('POST', `/api/v1/events/${id}`, sent, input)).status).toBe(201);
  }
  await service.call('POST', '/api/v1/events/m', { job_id: other, raw_body: { subject: 'Invoice' } }, input);
});
afterAll(() => service.stop());

const ask = <T>(path: string, body: unknown, withKey = key) => service.call<T>('POST', path, body, withKey);
interface Events {
  events: {
    event_id: string;
    job_id: number;
    job_title: string;
    decision_points: object;
    arcanna: { result: string };
    raw_event?: object;
  }[];
  total_count: number;
}
interface Elastic {
  took: number;
  timed_out: boolean;
  hits: {
    total: { value: number; relation: string };
    hits: { _id: string; _source: Record<string, unknown>; sort: unknown[] }[];
  };
  aggregations?: Record<string, { value?: number; buckets?: { key: unknown; doc_count: number; key_as_string?: string }[] }>;
}
const found = async (body: object) =>
  (await ask<Events>('/api/v2/events/query', body)).body.events.map(({ event_id }) => event_id);

describe('POST /api/v2/events/query', () => {
  it('gives the newest events of each job with all that is known', async () => {
    const { status, body } = await ask<Events>('/api/v2/events/query', { size: 2 });
    expect(status).toBe(200);
    expect(body.total_count).toBe(4);
    expect(body.events.map(({ event_id }) => event_id)).toEqual(['m', 'c', 'b']);
    expect(body.events[2]).toMatchObject({
      job_id: job,
      job_title: 'Endpoint',
      decision_points: { 'rule.name': 'Encoded command powershell.exe', user: 'bob' },
      arcanna: { result: 'no_decision', bucket_state: 'new', original_id: 'b' },
      raw_event: ALERTS.b,
    });
  });

  it('keeps numbers as they were sent, and finds by them', async () => {
    const filters = '"filters":[{"field":"big","operator":"is","value":9223372036854775807}]';
    const { text } = await service.call('POST', '/api/v2/events/query', `{${filters}}`, key);
    expect(text).toContain('"big":9223372036854775807');
    expect(text).toContain('"total_count":1');
  });

  it('filters, pages and sorts', async () => {
    const level = { field: 'rule.level', operator: 'gte', value: 9 };
    expect(await found({ job_ids: job, filters: [level] })).toEqual(['c', 'b']);
    expect(await found({ job_titles: ['Endpoint'], size: 1, page: 1 })).toEqual(['b']);
    expect(await found({ job_ids: [job], sort_by_column: 'user', sort_order: 'asc' })).toEqual(['c', 'a', 'b']);
    expect(await found({ event_ids: ['a', 'zz'] })).toEqual(['a']);
    expect(await found({ job_ids: [job], start_date: '2026-03-02', end_date: '2026-03-02T10:00:00' })).toEqual(['b']);
    expect(await found({ job_ids: [job], end_date: '2026-03-01' })).toEqual(['a']);
    expect(await found({ filters: [{ field: 'arcanna.storage_tag', operator: 'exists' }] })).toEqual([]);
  });

  it('compares class ids with the names of labels too, which may be other classes in other jobs', async () => {
    const made = await service.inputKey();
    const vote = async (jobId: number, eventId: string, feedback: string) => {
      await service.call(
        'POST',
        `/api/v1/events/${eventId}`,
        { job_id: jobId, raw_body: { rule: { name: eventId }, user: 'x' } },
        made.value,
      );
      const answer = await service.call('PUT', `/api/v1/events/${jobId}/${eventId}/feedback`, { feedback }, made.value);
      expect(answer.status).toBe(200);
    };
    const usual = await service.job(made.integrationId);
    const turned = await service.job(made.integrationId, { labels: [{ name: 'Drop' }, { name: 'Escalate' }] });
    for (const jobId of [usual.id, turned.id])
      for (const label of ['Drop', 'Escalate']) await vote(jobId, `${jobId}-${label}`, label);
    const job_ids = [usual.id, turned.id];
    const by = (operator: string, value: unknown) =>
      found({ job_ids, filters: [{ field: 'arcanna.consensus', operator, value }], sort_by_column: 'id', sort_order: 'asc' });
    expect(await by('is', 'Drop')).toEqual([`${usual.id}-Drop`, `${turned.id}-Drop`]);
    expect(await by('is one of', ['escalate', 'nothing'])).toEqual([`${usual.id}-Escalate`, `${turned.id}-Escalate`]);
    expect(await by('is not', 'Drop')).toEqual([`${usual.id}-Escalate`, `${turned.id}-Escalate`]);
    expect(await by('is', 'class_0')).toEqual([`${usual.id}-Escalate`, `${turned.id}-Drop`]);
    for (const jobId of job_ids) {
      await service.running.services.jobs.stop(jobId, OPERATOR);
      await service.running.services.jobs.delete(jobId, OPERATOR);
    }
  });

  it('counts alone, and leaves alerts out', async () => {
    expect((await ask('/api/v2/events/query', { count_results_only: true })).body).toEqual({ events: [], total_count: 4 });
    const { body } = await ask<Events>('/api/v2/events/query', { decision_points_only: true, event_ids: 'a' });
    expect(body.events[0]).not.toHaveProperty('raw_event');
  });

  it('refuses what it cannot answer', async () => {
    expect((await ask('/api/v2/events/query', { job_ids: 99 })).status).toBe(404);
    expect((await ask('/api/v2/events/query', { size: 'x' })).status).toBe(400);
    expect((await ask('/api/v2/events/query', '{')).status).toBe(400);
    expect((await ask('/api/v2/events/query', { size: 10_001 })).status).toBe(400);
    expect((await ask('/api/v2/events/query', { start_date: 'soon' })).body).toMatchObject({
      detail: 'start_date: must be a time such as 2026-03-02T09:46:22Z.',
    });
    expect((await ask('/api/v2/events/query', {}, input)).status).toBe(403);
    expect((await ask('/api/v2/events/query', {}, await service.managementKey(['read:resources']))).status).toBe(403);
  });
});

describe('POST /api/v2/events/raw_es_query', () => {
  it('answers in the shape of Elasticsearch', async () => {
    const query_body = {
      query: { bool: { must: [{ match: { 'rule.name': 'command' } }], filter: [{ range: { port: { gte: 1 } } }] } },
      _source: ['rule.*', 'arcanna.result'],
      sort: [{ '@timestamp': 'desc' }],
    };
    const { body } = await ask<Elastic>('/api/v2/events/raw_es_query', { job_ids: job, query_body });
    expect(body).toEqual({
      took: expect.any(Number),
      timed_out: false,
      hits: {
        total: { value: 1, relation: 'eq' },
        max_score: null,
        hits: [
          {
            _index: String(job),
            _id: 'b',
            _score: null,
            _source: { rule: { name: 'Encoded command powershell.exe', level: 9 }, arcanna: { result: 'no_decision' } },
            sort: [Date.parse('2026-03-02T10:00:00Z')],
          },
        ],
      },
    });
  });

  it('aggregates', async () => {
    const aggs = {
      levels: { terms: { field: 'rule.level' }, aggs: { users: { cardinality: { field: 'user.keyword' } } } },
      days: { date_histogram: { field: '@timestamp', calendar_interval: 'day' } },
      highest: { max: { field: 'port' } },
    };
    const { body } = await ask<Elastic>('/api/v2/events/raw_es_query', { job_ids: job, query_body: { size: 0, aggs } });
    expect(body.hits).toEqual({ total: { value: 3, relation: 'eq' }, max_score: null, hits: [] });
    expect(body.aggregations).toEqual({
      levels: {
        doc_count_error_upper_bound: 0,
        sum_other_doc_count: 0,
        buckets: [
          { key: 9, doc_count: 2, users: { value: 2 } },
          { key: 3, doc_count: 1, users: { value: 1 } },
        ],
      },
      days: {
        buckets: [
          { key_as_string: '2026-03-01T00:00:00.000Z', key: Date.parse('2026-03-01'), doc_count: 1 },
          { key_as_string: '2026-03-02T00:00:00.000Z', key: Date.parse('2026-03-02'), doc_count: 2 },
        ],
      },
      highest: { value: 443 },
    });
  });

  it('refuses by name what it does not support', async () => {
    const refuse = async (query_body: object) => {
      const { status, body } = await ask<{ detail: string }>('/api/v2/events/raw_es_query', { query_body });
      return [status, body.detail];
    };
    expect(await refuse({ query: { nested: {} } })).toEqual([400, 'query_body.query: the query "nested" is not supported.']);
    expect(await refuse({ aggs: { x: { geo_bounds: {} } } })).toEqual([
      400,
      'query_body.aggs.x: the aggregation "geo_bounds" is not supported.',
    ]);
    expect(await refuse({ knn: {} })).toEqual([400, 'query_body: "knn" in query_body is not supported.']);
    expect(await refuse({ sort: { user: { order: 'up' } } })).toEqual([400, 'query_body.sort.user.order: must be asc or desc.']);
  });
});

describe('POST /api/v2/filters/…', () => {
  it('lists fields with their operators and jobs, and their types', async () => {
    const { body } = await ask<{ field_name: string }[]>('/api/v2/filters/fields', { job_ids: [job] });
    expect(body.find(({ field_name }) => field_name === 'rule.level')).toEqual({
      field_name: 'rule.level',
      available_operators: ['is', 'is not', 'is one of', 'is not one of', 'exists', 'not exists', 'lt', 'lte', 'gt', 'gte'],
      available_in_jobs: [job],
    });
    const mapping = await ask<Record<string, string>>('/api/v2/filters/fields_mapping', {});
    expect(mapping.body).toMatchObject({
      'rule.name': 'keyword',
      'rule.level': 'long',
      '@timestamp': 'date',
      subject: 'keyword',
    });
    expect(mapping.body).toMatchObject({ 'arcanna.attention.low_confidence_score.attention_required': 'boolean' });
  });
});

describe('reprocessing and notes', () => {
  it('says that there is no model', async () => {
    const refusal = { request: { status: 'NOK', reason: expect.stringContaining('Train a model first'), reason_details: '' } };
    expect((await ask(`/api/v2/events/${job}/reprocess`, {})).body).toMatchObject(refusal);
    expect((await ask(`/api/v2/events/${job}/a/reprocess`, undefined)).body).toMatchObject(refusal);
    expect((await ask(`/api/v2/events/${job}/zz/reprocess`, undefined)).body).toMatchObject({ request: { status: 'NOK' } });
  });

  it('keeps what an agent noted, for people', async () => {
    const note = { agent_notes: 'Our scanner.', agent_saved_objects: { ip: '10.0.0.1' }, workflow_name: 'Triage', session_id: 7 };
    const path = `/api/v2/events/${job}/a/add_agentic_notes`;
    expect((await ask(path, note)).body).toEqual({ status: 'OK', reason: '', reason_details: [] });
    expect((await ask(path, { agent_notes: ' ' })).status).toBe(400);
    expect((await ask(`/api/v2/events/${job}/zz/add_agentic_notes`, note)).status).toBe(404);
    expect((await ask(path, note, input)).status).toBe(403);
    const read = await service.call('GET', `/api/app/jobs/${job}/events/a/notes`, undefined, key);
    expect(read.body).toMatchObject([
      { event_version: 1, text: 'Our scanner.', saved_objects: { ip: '10.0.0.1' }, workflow_name: 'Triage', session_id: '7' },
    ]);
  });

  it('pages with search_after without leaving out an event or telling one twice', async () => {
    const made = await service.inputKey();
    const many = (await service.job(made.integrationId, { title: 'Same moment' })).id;
    const events = Array.from({ length: 7 }, (_, number) => ({
      job_id: many,
      id: `p${number}`,
      raw_body: { '@timestamp': `2026-03-02T10:00:00.00${number < 5 ? '0' : '1'}${number % 2}00Z`, n: number },
    }));
    await service.call('POST', `/api/v1/bulk/${many}`, { count: events.length, events }, made.value);
    const seen: string[] = [];
    for (let after: unknown[] | undefined, pages = 0; pages < 5; pages++) {
      const query_body = { size: 3, sort: [{ '@timestamp': 'desc' }, '_doc'], ...(after ? { search_after: after } : {}) };
      const { body } = await ask<Elastic>('/api/v2/events/raw_es_query', { job_ids: many, query_body });
      expect(body.hits.total.value).toBe(7);
      seen.push(...body.hits.hits.map(({ _source }) => String(_source.n)));
      after = body.hits.hits.at(-1)?.sort;
      if (!after) break;
    }
    expect(seen).toEqual(['5', '6', '1', '3', '0', '2', '4']);
    const refused = await ask('/api/v2/events/raw_es_query', { job_ids: many, query_body: { search_after: [1] } });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining('_doc')]);
  });
});
