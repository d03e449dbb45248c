import type { Filter } from '@verdict/contract';
import { describe, expect, it } from 'vitest';
import { DslReader } from './dsl.ts';
import { matches } from './evaluate.ts';
import { readFilters } from './filters.ts';
import { NOON, testDocument } from './testing.ts';

const alert = {
  rule: { name: 'Port scan from powershell.exe', level: 7, tags: ['net', 'T1046'] },
  'host.os': 'Windows 11',
  source: { ip: '10.0.0.1', port: 443 },
  user: null,
  files: [{ name: 'a.exe', size: 10 }, { name: 'b.dll' }],
  seen: '2026-03-01T10:00:00+02:00',
  big: 9007199254740993n.toString(),
  city: 'Zu\u0308rich',
  ok: true,
  mixed: [5, '7', 'x', false],
  id: 'own id',
  arcanna: { result: 'theirs' },
};
const document = testDocument(alert, { title: 'Nightly sweep', severity: 3, eventId: 'a-1' });
const holds = (query: object): boolean => matches(new DslReader(NOON).read({ value: query, at: 'query' }), document);

describe('the query DSL over one event', () => {
  const yes: object[] = [
    { match_all: {} },
    { term: { 'rule.level': 7 } },
    { term: { 'rule.level': '7' } },
    { term: { 'rule.name.keyword': 'Port scan from powershell.exe' } },
    { term: { 'rule.name': { value: 'port SCAN from powershell.exe', case_insensitive: true } } },
    { term: { 'host.os': 'Windows 11' } },
    { term: { 'files.name': 'b.dll' } },
    { term: { city: 'Z\u00fcrich' } },
    { term: { ok: true } },
    { term: { ok: 'true' } },
    { term: { seen: '2026-03-01T08:00:00Z' } },
    { term: { '@timestamp': '2026-03-02' } },
    { term: { _id: 'a-1' } },
    { term: { 'raw_event.id': 'own id' } },
    { term: { 'raw_event.arcanna.result': 'theirs' } },
    { term: { 'arcanna.result': 'no_decision' } },
    { term: { 'attention.low_confidence_score.attention_required': false } },
    { terms: { 'rule.tags': ['other', 'T1046'] } },
    { match: { 'rule.name': 'SCAN lateral' } },
    { match: { 'rule.name': { query: 'scan port', operator: 'and' } } },
    { match: { 'rule.name': { query: 'scan port x y', minimum_should_match: '50%' } } },
    { match: { 'rule.name': 'powershell' } },
    { match: { 'rule.name': 'powershell.exe' } },
    { match_phrase: { 'rule.name': 'scan FROM powershell' } },
    { multi_match: { query: 'nightly', fields: ['rule.*', 'metadata.description^2'] } },
    { multi_match: { query: 'nightly scan', operator: 'and' } },
    { prefix: { 'rule.name': 'Port s' } },
    { wildcard: { 'rule.name': { value: 'P?rt*exe' } } },
    { exists: { field: 'rule' } },
    { exists: { field: 'files.size' } },
    { range: { 'rule.level': { gt: 6, lte: 7 } } },
    { range: { '@timestamp': { gte: 'now-1h', lte: 'now' } } },
    { range: { '@timestamp': { lte: '2026-03-02' } } },
    { range: { seen: { gte: '2026-03-01', lt: 'now/d' } } },
    { range: { seen: { gte: '2026-03-01T10:00:00', time_zone: '+02:00' } } },
    { range: { mixed: { gte: 6 } } },
    { range: { '@timestamp': { gte: Math.floor(NOON / 1000) - 1, format: 'epoch_millis' } } },
    { ids: { values: ['b', 'a-1'] } },
    { bool: { should: [{ match_none: {} }, { match_all: {} }] } },
    { bool: { must: { match_all: {} }, should: [{ match_none: {} }] } },
    { bool: { must_not: [{ exists: { field: 'user' } }] } },
    { bool: { should: [{ match_all: {} }, { match_all: {} }, { match_none: {} }], minimum_should_match: 2 } },
    { bool: { should: [{ match_all: {} }, { match_none: {} }], minimum_should_match: '-1' } },
    { query_string: { query: 'rule.name:scan AND NOT rule.level:9' } },
    { query_string: { query: 'rule.name:"port scan" && source.port:[400 TO 500}' } },
    { query_string: { query: '(foo OR powersh*) -nothing' } },
    { query_string: { query: 'nightly', default_field: 'metadata.description' } },
    { query_string: { query: 'rule.level:>=7' } },
    { query_string: { query: '_exists_:rule.tags' } },
    { query_string: { query: 'source.ip:10.0.0.1' } },
    { query_string: { query: 'foo scan' } },
  ];
  const no: object[] = [
    { match_none: {} },
    { term: { 'rule.name': 'port scan from powershell.exe' } },
    { term: { 'rule.level': 8 } },
    { term: { user: 'null' } },
    { term: { id: 'own id' } },
    { term: { rule: 'Port scan from powershell.exe' } },
    { match: { 'rule.name': 'shell' } },
    { match: { 'rule.name': { query: 'scan lateral', operator: 'and' } } },
    { match_phrase: { 'rule.name': 'port from' } },
    { prefix: { 'rule.name': 'port' } },
    { exists: { field: 'user' } },
    { exists: { field: 'rule.nothing' } },
    { range: { 'rule.name': { gte: 1 } } },
    { range: { seen: { gt: '2026-03-01' } } },
    { range: { 'rule.level': { gt: 7 } } },
    { bool: { should: [{ match_none: {} }] } },
    { query_string: { query: 'foo scan', default_operator: 'AND' } },
    { query_string: { query: 'rule.name:scan AND rule.level:9' } },
    { terms: { 'rule.tags': [] } },
  ];
  it.each(yes.map((query) => [JSON.stringify(query), query] as const))('finds %s', (_name, query) => {
    expect(holds(query)).toBe(true);
  });
  it.each(no.map((query) => [JSON.stringify(query), query] as const))('does not find %s', (_name, query) => {
    expect(holds(query)).toBe(false);
  });

  it.each([
    [{ fuzzy: { a: 'b' } }, 'query: the query "fuzzy" is not supported.'],
    [{ constructor: {} }, 'query: the query "constructor" is not supported.'],
    [{ bool: { must: [{ script: {} }] } }, 'query.bool.must[0]: the query "script" is not supported.'],
    [{ match: { a: { query: 'b', fuzziness: 'AUTO' } } }, 'query.match.a: "fuzziness" in match is not supported.'],
    [{ bool: { adjust: [] } }, 'query.bool: "adjust" in bool is not supported.'],
    [{ range: { a: { gte: 1, format: 'dd/MM' } } }, 'query.range.a.format: the format "dd/MM" is not supported.'],
    [
      { range: { '@timestamp': { gte: 'yesterday' } } },
      'query.range.@timestamp.gte: must be a time such as 2026-03-02T09:46:22Z or now-1d.',
    ],
    [{ query_string: { query: 'a~2' } }, 'query.query_string.query: fuzziness (~) is not supported.'],
    [{ query_string: { query: 'f:/x.*/' } }, 'query.query_string.query: a regular expression is not supported.'],
    [{ query_string: { query: '(a OR b' } }, 'query.query_string.query: lacks a closing bracket.'],
    [{ term: { a: 1, b: 2 } }, 'query.term: must have exactly one member, and has 2.'],
    [{ term: { a: { value: [1] } } }, 'query.term.a.value: must be text, a number or a boolean.'],
    [[], 'query: must be an object.'],
  ])('refuses %j by name', (query, sentence) => {
    expect(() => holds(query)).toThrow(sentence);
  });

  it('refuses what is nested too deep or has too many clauses', () => {
    let deep: object = { match_all: {} };
    for (let level = 0; level < 30; level++) deep = { bool: { must: deep } };
    expect(() => holds(deep)).toThrow('is nested more than 20 deep.');
    expect(() => holds({ bool: { should: Array(2_001).fill({ match_all: {} }) } })).toThrow('more than 2000 clauses');
  });
});

