import type { FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

const lenient = new WeakSet<object>();

/** A schema that only describes: the route's handler reads the value itself. */
export function markLenient(schema: TSchema | undefined): void {
  if (schema) lenient.add(schema);
}

/** Fastify's validator compiler on TypeBox: bodies are taken as they are; parameters, which are always text, are converted first. */
export function compileSchema({
  schema,
  httpPart,
}: {
  schema: unknown;
  httpPart?: string;
}): (data: unknown) => { value: unknown } | { error: Error } {
  const typed = schema as FastifySchema & TSchema;
  if (lenient.has(typed)) return (value) => ({ value });
  const compiled = Compile(typed);
  return (data) => {
    // Most calls have no query: nothing to convert.
    if (httpPart === 'querystring' && isEmpty(data) && compiled.Check(data)) return { value: data };
    const value = httpPart === 'body' ? data : Value.Convert(typed, data);
    if (compiled.Check(value)) return { value };
    const validation = [...compiled.Errors(value)].slice(0, 20);
    return { error: Object.assign(new Error('not valid'), { validation }) };
  };
}

function isEmpty(data: unknown): boolean {
  for (const _ in data as object) return false;
  return true;
}
