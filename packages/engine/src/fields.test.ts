import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlertReader } from './alert.ts';
import { parseAlert } from './exact-json.ts';
import { listFields } from './fields.ts';
import { compilePath } from './point-path.ts';

describe('listFields', () => {
  it('lists every form in which a field can be named', () => {
    const alert = {
      rule: { name: 'r', level: 3, none: null, nothing: [], empty: {} },
      'host.os': { name: 'linux' },
      tags: ['b', 'a'],
      labels: [
        { type: 'Email/from', value: 'x' },
        { type: 'email/FROM', value: 'y' },
        { type: '7', value: { deep: true } },
      ],
      raw: '{"rule":{"id":12345678901234567890}}',
      'odd[key]': 1,
      text: '{}',
    };
    expect(listFields(alert)).toEqual([
      { path: '["odd[key]"]', value: 1 },
      { path: 'host.os.name', value: 'linux' },
      { path: 'labels.type', value: ['7', 'Email/from', 'email/FROM'] },
      { path: 'labels.value', value: ['x', 'y', '{"deep":true}'] },
      { path: 'labels.value.deep', value: [true] },
      { path: 'labels["7"].deep', value: true },
      { path: 'labels[Email/from]', value: ['x', 'y'] },
      { path: 'raw.rule.id', value: '12345678901234567890' },
      { path: 'rule.level', value: 3 },
      { path: 'rule.name', value: 'r' },
      { path: 'tags', value: ['a', 'b'] },
      { path: 'text', value: '{}' },
    ]);
  });

  it('has nothing to say of what is no object', () => {
    for (const alert of [null, undefined, 1, 'x', [], {}, [1, 2]]) expect(listFields(alert)).toEqual([]);
  });

  it('does not depend on the order of keys', () => {
    const forward = { b: { y: 1, x: 2 }, a: 3 };
    const backward = { a: 3, b: { x: 2, y: 1 } };
    expect(listFields(forward)).toEqual(listFields(backward));
  });

  it('is bounded', () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
    expect(listFields(wide)).toHaveLength(2_000);
    expect(listFields(wide, { maxFields: 3 }).map((field) => field.path)).toEqual(['k0', 'k1', 'k10']);
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = { a: deep };
    const [field] = listFields(deep);
    expect(field!.path).toBe(Array(12).fill('a').join('.'));
    expect(typeof field!.value).toBe('string');
    const depth = 100_000;
    expect(listFields(parseAlert(`{"a":${'['.repeat(depth)}1${']'.repeat(depth)}}`))).toEqual([]);
    expect(listFields({ ['k'.repeat(600)]: { x: 1 }, a: 1 }).map((f) => f.path)).toEqual(['a']);
    expect(listFields({ many: Array.from({ length: 200_000 }, (_, i) => i), z: 1 }).map((f) => f.path)).toEqual(['many']);
  });

  it('does not walk a huge list once for each of its names', () => {
    const list = Array.from({ length: 30_000 }, (_, i) => ({ name: `n${i}`, value: i }));
    const found = listFields({ a: 1, list }).map((field) => field.path);
    expect(found.slice(0, 3)).toEqual(['a', 'list.name', 'list.value']);
    expect(found.length).toBeLessThan(10);
  });

  it('misses no scalar and reads each one back', () => {
    const key = fc.oneof(
      fc.constantFrom('a', 'b', 'a[0]', '__proto__', 'constructor', '', ' ', '0'),
      fc.string({ unit: 'binary-ascii', maxLength: 4 }),
    );
    const simpleKey = key.filter((k) => !k.includes('.'));
    const tree = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, fc.constantFrom(1, 'x', true), tie('object')),
      object: fc.dictionary(simpleKey, tie('value'), { maxKeys: 4 }),
    })).object;
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null ? Object.values(value).reduce<number>((sum, v) => sum + count(v), 0) : 1;
    fc.assert(
      fc.property(tree, (tree) => {
        const alert = parseAlert(JSON.stringify(tree));
        const fields = listFields(alert);
        expect(fields).toHaveLength(count(alert));
        for (const { path, value } of fields) {
          expect(value).not.toBeNull();
          expect(new AlertReader(alert).read(compilePath(path))).toEqual(value);
        }
      }),
    );
  });
});
