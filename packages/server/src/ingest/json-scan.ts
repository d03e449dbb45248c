/**
 * Walks JSON bytes without building anything, to find where a member stands and how big it is. Alerts are stored by their own bytes
 * (parse and stringify would change numbers), so their place in the request has to be known. Made for hostile input: linear, no recursion,
 * and it never reads outside the bytes. It does not validate: what it found means something only if JSON.parse accepts the same bytes.
 */

/** Where a value stands: bytes `from` (included) to `to` (excluded). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Found {
  readonly span: Span;
  /** Deepest nesting inside the value; a scalar has 0, `{}` has 1. */
  readonly depth: number;
  /** Members of all objects inside the value. */
  readonly keys: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * Finds a member of the object that the bytes are. Where a name stands twice the last one counts, as in JSON.parse.
 * @returns undefined when there is no such member or the bytes are not an object.
 */
export function findMember(bytes: Uint8Array, name: string): Found | undefined {
  let found: Found | undefined;
  for (const member of members(bytes)) if (sameKey(bytes, member.key, name)) found = member.value;
  return found;
}

/** A member of an object: where its name (with the quotes) and its value stand. */
export interface Member {
  readonly key: Span;
  readonly value: Found;
}

/** The members of the object that the bytes are, in their order, repeated names included; ends early where the bytes are no object. */
export function* members(bytes: Uint8Array): Generator<Member> {
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN_BRACE) return;
  at = skipSpace(bytes, at + 1);
  while (bytes[at] === QUOTE) {
    const key = { from: at, to: endOfString(bytes, at) };
    at = skipSpace(bytes, key.to);
    if (bytes[at] !== COLON) return;
    const value = measure(bytes, skipSpace(bytes, at + 1));
    yield { key, value };
    at = skipSpace(bytes, value.span.to);
    if (bytes[at] !== COMMA) return;
    at = skipSpace(bytes, at + 1);
  }
}

/**
 * The elements of the array that starts at `from`.
 * @returns undefined when there is no well-formed list of values there.
 */
export function* elements(bytes: Uint8Array, from: number): Generator<Found, boolean> {
  let at = skipSpace(bytes, from);
  if (bytes[at] !== OPEN_BRACKET) return false;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === CLOSE_BRACKET) return true;
  while (at < bytes.length) {
    const value = measure(bytes, at);
    if (value.span.to === at) return false;
    yield value;
    at = skipSpace(bytes, value.span.to);
    if (bytes[at] === CLOSE_BRACKET) return true;
    if (bytes[at] !== COMMA) return false;
    at = skipSpace(bytes, at + 1);
  }
  return false;
}

/** Measures the value that starts at `from`. */
export function measure(bytes: Uint8Array, from: number): Found {
  let depth = 0;
  let deepest = 0;
  let keys = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (depth === 0) return { span: { from, to: at }, depth: 0, keys };
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      // A closing bracket of what is around the value ends a scalar.
      if (depth === 0) break;
      depth--;
      if (depth === 0) return { span: { from, to: at + 1 }, depth: deepest, keys };
    } else if (byte === COLON) keys++;
    else if (depth === 0 && (byte === COMMA || isSpace(byte))) break;
    at++;
  }
  return { span: { from, to: at }, depth: deepest, keys };
}

/** Position behind the string that starts with a quote at `from`; the end of the bytes when it never ends. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return bytes.length;
}

/** Whether a member's name is `name`, in whatever spelling: "raw\\u005fbody" is the same member to JSON.parse. */
function sameKey(bytes: Uint8Array, key: Span, name: string): boolean {
  if (key.to - key.from - 2 === name.length) {
    let same = true;
    for (let index = 0; same && index < name.length; index++) same = bytes[key.from + 1 + index] === name.charCodeAt(index);
    if (same) return true;
  }
  for (let at = key.from; at < key.to; at++) if (bytes[at] === BACKSLASH) return keyText(bytes, key) === name;
  return false;
}

/** A member's name as JSON.parse reads it; undefined when it is no valid string. */
export function keyText(bytes: Uint8Array, key: Span): string | undefined {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + key.from, key.to - key.from).toString('utf8')) as string;
  } catch {
    return undefined;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at]!)) at++;
  return at;
}
