import type { ByteReader, ByteWriter, Steps } from './bytes.ts';
import { type DenseLayout, denseLayout, measure } from './dense.ts';
import { type FeatureSpace, sparseRow } from './features.ts';
import { mixWeights, temper } from './learner/blend.ts';
import { BoostedTrees } from './learner/boosted-trees.ts';
import type { Example, Learner } from './learner/learner.ts';
import { NaiveBayes } from './learner/naive-bayes.ts';
import { RandomTrees } from './learner/random-trees.ts';
import { SoftmaxLearner } from './learner/softmax.ts';
import { TreeView } from './learner/tree-view.ts';
import { normalisedEntropy } from './math.ts';
import type { PointValues } from './types.ts';

/** What the learners say of one alert. */
export interface Opinion {
  /** Probabilities of each learner. */
  readonly members: readonly Float64Array[];
  /** Their weights for this alert. */
  readonly weights: Float64Array;
  /** Their linear pool. */
  readonly pool: Float64Array;
  /** Entropy of the learner made for it (randomised trees), or of the pool: 0 (sure) to 1. */
  readonly entropy: number;
}

/** Learners fitted to the same rows, the temperature of each, and the weights of their pool. */
export class Ensemble {
  readonly learners: readonly Learner[];
  readonly temperatures: Float64Array;
  /** For alerts near the labelled ones, then for those far from them. */
  readonly weights: Float64Array;
  readonly classes: number;
  readonly layout: DenseLayout;
  readonly view: TreeView;
  readonly #example: Example;

  constructor(
    space: FeatureSpace,
    view: TreeView,
    learners: readonly Learner[],
    temperatures: Float64Array,
    weights: Float64Array,
    classes: number,
  ) {
    this.learners = learners;
    this.temperatures = temperatures;
    this.weights = weights;
    this.classes = classes;
    this.view = view;
    this.layout = denseLayout(space.plans);
    this.#example = { sparse: sparseRow(), dense: new Float64Array(this.layout.width), bins: new Uint8Array(view.columns) };
  }

  /** The vector, measures and bins of values; the buffers are used again by the next call. */
  example(space: FeatureSpace, values: PointValues): Example {
    const { sparse, dense, bins } = this.#example;
    space.vector(values, sparse);
    measure(this.layout, values, dense, 0);
    this.view.bin(sparse, dense, bins);
    return this.#example;
  }

  /**
   * Asks every learner.
   * @param gate how far the alert is from the labelled ones, 0 to 1.
   */
  opinion(example: Example, gate: number): Opinion {
    const members = this.learners.map((learner, m) => {
      const out = new Float64Array(this.classes);
      learner.predict(example, out, 0);
      temper(out, 0, this.classes, this.temperatures[m]!);
      return out;
    });
    const weights = new Float64Array(members.length);
    mixWeights(this.weights, gate, weights);
    const pool = new Float64Array(this.classes);
    for (let m = 0; m < members.length; m++)
      for (let c = 0; c < this.classes; c++) pool[c] = pool[c]! + weights[m]! * members[m]![c]!;
    const own = this.learners.findIndex((learner) => learner.name === 'random-trees');
    return { members, weights, pool, entropy: normalisedEntropy(members[own] ?? pool, 0, this.classes) };
  }

  write(writer: ByteWriter): void {
    this.view.write(writer);
    writer.f64s(this.temperatures);
    writer.f64s(this.weights);
    writer.strings(this.learners.map((learner) => learner.name));
    for (const learner of this.learners) learner.write(writer);
  }

  /** A step for each learner. */
  static *readInSteps(reader: ByteReader, space: FeatureSpace, classes: number): Steps<Ensemble> {
    const view = TreeView.read(reader, space, classes);
    const temperatures = reader.f64s();
    const weights = reader.f64s();
    const learners: Learner[] = [];
    for (const name of reader.strings()) {
      yield;
      learners.push(readLearner(name, reader, view, space, classes));
    }
    if (2 * learners.length !== weights.length || learners.length !== temperatures.length)
      throw new RangeError('the learners do not fit their weights');
    return new Ensemble(space, view, learners, temperatures, weights, classes);
  }
}

function readLearner(name: string, reader: ByteReader, view: TreeView, space: FeatureSpace, classes: number): Learner {
  const numbers = (space.size + 1) * classes;
  if (name === 'softmax') return SoftmaxLearner.read(reader, numbers, classes);
  if (name === 'naive-bayes') return NaiveBayes.read(reader, numbers, classes);
  if (name === 'boosted-trees') return BoostedTrees.read(reader, view.columns, classes);
  if (name === 'random-trees') return RandomTrees.read(reader, view.columns, classes);
  throw new RangeError(`the model has a learner called "${name}", which this version does not know`);
}
