/** What the explorer asks for, as it stands in the address, and as the query that the service understands. */

export const OPERATORS = [
  'is',
  'is not',
  'is one of',
  'is not one of',
  'starts with',
  'not starts with',
  'contains',
  'not contains',
  'exists',
  'not exists',
  'lt',
  'lte',
  'gt',
  'gte',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** One condition; all have to hold. The value is text as typed; several are separated by commas for `is one of`. */
export interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
}

/** The whole state of the page. */
export interface ExplorerState {
  readonly conditions: readonly Condition[];
  readonly text: string;
  /** `24h`, `7d`, `30d`, `all`, or `custom` with the two times (RFC 3339). */
  readonly range: string;
  readonly from: string;
  readonly to: string;
  readonly sort: string;
  readonly descending: boolean;
  readonly columns: readonly string[];
  /** How wide columns are that somebody made so, in CSS pixels; the others share what is left. */
  readonly widths: Readonly<Record<string, number>>;
  /** Events one by one, or a line for each bucket of them. */
  readonly group: 'none' | 'bucket';
  /** The event in the side panel. */
  readonly event: string;
}

export const DEFAULT_COLUMNS = [
  'metadata.description',
  'arcanna.result_label',
  'arcanna.confidence_score',
  'arcanna.consensus',
  'arcanna.bucket_state',
] as const;
/** No column is narrower than a few letters, none wider than a screen; CSS pixels. */
export const LEAST_WIDTH = 48;
export const MOST_WIDTH = 1_600;
/** As many columns as an address is read with. */
export const MOST_COLUMNS = 30;
const EMPTY: ExplorerState = {
  conditions: [],
  text: '',
  range: 'all',
  from: '',
  to: '',
  sort: '@timestamp',
  descending: true,
  columns: DEFAULT_COLUMNS,
  widths: {},
  group: 'none',
  event: '',
};
const RANGES: Readonly<Record<string, number>> = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 };

/** Reads the search part of the address; what makes no sense there is left out. */
export function readState(search: Readonly<Record<string, unknown>>): ExplorerState {
  const text = (name: string, otherwise: string) =>
    typeof search[name] === 'string' || typeof search[name] === 'number' ? String(search[name]) : otherwise;
  const list = Array.isArray(search.where) ? search.where : [];
  const conditions = list.flatMap((each: unknown): Condition[] => {
    if (!Array.isArray(each)) return [];
    const [field, operator, value] = each.map(String);
    return field && OPERATORS.includes(operator as Operator)
      ? [{ field, operator: operator as Operator, value: value ?? '' }]
      : [];
  });
  const columns = Array.isArray(search.columns)
    ? search.columns.filter((each): each is string => typeof each === 'string').slice(0, MOST_COLUMNS)
    : [];
  return {
    conditions,
    text: text('q', ''),
    range: text('range', EMPTY.range),
    from: text('from', ''),
    to: text('to', ''),
    sort: text('sort', EMPTY.sort),
    descending: search.order !== 'asc',
    columns: columns.length > 0 ? columns : DEFAULT_COLUMNS,
    widths: readWidths(columns, text('widths', '')),
    group: search.group === 'bucket' ? 'bucket' : 'none',
    event: text('event', ''),
  };
}

/** The same back; what is as usual is left out, so that addresses stay short. */
export function writeState(state: ExplorerState): Record<string, unknown> {
  const widths = writeWidths(state);
  // Widths stand for columns by their place, so that the address needs no name twice.
  const usual = widths === '' && state.columns.join() === DEFAULT_COLUMNS.join();
  return {
    ...(state.conditions.length > 0
      ? { where: state.conditions.map(({ field, operator, value }) => [field, operator, value]) }
      : {}),
    ...(state.text === '' ? {} : { q: state.text }),
    ...(state.range === EMPTY.range ? {} : { range: state.range }),
    ...(state.range === 'custom' ? { from: state.from, to: state.to } : {}),
    ...(state.sort === EMPTY.sort ? {} : { sort: state.sort }),
    ...(state.descending ? {} : { order: 'asc' }),
    ...(usual ? {} : { columns: state.columns }),
    ...(widths === '' ? {} : { widths }),
    ...(state.group === 'none' ? {} : { group: state.group }),
    ...(state.event === '' ? {} : { event: state.event }),
  };
}

/** The columns of the list from left to right: the time goes first, wherever it was chosen. */
export function shownColumns(columns: readonly string[]): string[] {
  return ['@timestamp', ...new Set(columns.filter((column) => column !== '@timestamp'))];
}

/** The width that somebody gave a column, in CSS pixels; undefined where it shares what is left. */
export function widthOf(widths: ExplorerState['widths'], column: string): number | undefined {
  return Object.hasOwn(widths, column) ? widths[column] : undefined;
}

/** A width as a whole number of pixels that a column may have. */
export function soWide(pixels: number): number {
  return Math.round(Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, pixels)));
}

/** `122_0_300`: the width of each column as it is shown, 0 for those that share what is left, as far as the last that has one. */
function writeWidths({ columns, widths }: ExplorerState): string {
  return shownColumns(columns)
    .map((column) => widthOf(widths, column) ?? 0)
    .join('_')
    .replace(/(^|_)0(_0)*$/, '');
}

function readWidths(columns: readonly string[], text: string): Record<string, number> {
  const pixels = text.split('_').map(Number);
  return Object.fromEntries(
    shownColumns(columns).flatMap((column, place) => {
      const wide = pixels[place] ?? 0;
      return columns.length > 0 && wide > 0 ? [[column, soWide(wide)] as const] : [];
    }),
  );
}

