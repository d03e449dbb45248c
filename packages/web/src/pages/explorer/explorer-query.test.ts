import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  conditionFor,
  type ExplorerState,
  inWords,
  joinList,
  OPERATORS,
  queryOf,
  readState,
  shownColumns,
  soWide,
  splitList,
  valueAt,
  writeState,
} from './explorer-query.ts';

const NOW = Date.parse('2026-03-02T00:00:00Z');

test('the address holds the whole state', () => {
  const condition = fc.record({
    field: fc.string({ minLength: 1 }),
    operator: fc.constantFrom(...OPERATORS),
    value: fc.string(),
  });
  fc.assert(
    fc.property(
      fc.array(condition, { maxLength: 4 }),
      fc.string(),
      fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.array(fc.nat(1_600)),
      (conditions, text, columns, descending, pixels) => {
        const shown = shownColumns(columns);
        const wide = shown.flatMap((column, place) => (pixels[place] ? [[column, soWide(pixels[place])] as const] : []));
        const state: ExplorerState = {
          conditions,
          text,
          range: '7d',
          from: '',
          to: '',
          group: 'bucket',
          sort: 'rule.name',
          descending,
          columns,
          widths: Object.fromEntries(wide),
          event: 'e 1',
        };
        expect(readState(JSON.parse(JSON.stringify(writeState(state))))).toEqual(state);
      },
    ),
  );
  expect(writeState(readState({}))).toEqual({});
  // Widths keep the place of their columns and need no more room than their digits.
  const widths = { '@timestamp': 90, 'rule.name': 300 };
  expect(writeState({ ...readState({}), columns: ['user', 'rule.name', 'host.os'], widths })).toEqual({
    columns: ['user', 'rule.name', 'host.os'],
    widths: '90_0_300',
  });
  expect(readState({ columns: ['user'], widths: '-5_1e9_x_7' }).widths).toEqual({ user: 1_600 });
  expect(readState({ widths: '100_200' }).widths).toEqual({});
  expect(readState({ where: [['a', 'drop table', '1'], 5], columns: [3] }).conditions).toEqual([]);
});

test('each operator becomes its clause; negations exclude', () => {
  const of = (operator: (typeof OPERATORS)[number], value: string) =>
    queryOf({ ...readState({}), conditions: [{ field: 'f', operator, value }] }, NOW);
  expect(of('is', '5')).toEqual({ bool: { filter: [{ term: { f: { value: 5 } } }] } });
  expect(of('is', '007')).toEqual({ bool: { filter: [{ term: { f: { value: '007' } } }] } });
  expect(of('is not one of', 'a, b')).toEqual({ bool: { must_not: [{ terms: { f: ['a', 'b'] } }] } });
  expect(of('contains', 'a*b')).toEqual({
    bool: { filter: [{ wildcard: { f: { value: '*a\\*b*', case_insensitive: true } } }] },
  });
  expect(of('gte', '3')).toEqual({ bool: { filter: [{ range: { f: { gte: 3 } } }] } });
  expect(of('not exists', '')).toEqual({ bool: { must_not: [{ exists: { field: 'f' } }] } });
});

test('words are never taken for query syntax', () => {
  expect(queryOf({ ...readState({}), text: 'a OR "b" (c' }, NOW)).toEqual({
    bool: { filter: [{ query_string: { query: '"a" "OR" "\\"b\\"" "(c"', default_operator: 'AND' } }] },
  });
});

test('a list keeps commas that belong to its values', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc
          .string({ minLength: 1 })
          .map((text) => text.trim())
          .filter((text) => text !== ''),
      ),
      (list) => {
        expect(splitList(joinList(list))).toEqual(list);
      },
    ),
  );
  expect(splitList('a, b')).toEqual(['a', 'b']);
});

test('what is searched for reads as a sentence', () => {
  const state = { ...readState({}), text: 'beacon', range: '24h' };
  expect(inWords({ ...state, conditions: [{ field: 'f', operator: 'exists', value: '' }] }, (field) => field)).toBe(
    'f exists and the words “beacon” and the last 24h',
  );
  expect(inWords(readState({}), (field) => field)).toBe('all events');
});

test('values are found at nested paths, through lists, and under names with dots', () => {
  const document = { a: { b: [{ c: 1 }, { c: 2 }] }, 'x.y': 'dot', 'p.q': { r: 'deep' } };
  expect(valueAt(document, 'a.b.c')).toBe('[1,2]');
  expect(valueAt(document, 'x.y')).toBe('dot');
  expect(valueAt(document, 'p.q.r')).toBe('deep');
  expect(valueAt(document, 'a.z')).toBe(null);
});

test('a value of an event is a condition for it or against it; a long one by how it begins, a missing one by being there', () => {
  const event = { rule: { name: 'Beacon', level: 3 }, tags: ['a', 'b'], big: 'x'.repeat(1_000_000), none: null };
  expect(conditionFor(event, 'rule.name', false)).toEqual({ field: 'rule.name', operator: 'is', value: 'Beacon' });
  expect(conditionFor(event, 'rule.level', true)).toEqual({ field: 'rule.level', operator: 'is not', value: '3' });
  expect(conditionFor(event, 'big', false)).toEqual({ field: 'big', operator: 'starts with', value: 'x'.repeat(300) });
  expect(conditionFor(event, 'big', true)?.operator).toBe('not starts with');
  expect(conditionFor(event, 'none', false)).toEqual({ field: 'none', operator: 'not exists', value: '' });
  expect(conditionFor(event, 'no.such', true)).toEqual({ field: 'no.such', operator: 'exists', value: '' });
  expect(conditionFor(event, 'tags', false)).toBeUndefined();
});
