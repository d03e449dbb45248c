import { describe, expect, it } from 'vitest';
import { collectorOf } from './aggregate.ts';
import { readAggregations } from './aggs-dsl.ts';
import { DslReader } from './dsl.ts';
import { NOON, testDocument } from './testing.ts';

const DAY = 86_400_000_000;
const EVENTS = [
  { n: 1, user: 'ann', tags: ['a', 'b', 'a'], ok: true },
  { n: 2.5, user: 'bob', tags: ['b'], ok: false },
  { n: '4', user: 'ann', mixed: 1 },
  { n: 'x', user: 'Zürich', mixed: '1', seen: '2026-01-31T23:30:00Z' },
  { user: null, n: [10, 20], seen: '2026-03-01T00:00:00+02:00' },
].map((alert, number) => testDocument(alert, { seq: number + 1, eventId: `e${number}`, eventAt: NOON - number * DAY }));

const run = (aggs: object): Record<string, unknown> => {
  const collector = collectorOf(readAggregations({ value: aggs, at: 'aggs' }, new DslReader(NOON)));
  for (const event of EVENTS) collector.add(event);
  return collector.result();
};
const one = (aggregation: object): unknown => run({ x: aggregation }).x;
const terms = (buckets: object[], rest = 0) => ({ doc_count_error_upper_bound: 0, sum_other_doc_count: rest, buckets });

