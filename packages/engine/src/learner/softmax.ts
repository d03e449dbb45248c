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
  const weights = new Float64Array((set.features + 1) * k);
  const squares = new Float64Array((set.features + 1) * k).fill(START);
  const bias = set.features * k;
  classPrior(set).forEach((share, c) => {
    weights[bias + c] = log(share);
  });
  const order = Int32Array.from({ length: set.rows }, (_, r) => r);
  const source = random(seed);
  const passes = passesOver(set);
  const scores = new Float64Array(k);
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, source);
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!;
      const from = set.start[row]!;
      const to = set.start[row + 1]!;
      for (let c = 0; c < k; c++) scores[c] = weights[bias + c]!;
      for (let at = from; at < to; at++) {
        const offset = set.ids[at]! * k;
        const x = set.weights[at]!;
        for (let c = 0; c < k; c++) scores[c] = scores[c]! + x * weights[offset + c]!;
      }
      softmaxInPlace(scores, 0, k);
      for (let c = 0; c < k; c++) scores[c] = (scores[c]! - set.targets[row * k + c]!) * set.importance[row]!;
      for (let at = from; at < to; at++) {
        const offset = set.ids[at]! * k;
        const x = set.weights[at]!;
        for (let c = 0; c < k; c++) {
          const gradient = scores[c]! * x + penalty * weights[offset + c]!;
          squares[offset + c] = squares[offset + c]! + gradient * gradient;
          weights[offset + c] = weights[offset + c]! - (RATE * gradient) / Math.sqrt(squares[offset + c]!);
        }
      }
      for (let c = 0; c < k; c++) {
        const gradient = scores[c]!;
        squares[bias + c] = squares[bias + c]! + gradient * gradient;
        weights[bias + c] = weights[bias + c]! - (RATE * gradient) / Math.sqrt(squares[bias + c]!);
      }
    }
  }
  return new SoftmaxLearner(Float32Array.from(weights), k);
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
