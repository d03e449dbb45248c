import { expect, test } from 'vitest';
import { own, typeChanges, typesOf } from './point-types.tsx';

test('only what differs is sent, and only for points that are chosen', () => {
  const saved = { port: 'number', user: 'text' } as const;
  expect(typeChanges(new Set(['port', 'user']), saved, saved)).toEqual({});
  expect(typeChanges(new Set(['port', 'user', 'cmd']), saved, { port: 'category', user: 'text', cmd: 'text' })).toEqual({
    port: 'category',
    cmd: 'text',
  });
  // Found again; and a point that was taken out needs no word.
  expect(typeChanges(new Set(['port']), saved, {})).toEqual({ port: null });
  expect(typesOf(new Set(['user']), saved)).toEqual({ user: 'text' });
});

test('a path that is called like a member of every object has no type of its own', () => {
  expect(own({}, 'constructor')).toBeUndefined();
  expect(typeChanges(new Set(['toString']), {}, {})).toEqual({});
});
