import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../context/index.ts';
import { compare, OPERATOR_NAMES } from './operators.ts';
import { findAll, RegexError } from './safe-regex.ts';
import { TRANSFORMER_NAMES, type TransformerArguments, transform } from './transformers.ts';
import { type Given, NotKnown, ValueError } from './values.ts';

const none = undefined;

/** Operator, left, right, whether it holds, and whether letters of either case are the same. */
const COMPARISONS: readonly (readonly [string, Given, Given, boolean, true?])[] = [
  ['isEqualString', 'a', 'a', true],
  ['isEqualString', 'a', 'A', false],
  ['isEqualString', 'a', 'A', true, true],
  ['isEqualString', ['x', 'a'], 'a', true],
  ['isEqualString', 3, '3', true],
  ['isEqualString', none, 'a', false],
  ['isEqualString', none, '', true],
  ['isNotEqualString', 'a', 'b', true],
  ['isNotEqualString', none, 'b', true],
  ['isIdenticalString', 'a', 'a', true],
  ['isEqual', { a: 1 }, '{"a":1}', true],
  ['isEqual', 5, '5', true],
  ['isNotEqual', { a: 1 }, { a: 2 }, true],
  ['isEqualNumber', '5.0', 5, true],
  ['isEqualNumber', none, 5, false],
  ['isNotEqualNumber', none, 5, true],
  ['isNotEqualNumber', 5, '5', false],
  ['greaterThan', '10', '9', true],
  ['greaterThan', none, '9', false],
  ['greaterThanOrEqual', 9, '9', true],
  ['lessThan', 1.5, 2, true],
  ['lessThan', none, 2, false],
  ['lessThanOrEqual', 3, 2, false],
  ['isExists', 0, none, true],
  ['isExists', '', none, true],
  ['isExists', [], none, false],
  ['isNotExists', none, none, true],
  ['isEmpty', '', none, true],
  ['isEmpty', {}, none, true],
  ['isEmpty', 0, none, false],
  ['isNotEmpty', ['a'], none, true],
  ['isNotEmpty', null, none, false],
  ['isTrue', 'True', none, true],
  ['isTrue', 'no', none, false],
  ['isFalse', false, none, true],
  ['containsString', 'the cat', 'cat', true],
  ['containsString', 'the cat', ['dog', 'cat'], true],
  ['containsString', 'the cat', 'CAT', true, true],
  ['notContainsString', 'the cat', 'dog', true],
  ['containsGeneral', ['a', 'b'], 'b', true],
  ['containsGeneral', 'a', 'a', true],
  ['containsGeneral', ['ab'], 'a', false],
  ['notContainsGeneral', ['a'], 'b', true],
  ['in', 'b', 'a, b', true],
  ['in', 'b', ['a', 'b'], true],
  ['in', 'b', '["a","b"]', true],
  ['inList', 'c', 'a,b', false],
  ['notIn', 'c', 'a,b', true],
  ['notInList', 'a', 'a,b', false],
  ['startWith', 'alpha', 'al', true],
  ['startsWith', 'alpha', 'be', false],
  ['notStartWith', 'alpha', 'be', true],
  ['endWith', 'alpha', 'ha', true],
  ['endsWith', 'alpha', 'al', false],
  ['notEndWith', 'alpha', 'al', true],
  ['match', 'AB-12', '^[A-Z]+-\\d+$', true],
  ['match', 'ab-12', '(?i)^AB', true],
  ['isMatch', 'ab', '^b', false],
  ['notMatch', 'ab', '^b', true],
  ['hasLength', ['a', 'b'], '2', true],
  ['hasLength', none, '0', true],
  ['stringHasLength', 'abc', 3, true],
  ['isBefore', '2026-01-01', '2026-01-02T00:00:00Z', true],
  ['before', '2026-01-03', '2026-01-02', false],
  ['isAfter', 'Sat, 03 Jan 2026 00:00:00 GMT', '2026-01-02', true],
  ['after', none, '2026-01-02', false],
  ['isSame', '2026-01-02', 1767312000, true],
  ['sameAs', '2026-01-02 00:00:00', '2026-01-02T01:00:00+01:00', true],
];

