import { calibrate, disagreementOf } from './calibration.ts';
import type { Opinion } from './ensemble.ts';
import { shrink } from './labelled.ts';
import type { Example } from './learner/learner.ts';
import { argmax, percentile } from './math.ts';
import type { ModelParts } from './model-parts.ts';
import { outlierScore } from './novelty.ts';
import type { PointValues, Verdict } from './types.ts';

/** A verdict before its classes are put back in the order of the input, with what led to it. */
export interface Deliberation {
  readonly opinion: Opinion;
  /** Calibrated, over the active classes. */
  readonly probabilities: Float64Array;
  /** How far the nearest labelled row is, as a percentile. */
  readonly gate: number;
  readonly outlierScore: number;
  readonly similarity: number;
}

/**
 * Decides one list of values.
 * @param values in the order of the model's plans.
 * @param row of the bucket among the labelled ones, −1 if it is none of them.
 */
export function decide(parts: ModelParts, values: PointValues, row: number): Verdict {
  const example = parts.ensemble.example(parts.space, values);
  return verdictOf(parts, deliberate(parts, example, row), row);
}

/** Learners, distance to the nearest row, calibration and votes, in this order. */
export function deliberate(parts: ModelParts, example: Example, row: number): Deliberation {
  const k = parts.active.length;
  const similarity = row >= 0 ? 1 : (parts.index.nearest(example.sparse, 1)[0]?.similarity ?? 0);
  const gate = percentile(parts.distances, 1 - similarity);
  const opinion = parts.ensemble.opinion(example, gate);
  const score = outlierScore(parts.distances, parts.entropies, 1 - similarity, opinion.entropy);
  return { opinion, probabilities: conclude(parts, opinion, score, row, k), gate, outlierScore: score, similarity };
}

/** Puts the classes back in the order of the training input; one that never had a vote has probability 0. */
export function verdictOf(parts: ModelParts, deliberation: Deliberation, row: number): Verdict {
  const probabilities = new Array<number>(parts.classes.length).fill(0);
  parts.active.forEach((c, i) => {
    probabilities[c] = deliberation.probabilities[i]!;
  });
  const top = argmax(deliberation.probabilities, 0, parts.active.length);
  return {
    choice: parts.active[top]!,
    probabilities,
    confidence: deliberation.probabilities[top]!,
    outlier: row < 0 && deliberation.outlierScore > parts.outlierThreshold,
    outlierScore: deliberation.outlierScore,
    similarity: deliberation.similarity,
    labelled: row >= 0,
  };
}

/** Calibrated probabilities from the learners' opinion and, for a labelled bucket, its votes. */
export function conclude(parts: ModelParts, opinion: Opinion, score: number, row: number, classes: number): Float64Array {
  const probabilities = opinion.pool.slice();
  const disagreement = disagreementOf(opinion.members, opinion.weights, opinion.pool, 0, classes);
  calibrate(parts.calibration, probabilities, 0, classes, score, disagreement);
  if (row >= 0) {
    const without = parts.opinions.subarray(row * classes, (row + 1) * classes);
    if (!Number.isNaN(without[0]!)) probabilities.set(without);
    shrink(parts.votes, row * classes, probabilities, 0, classes, parts.strength);
    calibrate(parts.labelledCalibration, probabilities, 0, classes, 0.5, 0);
  }
  return probabilities;
}
