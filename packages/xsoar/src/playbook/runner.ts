import { type Context, ContextError, type JsonObject, UnsupportedExpression } from '../context/index.ts';
import { evaluateAll, evaluateValue, holds, scopeOf } from './evaluate-value.ts';
import { branchLabels, circleOf, edgesOf, incomingCounts } from './graph.ts';
import { type Frame, type Host, refuseIfStopped, type Shared } from './host.ts';
import { type Incident, incidentId, incidentView, withField } from './incident.ts';
import { type Playbook, type Task, taskTitle } from './model.ts';
import { chooseBranch, collect, WaitsForPerson, WrongAnswer, waitForPerson } from './people.ts';
import { PlaybookError } from './read-playbook.ts';
import { RegexError } from './safe-regex.ts';
import { inputsOf, runSubPlaybook, type SubOutcome } from './sub-playbook.ts';
import { changesBetween, type RunState, type RunTrace, type TaskState, type TaskTrace } from './trace.ts';
import { NotKnown, ValueError } from './values.ts';
import { isAvailable, labelAmong, type Outcome, runWork, WorkFailed } from './work.ts';

export interface RunRequest {
  readonly playbook: Playbook;
  readonly incident: Incident;
  /** The other incidents that there are, by id, for commands that search; one with the id of `incident` does not count. */
  readonly others?: ReadonlyMap<string, Incident>;
  readonly host: Host;
  readonly inputs?: JsonObject;
  readonly context?: Context;
  /** Milliseconds that the whole run may take; an hour where it is left out. */
  readonly timeoutMs?: number;
}

/** What came of a run. */
export interface RunResult {
  readonly trace: RunTrace;
  readonly context: Context;
  readonly incident: Incident;
  /** The other incidents as they are now, by id. */
  readonly others: ReadonlyMap<string, Incident>;
}

const HOUR_MS = 3_600_000;
const MOST_TASKS_RUN = 20_000;
const LONGEST_OUTPUT = 20_000;

/**
 * Runs a playbook as XSOAR does: from the start along the branches taken; a task that several lead to waits until each of them has come or
 * cannot come any more. Tasks that could run at the same time run one after the other, in the order in which they became ready, those that
 * became ready together in the order of the file: the same answers make the same trace.
 *
 * A task that fails holds up what comes after it, unless the playbook says to continue; other branches go on. Where the runner does not know a
 * command, script, playbook, operator, transformer or expression, the whole run stops.
 *
 * @throws PlaybookError where the playbook cannot be run at all.
 */
export async function runPlaybook(request: RunRequest): Promise<RunResult> {
  const { playbook, host } = request;
  const startedAt = host.clock.now();
  const shared: Shared = {
    host,
    startedAt,
    deadline: startedAt + (request.timeoutMs ?? HOUR_MS),
    incident: request.incident,
    others: new Map([...(request.others ?? [])].filter(([id]) => id !== incidentId(request.incident))),
    tasksRun: 0,
    errorEntries: new Set(),
    entries: 0,
  };
  const frame: Frame = {
    shared,
    playbook,
    memory: { context: request.context ?? {} },
    inputs: {},
    path: [playbook.name],
    lastEntries: [],
  };
  const unknown = Object.keys(request.inputs ?? {}).filter((name) => !playbook.inputs.some(({ key }) => key === name));
  if (unknown.length > 0) {
    const has = playbook.inputs.map(({ key }) => key).join(', ') || 'none';
    throw new PlaybookError(`${playbook.file}: there is no input ${unknown.join(', ')}; the inputs are: ${has}.`);
  }
  let inputs: JsonObject;
  try {
    inputs = inputsOf(playbook, request.inputs ?? {}, frame, false);
  } catch (error) {
    if (error instanceof ValueError || error instanceof ContextError)
      throw new PlaybookError(`${playbook.file}: ${error.message}.`);
    throw error;
  }
  const trace = await runFrame({ ...frame, inputs });
  return { trace, context: frame.memory.context, incident: shared.incident, others: shared.others };
}

