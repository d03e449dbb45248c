import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDecimal, parseAlert } from './exact-json.ts';

describe('parseAlert', () => {
  it('keeps numbers that a double holds as numbers', () => {
    expect(
      parseAlert('[0,-0.0,1,1.5,1e2,0.1,9007199254740991,1e23,5e-324,1.7976931348623157e308,0e999,0.30000000000000004]'),
    ).toEqual([0, -0, 1, 1.5, 100, 0.1, 9007199254740991, 1e23, 5e-324, 1.7976931348623157e308, 0, 0.30000000000000004]);
  });

  it('gives the others as a string of their decimal value', () => {
    expect(
      parseAlert(
        '{"a":9223372036854775807,"b":1e400,"c":0.1000000000000000055,"d":-1E-400,"e":[123456789.123456789,10000000000000000001.0]}',
      ),
    ).toEqual({
      a: '9223372036854775807',
      b: '1e+400',
      c: '0.1000000000000000055',
      d: '-1e-400',
      e: ['123456789.123456789', '10000000000000000001'],
    });
    expect(parseAlert('18446744073709551615')).toBe('18446744073709551615');
  });

  it('never touches what stands in a string', () => {
    const alert = { 'k:12345678901234567890': 'a\\": 12345678901234567890, [1e400]', '\\': ', 99999999999999999999 "', n: 1 };
    expect(parseAlert(JSON.stringify(alert))).toEqual(alert);
    expect(parseAlert(`{"x":"\\\\","y":12345678901234567891,"z":"\\""}`)).toEqual({ x: '\\', y: '12345678901234567891', z: '"' });
  });

  it('makes no JSON out of what is none', () => {
    for (const text of [
      '{12345678901234567890:1}',
      '012345678901234567890',
      '[1e400',
      '12345678901234567890 1',
      '-',
      '"12345678901234567890',
      '',
    ])
      expect(() => parseAlert(text)).toThrow(SyntaxError);
  });

  it('keeps __proto__ as data', () => {
    const alert = parseAlert('{"__proto__":{"polluted":1},"id":12345678901234567890}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(alert)).toBe(Object.prototype);
    expect(Object.keys(alert)).toEqual(['__proto__', 'id']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('survives deep nesting on the slow path', () => {
    const depth = 200_000;
    let value = parseAlert(`${'['.repeat(depth)}12345678901234567890${']'.repeat(depth)}`);
    let levels = 0;
    while (Array.isArray(value)) {
      value = value[0];
      levels++;
    }
    expect([levels, value]).toEqual([depth, '12345678901234567890']);
  });

  it('agrees with JSON.parse on everything a double holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseAlert(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('tells all integers apart', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (n) => {
        expect(canonicalDecimal(String(parseAlert(String(n))))).toBe(canonicalDecimal(String(n)));
      }),
    );
  });
});

describe('canonicalDecimal', () => {
  it('has one spelling for one value', () => {
    const same: [string, string[]][] = [
      ['15', ['15', '15.0', '1.5e1', '150e-1', '1.50E+1', '0.15e2', '0.0015e0004']],
      ['0', ['0', '-0', '0.000', '0e5', '-0.0E-99999999999999999999']],
      ['-0.00001', ['-0.00001', '-1e-5', '-10E-6']],
      ['1e-7', ['0.0000001', '1e-7', '10e-8']],
      ['1.2e+400', ['1.2e400', '12e399', '120E398']],
      ['100000000000000000000', ['1e20', '100000000000000000000']],
      ['1e+100000000000000000000', ['1e100000000000000000000']],
    ];
    for (const [canonical, spellings] of same)
      for (const spelling of spellings) expect(canonicalDecimal(spelling)).toBe(canonical);
  });

  it('does not compute with absurd exponents', () => {
    expect(canonicalDecimal(`1E${'9'.repeat(2_000)}`)).toBe(`1e${'9'.repeat(2_000)}`);
  });

  it('does not depend on how a decimal is spelled', () => {
    const parts = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -400, max: 400 }), fc.nat(5));
    fc.assert(
      fc.property(parts, ([digits, exponent, zeros]) => {
        const plain = canonicalDecimal(`${digits}e${exponent}`);
        expect(canonicalDecimal(`${digits}${'0'.repeat(zeros)}E${exponent - zeros}`)).toBe(plain);
        expect(canonicalDecimal(plain)).toBe(plain);
      }),
    );
  });
});