describe('aggregations', () => {
  it.each<[string, object, unknown]>([
    [
      'terms counts an event once for a value it has twice; most first, then by key',
      { terms: { field: 'tags' } },
      terms([
        { key: 'b', doc_count: 2 },
        { key: 'a', doc_count: 1 },
      ]),
    ],
    [
      'terms takes only so many, by key, with something for those without',
      { terms: { field: 'user.keyword', size: 2, order: { _key: 'asc' }, missing: 'nobody' } },
      terms(
        [
          { key: 'Zürich', doc_count: 1 },
          { key: 'ann', doc_count: 2 },
        ],
        2,
      ),
    ],
    [
      'terms orders by a metric below',
      { terms: { field: 'user', order: { most: 'desc' }, include: ['ann', 'bob'] }, aggs: { most: { max: { field: 'n' } } } },
      terms([
        { key: 'ann', doc_count: 2, most: { value: 4 } },
        { key: 'bob', doc_count: 1, most: { value: 2.5 } },
      ]),
    ],
    ['the largest of times and a number that is none', { max: { field: 'seen', missing: 1e21 } }, { value: 1e21 }],
    [
      'terms of booleans',
      { terms: { field: 'ok', order: [{ _key: 'desc' }] } },
      terms([
        { key: 1, key_as_string: 'true', doc_count: 1 },
        { key: 0, key_as_string: 'false', doc_count: 1 },
      ]),
    ],
    ['terms puts a number and its text together', { terms: { field: 'mixed' } }, terms([{ key: '1', doc_count: 2 }])],
    [
      'histogram fills what is empty',
      { histogram: { field: 'n', interval: 5 } },
      {
        buckets: [
          { key: 0, doc_count: 3 },
          { key: 5, doc_count: 0 },
          { key: 10, doc_count: 1 },
          { key: 15, doc_count: 0 },
          { key: 20, doc_count: 1 },
        ],
      },
    ],
    [
      'date_histogram by calendar months',
      { date_histogram: { field: 'seen', calendar_interval: 'month' } },
      {
        buckets: [
          { key_as_string: '2026-01-01T00:00:00.000Z', key: Date.UTC(2026, 0, 1), doc_count: 1 },
          { key_as_string: '2026-02-01T00:00:00.000Z', key: Date.UTC(2026, 1, 1), doc_count: 1 },
        ],
      },
    ],
    [
      'date_histogram in a zone',
      { date_histogram: { field: 'seen', calendar_interval: '1M', time_zone: '+02:00', min_doc_count: 1 } },
      {
        buckets: [
          { key_as_string: '2026-01-31T22:00:00.000Z', key: Date.UTC(2026, 0, 31, 22), doc_count: 1 },
          { key_as_string: '2026-02-28T22:00:00.000Z', key: Date.UTC(2026, 1, 28, 22), doc_count: 1 },
        ],
      },
    ],
    [
      'range with open ends',
      { range: { field: 'n', ranges: [{ to: 2.5 }, { from: 2.5, to: 10, key: 'middle' }, { from: 10 }] } },
      {
        buckets: [
          { key: '*-2.5', to: 2.5, doc_count: 1 },
          { key: 'middle', from: 2.5, to: 10, doc_count: 2 },
          { key: '10.0-*', from: 10, doc_count: 1 },
        ],
      },
    ],
    [
      'filter',
      { filter: { term: { user: 'ann' } }, aggs: { c: { value_count: { field: 'n' } } } },
      { doc_count: 2, c: { value: 2 } },
    ],
    [
      'filters with what is left over',
      { filters: { filters: { ann: { term: { user: 'ann' } } }, other_bucket_key: 'rest' } },
      { buckets: { ann: { doc_count: 2 }, rest: { doc_count: 3 } } },
    ],
    ['missing', { missing: { field: 'user' } }, { doc_count: 1 }],
    ['cardinality', { cardinality: { field: 'mixed' } }, { value: 1 }],
    ['value_count', { value_count: { field: 'n' } }, { value: 6 }],
    ['min', { min: { field: 'n' } }, { value: 1 }],
    [
      'max of times',
      { max: { field: 'seen' } },
      { value: Date.UTC(2026, 1, 28, 22), value_as_string: '2026-02-28T22:00:00.000Z' },
    ],
    ['avg', { avg: { field: 'n' } }, { value: 37.5 / 5 }],
    ['sum of nothing', { sum: { field: 'gone' } }, { value: 0 }],
    ['avg of nothing', { avg: { field: 'gone' } }, { value: null }],
    [
      'percentiles',
      { percentiles: { field: 'n', percents: [0, 50, 75, 100] } },
      { values: { '0.0': 1, '50.0': 4, '75.0': 10, '100.0': 20 } },
    ],
    [
      'top_hits',
      { top_hits: { size: 1, sort: [{ '@timestamp': 'asc' }], _source: 'seen' } },
      {
        hits: {
          total: { value: 5, relation: 'eq' },
          max_score: null,
          hits: [
            {
              _index: '1201',
              _id: 'e4',
              _score: null,
              _source: { seen: '2026-03-01T00:00:00+02:00' },
              sort: [Math.floor((NOON - 4 * DAY) / 1000)],
            },
          ],
        },
      },
    ],
  ])('%s', (_name, aggregation, expected) => {
    expect(one(aggregation)).toEqual(expected);
  });

  it.each<[object, string]>([
    [{ terms: { field: 'a', script: {} } }, 'aggs.x.terms: "script" in terms is not supported.'],
    [{ terms: { field: 'a', include: 'a.*' } }, 'aggs.x.terms.include: anything but a list of values is not supported.'],
    [{ sum: { field: 'a' }, aggs: { y: {} } }, 'aggs.x.aggs: cannot stand below sum'],
    [{ date_histogram: { field: 'a', calendar_interval: '2d' } }, 'the interval "2d" is not supported.'],
    [
      { date_histogram: { field: 'a', fixed_interval: '1d', time_zone: 'Europe/Paris' } },
      'not an offset such as +02:00 is not supported.',
    ],
    [{ significant_terms: { field: 'a' } }, 'the aggregation "significant_terms" is not supported.'],
    [{ terms: { field: 'a', order: { nothing: 'asc' } } }, 'which is no metric with one value below is not supported.'],
  ])('refuses %j by name', (aggregation, sentence) => {
    expect(() => one(aggregation)).toThrow(sentence);
  });

  it('refuses more buckets than it can hold', () => {
    expect(() => one({ histogram: { field: 'n', interval: 0.00001 } })).toThrow('more than 65536 buckets');
  });
});
