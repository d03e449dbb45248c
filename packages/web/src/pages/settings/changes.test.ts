import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesBetween } from './changes.ts';

test('names what differs and leaves out what is the same', () => {
  const before = { title: 'A', settings: { days: 30, rate: 0.1 }, points: ['a'] };
  const after = { title: 'B', settings: { days: 30, rate: 0.2 }, points: ['a', 'b'] };
  expect(changesBetween(before, after)).toEqual([
    { path: 'title', before: 'A', after: 'B' },
    { path: 'settings.rate', before: '0.1', after: '0.2' },
    { path: 'points', before: '["a"]', after: '["a","b"]' },
  ]);
});

test('what is new has nothing before, what is gone nothing after', () => {
  expect(changesBetween(null, { name: 'ada' })).toEqual([{ path: 'name', before: undefined, after: 'ada' }]);
  expect(changesBetween({ name: 'ada' }, null)).toEqual([{ path: 'name', before: 'ada', after: undefined }]);
});

test('a document differs in nothing from itself, and no name makes it stumble', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(changesBetween(one, structuredClone(one))).toEqual([]);
      expect(changesBetween(one, other).length).toBeLessThanOrEqual(100);
    }),
  );
  expect(changesBetween(JSON.parse('{"__proto__": 1}'), {})).toEqual([{ path: '__proto__', before: '1', after: undefined }]);
});
