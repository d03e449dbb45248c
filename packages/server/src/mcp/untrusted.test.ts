import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleJson, visibleValue } from './untrusted.ts';

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;

describe('text of alerts', () => {
  it('shows what would be hidden: controls, direction marks, tags, line separators, half pairs', () => {
    expect(visible('a\u202eb\u0000\u2028')).toBe('a\\u202eb\\u0000\\u2028');
    expect(visible('\u{e0041}')).toBe('\\udb40\\udc41');
    expect(visible('\ud800x')).toBe('\\ud800x');
    expect(visible('Zażółć 攻撃 🙂')).toBe('Zażółć 攻撃 🙂');
  });

  it('is cut where it is long, never inside of a character', () => {
    expect(visible('abcdef', 3)).toBe('abc…');
    expect(visible('ab🙂', 3)).toBe('ab…');
    expect(visibleValue(Array.from({ length: 30 }, (_, i) => i))).toHaveLength(20);
    expect(visibleValue({ a: 1 })).toEqual({ a: 1 });
  });

  it('never has a hidden character left', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !HIDDEN.test(visible(text, 10_000))));
  });

  it('as JSON means the same as before', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.nat(3), (json, indent) => {
        const written = JSON.stringify(JSON.parse(json), null, indent);
        const { text, cut } = visibleJson(written, 1e9);
        expect(cut).toBe(false);
        expect(JSON.parse(text)).toEqual(JSON.parse(json));
        expect(HIDDEN.test(text.replaceAll('\n', ''))).toBe(false);
      }),
    );
    expect(visibleJson('{"a":"bcd"}', 4)).toEqual({ text: '{"a"…', cut: true });
  });
});
