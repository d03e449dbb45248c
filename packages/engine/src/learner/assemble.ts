import { type DocumentFrequency, type FeatureSpace, type RawRows, type SparseRow, sparseRow } from '../features.ts';
import type { Example, TrainingSet } from './learner.ts';
import type { TreeView } from './tree-view.ts';

/** All rows of a training, before they are split into folds. */
export interface AllRows {
  readonly space: FeatureSpace;
  readonly raw: RawRows;
  /** Row-major. */
  readonly dense: Float64Array;
  readonly denseWidth: number;
  readonly targets: Float64Array;
  readonly importance: Float64Array;
  readonly classes: number;
}

/** The vectors of chosen rows as they look where only the rows counted in `frequency` were seen, with their targets. */
export function trainingSet(all: AllRows, rows: ArrayLike<number>, frequency: DocumentFrequency): TrainingSet {
  const count = rows.length;
  const { classes, denseWidth } = all;
  const start = new Int32Array(count + 1);
  const row = sparseRow();
  let capacity = 0;
  for (let i = 0; i < count; i++) capacity += all.raw.start[rows[i]! + 1]! - all.raw.start[rows[i]!]! + all.space.plans.length;
  const ids = new Int32Array(capacity);
  const weights = new Float32Array(capacity);
  const dense = new Float64Array(count * denseWidth);
  const targets = new Float64Array(count * classes);
  const importance = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const r = rows[i]!;
    all.space.rowVector(all.raw, r, frequency, row);
    for (let j = 0; j < row.length; j++) {
      ids[at] = row.ids[j]!;
      weights[at++] = row.weights[j]!;
    }
    start[i + 1] = at;
    dense.set(all.dense.subarray(r * denseWidth, (r + 1) * denseWidth), i * denseWidth);
    targets.set(all.targets.subarray(r * classes, (r + 1) * classes), i * classes);
    importance[i] = all.importance[r]!;
  }
  return {
    start,
    ids: ids.slice(0, at),
    weights: weights.slice(0, at),
    dense,
    denseWidth,
    targets,
    importance,
    rows: count,
    classes,
    features: all.space.size,
  };
}

/** One row as an example for prediction, its bins by `view`; the buffers are filled and returned. */
export function exampleOf(
  all: AllRows,
  row: number,
  frequency: DocumentFrequency,
  view: TreeView,
  buffer: SparseRow,
  bins: Uint8Array,
): Example {
  all.space.rowVector(all.raw, row, frequency, buffer);
  const dense = all.dense.subarray(row * all.denseWidth, (row + 1) * all.denseWidth);
  view.bin(buffer, dense, bins);
  return { sparse: buffer, dense, bins };
}
