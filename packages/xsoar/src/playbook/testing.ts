import type { Json, JsonObject } from '../context/index.ts';
import type { Answered, Ask, CommandCall, Host, ScriptCall } from './host.ts';
import { type Incident, incidentOf } from './incident.ts';
import type { Playbook } from './model.ts';
import { readPlaybook } from './read-playbook.ts';
import { type RunResult, runPlaybook } from './runner.ts';

/** A task of a playbook in a test: what is left out is as XSOAR writes it for a plain task. */
export interface TaskDraft {
  readonly type?: string;
  readonly name?: string;
  readonly script?: string;
  readonly command?: string;
  readonly playbook?: string;
  readonly next?: Readonly<Record<string, readonly string[]>> | readonly string[];
  readonly args?: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

/** YAML (JSON is YAML) of a playbook with these tasks by id; the first is the start. */
export function draftPlaybook(tasks: Readonly<Record<string, TaskDraft>>, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: 'Test',
    version: -1,
    name: 'Test',
    description: 'A playbook of a test',
    starttaskid: Object.keys(tasks)[0],
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([id, { type = 'regular', name, script, command, playbook, next = {}, args = {}, ...rest }]) => {
        const uuid = `00000000-0000-4000-8000-${id.padStart(12, '0')}`;
        return [
          id,
          {
            id,
            taskid: uuid,
            type,
            task: {
              id: uuid,
              version: -1,
              name: name ?? `Task ${id}`,
              description: 'What it does',
              type,
              iscommand: command !== undefined,
              brand: '',
              ...(script !== undefined && { scriptName: script }),
              ...(command !== undefined && { script: command.includes('|||') ? command : `|||${command}` }),
              ...(playbook !== undefined && { playbookName: playbook }),
            },
            nexttasks: Array.isArray(next) ? (next.length > 0 ? { '#none#': next } : {}) : next,
            scriptarguments: Object.fromEntries(
              Object.entries(args).map(([key, value]) => [key, typeof value === 'string' ? { simple: value } : value]),
            ),
            separatecontext: false,
            view: '{"position":{"x":0,"y":0}}',
            ...rest,
          },
        ];
      }),
    ),
    view: '{}',
    inputs: [],
    outputs: [],
    fromversion: '6.0.0',
    ...more,
  });
}

/** The groups of a condition that holds where a path of the context has this text. */
export function isText(path: string, text: string): Json {
  return [
    [{ operator: 'isEqualString', left: { value: { simple: path }, iscontext: true }, right: { value: { simple: text } } }],
  ];
}

/** The sentence of the error of this kind that `act` throws; empty where it throws none. */
export function sentenceOf(kind: new (...args: never[]) => Error, act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
}

export interface TestHost {
  readonly host: Host;
  readonly calls: CommandCall[];
  readonly asked: Ask[];
  readonly slept: number[];
}

/** A host whose clock moves only by sleeping, with commands and scripts as functions. */
export function testHost(
  options: {
    readonly commands?: Readonly<Record<string, (call: CommandCall, times: number) => readonly Answered[] | JsonObject | Error>>;
    readonly scripts?: Readonly<Record<string, (call: ScriptCall) => Json>>;
    readonly playbooks?: readonly Playbook[];
    readonly answers?: Readonly<Record<string, string>>;
  } = {},
): TestHost {
  const { commands = {}, scripts = {}, playbooks = [], answers = {} } = options;
  const calls: CommandCall[] = [];
  const asked: Ask[] = [];
  const slept: number[] = [];
  let now = 1_000_000;
  const host: Host = {
    knowsCommand: (command) => Object.hasOwn(commands, command),
    async runCommand(call) {
      calls.push(call);
      const answer = commands[call.command]!(call, calls.filter(({ command }) => command === call.command).length);
      if (answer instanceof Error) return [{ instance: 'one', entries: [], error: answer.message }];
      return Array.isArray(answer)
        ? answer
        : [{ instance: 'one', entries: [{ Type: 1, Contents: answer as JsonObject, EntryContext: answer as JsonObject }] }];
    },
    knowsScript: (script) => Object.hasOwn(scripts, script),
    runScript: async (call) => ({ instance: 'script', entries: [{ Type: 1, Contents: scripts[call.script]!(call) }] }),
    findPlaybook: (name) => playbooks.find((one) => one.name === name || one.id === name),
    async ask(ask) {
      asked.push(ask);
      return answers[ask.question === undefined ? ask.task.name : `${ask.task.name}.${ask.question}`] ?? answers[ask.task.name];
    },
    clock: {
      now: () => now,
      async sleep(ms) {
        slept.push(ms);
        now += ms;
      },
    },
    analyst: 'analyst',
  };
  return { host, calls, asked, slept };
}

/** Reads and runs a drafted playbook. */
export function runDraft(
  text: string,
  host: Host,
  more: {
    readonly incident?: Incident;
    readonly others?: ReadonlyMap<string, Incident>;
    readonly inputs?: JsonObject;
    readonly context?: JsonObject;
    readonly timeoutMs?: number;
  } = {},
): Promise<RunResult> {
  return runPlaybook({
    playbook: readPlaybook(text, 'test.yml'),
    incident: incidentOf({ name: 'An alert', severity: 2 }),
    host,
    ...more,
  });
}
