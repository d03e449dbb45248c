import { type Calibration, fitCalibration, UNCALIBRATED } from './calibration.ts';
import { exp, log, minimise } from './math.ts';

/**
 * How strongly a bucket's own votes are drawn towards the model: p = (votes + s·q) / (n + s), with q what the model says without the bucket.
 * This fits s, the votes that the model's opinion is worth, by leaving one vote out (Stone 1974) in each bucket that has several, held
 * towards 0.5 by a log-normal prior: where no bucket has several votes, or they always agree, a single vote decides its bucket.
 * @param votes of each row, row-major.
 * @param model probabilities q of each row, row-major.
 * @returns between 0.02 and 400.
 */
export function fitShrinkage(votes: Float64Array, model: Float64Array, classes: number): number {
  const several: number[] = [];
  for (let row = 0; row * classes < votes.length; row++) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += votes[row * classes + c]!;
    if (total >= 2) several.push(row);
  }
  const loss = (logS: number) => {
    const strength = exp(logS);
    let sum = (logS - PRIOR) * (logS - PRIOR);
    for (const row of several) {
      let total = 0;
      for (let c = 0; c < classes; c++) total += votes[row * classes + c]!;
      for (let c = 0; c < classes; c++) {
        const count = votes[row * classes + c]!;
        if (count <= 0) continue;
        const p = (Math.max(0, count - 1) + strength * model[row * classes + c]!) / (total - 1 + strength);
        sum -= count * log(Math.max(p, 1e-6));
      }
    }
    return sum;
  };
  return exp(minimise(loss, -4, 6, 40));
}

const PRIOR = -Math.LN2;

/** Writes (votes + s·q) / (n + s) over q, in place. */
export function shrink(
  votes: ArrayLike<number>,
  votesOffset: number,
  model: Float64Array,
  offset: number,
  classes: number,
  strength: number,
): void {
  let total = 0;
  for (let c = 0; c < classes; c++) total += votes[votesOffset + c]!;
  for (let c = 0; c < classes; c++) {
    model[offset + c] = (votes[votesOffset + c]! + strength * model[offset + c]!) / (total + strength);
  }
}

/** Temperature of the labelled kind, from buckets with several votes: each vote predicted from the others. */
export function fitLabelledCalibration(votes: Float64Array, model: Float64Array, strength: number, classes: number): Calibration {
  const probabilities: number[] = [];
  const targets: number[] = [];
  const importance: number[] = [];
  for (let r = 0; r * classes < votes.length; r++) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += votes[r * classes + c]!;
    if (total < 2) continue;
    for (let c = 0; c < classes; c++) {
      const count = votes[r * classes + c]!;
      if (count <= 0) continue;
      for (let d = 0; d < classes; d++) {
        const others = Math.max(0, votes[r * classes + d]! - (d === c ? 1 : 0));
        probabilities.push((others + strength * model[r * classes + d]!) / (total - 1 + strength));
        targets.push(d === c ? 1 : 0);
      }
      importance.push(count);
    }
  }
  const rows = importance.length;
  if (rows === 0) return UNCALIBRATED;
  return fitCalibration(
    {
      probabilities: Float64Array.from(probabilities),
      targets: Float64Array.from(targets),
      importance: Float64Array.from(importance),
      outlier: new Float64Array(rows).fill(0.5),
      disagreement: new Float64Array(rows),
    },
    classes,
  );
}
