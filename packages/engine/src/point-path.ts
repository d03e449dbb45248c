/**
 * The language in which a decision point is named.
 *
 * | spelling | means |
 * |---|---|
 * | `a.b.c` | key after key; keys that contain dots themselves are found too (`{"a.b": {"c": 1}}`), the longest key first |
 * | `labels.value` | where `labels` is an array: that key of each of its objects, as a set |
 * | `labels[Email/from]` | from a list of names and values, the value of that name (case does not matter); else the key of that name |
 * | `items[0].x` | the element at that index, from 0 |
 * | `["a[b].c"]` | a key (or name) written as a JSON string: for `[`, `]`, control characters, empty keys, names made of digits |
 *
 * A path that goes on into a string which holds a JSON object or array goes on inside it.
 */

/** Longest path taken, in UTF-16 code units. */
export const MAX_PATH_LENGTH = 512;
/** Most parts of a path. */
const MAX_PARTS = 64;
/** Most parts that one key with dots in it is looked for over; a longer one has to be written as `["…"]`. */
const MAX_JOINED = 16;

/** A key to try in an object, and the segment to go on with when it is there. */
export interface KeyTry {
  readonly key: string;
  readonly next: number;
}

export interface Segment {
  /** Written in brackets: a name to pick from a list, an index, or a literal key. */
  readonly bracket: boolean;
  /** The keys to try in an object, in order. Between plain segments each way of joining them with dots, the longest first. */
  readonly tries: readonly KeyTry[];
  /** For a bracket of digits only: the index; else -1. */
  readonly index: number;
  /** The name as written, and folded for comparison (see {@link foldName}). */
  readonly name: string;
  readonly folded: string;
}

export type CompiledPath = readonly Segment[];

/** What is wrong with a path, as a sentence that says what to change; null when it can be used. */
export function checkPointPath(path: string): string | null {
  const parsed = parse(path);
  return typeof parsed === 'string' ? parsed : null;
}

/**
 * Makes a path ready for reading.
 *
 * @throws RangeError with the sentence of {@link checkPointPath}.
 */
export function compilePath(path: string): CompiledPath {
  const parts = parse(path);
  if (typeof parts === 'string') throw new RangeError(parts);
  return parts.map((part, i) => ({
    bracket: part.bracket,
    tries: part.bracket ? spellings(part.text).map((key) => ({ key, next: i + 1 })) : joinedKeys(parts, i),
    index: part.bracket && !part.quoted && isIndex(part.text) ? Number(part.text) : -1,
    name: part.text,
    folded: foldName(part.text),
  }));
}

