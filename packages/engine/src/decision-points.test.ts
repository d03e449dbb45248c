import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDecisionPoints, parsePointValues } from './decision-points.ts';
import { parseAlert } from './exact-json.ts';
import { listFields } from './fields.ts';

/** A text of the same alert with members in another order, elements in another order and repeated, and other Unicode forms. */
function respell(value: unknown, turn: number): string {
  if (Array.isArray(value)) {
    const texts = value.map((element) => respell(element, turn + 1)).reverse();
    return `[${[...texts, ...texts.slice(0, turn % 2)].join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}:${respell(v, turn + 1)}`);
    return `{${members.reverse().join(turn % 2 ? ' , ' : ',')}}`;
  }
  if (typeof value === 'string') return JSON.stringify(value.normalize(turn % 2 ? 'NFD' : 'NFC'));
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e15)
    return `${value === 0 ? '-0' : value}${turn % 2 ? '.0' : 'e0'}`;
  return JSON.stringify(value);
}

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'a.b', 'name', 'value', '__proto__', 'constructor', 'x[0]', ''),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const alerts = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
})).object;

describe('compileDecisionPoints', () => {
  const points = compileDecisionPoints(['rule.name', 'tags', 'n']);

  it('reads values in the order of the points', () => {
    const values = points.values({ n: 3, tags: ['y', 'x', 'y'], rule: { name: 'r' } });
    expect(points.points).toEqual(['rule.name', 'tags', 'n']);
    expect(values).toEqual(['r', ['x', 'y'], 3]);
    expect(points.canonical(values)).toBe('["r",["x","y"],3]');
    expect(points.key(values)).toMatch(/^[0-9a-f]{32}$/);
    expect(points.empty(values)).toBe(false);
    expect(points.empty(points.values({ other: 1 }))).toBe(true);
    expect(compileDecisionPoints([]).empty([])).toBe(true);
  });

  it('has one key for ever', () => {
    expect(points.key(['r', ['x', 'y'], 3])).toBe('4af6b8675bcf40ca112f00c5b13044f1');
  });

  it('refuses a path that cannot be read', () => {
    expect(() => compileDecisionPoints(['a', 'b['])).toThrow(/never closed/);
  });

  it('tells values and types apart', () => {
    const one = compileDecisionPoints(['v']);
    const texts = [
      '"1"',
      '1',
      'true',
      '["1"]',
      '[1]',
      '"true"',
      'null',
      '"null"',
      '""',
      '"[1]"',
      '{"1":1}',
      '[1,"1"]',
      '2',
      '1e400',
      '1e401',
      '12345678901234567890',
      '12345678901234567891',
      '"\\ud800"',
      '"\\ud801"',
      '"\\ufffd"',
      '"a\\u0000"',
      '"a"',
    ];
    const keys = texts.map((text) => one.key(one.values(parseAlert(`{"v":${text}}`))));
    expect(new Set(keys).size).toBe(texts.length);
  });

  it('never mixes different lists of points', () => {
    const lists = [['a', 'b'], ['b', 'a'], ['a.b'], ['a', 'b', 'c'], ['a'], []];
    const keys = lists.map((list) => compileDecisionPoints(list)).map((p) => p.key(['x', 'x']));
    expect(new Set(keys).size).toBe(lists.length);
  });

  it('has one key for however an alert is spelled', () => {
    fc.assert(
      fc.property(alerts, fc.nat(1), (alert, turn) => {
        const text = JSON.stringify(alert);
        const paths = listFields(parseAlert(text)).map((field) => field.path);
        const compiled = compileDecisionPoints(paths);
        const values = compiled.values(parseAlert(text));
        expect(compiled.key(compiled.values(parseAlert(respell(alert, turn))))).toBe(compiled.key(values));
      }),
    );
  });

  it('stores and reads back', () => {
    fc.assert(
      fc.property(alerts, (alert) => {
        const compiled = compileDecisionPoints(['a', 'b', 'a.b', 'name', '__proto__.a', 'a[0]']);
        const values = compiled.values(parseAlert(JSON.stringify(alert)));
        const stored = compiled.canonical(values);
        expect(parsePointValues(stored)).toEqual(values);
        expect(compiled.key(parsePointValues(stored))).toBe(compiled.key(values));
        expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
      }),
    );
  });

  it('takes no notice of 10,000 other keys', () => {
    const alert: Record<string, unknown> = { n: 1 };
    for (let i = 0; i < 10_000; i++) alert[`k${i}`] = i;
    expect(points.values(alert)).toEqual([null, null, 1]);
  });

  it('changes nothing in the alert', () => {
    const alert = Object.freeze({ tags: Object.freeze(['b', 'a']) });
    expect(points.values(alert)).toEqual([null, ['a', 'b'], null]);
  });
});

describe('parsePointValues', () => {
  it('refuses what is no list of values', () => {
    expect(() => parsePointValues('[')).toThrow(SyntaxError);
    for (const text of ['{}', '[{}]', '[[[1]]]', '[[null]]', '1']) expect(() => parsePointValues(text)).toThrow(TypeError);
    expect(parsePointValues('[null,"a",1,true,["x",2]]')).toEqual([null, 'a', 1, true, ['x', 2]]);
  });
});
