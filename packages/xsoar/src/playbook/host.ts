import type { Context, Json, JsonObject } from '../context/index.ts';
import type { Incident } from './incident.ts';
import type { Playbook } from './model.ts';
import type { TaskTrace } from './trace.ts';
import { NotKnown } from './values.ts';

/** An entry of the War Room, as commands and scripts return it; the names are XSOAR's. */
export interface Entry {
  readonly Type?: number;
  readonly Contents?: Json;
  readonly HumanReadable?: string | null;
  readonly EntryContext?: JsonObject | null;
  /** A command that asks to be run again names itself here. */
  readonly PollingCommand?: string | null;
  readonly PollingArgs?: JsonObject | null;
  /** Seconds until then, and until it gives up. */
  readonly NextRun?: string | number | null;
  readonly Timeout?: string | number | null;
}

/** What one instance answered. */
export interface Answered {
  readonly instance: string;
  readonly entries: readonly Entry[];
  /** What went wrong; the entries before it count all the same. */
  readonly error?: string;
}

export interface CommandCall {
  readonly command: string;
  readonly args: JsonObject;
  /** Names of instances; all that have the command where it is left out. */
  readonly using?: string;
}

export interface ScriptCall {
  readonly script: string;
  readonly args: JsonObject;
}

/** What the code of a command or script can see and do beside its answer. */
export interface Surroundings {
  readonly context: Context;
  readonly incident: JsonObject;
  setContext(key: string, value: Json): void;
  /** Runs what XSOAR brings along, for code that calls it; undefined where it is none of that. */
  executeBuiltIn(command: string, args: JsonObject): Promise<readonly Entry[] | undefined>;
}

/** What a person is asked. */
export interface Ask {
  readonly task: { readonly id: string; readonly name: string };
  /** The number of the question in a form; undefined for everything else. */
  readonly question: string | undefined;
  readonly text: string;
  /** The answers to choose from; empty where any text will do. */
  readonly options: readonly string[];
  /** Several options may be chosen, with commas. */
  readonly several: boolean;
  readonly required: boolean;
}

/** Milliseconds of a clock that tests can turn by hand. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** What a run of a playbook stands on. */
export interface Host {
  /** Commands that can be run, by instances that are there. */
  knowsCommand(command: string): boolean;
  runCommand(call: CommandCall, around: Surroundings): Promise<readonly Answered[]>;
  knowsScript(script: string): boolean;
  runScript(call: ScriptCall, around: Surroundings): Promise<Answered>;
  /** A sub-playbook by name or id. */
  findPlaybook(name: string): Playbook | undefined;
  /** Asks a person; undefined where nobody answers. */
  ask(ask: Ask): Promise<string | undefined>;
  readonly clock: Clock;
  /** Asked before each task and after each pause: whether the run is to end here. Its clock should not sleep on then. */
  readonly isStopped?: () => boolean;
  /** Who gets an incident that is assigned to some analyst. */
  readonly analyst: string;
  /** Told when a task begins and when it is through; `path` are the names of the sub-playbooks around it. */
  readonly watch?: {
    began(task: { readonly id: string; readonly name: string; readonly type: string }, path: readonly string[]): void;
    ended(trace: TaskTrace, path: readonly string[]): void;
  };
}

/** The clock of the machine. */
export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** What a run of a playbook, and everything below it, has in common. */
export interface Shared {
  readonly host: Host;
  readonly startedAt: number;
  readonly deadline: number;
  incident: Incident;
  /** The other incidents that there are, by id. */
  others: ReadonlyMap<string, Incident>;
  tasksRun: number;
  /** Ids of entries that were errors, for scripts that ask. */
  readonly errorEntries: Set<string>;
  entries: number;
  /** Why the whole run stops. */
  fatal?: string;
}

/** One playbook that runs: what its expressions can see. */
export interface Frame {
  readonly shared: Shared;
  readonly playbook: Playbook;
  /** In a box, because playbooks that share a context share what they change of it. */
  readonly memory: { context: Context };
  readonly inputs: JsonObject;
  /** Names of the playbooks around this one, outermost first; its own is the last. */
  readonly path: readonly string[];
  lastEntries: readonly string[];
}

/** @throws NotKnown where the run is to end here, whatever the playbook says about errors. */
export function refuseIfStopped({ isStopped }: Host): void {
  if (isStopped?.() === true) throw new NotKnown('the run was stopped');
}

/** Waits some milliseconds. @throws NotKnown where the run is to end meanwhile. */
export async function pause(host: Host, ms: number): Promise<void> {
  refuseIfStopped(host);
  await host.clock.sleep(ms);
  refuseIfStopped(host);
}
