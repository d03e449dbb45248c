import type { ByteReader, ByteWriter } from './bytes.ts';
import { type DenseLayout, denseLayout, measure } from './dense.ts';
import { type FeatureSpace, sparseRow } from './features.ts';
import type { Example, Learner } from './learner/learner.ts';
import { SoftmaxLearner } from './learner/softmax.ts';
import { normalisedEntropy } from './math.ts';
import type { PointValues } from './types.ts';

/** What the learners say of one alert. */
export interface Opinion {
  /** Probabilities of each learner. */
  readonly members: readonly Float64Array[];
  /** Their linear pool. */
  readonly pool: Float64Array;
  /** Entropy of the learner made for it (randomised trees), or of the pool: 0 (sure) to 1. */
  readonly entropy: number;
}

/** Learners fitted to the same rows, and the weights of their pool. */
export class Ensemble {
  readonly learners: readonly Learner[];
  readonly weights: Float64Array;
  readonly classes: number;
  readonly layout: DenseLayout;
  readonly #example: Example;

  constructor(space: FeatureSpace, learners: readonly Learner[], weights: Float64Array, classes: number) {
    this.learners = learners;
    this.weights = weights;
    this.classes = classes;
    this.layout = denseLayout(space.plans);
    this.#example = { sparse: sparseRow(), dense: new Float64Array(this.layout.width) };
  }

  /** The vector and measures of values; the buffer is used again by the next call. */
  example(space: FeatureSpace, values: PointValues): Example {
    space.vector(values, this.#example.sparse);
    measure(this.layout, values, this.#example.dense, 0);
    return this.#example;
  }

  /** Asks every learner. */
  opinion(example: Example): Opinion {
    const members = this.learners.map((learner) => {
      const out = new Float64Array(this.classes);
      learner.predict(example, out, 0);
      return out;
    });
    const pool = poolOf(members, this.weights, 1, this.classes);
    const own = this.learners.findIndex((learner) => learner.name === 'random-trees');
    return { members, pool, entropy: normalisedEntropy(own < 0 ? pool : members[own]!, 0, this.classes) };
  }

  write(writer: ByteWriter): void {
    writer.f64s(this.weights);
    writer.strings(this.learners.map((learner) => learner.name));
    for (const learner of this.learners) learner.write(writer);
  }

  static read(reader: ByteReader, space: FeatureSpace, classes: number): Ensemble {
    const weights = reader.f64s();
    const learners = reader.strings().map((name) => readLearner(name, reader, space, classes));
    if (learners.length !== weights.length) throw new RangeError('the learners do not fit their weights');
    return new Ensemble(space, learners, weights, classes);
  }
}

/** Σ weight·probability over the members, row-major. */
export function poolOf(
  members: readonly Float64Array[],
  weights: ArrayLike<number>,
  rows: number,
  classes: number,
): Float64Array {
  const pool = new Float64Array(rows * classes);
  members.forEach((member, m) => {
    for (let i = 0; i < pool.length; i++) pool[i] = pool[i]! + weights[m]! * member[i]!;
  });
  return pool;
}

function readLearner(name: string, reader: ByteReader, _space: FeatureSpace, classes: number): Learner {
  if (name === 'softmax') return SoftmaxLearner.read(reader, classes);
  throw new RangeError(`the model has a learner called "${name}", which this version does not know`);
}
