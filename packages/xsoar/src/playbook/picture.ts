import { drawPlaybook, wayKey } from '../playbook-picture/draw.ts';
import { graphOf } from '../playbook-picture/graph.ts';
import type { Playbook } from './model.ts';
import type { RunTrace } from './trace.ts';

/** Draws a playbook as SVG with the way that a run took. */
export function drawRun(playbook: Playbook, trace: RunTrace): string {
  const graph = graphOf({
    name: playbook.name,
    tasks: Object.fromEntries(
      [...playbook.tasks.values()].map(({ id, name, type, next }) => [
        id,
        { type, task: { name }, nexttasks: Object.fromEntries(next) },
      ]),
    ),
  });
  const branches = new Map(trace.tasks.map(({ id, branch }) => [id, branch]));
  const ways = graph.edges.filter(({ from, label }) => branches.has(from) && labelOf(branches.get(from) ?? null) === label);
  return drawPlaybook(graph, {
    ran: new Set(branches.keys()),
    failed: new Set(trace.tasks.flatMap(({ id, state }) => (state === 'failed' || state === 'continued' ? [id] : []))),
    ways: new Set(ways.map(wayKey)),
  });
}

/** The label that the picture has for a branch; undefined where none was taken. */
function labelOf(branch: string | null): string | undefined {
  if (branch === '#none#') return '';
  if (branch === '#default#') return 'else';
  return branch === '#error#' ? 'error' : (branch ?? undefined);
}
