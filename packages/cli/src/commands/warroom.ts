import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Integration, loadPack, packFolder, SandboxError, WarRoom } from '@verdict/xsoar';
import { type Command, CommanderError } from 'commander';
import { CliError, type Io, note } from '../io.ts';
import { otherIncidents } from '../warroom/incidents.ts';
import {
  type InstanceOptions,
  instanceOf,
  nothingToRun,
  settingsOf,
  several,
  withInstanceSettings,
} from '../warroom/instances.ts';
import { greet, runLines, runTerminal } from '../warroom/session.ts';

interface Options extends InstanceOptions {
  readonly instance: readonly string[];
  readonly pack?: string;
  readonly integration?: string;
  readonly incidents?: string;
  readonly run?: string;
  readonly keepGoing: boolean;
  readonly json: boolean;
}

/** The status where the options cannot be used. */
const BAD_USAGE = 2;
const LARGEST_FILE = 10 * 1024 * 1024;

/**
 * `verdict warroom`: XSOAR's commands at the terminal, without an XSOAR server.
 * @param failed is called where a command failed, so that the program ends with status 1.
 */
export function warroomCommand(program: Command, io: Io, failed: () => void): void {
  const command = program
    .command('warroom')
    .description('a War Room in the terminal: the commands of the content pack, run by the pack’s own script')
    .requiredOption('--instance <name=url,keyfile>', 'an instance of the integration; again for more of them', several);
  withInstanceSettings(command)
    .option('--pack <folder>', 'another pack than Verdict’s own')
    .option('--integration <name>', 'the integration of that pack, where it has several')
    .option('--incidents <file>', 'the other incidents that there are, for getIncidents: a JSON list, each with an id')
    .option('--run <file>', 'run the commands of a file, one a line, and end')
    .option('--keep-going', 'do not end at the first command that fails', false)
    .option('--json', 'a line of JSON for each command, and the context at the end', false)
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(BAD_USAGE, error.code, error.message);
    })
    .action(async (options: Options) => {
      const [room, lines] = usable(
        io,
        () => [openRoom(options, io), options.run === undefined ? undefined : linesOf(options.run)] as const,
      );
      if (lines === undefined && io.in.isTTY === true && !options.json) {
        greet(room, io);
        return runTerminal(room, io);
      }
      const source = lines ?? createInterface({ input: io.in, crlfDelay: Number.POSITIVE_INFINITY });
      if (!(await runLines(source, room, io, options))) failed();
    });
}

/** What cannot be made of the options ends with the status of bad usage. */
function usable<T>(io: Io, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof CliError || error instanceof SandboxError)) throw error;
    note(io, error.message);
    throw new CommanderError(BAD_USAGE, 'verdict.usage', error.message);
  }
}

function openRoom(options: Options, io: Io): WarRoom {
  const { integrations, automations, others } = loadPack(options.pack ?? packFolder());
  const integration = integrationOf(integrations, options.integration, others);
  const settings = settingsOf(options);
  const instances = options.instance.map((said) => instanceOf(said, integration, settings, io));
  const room = new WarRoom({ instances, automations, env: io.env });
  if (options.incidents !== undefined) room.loadOthers(otherIncidents(options.incidents));
  return room;
}

function integrationOf(integrations: readonly Integration[], wanted: string | undefined, others: readonly string[]): Integration {
  if (integrations.length === 0) throw nothingToRun(others);
  const names = integrations.map(({ name }) => name).join(', ');
  const found = wanted === undefined ? integrations : integrations.filter(({ name }) => name === wanted);
  const [first, ...more] = found;
  if (first === undefined) throw new CliError(`The pack has no integration ${wanted}. It has: ${names}.`);
  if (more.length > 0) throw new CliError(`The pack has several integrations: name one with --integration. There are: ${names}.`);
  return first;
}

function linesOf(file: string): string[] {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) throw new CliError(`There is no file ${file}.`);
  if (found.size > LARGEST_FILE) throw new CliError(`${file} is larger than 10 MiB.`);
  return readFileSync(file, 'utf8').split(/\r?\n/);
}
