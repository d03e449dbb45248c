/** Upper tails of two distributions, by the engine's own exp and log, so the same on every machine. */
import { exp, log } from './math.ts';

/**
 * Chance that a chi-squared variable with `freedom` degrees of freedom exceeds `x`: the regularised upper incomplete gamma function by
 * series or continued fraction (Numerical Recipes, 2nd edition 1992, §6.2). Relative error about 1e-12.
 * @returns 1 for `x` ≤ 0; 0 for Infinity.
 * @throws RangeError when the degrees of freedom are not above 0, or `x` is NaN.
 */
export function chiSquaredAbove(x: number, freedom: number): number {
  if (!(freedom > 0) || Number.isNaN(x)) throw new RangeError('a chi-squared tail needs a number and degrees of freedom above 0');
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const a = freedom / 2;
  const half = x / 2;
  const front = exp(a * log(half) - half - logGamma(a));
  if (half < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-16; n++) {
      term *= half / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  return Math.min(1, front * lentz((i) => (i === 0 ? [1, half + 1 - a] : [-i * (i - a), half + 2 * i + 1 - a])));
}

/**
 * Chance that an F-distributed variable with `upper` and `lower` degrees of freedom exceeds `x`: the regularised incomplete beta function by
 * its continued fraction (the same, §6.4). Relative error about 1e-11.
 * @returns 1 for `x` ≤ 0; 0 for Infinity.
 * @throws RangeError when degrees of freedom are not above 0, or `x` is NaN.
 */
export function fAbove(x: number, upper: number, lower: number): number {
  if (!(upper > 0 && lower > 0) || Number.isNaN(x))
    throw new RangeError('an F tail needs a number and degrees of freedom above 0');
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return incompleteBeta(lower / (lower + upper * x), lower / 2, upper / 2);
}

/** Natural logarithm of the gamma function for x > 0 (Lanczos 1964, g = 7 with nine terms: relative error about 1e-14). */
export function logGamma(x: number): number {
  if (x < 0.5) return logGamma(x + 1) - log(x);
  const shifted = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * log(2 * Math.PI) + (shifted + 0.5) * log(t) - t + log(sum);
}

const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x));
  if (x >= (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const fraction = lentz((i) => {
    if (i === 0) return [1, 1];
    const m = Math.floor(i / 2);
    if (i % 2 === 0) return [(m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)), 1];
    return [(-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)), 1];
  });
  return Math.min(1, (front * fraction) / a);
}

/** The continued fraction n₀/(d₀ + n₁/(d₁ + …)), `term(i)` giving nᵢ and dᵢ (Lentz 1976, as modified by Thompson and Barnett 1986). */
function lentz(term: (i: number) => readonly [number, number]): number {
  const [first, start] = term(0);
  let whole = start;
  let c = start;
  let d = 0;
  for (let i = 1; i < 100_000; i++) {
    const [n, m] = term(i);
    d = 1 / away(m + n * d);
    c = away(m + n / c);
    whole *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return first / whole;
}

function away(x: number): number {
  return x === 0 ? 1e-300 : x;
}
