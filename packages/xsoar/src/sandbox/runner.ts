import { setTimeout } from 'node:timers/promises';
import type { Context, Json, JsonObject } from '../context/index.ts';
import {
  type Automation,
  type CommandDescription,
  type Integration,
  paramsOf,
  SandboxError,
  UnknownCommand,
} from './definition.ts';
import { type Entry, errorEntry, isError, readableText } from './entry.ts';
import type { LogLevel } from './protocol.ts';
import { runAutomation, runCommand } from './run-command.ts';
import type { RunLimits, ScriptHost } from './run-script.ts';

/** An integration with a name and parameters of its own, as XSOAR's page Servers & Services has them. */
export interface Instance {
  readonly name: string;
  readonly integration: Integration;
  readonly params: Readonly<Record<string, Json>>;
}

/** A command, and the names of the instances that have it; none for a script. */
export interface OfferedCommand extends CommandDescription {
  readonly instances: readonly string[];
}

export interface CommandCallOf {
  readonly command: string;
  readonly args: Readonly<Record<string, Json>>;
  /** The one instance to ask; all that have the command where it is left out. */
  readonly using?: string;
}

/** What one instance said; `instance` is empty for a script. */
export interface CommandResult {
  readonly instance: string;
  readonly entries: readonly Entry[];
  /** The sentence of the first error entry. */
  readonly error?: string;
}

/** Runs commands as XSOAR does, on every instance that has them. */
export interface CommandRunner {
  commands(): OfferedCommand[];
  /** @throws SandboxError where there is no such command or instance, or none of the instances has it. */
  run(call: CommandCallOf): Promise<CommandResult[]>;
}

export interface RunnerOptions {
  readonly instances: readonly Instance[];
  readonly automations?: readonly Automation[];
  /** The context and the incident that scripts see, asked for at each run. */
  surroundings?(): { readonly context: Context; readonly incident: JsonObject };
  /** What scripts call by `executeCommand` besides the commands of this runner. Undefined where it does not know the command. */
  executeBuiltIn?(command: string, args: JsonObject): Promise<readonly Entry[] | undefined>;
  setContext?(key: string, value: Json): void;
  log?(level: LogLevel, text: string): void;
  /** Where the system's proxy is named. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Asked for at each run. */
  limits?(): RunLimits;
  /** Runs a command that is not done again until it is, and gives its last entries; else its caller sees to that. */
  readonly followPolling?: boolean;
}

/** Scripts that call scripts that call scripts. */
const DEEPEST = 8;

/**
 * Makes a runner for these instances and scripts.
 * @throws SandboxError where two instances have one name, or an instance lacks a parameter.
 */
export function createRunner(options: RunnerOptions): CommandRunner {
  const { instances, automations = [] } = options;
  const names = instances.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new SandboxError(`There are two instances named ${twice}. Give each its own name.`);
  for (const { integration, params } of instances) paramsOf(integration, params);
  const integrationContexts = new Map<string, Json>();

  const runAt = async (call: CommandCallOf, depth: number): Promise<CommandResult[]> => {
    const script = automations.find(({ name }) => name === call.command);
    if (script !== undefined) return [await guarded('', () => runAutomation(script, callOf(call), hostOf('', depth)))];
    const asked = instancesFor(call, options);
    const results: CommandResult[] = [];
    for (const { name, integration, params } of asked) {
      const once = ({ command, args }: Pick<CommandCallOf, 'command' | 'args'>) => {
        const integrationContext = integrationContexts.get(name);
        const kept = integrationContext === undefined ? {} : { integrationContext };
        return runCommand(integration, { ...callOf({ args }), ...kept, command, params }, hostOf(name, depth));
      };
      results.push(
        await guarded(name, async () =>
          options.followPolling ? untilDone(await once(call), once, options.limits?.().signal) : once(call),
        ),
      );
    }
    return results;
  };

  const callOf = ({ args }: Pick<CommandCallOf, 'args'>) => {
    const { context = {}, incident = {} } = options.surroundings?.() ?? {};
    return { args, context, incidents: [incident], ...options.limits?.() };
  };

  const hostOf = (instance: string, depth: number): ScriptHost => ({
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.setContext === undefined ? {} : { setContext: options.setContext }),
    setIntegrationContext: (value) => integrationContexts.set(instance, value),
    async executeCommand(command, { using, ...args }) {
      if (depth >= DEEPEST) return [errorEntry(`Scripts call each other more than ${DEEPEST} deep.`)];
      try {
        const builtIn = await options.executeBuiltIn?.(command, args);
        if (builtIn !== undefined) return builtIn;
        const results = await runAt({ command, args, ...(typeof using === 'string' ? { using } : {}) }, depth + 1);
        return results.flatMap(({ entries }) => entries);
      } catch (error) {
        if (error instanceof SandboxError) return [errorEntry(error.message)];
        throw error;
      }
    },
  });

  return { commands: () => offered(options), run: (call) => runAt(call, 0) };
}

/** Runs a command again as long as its last entry asks for that, as XSOAR does with scheduled commands. */
async function untilDone(
  first: Entry[],
  run: (call: Pick<CommandCallOf, 'command' | 'args'>) => Promise<Entry[]>,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const { Timeout: timeout = 0 } = first.at(-1) ?? {};
  const end = performance.now() + timeout * 1000;
  let entries = first;
  for (;;) {
    const { PollingCommand: command, NextRun: next = 0, PollingArgs: args = {} } = entries.at(-1) ?? {};
    if (command === undefined) return entries;
    const left = end - performance.now();
    if (left <= 0) return [...entries, errorEntry(`${command} was not done within ${timeout} s.`)];
    await setTimeout(Math.min(next * 1000, left), undefined, signal === undefined ? {} : { signal });
    entries = await run({ command, args });
  }
}

/** A wrong argument is told like any other error, so that the other instances are asked all the same. */
async function guarded(instance: string, act: () => Promise<Entry[]>): Promise<CommandResult> {
  try {
    const entries = await act();
    const failed = entries.find(isError);
    return { instance, entries, ...(failed === undefined ? {} : { error: readableText(failed) }) };
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return { instance, entries: [errorEntry(error.message)], error: error.message };
  }
}

function instancesFor({ command, using }: CommandCallOf, { instances, automations = [] }: RunnerOptions): readonly Instance[] {
  const has = ({ integration }: Instance) =>
    command === 'test-module' || integration.commands.some(({ name }) => name === command);
  if (using !== undefined && using !== '') {
    const one = instances.find(({ name }) => name === using);
    if (one === undefined) {
      throw new SandboxError(`There is no instance ${using}. There are: ${instances.map(({ name }) => name).join(', ')}.`);
    }
    if (!has(one)) throw new SandboxError(`The instance ${using} has no command ${command}.`);
    return [one];
  }
  const able = instances.filter(has);
  if (able.length > 0) return able;
  const known = [...offered({ instances, automations })].map(({ name }) => name);
  const alike = known.filter((name) => name.includes(command) || command.includes(name));
  throw new UnknownCommand(
    `There is no command ${command}.${alike.length > 0 ? ` Did you mean ${alike.slice(0, 3).join(', ')}?` : ''}`,
  );
}

function offered({ instances, automations = [] }: RunnerOptions): OfferedCommand[] {
  const commands = new Map<string, OfferedCommand>();
  for (const { name, integration } of instances) {
    for (const command of integration.commands) {
      const before = commands.get(command.name);
      commands.set(command.name, { ...command, instances: [...(before?.instances ?? []), name] });
    }
  }
  for (const { command } of automations) commands.set(command.name, { ...command, instances: [] });
  return [...commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
