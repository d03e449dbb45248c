import { isAlias, isCollection, isNode, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';

/** Plain data as a YAML or JSON file can hold it. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [key: string]: Data };

/** A YAML file that was read: its data, and where in the text things stand. */
export interface SafeYaml {
  readonly data: Data;
  /** The line (from 1) of the deepest part of `path` that the file has. */
  lineOf(path: readonly (string | number)[]): number;
}

/** A file that is not the plain YAML that content packs are made of. The message says what to change and where. */
export class BadYaml extends Error {
  override readonly name = 'BadYaml';
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const MOST_CHARACTERS = 4_000_000;
const MOST_DEPTH = 60;
const MOST_ITEMS = 300_000;
const MOST_BRACKETS = 500;

/**
 * Reads one YAML document (JSON is one too) written by somebody else: at most 4 million characters, 300,000 lines and items, and 60 levels; no
 * anchors and aliases (a few lines of them make gigabytes), no tags of its own, no key twice, no `__proto__`. Dates stay text.
 *
 * @throws BadYaml with a sentence and the line.
 */
export function readSafeYaml(text: string): SafeYaml {
  if (text.length > MOST_CHARACTERS) throw new BadYaml(`is larger than ${MOST_CHARACTERS.toLocaleString('en')} characters`, 1);
  checkSize(text);
  const lines = new LineCounter();
  const documents = parse(text, lines);
  if (documents.length > 1) throw new BadYaml('holds several documents; leave one', 1);
  const document = documents[0];
  if (document === undefined) throw new BadYaml('is empty', 1);
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined)
    throw new BadYaml(`is not plain YAML: ${firstLine(problem.message)}`, lines.linePos(problem.pos[0]).line);
  visit(document, (_key, node, path) => {
    if (!isNode(node)) return;
    const line = node.range ? lines.linePos(node.range[0]).line : 1;
    if (path.length > 2 * MOST_DEPTH) throw new BadYaml(`is nested deeper than ${MOST_DEPTH} levels`, line);
    if (isAlias(node)) throw new BadYaml(`uses the alias *${node.source}; write the value out`, line);
    if (node.anchor !== undefined)
      throw new BadYaml(`uses the anchor &${node.anchor}; write the value out where it is needed`, line);
    if (isScalar(node) && node.value === '__proto__') throw new BadYaml('uses the key __proto__', line);
  });
  const data: Data = document.toJS();
  return { data, lineOf: (path) => lineOf(document, lines, path) };
}

function parse(text: string, lines: LineCounter) {
  try {
    const parsed = parseAllDocuments(text, {
      schema: 'core',
      stringKeys: true,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return [...parsed];
  } catch (error) {
    throw new BadYaml(`is not plain YAML: ${error instanceof Error ? firstLine(error.message) : String(error)}`, 1);
  }
}

/**
 * The parser recurses over brackets, and its stack ends before its patience; and it takes seconds for what is small and has many items. So
 * both are counted first, inside of strings or not.
 */
function checkSize(text: string): void {
  let depth = 0;
  let line = 1;
  let items = 0;
  for (const character of text) {
    if (character === '\n') line += 1;
    if (character === '\n' || character === ',') items += 1;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > MOST_BRACKETS) throw new BadYaml(`opens more than ${MOST_BRACKETS} brackets without closing them`, line);
    if (items > MOST_ITEMS) throw new BadYaml(`has more than ${MOST_ITEMS.toLocaleString('en')} lines and items`, line);
  }
}

function lineOf(document: ReturnType<typeof parse>[number], lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isCollection(parent)) continue;
    const key = path[length - 1]!;
    for (const item of parent.items) {
      const at = isNode(item) ? undefined : (item as { key?: unknown }).key;
      if (isScalar(at) && at.value === String(key) && at.range) return lines.linePos(at.range[0]).line;
    }
    const node = parent.get(key, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
