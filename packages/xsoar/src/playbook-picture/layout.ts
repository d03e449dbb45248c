import type { PlaybookGraph } from './graph.ts';

/** Where a task stands: `row` from the top, `column` from the left; columns may be halves. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

const SWEEPS = 8;

/**
 * Places the tasks of a playbook in rows, so that each stands below everything that leads to it (edges that lead back are ignored),
 * and orders each row by where its neighbours stand: the layers and barycentres of Sugiyama, Tagawa and Toda (1981).
 *
 * @returns a place for each node; the leftmost column is 0. The same graph gives the same places.
 */
export function layOut(graph: PlaybookGraph): Map<string, Place> {
  const forward = withoutWaysBack(graph);
  const rows = rowsOf(graph, forward);
  const layers: string[][] = [];
  for (const { id } of graph.nodes) {
    const row = rows.get(id)!;
    while (layers.length <= row) layers.push([]);
    layers[row]!.push(id);
  }
  order(layers, forward);
  return columns(layers, forward);
}

interface Way {
  readonly from: string;
  readonly to: string;
}

/** Leaves out the edges that close a circle, found depth first from the start. */
function withoutWaysBack(graph: PlaybookGraph): Way[] {
  const next = new Map<string, string[]>(graph.nodes.map(({ id }) => [id, []]));
  for (const { from, to } of graph.edges) if (next.has(to)) next.get(from)?.push(to);
  const state = new Map<string, 'open' | 'done'>();
  const ways: Way[] = [];
  for (const { id } of graph.nodes) {
    if (state.has(id)) continue;
    const stack = [{ id, at: 0 }];
    state.set(id, 'open');
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const to = next.get(top.id)![top.at++];
      if (to === undefined) {
        state.set(top.id, 'done');
        stack.pop();
        continue;
      }
      if (state.get(to) === 'open') continue;
      ways.push({ from: top.id, to });
      if (!state.has(to)) {
        state.set(to, 'open');
        stack.push({ id: to, at: 0 });
      }
    }
  }
  return ways;
}

/** The longest way from a task that nothing leads to. */
function rowsOf(graph: PlaybookGraph, ways: readonly Way[]): Map<string, number> {
  const waiting = new Map<string, number>(graph.nodes.map(({ id }) => [id, 0]));
  for (const { to } of ways) waiting.set(to, waiting.get(to)! + 1);
  const rows = new Map<string, number>(graph.nodes.map(({ id }) => [id, 0]));
  const ready = graph.nodes.filter(({ id }) => waiting.get(id) === 0).map(({ id }) => id);
  for (const id of ready) {
    for (const { from, to } of ways) {
      if (from !== id) continue;
      rows.set(to, Math.max(rows.get(to)!, rows.get(id)! + 1));
      waiting.set(to, waiting.get(to)! - 1);
      if (waiting.get(to) === 0) ready.push(to);
    }
  }
  return rows;
}

function order(layers: string[][], ways: readonly Way[]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const position = new Map(layers.flatMap((layer) => layer.map((id, i) => [id, i - layer.length / 2] as const)));
    for (const layer of down ? layers : layers.toReversed()) {
      const key = new Map(
        layer.map((id, i) => {
          const near = ways.flatMap(({ from, to }) => (down ? (to === id ? [from] : []) : from === id ? [to] : []));
          const sum = near.reduce((total, other) => total + position.get(other)!, 0);
          return [id, near.length === 0 ? i - layer.length / 2 : sum / near.length];
        }),
      );
      layer.sort((a, b) => key.get(a)! - key.get(b)!);
      for (const [i, id] of layer.entries()) position.set(id, i - layer.length / 2);
    }
  }
}

/** Each task stands as near below those that lead to it as the ones left of it let it; then everything is moved to the left edge. */
function columns(layers: readonly string[][], ways: readonly Way[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [row, layer] of layers.entries()) {
    let free = Number.NEGATIVE_INFINITY;
    const wanted = layer.map((id) => {
      const above = ways.flatMap(({ from, to }) => (to === id ? [places.get(from)!.column] : []));
      return above.length === 0 ? 0 : above.reduce((a, b) => a + b, 0) / above.length;
    });
    // Neighbours that want the same place share it: as many go to the left as to the right.
    const crowd = (layer.length - 1) / 2;
    for (const [i, id] of layer.entries()) {
      const middle = wanted.reduce((a, b) => a + b, 0) / layer.length;
      const column = Math.max(free, Math.round(2 * (layer.length === 1 ? wanted[i]! : middle + i - crowd)) / 2);
      places.set(id, { row, column });
      free = column + 1;
    }
  }
  const left = Math.min(...[...places.values()].map(({ column }) => column));
  return new Map([...places].map(([id, { row, column }]) => [id, { row, column: column - left }]));
}
