import type { ByteReader, ByteWriter } from '../bytes.ts';
import { log, softmaxInPlace } from '../math.ts';
import { classPrior, type Example, type Learner, type TrainingSet } from './learner.ts';

/** Votes of the class shares that each feature's own votes are mixed with. */
const SMOOTHING = 1;

/**
 * Naive Bayes in the form of evidence: each feature of the row adds log(P(class | feature) / P(class)), shrunk towards 0 by one vote of the prior,
 * as if features were independent (Maron 1961). Too sure of itself as such, which the learner's temperature mends; it
 * needs few labels and carries over to other networks best.
 */
export function fitNaiveBayes(set: TrainingSet): NaiveBayes {
  const k = set.classes;
  const prior = classPrior(set);
  const votes = new Float64Array(set.features * k);
  for (let r = 0; r < set.rows; r++) {
    for (let at = set.start[r]!; at < set.start[r + 1]!; at++) {
      const x = Math.min(1, set.weights[at]!) * set.importance[r]!;
      for (let c = 0; c < k; c++) votes[set.ids[at]! * k + c] = votes[set.ids[at]! * k + c]! + x * set.targets[r * k + c]!;
    }
  }
  const evidence = new Float32Array((set.features + 1) * k);
  for (let id = 0; id < set.features; id++) {
    let sum = SMOOTHING;
    for (let c = 0; c < k; c++) sum += votes[id * k + c]!;
    if (sum === SMOOTHING) continue;
    for (let c = 0; c < k; c++) evidence[id * k + c] = log((votes[id * k + c]! + SMOOTHING * prior[c]!) / (sum * prior[c]!));
  }
  for (let c = 0; c < k; c++) evidence[set.features * k + c] = log(prior[c]!);
  return new NaiveBayes(evidence, k);
}

/** The fitted evidence. */
export class NaiveBayes implements Learner {
  readonly name = 'naive-bayes';
  readonly #evidence: Float32Array;
  readonly #classes: number;

  constructor(evidence: Float32Array, classes: number) {
    this.#evidence = evidence;
    this.#classes = classes;
  }

  predict(example: Example, out: Float64Array, offset: number): void {
    const k = this.#classes;
    const prior = this.#evidence.length - k;
    for (let c = 0; c < k; c++) out[offset + c] = this.#evidence[prior + c]!;
    const { ids, weights, length } = example.sparse;
    for (let i = 0; i < length; i++) {
      const from = ids[i]! * k;
      for (let c = 0; c < k; c++) out[offset + c] = out[offset + c]! + weights[i]! * this.#evidence[from + c]!;
    }
    softmaxInPlace(out, offset, k);
  }

  write(writer: ByteWriter): void {
    writer.f32s(this.#evidence);
  }

  static read(reader: ByteReader, numbers: number, classes: number): NaiveBayes {
    const evidence = reader.f32s();
    if (evidence.length !== numbers) throw new RangeError('a learner of the model does not fit its features');
    return new NaiveBayes(evidence, classes);
  }
}