describe('filters over one event', () => {
  const one = (field: string, operator: Filter['operator'], value?: unknown): boolean =>
    matches(readFilters([{ field, operator, value }], { now: NOON }), document);
  it.each<[string, Filter['operator'], unknown, boolean]>([
    ['rule.level', 'is', 7, true],
    ['rule.level', 'is not', 7, false],
    ['nothing', 'is not', 7, true],
    ['rule.tags', 'is one of', ['net', 'x'], true],
    ['rule.tags', 'is not one of', ['net', 'x'], false],
    ['rule.name', 'starts with', 'PORT', true],
    ['rule.name', 'not starts with', 'PORT', false],
    ['rule.name', 'contains', 'SHELL.', true],
    ['rule.name', 'contains', '*', false],
    ['rule.name', 'not contains', 'shell', false],
    ['files.size', 'exists', undefined, true],
    ['user', 'not exists', undefined, true],
    ['files.size', 'lt', 11, true],
    ['files.size', 'lte', 9, false],
    ['source.port', 'gt', '442', true],
    ['seen', 'gte', '2026-03-01T08:00:00Z', true],
    ['seen', 'gt', '2026-03-01T08:00:00', false],
    ['arcanna.knowledge_base_state', 'is', 'new', true],
  ])('%s %s %j', (field, operator, value, expected) => {
    expect(one(field, operator, value)).toBe(expected);
  });

  it('holds where all hold', () => {
    const filters: Filter[] = [
      { field: 'rule.level', operator: 'is', value: 7 },
      { field: 'rule.level', operator: 'is', value: 8 },
    ];
    expect(matches(readFilters(filters, { now: NOON }), document)).toBe(false);
    expect(matches(readFilters([], { now: NOON }), document)).toBe(true);
  });

  it('names the filter whose value is wrong', () => {
    expect(() => one('a', 'is', [1])).toThrow('filters[0].value: must be text, a number or a boolean.');
  });
});
