/** What is drawn of a playbook: its tasks, and which leads to which. */
export interface PlaybookGraph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** The type of the task as XSOAR writes it; a type that is not known is drawn as `regular`. */
  readonly kind: 'start' | 'regular' | 'condition' | 'playbook' | 'collection' | 'title';
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** The branch: a label of a condition, `else` or `error`; empty for the ordinary way on. */
  readonly label: string;
}

const KINDS: ReadonlySet<string> = new Set(['start', 'regular', 'condition', 'playbook', 'collection', 'title']);

/**
 * Reads the graph out of a playbook as parsed from YAML. Whatever is not of the form of a playbook is left out.
 */
export function graphOf(playbook: unknown): PlaybookGraph {
  const tasks = entries(memberOf(playbook, 'tasks'));
  const nodes = tasks.map(([id, task]) => ({ id, name: nameOf(task), kind: kindOf(memberOf(task, 'type')) }));
  const known = new Set(nodes.map(({ id }) => id));
  const edges = tasks.flatMap(([from, task]) =>
    entries(memberOf(task, 'nexttasks')).flatMap(([branch, next]) =>
      (Array.isArray(next) ? next : []).map((to) => ({ from, to: String(to), label: labelOf(branch) })),
    ),
  );
  return { name: text(memberOf(playbook, 'name')), nodes, edges: edges.filter(({ to }) => known.has(to)) };
}

function nameOf(task: unknown): string {
  return text(memberOf(memberOf(task, 'task'), 'name')) || text(memberOf(task, 'type'));
}

function kindOf(type: unknown): GraphNode['kind'] {
  return typeof type === 'string' && KINDS.has(type) ? (type as GraphNode['kind']) : 'regular';
}

function labelOf(branch: string): string {
  if (branch === '#none#') return '';
  if (branch === '#default#') return 'else';
  return branch === '#error#' ? 'error' : branch;
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
