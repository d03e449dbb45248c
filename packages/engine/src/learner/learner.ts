import type { ByteWriter } from '../bytes.ts';
import type { SparseRow } from '../features.ts';

/** One alert as the learners see it: its sparse vector, its measures (NaN where missing), and the bins of both that trees look at. */
export interface Example {
  readonly sparse: SparseRow;
  readonly dense: Float64Array;
  readonly bins: Uint8Array;
}

/** Labelled rows to fit a learner to. Row r has the features `start[r] … start[r + 1]`, in ascending order of block. */
export interface TrainingSet {
  readonly start: Int32Array;
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  /** Row-major, `denseWidth` numbers a row, NaN where missing. */
  readonly dense: Float64Array;
  readonly denseWidth: number;
  /** Share of the row's votes for each class, row-major; each row sums to 1. */
  readonly targets: Float64Array;
  /** How much each row counts; above 0, mean about 1. */
  readonly importance: Float64Array;
  readonly rows: number;
  readonly classes: number;
  /** Number of sparse features. */
  readonly features: number;
}

/** A fitted classifier. */
export interface Learner {
  readonly name: LearnerName;
  /** Writes one probability for each class to `out[offset …]`; they sum to 1. */
  predict(example: Example, out: Float64Array, offset: number): void;
  /** Writes what {@link predict} needs; it predicts the same after reading it back. */
  write(writer: ByteWriter): void;
}

/** The learners of the blend, by the name they carry in explanations. */
export type LearnerName = 'softmax' | 'naive-bayes' | 'boosted-trees' | 'random-trees';

/** Share of each class in the votes, each row counted by its importance, with one vote added in all. */
export function classPrior(set: TrainingSet): Float64Array {
  const prior = new Float64Array(set.classes).fill(1 / set.classes);
  let total = 1;
  for (let r = 0; r < set.rows; r++) {
    total += set.importance[r]!;
    for (let c = 0; c < set.classes; c++) {
      prior[c] = prior[c]! + set.importance[r]! * set.targets[r * set.classes + c]!;
    }
  }
  return prior.map((sum) => sum / total);
}
