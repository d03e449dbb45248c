import { UnsupportedExpression } from '../context/index.ts';
import { ancestors } from '../playbook/graph.ts';
import { type Playbook, taskTitle } from '../playbook/model.ts';
import type { Catalogue } from './catalogue.ts';
import { taskPlace as at, type Findings } from './check-items.ts';
import { dataAt, type PackDocument } from './pack-files.ts';
import { givesOf, isGiven, type Keys, keysOf, readsOf } from './references.ts';

/** Inputs that are used are declared, and the other way round. */
export function checkInputs(findings: Findings, document: PackDocument, playbook: Playbook): void {
  const declared = new Set(playbook.inputs.map(({ key }) => key));
  // Texts of all kinds may name an input, also those that the model leaves out (messages, timers).
  const everything = JSON.stringify(dataAt(document.data, 'tasks') ?? {}) + JSON.stringify(dataAt(document.data, 'inputs') ?? []);
  for (const key of declared) {
    const name = new RegExp(`inputs\\.${key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`);
    if (!name.test(everything))
      findings.add(
        'unused-input',
        ['inputs'],
        `The input ${key} is declared and never used.`,
        'Use it, or remove it.',
        'warning',
      );
  }
  for (const task of playbook.tasks.values()) {
    for (const { keys, text } of readsOf(task).paths) {
      if (keys[0] === 'inputs' && keys[1] !== undefined && !declared.has(keys[1])) {
        findings.at(
          'undeclared-input',
          at(task),
          taskTitle(task),
          `"${text}" names the input ${keys[1]}, which is not declared.`,
          `Declare ${keys[1]} among the inputs.`,
        );
      }
    }
  }
}

/**
 * What expressions and outputs name is given by an earlier task.
 * @param elsewhere what other playbooks of the pack leave in the context.
 */
export function checkReferences(findings: Findings, playbook: Playbook, catalogue: Catalogue, elsewhere: readonly Keys[]): void {
  const gives = new Map([...playbook.tasks.values()].map((task) => [task.id, givesOf(task, catalogue)]));
  const before = ancestors(playbook);
  const all = [...gives.values()];
  for (const task of playbook.tasks.values()) {
    const earlier = [...before.get(task.id)!].map((id) => gives.get(id)!);
    const given = [...elsewhere, ...earlier.flatMap(({ paths }) => paths)];
    const unknown = earlier.some((one) => one.unknown);
    const { paths, problems } = readsOf(task);
    for (const problem of problems)
      findings.at(
        'unknown-reference',
        at(task),
        taskTitle(task),
        `An expression cannot be read: ${problem.message}`,
        problem instanceof UnsupportedExpression
          ? 'XSOAR runs any JavaScript: see that what it names is there. The playbook runner stops at this task.'
          : 'Write it as XSOAR’s DT.',
        'warning',
      );
    for (const { keys, text } of paths) {
      if (isGiven(keys, given)) continue;
      findings.at(
        'unknown-reference',
        at(task),
        taskTitle(task),
        `"${text}" is named, and ${unknown ? 'no earlier task that the pack describes gives it' : 'no earlier task gives it'}.`,
        'Correct the path, or have an earlier task put it there.',
        unknown ? 'warning' : 'error',
      );
    }
  }
  for (const { path } of playbook.outputs) {
    const given = all.flatMap(({ paths }) => paths);
    if (isGiven(keysOf(path), given)) continue;
    findings.add(
      'unknown-reference',
      ['outputs'],
      `No task gives the output ${path}.`,
      'Correct the path, or have a task put it there.',
      'warning',
    );
  }
}
