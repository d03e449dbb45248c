import { exp, log, minimise, power } from '../math.ts';

/** Floor of a probability in a log-loss, so that one certain mistake does not decide everything. */
export const FLOOR = 1e-6;

/**
 * Weights of the linear pool Σ wₘ·pₘ that maximise the likelihood of the votes, for alerts near the labelled ones and for those far from
 * them: an alert with gate g takes (1 − g)·near + g·far. Expectation-maximisation (Dempster, Laird and Rubin 1977; with a known gate it is the mixture of
 * experts of Jordan and Jacobs 1994) on a concave function, so the start does not matter. A Dirichlet prior of `prior` pseudo-rows for each
 * member and side keeps all of them in play where rows are few.
 * @param members out-of-fold probabilities of each, row-major.
 * @param targets share of votes for each class, row-major.
 * @param gates of each row, 0 to 1.
 * @returns near weights, then far weights, each summing to 1; equal ones where there is no row.
 */
export function poolWeights(
  members: readonly Float64Array[],
  targets: Float64Array,
  importance: Float64Array,
  gates: Float64Array,
  classes: number,
  prior = 1,
): Float64Array {
  const count = members.length;
  let weights = new Float64Array(2 * count).fill(1 / count);
  const mixed = new Float64Array(count);
  for (let step = 0; step < 200; step++) {
    const next = new Float64Array(2 * count).fill(prior);
    for (let r = 0; r < importance.length; r++) {
      mixWeights(weights, gates[r]!, mixed);
      for (let c = 0; c < classes; c++) {
        const share = targets[r * classes + c]! * importance[r]!;
        if (share === 0) continue;
        let sum = FLOOR;
        for (let m = 0; m < count; m++) sum += mixed[m]! * members[m]![r * classes + c]!;
        for (let m = 0; m < count; m++) {
          const part = (share * members[m]![r * classes + c]!) / sum;
          next[m] = next[m]! + part * (1 - gates[r]!) * weights[m]!;
          next[count + m] = next[count + m]! + part * gates[r]! * weights[count + m]!;
        }
      }
    }
    let moved = 0;
    for (const side of [0, count]) {
      let sum = 0;
      for (let m = 0; m < count; m++) sum += next[side + m]!;
      for (let m = 0; m < count; m++) {
        next[side + m] = next[side + m]! / sum;
        moved += Math.abs(next[side + m]! - weights[side + m]!);
      }
    }
    weights = next;
    if (moved < 1e-6) break;
  }
  return weights;
}

/** The weights of one alert from near and far weights and its gate (0 to 1). */
export function mixWeights(weights: Float64Array, gate: number, out: Float64Array): void {
  for (let m = 0; m < out.length; m++) out[m] = (1 - gate) * weights[m]! + gate * weights[out.length + m]!;
}

/**
 * The temperature T that maximises the likelihood of the votes under p^(1/T) (Guo et al. 2017), held towards 1 by a
 * Gaussian prior of deviation ½ on log T.
 * @returns between 0.2 and 20; 1 where there is no row.
 */
export function fitTemperature(
  probabilities: Float64Array,
  targets: Float64Array,
  importance: Float64Array,
  classes: number,
): number {
  if (importance.length === 0) return 1;
  const logs = probabilities.map((p) => log(Math.max(p, FLOOR)));
  const loss = (logT: number) => {
    const inverse = exp(-logT);
    return temperedLoss(logs, targets, importance, classes, inverse) + 2 * logT * logT;
  };
  return exp(minimise(loss, -1.6, 3, 30));
}

/** Raises each probability to 1/T and makes them sum to 1 again, in place. */
export function temper(probabilities: Float64Array, offset: number, classes: number, temperature: number): void {
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const p = power(Math.max(probabilities[offset + c]!, FLOOR), 1 / temperature);
    probabilities[offset + c] = p;
    sum += p;
  }
  for (let c = 0; c < classes; c++) probabilities[offset + c] = probabilities[offset + c]! / sum;
}

/** Negative log-likelihood of the votes under exp(logs × inverse), normalised in each row. */
function temperedLoss(
  logs: Float64Array,
  targets: Float64Array,
  importance: Float64Array,
  classes: number,
  inverse: number,
): number {
  let loss = 0;
  for (let r = 0; r < importance.length; r++) {
    let sum = 0;
    let expected = 0;
    for (let c = 0; c < classes; c++) {
      const scaled = logs[r * classes + c]! * inverse;
      sum += exp(scaled);
      expected += targets[r * classes + c]! * scaled;
    }
    loss -= importance[r]! * (expected - log(sum));
  }
  return loss;
}
