import type { PlaybookGraph } from './graph.ts';

/** Where a task stands: `row` from the top, `column` from the left; columns may be halves. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where everything of a playbook stands. */
export interface Layout {
  readonly tasks: ReadonlyMap<string, Place>;
  /** For each edge of the graph, in its order, the places that it goes through between its ends: beside tasks, not behind them. */
  readonly ways: readonly (readonly Place[])[];
}

const SWEEPS = 12;
/** How much of a column a way takes, of which a task takes all. */
const LANE = 0.35;

/**
 * Places the tasks of a playbook in rows, so that each stands below everything that leads to it (edges that lead back are ignored),
 * and orders each row by where its neighbours stand: the layers and barycentres of Sugiyama, Tagawa and Toda (1981). An edge over
 * several rows gets a lane of its own in those between; edges with the same ends share it.
 *
 * @returns places whose leftmost column is 0, or a little less for a way. The same graph gives the same places.
 */
export function layOut(graph: PlaybookGraph): Layout {
  const forward = withoutWaysBack(graph);
  const rows = rowsOf(graph, forward);
  const layers: string[][] = [];
  for (const { id } of graph.nodes) {
    const row = rows.get(id)!;
    while (layers.length <= row) layers.push([]);
    layers[row]!.push(id);
  }
  const lanes = new Map<string, readonly string[]>();
  const short: Way[] = [];
  for (const { from, to } of forward) {
    const key = JSON.stringify([from, to]);
    if (lanes.has(key)) continue;
    const lane: string[] = [];
    for (let row = rows.get(from)! + 1; row < rows.get(to)!; row++) {
      lane.push(`${key} ${row}`);
      layers[row]!.push(`${key} ${row}`);
    }
    lanes.set(key, lane);
    const stops = [from, ...lane, to];
    for (let i = 1; i < stops.length; i++) short.push({ from: stops[i - 1]!, to: stops[i]! });
  }
  order(layers, short);
  const places = columns(layers, short, new Set(graph.nodes.map(({ id }) => id)));
  return {
    tasks: new Map(graph.nodes.map(({ id }) => [id, places.get(id)!])),
    ways: graph.edges.map(({ from, to }) => (lanes.get(JSON.stringify([from, to])) ?? []).map((stop) => places.get(stop)!)),
  };
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

/**
 * Each stands as near as the others of its row let it to the middle of its neighbours, those above and then those below, in turns;
 * then everything is moved to the left edge.
 */
function columns(layers: readonly string[][], ways: readonly Way[], tasks: ReadonlySet<string>): Map<string, Place> {
  const width = (id: string) => (tasks.has(id) ? 1 : LANE);
  const at = new Map<string, number>();
  for (const layer of layers) {
    let left = -layer.reduce((sum, id) => sum + width(id), 0) / 2;
    for (const id of layer) {
      at.set(id, left + width(id) / 2);
      left += width(id);
    }
  }
  const neighbours = (id: string, down: boolean) =>
    ways.flatMap(({ from, to }) => (down ? (to === id ? [from] : []) : from === id ? [to] : []));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const wanted = layer.map((id) => {
        const near = neighbours(id, down);
        return near.length === 0 ? at.get(id)! : near.reduce((sum, other) => sum + at.get(other)!, 0) / near.length;
      });
      for (const [i, column] of spread(wanted, layer.map(width)).entries()) at.set(layer[i]!, column);
    }
  }
  const left = Math.min(...[...at].map(([id, column]) => column - (width(id) - 1) / 2));
  return new Map(
    layers.flatMap((layer, row) => layer.map((id): [string, Place] => [id, { row, column: rounded(at.get(id)! - left) }])),
  );
}

/**
 * The places nearest to those wanted (least squares) that keep the order and the distance: neighbours that get in each other's way
 * become a group around the mean of what they want (pool adjacent violators).
 */
function spread(wanted: readonly number[], widths: readonly number[]): number[] {
  const offsets = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0) + widths[i]! / 2);
  const groups: { sum: number; count: number }[] = [];
  for (const [i, column] of wanted.entries()) {
    let group = { sum: column - offsets[i]!, count: 1 };
    for (let last = groups.at(-1); last && last.sum / last.count > group.sum / group.count; last = groups.at(-1)) {
      group = { sum: group.sum + last.sum, count: group.count + last.count };
      groups.pop();
    }
    groups.push(group);
  }
  const shifts = groups.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  return offsets.map((offset, i) => offset + shifts[i]!);
}

function rounded(column: number): number {
  return Math.round(column * 20) / 20;
}
