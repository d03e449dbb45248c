import { branchLabels, circleOf, reachable } from '../playbook/graph.ts';
import { type Playbook, type Task, taskTitle } from '../playbook/model.ts';
import { PlaybookError, playbookOf } from '../playbook/read-playbook.ts';
import { type Catalogue, isBuiltin, isBuiltinPlaybook, type KnownWork } from './catalogue.ts';
import { taskPlace as at, checkVersion, checkVersions, Findings } from './check-items.ts';
import { checkInputs, checkReferences } from './check-references.ts';
import type { Finding } from './finding.ts';
import { isThere, type PackDocument, textAt } from './pack-files.ts';
import { type Keys, simple } from './references.ts';

const KEYS = ['id', 'name', 'description', 'starttaskid', 'tasks', 'view', 'inputs', 'outputs'];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Arguments that every task may give to XSOAR itself. */
const FOR_XSOAR: ReadonlySet<string> = new Set(
  'using using-brand using-category raw-response extend-context ignore-outputs execution-timeout retry-count retry-interval auto-extract delay'.split(
    ' ',
  ),
);

/** Reads a playbook of a pack, or tells why it is none. */
export function readPackPlaybook(document: PackDocument): Playbook | Finding {
  try {
    return playbookOf(document.data, document.path);
  } catch (error) {
    if (!(error instanceof PlaybookError)) throw error;
    const message = error.message.startsWith(`${document.path}: `)
      ? error.message.slice(document.path.length + 2)
      : error.message;
    return {
      file: document.path,
      line: 1,
      place: '',
      rule: 'required-keys',
      severity: 'error',
      message: `It cannot be read as a playbook: ${message}`,
      mend: 'Write it as XSOAR exports playbooks.',
    };
  }
}

/**
 * Checks a playbook: its keys, its graph, what its expressions name, and how it calls what the pack has.
 * @param elsewhere what other playbooks of the pack leave in the context, which stays with the incident.
 * @param isTest test playbooks may delete the context and need no else.
 */
export function checkPlaybook(
  document: PackDocument,
  playbook: Playbook,
  catalogue: Catalogue,
  elsewhere: readonly Keys[],
  isTest: boolean,
): Finding[] {
  const findings = new Findings(document);
  checkKeys(findings, document, playbook, isTest);
  checkGraph(findings, playbook);
  for (const task of playbook.tasks.values()) {
    checkTaskIds(findings, document, task);
    checkBranches(findings, task, isTest);
    checkCalls(findings, task, catalogue, isTest);
  }
  checkInputs(findings, document, playbook);
  checkReferences(findings, playbook, catalogue, elsewhere);
  return findings.found;
}

function checkKeys(findings: Findings, document: PackDocument, playbook: Playbook, isTest: boolean): void {
  const { data } = document;
  for (const key of KEYS) {
    if (!isThere(data, key) && !(isTest && (key === 'inputs' || key === 'outputs' || key === 'description'))) {
      findings.add('required-keys', [key], `The key ${key} is missing.`, `Add ${key}.`);
    }
  }
  if (isTest) checkVersion(findings, data);
  else checkVersions(findings, data, 'fromversion');
  if (!isTest && isThere(data, 'description') && playbook.description.trim().length < 3) {
    findings.add('described', ['description'], 'The playbook has no description.', 'Say what it is for.');
  }
  for (const { key, description } of isTest ? [] : playbook.inputs) {
    if (description.trim().length < 3)
      findings.add('described', ['inputs'], `The input ${key} has no description.`, 'Say what it is for.');
  }
  for (const { path, description } of isTest ? [] : playbook.outputs) {
    if (description.trim().length < 3)
      findings.add('described', ['outputs'], `The output ${path} has no description.`, 'Say what it is.');
  }
}

function checkGraph(findings: Findings, playbook: Playbook): void {
  const circle = circleOf(playbook);
  if (circle !== undefined) {
    const names = circle.map((id) => taskTitle(playbook.tasks.get(id)!)).join(' → ');
    findings.at(
      'circle',
      at({ id: circle[0]! }),
      names,
      `Tasks lead back to themselves: ${names}.`,
      'Put what repeats into a sub-playbook with a loop.',
    );
  }
  const found = reachable(playbook);
  for (const task of playbook.tasks.values()) {
    if (found.has(task.id)) continue;
    findings.at(
      'unreachable-task',
      at(task),
      taskTitle(task),
      `No way leads from the start to ${taskTitle(task)}.`,
      'Connect it, or remove it.',
    );
  }
}

function checkTaskIds(findings: Findings, document: PackDocument, task: Task): void {
  const written = textAt(document.data, 'tasks', task.id, 'id');
  if (written !== task.id)
    findings.at(
      'task-id',
      at(task, 'id'),
      taskTitle(task),
      `The task stands under "${task.id}" and calls itself "${written}".`,
      'Make them the same.',
    );
  if (task.taskId !== task.innerId || !UUID.test(task.taskId)) {
    findings.at(
      'task-id',
      at(task, 'taskid'),
      taskTitle(task),
      task.taskId === task.innerId
        ? `taskid is ${task.taskId === '' ? 'missing' : `"${task.taskId}", which is no UUID`}.`
        : `taskid is "${task.taskId}" and task.id is "${task.innerId}".`,
      'Make both the same UUID.',
    );
  }
}

