import type { Calibration } from './calibration.ts';
import type { Ensemble } from './ensemble.ts';
import type { FeatureSpace } from './features.ts';
import type { NearestIndex } from './novelty.ts';
import type { PointValue } from './types.ts';

/** What a trained model consists of. Classes here are the active ones, in canonical order. */
export interface ModelParts {
  /** All classes of the training input, in its order. */
  readonly classes: readonly string[];
  /** Position in `classes` of each active class. */
  readonly active: readonly number[];
  readonly space: FeatureSpace;
  readonly ensemble: Ensemble;
  readonly calibration: Calibration;
  /** For buckets with votes. */
  readonly labelledCalibration: Calibration;
  /** How many votes the model's opinion of a labelled bucket is worth. */
  readonly strength: number;
  readonly index: NearestIndex;
  /** Out-of-fold distances to the nearest row and entropies, upwards, to find percentiles in. */
  readonly distances: Float64Array;
  readonly entropies: Float64Array;
  /** An outlier score above this is an outlier. */
  readonly outlierThreshold: number;
  readonly keys: readonly string[];
  /** Votes of each bucket, row-major over the active classes. */
  readonly votes: Float64Array;
  /**
   * What a model without the bucket says of it, calibrated, row-major over the active classes; NaN for a bucket that was in no fold. The
   * model itself has learned from the bucket's votes, so that drawing them towards its opinion would count them twice.
   */
  readonly opinions: Float32Array;
  /** Values of each bucket, shortened. */
  readonly values: readonly (readonly PointValue[])[];
}
