import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../testing.ts';
import { IMPORT_EVENTS_MAX } from './ingest-app.ts';

let service: TestService;
let integrationId: number;
let key: string;
let jobId: number;

beforeAll(async () => {
  service = await startTestService();
  ({ integrationId } = await service.inputKey());
  key = await service.managementKey(['write:events', 'write:event_feedback', 'read:event_query', 'read:resources']);
});

afterAll(() => service.stop());

beforeEach(async () => {
  jobId = (await service.job(integrationId)).id;
});

interface Imported {
  readonly results: { event_id: string; outcome: string; labelled: boolean; error: string }[];
}
const importInto = (body: unknown, withKey = key, id = jobId) =>
  service.call<Imported & { detail: string }>('POST', `/api/app/jobs/${id}/import`, body, withKey);
const event = (id: string) =>
  service.call<{
    consensus: { label: string | null; votes: Record<string, number> } | null;
    feedback: unknown[];
    raw_event: string;
    event_at: string;
  }>('GET', `/api/app/jobs/${jobId}/events/${id}`, undefined, key);
const alert = (user: string) => ({ rule: { name: 'Encoded command' }, user });

describe('import', () => {
  it('stores alerts with their labels, times and own bytes; the same again changes nothing', async () => {
    const body = `{"feedback_as":"ada","events":[{"event_id":"a-1","label":"drop","time":1642118401.25,"group":"i-1","event":{"rule":{"name":"Encoded command"},"user":"u1","big": 12345678901234567890}}]}`;
    const first = await importInto(body);
    expect(first.status).toBe(200);
    expect(first.body.results).toEqual([{ event_id: 'a-1', outcome: 'new', labelled: true, error: '' }]);
    const stored = (await event('a-1')).body;
    expect(stored.raw_event).toContain('"big": 12345678901234567890');
    expect(stored.event_at).toBe('2022-01-14T00:00:01.250000Z');
    expect(stored.consensus).toEqual({ label: 'Drop', votes: { Drop: 1 }, overruled: false });
    expect(stored.feedback).toMatchObject([{ kind: 'vote', label: 'Drop', by: 'ada', through: 'import', asked: 'import' }]);

    const again = await importInto(body);
    expect(again.body.results).toEqual([{ event_id: 'a-1', outcome: 'repeated', labelled: true, error: '' }]);
    expect((await event('a-1')).body.feedback).toHaveLength(1);
  });

  it('counts each label of a bucket as the word of one person, so that different ones are a distribution', async () => {
    const events = ['Drop', 'Drop', 'Escalate'].map((label, index) => ({
      event_id: `b-${index}`,
      label,
      event: { ...alert('u2'), n: index },
    }));
    await importInto({ events });
    expect((await event('b-0')).body.consensus).toEqual({ label: 'Drop', votes: { Drop: 2, Escalate: 1 }, overruled: false });
  });

  it('replaces the label of an alert that is imported with another one', async () => {
    await importInto({ events: [{ event_id: 'c-1', label: 'Drop', event: alert('u3') }] });
    await importInto({ events: [{ event_id: 'c-1', label: 'Escalate', event: alert('u3') }] });
    expect((await event('c-1')).body.consensus).toEqual({ label: 'Escalate', votes: { Escalate: 1 }, overruled: false });
  });

  it('keeps an alert whose label is unknown, and says what is wrong with each', async () => {
    const { status, body } = await importInto({
      events: [
        { event_id: 'd-1', label: 'Dropp', event: alert('u4') },
        { event_id: 'bad id', event: alert('u4') },
        { event_id: 'd-3', event: [] },
        { event_id: 'd-4', time: 'yesterday', event: alert('u4') },
        'nonsense',
        { event: alert('u4') },
      ],
    });
    expect(status).toBe(200);
    expect(body.results[0]).toEqual({
      event_id: 'd-1',
      outcome: 'new',
      labelled: false,
      error: expect.stringMatching(/^Stored, but its label was not: "Dropp" is not a label .*Escalate, Drop, Investigate/),
    });
    expect(body.results[1]).toMatchObject({ outcome: 'refused', error: expect.stringContaining('event_id may have letters') });
    expect(body.results[2]).toMatchObject({
      outcome: 'refused',
      error: expect.stringContaining('events.2.event must be the alert'),
    });
    expect(body.results[3]).toMatchObject({ outcome: 'refused', error: expect.stringContaining('time must be seconds') });
    expect(body.results[4]).toMatchObject({ outcome: 'refused', error: expect.stringContaining('must be an object') });
    expect(body.results[5]).toMatchObject({ outcome: 'new', event_id: expect.stringMatching(/^\d+$/), labelled: false });
  });

  it('stores no label for a key that may not give feedback', async () => {
    const sender = await service.managementKey(['write:events']);
    const { body } = await importInto({ events: [{ event_id: 'g-1', label: 'Drop', event: alert('u6') }] }, sender);
    expect(body.results).toEqual([
      {
        event_id: 'g-1',
        outcome: 'new',
        labelled: false,
        error: expect.stringContaining('This key lacks the scope write:event_feedback'),
      },
    ]);
    expect((await event('g-1')).body.consensus).toBeNull();
  });

  it('refuses as a whole what is no import, too many events, a stopped use case, and a key without the scope', async () => {
    expect((await importInto('{"events":[{]}')).status).toBe(400);
    expect((await importInto([])).status).toBe(400);
    expect((await importInto({ events: {} })).body.detail).toBe('body.events must be a list of events.');
    expect((await importInto({ feedback_as: 7, events: [] })).status).toBe(400);
    const many = Array.from({ length: IMPORT_EVENTS_MAX + 1 }, () => ({ event: {} }));
    expect((await importInto({ events: many })).status).toBe(413);
    expect((await importInto({ events: [] }, await service.managementKey(['read:resources']))).status).toBe(403);
    expect((await importInto({ events: [] }, key, 99)).status).toBe(404);
    await service.running.services.jobs.stop(jobId, { principal: { kind: 'operator', name: 'operator' }, address: 'test' });
    const stopped = await importInto({ events: [{ event_id: 'e-1', event: alert('u5') }] });
    expect(stopped.status).toBe(409);
    expect(stopped.body.detail).toContain('is stopped: nothing was imported');
  });
});

describe('fields', () => {
  it('are found in the newest events, with advice by the labels that people agree on', async () => {
    const events = Array.from({ length: 60 }, (_, index) => ({
      event_id: `f-${index}`,
      label: index % 2 === 0 ? 'Drop' : 'Escalate',
      event: { rule: { name: index % 2 === 0 ? 'Scan' : 'Beacon' }, user: `user ${index % 3}`, id: `x${index}`, site: 'Munich' },
    }));
    await importInto({ events });
    const { status, body } = await service.call<{
      events: number;
      fields: { path: string; advice: string; chosen: boolean; score: number }[];
    }>('GET', `/api/app/jobs/${jobId}/fields?sample=50`, undefined, key);
    expect(status).toBe(200);
    expect(body.events).toBe(50);
    const of = (path: string) => body.fields.find((field) => field.path === path);
    expect(body.fields[0]).toMatchObject({ path: 'rule.name', advice: 'good', chosen: true });
    expect(of('rule.name')!.score).toBeGreaterThan(0.8);
    expect(of('id')).toMatchObject({ advice: 'identifier', chosen: false });
    expect(of('site')).toMatchObject({ advice: 'constant' });
  });

  it('are none without events', async () => {
    const { body } = await service.call('GET', `/api/app/jobs/${jobId}/fields`, undefined, key);
    expect(body).toEqual({ events: 0, fields: [] });
  });
});
