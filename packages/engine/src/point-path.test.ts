import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendKey, appendName, checkPointPath, compilePath, MAX_PATH_LENGTH, toNfc } from './point-path.ts';

describe('checkPointPath', () => {
  it('takes what can be read', () => {
    for (const path of [
      'a',
      'a.b.c',
      '@timestamp',
      'Source IP',
      'labels[Email/from]',
      'items[0].x',
      'a["x[y].z"].b',
      '[""]',
      '["a"]["b"]',
      'a[b][0]',
      'é',
      'a"b',
      'a["\\u0000"]',
    ])
      expect(checkPointPath(path)).toBeNull();
  });

  it.each([
    ['', /empty/],
    ['   ', /empty/],
    [' a', /begins or ends with a space/],
    ['x'.repeat(MAX_PATH_LENGTH + 1), /longer than 512/],
    [`${'a.'.repeat(64)}a`, /more than 64 parts/],
    ['a[b', /never closed/],
    ['a["b]', /never closed/],
    ['a]', /never opened/],
    ['a[]', /empty or nested/],
    ['a[b[c]', /empty or nested/],
    ['a["b"c]', /not a JSON string/],
    ['a["\\x"]', /not a JSON string/],
    ['a[b]c', /needs a dot/],
    ['a..b', /empty part/],
    ['.a', /empty part/],
    ['a.', /nothing after the dot/],
    ['a[b].', /nothing after the dot/],
    ['a.[b]', /nothing after the dot/],
    ['a[b].[c]', /nothing after the dot/],
    ['a\u0000b', /control character/],
    ['a\ud800', /half a character/],
  ])('says what is wrong with %j', (path, sentence) => {
    expect(checkPointPath(path)).toMatch(sentence);
    expect(() => compilePath(path)).toThrow(RangeError);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        const wrong = checkPointPath(path);
        expect(wrong === null || wrong.length > 10).toBe(true);
      }),
    );
  });
});

describe('appendKey, appendName', () => {
  it('always give a path that can be compiled', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }), (a, b) => {
        expect(checkPointPath(appendName(appendKey(appendKey('', a), b), a))).toBeNull();
        expect(compilePath(appendKey('', a))[0]!.tries[0]!.key).toBe(a);
      }),
    );
  });

  it('quote only what needs it', () => {
    expect(appendKey('a', 'b.c')).toBe('a.b.c');
    expect(appendKey('a', 'b..c')).toBe('a["b..c"]');
    expect(appendKey('', '')).toBe('[""]');
    expect(appendKey('a', 'x.'.repeat(16).concat('y'))).toBe(`a["${'x.'.repeat(16)}y"]`);
    expect(appendName('l', 'Email/from')).toBe('l[Email/from]');
    expect(appendName('l', '7')).toBe('l["7"]');
    expect(appendName('l', '')).toBe('l[""]');
  });
});

describe('toNfc', () => {
  it('is the Unicode normal form', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => toNfc(text) === text.normalize('NFC')));
    expect(toNfc('e\u0301')).toBe('é');
  });
});
