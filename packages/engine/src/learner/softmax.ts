import type { ByteReader, ByteWriter } from '../bytes.ts';
import type { SparseRow } from '../features.ts';
import { log, random, shuffle, softmaxInPlace } from '../math.ts';
import { classPrior, type Example, type Learner, type TrainingSet } from './learner.ts';

/** Strengths of the pull towards 0 that are tried; the one with the lowest out-of-fold log-loss is kept. */
export const PENALTIES = [0.0003, 0.003, 0.03] as const;

const RATE = 0.25;
const START = 0.01;

/**
 * Multinomial logistic regression on the sparse features, fitted by stochastic gradient steps whose size adapts to each coordinate
 * (AdaGrad: Duchi, Hazan and Singer 2011): features seldom seen take large steps, common ones small ones, which suits ids. A pull
 * towards 0 (L2) acts on the coordinates that a row touches. Class shares start the biases.
 * @param penalty strength of the pull, per row.
 * @param seed decides the order of the rows in each pass.
 */
export function fitSoftmax(set: TrainingSet, penalty: number, seed: number): SoftmaxLearner {
  const k = set.classes;
  const { start, ids, weights: values, targets, importance } = set;
  const size = (set.features + 1) * k;
  // Each weight beside the sum of its squared gradients, because both are needed at once.
  const state = new Float64Array(2 * size);
  for (let at = 0; at < size; at++) state[2 * at + 1] = START;
  const bias = 2 * set.features * k;
  classPrior(set).forEach((share, c) => {
    state[bias + 2 * c] = log(share);
  });
  const order = Int32Array.from({ length: set.rows }, (_, r) => r);
  const source = random(seed);
  const passes = passesOver(set);
  const scores = new Float64Array(k);
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, source);
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!;
      const from = start[row]!;
      const to = start[row + 1]!;
      for (let c = 0; c < k; c++) scores[c] = state[bias + 2 * c]!;
      for (let at = from; at < to; at++) {
        const offset = 2 * k * ids[at]!;
        const x = values[at]!;
        for (let c = 0; c < k; c++) scores[c] = scores[c]! + x * state[offset + 2 * c]!;
      }
      softmaxInPlace(scores, 0, k);
      for (let c = 0; c < k; c++) scores[c] = (scores[c]! - targets[row * k + c]!) * importance[row]!;
      for (let at = from; at < to; at++) {
        const offset = 2 * k * ids[at]!;
        const x = values[at]!;
        for (let c = 0; c < k; c++) {
          const here = offset + 2 * c;
          const weight = state[here]!;
          const gradient = scores[c]! * x + penalty * weight;
          const squares = state[here + 1]! + gradient * gradient;
          state[here + 1] = squares;
          state[here] = weight - (RATE * gradient) / Math.sqrt(squares);
        }
      }
      for (let c = 0; c < k; c++) {
        const gradient = scores[c]!;
        const here = bias + 2 * c;
        const squares = state[here + 1]! + gradient * gradient;
        state[here + 1] = squares;
        state[here] = state[here]! - (RATE * gradient) / Math.sqrt(squares);
      }
    }
  }
  return new SoftmaxLearner(
    Float32Array.from({ length: size }, (_, at) => state[2 * at]!),
    k,
  );
}

/** Between 8 and 30 passes over the rows: fewer where there are many rows, or many features in them. */
function passesOver(set: TrainingSet): number {
  const updates = set.ids.length * set.classes;
  return Math.max(8, Math.min(30, Math.ceil(40_000 / Math.max(1, set.rows)), Math.ceil(16_000_000 / Math.max(1, updates))));
}

/** The fitted regression. */
export class SoftmaxLearner implements Learner {
  readonly name = 'softmax';
  readonly #weights: Float32Array;
  readonly #classes: number;

  constructor(weights: Float32Array, classes: number) {
    this.#weights = weights;
    this.#classes = classes;
  }

  predict(example: Example, out: Float64Array, offset: number): void {
    const k = this.#classes;
    const bias = this.#weights.length - k;
    for (let c = 0; c < k; c++) out[offset + c] = this.#weights[bias + c]!;
    const row: SparseRow = example.sparse;
    for (let i = 0; i < row.length; i++) {
      const from = row.ids[i]! * k;
      const x = row.weights[i]!;
      for (let c = 0; c < k; c++) out[offset + c] = out[offset + c]! + x * this.#weights[from + c]!;
    }
    softmaxInPlace(out, offset, k);
  }

  write(writer: ByteWriter): void {
    writer.f32s(this.#weights);
  }

  static read(reader: ByteReader, numbers: number, classes: number): SoftmaxLearner {
    const weights = reader.f32s();
    if (weights.length !== numbers) throw new RangeError('a learner of the model does not fit its features');
    return new SoftmaxLearner(weights, classes);
  }
}
