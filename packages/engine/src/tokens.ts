import { finish, mix } from './math.ts';

/** Longest text that is cut into words and character runs; of longer ones the head and the tail are read. */
export const TEXT_HEAD = 384;
const TEXT_TAIL = 128;
const MAX_WORDS = 64;

/** The part of a text that features are made from: everything up to 512 units, else the first 384 and the last 128. */
export function window(text: string): string {
  return text.length <= TEXT_HEAD + TEXT_TAIL ? text : `${text.slice(0, TEXT_HEAD)}\u0000${text.slice(-TEXT_TAIL)}`;
}

/**
 * Lower-case words of a text, in order, at most 64: runs of letters and digits, also cut where a small letter meets a capital
 * (`CreateRemoteThread` is three words). Digits in long numbers become `0`, so that ids do not each make a word of their own.
 */
export function words(text: string): string[] {
  const found: string[] = [];
  for (const match of window(text).matchAll(/\p{Lu}*\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu)) {
    const word = match[0].toLowerCase();
    found.push(/^[0-9]{5,}$/.test(word) ? '0'.repeat(Math.min(word.length, 12)) : word);
    if (found.length === MAX_WORDS) break;
  }
  return found;
}

/**
 * Calls `emit` with a hash of every run of 1 to 4 lower-case units of the text, with its ends marked; runs repeat as often as they occur.
 * Single units are given only where they are no letter or digit (punctuation tells an attack from a name).
 */
export function characterRuns(text: string, emit: (hash: number) => void): void {
  const marked = `\u0002${window(text).toLowerCase()}\u0003`;
  for (let i = 0; i < marked.length; i++) {
    let state = 0x51ab7c13;
    const end = Math.min(i + 4, marked.length);
    for (let j = i; j < end; j++) {
      const unit = marked.charCodeAt(j);
      state = mix(state, unit);
      if (j === i && (isLetterOrDigit(unit) || unit < 4)) continue;
      emit(finish(state ^ (j - i + 1)));
    }
  }
}

/** Measures of how a text looks, whatever it says. */
export interface TextShape {
  readonly length: number;
  readonly digits: number;
  readonly upper: number;
  readonly spaces: number;
  readonly punctuation: number;
  readonly other: number;
  /** Distinct units. */
  readonly distinct: number;
  /** Longest run without a space or punctuation. */
  readonly longestRun: number;
  /** Kinds of units in turn, runs collapsed, at most 12: `admin'--` is `a'-`. */
  readonly pattern: string;
}

/** Measures the window of a text. */
export function textShape(text: string): TextShape {
  const part = window(text);
  let digits = 0;
  let upper = 0;
  let spaces = 0;
  let punctuation = 0;
  let other = 0;
  let run = 0;
  let longestRun = 0;
  let pattern = '';
  let last = '';
  const seen = new Set<number>();
  for (let i = 0; i < part.length; i++) {
    const unit = part.charCodeAt(i);
    seen.add(unit);
    let kind = 'a';
    if (unit >= 48 && unit <= 57) {
      digits++;
      kind = '0';
    } else if (unit >= 65 && unit <= 90) upper++;
    else if (unit === 32 || unit === 9 || unit === 10 || unit === 13) {
      spaces++;
      kind = ' ';
    } else if (unit > 126 || unit < 32) {
      other++;
      kind = 'é';
    } else if (unit < 97 || unit > 122) {
      punctuation++;
      kind = part[i]!;
    }
    if (kind === 'a' || kind === '0' || kind === 'é') longestRun = Math.max(longestRun, ++run);
    else run = 0;
    if (kind !== last && pattern.length < 12) pattern += kind;
    last = kind;
  }
  return { length: text.length, digits, upper, spaces, punctuation, other, distinct: seen.size, longestRun, pattern };
}

/**
 * What an IP address tells besides itself: its version, whether it is private, loopback, link-local, multicast or public, and its
 * prefixes (/8 /16 /24 or /32 /48 /64). `null` where the text is no address.
 */
export function ipTokens(text: string): readonly string[] | null {
  const four = parseIpv4(text);
  if (four) {
    const [a, b, c] = four;
    return ['v4', ipv4Scope(a!, b!), `${a}.`, `${a}.${b}.`, `${a}.${b}.${c}.`];
  }
  const six = parseIpv6(text);
  if (!six) return null;
  const groups = six.map((group) => group.toString(16));
  return [
    'v6',
    ipv6Scope(six),
    `${groups.slice(0, 2).join(':')}::`,
    `${groups.slice(0, 3).join(':')}::`,
    `${groups.slice(0, 4).join(':')}::`,
  ];
}

function parseIpv4(text: string): readonly number[] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet <= 255) ? octets : null;
}

function ipv4Scope(a: number, b: number): string {
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  if (a === 127) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  if (a === 100 && b >= 64 && b < 128) return 'shared';
  if (a >= 224) return a < 240 ? 'multicast' : 'reserved';
  return a === 0 ? 'reserved' : 'public';
}

/** Eight groups of 16 bits; an embedded IPv4 tail and a zone (`%eth0`) are understood. */
function parseIpv6(text: string): readonly number[] | null {
  if (text.length > 64 || !text.includes(':')) return null;
  let bare = text.split('%')[0]!;
  const tail = /(^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
  if (tail) {
    const four = parseIpv4(tail[2]!);
    if (!four) return null;
    const [a, b, c, d] = four;
    bare = `${bare.slice(0, -tail[2]!.length)}${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}`;
  }
  const halves = bare.split('::');
  if (halves.length > 2) return null;
  const head = halves[0] ? halves[0].split(':') : [];
  const rest = halves[1] ? halves[1].split(':') : [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...rest];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => Number.parseInt(group, 16)) : null;
}

function ipv6Scope(groups: readonly number[]): string {
  const first = groups[0]!;
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7]! <= 1) return groups[7] === 1 ? 'loopback' : 'reserved';
  if ((first & 0xfe00) === 0xfc00) return 'private';
  if ((first & 0xffc0) === 0xfe80) return 'link-local';
  return (first & 0xff00) === 0xff00 ? 'multicast' : 'public';
}

function isLetterOrDigit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 97 && unit <= 122) || unit > 127;
}
