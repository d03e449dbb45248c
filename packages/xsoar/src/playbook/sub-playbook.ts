import { ContextError, isList, type JsonObject, mergeEntryContext, readPath, textOf } from '../context/index.ts';
import { evaluateAll, evaluateValue, holds, scopeOf } from './evaluate-value.ts';
import { GENERIC_POLLING, POLLING_DEFAULTS, pollGenerically } from './generic-polling.ts';
import { type Frame, pause } from './host.ts';
import type { Loop, Playbook, Task } from './model.ts';
import type { RunTrace } from './trace.ts';
import { isEmpty, NotKnown, ValueError } from './values.ts';
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
    ? eachItem(task, task.loop, inputs, playbook, frame, run)
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

/** What a playbook with a context of its own declares as outputs goes into the context around it. */
function giveOutputs(sub: Frame, around: Frame): void {
  for (const { path } of sub.playbook.outputs) {
    try {
      const value = readPath(sub.memory.context, path);
      if (value !== undefined) around.memory.context = mergeEntryContext(around.memory.context, { [path]: value });
    } catch (error) {
      if (error instanceof ContextError) throw new WorkFailed(`the output ${path} of "${sub.playbook.name}": ${error.message}`);
      throw error;
    }
  }
}

async function eachItem(
  task: Task,
  loop: Loop,
  inputs: JsonObject,
  playbook: Playbook,
  frame: Frame,
  run: (frame: Frame) => Promise<RunTrace>,
): Promise<SubOutcome> {
  const lists = Object.entries(inputs).filter(([, value]) => isList(value));
  const sizes = new Set(lists.map(([, value]) => (isList(value) ? value.length : 0)));
  if (sizes.size > 1) {
    throw new ValueError(
      `the lists to go through are of different lengths: ${lists.map(([key, value]) => `${key} ${isList(value) ? value.length : 1}`).join(', ')}`,
    );
  }
  const rounds = [...sizes][0] ?? 1;
  if (rounds > MOST_ROUNDS) throw new ValueError(`the loop has ${rounds} items; the runner goes through ${MOST_ROUNDS} at most`);
  const runs: RunTrace[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const own = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, isList(value) ? value[round]! : value]));
    if (round > 0) await pauseBetween(loop, frame);
    const outcome = await roundOf(within(frame, task, own, playbook), frame, task, run);
    runs.push(...outcome.runs);
    if (outcome.problem !== undefined) return { ...outcome, runs };
  }
  return { runs, output: `${rounds} ${rounds === 1 ? 'round' : 'rounds'}` };
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
  const { clock } = frame.shared.host;
  if (loop.waitMinutes > 0) await pause(frame.shared.host, loop.waitMinutes * MS_A_MINUTE);
  if (clock.now() > frame.shared.deadline) throw new WorkFailed(`the time of the run is over (${textOf(frame.playbook.name)})`);
}
