import type { AppUser, VerdictClient } from '@verdict/client';
import type { Command } from 'commander';
import { newPassword } from '../ask.ts';
import { withSession } from '../connect.ts';
import { CliError, type Io, say, sayJson } from '../io.ts';
import { whereOf } from '../options.ts';
import { printable, table } from '../table.ts';

/** `verdict users …`: the people who can sign in. */
export function usersCommand(program: Command, io: Io): void {
  const users = program.command('users').description('the people who can sign in');

  users
    .command('add <name>')
    .description('add a person; asks for the password twice, without showing it')
    .option('--admin', 'may also manage integrations, keys, users, retention and backups, and delete')
    .option('--lead', 'may also overrule, choose decision points, train, activate and reprocess')
    .option('--password-stdin', 'read the password from stdin')
    .option('--json', 'answer as JSON')
    .action(async (name: string, options: { admin?: true; lead?: true; passwordStdin?: true; json?: true }, command: Command) => {
      if (options.admin && options.lead) throw new CliError('Say --admin or --lead, not both: an admin may do what a lead may.');
      const role = options.admin ? 'admin' : options.lead ? 'lead' : 'analyst';
      await withSession(io, whereOf(command), async ({ client }) => {
        // Before asking, so that nobody types a password for nothing.
        const taken = (await client.app.users()).find((user) => sameName(user.name, name));
        if (taken)
          throw new CliError(
            `There is a user ${printable(taken.name)} already. \`verdict users password ${printable(taken.name)}\` sets another password.`,
          );
        const password = await newPassword(io, printable(name), options.passwordStdin === true);
        const user = await client.app.addUser({ name, role, password });
        if (options.json) sayJson(io, user);
        else say(io, `Added ${printable(user.name)} as ${user.role}.`);
      });
    });

  users
    .command('list')
    .description('list them')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const all = await client.app.users();
        if (options.json) return sayJson(io, all);
        if (all.length === 0) return say(io, 'Nobody can sign in yet. Add the first: verdict users add NAME --admin');
        say(
          io,
          table(
            [{ heading: 'NAME' }, { heading: 'ROLE' }, { heading: 'STATE' }, { heading: 'LAST SIGN-IN' }, { heading: 'ADDED' }],
            all.map((user) => [
              user.name,
              user.role,
              user.disabled ? 'disabled' : 'active',
              user.last_sign_in_at ?? 'never',
              user.created_at,
            ]),
          ),
        );
      });
    });

  users
    .command('disable <name>')
    .description('end the access of a person; what they said and did keeps their name')
    .action((name: string, _options: unknown, command: Command) => setDisabled(io, command, name, true));
  users
    .command('enable <name>')
    .description('give a disabled person access again')
    .action((name: string, _options: unknown, command: Command) => setDisabled(io, command, name, false));

  users
    .command('password <name>')
    .description('set another password; all sessions of the person end')
    .option('--password-stdin', 'read the password from stdin')
    .action(async (name: string, options: { passwordStdin?: true }, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const user = await findUser(client, name);
        await client.app.setPassword(user.user_id, await newPassword(io, printable(user.name), options.passwordStdin === true));
        say(io, `${printable(user.name)} has another password. Sessions and tokens until now have ended.`);
      });
    });
}

async function setDisabled(io: Io, command: Command, name: string, disabled: boolean): Promise<void> {
  await withSession(io, whereOf(command), async ({ client }) => {
    const user = await findUser(client, name);
    await client.app.changeUser(user.user_id, { disabled });
    say(io, disabled ? `${printable(user.name)} cannot sign in any more.` : `${printable(user.name)} can sign in again.`);
  });
}

async function findUser(client: VerdictClient, name: string): Promise<AppUser> {
  const users = await client.app.users();
  const user = users.find((one) => sameName(one.name, name));
  if (user) return user;
  const names = users.map((one) => printable(one.name)).join(', ');
  throw new CliError(`There is no user "${printable(name)}". ${names === '' ? 'There is none yet.' : `There are: ${names}.`}`);
}

function sameName(a: string, b: string): boolean {
  return a.normalize('NFKC').toLowerCase() === b.normalize('NFKC').toLowerCase();
}
