import type { AppKey, VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { withSession } from '../connect.ts';
import { CliError, type Io, listOf, note, say, sayJson } from '../io.ts';
import { expiry, whereOf } from '../options.ts';
import { printable, table } from '../table.ts';

interface CreateOptions {
  readonly name: string;
  readonly management?: true;
  readonly scopes?: string;
  readonly rights?: string;
  readonly expires?: string;
  readonly json?: true;
}

/** `verdict keys …`: API keys, of SOARs and of management. */
export function keysCommand(program: Command, io: Io): void {
  const keys = program.command('keys').description('API keys of SOARs and for management');

  keys
    .command('create')
    .description('make an API key; it is shown this once')
    .requiredOption('--name <name>', 'what it is called')
    .option(
      '--management',
      'a management key, which sees every AI use case within its scopes; else an input key for an integration',
    )
    .option('--scopes <a,b>', 'scopes of a management key; all of them when left out')
    .option('--rights <a,b>', 'rights of an input key; all of them when left out')
    .option('--expires <when>', 'how long it is good for, like 30d, or until a date; for ever when left out', (text: string) =>
      expiry(text),
    )
    .option('--json', 'answer as JSON: {"id","key","scopes"}')
    .action(async (options: CreateOptions, command: Command) => {
      if (options.management && options.rights !== undefined)
        throw new CliError('A management key has --scopes; --rights are of input keys.');
      if (!options.management && options.scopes !== undefined)
        throw new CliError('--scopes are of management keys: say --management too.');
      await withSession(io, whereOf(command), async ({ client }) => {
        const key = await client.app.createKey({
          name: options.name,
          kind: options.management ? 'management' : 'input',
          ...(options.scopes === undefined ? {} : { scopes: listOf(options.scopes) }),
          ...(options.rights === undefined ? {} : { rights: listOf(options.rights) as AppKey['rights'] }),
          ...(options.expires === undefined ? {} : { expires_at: options.expires }),
        });
        if (options.json) {
          sayJson(io, {
            id: key.key_id,
            key: key.value,
            scopes: key.scopes,
            ...(options.management ? {} : { rights: key.rights }),
          });
          return;
        }
        say(io, key.value);
        note(io, `This is the key "${printable(key.name)}" (number ${key.key_id}). It is not shown again.`);
        if (options.management) note(io, `Scopes: ${key.scopes.join(', ')}.`);
        else note(io, 'Name it as api_key in the parameters of an integration, and paste it into the SOAR.');
        if (key.expires_at !== null) note(io, `It ends at ${key.expires_at}.`);
      });
    });

  keys
    .command('list')
    .description('list them, never their values')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const all = await client.app.keys();
        if (options.json) return sayJson(io, all);
        if (all.length === 0) return say(io, 'There are no keys yet. Make one: verdict keys create --name N --management');
        say(
          io,
          table(
            [
              { heading: 'ID', align: 'right' },
              { heading: 'NAME', most: 40 },
              { heading: 'KIND' },
              { heading: 'KEY' },
              { heading: 'STATE' },
              { heading: 'EXPIRES' },
              { heading: 'LAST USED' },
              { heading: 'MAY', most: 60 },
            ],
            all.map((key) => [
              String(key.key_id),
              key.name,
              key.kind,
              `${key.prefix}…${key.last4}`,
              key.state,
              key.expires_at ?? 'never',
              key.last_used_at ?? 'never',
              [...key.scopes, ...key.rights].join(' '),
            ]),
          ),
        );
      });
    });

  keys
    .command('revoke <key>')
    .description('end a key for good, by its name or number')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const key = await client.app.revokeKey((await findKey(client, name)).key_id);
        say(io, `The key "${printable(key.name)}" (…${key.last4}) is not taken any more.`);
      });
    });
}

async function findKey(client: VerdictClient, name: string): Promise<AppKey> {
  const keys = await client.app.keys();
  const key = keys.find((one) => one.name === name) ?? keys.find((one) => String(one.key_id) === name);
  if (key) return key;
  throw new CliError(`There is no key "${printable(name)}". \`verdict keys list\` shows those that are there.`);
}
