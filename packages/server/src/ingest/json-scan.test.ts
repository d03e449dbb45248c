import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elements, findMember, measure } from './json-scan.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const slice = (text: string, name: string) => {
  const found = findMember(bytes(text), name);
  return found && bytes(text).subarray(found.span.from, found.span.to).toString('utf8');
};

describe('findMember', () => {
  it('gives the very bytes of the member, whatever stands around it', () => {
    expect(slice('{"a":1, "raw_body" : {"x":[1.0,"}\\"{"]} ,"b":2}', 'raw_body')).toBe('{"x":[1.0,"}\\"{"]}');
    expect(slice('{"raw_body":9223372036854775807}', 'raw_body')).toBe('9223372036854775807');
    expect(slice('{"a":{"raw_body":1},"b":[{"raw_body":2}]}', 'raw_body')).toBeUndefined();
    expect(slice('[]', 'raw_body')).toBeUndefined();
    expect(slice('', 'raw_body')).toBeUndefined();
  });

  it('takes the last of two members with one name, also in an escaped spelling, as JSON.parse does', () => {
    expect(slice('{"raw_body":1,"raw_body":2}', 'raw_body')).toBe('2');
    expect(slice('{"raw_body":1,"raw\\u005fbody":3}', 'raw_body')).toBe('3');
  });

  it('counts depth and members', () => {
    expect(findMember(bytes('{"r":{"a":{"b":[1,{"c":":"}]}}}'), 'r')).toMatchObject({ depth: 4, keys: 3 });
    expect(findMember(bytes('{"r":7}'), 'r')).toMatchObject({ depth: 0, keys: 0 });
  });

  it('ends on bytes that are no JSON at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        findMember(noise, 'raw_body');
        measure(noise, 0);
        for (const found of elements(noise, 0)) expect(found.span.to).toBeLessThanOrEqual(noise.length);
      }),
    );
  });

  it('finds in any valid object what JSON.parse finds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constant('raw_body'), fc.string()), fc.jsonValue()),
        fc.integer({ min: 0, max: 3 }),
        (object, indent) => {
          const text = JSON.stringify(object, null, indent);
          const found = slice(text, 'raw_body');
          expect(found === undefined ? undefined : JSON.parse(found)).toEqual(JSON.parse(text).raw_body);
        },
      ),
    );
  });
});

describe('elements', () => {
  const list = (text: string) => {
    const walk = elements(bytes(text), 0);
    const found: string[] = [];
    let step = walk.next();
    for (; !step.done; step = walk.next())
      found.push(bytes(text).subarray(step.value.span.from, step.value.span.to).toString('utf8'));
    return { found, complete: step.value };
  };

  it('walks the values of an array', () => {
    expect(list(' [ {"a":[1,2]} , "x,]" ,3 ] ')).toEqual({ found: ['{"a":[1,2]}', '"x,]"', '3'], complete: true });
    expect(list('[]')).toEqual({ found: [], complete: true });
  });

  it('says when the array is not whole', () => {
    expect(list('[1,2').complete).toBe(false);
    expect(list('[1,,2]').complete).toBe(false);
    expect(list('[1 2]').complete).toBe(false);
    expect(list('{}').complete).toBe(false);
  });
});
