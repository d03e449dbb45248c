import {
  ContextError,
  isList,
  isObject,
  type JsonObject,
  mergeEntryContext,
  readPath,
  setPath,
  textOf,
  UnsupportedExpression,
} from '../context/index.ts';
import { BUILTIN_NAMES, builtin } from './builtins.ts';
import { type Answered, type Entry, type Frame, pause, type Surroundings } from './host.ts';
import { incidentView } from './incident.ts';
import type { Task, Work } from './model.ts';
import { flagFrom, isEmpty, NotKnown, numberFrom, ValueError } from './values.ts';

/** What a task came to: what people read, and the label that a condition branches by. */
export interface Outcome {
  readonly output: string;
  readonly label?: string;
}

/** A command or script answered with an error. */
export class WorkFailed extends Error {
  override readonly name = 'WorkFailed';
}

/** XSOAR's numbers of the types of entries. */
const NOTE_ENTRY = 1;
const ERROR_ENTRY = 4;
const MOST_RETRIES = 10;
const MOST_POLLS = 10_000;
const RETRY_SECONDS = 30;

/** Arguments that XSOAR takes for itself; the command does not see them. */
const FOR_XSOAR: ReadonlySet<string> = new Set([
  'using',
  'using-brand',
  'using-category',
  'raw-response',
  'extend-context',
  'ignore-outputs',
  'execution-timeout',
  'retry-count',
  'retry-interval',
  'auto-extract',
  'delay',
]);

/** Whether a task's command or script can be run here. */
export function isAvailable(work: Work, frame: Frame): boolean {
  const { host } = frame.shared;
  return BUILTIN_NAMES.has(work.name) || (work.kind === 'command' ? host.knowsCommand(work.name) : host.knowsScript(work.name));
}

/**
 * Runs the command or script of a task with arguments already evaluated, again where it fails and `retry-count` says so, and puts what its
 * entries say into the context.
 *
 * @throws NotKnown, WorkFailed.
 */
export async function runWork(work: Work, given: JsonObject, frame: Frame): Promise<Outcome> {
  if (!isAvailable(work, frame)) {
    throw new NotKnown(
      work.kind === 'command'
        ? `no instance has the command ${work.name}`
        : `the script ${work.name} is neither built in nor part of the pack`,
    );
  }
  const retries = isEmpty(given['retry-count']) ? 0 : Math.min(numberFrom(given['retry-count']), MOST_RETRIES);
  const between = isEmpty(given['retry-interval']) ? RETRY_SECONDS : numberFrom(given['retry-interval']);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await runOnce(work, given, frame);
    } catch (error) {
      if (!(error instanceof WorkFailed) || attempt >= retries) throw error;
      await pause(frame.shared.host, between * 1000);
    }
  }
}

async function runOnce(work: Work, given: JsonObject, frame: Frame): Promise<Outcome> {
  const { host } = frame.shared;
  const args = Object.fromEntries(Object.entries(given).filter(([name]) => !FOR_XSOAR.has(name)));
  // A test may answer in the place of what is built in, such as a close that fails.
  const isAnswered = work.kind === 'command' && host.knowsCommand(work.name);
  if (BUILTIN_NAMES.has(work.name) && !isAnswered) {
    const entry = await runBuiltin(work.name, args, frame);
    return take([{ instance: '', entries: [entry] }], given, frame);
  }
  if (work.kind === 'script') {
    return take([await within(frame, (around) => host.runScript({ script: work.name, args }, around))], given, frame);
  }
  const using = textOf(given.using);
  const call = { command: work.name, args, ...(using !== '' && { using }) };
  return keepPolling(await within(frame, (around) => host.runCommand(call, around)), call, given, frame);
}

/** Runs a command again for as long as its entry asks for it (`PollingCommand`, `NextRun`, `Timeout`), as XSOAR's scheduler does. */
async function keepPolling(
  first: readonly Answered[],
  call: { readonly command: string; readonly using?: string },
  given: JsonObject,
  frame: Frame,
): Promise<Outcome> {
  const { host } = frame.shared;
  const { clock } = host;
  const began = clock.now();
  let answers = first;
  for (let polls = 0; ; polls += 1) {
    const outcome = take(answers, given, frame);
    const again = answers.flatMap(({ entries }) => entries).find(({ PollingCommand }) => !isEmpty(PollingCommand));
    if (again === undefined) return outcome;
    const timeout = isEmpty(again.Timeout) ? 600 : numberFrom(again.Timeout);
    const wait = Math.max(1, isEmpty(again.NextRun) ? 30 : numberFrom(again.NextRun));
    if (clock.now() - began + wait * 1000 > timeout * 1000 || polls >= MOST_POLLS) {
      throw new WorkFailed(`${call.command} was not through after ${timeout} s`);
    }
    await pause(host, wait * 1000);
    const next = { ...call, command: textOf(again.PollingCommand), args: again.PollingArgs ?? {} };
    answers = await within(frame, (around) => host.runCommand(next, around));
  }
}

