import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microsToOffset, microsToZ, parseTimestamp } from './timestamps.ts';

const US = 1_630_575_982_363_642;

describe('microsToZ, microsToOffset', () => {
  it('always write six digits', () => {
    expect(microsToZ(US)).toBe('2021-09-02T09:46:22.363642Z');
    expect(microsToOffset(US)).toBe('2021-09-02T09:46:22.363642+00:00');
    expect(microsToZ(0)).toBe('1970-01-01T00:00:00.000000Z');
    expect(microsToZ(7)).toBe('1970-01-01T00:00:00.000007Z');
  });

  it('count backwards before 1970', () => {
    expect(microsToZ(-1)).toBe('1969-12-31T23:59:59.999999Z');
    expect(microsToZ(Number.MIN_SAFE_INTEGER)).toBe('1684-07-28T00:12:25.259009Z');
    expect(microsToZ(Number.MAX_SAFE_INTEGER)).toBe('2255-06-05T23:47:34.740991Z');
  });

  it('refuse what is no whole number of microseconds', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53]) expect(() => microsToZ(bad)).toThrow(RangeError);
  });

  it('are read back exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (us) => {
        expect(parseTimestamp(microsToZ(us))).toBe(us);
        expect(parseTimestamp(microsToOffset(us))).toBe(us);
      }),
    );
  });
});

describe('parseTimestamp', () => {
  it.each([
    ['2021-09-02T09:46:22.363642Z', US],
    ['2021-09-02T09:46:22.363642+00:00', US],
    ['2021-09-02T09:46:22.363642', US],
    ['2021-09-02 09:46:22.363642', US],
    ['2021-09-02t09:46:22,363642z', US],
    ['2021-09-02T11:46:22.363642+02:00', US],
    ['2021-09-02T11:46:22.363642+0200', US],
    ['2021-09-02T11:46:22.363642+02', US],
    ['2021-09-02T04:16:22.363642-05:30', US],
    ['20210902T094622.363642Z', US],
    ['  2021-09-02T09:46:22.363642Z\n', US],
    ['2021-09-02T09:46:22.363642999Z', US],
    ['2021-09-02T09:46:22.3636Z', US - 42],
    ['2021-09-02T09:46:22Z', US - 363_642],
    ['2021-09-02T09:46', US - 22_363_642],
    ['2021-09-02', 1_630_540_800_000_000],
    ['2021-09-02T24:00:00Z', 1_630_627_200_000_000],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
    ['2000-02-29', 951_782_400_000_000],
    ['1970-01-01T00:00:00-00:00', 0],
  ])('reads %j', (text, us) => {
    expect(parseTimestamp(text)).toBe(us);
  });

  it.each([
    '',
    'yesterday',
    '2021',
    '2021-09',
    '1630575982',
    '2021-13-01',
    '2021-00-01',
    '2021-01-00',
    '2021-02-29',
    '1900-02-29',
    '2021-04-31',
    '2021-09-02T25:00:00Z',
    '2021-09-02T24:00:01Z',
    '2021-09-02T23:60:00Z',
    '2021-09-02T23:59:61Z',
    '2021-09-02T09:46:22+24:00',
    '2021-09-02T09:46:22+02:60',
    '2021-09-02T09:46:22Z and more',
    '0001-01-01T00:00:00Z',
    '1684-01-01T00:00:00Z',
    '2255-06-06T00:00:00Z',
    '9999-12-31T23:59:59Z',
    `2021-09-02${' '.repeat(200)}`,
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it('gives a safe integer or null for any text, the same each time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9TZ:.+ -]{8,40}$/)), (text) => {
        const read = parseTimestamp(text);
        expect(read === null || Number.isSafeInteger(read)).toBe(true);
        expect(parseTimestamp(text)).toBe(read);
      }),
    );
  });
});