function checkBranches(findings: Findings, task: Task, isTest: boolean): void {
  const title = taskTitle(task);
  const labels = branchLabels(task);
  if (task.type === 'condition') {
    for (const [label, followers] of task.next) {
      if (label.startsWith('#')) continue;
      const chosenByScript = task.conditions.length === 0 && task.work !== undefined;
      if (labels.length > 0 && !chosenByScript && !labels.includes(label)) {
        findings.at(
          'unreachable-branch',
          at(task, 'nexttasks', label),
          title,
          `No condition leads to the branch "${label}".`,
          'Add a condition with this label, or remove the branch.',
        );
      }
      if (followers.length === 0)
        findings.at(
          'unreachable-branch',
          at(task, 'nexttasks', label),
          title,
          `The branch "${label}" leads nowhere.`,
          'Connect it to a task.',
          'warning',
        );
    }
    for (const label of labels) {
      if (!task.next.has(label))
        findings.at(
          'unreachable-branch',
          at(task, 'conditions'),
          title,
          `The branch "${label}" leads nowhere.`,
          'Connect it to a task.',
        );
    }
    const byItself = task.conditions.length > 0 || task.work !== undefined;
    if (byItself && !isTest && (task.next.get('#default#') ?? []).length === 0) {
      findings.at(
        'missing-else',
        at(task, 'nexttasks'),
        title,
        'The condition has no else: where nothing holds, the playbook stops.',
        'Add #default# and connect it.',
      );
    }
  } else {
    for (const label of task.next.keys()) {
      if (!label.startsWith('#'))
        findings.at(
          'unreachable-branch',
          at(task, 'nexttasks', label),
          title,
          `A task that is no condition has the branch "${label}".`,
          'Use #none#.',
        );
    }
  }
  const hasErrorPath = (task.next.get('#error#') ?? []).length > 0;
  const wantsErrorPath = task.continueOnError && task.errorPath;
  if (hasErrorPath && !wantsErrorPath) {
    findings.at(
      'error-path',
      at(task, 'nexttasks', '#error#'),
      title,
      'The error path is never taken.',
      'Set continueonerror: true and continueonerrortype: errorPath.',
    );
  }
  if (wantsErrorPath && !hasErrorPath) {
    findings.at('error-path', at(task), title, 'The task continues on an error path and has none.', 'Connect #error# to a task.');
  }
}

function checkCalls(findings: Findings, task: Task, catalogue: Catalogue, isTest: boolean): void {
  const title = taskTitle(task);
  const using = simple(task, 'using');
  if (using !== '' && !using.includes('${')) {
    findings.at(
      'fixed-instance',
      at(task, 'scriptarguments', 'using'),
      title,
      `The task runs on the instance "${using}" only.`,
      'Leave using out, or take it from an input.',
    );
  }
  const { work } = task;
  if (work !== undefined) {
    const all = simple(task, 'all').trim().toLowerCase();
    if (work.name === 'DeleteContext' && (all === 'yes' || all === 'true') && !isTest) {
      findings.at(
        'delete-all-context',
        at(task, 'scriptarguments', 'all'),
        title,
        'The task deletes the whole context of the incident.',
        'Delete by key what this playbook has put there.',
      );
    }
    const known = (work.kind === 'command' ? catalogue.commands : catalogue.scripts).get(work.name);
    if (known !== undefined) checkArguments(findings, task, known, `${work.kind} ${work.name}`);
    else if (!isBuiltin(work.name, work.brand)) {
      findings.at(
        'unknown-work',
        at(task, 'task'),
        title,
        `The ${work.kind} ${work.name} is neither in the pack nor in XSOAR itself.`,
        'Name the pack that brings it among the dependencies, and see that it is installed.',
        'warning',
      );
    }
  }
  if (task.type === 'playbook') {
    const sub = catalogue.playbooks.get(task.playbook ?? '');
    if (sub !== undefined) {
      const inputs = new Map(sub.inputs.map(({ key, value, required }) => [key, { required: required && value === undefined }]));
      checkArguments(findings, task, { arguments: inputs, outputs: [] }, `playbook ${sub.name}`);
    } else if (!isBuiltinPlaybook(task.playbook ?? '')) {
      findings.at(
        'unknown-work',
        at(task, 'task'),
        title,
        `The playbook "${task.playbook ?? ''}" is neither in the pack nor in XSOAR itself.`,
        'Name the pack that brings it among the dependencies, and see that it is installed.',
        'warning',
      );
    }
  }
}

function checkArguments(findings: Findings, task: Task, known: KnownWork, what: string): void {
  for (const name of task.arguments.keys()) {
    if (known.arguments.has(name) || FOR_XSOAR.has(name)) continue;
    findings.at(
      'arguments',
      at(task, 'scriptarguments', name),
      taskTitle(task),
      `The ${what} has no argument ${name}.`,
      `Use one of ${[...known.arguments.keys()].join(', ') || 'none'}.`,
    );
  }
  for (const [name, { required }] of known.arguments) {
    if (required && !task.arguments.has(name)) {
      findings.at(
        'arguments',
        at(task, 'scriptarguments'),
        taskTitle(task),
        `The ${what} needs the argument ${name}.`,
        `Give ${name}.`,
      );
    }
  }
}
