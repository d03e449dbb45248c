import type { GraphEdge, GraphNode, PlaybookGraph } from './graph.ts';
import { layOut, type Place } from './layout.ts';

/** Which tasks and ways of a run to bring out; everything else is drawn pale. */
export interface RunMarks {
  /** Ids of the tasks that ran. */
  readonly ran: ReadonlySet<string>;
  /** Ids of those of them that failed. */
  readonly failed: ReadonlySet<string>;
  /** The ways taken, as {@link wayKey} makes them. */
  readonly ways: ReadonlySet<string>;
}

const WIDTH = 210;
const HEIGHT = 44;
const STEP_X = 240;
const STEP_Y = 92;
const MARGIN = 24;
const HEADING = 34;
const LETTERS = 27;

const FILL: Readonly<Record<GraphNode['kind'], string>> = {
  start: '#e6f4ea',
  regular: '#ffffff',
  condition: '#fff4d6',
  playbook: '#e4edfb',
  collection: '#f3e8fb',
  title: '#eceff1',
};

/** Names a way between two tasks, with the branch it belongs to. */
export function wayKey({ from, to, label }: GraphEdge): string {
  return `${from} ${to} ${label}`;
}

/**
 * Draws a playbook as SVG: the tasks with their names, the ways between them with their branches. Texts are escaped, so names out of
 * anybody's playbook may be drawn.
 * @param marks what a run did, where it is the picture of a run.
 */
export function drawPlaybook(graph: PlaybookGraph, marks?: RunMarks): string {
  const { tasks: places, ways } = layOut(graph);
  const all = [...places.values(), ...ways.flat()];
  const width = Math.round(2 * MARGIN + WIDTH + STEP_X * Math.max(0, ...all.map(({ column }) => column)));
  const height = 2 * MARGIN + HEADING + HEIGHT + STEP_Y * Math.max(0, ...all.map(({ row }) => row));
  const lines = graph.edges.map((edge, i) => drawEdge(edge, [places.get(edge.from)!, ...ways[i]!, places.get(edge.to)!], marks));
  const boxes = graph.nodes.map((node) => drawNode(node, places.get(node.id)!, marks));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif">`,
    `<title>${xmlText(graph.name)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#607d8b"/></marker></defs>',
    `<text x="${MARGIN}" y="${MARGIN + 14}" font-size="16" font-weight="bold" fill="#263238">${xmlText(graph.name)}</text>`,
    ...lines,
    ...boxes,
    '</svg>',
  ].join('\n')}\n`;
}

function drawNode(node: GraphNode, place: Place, marks: RunMarks | undefined): string {
  const { x, y } = corner(place);
  const failed = marks?.failed.has(node.id) === true;
  const stroke = failed ? '#c62828' : marks?.ran.has(node.id) ? '#2e7d32' : '#90a4ae';
  const strong = failed || marks?.ran.has(node.id) === true;
  const radius = node.kind === 'condition' ? 4 : node.kind === 'title' || node.kind === 'start' ? 22 : 8;
  const rows = wrap(node.name);
  const texts = rows.map((row, i) => {
    const at = y + HEIGHT / 2 + 4 + (i - (rows.length - 1) / 2) * 14;
    return `<text x="${x + WIDTH / 2}" y="${at}" font-size="12" text-anchor="middle" fill="#263238">${xmlText(row)}</text>`;
  });
  return [
    `<g${marks !== undefined && !strong ? ' opacity="0.45"' : ''}>`,
    `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="${radius}" fill="${FILL[node.kind]}" stroke="${stroke}" stroke-width="${strong ? 2.5 : 1}"/>`,
    ...texts,
    '</g>',
  ].join('');
}

function drawEdge(edge: GraphEdge, stops: readonly Place[], marks: RunMarks | undefined): string {
  const taken = marks?.ways.has(wayKey(edge)) === true;
  const points = stops.map((stop, i) => ({
    x: corner(stop).x + WIDTH / 2,
    y: corner(stop).y + (i === 0 ? HEIGHT : i === stops.length - 1 ? 0 : HEIGHT / 2),
  }));
  const [start, next] = [points[0]!, points[1]!];
  const curves = points.slice(1).map((point, i) => {
    const before = points[i]!;
    const bend = (point.y - before.y) / 2;
    return `C${before.x} ${before.y + bend} ${point.x} ${point.y - bend} ${point.x} ${point.y}`;
  });
  const color = taken ? '#2e7d32' : edge.label === 'error' ? '#c62828' : '#607d8b';
  const line = `<path d="M${start.x} ${start.y}${curves.join('')}" fill="none" stroke="${color}" stroke-width="${taken ? 2.5 : 1.2}"${edge.label === 'error' ? ' stroke-dasharray="5 4"' : ''}${marks !== undefined && !taken ? ' opacity="0.45"' : ''} marker-end="url(#tip)"/>`;
  if (edge.label === '') return line;
  const x = start.x + (next.x - start.x) * 0.35;
  const y = start.y + (next.y - start.y) * 0.35 + 4;
  return `${line}<text x="${x}" y="${y}" font-size="11" text-anchor="middle" fill="${color}" stroke="#ffffff" stroke-width="3" paint-order="stroke">${xmlText(edge.label)}</text>`;
}

function corner({ row, column }: Place): { x: number; y: number } {
  return { x: Math.round(MARGIN + column * STEP_X), y: MARGIN + HEADING + row * STEP_Y };
}

/** At most two rows of a name; what does not fit ends in an ellipsis. */
function wrap(name: string): string[] {
  const rows = [''];
  for (const word of name.split(/\s+/)) {
    const last = rows[rows.length - 1]!;
    if (last === '') rows[rows.length - 1] = word;
    else if (last.length + word.length < LETTERS) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  const shown = rows.slice(0, 2).map((row) => (row.length > LETTERS ? `${row.slice(0, LETTERS - 1)}…` : row));
  if (rows.length > 2) shown[1] = `${shown[1]!.slice(0, LETTERS - 2)}…`;
  return shown;
}

function xmlText(text: string): string {
  return [...text]
    .map((letter) => {
      if (letter === '&') return '&amp;';
      if (letter === '<') return '&lt;';
      if (letter === '>') return '&gt;';
      if (letter === '"') return '&quot;';
      // XML knows no other control characters, not even escaped.
      return letter < ' ' && letter !== '\t' && letter !== '\n' ? ' ' : letter;
    })
    .join('');
}