async function runFrame(frame: Frame): Promise<RunTrace> {
  const { playbook, shared } = frame;
  const circle = circleOf(playbook);
  if (circle !== undefined) {
    const names = circle.map((id) => taskTitle(playbook.tasks.get(id)!)).join(' → ');
    throw new PlaybookError(
      `${playbook.file}: tasks lead back to themselves: ${names}. Put what repeats into a sub-playbook with a loop.`,
    );
  }
  const traces: TaskTrace[] = [];
  const missing = incomingCounts(playbook);
  const reached = new Set([playbook.startId]);
  const ready = [playbook.startId];
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    const task = playbook.tasks.get(id)!;
    const trace = await runTask(task, frame);
    traces.push(trace);
    shared.host.watch?.ended(trace, frame.path);
    if (shared.fatal !== undefined) break;
    if (trace.state !== 'failed' && trace.state !== 'waiting')
      ready.push(...follow(task, trace.branch, playbook, missing, reached));
  }
  const stopped = traces.find(({ state }) => state === 'failed') ?? traces.find(({ state }) => state === 'waiting');
  const ran = new Set(traces.map(({ id }) => id));
  return {
    playbook: playbook.name,
    state: stopped === undefined ? 'completed' : (stopped.state as RunState),
    inputs: frame.inputs,
    tasks: traces,
    not_reached: [...playbook.tasks.keys()].filter((id) => !ran.has(id)),
    problem:
      stopped === undefined
        ? null
        : `${taskTitle(stopped)} ${stopped.state === 'failed' ? 'failed' : 'waits'}: ${stopped.error ?? ''}`,
  };
}

/** Settles the ways out of a task that is through, and out of those that cannot be reached any more; gives the tasks that are ready now. */
function follow(
  task: Task,
  branch: string | null,
  playbook: Playbook,
  missing: Map<string, number>,
  reached: Set<string>,
): string[] {
  const ready: string[] = [];
  const settled: { task: Task; branch: string | null }[] = [{ task, branch }];
  for (const one of settled) {
    for (const { to, label } of edgesOf({ tasks: new Map([[one.task.id, one.task]]) })) {
      if (label === one.branch) reached.add(to);
      const left = missing.get(to)! - 1;
      missing.set(to, left);
      if (left > 0) continue;
      if (reached.has(to)) ready.push(to);
      else settled.push({ task: playbook.tasks.get(to)!, branch: null });
    }
  }
  const order = [...playbook.tasks.keys()];
  return ready.sort((left, right) => order.indexOf(left) - order.indexOf(right));
}

async function runTask(task: Task, frame: Frame): Promise<TaskTrace> {
  const { shared } = frame;
  const { clock } = shared.host;
  shared.host.watch?.began(task, frame.path);
  shared.tasksRun += 1;
  const [context, incident, began] = [frame.memory.context, incidentView(shared.incident), clock.now()];
  let inputs: JsonObject = {};
  const end = (state: TaskState, branch: string | null, outcome: Partial<SubOutcome>, error: string | null): TaskTrace => ({
    id: task.id,
    name: task.name,
    type: task.type,
    state,
    started_ms: began - shared.startedAt,
    ended_ms: clock.now() - shared.startedAt,
    inputs,
    output: (outcome.output ?? '').slice(0, LONGEST_OUTPUT),
    context_changes: changesBetween(context, frame.memory.context),
    incident_changes: changesBetween(incident, incidentView(shared.incident)),
    branch,
    error,
    runs: outcome.runs ?? [],
  });
  let runs: SubOutcome['runs'] = [];
  try {
    refuseIfStopped(shared.host);
    if (began > shared.deadline) throw new NotKnown('the time that the run may take is over');
    if (shared.tasksRun > MOST_TASKS_RUN) throw new NotKnown(`more than ${MOST_TASKS_RUN} tasks ran`);
    if (task.skipUnavailable && isMissing(task, frame))
      return end('skipped', normalBranch(task), { output: 'Not available here.' }, null);
    inputs = evaluateAll(task.arguments, scopeOf(frame));
    const outcome: SubOutcome = { runs: [], ...(await workOf(task, inputs, frame)) };
    runs = outcome.runs;
    if (outcome.waits === true) return end('waiting', null, outcome, outcome.problem ?? '');
    if (outcome.problem !== undefined) throw new WorkFailed(outcome.problem);
    for (const { field, value } of task.fieldMapping) {
      const mapped = evaluateValue(value, scopeOf(frame));
      if (mapped !== undefined) shared.incident = withField(shared.incident, field, mapped);
    }
    return end('done', branchOf(task, outcome), outcome, null);
  } catch (error) {
    if (error instanceof WaitsForPerson) return end('waiting', null, { runs }, error.message);
    const message = messageOf(error);
    if (error instanceof NotKnown || error instanceof UnsupportedExpression) shared.fatal ??= message;
    else if (task.continueOnError && shared.fatal === undefined) {
      return end('continued', task.errorPath ? '#error#' : normalBranch(task), { runs }, message);
    }
    return end('failed', null, { runs }, message);
  }
}

