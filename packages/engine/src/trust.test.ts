import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distrustedSources, type TrustUnit } from './trust.ts';

const POINTS = ['rule', 'host'];

/** Unit `n` of rule `n % 6`: even ones are class 0, odd ones class 1. */
const unit = (n: number, votes: readonly (readonly [string, number])[]): TrustUnit => ({
  key: `k${String(n).padStart(4, '0')}`,
  values: [`rule ${n % 6}`, `host ${n}`],
  votes: votes.map(([source, choice]) => ({ choice, sources: [source] })),
});
const right = (n: number) => n % 2;
const labelled = (count: number, source: string, from = 0) =>
  Array.from({ length: count }, (_, i) => unit(from + i, [[source, right(from + i)]]));

describe('whose votes are set aside', () => {
  it('are those of a source that contradicts what others say of like alerts', () => {
    const poison = Array.from({ length: 8 }, (_, i) => unit(500 + i, [['eve', 1 - right(500 + i)]]));
    const found = distrustedSources(POINTS, undefined, [...labelled(100, 'ana'), ...poison]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ source: 'eve', votes: 8, agreed: 0 });
    expect(found[0]!.expected).toBeGreaterThan(7);
    expect(found[0]!.p).toBeLessThan(1e-4);
  });

  it('also where votes of others on the same unit are all that informs', () => {
    const units = Array.from(
      { length: 30 },
      (_, n): TrustUnit => ({ ...unit(n, [['ana', right(n)], ...(n < 6 ? [['eve', 1 - right(n)] as const] : [])]) }),
    );
    expect(distrustedSources(POINTS, undefined, units).map(({ source }) => source)).toEqual(['eve']);
  });

  it('are never those of one analyst alone, of two who share the work, of a newcomer who is right, or of one with few votes', () => {
    expect(distrustedSources(POINTS, undefined, [])).toEqual([]);
    expect(distrustedSources(POINTS, undefined, labelled(60, 'ana'))).toEqual([]);
    const against = Array.from({ length: 50 }, (_, i) => unit(500 + i, [['ben', 1 - right(500 + i)]]));
    expect(distrustedSources(POINTS, undefined, [...labelled(60, 'ana'), ...against])).toEqual([]);
    expect(distrustedSources(POINTS, undefined, [...labelled(60, 'ana'), ...labelled(8, 'ben', 500)])).toEqual([]);
    expect(distrustedSources(POINTS, undefined, [...labelled(60, 'ana'), ...against.slice(0, 4)])).toEqual([]);
  });

  it('are not those of a specialist whose alerts are like nobody else’s', () => {
    const other = Array.from(
      { length: 10 },
      (_, i): TrustUnit => ({
        key: `z${i}`,
        values: [`phishing kit ${i % 2}`, `mailbox ${i}`],
        votes: [{ choice: 2, sources: ['ben'] }],
      }),
    );
    expect(distrustedSources(POINTS, undefined, [...labelled(60, 'ana'), ...other])).toEqual([]);
  });

  it('do not depend on the order of the units', () => {
    const poison = Array.from({ length: 6 }, (_, i) => unit(500 + i, [['eve', 1 - right(500 + i)]]));
    const units = [...labelled(40, 'ana'), ...labelled(10, 'ben', 200), ...poison];
    const expected = distrustedSources(POINTS, undefined, units);
    expect(expected.map(({ source }) => source)).toEqual(['eve']);
    fc.assert(
      fc.property(fc.shuffledSubarray(units, { minLength: units.length }), (shuffled) => {
        expect(distrustedSources(POINTS, undefined, shuffled)).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });
});
