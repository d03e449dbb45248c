import { compareStrings, finish, hashString, mix } from './math.ts';
import { elements, type PointPlan, planPoint, toNumber } from './point-types.ts';
import { ipTokens, textShape, words } from './tokens.ts';
import type { PointType, PointValue, PointValues } from './types.ts';

/** Numbers in a sketch; the distance between two is off by about 1/√(WIDTH/2), so 18 %. */
export const WIDTH = 64;

const MAX_TOKENS = 64;

/**
 * Short vectors whose squared distances resemble those between the rows they stand for (random signs: Achlioptas 2003), cheap enough to
 * compare a thousand rows with a thousand others. No label is needed. Each decision point has the same say: two values that differ
 * are 2 apart, shared words and address prefixes bring them nearer, numbers are apart by the difference of their ranks; values that occur once
 * are all "rare", so that ids that never repeat tell nothing.
 * @returns `rows.length` × {@link WIDTH}, row-major.
 */
export function sketches(
  points: readonly string[],
  types: Readonly<Record<string, PointType>> | undefined,
  rows: readonly PointValues[],
): Float32Array {
  const out = new Float32Array(rows.length * WIDTH);
  const order = points.map((_, p) => p).sort((a, b) => compareStrings(points[a]!, points[b]!));
  for (const p of order) {
    const path = points[p]!;
    const column = rows.map((values) => values[p] ?? null);
    const plan = planPoint(path, column, types && Object.hasOwn(types, path) ? types[path] : undefined);
    if (plan.type === 'number') addRanks(column, hashString(path, 7), out);
    else addTokens(column, plan, hashString(path, 11), out);
  }
  return out;
}

/** Squared distance between row `a` of one list of sketches and row `b` of another. */
export function squaredDistance(first: Float32Array, a: number, second: Float32Array, b: number): number {
  let sum = 0;
  const [i, j] = [a * WIDTH, b * WIDTH];
  for (let w = 0; w < WIDTH; w++) {
    const difference = first[i + w]! - second[j + w]!;
    sum += difference * difference;
  }
  return sum;
}

/** Ranks (ties share the middle one) from 0 to 1, as one direction; a missing number is a token of its own. */
function addRanks(column: readonly PointValue[], seed: number, out: Float32Array): void {
  const numbers = column.map((value) => {
    const found = elements(value)
      .map(toNumber)
      .filter((number) => !Number.isNaN(number));
    return found.length === 0 ? Number.NaN : found.reduce((sum, number) => sum + number / found.length, 0);
  });
  const sorted = Float64Array.from(numbers.filter((number) => !Number.isNaN(number))).sort();
  const ranks = new Map<number, number>();
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    ranks.set(sorted[from]!, (from + to) / (2 * sorted.length));
    from = to;
  }
  numbers.forEach((number, r) => {
    const rank = ranks.get(number);
    if (rank === undefined) addToken(out, r, finish(seed), 1);
    else addToken(out, r, finish(mix(seed, 1)), Math.SQRT2 * rank);
  });
}

function addTokens(column: readonly PointValue[], plan: PointPlan, seed: number, out: Float32Array): void {
  const tokens = column.map((value) => tokensOf(value, plan, seed));
  const seen = new Map<number, number>();
  for (const row of tokens) for (const token of row) seen.set(token, (seen.get(token) ?? 0) + 1);
  const rare = finish(mix(seed, 2));
  tokens.forEach((row, r) => {
    const kept = [...new Set(row.map((token) => (seen.get(token)! > 1 ? token : rare)))];
    for (const token of kept) addToken(out, r, token, 1 / Math.sqrt(kept.length));
  });
}

function tokensOf(value: PointValue, plan: PointPlan, seed: number): number[] {
  const held = elements(value);
  if (held.length === 0) return [finish(mix(seed, 3))];
  const names: string[] = [];
  for (const element of held.slice(0, MAX_TOKENS)) {
    const text = String(element);
    if (plan.type === 'time') names.push('time');
    else if (plan.type === 'ip') names.push(`=${text}`, ...(ipTokens(text) ?? []));
    else if (plan.runs) names.push(...words(text), `~${textShape(text).pattern.slice(0, 4)}`);
    else names.push(`=${text}`, ...(plan.words ? words(text) : []));
  }
  return [...new Set(names.slice(0, MAX_TOKENS).map((name) => hashString(name, seed)))];
}

/** Adds `weight` times the direction of a token: 64 signs made from its hash, each 1/8. */
function addToken(out: Float32Array, row: number, token: number, weight: number): void {
  const scale = weight / Math.sqrt(WIDTH);
  for (let half = 0; half < WIDTH; half += 32) {
    const bits = finish(mix(token, half + 1));
    for (let w = 0; w < 32; w++) {
      const at = row * WIDTH + half + w;
      out[at] = out[at]! + ((bits >>> w) & 1 ? scale : -scale);
    }
  }
}