/** `path` extended by an object's key, in the spelling that reads it back. An empty `path` is the alert itself. */
export function appendKey(path: string, key: string): string {
  if (!isPlainKey(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** `path` (of a list of names and values) extended by one name. */
export function appendName(path: string, name: string): string {
  const plain =
    name !== '' && name.trim() === name && !UNSAFE.test(name) && !name.startsWith('"') && !isIndex(name) && name.isWellFormed();
  return `${path}[${plain ? name : JSON.stringify(name)}]`;
}

/** Names are compared without regard to case and Unicode form. */
export function foldName(name: string): string {
  return toNfc(name).toLowerCase();
}

/** Unicode normal form C; free for text without combining or composite characters, which is nearly all of it. */
export function toNfc(text: string): string {
  // No character below U+0300 is changed by NFC (its quick check is "yes" for all of them).
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x300) return text.normalize('NFC');
  return text;
}

interface Part {
  readonly text: string;
  readonly bracket: boolean;
  readonly quoted: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it has to find
const CONTROL = /[\u0000-\u001f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it has to find
const UNSAFE = /[[\]\u0000-\u001f]/;

function isPlainKey(key: string): boolean {
  if (key === '' || key.trim() !== key || UNSAFE.test(key) || !key.isWellFormed()) return false;
  if (key.startsWith('.') || key.endsWith('.') || key.includes('..')) return false;
  return !key.includes('.') || key.split('.').length <= MAX_JOINED;
}

function isIndex(text: string): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(text);
}

/** The parts of a path, or a sentence on what is wrong with it. */
function parse(path: string): Part[] | string {
  if (path.trim() === '') return 'The decision point is empty: write the path of a field, such as rule.name.';
  if (path.length > MAX_PATH_LENGTH)
    return `The decision point is longer than ${MAX_PATH_LENGTH} characters: use a shorter path.`;
  const shown = JSON.stringify(path);
  if (path.trim() !== path)
    return `The decision point ${shown} begins or ends with a space: remove it, or write the key as [" key"].`;
  if (CONTROL.test(path))
    return `The decision point ${shown} holds a control character: write the key as a JSON string in brackets, ["…"].`;
  if (!path.isWellFormed())
    return `The decision point ${shown} holds half a character: write the key as a JSON string in brackets, ["…"].`;

  const parts: Part[] = [];
  let i = 0;
  while (i < path.length) {
    if (path[i] === '[') {
      const end = endOfBracket(path, i);
      if (end < 0)
        return `The decision point ${shown} opens a bracket at character ${i + 1} that is never closed: add ] or write the key as ["…"].`;
      const inner = path.slice(i + 1, end);
      const text = inner.startsWith('"') ? parseQuoted(inner) : inner;
      if (text === null)
        return `In the decision point ${shown} the text in brackets at character ${i + 1} is not a JSON string: write it as ["…"].`;
      if (inner === '' || inner.includes('[', inner.startsWith('"') ? inner.length : 0))
        return `In the decision point ${shown} the brackets at character ${i + 1} are empty or nested: write a name, an index, or a key as ["…"].`;
      parts.push({ text, bracket: true, quoted: inner.startsWith('"') });
      i = end + 1;
      if (i < path.length && path[i] !== '[' && path[i] !== '.')
        return `The decision point ${shown} needs a dot after the bracket at character ${i}.`;
      if (path[i] === '.') i++;
      else continue;
      if (path[i] === '[' || i === path.length)
        return `The decision point ${shown} has nothing after the dot at character ${i}: remove the dot.`;
    } else {
      let end = i;
      while (end < path.length && path[end] !== '.' && path[end] !== '[' && path[end] !== ']') end++;
      if (path[end] === ']')
        return `The decision point ${shown} closes a bracket at character ${end + 1} that was never opened: write the key as ["…"].`;
      if (end === i)
        return `The decision point ${shown} has an empty part at character ${i + 1}: remove the dot, or write the key as [""].`;
      parts.push({ text: path.slice(i, end), bracket: false, quoted: false });
      if (path[end] === '.' && (end + 1 === path.length || path[end + 1] === '['))
        return `The decision point ${shown} has nothing after the dot at character ${end + 1}: remove the dot.`;
      i = path[end] === '.' ? end + 1 : end;
    }
  }
  if (parts.length > MAX_PARTS) return `The decision point ${shown} has more than ${MAX_PARTS} parts: use a shorter path.`;
  return parts;
}

/** Index of the bracket that closes the one at `start`, or -1. A JSON string inside may hold brackets of its own. */
function endOfBracket(path: string, start: number): number {
  let i = start + 1;
  if (path[i] === '"') {
    for (i++; i < path.length && path[i] !== '"'; i++) if (path[i] === '\\') i++;
    i++;
  }
  return path.indexOf(']', i);
}

function parseQuoted(inner: string): string | null {
  try {
    const value: unknown = JSON.parse(inner);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** The keys that may begin at plain segment `from`: it joined with as many plain ones after it as there are, then one less, … */
function joinedKeys(parts: readonly Part[], from: number): KeyTry[] {
  let end = from + 1;
  while (end < parts.length && end - from < MAX_JOINED && !parts[end]!.bracket) end++;
  const tries: KeyTry[] = [];
  for (let next = end; next > from; next--) {
    const key = parts
      .slice(from, next)
      .map((part) => part.text)
      .join('.');
    for (const spelling of spellings(key)) tries.push({ key: spelling, next });
  }
  return tries;
}

/** A key as written and in the other Unicode forms in which a sender may spell it. */
function spellings(key: string): string[] {
  return [...new Set([key, key.normalize('NFC'), key.normalize('NFD')])];
}
