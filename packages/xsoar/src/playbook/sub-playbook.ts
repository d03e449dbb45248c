import { ContextError, isList, type JsonObject, mergeEntryContext, readPath, textOf } from '../context/index.ts';
import { evaluateAll, evaluateValue, holds, scopeOf } from './evaluate-value.ts';
import { GENERIC_POLLING, POLLING_DEFAULTS, pollGenerically } from './generic-polling.ts';
import { type Frame, pause } from './host.ts';
import type { Loop, Playbook, Task } from './model.ts';
import type { RunTrace } from './trace.ts';
import { isEmpty, listOf, listOfArgument, NotKnown, ValueError } from './values.ts';
import { type Outcome, runWork, WorkFailed } from './work.ts';

const MOST_DEPTH = 20;
const MOST_ROUNDS = 1_000;
const MS_A_MINUTE = 60_000;

/** What a sub-playbook came to, with the trace of each round. */
export interface SubOutcome extends Outcome {
  readonly runs: readonly RunTrace[];
  /** A round did not come to its end: why, in a sentence. */
  readonly problem?: string;
  readonly waits?: boolean;
}

/**
 * Runs the sub-playbook of a task: once, for each item of its list inputs, or until its exit condition holds.
 *
 * @param run runs a playbook in a frame.
 * @throws NotKnown, WorkFailed, ValueError, ContextError.
 */
export async function runSubPlaybook(
  task: Task,
  given: JsonObject,
  frame: Frame,
  run: (frame: Frame) => Promise<RunTrace>,
): Promise<SubOutcome> {
  const name = task.playbook ?? '';
  if (name === GENERIC_POLLING) {
    const inputs = { ...POLLING_DEFAULTS, ...given };
    return { ...(await pollGenerically(inputs, within(frame, task, inputs, { ...frame.playbook, name }))), runs: [] };
  }
  const playbook = frame.shared.host.findPlaybook(name);
  if (playbook === undefined) throw new NotKnown(`the playbook "${name}" is not in the pack`);
  if (frame.path.length >= MOST_DEPTH) throw new NotKnown(`playbooks call each other more than ${MOST_DEPTH} deep`);
  const inputs = inputsOf(playbook, given, frame, true);
  if (task.loop === undefined) return roundOf(within(frame, task, inputs, playbook), frame, task, run);
  return task.loop.forEach
    ? eachItem(task, given, inputs, playbook, frame, run)
    : untilExit(task, task.loop, inputs, playbook, frame, run);
}

/**
 * The inputs of a playbook: what is given, else its default, read in the frame around it.
 * @param strict refuses a required one that is empty, as XSOAR does for sub-playbooks; a playbook that runs by itself only finds it empty.
 * @throws ValueError
 */
export function inputsOf(playbook: Playbook, given: JsonObject, around: Frame, strict: boolean): JsonObject {
  const scope = scopeOf(around);
  return Object.fromEntries(
    playbook.inputs.flatMap(({ key, value, required }) => {
      const input = isEmpty(given[key]) ? (value === undefined ? undefined : evaluateValue(value, scope)) : given[key];
      if (strict && required && isEmpty(input))
        throw new ValueError(`the required input ${key} of the playbook "${playbook.name}" is empty`);
      return input === undefined ? [] : [[key, input] as const];
    }),
  );
}

function within(
  frame: Frame,
  task: Task,
  inputs: JsonObject,
  playbook: Playbook,
  memory = task.separateContext ? { context: {} } : frame.memory,
): Frame {
  return { shared: frame.shared, playbook, memory, inputs, path: [...frame.path, playbook.name], lastEntries: [] };
}

async function roundOf(sub: Frame, around: Frame, task: Task, run: (frame: Frame) => Promise<RunTrace>): Promise<SubOutcome> {
  const trace = await run(sub);
  if (task.separateContext) giveOutputs(sub, around);
  if (trace.state === 'completed') return { runs: [trace], output: '' };
  return {
    runs: [trace],
    output: '',
    problem: `in "${sub.playbook.name}": ${trace.problem ?? trace.state}`,
    waits: trace.state === 'waiting',
  };
}

/**
 * What a playbook with a context of its own declares as outputs goes into the context around it. Packs list an object and each of its members; the
 * object brings them along, and on their own they would go into every object of the list that is there.
 */
