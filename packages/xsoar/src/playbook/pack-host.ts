import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Automation, createRunner, type Instance, SandboxError } from '../sandbox/index.ts';
import type { Answered, Ask, Clock, Host, Surroundings } from './host.ts';
import type { Playbook } from './model.ts';
import { PlaybookError, readPlaybook } from './read-playbook.ts';

export interface PackHostOptions {
  readonly instances: readonly Instance[];
  /** Scripts of the pack. */
  readonly automations: readonly Automation[];
  readonly findPlaybook: (name: string) => Playbook | undefined;
  readonly ask: (ask: Ask) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly isStopped?: Host['isStopped'];
  readonly analyst: string;
  readonly watch?: Host['watch'];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * What a run stands on where commands and scripts are those of a pack: their own code in the sandbox.
 * @throws SandboxError where an instance is not set up as its integration asks.
 */
export function packHost(options: PackHostOptions): Host {
  let around: Surroundings | undefined;
  const runner = createRunner({
    instances: options.instances,
    automations: options.automations,
    surroundings: () => ({ context: around?.context ?? {}, incident: around?.incident ?? {} }),
    executeBuiltIn: async (command, args) => {
      const entries = await around?.executeBuiltIn(command, args);
      return entries?.map((entry) => ({ ContentsFormat: 'text', Type: entry.Type ?? 1, Contents: entry.Contents ?? null }));
    },
    setContext: (key, value) => around?.setContext(key, value),
    ...(options.env !== undefined && { env: options.env }),
  });
  const offered = new Map(runner.commands().map((command) => [command.name, command.instances]));
  const run = async (call: Parameters<typeof runner.run>[0], surroundings: Surroundings): Promise<readonly Answered[]> => {
    around = surroundings;
    try {
      return await runner.run(call);
    } catch (error) {
      if (error instanceof SandboxError) return [{ instance: call.using ?? '', entries: [], error: error.message }];
      throw error;
    }
  };
  return {
    knowsCommand: (command) => (offered.get(command) ?? []).length > 0,
    runCommand: run,
    knowsScript: (script) => options.automations.some(({ name }) => name === script),
    runScript: async ({ script, args }, surroundings) => (await run({ command: script, args }, surroundings))[0]!,
    findPlaybook: options.findPlaybook,
    ask: options.ask,
    clock: options.clock,
    analyst: options.analyst,
    ...(options.watch !== undefined && { watch: options.watch }),
    ...(options.isStopped !== undefined && { isStopped: options.isStopped }),
  };
}

const MOST_PLAYBOOKS = 2_000;
const LARGEST = 8 * 1024 * 1024;

/**
 * Finds playbooks by name or id among the files of some folders, and in `Playbooks` and `TestPlaybooks` below them, where each may have a folder of its
 * own. Files that are no playbooks are passed over until one is asked for that is in none.
 */
export function playbookFinder(folders: readonly string[]): (name: string) => Playbook | undefined {
  let known: Map<string, Playbook> | undefined;
  return (name) => {
    known ??= readAll(folders);
    return known.get(name);
  };
}

function readAll(folders: readonly string[]): Map<string, Playbook> {
  const kinds = folders.flatMap((folder) => [join(folder, 'Playbooks'), join(folder, 'TestPlaybooks')]);
  const places = [...new Set([...folders, ...kinds, ...kinds.flatMap(foldersIn)])];
  const files = places.flatMap((place) =>
    existsSync(place)
      ? readdirSync(place)
          .filter((file) => /\.ya?ml$/.test(file))
          .map((file) => join(place, file))
      : [],
  );
  const found = new Map<string, Playbook>();
  for (const file of files.sort().slice(0, MOST_PLAYBOOKS)) {
    if (statSync(file).size > LARGEST) continue;
    try {
      const playbook = readPlaybook(readFileSync(file, 'utf8'), file);
      for (const key of [playbook.id, playbook.name]) if (key !== '' && !found.has(key)) found.set(key, playbook);
    } catch (error) {
      if (!(error instanceof PlaybookError)) throw error;
    }
  }
  return found;
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.slice(0, MOST_PLAYBOOKS).map(({ name }) => join(folder, name));
}
