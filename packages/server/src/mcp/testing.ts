/** An agent as tests have one: a client of the SDK over real HTTP. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect } from 'vitest';
import type { TestService } from '../testing.ts';

interface Result {
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
}

/** Connects with a key as Bearer and lists the tools: from then on the client checks every answer against its described shape. */
export async function connectAgent(
  service: TestService,
  key: string,
  headers: Record<string, string> = { authorization: `Bearer ${key}` },
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${service.running.url}/mcp`), { requestInit: { headers } });
  await client.connect(transport);
  await client.listTools();
  return client;
}

/** What a tool answers; fails where it refuses. */
export async function useTool<Answer = Record<string, unknown>>(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answer> {
  const result = (await client.callTool({ name, arguments: args })) as Result;
  expect([name, result.content[0]?.text, result.isError ?? false]).toEqual([name, expect.any(String), false]);
  expect(JSON.parse(result.content[0]!.text!)).toEqual(result.structuredContent);
  return result.structuredContent as Answer;
}

/** The sentence in which a tool refuses; fails where it answers. */
export async function refusalOf(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const result = (await client.callTool({ name, arguments: args })) as Result;
  expect([name, result.isError]).toEqual([name, true]);
  expect(result.structuredContent).toBeUndefined();
  return result.content[0]!.text!;
}

/** Entries of the audit trail for one action: where each came from and what it was about. */
export async function trailOf(service: TestService, action: string): Promise<{ origin: string; object_id: string }[]> {
  return service.running.services.storage.read((tx) =>
    tx.all('SELECT origin, object_id FROM audit WHERE action = ? ORDER BY seq', action),
  );
}
