import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { Result } from './common.ts';
import { BulkItem, FeedbackRequest, IngestRequest } from './v1.ts';
import {
  readBulkItem,
  readBulkRequest,
  readEventId,
  readFeedbackRequest,
  readIngestRequest,
  readJobByName,
  readJobId,
  readLabelsAs,
  readUsername,
  readWaitMs,
} from './v1-read.ts';

/** The value of a result that should be good. */
function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** The problems as `place type`, for results that should be bad. */
function bad(result: Result<unknown>): string[] {
  return result.ok ? [] : result.problems.map((p) => `${p.loc.join('.')} ${p.type}`);
}

const NOT_OBJECTS = [null, undefined, [], 'text', 7, true];
const alert = { rule: { name: 'scan' } };

describe('readIngestRequest', () => {
  it('reads the new form', () => {
    const body = {
      job_id: 1201,
      raw_body: alert,
      title: 'T',
      severity: 2.5,
      data_source: 'ids',
      storage_tag: 'x',
      cortex_user: ' alice ',
      other: 1,
    };
    expect(good(readIngestRequest(body))).toEqual({
      job_id: 1201,
      raw_body: alert,
      title: 'T',
      severity: 2.5,
      data_source: 'ids',
      storage_tag: 'x',
      username: 'alice',
    });
  });

  it('reads numbers from strings, and null as absent', () => {
    const body = {
      job_id: ' 1201 ',
      raw_body: alert,
      severity: '0.5',
      title: null,
      data_source: null,
      storage_tag: null,
      username: null,
    };
    expect(good(readIngestRequest(body))).toEqual({ job_id: 1201, raw_body: alert, severity: 0.5 });
    expect(good(readIngestRequest({ job_id: '1201.0', raw_body: {}, severity: '' }))).toEqual({ job_id: 1201, raw_body: {} });
  });

  it('hands on the very raw body, untouched', () => {
    const raw = Object.freeze({ a: Object.freeze([1]) });
    expect(good(readIngestRequest({ job_id: 1, raw_body: raw })).raw_body).toBe(raw);
    const trap = new Proxy(
      {},
      {
        get: () => expect.unreachable('raw_body was read'),
        ownKeys: () => expect.unreachable('raw_body was walked'),
      },
    );
    expect(readIngestRequest({ job_id: 1, raw_body: trap }).ok).toBe(true);
  });

  it('names every problem with its place at once', () => {
    const body = { job_id: 'x', raw_body: [], title: 7, severity: 'high', data_source: {}, storage_tag: false, username: 5 };
    expect(readIngestRequest(body)).toEqual({
      ok: false,
      problems: [
        { loc: ['body', 'job_id'], msg: 'must be an integer 1 or more, not "x"', type: 'wrong_type' },
        { loc: ['body', 'username'], msg: 'must be a string, not a number', type: 'wrong_type' },
        { loc: ['body', 'raw_body'], msg: 'must be the alert as a JSON object, not an array', type: 'wrong_type' },
        { loc: ['body', 'title'], msg: 'must be a string, not a number', type: 'wrong_type' },
        { loc: ['body', 'severity'], msg: 'must be a number, not "high"', type: 'wrong_type' },
        { loc: ['body', 'data_source'], msg: 'must be a string, not an object', type: 'wrong_type' },
        { loc: ['body', 'storage_tag'], msg: 'must be a string, not a boolean', type: 'wrong_type' },
      ],
    });
  });

  it('needs job_id and raw_body', () => {
    expect(bad(readIngestRequest({}))).toEqual(['body.job_id missing', 'body.raw_body missing']);
    expect(bad(readIngestRequest({ job_id: null, raw_body: null }))).toEqual(['body.job_id missing', 'body.raw_body missing']);
    expect(bad(readIngestRequest({ job_id: '', raw_body: {} }))).toEqual(['body.job_id missing']);
  });

  it.each(NOT_OBJECTS)('refuses a body that is %j', (body) => {
    expect(bad(readIngestRequest(body))).toEqual([`body ${body === null || body === undefined ? 'missing' : 'wrong_type'}`]);
  });

  it.each(['{"a":1}', ['x'], 7, true])('refuses a raw_body that is %j', (raw_body) => {
    expect(bad(readIngestRequest({ job_id: 1, raw_body }))).toEqual(['body.raw_body wrong_type']);
  });

  it.each([
    [0, 'out_of_range'],
    [-1, 'out_of_range'],
    ['0', 'out_of_range'],
    ['-5', 'out_of_range'],
    [1.5, 'wrong_type'],
    ['1.5', 'wrong_type'],
    ['1e3', 'wrong_type'],
    ['0x10', 'wrong_type'],
    [2 ** 53 + 2, 'out_of_range'],
    ['9007199254740993', 'wrong_type'],
    ['9'.repeat(101), 'wrong_type'],
    [Number.POSITIVE_INFINITY, 'wrong_type'],
    [true, 'wrong_type'],
    [[1201], 'wrong_type'],
    [{}, 'wrong_type'],
  ])('refuses job_id %j', (job_id, type) => {
    expect(bad(readIngestRequest({ job_id, raw_body: {} }))).toEqual([`body.job_id ${type}`]);
  });

  it.each([
    [2 ** 53, 2 ** 53],
    ['9007199254740992', 2 ** 53],
    ['+7', 7],
    ['007', 7],
  ])('takes job_id %j', (job_id, id) => {
    expect(good(readIngestRequest({ job_id, raw_body: {} })).job_id).toBe(id);
  });

  it.each([
    [-3, -3],
    ['-3', -3],
    ['1e2', 100],
    ['.5', 0.5],
    ['5.', 5],
    [' 2 ', 2],
  ])('takes severity %j', (severity, read) => {
    expect(good(readIngestRequest({ job_id: 1, raw_body: {}, severity })).severity).toBe(read);
  });

  it.each([
    [Number.POSITIVE_INFINITY, 'out_of_range'],
    [Number.NaN, 'out_of_range'],
    ['1e400', 'out_of_range'],
    ['NaN', 'wrong_type'],
    ['Infinity', 'wrong_type'],
    ['1,5', 'wrong_type'],
    ['1'.repeat(200_000), 'wrong_type'],
    [[], 'wrong_type'],
  ])('refuses severity %#', (severity, type) => {
    expect(bad(readIngestRequest({ job_id: 1, raw_body: {}, severity }))).toEqual([`body.severity ${type}`]);
  });

  it('counts characters, not code units', () => {
    const title = '🛡'.repeat(10_000);
    expect(good(readIngestRequest({ job_id: 1, raw_body: {}, title })).title).toBe(title);
    expect(bad(readIngestRequest({ job_id: 1, raw_body: {}, title: `${title}x` }))).toEqual(['body.title too_long']);
    expect(bad(readIngestRequest({ job_id: 1, raw_body: {}, title: 'x'.repeat(10_001) }))).toEqual(['body.title too_long']);
    expect(bad(readIngestRequest({ job_id: 1, raw_body: {}, data_source: 'x'.repeat(1_001) }))).toEqual([
      'body.data_source too_long',
    ]);
    expect(good(readIngestRequest({ job_id: 1, raw_body: {}, storage_tag: 'x'.repeat(1_000) })).storage_tag).toHaveLength(1_000);
  });

  it('reads own members only', () => {
    expect(bad(readIngestRequest(Object.create({ job_id: 1, raw_body: {} })))).toEqual([
      'body.job_id missing',
      'body.raw_body missing',
    ]);
    expect(bad(readIngestRequest(JSON.parse('{"__proto__":{"job_id":1,"raw_body":{}}}')))).toHaveLength(2);
  });

  it('takes whatever its schema takes', () => {
    const optional = (value: fc.Arbitrary<unknown>) => fc.option(value, { nil: null });
    const body = fc.record(
      {
        job_id: fc.oneof(fc.integer({ min: 1 }), fc.integer({ min: 1 }).map(String)),
        raw_body: fc.dictionary(fc.string(), fc.jsonValue()),
        title: optional(fc.string()),
        severity: optional(fc.oneof(fc.integer(), fc.integer().map(String))),
        data_source: optional(fc.string()),
        username: optional(fc.string()),
        extra: fc.jsonValue(),
      },
      { requiredKeys: ['job_id', 'raw_body'] },
    );
    fc.assert(
      fc.property(body, (request) => {
        expect(Value.Check(IngestRequest, request)).toBe(true);
        const read = good(readIngestRequest(request));
        expect(read.job_id).toBe(Number(request.job_id));
        expect(Object.values(read).includes(undefined)).toBe(false);
      }),
    );
  });

  it('never throws, and tells what is wrong whenever it refuses', () => {
    const hostile = fc.oneof(
      fc.anything(),
      fc.record({ job_id: fc.anything(), raw_body: fc.anything(), title: fc.anything(), severity: fc.anything() }),
    );
    fc.assert(
      fc.property(hostile, (body) => {
        for (const result of [
          readIngestRequest(body),
          readFeedbackRequest(body, body),
          readBulkRequest(body),
          readBulkItem(body, 0, 1),
          readJobByName(body),
        ]) {
          if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('readJobByName', () => {
  it('reads a title', () => {
    expect(good(readJobByName({ job_name: ' Endpoint alerts ', x: 1 }))).toEqual({ job_name: 'Endpoint alerts' });
  });

  it.each([
    [{}, 'body.job_name missing'],
    [{ job_name: null }, 'body.job_name missing'],
    [{ job_name: '  ' }, 'body.job_name missing'],
    [{ job_name: 7 }, 'body.job_name wrong_type'],
    [{ job_name: 'x'.repeat(1_001) }, 'body.job_name too_long'],
    [[], 'body wrong_type'],
  ])('refuses %#', (body, problem) => {
    expect(bad(readJobByName(body))).toEqual([problem]);
  });
});

describe('readFeedbackRequest', () => {
  it('reads the new and the old form', () => {
    expect(
      good(
        readFeedbackRequest({ feedback: 'Drop', cortex_user: 'alice', closing_notes: 'known', indicators: [{ ip: '1.2.3.4' }] }),
      ),
    ).toEqual({
      feedback: 'Drop',
      username: 'alice',
      closing_notes: 'known',
      indicators: [{ ip: '1.2.3.4' }],
    });
    expect(good(readFeedbackRequest({ label: 'drop_alert', username: 'bob' }))).toEqual({
      feedback: 'drop_alert',
      username: 'bob',
    });
  });

  it('lets feedback win over label, unless it is empty', () => {
    expect(good(readFeedbackRequest({ feedback: 'Drop', label: 'Escalate' })).feedback).toBe('Drop');
    expect(good(readFeedbackRequest({ feedback: ' ', label: 'Escalate' })).feedback).toBe('Escalate');
    expect(good(readFeedbackRequest({ feedback: null, label: ' class_1 ' })).feedback).toBe('class_1');
  });

  it('takes cortex_user first, then username, then the query', () => {
    const name = (body: object, query?: object) => good(readFeedbackRequest({ feedback: 'Drop', ...body }, query)).username;
    expect(name({ cortex_user: 'a', username: 'b' }, { username: 'c' })).toBe('a');
    expect(name({ cortex_user: '', username: 'b' }, { username: 'c' })).toBe('b');
    expect(name({}, { username: 'c' })).toBe('c');
    expect(name({})).toBeUndefined();
  });

  it.each([
    [{}, ['body.feedback missing']],
    [{ feedback: null, label: null }, ['body.feedback missing']],
    [{ feedback: '', label: '' }, ['body.feedback missing']],
    [{ feedback: 7 }, ['body.feedback wrong_type']],
    [{ feedback: 7, label: 'Drop' }, ['body.feedback wrong_type']],
    [{ label: { feedback: 'Drop' } }, ['body.label wrong_type']],
    [{ feedback: 'Drop', closing_notes: 5 }, ['body.closing_notes wrong_type']],
    [{ feedback: 'Drop', closing_notes: 'x'.repeat(100_001) }, ['body.closing_notes too_long']],
    [{ feedback: 'Drop', username: {} }, ['body.username wrong_type']],
  ])('refuses %#', (body, problems) => {
    expect(bad(readFeedbackRequest(body))).toEqual(problems);
  });

  it('names the query where the fault is there', () => {
    expect(bad(readFeedbackRequest({ feedback: 'Drop' }, { username: ['a', 'b'] }))).toEqual(['query.username wrong_type']);
    expect(bad(readFeedbackRequest(null))).toEqual(['body missing']);
  });

  it('agrees with its schema on the documented forms', () => {
    for (const example of (FeedbackRequest as { examples?: unknown[] }).examples ?? []) {
      expect(Value.Check(FeedbackRequest, example)).toBe(true);
      expect(good(readFeedbackRequest(example)).username).toBe('alice');
    }
  });
});

describe('readBulkRequest', () => {
  it('reads the frame and leaves the events alone', () => {
    const events = [null, { raw_body: {} }];
    const read = good(readBulkRequest({ count: '2', events }));
    expect(read.count).toBe(2);
    expect(read.events).toBe(events);
    expect(good(readBulkRequest({ events: [] }))).toEqual({ events: [] });
    expect(good(readBulkRequest({ events: new Array(5_000).fill(0) })).events).toHaveLength(5_000);
  });

  it.each([
    [{}, ['body.events missing']],
    [{ events: {} }, ['body.events wrong_type']],
    [{ events: 'x', count: 'many' }, ['body.count wrong_type', 'body.events wrong_type']],
    [{ events: [], count: -1 }, ['body.count out_of_range']],
    [{ events: new Array(5_001).fill(0) }, ['body.events too_many']],
    [[], ['body wrong_type']],
  ])('refuses %#', (body, problems) => {
    expect(bad(readBulkRequest(body))).toEqual(problems);
  });
});

describe('readBulkItem', () => {
  it('reads an event with its label', () => {
    const item = {
      event_id: 'a:1',
      job_id: '1201',
      title: 'T',
      raw_body: alert,
      severity: '3',
      label: { cortex_user: 'alice', feedback: 'Drop', closing_notes: 'known', indicators: 0 },
    };
    expect(Value.Check(BulkItem, item)).toBe(true);
    expect(good(readBulkItem(item, 0, 1201))).toEqual({
      job_id: 1201,
      raw_body: alert,
      title: 'T',
      severity: 3,
      event_id: 'a:1',
      feedback: { feedback: 'Drop', username: 'alice', closing_notes: 'known', indicators: 0 },
    });
  });

  it.each([undefined, null, {}, '', { feedback: null }, { feedback: '', cortex_user: 'alice' }])(
    'takes label %j as no vote',
    (label) => {
      expect(good(readBulkItem({ raw_body: {}, label }, 0, 7))).toEqual({ job_id: 7, raw_body: {} });
    },
  );

  it('takes a bare label, and the sender as its voter', () => {
    expect(good(readBulkItem({ raw_body: {}, label: 'Drop', username: 'bob' }, 0, 7)).feedback).toEqual({
      feedback: 'Drop',
      username: 'bob',
    });
    expect(good(readBulkItem({ raw_body: {}, label: { feedback: 'Drop' }, username: 'bob' }, 0, 7)).feedback).toEqual({
      feedback: 'Drop',
      username: 'bob',
    });
  });

  it.each([
    [null, ['body.events.3 missing']],
    ['x', ['body.events.3 wrong_type']],
    [{}, ['body.events.3.raw_body missing']],
    [{ raw_body: {}, job_id: 8 }, ['body.events.3.job_id conflict']],
    [{ raw_body: {}, job_id: 'x' }, ['body.events.3.job_id wrong_type']],
    [{ raw_body: {}, event_id: 'a b' }, ['body.events.3.event_id bad_format']],
    [{ raw_body: {}, event_id: 12 }, ['body.events.3.event_id wrong_type']],
    [{ raw_body: {}, label: [] }, ['body.events.3.label wrong_type']],
    [{ raw_body: {}, label: { feedback: 3 } }, ['body.events.3.label.feedback wrong_type']],
    [{ raw_body: {}, label: { feedback: 'Drop', closing_notes: [] } }, ['body.events.3.label.closing_notes wrong_type']],
    [{ raw_body: {}, username: 5, label: 'Drop' }, ['body.events.3.username wrong_type']],
  ])('refuses %#', (item, problems) => {
    expect(bad(readBulkItem(item, 3, 7))).toEqual(problems);
  });
});

describe('readers of paths and queries', () => {
  it('read a job id', () => {
    expect(readJobId('1201')).toEqual({ ok: true, value: 1201 });
    expect(bad(readJobId('abc'))).toEqual(['path.job_id wrong_type']);
    expect(bad(readJobId(''))).toEqual(['path.job_id missing']);
    expect(bad(readJobId('0', ['query', 'job_id']))).toEqual(['query.job_id out_of_range']);
  });

  it('read an event id', () => {
    expect(readEventId('a@b')).toEqual({ ok: true, value: 'a@b' });
    expect(bad(readEventId('a/b'))).toEqual(['path.event_id bad_format']);
    expect(bad(readEventId(undefined))).toEqual(['path.event_id wrong_type']);
  });

  it('read a username', () => {
    expect(readUsername(undefined)).toEqual({ ok: true, value: undefined });
    expect(readUsername({ username: 'U' })).toEqual({ ok: true, value: 'U' });
    expect(bad(readUsername([], 'body'))).toEqual(['body wrong_type']);
  });

  it('read wait_ms', () => {
    expect(readWaitMs(undefined)).toEqual({ ok: true, value: 0 });
    expect(readWaitMs({ wait_ms: '5000' })).toEqual({ ok: true, value: 5000 });
    expect(readWaitMs({ wait_ms: '5001' })).toEqual({
      ok: false,
      problems: [{ loc: ['query', 'wait_ms'], msg: 'must be an integer from 0 to 5000, not "5001"', type: 'out_of_range' }],
    });
    expect(bad(readWaitMs({ wait_ms: 'soon' }))).toEqual(['query.wait_ms wrong_type']);
  });

  it('read what labels are listed by', () => {
    for (const query of [undefined, {}, { as: null }, { as: ' ' }, { as: 'names', other: '1' }])
      expect(good(readLabelsAs(query))).toBe('names');
    expect(good(readLabelsAs({ as: 'class_ids' }))).toBe('class_ids');
    expect(bad(readLabelsAs({ as: 'numbers' }))).toEqual(['query.as unknown_value']);
    expect(bad(readLabelsAs({ as: ['names', 'class_ids'] }))).toEqual(['query.as wrong_type']);
  });
});
