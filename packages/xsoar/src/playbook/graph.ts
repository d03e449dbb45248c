import type { Playbook, Task } from './model.ts';

/** A way from one task to another, with the label of the branch. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** All ways of a playbook, by task in the order of the file, then branch, then as listed. A way listed twice counts once. */
export function edgesOf(playbook: Pick<Playbook, 'tasks'>): Edge[] {
  const edges = new Map<string, Edge>();
  for (const task of playbook.tasks.values()) {
    for (const [label, followers] of task.next) {
      for (const to of followers) edges.set(JSON.stringify([task.id, label, to]), { from: task.id, to, label });
    }
  }
  return [...edges.values()];
}

/** Ids of the tasks that can be reached from the start by any branch. */
export function reachable(playbook: Pick<Playbook, 'tasks' | 'startId'>): Set<string> {
  const found = new Set([playbook.startId]);
  for (const id of found) {
    for (const followers of playbook.tasks.get(id)?.next.values() ?? []) for (const next of followers) found.add(next);
  }
  return found;
}

/**
 * The ids of tasks that lead back to themselves, in order around the circle, starting and ending nowhere in particular; undefined where
 * there is none. Only what the start reaches counts. XSOAR draws no such playbook: its loops are sub-playbooks.
 */
export function circleOf(playbook: Pick<Playbook, 'tasks' | 'startId'>): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  // With a stack of its own: a playbook may be longer than ours is deep.
  const stack: { id: string; next: string[] }[] = [];
  const open = (id: string) => {
    state.set(id, 'open');
    path.push(id);
    stack.push({ id, next: [...(playbook.tasks.get(id)?.next.values() ?? [])].flat() });
  };
  open(playbook.startId);
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const next = top.next.shift();
    if (next === undefined) {
      state.set(top.id, 'done');
      path.pop();
      stack.pop();
    } else if (state.get(next) === 'open') return path.slice(path.indexOf(next));
    else if (!state.has(next)) open(next);
  }
  return undefined;
}

/** For each task that the start reaches, how many of its incoming ways start at such a task. */
export function incomingCounts(playbook: Pick<Playbook, 'tasks' | 'startId'>): Map<string, number> {
  const live = reachable(playbook);
  const counts = new Map([...live].map((id) => [id, 0]));
  for (const { from, to } of edgesOf(playbook)) if (live.has(from)) counts.set(to, (counts.get(to) ?? 0) + 1);
  return counts;
}

/**
 * The tasks that surely or possibly ran before each task: all from which it can be reached.
 * @returns by task id; a task is not among its own.
 */
export function ancestors(playbook: Pick<Playbook, 'tasks'>): Map<string, ReadonlySet<string>> {
  const before = new Map<string, string[]>();
  for (const { from, to } of edgesOf(playbook)) before.set(to, [...(before.get(to) ?? []), from]);
  return new Map(
    [...playbook.tasks.keys()].map((id) => {
      const found = new Set(before.get(id) ?? []);
      for (const one of found) for (const earlier of before.get(one) ?? []) found.add(earlier);
      found.delete(id);
      return [id, found];
    }),
  );
}

/** Labels that a task can leave by, beside those listed in `next`. */
export function branchLabels(task: Task): string[] {
  return [...new Set([...task.conditions.map(({ label }) => label), ...task.replyOptions])];
}
