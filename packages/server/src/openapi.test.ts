import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestService, type TestService } from './testing.ts';

/** The OpenAPI document says all there is to know of each operation, and docs/openapi.json is the one that the service serves. */

type Members = Record<string, unknown>;
interface Operation {
  readonly at: string;
  readonly path: string;
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly parameters?: { name: string; in: string }[];
  readonly requestBody?: { content: Record<string, Content> };
  readonly responses: Record<string, { $ref?: string; description?: string; content?: Record<string, Content> }>;
}
interface Content {
  readonly schema?: Members;
  readonly example?: unknown;
}

let service: TestService;
let document: Members & { paths: Record<string, Record<string, Omit<Operation, 'at' | 'path'>>>; tags: { name: string }[] };
let operations: Operation[];

beforeAll(async () => {
  service = await startTestService();
  const answer = await service.call<typeof document>('GET', '/openapi.json');
  document = answer.body;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, path, at: `${method.toUpperCase()} ${path}` })),
  );
});
afterAll(() => service.stop());

it('is what docs/openapi.json says; if this differs on purpose, run npm run openapi', () => {
  const file = join(import.meta.dirname, '../../../docs/openapi.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(document);
});

it('is OpenAPI 3.1 with every route in it, and no reference that leads nowhere', () => {
  expect(document.openapi).toBe('3.1.0');
  const routes = service.running.services.routes.map(({ method, path }) => `${method} ${path}`);
  expect(
    operations
      .map(({ at }) => at)
      .filter((at) => !at.startsWith('HEAD'))
      .sort(),
  ).toEqual(routes.sort());
  const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(200);
  expect([...new Set(references)].filter((text) => resolve(text.slice(8, -1)) === undefined)).toEqual([]);
});

it('tells of every operation its id, what it does, its group, its parameters and what can go wrong', () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = new Set(document.tags.map(({ name }) => name));
  const wrong = operations.flatMap(({ at, path, operationId, summary, tags: own, parameters, responses }) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const given = (parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    const codes = Object.keys(responses);
    return [
      ...(/^[a-z][A-Za-z0-9]+$/.test(operationId ?? '') ? [] : [`${at}: no id`]),
      ...((summary ?? '').length >= 5 ? [] : [`${at}: no summary`]),
      ...(own?.length === 1 && tags.has(own[0]!) ? [] : [`${at}: no known group`]),
      ...(named.sort().join() === given.sort().join() ? [] : [`${at}: parameters ${given.join()} of the path ${named.join()}`]),
      ...(codes.some((code) => code.startsWith('2')) ? [] : [`${at}: no success`]),
      ...(codes.includes('503') && codes.some((code) => code.startsWith('4')) ? [] : [`${at}: no refusals`]),
    ];
  });
  expect(wrong).toEqual([]);
});

it('has an example of everything that is sent and that comes back, and each fits its schema', () => {
  const wrong = operations.flatMap(({ at, requestBody, responses }) => {
    const contents = [requestBody, ...Object.values(responses)].flatMap((body) => Object.values(body?.content ?? {}));
    return contents.flatMap(({ schema, example }) => {
      if (!schema || example === undefined) return [`${at}: no example`];
      const inlined = inline(schema) as Members;
      const check = Compile(inlined);
      return check.Check(example)
        ? []
        : [`${at}: ${JSON.stringify([...check.Errors(example)].slice(0, 2))} ${JSON.stringify(example).slice(0, 300)}`];
    });
  });
  expect(wrong).toEqual([]);
});

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, step) => (typeof node === 'object' && node !== null ? (node as Members)[step] : undefined), document);
}

/** A schema with what it refers to in its place. */
function inline(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(inline);
  if (typeof node !== 'object' || node === null) return node;
  const { $ref } = node as { $ref?: unknown };
  if (typeof $ref === 'string') return inline(resolve($ref));
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, inline(value)]));
}
