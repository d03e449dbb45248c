import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asPattern, fitsPattern } from './pattern.ts';

/** What a pattern means, character by character, going back to the last star: slow and plain. */
function fitsPlainly(text: string, pattern: string): boolean {
  const steps: string[] = [];
  const written = [...pattern];
  for (let i = 0; i < written.length; i++) {
    const character = written[i]!;
    if (character === '\\' && i + 1 < written.length) steps.push(written[++i]!);
    else steps.push(character === '*' ? '*any' : character === '?' ? '?any' : character);
  }
  const characters = [...text];
  let at = 0;
  let step = 0;
  let star = -1;
  let resume = 0;
  while (at < characters.length) {
    const wanted = steps[step];
    if (wanted === '*any') {
      star = step++;
      resume = at;
    } else if (wanted !== undefined && (wanted === '?any' || wanted === characters[at])) {
      step++;
      at++;
    } else if (star >= 0) {
      step = star + 1;
      at = ++resume;
    } else return false;
  }
  while (steps[step] === '*any') step++;
  return step === steps.length;
}

describe('a pattern', () => {
  it.each([
    ['', '', true],
    ['', '*', true],
    ['', '?', false],
    ['a', '', false],
    ['powershell.exe', 'power*.exe', true],
    ['power.exe', 'power*.exe', true],
    ['powe.exe', 'power*.exe', false],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a*b', 'a\\*b', true],
    ['axb', 'a\\*b', false],
    ['a\\', 'a\\', true],
    ['💥', '?', true],
    ['💥', '??', false],
    ['x💥y', '*\ud83d*', false],
    ['x\ud83dy', '*\ud83d*', true],
    ['💥', '\ud83d\\\udca5', false],
    ['one two three', '*t?o*', true],
    ['aaab', '*aab', true],
    ['abcabd', '*ab?', true],
  ])('of %j and %j: %s', (text, pattern, fits) => {
    expect(fitsPattern(text, pattern)).toBe(fits);
  });

  it('fits what it fits character by character', () => {
    const unit = fc.constantFrom('a', 'b', '*', '?', '\\', '\ud83d', '\udca5', '💥', 'é');
    const text = fc.array(unit, { maxLength: 12 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (one, pattern) => {
        expect(fitsPattern(one, pattern)).toBe(fitsPlainly(one, pattern));
      }),
      { numRuns: 20_000 },
    );
  });

  it('of a text taken as itself fits that text alone', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(fitsPattern(one, asPattern(one))).toBe(true);
        expect(fitsPattern(other, asPattern(one))).toBe(one === other);
      }),
    );
  });

  it('of a million letters is looked for in a text of a million', () => {
    const text = 'a'.repeat(1_000_000);
    expect(fitsPattern(text, `*${'a'.repeat(500_000)}b*`)).toBe(false);
    expect(fitsPattern(`${text}b`, `*${text}b`)).toBe(true);
    expect(fitsPattern(text, '*'.repeat(1_000_000))).toBe(true);
  });
});
