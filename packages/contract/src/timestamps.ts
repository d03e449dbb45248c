/**
 * Time as the wire has it. Inside, a time is a count of microseconds since 1970-01-01T00:00:00Z as a safe integer, which
 * reaches from 1684-07-28 to 2255-06-05.
 */

/**
 * RFC 3339 in UTC with `Z` and always six digits: `2021-09-02T09:46:22.363642Z`.
 * @throws RangeError when `us` is not a safe integer.
 */
export function microsToZ(us: number): string {
  return `${written(us)}Z`;
}

/**
 * RFC 3339 in UTC with `+00:00` and always six digits: `2021-09-02T09:46:22.363642+00:00`.
 * @throws RangeError when `us` is not a safe integer.
 */
export function microsToOffset(us: number): string {
  return `${written(us)}+00:00`;
}

const ISO = /^(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,30}))?)?)? ?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Reads an ISO 8601 date or date and time, extended or basic form, `T` or a space between the two, as microseconds since 1970.
 * A text without a zone is UTC. Digits beyond microseconds are cut off; second 60 (a leap second) is the second after; 24:00:00
 * is the next midnight. Surrounding blanks do not matter. Depends on nothing but the text.
 * @returns `null` for anything else: other forms (week dates, a bare year, Unix numbers), dates that do not exist, times outside
 * 1684 to 2255 (zero dates such as `0001-01-01T00:00:00Z` among them).
 */
export function parseTimestamp(text: string): number | null {
  if (text.length > 100) return null;
  const match = ISO.exec(text.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i] ?? 0)) as SixNumbers;
  const fraction = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  if (year < 1684 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 24 || minute > 59 || second > 60) return null;
  if (hour === 24 && (minute > 0 || second > 0 || fraction > 0)) return null;
  const offset = offsetMinutes(match[8]);
  if (offset === null) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offset * 60_000;
  // Every sum beyond 2^53 stays beyond it when rounded, so the check below refuses it.
  const us = ms * 1000 + fraction;
  return Number.isSafeInteger(us) ? us : null;
}

type SixNumbers = [number, number, number, number, number, number];

function written(us: number): string {
  if (!Number.isSafeInteger(us)) throw new RangeError(`not a time in whole microseconds: ${us}`);
  const ms = Math.floor(us / 1000);
  const rest = us - ms * 1000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Minutes east of UTC; 0 without a zone; `null` for an offset that cannot be (RFC 3339 section 5.6: hours to 23, minutes to 59). */
function offsetMinutes(zone: string | undefined): number | null {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
