import { createInterface } from 'node:readline';
import { VerdictError, VerdictUnreachable } from '@verdict/client';
import type { Command } from 'commander';
import { connect, type Session } from '../connect.ts';
import { CliError, type Io, note, say } from '../io.ts';
import { whereOf } from '../options.ts';

/** The service could not be asked; the range that JSON-RPC leaves to implementations. */
const NOT_ASKED = -32_000;

/** `verdict mcp`: the Model Context Protocol over stdin and stdout, for agents that start a program in place of calling an address. */
export function mcpCommand(program: Command, io: Io): void {
  program
    .command('mcp')
    .description('let an agent speak the Model Context Protocol over stdin and stdout with a running service')
    .action(async (_options: unknown, command: Command) => {
      const session = await connect(io, whereOf(command));
      try {
        // Holding the store open for as long as an agent likes would keep the service from starting.
        if (session.kind === 'opened') throw new CliError('No service runs here. Start it, or give its address with --url.');
        io.endAtOnce();
        await bridge(io, session);
      } finally {
        await session.close();
      }
    });
}

/** Hands on each line, and what comes back in the order in which it comes. Ends with the input, after the last answer. */
async function bridge(io: Io, { client }: Session): Promise<void> {
  const pending = new Set<Promise<void>>();
  for await (const line of createInterface({ input: io.in, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const answered = client
      .mcp(line)
      .catch((error: unknown) => failure(io, line, error))
      .then((answer) => {
        if (answer !== '') say(io, answer);
      })
      .finally(() => pending.delete(answered));
    pending.add(answered);
  }
  await Promise.all(pending);
}

/** The answer of JSON-RPC to a request that did not reach the service or was refused by it; none to a notification. */
function failure(io: Io, line: string, error: unknown): string {
  if (!(error instanceof VerdictError || error instanceof VerdictUnreachable)) throw error;
  const message = error instanceof VerdictError ? error.detail : error.message;
  note(io, message);
  const id = idOf(line);
  return id === undefined ? '' : JSON.stringify({ jsonrpc: '2.0', id, error: { code: NOT_ASKED, message } });
}

function idOf(line: string): unknown {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && 'method' in message && 'id' in message ? message.id : undefined;
  } catch {
    return undefined;
  }
}
