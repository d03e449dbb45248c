import { readFileSync } from 'node:fs';
import { VerdictError, VerdictUnreachable } from '@verdict/client';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { demoCommand } from './commands/demo.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { eventsCommand } from './commands/events.ts';
import { importCommand } from './commands/import.ts';
import { jobsCommand } from './commands/jobs.ts';
import { keysCommand } from './commands/keys.ts';
import { mcpCommand } from './commands/mcp.ts';
import { operationsCommands } from './commands/operations.ts';
import { packCommand } from './commands/pack.ts';
import { playbookCommand } from './commands/playbook.ts';
import { usersCommand } from './commands/users.ts';
import { warroomCommand } from './commands/warroom.ts';
import { CliError, type Io, note } from './io.ts';
import { printable } from './table.ts';

/**
 * Runs the command `verdict`.
 * @param argv what follows the name of the command.
 * @returns the status to end with: 0, or 1 when it could not be done.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let status = 0;
  const program = new Command('verdict')
    .description('Verdict learns a SOC’s triage decisions from its analysts.')
    .option('--url <address>', 'address of a service elsewhere (or VERDICT_URL); its key is in VERDICT_API_KEY')
    .option('--data-dir <folder>', 'data folder of the service on this machine (or VERDICT_DATA_DIR)')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'show help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) })
    .showHelpAfterError('(add --help for what can be said)');
  usersCommand(program, io);
  keysCommand(program, io);
  jobsCommand(program, io);
  importCommand(program, io);
  eventsCommand(program, io);
  evaluateCommand(program, io);
  demoCommand(program, io);
  auditCommand(program, io, () => {
    status = 1;
  });
  operationsCommands(program, io);
  mcpCommand(program, io);
  const fail = () => {
    status = 1;
  };
  packCommand(program, io, fail);
  playbookCommand(program, io, fail);
  warroomCommand(program, io, fail);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    // What is wrong may be quoted from a file or a service, with signs that a terminal would act on.
    for (const line of explain(error)) note(io, line.split('\n').map(printable).join('\n'));
    return 1;
  }
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

/** Names of errors whose sentence is meant for people. */
const FOR_PEOPLE: ReadonlySet<string> = new Set([
  'Refusal',
  'StoreInUse',
  'NewerDatabase',
  'BadConfig',
  'TrainingError',
  'PackNotBuilt',
  'PlaybookError',
  'SandboxError',
  'ContextError',
  'ValueError',
]);

function explain(error: unknown): string[] {
  if (error instanceof VerdictError) {
    const places = error.problems.length > 1 ? error.problems.map(({ loc, msg }) => `  ${loc.join('.')} ${msg}`) : [];
    return [error.detail, ...places];
  }
  if (error instanceof CliError || error instanceof VerdictUnreachable) return [error.message];
  if (!(error instanceof Error)) return [String(error)];
  return [FOR_PEOPLE.has(error.name) ? error.message : (error.stack ?? error.message)];
}
