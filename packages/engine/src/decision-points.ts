/**
 * From an alert to what its decision may depend on: the values of the job's decision points, their canonical text, and the key of
 * the bucket they make. Two alerts stand in one bucket exactly when the canonical texts are the same.
 */
import { hash } from 'node:crypto';
import { AlertReader } from './alert.ts';
import { compilePath, toNfc } from './point-path.ts';
import type { PointValue, PointValues, Scalar } from './types.ts';

/** The decision points of one version of a job, ready for use. */
export interface DecisionPoints {
  /** The paths as given, in their order. */
  readonly points: readonly string[];
  /** What each point holds in an alert (parsed JSON, best by `parseAlert`), in the order of the points; normalised and frozen in meaning. */
  values(alert: unknown): PointValues;
  /**
   * The bucket's key: 32 lower-case hexadecimal characters, the first 16 bytes of a SHA-256 over the points and the canonical text.
   * Other points (or the same ones in another order) never give the same key.
   *
   * @param values as `values` or {@link parsePointValues} give them.
   */
  key(values: PointValues): string;
  /** JSON text of the values, the same for equal values; {@link parsePointValues} reads it back. */
  canonical(values: PointValues): string;
  /** Whether no point holds anything (also for no points at all): then there is nothing to decide on. */
  empty(values: PointValues): boolean;
}

/**
 * Makes decision points ready for use.
 *
 * @param points paths as described in `point-path.ts`, in the job's order.
 * @throws RangeError saying which path is wrong and what to change.
 */
export function compileDecisionPoints(points: readonly string[]): DecisionPoints {
  const own = Object.freeze([...points]);
  const paths = own.map(compilePath);
  // Hashed once: the key depends on the points without making each hash longer by all their paths.
  const prefix = `${hash('sha256', JSON.stringify(own.map(toNfc)), 'hex')}\n`;
  return {
    points: own,
    values(alert) {
      const reader = new AlertReader(alert);
      const values = new Array<PointValue>(paths.length);
      for (let i = 0; i < paths.length; i++) values[i] = reader.read(paths[i]!);
      return values;
    },
    key(values) {
      return hash('sha256', prefix + canonicalText(values), 'hex').slice(0, 32);
    },
    canonical: canonicalText,
    empty(values) {
      for (const value of values) if (value !== null) return false;
      return true;
    },
  };
}

/**
 * Reads back what `canonical` wrote.
 *
 * @throws SyntaxError when the text is not JSON, TypeError when it is no list of values.
 */
export function parsePointValues(text: string): PointValues {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new TypeError('The stored values of the decision points are not a list.');
  if (!parsed.every(isPointValue))
    throw new TypeError('The stored values of the decision points hold something that is no value.');
  return parsed;
}

function isPointValue(value: unknown): value is PointValue {
  return value === null || isScalar(value) || (Array.isArray(value) && value.every(isScalar));
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/**
 * JSON already tells the string "1", the number 1, true and the set ["1"] apart, spells each number in one way, and escapes lone
 * surrogates, so that the text survives UTF-8.
 */
function canonicalText(values: PointValues): string {
  return JSON.stringify(values);
}