describe('compare', () => {
  for (const [operator, left, right, holds, ignoreCase] of COMPARISONS) {
    it(`${JSON.stringify(left)} ${operator} ${JSON.stringify(right)} is ${holds}${ignoreCase ? ' in any case' : ''}`, () => {
      expect(compare(operator, left, right, ignoreCase)).toBe(holds);
    });
  }

  it('has an example for each operator', () => {
    expect([...new Set(COMPARISONS.map(([operator]) => operator))].sort()).toEqual([...OPERATOR_NAMES].sort());
  });

  it('says what it does not know and what it cannot read', () => {
    expect(() => compare('sounds', 'a', 'b')).toThrow(NotKnown);
    expect(() => compare('toString', 'a', 'b')).toThrow(NotKnown);
    expect(() => compare('greaterThan', 'a', '1')).toThrow('"a" is not a number');
    expect(() => compare('isEqualString', { a: 1 }, 'a')).toThrow('is not text');
    expect(() => compare('isBefore', 'soon', '2026-01-01')).toThrow('"soon" is not a date');
  });
});

/** The two results of If-Then-Else, whose names an object literal should not have. */
const YES_NO: TransformerArguments = Object.fromEntries([
  ['then', 'yes'],
  ['else', 'no'],
]);

/** Transformer, value, arguments, what comes out. */
const TRANSFORMATIONS: readonly (readonly [string, Given, TransformerArguments, Given])[] = [
  ['toUpperCase', ['a', 'b'], {}, ['A', 'B']],
  ['toLowerCase', 'AB', {}, 'ab'],
  ['trim', ' a ', {}, 'a'],
  ['concat', 'b', { prefix: 'a', suffix: 'c' }, 'abc'],
  ['replace', 'a.b.c', { toReplace: '.', replaceWith: '$&' }, 'a$&b$&c'],
  ['replace', 'a.b.c', { toReplace: '.', replaceWith: '', limit: '1' }, 'ab.c'],
  ['replace', 'a.b.c', { toReplace: '.', replaceWith: '', limit: '-1' }, 'abc'],
  ['replaceMatch', 'a1b22', { regex: '\\d+', replaceWith: '#' }, 'a#b#'],
  ['replaceMatch', 'aba', { regex: '^a', replaceWith: '$&' }, '$&ba'],
  ['replaceMatch', 'Re: Re: is Re: here', { regex: '^(Re: )+', replaceWith: '' }, 'is Re: here'],
  ['RegexReplace', 'a1', { regex: '\\d', output_format: '' }, 'a'],
  // The examples of the script's own page, then what re.sub() of Python 3.12 gives.
  ['RegexReplace', 'user=john', { regex: 'user=(.*)', output_format: 'name=\\1' }, 'name=john'],
  ['RegexReplace', 'xxx=yyy', { regex: 'user=(.*)', output_format: 'name=\\1' }, 'xxx=yyy'],
  ['RegexReplace', 'ab', { regex: '(?P<one>a)(x)?', output_format: '<\\g<one>\\0\\2\\n>' }, '<aa\n>b'],
  ['RegexReplace', 'A\nA', { regex: '^a.', output_format: '-', ignore_case: 'true', period_matches_newline: 'true' }, '-A'],
  ['RegexReplace', 'a\na', { regex: '^a', output_format: '-', multi_line: 'true' }, '-\n-'],
  ['RegexReplace', 'aZ', { regex: '\\AaZ\\Z', output_format: '-' }, '-'],
  ['substring', 'abcdef', { from: '1', to: '3' }, 'bc'],
  ['split', 'a,b', { delimiter: ',' }, ['a', 'b']],
  ['splitAndTrim', 'a , b', {}, ['a', 'b']],
  ['StringToArray', 'ab', {}, ['a', 'b']],
  ['stripChars', '(a)', { chars: '()' }, 'a'],
  ['RegexExtractAll', 'a1 b2', { regex: '([a-z])\\d' }, ['a', 'b']],
  [
    'RegexExtractAll',
    'a1 b2',
    { regex: '([a-z])(\\d)' },
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['RegexExtractAll', 'a1 b', { regex: '([a-z])(\\d)?', unpack_matches: 'true' }, ['a', '1', 'b']],
  ['RegexExtractAll', 'a\nB', { regex: '^[a-z]$', multi_line: 'true', ignore_case: 'true' }, ['a', 'B']],
  ['RegexExtractAll', 'a', { regex: 'b' }, []],
  ['Base64Encode', 'é', {}, 'w6k='],
  ['Base64Decode', 'w6k=', {}, 'é'],
  ['URLEncode', 'a b&', {}, 'a%20b%26'],
  ['URLDecode', 'a%20b', {}, 'a b'],
  ['length', 'abc', {}, 3],
  ['stringLength', 'abc', {}, 3],
  ['indexOf', ['a', 'b'], { item: 'b' }, 1],
  ['addition', '2', { by: '3' }, 5],
  ['subtraction', 5, { by: 3 }, 2],
  ['multiply', [1, 2], { by: 3 }, [3, 6]],
  ['division', 6, { by: 4 }, 1.5],
  ['modulus', 7, { by: 4 }, 3],
  ['abs', -2, {}, 2],
  ['ceil', 1.2, {}, 2],
  ['floor', 1.8, {}, 1],
  ['round', 1.5, {}, 2],
  ['precision', 1.236, { by: 2 }, 1.24],
  ['SumList', [1, '2'], {}, 3],
  ['count', ['a', 'b'], {}, 2],
  ['count', none, {}, 0],
  ['uniq', ['a', 'b', 'a', { x: 1 }, { x: 1 }, 1, '1'], {}, ['a', 'b', { x: 1 }, 1, '1']],
  ['sort', ['b', 'a'], {}, ['a', 'b']],
  ['sort', [10, 9], { descending: 'true' }, [10, 9]],
  ['join', ['a', 1], { separator: '; ' }, 'a; 1'],
  ['append', 'a', { item: ['b'] }, ['a', 'b']],
  ['AppendIfNotEmpty', ['a'], { item: '' }, ['a']],
  ['atIndex', ['a', 'b'], { index: '1' }, 'b'],
  ['atIndex', 'a', { index: 5 }, none],
  ['FirstArrayElement', ['a', 'b'], {}, 'a'],
  ['first', 'a', {}, 'a'],
  ['LastArrayElement', ['a', 'b'], {}, 'b'],
  ['last', [], {}, none],
  ['slice', ['a', 'b', 'c'], { from: 1 }, ['b', 'c']],
  ['sliceByItem', ['a', 'b', 'c'], { from: 'b', to: 'c' }, ['b']],
  ['ReverseList', ['a', 'b'], {}, ['b', 'a']],
  ['RemoveEmpty', ['a', '', null], {}, ['a']],
  ['ConvertToSingleElementArray', 'a', {}, ['a']],
  ['getField', [{ a: { b: 1 } }, { a: 2 }], { field: 'a.b' }, [1]],
  ['getField', { a: 1 }, { field: 'constructor' }, none],
  ['Stringify', { a: 1 }, {}, '{"a":1}'],
  ['StringifyArray', ['a'], {}, '["a"]'],
  ['ParseJSON', '{"a":1}', {}, { a: 1 }],
  ['jsonParse', '[1]', {}, [1]],
  ['SetIfEmpty', none, { defaultValue: 'x' }, 'x'],
  ['SetIfEmpty', 'None', { defaultValue: 'x', applyIfEmpty: 'true' }, 'x'],
  ['SetIfEmpty', '', { defaultValue: 'x', applyIfEmpty: 'false' }, ''],
  ['If-Then-Else', 'a', { condition: 'lhs==rhs', lhs: 1, rhs: '1', ...YES_NO }, 'yes'],
  ['If-Then-Else', 'a', { equals: 'b', ...YES_NO }, 'no'],
  ['If-Then-Else', 5, { condition: 'value>=rhs', rhs: 7, ...YES_NO }, 'no'],
  ['If-Then-Else', 'b', { condition: 'value in list rhs', rhs: 'a,b', ...YES_NO }, 'yes'],
  ['If-Then-Else', 'A', { condition: 'value=~rhs', rhs: '^a', options: 'case_insensitive', ...YES_NO }, 'yes'],
  // As JavaScript compares, in which the script is written: two texts by their letters, nothing like an empty text.
  ['If-Then-Else', 1, { condition: 'lhs>=rhs', lhs: '10', rhs: '9', ...YES_NO }, 'no'],
  ['If-Then-Else', 1, { condition: 'lhs>=rhs', lhs: 10, rhs: '9', ...YES_NO }, 'yes'],
  ['If-Then-Else', 1, { condition: 'lhs==rhs', lhs: ['All'], rhs: 'All', ...YES_NO }, 'yes'],
  ['If-Then-Else', 1, { condition: 'lhs==rhs', lhs: '', ...YES_NO }, 'yes'],
  ['If-Then-Else', 1, { condition: 'lhs===rhs', lhs: 1, rhs: '1', ...YES_NO }, 'no'],
  ['If-Then-Else', 'A', { rhs: 'a', options: 'case_insensitive', ...YES_NO }, 'yes'],
  ['If-Then-Else', 'ab', { condition: 'value=~rhs', rhs: 'a', options: 'regex_full_match', ...YES_NO }, 'no'],
  ['If-Then-Else', 'v', { condition: 'value!=rhs', rhs: 'a', options: 'input_data_type:then=value', ...YES_NO }, 'v'],
  ['If-Then-Else', 'v', { condition: 'value!=rhs', options: 'input_data_type:rhs=json', rhs: '["v"]', ...YES_NO }, 'no'],
  ['If-Then-Else', 'v', { condition: 'value==rhs', rhs: 'v' }, ''],
  [
    'If-Then-Else',
    1,
    { condition: 'value==rhs', rhs: 1, conditionInBetween: 'and', conditionB: 'lhsB!=rhsB', lhsB: 1, rhsB: 1, ...YES_NO },
    'no',
  ],
  ['TimeStampToDate', 1767312000, {}, '2026-01-02T00:00:00.000Z'],
  ['Date to string', '2026-01-02', {}, '2026-01-02T00:00:00.000Z'],
  ['toUnix', '2026-01-02', {}, 1767312000],
  ['FormattedDateToEpoch', '2026-01-02T00:00:00Z', {}, 1767312000],
];

describe('transform', () => {
  for (const [name, value, args, made] of TRANSFORMATIONS) {
    it(`${name} of ${JSON.stringify(value)} with ${JSON.stringify(args)} is ${JSON.stringify(made)}`, () => {
      expect(transform(name, value, args)).toEqual(made);
    });
  }

  it('has an example for each transformer', () => {
    expect([...new Set(TRANSFORMATIONS.map(([name]) => name))].sort()).toEqual([...TRANSFORMER_NAMES].sort());
  });

  it('says what it does not know and what it cannot read', () => {
    expect(() => transform('rot13', 'a', {})).toThrow(NotKnown);
    expect(() => transform('valueOf', 'a', {})).toThrow(NotKnown);
    expect(() => transform('toUpperCase', { some: 'object' }, {})).toThrow('is not text');
    expect(() => transform('division', 1, { by: 0 })).toThrow('no result');
    expect(() => transform('ParseJSON', '{', {})).toThrow('is not JSON');
    expect(() => transform('If-Then-Else', 1, { condition: 'process.exit()' })).toThrow('is not known here');
    expect(() => transform('RegexReplace', 'a', { regex: 'a', output_format: '\\2' })).toThrow('has no group 2');
    expect(() => transform('RegexReplace', 'a', { regex: 'a', action_dt: 'val' })).toThrow(NotKnown);
    expect(() => transform('RegexExtractAll', 'a', { regex: 'b', error_if_no_match: 'true' })).toThrow('No results found');
  });

  it('either gives JSON or says why not, whatever comes', () => {
    const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(
        fc.constantFrom(...TRANSFORMER_NAMES),
        json,
        fc.dictionary(fc.constantFrom('by', 'item', 'index', 'from', 'regex', 'field'), json),
        (name, value, args) => {
          try {
            const made = transform(name, value, args);
            expect(made === undefined || JSON.stringify(made) !== undefined).toBe(true);
          } catch (error) {
            expect(
              [ValueError, NotKnown, RegexError, RangeError].some((kind) => error instanceof kind),
              String(error),
            ).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('patterns', () => {
  it('are stopped where they would go on for ever', () => {
    expect(() => findAll('^(a+)+$', `${'a'.repeat(40)}b`)).toThrow('takes longer than 200 ms');
    expect(() => findAll('(', 'a')).toThrow(RegexError);
  });
});
