import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { BULK_BYTES_MAX, ErrorBody, EVENT_BYTES_MAX, errorBody, errorBodyOf, ID_MAX, isEventId } from './common.ts';

describe('event ids', () => {
  it.each(['4711', 'a', 'x'.repeat(200), '3A2B-44@@notable@@9f', 'CABc+d=e~f@mail.example.org', '2021-09-02T09:46:22'])(
    'take %j',
    (id) => {
      expect(isEventId(id)).toBe(true);
    },
  );

  it.each(['', 'x'.repeat(201), 'a b', 'a/b', 'a%20b', 'a\n', 'ä', 'a\u0000', '<a>', 'a#b', 'a?b'])('refuse %j', (id) => {
    expect(isEventId(id)).toBe(false);
  });
});

describe('errorBodyOf', () => {
  const problem = (name: string) => ({ loc: ['body', name], msg: 'is wrong', type: 'wrong_type' });

  it('says the sentence twice and keeps each problem', () => {
    expect(errorBodyOf([problem('a'), problem('b')])).toEqual({
      detail: 'body.a is wrong; body.b is wrong.',
      errors: [problem('a'), problem('b')],
      status: 'ERROR',
      error_message: 'body.a is wrong; body.b is wrong.',
    });
  });

  it('counts what it does not name', () => {
    expect(errorBodyOf('abcd'.split('').map(problem)).detail).toBe(
      'body.a is wrong; body.b is wrong; body.c is wrong; and 1 more problem.',
    );
    expect(errorBodyOf('abcde'.split('').map(problem)).detail).toMatch(/; and 2 more problems\.$/);
  });

  it('is general without problems', () => {
    expect(errorBodyOf([]).detail).toBe('The request is not valid.');
    expect(errorBody('No such job.')).toEqual({
      detail: 'No such job.',
      errors: [],
      status: 'ERROR',
      error_message: 'No such job.',
    });
  });

  it('always has the shape of ErrorBody', () => {
    const problems = fc.array(fc.record({ loc: fc.array(fc.string()), msg: fc.string(), type: fc.string() }));
    fc.assert(fc.property(problems, (list) => Value.Check(ErrorBody, errorBodyOf(list))));
  });
});

it('has the limits of the contract', () => {
  expect([EVENT_BYTES_MAX, BULK_BYTES_MAX, ID_MAX]).toEqual([1_048_576, 67_108_864, 9_007_199_254_740_992]);
});