/** @throws the error itself where it is not one that a playbook can make. */
function messageOf(error: unknown): string {
  const expected = [NotKnown, WorkFailed, WrongAnswer, ValueError, ContextError, RegexError, PlaybookError];
  if (error instanceof Error && expected.some((kind) => error instanceof kind)) return error.message;
  throw error;
}

function isMissing(task: Task, frame: Frame): boolean {
  if (task.type === 'playbook')
    return task.playbook !== 'GenericPolling' && frame.shared.host.findPlaybook(task.playbook ?? '') === undefined;
  return task.work !== undefined && !isAvailable(task.work, frame);
}

async function workOf(task: Task, inputs: JsonObject, frame: Frame): Promise<Outcome | SubOutcome> {
  switch (task.type) {
    case 'start':
    case 'title':
    case 'section':
      return { output: '' };
    case 'regular':
    case 'standard':
      return task.work === undefined ? waitForPerson(task, frame) : runWork(task.work, inputs, frame);
    case 'condition':
      return decide(task, inputs, frame);
    case 'collection':
      if (task.form === undefined) throw new NotKnown('a data collection task without a form');
      return collect(task, task.form, frame);
    case 'playbook':
      return runSubPlaybook(task, inputs, frame, runFrame);
  }
}

/** Which branch a condition takes: by its conditions, by what its script says, or by what a person says. */
async function decide(task: Task, inputs: JsonObject, frame: Frame): Promise<Outcome> {
  if (task.conditions.length > 0) {
    const scope = scopeOf(frame);
    const branch = task.conditions.find(({ groups }) => holds(groups, scope));
    return { output: branch?.label ?? 'else', label: branch?.label ?? '#default#' };
  }
  if (task.work !== undefined) {
    const outcome = await runWork(task.work, inputs, frame);
    return { ...outcome, label: labelAmong(task, outcome.label ?? '') ?? '#default#' };
  }
  const labels =
    branchLabels(task).length > 0 ? branchLabels(task) : [...task.next.keys()].filter((label) => !label.startsWith('#'));
  return chooseBranch(task, labels, frame);
}

/** @throws WorkFailed where a condition leads nowhere. */
function branchOf(task: Task, { label }: Outcome): string | null {
  if (task.type !== 'condition') return normalBranch(task);
  const chosen = label ?? '#default#';
  const branch = labelAmong(task, chosen) ?? (task.next.has('#default#') ? '#default#' : undefined);
  // A branch that was chosen and leads nowhere ends the way; no condition that holds and no else is a hole in the playbook.
  if (branch === undefined && chosen === '#default#' && task.next.size > 0) {
    throw new WorkFailed(`no condition holds, and there is no else; the branches are ${[...task.next.keys()].join(', ')}`);
  }
  return branch ?? null;
}

function normalBranch(task: Task): string | null {
  return task.next.has('#none#') ? '#none#' : task.next.has('#default#') ? '#default#' : null;
}
