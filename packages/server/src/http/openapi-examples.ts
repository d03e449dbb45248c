/** A JSON Schema as the routes use them. */
type Schema = Readonly<Record<string, unknown>>;

/** What a member of that name looks like in an example, where its schema has none of its own. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  title: 'Endpoint alerts',
  job_title: 'Endpoint alerts',
  name: 'Drop',
  label: 'Drop',
  class_id: 'class_1',
  result: 'class_1',
  hex_color: '#10b981',
  event_id: 'alert-4711',
  example_event_id: 'alert-4711',
  job_id: 1201,
  integration_id: 1001,
  bucket_id: 17,
  model_id: 3,
  path: 'rule.name',
  point: 'rule.name',
  by: 'ada',
  reason: 'The address belongs to our scanner.',
  description: 'What the EDR sends.',
  category: 'Decision intelligence',
  raw_event: '{"rule":{"name":"Encoded command"}}',
  message: '',
  error: '',
};
const TIME = '2026-03-02T09:46:22.363642Z';

/**
 * An example that fits a schema: its own where it has one, else put together from those of its members. Optional members that have no example of
 * their own are left out below the first level.
 */
export function exampleOf(schema: Schema, name = '', depth = 0): unknown {
  const own = ownExample(schema);
  if (own !== undefined) return own;
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return exampleOf((choices as Schema[]).find(({ type }) => type !== 'null') ?? {}, name, depth);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ('default' in schema) return schema.default;
  switch (schema.type) {
    case 'object':
      return objectExample(schema, depth);
    case 'array': {
      const items = schema.items as Schema | undefined;
      return items && depth < 6 ? [exampleOf(items, singular(name), depth + 1)] : [];
    }
    case 'string':
      return textExample(schema, name);
    case 'integer':
    case 'number':
      return numberExample(schema, name);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return name in BY_NAME ? BY_NAME[name] : {};
  }
}

function ownExample(schema: Schema): unknown {
  if ('example' in schema) return schema.example;
  return Array.isArray(schema.examples) && schema.examples.length > 0 ? schema.examples[0] : undefined;
}

function objectExample(schema: Schema, depth: number): Record<string, unknown> {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const properties = Object.entries((schema.properties as Record<string, Schema> | undefined) ?? {});
  return Object.fromEntries(
    properties
      .filter(([name, property]) => required.has(name) || depth === 0 || ownExample(property) !== undefined)
      .map(([name, property]) => [name, exampleOf(property, name, depth + 1)]),
  );
}

function textExample({ format, pattern, minLength }: Schema, name: string): string {
  if (format === 'date-time') return TIME;
  const known = BY_NAME[name];
  if (typeof known === 'string' && (typeof pattern !== 'string' || new RegExp(pattern).test(known))) {
    if (known.length >= Number(minLength ?? 0)) return known;
  }
  if (typeof pattern === 'string') {
    const fits = ['class_1', '1', 'a', '#10b981', TIME].find((text) => new RegExp(pattern).test(text));
    if (fits !== undefined) return fits;
  }
  if (name.endsWith('_at') || name === 'at') return TIME;
  return `${'x'.repeat(Math.max(0, Number(minLength ?? 0) - 4))}text`;
}

function numberExample({ minimum, maximum, exclusiveMinimum, type }: Schema, name: string): number {
  const known = BY_NAME[name];
  const least = typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum : 0;
  const most = typeof maximum === 'number' ? maximum : Number.POSITIVE_INFINITY;
  const fits = (value: number) => value >= least && value <= most && (type !== 'integer' || Number.isInteger(value));
  if (typeof known === 'number' && fits(known)) return known;
  return type === 'number' && fits(0.97) ? 0.97 : (([1, least, most].find(fits) ?? least) as number);
}

function singular(name: string): string {
  return name.endsWith('s') ? name.slice(0, -1) : name;
}
