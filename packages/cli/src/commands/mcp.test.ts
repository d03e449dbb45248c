import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from '../testing.ts';

interface Message {
  readonly id: number;
  readonly result?: { readonly tools?: readonly { readonly name: string }[]; readonly structuredContent?: unknown };
  readonly error?: { readonly code: number; readonly message: string };
}

const rpc = (id: number, method: string, params: unknown = {}) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const INITIALIZE = rpc(1, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
});

let shell: Shell;
let running: Running;

beforeAll(async () => {
  shell = openShell();
  const config = { ...DEFAULTS, port: 0, dataDir: shell.dataDir, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
});
afterAll(async () => {
  await running.stop();
  shell.remove();
});

/** Answers by id; they may come in any order. */
function answers(out: string): Map<number, Message> {
  const messages = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Message);
  return new Map(messages.map((message) => [message.id, message]));
}

describe('verdict mcp', () => {
  it('hands messages on to the service on this machine, one a line, and its answers back', async () => {
    const stdin = `${INITIALIZE}\n${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\r\n\n${rpc(2, 'tools/list')}\n${rpc(
      3,
      'tools/call',
      { name: 'health', arguments: {} },
    )}\n{"broken`;
    const ran = await shell.verdict(['mcp'], { stdin });
    expect([ran.status, ran.err]).toEqual([0, '']);
    const byId = answers(ran.out);
    expect([...byId.keys()].sort()).toEqual([1, 2, 3, null].sort());
    expect(byId.get(1)!.result).toMatchObject({ serverInfo: { name: 'verdict' }, protocolVersion: '2025-06-18' });
    expect(byId.get(2)!.result!.tools).toHaveLength(10);
    expect(byId.get(3)!.result!.structuredContent).toEqual({ ready: true, problems: [], warnings: [] });
  });

  it('speaks with a service elsewhere by its key, and says in the protocol what went wrong', async () => {
    const { value } = await running.services.keys.create(
      { principal: { kind: 'operator', name: 'o' }, address: 'test' },
      { name: 'agent', kind: 'management', scopes: ['read:resources'] },
    );
    const env = { VERDICT_API_KEY: value };
    const listed = await shell.verdict(['--url', running.url, 'mcp'], { env, stdin: rpc(2, 'tools/list') });
    expect(
      answers(listed.out)
        .get(2)!
        .result!.tools!.map(({ name }) => name),
    ).toEqual(['list_jobs', 'get_job', 'training_status', 'health']);
    const wrong = await shell.verdict(['--url', running.url, 'mcp'], {
      env: { VERDICT_API_KEY: 'vrd_nonsense' },
      stdin: `${rpc(5, 'ping')}\n`,
    });
    expect(wrong.status).toBe(0);
    expect(answers(wrong.out).get(5)!.error).toEqual({ code: -32_000, message: expect.stringContaining('not known here') });
    expect(wrong.out).not.toContain('vrd_');
    const nowhere = await shell.verdict(['--url', 'http://127.0.0.1:1', 'mcp'], { env, stdin: `${rpc(6, 'ping')}\n` });
    expect(answers(nowhere.out).get(6)!.error!.message).toContain('No connection');
  });

  it('does not open the store itself', async () => {
    const other = openShell();
    const ran = await other.verdict(['mcp'], { stdin: rpc(1, 'ping') });
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining('No service runs here') });
    other.remove();
  });
});
