import { compareStrings, quantile } from './math.ts';
import { ipTokens, words } from './tokens.ts';
import type { PointType, PointValue, Scalar } from './types.ts';

/** How one decision point is turned into features; found from the training rows by {@link planPoint}. */
export interface PointPlan {
  readonly path: string;
  readonly type: PointType;
  /** Whether words and pairs of words are made of its strings. */
  readonly words: boolean;
  /** Whether runs of characters and the look of its strings are used too. */
  readonly runs: boolean;
  /** Cut points of the numbers, upwards and distinct; empty where there are none. */
  readonly cuts: Float64Array;
  /** Median and half the spread between the 10th and 90th percentile of the numbers (1 where that is 0). */
  readonly centre: number;
  readonly scale: number;
  /** Whether hour and weekday are used: only where a person has set the type (it flatters random splits and hurts later times). */
  readonly timeOfDay: boolean;
}

const BINS = 16;
const SAMPLE = 5000;
/** Different strings of digits at least, before they may be counts. */
const FEWEST_COUNTS = 12;

/** The scalars that a decision point holds: none where it is missing. NaN counts as missing. */
export function elements(value: PointValue): readonly Scalar[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'object') return value.filter(isUsable);
  return isUsable(value) ? [value] : [];
}

/** A number for a number or the decimal spelling of one; otherwise NaN. Infinity is held at ±1e300. */
export function toNumber(value: Scalar): number {
  if (typeof value === 'boolean') return Number.NaN;
  const number = typeof value === 'number' ? value : DECIMAL.test(value) ? Number(value) : Number.NaN;
  return Math.max(-1e300, Math.min(1e300, number));
}

const DECIMAL = /^[+-]?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?$/;
const COUNT = /^(0|-?[1-9]\d{0,14})$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d|$)/;
const OPAQUE_ID = /^(\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?|(0x)?[0-9a-f]{16,}|\d+|S-1-[0-9-]+)$/i;

/**
 * Finds what kind of thing a decision point holds and the scale of its numbers, from the values in the training rows.
 *
 * A set where any row has several values (its elements are then looked at); a number where nearly all are JSON numbers, or
 * decimal strings with a fraction among them; strings of digits are ids, so categories, but may be counts as well; text where strings have several words or
 * rarely repeat. A point without any value is a category.
 * @param chosen what a person has set, which wins over what is found.
 */
export function planPoint(path: string, values: readonly PointValue[], chosen: PointType | undefined): PointPlan {
  const scalars = values.flatMap((value) => elements(value).slice(0, 64)).slice(0, SAMPLE);
  const isSet = values.some((value) => typeof value === 'object' && value !== null);
  const base = chosen ?? baseType(scalars);
  const type = isSet && base === 'category' ? 'set' : base;
  const text = textUse(scalars, type);
  const forced = chosen === 'text';
  const numeric =
    type === 'number' ||
    (type === 'set' && baseType(scalars) === 'number') ||
    (chosen === undefined && type === 'category' && mayCount(scalars));
  const numbers = numeric ? scalars.map(toNumber).filter((number) => !Number.isNaN(number)) : [];
  numbers.sort((a, b) => a - b);
  const spread = numbers.length ? (quantile(numbers, 0.9) - quantile(numbers, 0.1)) / 2 : 0;
  return {
    path,
    type,
    words: forced || text.words,
    runs: forced || text.runs,
    cuts: cutPoints(numbers),
    centre: numbers.length ? quantile(numbers, 0.5) : 0,
    scale: spread > 0 ? spread : 1,
    timeOfDay: chosen === 'time',
  };
}

function isUsable(value: Scalar): boolean {
  return value !== null && value !== undefined && !(typeof value === 'number' && Number.isNaN(value));
}

function baseType(scalars: readonly Scalar[]): PointType {
  if (scalars.length === 0) return 'category';
  const share = (test: (value: Scalar) => boolean) => scalars.filter(test).length / scalars.length;
  if (share((value) => typeof value === 'boolean') >= 0.95) return 'boolean';
  if (share((value) => typeof value === 'string' && ISO_TIME.test(value)) >= 0.9) return 'time';
  if (share((value) => typeof value === 'string' && ipTokens(value) !== null) >= 0.9) return 'ip';
  if (share((value) => typeof value === 'number') >= 0.95) return share(isEpoch) >= 0.95 ? 'time' : 'number';
  const decimal = share((value) => !Number.isNaN(toNumber(value)));
  if (decimal >= 0.95 && share((value) => String(value).includes('.')) >= 0.1) return 'number';
  const use = textUse(scalars, 'text');
  return use.runs ? 'text' : 'category';
}

/**
 * Whether strings of digits may be counts (`"bytes": "48213"`) as well as ids: many different ones without leading zeros, of a length that numbers
 * have. What they are is left to the learners.
 */
function mayCount(scalars: readonly Scalar[]): boolean {
  const counts = scalars.filter((value) => typeof value === 'number' || (typeof value === 'string' && COUNT.test(value)));
  return counts.length >= scalars.length * 0.95 && new Set(counts).size >= FEWEST_COUNTS;
}

/** Seconds, milliseconds or microseconds since 1970 between 2001 and 2065. */
function isEpoch(value: Scalar): boolean {
  if (typeof value !== 'number') return false;
  return [1, 1e3, 1e6].some((unit) => value >= 1e9 * unit && value <= 3e9 * unit);
}

function textUse(scalars: readonly Scalar[], type: PointType): { words: boolean; runs: boolean } {
  if (type !== 'text' && type !== 'category' && type !== 'set') return { words: false, runs: false };
  const strings = scalars.filter((value) => typeof value === 'string');
  if (strings.length === 0 || strings.length < scalars.length / 2) return { words: false, runs: false };
  const distinct = [...new Set(strings)].sort(compareStrings);
  const readable = distinct.filter((text) => !OPAQUE_ID.test(text));
  if (readable.length < distinct.length / 2 && readable.length < 10) return { words: false, runs: false };
  const several = readable.filter((text) => words(text).length > 1).length;
  const rarelyRepeats = distinct.length >= 10 && distinct.length >= strings.length * 0.1;
  return { words: several >= readable.length * 0.3 || rarelyRepeats, runs: rarelyRepeats };
}

/**
 * Cut points between sorted numbers: at equal shares of the rows, and at equal shares of the distinct numbers (where most rows hold
 * one number, such as 0, the first kind alone would see nothing else). Upwards, distinct, at most 16.
 */
function cutPoints(sorted: readonly number[]): Float64Array {
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const cuts = new Set<number>();
  for (const numbers of [sorted, distinct]) {
    for (let i = 1; i < BINS / 2 + 1; i++) {
      const cut = numbers[Math.floor((i * numbers.length) / (BINS / 2 + 1))];
      if (cut !== undefined && cut > sorted[0]!) cuts.add(cut);
    }
  }
  if (distinct.length > 1) cuts.add(distinct[1]!);
  return Float64Array.from(cuts).sort();
}
