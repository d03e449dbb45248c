/**
 * Arithmetic that gives the same bytes on every machine. `Math.exp`, `Math.log` and their kin may differ in the last digit between
 * processors and engine versions, so the learner uses only + − × ÷, `Math.sqrt` (exact by IEEE 754) and what is built from them here.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const SQRT_HALF = Math.SQRT1_2;

/** Powers of two from 2^-1074 to 2^1023, made by doubling and halving, which is exact. */
const POWERS_OF_TWO = powersOfTwo();

/**
 * e to the power of `x`, for any double.
 *
 * Cody and Waite's (1980) reduction to |r| ≤ ln 2 / 2, then a Taylor series to the 13th degree: relative error about 1e-15.
 * @returns 0 below −745, Infinity above 709.78, NaN for NaN.
 */
export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1 + r / 13;
  for (let i = 12; i >= 1; i--) sum = 1 + (r / i) * sum;
  if (k > 1023) return sum * 2 * POWERS_OF_TWO[k - 1 + 1074]!;
  return k < -1000 ? sum * POWERS_OF_TWO[k + 100 + 1074]! * POWERS_OF_TWO[-100 + 1074]! : sum * POWERS_OF_TWO[k + 1074]!;
}

const parts = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm of `x`.
 *
 * Splits off the power of two and sums the series of 2·artanh((m − 1)/(m + 1)): relative error about 1e-15.
 * @returns −Infinity for 0, NaN below 0 and for NaN, Infinity for Infinity.
 */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let exponent = 0;
  let value = x;
  if (value < 2.2250738585072014e-308) {
    value *= 18014398509481984;
    exponent = -54;
  }
  parts.setFloat64(0, value);
  const high = parts.getUint32(0);
  exponent += (high >>> 20) - 1022;
  parts.setUint32(0, (high & 0x000fffff) | 0x3fe00000);
  let mantissa = parts.getFloat64(0);
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let sum = 1 / 21;
  for (let i = 19; i >= 1; i -= 2) sum = 1 / i + z * sum;
  return exponent * LN2_HIGH + (2 * s * sum + exponent * LN2_LOW);
}

/** `x` to the power of `y` for `x` > 0, by `exp(y·log x)`; 0 for `x` = 0. */
export function power(x: number, y: number): number {
  return x === 0 ? 0 : exp(y * log(x));
}

/** 1 / (1 + e^−x), 0 to 1. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/**
 * Turns the scores at `scores[offset … offset + count)` into probabilities that sum to 1, in place. The largest is taken off first,
 * so that nothing overflows.
 */
export function softmaxInPlace(scores: Float64Array, offset: number, count: number): void {
  let top = scores[offset]!;
  for (let c = 1; c < count; c++) if (scores[offset + c]! > top) top = scores[offset + c]!;
  let sum = 0;
  for (let c = 0; c < count; c++) {
    const e = exp(scores[offset + c]! - top);
    scores[offset + c] = e;
    sum += e;
  }
  for (let c = 0; c < count; c++) scores[offset + c] = scores[offset + c]! / sum;
}

/** Index of the largest of `count` entries from `offset`; the first one wins a tie. */
export function argmax(values: ArrayLike<number>, offset: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) if (values[offset + c]! > values[offset + best]!) best = c;
  return best;
}

/** Shannon entropy of a distribution, divided by log(count), so 0 to 1; 0 where there is one class. */
export function normalisedEntropy(values: ArrayLike<number>, offset: number, count: number): number {
  if (count < 2) return 0;
  let sum = 0;
  for (let c = 0; c < count; c++) {
    const p = values[offset + c]!;
    if (p > 0) sum -= p * log(p);
  }
  return Math.min(1, Math.max(0, sum / log(count)));
}

/** A repeatable stream of numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [0, bound). */
  below(bound: number): number;
}

/** The generator mulberry32 (T. Ettinger, 2017; public domain): 32 bits of state, enough for shuffles and draws. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

/** Shuffles in place (Fisher and Yates; Durstenfeld 1964). */
export function shuffle(items: Int32Array | number[], source: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = source.below(i + 1);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
}

/**
 * 32-bit hash of a string's UTF-16 units, with a seed: the mixing steps of MurmurHash3 (A. Appleby, 2011; public domain), one unit at a
 * time. Not for secrets.
 */
export function hashString(text: string, seed: number): number {
  let h = seed >>> 0;
  for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i));
  return finish(h ^ text.length);
}

/** One step of {@link hashString}: takes a 32-bit unit into the state. */
export function mix(state: number, unit: number): number {
  let k = Math.imul(unit, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  const h = state ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) >>> 0;
}

/** Last step of {@link hashString}: spreads the state over all 32 bits. */
export function finish(state: number): number {
  let h = state ^ (state >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** −1, 0 or 1 by UTF-16 units: the same order in every locale. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The `q` quantile (0 to 1) of numbers already sorted upwards, by linear interpolation (definition 7 of Hyndman and Fan, 1996).
 * @throws RangeError when there are none.
 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) throw new RangeError('a quantile needs at least one number');
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/**
 * Share of the sorted numbers that are at most `x`, counting half of those equal to it (mid-rank), 0 to 1; 0.5 where there are none.
 */
export function percentile(sorted: ArrayLike<number>, x: number): number {
  if (sorted.length === 0) return 0.5;
  const below = countBelow(sorted, x, false);
  const upTo = countBelow(sorted, x, true);
  return (below + upTo) / (2 * sorted.length);
}

/**
 * Where a function of one variable with a single dip has its lowest point in [low, high]: golden-section search (Kiefer 1953),
 * `steps` halvings by 0.618.
 */
export function minimise(f: (x: number) => number, low: number, high: number, steps = 40): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let a = low;
  let b = high;
  let x1 = b - ratio * (b - a);
  let x2 = a + ratio * (b - a);
  let f1 = f(x1);
  let f2 = f(x2);
  for (let i = 0; i < steps; i++) {
    if (f1 <= f2) {
      b = x2;
      x2 = x1;
      f2 = f1;
      x1 = b - ratio * (b - a);
      f1 = f(x1);
    } else {
      a = x1;
      x1 = x2;
      f1 = f2;
      x2 = a + ratio * (b - a);
      f2 = f(x2);
    }
  }
  return (a + b) / 2;
}

function countBelow(sorted: ArrayLike<number>, x: number, inclusive: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle]!;
    if (value < x || (inclusive && value === x)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(1074 + 1024);
  powers[1074] = 1;
  for (let i = 1; i <= 1023; i++) powers[1074 + i] = powers[1074 + i - 1]! * 2;
  for (let i = 1; i <= 1074; i++) powers[1074 - i] = powers[1074 - i + 1]! / 2;
  return powers;
}
