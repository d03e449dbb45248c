import { CURVE_NEEDS, type LearningCurve } from '@verdict/engine';
import type { TrainedModel } from './training.ts';

/** A learning curve that was worked out for a model. */
export interface StoredCurve {
  readonly curve: LearningCurve;
  /** Microseconds. */
  readonly madeAt: number;
  /** Who asked for it, for people. */
  readonly madeBy: string;
}

/** A gain of accuracy below this, as a share, is little for twice the labelling. */
const LITTLE = 0.02;

/**
 * Why the learning curve of a model cannot be worked out, with what to do; null when it can.
 * @param pointsVersion the job's decision points now: what people said is counted over their buckets.
 * @param unit what votes are counted over, in singular.
 */
export function whyNoCurve(model: TrainedModel, pointsVersion: number, unit: 'bucket' | 'event'): string | null {
  if (model.pointsVersion !== pointsVersion)
    return `The decision points have changed since model ${model.id} was trained, and what people said is counted by the new ones. Train a model on them and ask for its learning curve.`;
  if (model.units < CURVE_NEEDS)
    return `A learning curve needs at least ${CURVE_NEEDS} labelled ${unit}s; model ${model.id} learned from ${model.units}. Label ${CURVE_NEEDS - model.units} more and train again.`;
  return null;
}

/**
 * What a curve says of more labelling, in a sentence. It speaks of the noise of the hold-out alone, by the paired interval of the last doubling:
 * a draw of other labels would move the smaller set's point too.
 * @param unit what votes are counted over, in singular.
 */
export function readingOf(curve: LearningCurve, unit: 'bucket' | 'event'): string {
  const [before, last] = curve.points.slice(-2);
  if (!before || !last) return '';
  const gain = points(last.accuracy - before.accuracy);
  const from = `The last doubling of labels (${before.buckets} to ${last.buckets} ${unit}s)`;
  const on = `${curve.heldOut} held-out ${unit}s`;
  if (curve.lastDoubling === null)
    return `${from} moved the accuracy by ${gain} points on ${on}, which are of ${curve.clusters} groups: too few to tell that from chance.`;
  const { low, high } = curve.lastDoubling;
  const found = `${gain} points of accuracy (95 % interval ${points(low)} to ${points(high)}, on ${on})`;
  if (high < 0) return `${from} cost ${found}: look for labels that contradict others before you label more.`;
  if (1 - last.accuracy < LITTLE)
    return `${from} brought ${found}: ${(last.accuracy * 100).toFixed(1)} % are right already, so more labels of this kind bring little.`;
  if (high < LITTLE)
    return `${from} brought ${found}: more labels of this kind bring little; other decision points may bring more.`;
  if (low > 0) return `${from} brought ${found}: more labels of this kind pay.`;
  return `${from} brought ${found}: the hold-out is too small to tell whether more labels pay.`;
}

/** Percentage points with their sign. */
function points(share: number): string {
  const text = Math.abs(share * 100).toFixed(1);
  return text === '0.0' ? '0.0' : `${share < 0 ? '−' : '+'}${text}`;
}