/** A script or command that XSOAR brings along, as an entry. */
async function runBuiltin(name: string, args: JsonObject, frame: Frame): Promise<Entry> {
  try {
    const { contents, text, context } = await builtin(name)!(args, frame);
    return { Type: NOTE_ENTRY, Contents: contents, HumanReadable: text, ...(context !== undefined && { EntryContext: context }) };
  } catch (error) {
    if (error instanceof UnsupportedExpression) throw error;
    if (error instanceof ValueError || error instanceof ContextError)
      return { Type: ERROR_ENTRY, Contents: `${name}: ${error.message}` };
    throw error;
  }
}

/**
 * Runs code of a pack with what it can see and do.
 * @throws NotKnown also where the code called something that the runner does not know, whatever the code itself made of that.
 */
async function within<Result>(frame: Frame, run: (around: Surroundings) => Promise<Result>): Promise<Result> {
  let unknown: NotKnown | UnsupportedExpression | undefined;
  const result = await run({
    context: frame.memory.context,
    incident: incidentView(frame.shared.incident),
    setContext(key, value) {
      frame.memory.context = setPath(frame.memory.context, key, value);
    },
    async executeBuiltIn(command, args) {
      try {
        return BUILTIN_NAMES.has(command) ? [await runBuiltin(command, args, frame)] : undefined;
      } catch (error) {
        if (!(error instanceof NotKnown) && !(error instanceof UnsupportedExpression)) throw error;
        unknown ??= error;
        return [{ Type: ERROR_ENTRY, Contents: error.message }];
      }
    },
  });
  if (unknown !== undefined) throw unknown;
  return result;
}

/** Puts answers into the context. Those that are right count, even where another instance answered with an error. */
function take(answers: readonly Answered[], given: JsonObject, frame: Frame): Outcome {
  if (answers.length === 0) throw new WorkFailed('no instance answered');
  const ids: string[] = [];
  const errors: string[] = [];
  const texts: string[] = [];
  let label: string | undefined;
  for (const { instance, entries, error } of answers) {
    for (const entry of entries) {
      const wrong = entry.Type === ERROR_ENTRY;
      ids.push(newEntry(frame, wrong));
      if (wrong) errors.push(entryText(entry));
      else {
        remember(entry, given, frame);
        label ??= textOf(entry.Contents);
        texts.push(entryText(entry));
      }
    }
    if (error !== undefined) {
      ids.push(newEntry(frame, true));
      errors.push(answers.length > 1 ? `${instance}: ${error}` : error);
    }
  }
  frame.lastEntries = ids;
  if (errors.length > 0) throw new WorkFailed([...new Set(errors)].join('; '));
  return { output: texts.filter((text) => text !== '').join('\n\n'), ...(label !== undefined && { label }) };
}

function remember(entry: Entry, given: JsonObject, frame: Frame): void {
  const { memory } = frame;
  if (entry.EntryContext && !flagFrom(given['ignore-outputs']))
    memory.context = mergeEntryContext(memory.context, entry.EntryContext);
  for (const pair of textOf(given['extend-context']).split('::')) {
    const at = pair.indexOf('=');
    if (at < 1) continue;
    const path = pair.slice(at + 1).trim();
    const { Contents: contents = null } = entry;
    const value = path === '' || path === '.' ? contents : readPath(contents, path);
    if (value !== undefined) memory.context = setPath(memory.context, pair.slice(0, at).trim(), value);
  }
}

function newEntry(frame: Frame, wrong: boolean): string {
  frame.shared.entries += 1;
  const id = `${frame.shared.entries}@1`;
  if (wrong) frame.shared.errorEntries.add(id);
  return id;
}

function entryText({ HumanReadable: readable, Contents: contents }: Entry): string {
  if (!isEmpty(readable)) return textOf(readable);
  return isObject(contents) || isList(contents) ? JSON.stringify(contents) : textOf(contents);
}

/** The label among those of a condition that a script meant: as written, else in other letters. */
export function labelAmong(task: Task, label: string): string | undefined {
  const labels = [...task.next.keys()];
  return labels.find((one) => one === label) ?? labels.find((one) => one.toLowerCase() === label.trim().toLowerCase());
}
