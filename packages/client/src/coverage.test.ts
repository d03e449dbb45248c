import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VerdictClient } from './index.ts';

/** Walks the OpenAPI document: what the service offers has a method here, and no method calls what the service does not offer. */

const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(`${request.method} ${request.url!.split('?')[0]}`);
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
let client: VerdictClient;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  client = new VerdictClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retries: 0 });
});
afterAll(() => new Promise((closed) => server.close(closed)));

/** Not for this client: a stream and a file for pages, and the two methods that the protocol of agents knows and the service refuses. */
const LEFT_OUT = ['DELETE /mcp', 'GET /api/app/live', 'GET /mcp', 'POST /api/app/jobs/{job_id}/export'];
/** Stands for every id and every body; nothing in a path of the API looks like it. */
const ANY = ['4711', '4711', '4711', '4711'];

it('has a method for every operation, and none for others', async () => {
  const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const offered = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const called = new Set<string>();
  for (const part of [client, client.v1, client.v2, client.app]) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(part) as object))) {
      if (name === 'constructor' || typeof value !== 'function') continue;
      // `bulk` asks its events for their ids.
      const args = name === 'bulk' ? ['4711', []] : ANY;
      await Reflect.apply(value, part, args);
      called.add(seen.at(-1)!);
    }
  }
  const shapeOf = (call: string) => call.replaceAll(/\{\w+\}|4711/g, '*').replace(/(.)\/$/, '$1');
  const [known, made] = [new Set(offered.map(shapeOf)), new Set([...called].map(shapeOf))];
  expect(offered.filter((call) => !made.has(shapeOf(call))).sort()).toEqual(LEFT_OUT);
  expect([...called].filter((call) => !known.has(shapeOf(call)))).toEqual([]);
  expect(called.size).toBeGreaterThan(100);
});