function giveOutputs(sub: Frame, around: Frame): void {
  const paths = sub.playbook.outputs.map(({ path }) => path);
  for (const path of paths.filter((one) => !paths.some((other) => one.startsWith(`${other}.`)))) {
    try {
      const value = readPath(sub.memory.context, path);
      if (value !== undefined) around.memory.context = mergeEntryContext(around.memory.context, { [path]: value });
    } catch (error) {
      if (error instanceof ContextError) throw new WorkFailed(`the output ${path} of "${sub.playbook.name}": ${error.message}`);
      throw error;
    }
  }
}

/**
 * One round for each item of the longest list. As in XSOAR's page "Configure a Sub-Playbook Loop" each round takes the next item of every input that
 * the task gives, so that a single one stands in the first round only; what the playbook itself has for an input stands in each.
 */
async function eachItem(
  task: Task,
  given: JsonObject,
  inputs: JsonObject,
  playbook: Playbook,
  frame: Frame,
  run: (frame: Frame) => Promise<RunTrace>,
): Promise<SubOutcome> {
  const sources = Object.entries(inputs).map(([key, value]) => {
    if (isEmpty(given[key]) && !isList(value)) return { key, always: value, items: [] };
    return { key, always: undefined, items: hasPlainText(task, key) ? listOfArgument(value) : listOf(value) };
  });
  const rounds = Math.max(1, ...sources.map(({ items }) => items.length));
  if (rounds > MOST_ROUNDS) throw new ValueError(`the loop has ${rounds} items; the runner goes through ${MOST_ROUNDS} at most`);
  const runs: RunTrace[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const own = Object.fromEntries(
      sources.flatMap(({ key, always, items }) => {
        const value = always ?? items[round];
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
    // No pause: XSOAR writes `wait: 1` beside every loop, and offers it for those with a condition only.
    if (round > 0) refuseIfOver(frame);
    const outcome = await roundOf(within(frame, task, own, playbook), frame, task, run);
    runs.push(...outcome.runs);
    if (outcome.problem !== undefined) return { ...outcome, runs };
  }
  const short = sources.filter(({ always, items }) => always === undefined && items.length < rounds);
  const ends = short.map(({ key, items }, index) => `${key} ${index === 0 ? 'ends ' : ''}after ${items.length}`);
  return { runs, output: [`${rounds} ${rounds === 1 ? 'round' : 'rounds'}`, ends.join(', ')].filter(Boolean).join('; ') };
}

/** Whether an input of the task is text as it stands, in which commas make a list. */
function hasPlainText(task: Task, key: string): boolean {
  const value = task.arguments.get(key);
  return value?.kind === 'simple' && !value.text.includes('${');
}

async function untilExit(
  task: Task,
  loop: Loop,
  inputs: JsonObject,
  playbook: Playbook,
  frame: Frame,
  run: (frame: Frame) => Promise<RunTrace>,
): Promise<SubOutcome> {
  const memory = task.separateContext ? { context: {} } : frame.memory;
  const runs: RunTrace[] = [];
  const most = Math.min(loop.most || MOST_ROUNDS, MOST_ROUNDS);
  for (let round = 1; round <= most; round += 1) {
    if (round > 1) await pauseBetween(loop, frame);
    const sub = within(frame, task, inputs, playbook, memory);
    const outcome = await roundOf(sub, frame, task, run);
    runs.push(...outcome.runs);
    if (outcome.problem !== undefined) return { ...outcome, runs };
    if (await leaves(loop, sub)) return { runs, output: `${round} ${round === 1 ? 'round' : 'rounds'}` };
  }
  return { runs, output: `${most} rounds, which is the most; the exit condition never held` };
}

async function leaves(loop: Loop, sub: Frame): Promise<boolean> {
  if (loop.script !== undefined) {
    const { label = '' } = await runWork(loop.script, evaluateAll(loop.scriptArguments, scopeOf(sub)), sub);
    return label.trim().toLowerCase() === (loop.exitLabel || 'yes').toLowerCase();
  }
  return loop.exit.length > 0 && holds(loop.exit, scopeOf(sub));
}

async function pauseBetween(loop: Loop, frame: Frame): Promise<void> {
  if (loop.waitMinutes > 0) await pause(frame.shared.host, loop.waitMinutes * MS_A_MINUTE);
  refuseIfOver(frame);
}

function refuseIfOver(frame: Frame): void {
  const { clock } = frame.shared.host;
  if (clock.now() > frame.shared.deadline) throw new WorkFailed(`the time of the run is over (${textOf(frame.playbook.name)})`);
}
