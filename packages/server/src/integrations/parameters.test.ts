import { INTEGRATION_TYPES, type ParametersSchema } from '@verdict/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParameters } from './parameters.ts';

const SCHEMA: ParametersSchema = {
  type: 'object',
  properties: {
    api_key: { type: 'string', title: '', description: '', writeOnly: true },
    name: { type: 'string', title: '', description: '', maxLength: 5 },
    form: { type: 'string', title: '', description: '', enum: ['a', 'b'] },
    list: { type: 'array', title: '', description: '', items: { type: 'string', maxLength: 3 }, maxItems: 2 },
    port: { type: 'integer', title: '', description: '' },
    share: { type: 'number', title: '', description: '' },
    tls: { type: 'boolean', title: '', description: '' },
    more: { type: 'object', title: '', description: '' },
  },
  required: [],
};
const read = (given: Record<string, unknown>) => readParameters(SCHEMA, given, true);

describe('parameters', () => {
  it('are sorted into plain ones, the key, and what was emptied', () => {
    const given = { api_key: ' k ', name: ' n ', form: '', list: ['x'], port: 1, share: 0.5, tls: false, more: {}, other: 1 };
    expect(read(given)).toEqual({
      plain: { name: 'n', list: ['x'], port: 1, share: 0.5, tls: false, more: {} },
      secrets: {},
      cleared: ['form'],
      apiKey: 'k',
      problems: [],
    });
  });

  it.each([
    ['name', 5, 'must be a text, not a number'],
    ['name', 'abcdef', 'must have at most 5 characters'],
    ['name', 'a\u0007', 'must be plain text without control characters'],
    ['name', '\udc00', 'must be plain text without control characters'],
    ['form', 'c', 'must be one of a, b'],
    ['list', 'x', 'must be a list, not a string'],
    ['list', ['a', 'b', 'c'], 'must have at most 2 entries'],
    ['list', ['a', 1], 'has an entry at 1 that must be a text, not a number'],
    ['port', 1.5, 'must be a whole number, not a number'],
    ['share', '1', 'must be a number, not a string'],
    ['tls', 'true', 'must be true or false, not a string'],
    ['more', [], 'must be a JSON object, not an array'],
  ])('%s = %j is wrong', (name, value, msg) => {
    const { problems, plain } = read({ [name]: value });
    expect(problems).toEqual([{ loc: [name], msg, type: expect.any(String) }]);
    expect(plain).toEqual({});
  });

  it('take whatever comes: nothing is thrown, nothing unknown gets in, what comes is not changed', () => {
    const schemas = [SCHEMA, ...INTEGRATION_TYPES.map((type) => type.connection_parameters)];
    fc.assert(
      fc.property(
        fc.constantFrom(...schemas),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.boolean(),
        (schema, extra, complete) => {
          const names = Object.keys(schema.properties);
          const given = { ...extra, ...Object.fromEntries(names.map((name, index) => [name, Object.values(extra)[index]])) };
          const copy = structuredClone(given);
          const { plain, secrets, cleared } = readParameters(schema, Object.freeze(given), complete);
          for (const name of [...Object.keys(plain), ...Object.keys(secrets), ...cleared]) expect(names).toContain(name);
          expect(given).toEqual(copy);
        },
      ),
    );
  });
});
