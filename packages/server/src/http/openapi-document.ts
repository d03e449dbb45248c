import * as contract from '@verdict/contract';
import { exampleOf } from './openapi-examples.ts';
import type { Route } from './route.ts';

/** A JSON object of the document, read and written in place. */
type Members = Record<string, unknown>;

/** How calls can be refused, whatever they ask for: name, status, what it means. */
const REFUSALS = {
  Malformed: [400, 'What was sent is not well-formed; `errors` names each place.'],
  Unknown: [401, 'No key, or an unknown, expired or revoked one.'],
  Forbidden: [403, 'The key lacks the right or the scope, or the person the role.'],
  NotFound: [404, 'There is no such thing, or not for this key.'],
  Refused: [409, 'It cannot be done as things stand; nothing was changed.'],
  TooLarge: [413, 'The body is too large.'],
  Busy: [429, 'Too much at once; `Retry-After` says when to send it again.'],
  Unavailable: [503, 'The store cannot be written, or the service stops; `Retry-After` says when to send it again.'],
} as const satisfies Record<string, readonly [number, string]>;
type RefusalName = keyof typeof REFUSALS;

/** Sentences for the examples of refusals. */
const SENTENCES: Readonly<Record<RefusalName, string>> = {
  Malformed: 'body.raw_body must be the alert as a JSON object, and is missing.',
  Unknown: 'The API key is not valid.',
  Forbidden: 'This key may not do that.',
  NotFound: 'There is no AI use case with the job id 1201 for this key.',
  Refused: '"Endpoint alerts" is stopped: nothing was stored. Start it and send the event again.',
  TooLarge: 'The alert has 2097152 bytes; at most 1048576 are taken (VERDICT_EVENT_LIMIT).',
  Busy: 'More events are waiting than this service can hold. Send it again in a moment.',
  Unavailable: 'The disk is full. Send it again in a moment.',
};

/**
 * Completes the OpenAPI document that Fastify made of the routes: schemas of the contract get their names, and each operation its refusals
 * and examples.
 */
export function completeDocument(document: object, routes: readonly Route[]): Members {
  const made = structuredClone(document) as Members;
  const entries = new Map(routes.map((entry) => [entry.id, entry]));
  for (const operation of operationsOf(made)) {
    const entry = entries.get(String(operation.operationId));
    if (entry) operation.responses = { ...members(operation.responses), ...refusalsOf(entry) };
    for (const content of contentsOf(operation)) content.example ??= exampleOf(members(content.schema));
  }
  const named = namedSchemas();
  const used: Members = { ErrorBody: plain(contract.ErrorBody) };
  made.paths = withNames(made.paths, named, used);
  const components = members(made.components);
  made.components = { ...components, schemas: sorted(used), responses: refusalComponents() };
  return made;
}

/** Every operation of a document. */
export function operationsOf(document: Members): Members[] {
  return Object.values(members(document.paths)).flatMap((methods) => Object.values(members(methods)).map(members));
}

/** Every body of an operation: what is sent, and what comes back. */
export function contentsOf(operation: Members): Members[] {
  const bodies = [operation.requestBody, ...Object.values(members(operation.responses))];
  return bodies.flatMap((body) => Object.values(members(members(body).content)).map(members));
}

function refusalsOf({ right, params, query, body, path, rawBody, method }: Route): Members {
  const names: RefusalName[] = [];
  if (params || query || body) names.push('Malformed');
  if (!right.public) names.push('Unknown', 'Forbidden');
  if (path.includes('{')) names.push('NotFound');
  if (method !== 'GET' && !right.public) names.push('Refused');
  if (rawBody) names.push('TooLarge');
  names.push('Busy', 'Unavailable');
  return Object.fromEntries(names.map((name) => [String(REFUSALS[name][0]), { $ref: `#/components/responses/${name}` }]));
}

function refusalComponents(): Members {
  return Object.fromEntries(
    Object.entries(REFUSALS).map(([name, [, description]]) => {
      const retries = name === 'Busy' || name === 'Unavailable';
      const headers = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } };
      const schema = { $ref: '#/components/schemas/ErrorBody' };
      const example = contract.errorBody(SENTENCES[name as RefusalName]);
      return [name, { description, ...(retries ? { headers } : {}), content: { 'application/json': { schema, example } } }];
    }),
  );
}

/** Schemas of the contract by what they say; of those that say the same, the first. */
function namedSchemas(): Map<string, { readonly name: string; readonly schema: Members }> {
  const found = new Map<string, { readonly name: string; readonly schema: Members }>();
  for (const [name, value] of Object.entries(contract).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const schema = plain(value);
    if (schema.type !== 'object' && !Array.isArray(schema.anyOf)) continue;
    const key = keyOf(schema);
    if (!found.has(key)) found.set(key, { name, schema });
  }
  return found;
}

/** Puts references in place of schemas that have a name, innermost last; those that are used go to `used`. */
function withNames(node: unknown, named: ReturnType<typeof namedSchemas>, used: Members): unknown {
  if (Array.isArray(node)) return node.map((inner) => withNames(inner, named, used));
  if (!isMembers(node)) return node;
  const known = isSchema(node) ? named.get(keyOf(node)) : undefined;
  if (known) {
    if (!Object.hasOwn(used, known.name)) {
      used[known.name] = {};
      used[known.name] = inside(known.schema, named, used);
    }
    return { $ref: `#/components/schemas/${known.name}` };
  }
  return inside(node, named, used);
}

function inside(node: Members, named: ReturnType<typeof namedSchemas>, used: Members): Members {
  // What stands under these is data, not schemas.
  const data = new Set(['example', 'examples', 'enum', 'const', 'default', 'required']);
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, data.has(name) ? value : withNames(value, named, used)]),
  );
}

function isSchema(node: Members): boolean {
  return (node.type === 'object' && isMembers(node.properties)) || Array.isArray(node.anyOf);
}

/** A schema without its words: the document moves descriptions and examples about. */
function keyOf({ description, examples, example, ...schema }: Members): string {
  return JSON.stringify(sortedDeep(schema));
}

function sortedDeep(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(sortedDeep);
  if (!isMembers(node)) return node;
  return sorted(Object.fromEntries(Object.entries(node).map(([name, value]) => [name, sortedDeep(value)])));
}

function sorted(node: Members): Members {
  return Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A TypeBox schema as the JSON that it is; an object without members for what is none. */
function plain(value: unknown): Members {
  return isMembers(value) ? members(JSON.parse(JSON.stringify(value))) : {};
}

function members(value: unknown): Members {
  return isMembers(value) ? value : {};
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
