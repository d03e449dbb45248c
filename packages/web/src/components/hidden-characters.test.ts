import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showHidden, splitHidden } from './hidden-characters.ts';

test('what turns the direction of writing or shows nothing is spelled out', () => {
  expect(showHidden('invoice\u202Efdp.exe')).toBe('invoice<U+202E>fdp.exe');
  expect(showHidden('a\u0000b\u200Bc\u{E0041}d\uD800e')).toBe('a<U+0000>b<U+200B>c<U+E0041>d<U+D800>e');
  expect(showHidden('tab\tand\nline stay, so does 日本語 and 😀')).toBe('tab\tand\nline stay, so does 日本語 and 😀');
  expect(splitHidden('')).toEqual([]);
});

test('nothing is lost and nothing hidden is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const pieces = splitHidden(text);
      const back = pieces.map((p) => (p.hidden ? String.fromCodePoint(Number.parseInt(p.text.slice(2), 16)) : p.text)).join('');
      expect(back).toBe(text);
      expect(
        splitHidden(
          pieces
            .filter((p) => !p.hidden)
            .map((p) => p.text)
            .join('|'),
        ).every((p) => !p.hidden),
      ).toBe(true);
    }),
  );
});
