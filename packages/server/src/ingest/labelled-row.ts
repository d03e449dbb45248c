import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { isEventId, parseTimestamp } from '@verdict/contract';
import { MAX_DEPTH, MAX_KEYS, ownTime } from './event.ts';
import { type Found, findMember } from './json-scan.ts';

/** Where a line of a file has what: names of members, dots for members of members. `.` as `event` = the whole line is the alert. */
export interface RowFields {
  readonly event: string;
  readonly label: string;
  readonly time: string;
  readonly group: string;
  /** null = the alerts have no ids of their own. */
  readonly id: string | null;
}

/** One closed alert of a file. */
export interface LabelledRow {
  /** The same for the same line at the same place of a file. */
  readonly eventId: string;
  /** The alert's own bytes. */
  readonly body: Buffer;
  readonly label: string | null;
  /** Microseconds since 1970. */
  readonly eventAt: number | null;
  readonly group: string | null;
  /** What was not as it should be, though the alert can be used. */
  readonly notes: readonly string[];
}

/** Why a line cannot be used, the same sentence for the same reason. */
export interface BadRow {
  readonly problem: string;
}

/**
 * Reads one line of a JSON Lines file of closed alerts. The alert is kept by its own bytes. An alert without an id of its own gets one from
 * the number of its line and a hash of it, so that reading the file again gives the same ids.
 * @param line the bytes between two line ends.
 * @param number of the line, from 1.
 * @param limit largest alert in bytes.
 */
export function readLabelledRow(line: Buffer, number: number, fields: RowFields, limit: number): LabelledRow | BadRow {
  if (!isUtf8(line)) return { problem: 'The line is not UTF-8 text.' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString('utf8'));
  } catch {
    return { problem: 'The line is not valid JSON.' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { problem: 'The line is not a JSON object.' };
  const event = fields.event === '.' ? wholeLine(line) : findPath(line, fields.event);
  if (!event || line[event.span.from] !== 0x7b) return { problem: `There is no alert (a JSON object) under "${fields.event}".` };
  const size = event.span.to - event.span.from;
  if (size > limit) return { problem: `The alert is larger than ${limit} bytes.` };
  if (event.depth > MAX_DEPTH) return { problem: `The alert is nested more than ${MAX_DEPTH} levels deep.` };
  if (event.keys > MAX_KEYS) return { problem: `The alert has more than ${MAX_KEYS} members.` };

  const notes: string[] = [];
  const label = scalar(line, fields.label)?.trim() || null;
  const group = scalar(line, fields.group) ?? null;
  const time = scalar(line, fields.time);
  const eventAt = time === undefined ? null : readTime(time);
  if (time !== undefined && eventAt === null) notes.push(`"${fields.time}" is not a time, so the alert's own time is used.`);
  const own = fields.id === null ? undefined : scalar(line, fields.id);
  if (fields.id !== null && own === undefined) notes.push(`There is no "${fields.id}", so the alert got an id from its line.`);
  if (own !== undefined && !isEventId(own))
    notes.push(`"${fields.id}" has characters an id cannot have, so the alert got one made from it.`);
  const eventId =
    own === undefined ? `line-${number}-${digest(line)}` : isEventId(own) ? own : `id-${digest(Buffer.from(own, 'utf8'))}`;
  return {
    eventId,
    body: Buffer.from(line.subarray(event.span.from, event.span.to)),
    label,
    eventAt,
    group,
    notes,
  };
}

/** An id for another alert that a file has under an id used before. */
export function secondId(eventId: string, line: Buffer): string {
  return `${eventId.slice(0, 180)}~${digest(line)}`;
}

function wholeLine(line: Buffer): Found | undefined {
  // Measured as the only member of an object, which is what the scanner finds members in.
  const found = findMember(Buffer.concat([Buffer.from('{"":'), line, Buffer.from('}')]), '');
  return found && { ...found, span: { from: found.span.from - 4, to: found.span.to - 4 } };
}

/** A member by its name, else by the names between its dots, where it stands in the line. */
function findPath(bytes: Buffer, path: string): Found | undefined {
  const whole = findMember(bytes, path);
  if (whole) return whole;
  const dot = path.indexOf('.');
  if (dot <= 0) return undefined;
  const outer = findMember(bytes, path.slice(0, dot));
  if (!outer) return undefined;
  const inner = findPath(bytes.subarray(outer.span.from, outer.span.to), path.slice(dot + 1));
  return inner && { ...inner, span: { from: inner.span.from + outer.span.from, to: inner.span.to + outer.span.from } };
}

/** A text, or a number or boolean as it is spelled; undefined for anything else. */
function scalar(line: Buffer, path: string): string | undefined {
  const found = findPath(line, path);
  if (!found) return undefined;
  const text = line.toString('utf8', found.span.from, found.span.to);
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return text.startsWith('{') || text.startsWith('[') || text === 'null' ? undefined : text;
}

function readTime(text: string): number | null {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return ownTime({ time: Number.isNaN(number) ? text : number }) ?? parseTimestamp(text);
}

function digest(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex').slice(0, 16);
}