/** What is searched for, in words: `Decision is Drop and "beacon"`. */
export function inWords(state: Pick<ExplorerState, 'conditions' | 'text' | 'range'>, title: (field: string) => string): string {
  const parts = state.conditions.map(
    ({ field, operator, value }) => `${title(field)} ${operator}${value === '' ? '' : ` ${value}`}`,
  );
  if (state.text.trim() !== '') parts.push(`the words “${state.text.trim()}”`);
  if (state.range !== 'all') parts.push(state.range === 'custom' ? 'the chosen time' : `the last ${state.range}`);
  return parts.length === 0 ? 'all events' : parts.join(' and ');
}

export type Dsl = Readonly<Record<string, unknown>>;

/** The query for what is asked. @param now milliseconds since 1970, what `24h` ends at. */
export function queryOf(state: ExplorerState, now: number): Dsl {
  const { must, not } = split(state.conditions);
  const filter: Dsl[] = [...must];
  if (state.text.trim() !== '') filter.push({ query_string: { query: wordsOf(state.text), default_operator: 'AND' } });
  const span = RANGES[state.range];
  if (span !== undefined) filter.push({ range: { '@timestamp': { gte: new Date(now - span).toISOString() } } });
  if (state.range === 'custom') {
    const bounds = { ...(state.from === '' ? {} : { gte: state.from }), ...(state.to === '' ? {} : { lt: state.to }) };
    if (Object.keys(bounds).length > 0) filter.push({ range: { '@timestamp': bounds } });
  }
  return {
    bool: {
      ...(filter.length > 0 ? { filter } : {}),
      ...(not.length > 0 ? { must_not: not } : {}),
      ...(filter.length + not.length === 0 ? { filter: [{ match_all: {} }] } : {}),
    },
  };
}

function split(conditions: readonly Condition[]): { readonly must: Dsl[]; readonly not: Dsl[] } {
  const must: Dsl[] = [];
  const not: Dsl[] = [];
  for (const condition of conditions) {
    const negative = /^(is not|not )/.test(condition.operator);
    (negative ? not : must).push(clause(condition));
  }
  return { must, not };
}

function clause({ field, operator, value }: Condition): Dsl {
  switch (operator) {
    case 'is':
    case 'is not':
      return { term: { [field]: { value: typed(value) } } };
    case 'is one of':
    case 'is not one of':
      return { terms: { [field]: listOf(value) } };
    case 'starts with':
    case 'not starts with':
      return { prefix: { [field]: { value, case_insensitive: true } } };
    case 'contains':
    case 'not contains':
      return { wildcard: { [field]: { value: `*${value.replace(/[\\*?]/g, '\\$&')}*`, case_insensitive: true } } };
    case 'exists':
    case 'not exists':
      return { exists: { field } };
    default:
      return { range: { [field]: { [operator]: typed(value) } } };
  }
}

/** Numbers and truth values as such where they are written so. */
function typed(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return trimmed !== '' && /^-?\d{1,15}(\.\d{1,15})?$/.test(trimmed) && String(Number(trimmed)) === trimmed
    ? Number(trimmed)
    : text;
}

function listOf(text: string): (string | number | boolean)[] {
  return splitList(text).map(typed);
}

/** The values of a list as typed: separated by commas; a comma in a value has a backslash before it, and so has a backslash. */
export function splitList(text: string): string[] {
  return [...text.matchAll(/(?:[^\\,]|\\.)+/gs)]
    .map(([each]) => each.replace(/\\(.)/gs, '$1').trim())
    .filter((each) => each !== '');
}

/** The other way round. */
export function joinList(values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\,]/g, '\\$&')).join(',');
}

/** Free text as words that all have to occur: what people type is never taken for query syntax. */
function wordsOf(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => `"${word.replace(/[\\"]/g, '\\$&')}"`)
    .join(' ');
}

/** Longer values are filtered by how they begin, so that addresses stay short. */
const LONGEST_VALUE = 300;

/**
 * The condition that shows only events with the value that this document has at a path, or (`out`) all but those. Without a value it asks whether
 * there is one. @returns undefined for a list or an object, which no single value stands for.
 */
export function conditionFor(document: unknown, path: string, out: boolean): Condition | undefined {
  const found = walk(document, path);
  if (found === undefined || found === null) return { field: path, operator: out ? 'exists' : 'not exists', value: '' };
  return typeof found === 'object' ? undefined : conditionOf(path, found, out);
}

/** The condition for a value that is no list and no object. */
export function conditionOf(field: string, found: unknown, out: boolean): Condition {
  const value = String(found);
  return value.length > LONGEST_VALUE
    ? { field, operator: out ? 'not starts with' : 'starts with', value: value.slice(0, LONGEST_VALUE) }
    : { field, operator: out ? 'is not' : 'is', value };
}

/** The value of a path in a document as text; lists are joined; a member may have dots in its name. */
export function valueAt(document: unknown, path: string): string | null {
  const found = walk(document, path);
  if (found === undefined || found === null) return null;
  return typeof found === 'string' ? found : JSON.stringify(found);
}

function walk(node: unknown, path: string): unknown {
  if (Array.isArray(node)) {
    const all = node.map((each) => walk(each, path)).filter((each) => each !== undefined);
    return all.length === 0 ? undefined : all.length === 1 ? all[0] : all;
  }
  if (typeof node !== 'object' || node === null) return undefined;
  if (Object.hasOwn(node, path)) return (node as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot);
    if (Object.hasOwn(node, head)) {
      const found = walk((node as Record<string, unknown>)[head], path.slice(dot + 1));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
