import { describe, expect, it } from 'vitest';
import { AlertReader, compareScalars, MAX_EMBEDDED_LENGTH, MAX_SET_VALUES } from './alert.ts';
import { parseAlert } from './exact-json.ts';
import { compilePath } from './point-path.ts';

function read(alert: unknown, path: string) {
  return new AlertReader(alert).read(compilePath(path));
}

describe('paths', () => {
  it('walk keys and say null for what is not there', () => {
    const alert = { a: { b: { c: 'x' }, n: null, e: [], z: [null, []], f: false, o: 0, s: '' } };
    expect(read(alert, 'a.b.c')).toBe('x');
    for (const path of ['a.n', 'a.e', 'a.z', 'a.q', 'a.b.c.d', 'q', 'a.f.x', 'a.n.x', 'a[0]'])
      expect(read(alert, path)).toBeNull();
    expect([read(alert, 'a.f'), read(alert, 'a.o'), read(alert, 'a.s')]).toEqual([false, 0, '']);
  });

  it('find keys that hold dots, the longest first', () => {
    expect(read({ 'a.b': { c: 1 } }, 'a.b.c')).toBe(1);
    expect(read({ 'a.b.c': 1, 'a.b': { c: 2 }, a: { b: { c: 3 } } }, 'a.b.c')).toBe(1);
    expect(read({ 'a.b.c': null, 'a.b': { x: 2 }, a: { 'b.c': 3 } }, 'a.b.c')).toBe(3);
    expect(read({ 'a.b': 1, a: { b: 2 } }, '["a"]["b"]')).toBe(2);
    expect(read({ 'a.b': [{ x: 1 }], a: { b: { c: 3 } } }, 'a.b.c')).toBe(3);
  });

  it('take arrays as sets', () => {
    expect(read({ t: ['b', 'a', 'b', 2, true, null, 10] }, 't')).toEqual([true, 2, 10, 'a', 'b']);
    expect(read({ t: ['a'] }, 't')).toEqual(['a']);
    expect(read({ t: [['a'], [['b']]] }, 't')).toEqual(['a', 'b']);
    expect(read({ labels: [{ value: 'x' }, { value: 'y' }, { other: 1 }, 'z', 3] }, 'labels.value')).toEqual(['x', 'y']);
    expect(read({ labels: [{ value: 'x' }] }, 'labels.value')).toEqual(['x']);
    expect(read({ a: [{ b: [{ c: 1 }, { c: [2, 3] }] }, [{ b: { c: 1 } }]] }, 'a.b.c')).toEqual([1, 2, 3]);
  });

  it('keep the canonically first values of a large set', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 5_000);
    expect(read({ many }, 'many')).toEqual(Array.from({ length: MAX_SET_VALUES }, (_, i) => i));
  });

  it('choose the same of a huge set in whatever order it comes', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => `v${(i * 7919) % 20_000}`);
    const expected = [...values].sort().slice(0, MAX_SET_VALUES);
    for (const order of [values, [...values].sort(), [...values].sort().reverse(), [...values, ...values]])
      expect(read({ order }, 'order')).toEqual(expected);
  });

  it('pick from lists of names and values', () => {
    const labels = [
      { type: 'Email/from', value: 'a@x' },
      { Name: 'Subject', Value: 'Hi' },
      { key: 'to', values: ['b', 'c'] },
      { field: 'nested', data: { x: 1 } },
      { id: 7, text: 'seven' },
      { label: 'twice', val: 1 },
      { label: 'Twice', val: 2 },
      { type: 'none', value: null },
      ['array'],
    ];
    const alert = { labels, headers: { 'Email/from': 'h', '7': 'key' } };
    expect(read(alert, 'labels[email/FROM]')).toBe('a@x');
    expect(read(alert, 'labels[Subject]')).toBe('Hi');
    expect(read(alert, 'labels[to]')).toEqual(['b', 'c']);
    expect(read(alert, 'labels[nested].x')).toBe(1);
    expect(read(alert, 'labels["7"]')).toBe('seven');
    expect(read(alert, 'labels[twice]')).toEqual([1, 2]);
    expect(read({ l: [labels[0], labels[0]] }, 'l[email/from]')).toBe('a@x');
    expect(read({ l: [labels[2], labels[2]] }, 'l[to]')).toEqual(['b', 'c']);
    expect(
      read(
        {
          l: [
            { name: 'n', value: ['v'] },
            { name: 'n', value: 'v' },
          ],
        },
        'l[n]',
      ),
    ).toEqual(['v']);
    expect(read(alert, 'labels[none]')).toBeNull();
    expect(read(alert, 'labels[to].x')).toBeNull();
    expect(read(alert, 'headers[Email/from]')).toBe('h');
    expect(read(alert, 'headers[7]')).toBe('key');
    expect(read([{ name: 'a', value: 1 }], '[a]')).toBe(1);
  });

  it('index arrays', () => {
    const alert = { items: [{ x: 1 }, { x: [2] }] };
    expect(read(alert, 'items[0].x')).toBe(1);
    expect(read(alert, 'items[1].x')).toEqual([2]);
    expect(read(alert, 'items[2].x')).toBeNull();
  });

  it('reach keys with brackets by a JSON string', () => {
    const alert = { 'a[b].c': { '': 1 }, list: [{ 'q]': 2 }, { 'q]': 3 }] };
    expect(read(alert, '["a[b].c"][""]')).toBe(1);
    expect(read(alert, 'list["q]"]')).toEqual([2, 3]);
  });

  it('go on in JSON inside strings, to a limit', () => {
    const nest = (value: unknown, levels: number): unknown =>
      levels === 0 ? value : { s: JSON.stringify(nest(value, levels - 1)) };
    expect(
      read({ incident: { rawJSON: ' {"rule":{"name":"x","id":12345678901234567890}}\n' } }, 'incident.rawJSON.rule.name'),
    ).toBe('x');
    expect(read({ raw: '{"id":12345678901234567890}' }, 'raw.id')).toBe('12345678901234567890');
    expect(read({ raw: '[{"a":1},{"a":2}]' }, 'raw.a')).toEqual([1, 2]);
    expect(read({ raw: '{"a":1}' }, 'raw')).toBe('{"a":1}');
    expect(read(nest({ s: 'end' }, 3), 's.s.s.s')).toBe('end');
    expect(read(nest({ s: 'end' }, 4), 's.s.s.s.s')).toBeNull();
    expect(read({ raw: '{"a":1' }, 'raw.a')).toBeNull();
    expect(read({ raw: '{a:1}' }, 'raw.a')).toBeNull();
    expect(read({ raw: `{"a":1,"b":"${'x'.repeat(MAX_EMBEDDED_LENGTH)}"}` }, 'raw.a')).toBeNull();
    expect(read('{"a":1}', 'a')).toBe(1);
  });

  it('parse a string once for all paths', () => {
    const reader = new AlertReader({ raw: '{"a":{"x":1}}' });
    const first = reader.embedded('{"a":{"x":1}}', 0);
    expect(reader.read(compilePath('raw.a.x'))).toBe(1);
    expect(reader.embedded('{"a":{"x":1}}', 0)).toBe(first);
    expect([reader.embedded('{bad}', 0), reader.embedded('{bad}', 0)]).toEqual([undefined, undefined]);
  });

  it('give an object as canonical JSON text', () => {
    expect(read({ o: { b: [2, 1, 1], a: { z: -0, y: 'e\u0301' } } }, 'o')).toBe('{"a":{"y":"é","z":0},"b":[1,2]}');
    const long = read({ o: { a: 'x'.repeat(10_000), z: 1 } }, 'o');
    const other = read({ o: { a: 'x'.repeat(10_000), z: 2 } }, 'o');
    expect(String(long)).toHaveLength(4_096 + 2 + 32);
    expect(long).not.toBe(other);
  });

  it('find keys in another Unicode form', () => {
    expect(read({ 'cafe\u0301': 1 }, 'café')).toBe(1);
    expect(read({ café: 1 }, 'cafe\u0301')).toBe(1);
  });

  it('read own properties only', () => {
    for (const path of [
      '__proto__',
      'constructor',
      'toString',
      'constructor.name',
      '__proto__.constructor',
      'a.length',
      's.length',
      '[constructor]',
    ])
      expect(read({ a: [1, 2], s: 'abc' }, path)).toBeNull();
    const alert = parseAlert(
      '{"__proto__":{"x":1},"constructor":{"name":"c"},"toString":"t","hasOwnProperty":1,"l":[{"__proto__":"p","name":"n","value":"v"}]}',
    );
    expect(read(alert, '__proto__.x')).toBe(1);
    expect(read(alert, 'constructor.name')).toBe('c');
    expect(read(alert, 'toString')).toBe('t');
    expect(read(alert, 'l.__proto__')).toEqual(['p']);
    expect(read(alert, 'l[n]')).toBe('v');
  });

  it('survive nesting, also of what no JSON can hold', () => {
    const depth = 100_000;
    const arrays = parseAlert(`{"a":${'['.repeat(depth)}1${']'.repeat(depth)}}`);
    expect([read(arrays, 'a'), read(arrays, 'a.b')]).toEqual([null, null]);
    const objects = parseAlert(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(typeof read(objects, 'a')).toBe('string');
    expect(read(parseAlert(`{"o":{"x":${'['.repeat(depth)}1${']'.repeat(depth)}}}`), 'o')).toMatch(/^\{"x":\[+\]+\}$/);
    expect(read({ n: Number.NaN, i: 10n, f: () => 1, s: Symbol('s') }, 'n')).toBe('NaN');
    expect(read({ i: 10n }, 'i')).toBe('10');
    expect(read({ f: () => 1 }, 'f')).toBeNull();
  });
});

describe('compareScalars', () => {
  it('orders types, then values', () => {
    expect(['b', 10, true, 'a', 9, false, 'B'].sort(compareScalars)).toEqual([false, true, 9, 10, 'B', 'a', 'b']);
    expect(compareScalars('x', 'x')).toBe(0);
  });
});
