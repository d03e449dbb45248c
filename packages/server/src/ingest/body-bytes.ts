import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAlert } from '@verdict/engine';
import { Refusal } from '../errors.ts';
import { invalidAt } from '../http/read.ts';
import type { Call } from '../http/route.ts';
import { MAX_DEPTH, MAX_KEYS } from './event.ts';
import { elements, type Found, findMember } from './json-scan.ts';

/** Bytes of a list that are checked before others get their turn. */
const CHECK_SLICE = 256 * 1024;

/** The body of a route with `rawBody` is a Buffer, or nothing where none was sent. */
export function bytesOf(call: Call): Buffer {
  return Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
}

/** @throws Refusal 400 for bytes that are not UTF-8 text. */
export function expectUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Refusal('malformed_json', 'The body is not UTF-8 text. Send JSON encoded as UTF-8.');
}

/**
 * Finds the events of a body without parsing it as a whole: one of 64 MiB would hold up everybody else. Each event is checked on its own, with a
 * pause for others now and then.
 * @param most events that one body may carry.
 * @returns where each event stands, and the parsed body with an empty list in the place of its events.
 * @throws Refusal 400 for anything that JSON.parse would refuse, 413 for too many events; nothing was stored then.
 */
export async function splitEvents(bytes: Buffer, most: number): Promise<{ readonly events: Found[]; readonly frame: unknown }> {
  expectUtf8(bytes);
  const list = findMember(bytes, 'events');
  const found: Found[] = [];
  if (list && bytes[list.span.from] === 0x5b) {
    const walk = elements(bytes, list.span.from);
    let checked = 0;
    let step = walk.next();
    for (; !step.done; step = walk.next()) {
      const { span, depth } = step.value;
      // The event's own wrapper adds two levels to the alert's.
      if (depth <= MAX_DEPTH + 2) parseOrRefuse(bytes.subarray(span.from, span.to), `event ${found.length} of the body`);
      found.push(step.value);
      checked += span.to - span.from;
      if (checked > CHECK_SLICE) {
        checked = 0;
        await nextTurn();
      }
      if (found.length > most) {
        throw new Refusal('too_large', `One call can carry at most ${most} events. Send them in several calls.`);
      }
    }
    if (!step.value) throw new Refusal('malformed_json', 'The body is not valid JSON: the list of events is not well-formed.');
  }
  // What is around the events is small; the events themselves were checked one by one.
  const frame = list
    ? Buffer.concat([
        bytes.subarray(0, list.span.from),
        bytes[list.span.from] === 0x5b ? Buffer.from('[]') : bytes.subarray(list.span.from, list.span.to),
        bytes.subarray(list.span.to),
      ])
    : bytes;
  return { events: found, frame: parseOrRefuse(frame, 'the body') };
}

/**
 * Cuts the alert's own bytes out of what carries it.
 * @param member the member that holds the alert.
 * @throws Refusal when there is none or it is too large, too deep or has too many members.
 */
export function alertBytes(item: Buffer, member: string, limit: number): Buffer {
  const found = findMember(item, member);
  if (!found) throw new Refusal('invalid', `${member} must be the alert as a JSON object, and is missing.`);
  checkSize(found, member, limit);
  return item.subarray(found.span.from, found.span.to);
}

/** @throws Refusal when an alert is too large, too deep or has too many members. */
export function checkSize(found: Found, member: string, limit: number): void {
  const size = found.span.to - found.span.from;
  if (size > limit)
    throw new Refusal('too_large', `The alert has ${size} bytes; at most ${limit} are taken (VERDICT_EVENT_LIMIT).`);
  const refuse = (msg: string) => {
    throw invalidAt([{ loc: ['body', member], msg, type: 'too_many' }]);
  };
  if (found.depth > MAX_DEPTH) refuse(`is nested ${found.depth} levels deep; at most ${MAX_DEPTH} are taken`);
  if (found.keys > MAX_KEYS) refuse(`has ${found.keys} members in all; at most ${MAX_KEYS} are taken`);
}

/** Parses as alerts are parsed, so that the alert inside need not be parsed again. @throws Refusal 400 naming `what` and the place. */
export function parseOrRefuse(bytes: Buffer, what: string): unknown {
  try {
    return parseAlert(bytes.toString('utf8'));
  } catch (error) {
    const where = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    throw new Refusal(
      'malformed_json',
      `${what[0]!.toUpperCase()}${what.slice(1)} is not valid JSON${where ? ` (at character ${where})` : ''}.`,
    );
  }
}

/** Events that are read in one turn of the loop. */
const WINDOW = 100;
/** Windows of one call that are on their way at once, so that one is read while another is stored; the rest waits in the request's own bytes. */
const WINDOWS = 3;

/** Does something for each of `count` events, so many at once that they share commits, waiting while `full`, with a turn for others between. */
export async function inWindows(count: number, full: () => boolean, act: (index: number) => Promise<void>): Promise<void> {
  const onTheirWay: Promise<unknown>[] = [];
  for (let from = 0; from < count; from += WINDOW) {
    while (full()) await nextTurn();
    const window = [];
    for (let index = from; index < Math.min(from + WINDOW, count); index++) window.push(act(index));
    const whole = Promise.all(window);
    // Its failure is met where it is waited for, which may be later.
    whole.catch(() => {});
    onTheirWay.push(whole);
    if (onTheirWay.length >= WINDOWS) await onTheirWay.shift();
    await nextTurn();
  }
  await Promise.all(onTheirWay);
}
