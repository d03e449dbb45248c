import { parseTimestamp } from '@verdict/contract';

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3_600 * SECOND,
  H: 3_600 * SECOND,
  d: DAY,
  w: 7 * DAY,
};

/** What is needed to read a time. */
export interface TimeContext {
  /** The present moment, microseconds. */
  readonly now: number;
  /** Microseconds east of UTC, for texts without a zone and for rounding. */
  readonly offset?: number;
}

const MONTH = /^\d{4}-\d\d$/;
const FORM = /^(\d{4}-\d\d(?:-\d\d(?:[Tt ]\d\d(?::\d\d(?::\d\d(?:[.,]\d+)?)?)?)?)?)( ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?$/;

/**
 * Reads a time as Elasticsearch's range queries take it: ISO 8601 (UTC without a zone), `now`, and date math such as `now-1d/d` or
 * `2021-09-02||+1M/d`.
 * @param up the last microsecond of what the text leaves open or rounds to, instead of the first (for `lte` and `gt`).
 * @returns microseconds; null when the text is no time.
 */
export function readTime(text: string, context: TimeContext, up: boolean): number | null {
  if (text.length > 100) return null;
  const trimmed = text.trim();
  if (trimmed === 'now' || /^now[-+/]/.test(trimmed)) return applyMath(context.now, trimmed.slice(3), context, up);
  const bars = trimmed.indexOf('||');
  if (bars >= 0) {
    const anchor = readAnchor(trimmed.slice(0, bars), context, false);
    return anchor === null ? null : applyMath(anchor, trimmed.slice(bars + 2), context, up);
  }
  return readAnchor(trimmed, context, up);
}

/** `+02:00`, `Z`, `UTC` as microseconds east of UTC; null for anything else. */
export function readOffset(zone: string): number | null {
  if (/^(?:Z|UTC|GMT)$/i.test(zone)) return 0;
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!match || Number(match[2]) > 23 || Number(match[3]) > 59) return null;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60 * SECOND;
}

/** The first moment of the unit that a moment lies in (`y M w d h m s`; weeks begin on Monday), in the zone of `offset`. */
export function floorTime(time: number, unit: string, offset: number): number {
  const local = time + offset;
  const size = UNITS[unit];
  if (unit === 'w') {
    // 1970-01-01 was a Thursday.
    const monday = 4 * DAY;
    return Math.floor((local - monday) / size!) * size! + monday - offset;
  }
  if (size !== undefined) return Math.floor(local / size) * size - offset;
  const date = new Date(Math.floor(local / 1000));
  const month = unit === 'y' ? 0 : unit === 'q' ? date.getUTCMonth() - (date.getUTCMonth() % 3) : date.getUTCMonth();
  return Date.UTC(date.getUTCFullYear(), month, 1) * 1000 - offset;
}

/** So many units later; months are calendar months, and their last day stays a last day. */
export function addTime(time: number, count: number, unit: string, offset: number): number {
  const size = UNITS[unit];
  if (size !== undefined) return time + count * size;
  const local = time + offset;
  const ms = Math.floor(local / 1000);
  const date = new Date(ms);
  const months = unit === 'y' ? 12 * count : unit === 'q' ? 3 * count : count;
  const target = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const [year, month] = [Math.floor(target / 12), target - 12 * Math.floor(target / 12)];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), last);
  const rest = local - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) * 1000;
  return Date.UTC(year, month, day) * 1000 + rest - offset;
}

function applyMath(start: number, math: string, context: TimeContext, up: boolean): number | null {
  const offset = context.offset ?? 0;
  let time = start;
  let rest = math;
  while (rest !== '') {
    const step = /^(?:([+-])(\d{1,6})|\/)([yMwdhHms])/.exec(rest);
    if (!step) return null;
    const [whole, sign, count, unit] = step;
    if (sign === undefined) {
      time = floorTime(time, unit!, offset);
      if (up) time = addTime(time, 1, unit!, offset) - 1;
    } else time = addTime(time, (sign === '-' ? -1 : 1) * Number(count), unit!, offset);
    rest = rest.slice(whole.length);
  }
  return Number.isSafeInteger(time) ? time : null;
}

function readAnchor(text: string, context: TimeContext, up: boolean): number | null {
  const match = FORM.exec(text);
  if (!match) return null;
  const [, moment, zone] = match;
  const parsed = parseTimestamp(`${MONTH.test(moment!) ? `${moment}-01` : moment}${zone ?? ''}`);
  if (parsed === null) return null;
  const offset = context.offset ?? 0;
  const time = zone === undefined ? parsed - offset : parsed;
  if (!up) return time;
  // What a text leaves open is filled up to its end.
  const unit = ({ 7: 'M', 10: 'd', 13: 'h', 16: 'm', 19: 's' } as Readonly<Record<number, string>>)[moment!.length];
  if (unit === undefined) return time;
  return addTime(time, 1, unit, zone === undefined ? offset : 0) - 1;
}
