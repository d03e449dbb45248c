import { describe, expect, it } from 'vitest';
import { elements, planPoint, toNumber } from './point-types.ts';
import type { PointType, PointValue } from './types.ts';

const range = (count: number, of: (i: number) => PointValue) => Array.from({ length: count }, (_, i) => of(i));
const typeOf = (values: readonly PointValue[], chosen?: PointType) => planPoint('p', values, chosen).type;

describe('the type of a decision point', () => {
  it.each<[string, PointValue[], PointType]>([
    ['nothing', [null, null], 'category'],
    ['names', range(50, (i) => ['ssh', 'rdp', 'smb'][i % 3]!), 'category'],
    ['ids of digits', range(50, (i) => String(i * 37)), 'category'],
    ['hashes', range(50, (i) => `${'0123456789abcdef'.repeat(2)}${i}`), 'category'],
    ['command lines', range(50, (i) => `powershell -enc job${i} /q`), 'text'],
    ['numbers', range(50, (i) => i / 3), 'number'],
    ['decimal strings', range(50, (i) => `${i}.25`), 'number'],
    ['truths', range(50, (i) => i % 2 === 0), 'boolean'],
    ['addresses', range(50, (i) => `10.0.0.${i}`), 'ip'],
    ['ISO times', range(50, (i) => `2024-05-18T15:30:${10 + i}Z`), 'time'],
    ['seconds since 1970', range(50, (i) => 1_700_000_000 + i), 'time'],
    ['lists of names', range(50, (i) => [`t${i % 4}`, 'x']), 'set'],
  ])('%s', (_, values, type) => {
    expect(typeOf(values)).toBe(type);
  });

  it('is what a person has set', () => {
    expect(planPoint('p', ['a', 'b'], 'text')).toMatchObject({ type: 'text', words: true, runs: true });
    expect(typeOf([1, 2, 3], 'category')).toBe('category');
    expect(planPoint('p', ['2024-05-18T15:30:10Z'], 'time').timeOfDay).toBe(true);
    expect(planPoint('p', ['2024-05-18T15:30:10Z'], undefined).timeOfDay).toBe(false);
  });
});

describe('cut points', () => {
  it('are made of strings of digits too, which may be counts, unless they look like nothing but ids', () => {
    const cuts = (values: readonly PointValue[], chosen?: PointType) => planPoint('p', values, chosen).cuts.length;
    const counts = range(60, (i) => String(i * i * 90));
    expect(cuts(counts)).toBeGreaterThan(5);
    expect(cuts(range(60, (i) => (i % 2 ? i * 90 : String(i * 90))))).toBeGreaterThan(5);
    expect(cuts(counts, 'category')).toBe(0);
    expect(cuts(range(60, (i) => `00${i * i * 90}`))).toBe(0);
    expect(cuts(range(60, (i) => `${i}${'7'.repeat(17)}`))).toBe(0);
    expect(cuts(range(60, (i) => String(i % 8)))).toBe(0);
    expect(cuts(range(60, (i) => (i % 5 ? String(i) : `rule-${i}`)))).toBe(0);
  });

  it('are distinct, upwards, and part the most frequent number from the rest', () => {
    const values = [...range(95, () => 0), 1, 2, 3, 50, 1000];
    const { cuts, centre, scale } = planPoint('p', values, undefined);
    expect([...cuts]).toEqual([1, 2, 3, 50, 1000]);
    expect(centre).toBe(0);
    expect(scale).toBe(1);
    expect(planPoint('p', [5, 5, 5], undefined).cuts).toHaveLength(0);
  });
});

describe('values', () => {
  it('NaN and missing things are no elements', () => {
    expect(elements(null)).toEqual([]);
    expect(elements(Number.NaN)).toEqual([]);
    expect(elements([1, Number.NaN, 'a'])).toEqual([1, 'a']);
    expect(elements(false)).toEqual([false]);
  });

  it('are numbers when spelled as decimals', () => {
    expect(['1', '-2.5', '1e3', '', '0x10', ' 1', 'Infinity', '1e999'].map(toNumber)).toEqual([
      1,
      -2.5,
      1000,
      ...[4, 5, 6, 7].map(() => Number.NaN),
      1e300,
    ]);
    expect(toNumber(true)).toBeNaN();
    expect(toNumber(Number.POSITIVE_INFINITY)).toBe(1e300);
  });
});
