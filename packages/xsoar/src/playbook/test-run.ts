import { ContextError, type Json, type JsonObject, readPath, sameJson, textOf } from '../context/index.ts';
import { answerFor } from './answers.ts';
import type { Answered, Clock, Host } from './host.ts';
import { type Incident, incidentOf, incidentView, isClosed } from './incident.ts';
import type { Playbook } from './model.ts';
import { type RunResult, runPlaybook } from './runner.ts';
import type { PlaybookTest, Recorded } from './test-file.ts';
import type { RunTrace } from './trace.ts';
import { NotKnown } from './values.ts';

/** Something that came out otherwise than a test expects. */
export interface Difference {
  /** What was looked at: `path`, `context Arcanna.Event.status`, … */
  readonly what: string;
  readonly expected: Json;
  readonly found: Json;
}

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
  /** Recorded answers that were never asked for, by their place in the file. */
  readonly unused: readonly string[];
  readonly trace: RunTrace;
}

/** A clock that starts at 2026-01-01 and moves only when somebody sleeps, so that tests wait for nothing and always see the same times. */
export function testClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

/**
 * Runs a playbook against the recorded answers of a test and compares what came of it.
 *
 * @param playbook the one that the test names, read; `findPlaybook` gives its sub-playbooks.
 * @param incident the test's incident, as data.
 * @throws PlaybookError where the playbook cannot be run at all.
 */
export async function runPlaybookTest(
  test: PlaybookTest,
  playbook: Playbook,
  incident: JsonObject,
  findPlaybook: (name: string) => Playbook | undefined,
): Promise<TestResult> {
  const commands = new Recordings(test.commands, 'command');
  const scripts = new Recordings(test.scripts, 'script');
  const clock = testClock();
  const calls: string[] = [];
  const host: Host = {
    knowsCommand: (command) => commands.knows(command),
    async runCommand({ command, args, using }) {
      calls.push(command);
      return [await commands.answer(command, args, using, clock)];
    },
    knowsScript: (script) => scripts.knows(script),
    runScript: ({ script, args }) => scripts.answer(script, args, undefined, clock),
    findPlaybook,
    ask: async (ask) => answerFor(ask, test.answers),
    clock,
    analyst: 'analyst',
  };
  const result = await runPlaybook({
    playbook,
    incident: incidentOf(incident, test.incidents),
    others: test.incidents,
    host,
    inputs: test.inputs,
    context: test.context,
  });
  const differences = compareWith(test, result, calls);
  return {
    name: test.name,
    passed: differences.length === 0,
    differences,
    unused: [...commands.unused(), ...scripts.unused()],
    trace: result.trace,
  };
}

/** Recorded answers, the first that fits being given. */
class Recordings {
  readonly #recorded: readonly Recorded[];
  readonly #kind: string;
  readonly #served: number[];

  constructor(recorded: readonly Recorded[], kind: string) {
    this.#recorded = recorded;
    this.#kind = kind;
    this.#served = recorded.map(() => 0);
  }

  knows(name: string): boolean {
    return this.#recorded.some((one) => one.name === name);
  }

  /** @throws NotKnown where none fits. */
  async answer(name: string, args: JsonObject, using: string | undefined, clock: Clock): Promise<Answered> {
    const index = this.#recorded.findIndex(
      (one, at) =>
        one.name === name &&
        (one.using === undefined || one.using === using) &&
        (one.times === undefined || this.#served[at]! < one.times) &&
        Object.entries(one.args).every(([key, value]) => sameText(value, args[key])),
    );
    const one = this.#recorded[index];
    if (one === undefined)
      throw new NotKnown(`no recorded answer of the ${this.#kind} ${name} fits (any more) the arguments ${JSON.stringify(args)}`);
    this.#served[index]! += 1;
    const instance = one.using ?? using ?? '';
    if (one.timeout !== undefined) {
      await clock.sleep(one.timeout * 1000);
      return { instance, entries: [], error: `${name} did not answer within ${one.timeout} s` };
    }
    if (one.error !== undefined) return { instance, entries: [], error: one.error };
    return {
      instance,
      entries: [{ Type: 1, Contents: one.contents, HumanReadable: one.humanReadable, EntryContext: one.context }],
    };
  }

