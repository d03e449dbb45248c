/** Texts that fit a pattern: `*` is any text, `?` any one character (a code point), `\` takes the next character as it is. */

/**
 * What stands between two stars: texts as they are, and numbers of characters that may be any. A text that ends with half of a surrogate pair
 * and one that begins with the other half stay apart.
 */
type Part = string | number;

interface Segment {
  readonly parts: readonly Part[];
  /** In characters. */
  readonly length: number;
}

/** The segments between the stars: one more than there are stars. */
type Pattern = readonly Segment[];

/** Patterns that are remembered: each is held against very many texts. */
const MOST_KNOWN = 500;
const known = new Map<string, Pattern>();

/**
 * Whether a whole text fits a pattern. Each segment is taken where it first fits after the one before; with `?` between letters the time is
 * bounded by the product of both lengths, without by what `indexOf` takes.
 */
export function fitsPattern(text: string, pattern: string): boolean {
  const segments = read(pattern);
  let at = endOf(text, 0, segments[0]!.parts);
  if (segments.length === 1) return at === text.length;
  for (let i = 1; i < segments.length - 1 && at >= 0; i++) at = endOfFirst(text, at, segments[i]!.parts);
  if (at < 0) return false;
  const last = segments[segments.length - 1]!;
  const start = fromEnd(text, last.length);
  return start >= at && endOf(text, start, last.parts) === text.length;
}

/** Takes every character of a text as itself in a pattern. */
export function asPattern(text: string): string {
  return text.replaceAll(/[\\*?]/g, '\\$&');
}

function read(pattern: string): Pattern {
  const before = known.get(pattern);
  if (before) return before;
  const segments: Written[] = [{ parts: [], length: 0 }];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === '*') segments.push({ parts: [], length: 0 });
    else if (character === '?') add(segments[segments.length - 1]!, 1);
    else add(segments[segments.length - 1]!, character === '\\' && i + 1 < characters.length ? characters[++i]! : character);
  }
  // Of stars in a row one is enough; the first and the last segment are those at the ends of the text.
  const made = segments
    .filter(({ length }, at) => length > 0 || at === 0 || at === segments.length - 1)
    .map(({ parts, length }) => ({ parts: parts.map((part) => (typeof part === 'number' ? part : part.join(''))), length }));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(pattern, made);
  return made;
}

/** A segment while it is read: texts character by character. */
interface Written {
  readonly parts: (string[] | number)[];
  length: number;
}

function add(segment: Written, part: Part): void {
  const { parts } = segment;
  const last = parts[parts.length - 1];
  segment.length++;
  if (typeof part === 'number') {
    if (typeof last === 'number') parts[parts.length - 1] = last + part;
    else parts.push(part);
  } else if (Array.isArray(last) && !isInside(last[last.length - 1]! + part, last[last.length - 1]!.length)) last.push(part);
  else parts.push([part]);
}

/** Where parts end that begin at a place; −1 where they do not fit there. */
function endOf(text: string, from: number, parts: readonly Part[]): number {
  let at = from;
  for (const part of parts) {
    if (typeof part === 'number') at = onward(text, at, part);
    else at = text.startsWith(part, at) && !isInside(text, at + part.length) ? at + part.length : -1;
    if (at < 0) return -1;
  }
  return at;
}

/** Where parts end that fit at the first place possible from one on; −1 where they fit nowhere. */
function endOfFirst(text: string, from: number, parts: readonly Part[]): number {
  const [first] = parts;
  const rest = typeof first === 'number' ? parts.slice(1) : parts;
  const begin = typeof first === 'number' ? onward(text, from, first) : from;
  const [wanted] = rest;
  if (begin < 0 || typeof wanted !== 'string') return begin;
  for (let at = text.indexOf(wanted, begin); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = isInside(text, at) ? -1 : endOf(text, at, rest);
    if (end >= 0) return end;
  }
  return -1;
}

/** The place so many characters further on; −1 beyond the end. */
function onward(text: string, from: number, characters: number): number {
  let at = from;
  for (let left = characters; left > 0; left--) {
    if (at >= text.length) return -1;
    at += isInside(text, at + 1) ? 2 : 1;
  }
  return at;
}

/** The place so many characters before the end; −1 where there are fewer. */
function fromEnd(text: string, characters: number): number {
  let at = text.length;
  for (let left = characters; left > 0; left--) {
    if (at === 0) return -1;
    at -= isInside(text, at - 1) ? 2 : 1;
  }
  return at;
}

/** Whether a place lies between the halves of a surrogate pair. */
function isInside(text: string, at: number): boolean {
  return at > 0 && at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}
