import { elements, type PointPlan, toNumber } from './point-types.ts';
import { textShape } from './tokens.ts';
import type { PointValues } from './types.ts';

/**
 * The few measures that trees cut: the number itself (mean of a set of numbers), how many values a set has, and how a text looks. One
 * list of measures for each point, one after another; NaN where the point is missing.
 */
export interface DenseLayout {
  readonly plans: readonly PointPlan[];
  /** Total numbers a row. */
  readonly width: number;
  /** Index into the plans of each number. */
  readonly points: readonly number[];
}

const TEXT_MEASURES = 9;

/** Lays out the measures of the points. */
export function denseLayout(plans: readonly PointPlan[]): DenseLayout {
  const points = plans.flatMap((plan, p) => Array.from({ length: measuresOf(plan) }, () => p));
  return { plans, width: points.length, points };
}

/** Writes the measures of one list of values (in the order of the plans) to `out[offset …]`. */
export function measure(layout: DenseLayout, values: PointValues, out: Float64Array, offset: number): void {
  let at = offset;
  layout.plans.forEach((plan, p) => {
    const count = measuresOf(plan);
    if (count === 0) return;
    const held = elements(values[p] ?? null);
    if (held.length === 0) out.fill(Number.NaN, at, at + count);
    else {
      let next = at;
      if (plan.cuts.length > 0) out[next++] = mean(held.map(toNumber).filter((number) => !Number.isNaN(number)));
      if (plan.type === 'set') out[next++] = held.length;
      if (plan.runs) {
        const shape = textShape(String(held[0]));
        const length = Math.max(1, Math.min(512, shape.length));
        out[next++] = shape.length;
        out[next++] = shape.digits / length;
        out[next++] = shape.upper / length;
        out[next++] = shape.spaces;
        out[next++] = shape.punctuation;
        out[next++] = shape.punctuation / length;
        out[next++] = shape.other / length;
        out[next++] = shape.distinct;
        out[next++] = shape.longestRun;
      }
    }
    at += count;
  });
}

function measuresOf(plan: PointPlan): number {
  return (plan.cuts.length > 0 ? 1 : 0) + (plan.type === 'set' ? 1 : 0) + (plan.runs ? TEXT_MEASURES : 0);
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? Number.NaN : numbers.reduce((sum, number) => sum + number / numbers.length, 0);
}