  unused(): string[] {
    return this.#recorded.flatMap(({ name }, index) => (this.#served[index] === 0 ? [`${this.#kind}s[${index}] (${name})`] : []));
  }
}

/** Numbers and truth values arrive at commands as text as often as not. */
function sameText(expected: Json, found: Json | undefined): boolean {
  return (
    found !== undefined && (sameJson(expected, found) || (typeof expected !== 'object' && textOf(expected) === textOf(found)))
  );
}

function compareWith(
  { expect }: PlaybookTest,
  { trace, context, incident, others }: RunResult,
  calls: readonly string[],
): Difference[] {
  const differences: Difference[] = [];
  const differ = (what: string, expected: Json | undefined, found: Json | undefined) =>
    differences.push({ what, expected: expected ?? null, found: found ?? null });
  const went = stepsOf(trace);
  const names = went.map(({ name, id }) => name || id);
  if (trace.state !== expect.ends)
    differ('how it ends', expect.ends, trace.problem === null ? trace.state : `${trace.state}: ${trace.problem}`);
  if (expect.problem !== undefined && !(trace.problem ?? '').includes(expect.problem))
    differ('problem', expect.problem, trace.problem);
  if (expect.path !== undefined && !runsThrough(expect.path, went)) differ('path', expect.path, names);
  if (expect.exactPath !== undefined && !isExactly(expect.exactPath, went)) differ('exact_path', expect.exactPath, names);
  for (const name of expect.notReached) {
    if (went.some((step) => isCalled(step, name))) differ('not_reached', `not ${name}`, names);
  }
  for (const [path, value] of Object.entries(expect.context)) {
    const found = readSafely(context, path);
    if (!sameText(value, found) && !(value === null && found === undefined)) differ(`context ${path}`, value, found);
  }
  const compareFields = (what: string, fields: JsonObject, one: Incident | undefined) => {
    const view = one === undefined ? {} : incidentView(one);
    for (const [field, value] of Object.entries(fields)) {
      const found = Object.hasOwn(view, field) ? view[field] : undefined;
      if (!sameText(value, found) && !(value === null && found === undefined)) differ(`${what} ${field}`, value, found);
    }
  };
  compareFields('incident', expect.incident, incident);
  for (const [id, fields] of expect.incidents) compareFields(`incident ${id}`, fields, others.get(id));
  if (expect.closed !== undefined && isClosed(incident) !== expect.closed) differ('closed', expect.closed, isClosed(incident));
  if (expect.calls !== undefined && !sameJson([...expect.calls], [...calls])) differ('calls', [...expect.calls], [...calls]);
  return differences;
}

type Step = { readonly id: string; readonly name: string };

/** All tasks that ran, those of sub-playbooks after the task that ran them. */
function stepsOf(trace: RunTrace): Step[] {
  return trace.tasks.flatMap((task): Step[] => [task, ...task.runs.flatMap(stepsOf)]);
}

function isCalled({ id, name }: Step, called: string): boolean {
  return name === called || id === called;
}

function runsThrough(path: readonly string[], went: readonly Step[]): boolean {
  let at = 0;
  for (const step of went) if (at < path.length && isCalled(step, path[at]!)) at += 1;
  return at === path.length;
}

function isExactly(path: readonly string[], went: readonly Step[]): boolean {
  return path.length === went.length && went.every((step, index) => isCalled(step, path[index]!));
}

function readSafely(context: JsonObject, path: string): Json | undefined {
  try {
    return readPath(context, path);
  } catch (error) {
    if (error instanceof ContextError) return error.message;
    throw error;
  }
}
