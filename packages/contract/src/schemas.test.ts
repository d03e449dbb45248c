import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import * as contract from './index.ts';
import * as v1 from './v1.ts';
import * as v1Event from './v1-event.ts';
import * as v2 from './v2.ts';
import * as metrics from './v2-metrics.ts';
import * as resources from './v2-resources.ts';
import * as search from './v2-search.ts';

function isSchema(value: unknown): value is TSchema & { description?: string; examples?: unknown[] } {
  return typeof value === 'object' && value !== null && ('type' in value || 'anyOf' in value) && !Array.isArray(value);
}

/** Places of objects' members and of the schema itself that nobody describes; they would be blank on the API page. */
function undescribed(schema: object, place: string): string[] {
  const found: string[] = [];
  const { properties, items, anyOf } = schema as { properties?: Record<string, object>; items?: object; anyOf?: object[] };
  for (const [name, member] of Object.entries(properties ?? {})) {
    if (!('description' in member) && !('const' in member) && !('properties' in member) && !('items' in member))
      found.push(`${place}.${name}`);
    found.push(...undescribed(member, `${place}.${name}`));
  }
  if (items !== undefined) found.push(...undescribed(items, `${place}[]`));
  for (const [index, choice] of (anyOf ?? []).entries()) found.push(...undescribed(choice, `${place}|${index}`));
  return found;
}

const schemas = [v1, v1Event, v2, metrics, resources, search].flatMap((module) =>
  Object.entries(module).filter((entry): entry is [string, TSchema & { examples?: unknown[] }] => isSchema(entry[1])),
);

describe.each(schemas)('%s', (name, schema) => {
  it('describes itself and its members', () => {
    expect(undescribed(schema, name)).toEqual([]);
  });

  it('has only examples that fit it', () => {
    for (const example of schema.examples ?? []) expect([...Value.Errors(schema, example)]).toEqual([]);
  });

  it('is plain JSON Schema', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(structuredClone(schema));
  });
});

it('exports every schema, the examples of all of which fit', () => {
  expect(schemas.filter(([name]) => !Object.hasOwn(contract, name)).map(([name]) => name)).toEqual([]);
  for (const [name, value] of Object.entries<unknown>(contract)) {
    if (!isSchema(value)) continue;
    for (const example of value.examples ?? []) {
      expect({ name, errors: [...Value.Errors(value, example)] }).toEqual({ name, errors: [] });
    }
  }
});

it('finds the schemas', () => {
  expect(schemas.length).toBeGreaterThan(60);
  expect(schemas.filter(([, schema]) => schema.examples === undefined).map(([name]) => name)).toEqual([]);
});
