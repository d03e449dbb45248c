import type { RunTrace, TaskTrace } from './trace.ts';

const SIGNS: Readonly<Record<TaskTrace['state'], string>> = {
  done: '✓',
  continued: '!',
  failed: '✗',
  skipped: '–',
  waiting: '…',
};

/**
 * One line that says what a task did: `✓ 4 Is it urgent? → yes (1.2 s)`.
 * @param depth how many playbooks are around it.
 */
export function taskLine(task: TaskTrace, depth: number): string {
  const indent = '  '.repeat(depth);
  const branch = task.branch === null || task.branch === '#none#' ? '' : ` → ${branchName(task.branch)}`;
  const ms = task.ended_ms - task.started_ms;
  const time = ms < 100 ? '' : ` (${(ms / 1000).toFixed(1)} s)`;
  const error = task.error === null ? '' : `: ${task.error}`;
  return `${indent}${SIGNS[task.state]} ${task.id} ${task.name || task.type}${branch}${time}${error}`;
}

/** The whole run as lines, sub-playbooks indented below the tasks that ran them. */
export function treeOf(trace: RunTrace, depth = 0): string[] {
  return trace.tasks.flatMap((task) => [taskLine(task, depth), ...task.runs.flatMap((run) => treeOf(run, depth + 1))]);
}

/** `else` and `error` in place of XSOAR's names. */
export function branchName(label: string): string {
  if (label === '#default#') return 'else';
  return label === '#error#' ? 'error' : label;
}
