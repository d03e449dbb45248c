/**
 * The plain data that goes in and out of the engine. Nothing here does I/O, reads a clock or draws a random number: the same
 * input gives the same output, byte for byte.
 */

/** One atom of an alert as the engine sees it. An integer that a double cannot hold is a string of its digits. */
export type Scalar = string | number | boolean;

/**
 * What a decision point holds in one event: `null` when the path is missing (or null, or an empty array), a scalar, or a *set* of
 * scalars (arrays lose order and repeats; they are sorted in canonical order).
 */
export type PointValue = null | Scalar | readonly Scalar[];

/** The values of a job's decision points in one event, in the order of the points. */
export type PointValues = readonly PointValue[];

/** What kind of thing a decision point holds; found from the data, or set by a person. */
export type PointType = 'category' | 'text' | 'number' | 'boolean' | 'ip' | 'time' | 'set';

/** One labelled bucket (or event, in an event-centric job) to learn from. */
export interface TrainingRow {
  /** Unique key (the bucket's canonical key); rows are sorted by it, so the order they come in does not matter. */
  readonly key: string;
  readonly values: PointValues;
  /** How many voters chose each class, aligned with `TrainingInput.classes`; at least one is above 0. Finite and not negative. */
  readonly votes: readonly number[];
  /** Rows of one group (an incident, a company) never stand on both sides of a fold or a hold-out. */
  readonly group?: string;
  /** Microseconds since 1970 of the newest vote; used for time-ordered evaluation. */
  readonly time?: number;
}

export interface TrainingInput {
  /** The decision points as dotted paths, aligned with the values. */
  readonly points: readonly string[];
  /** Types that a person has set; a missing entry means "find it from the data". */
  readonly pointTypes?: Readonly<Record<string, PointType>>;
  /** Class ids that may be chosen (`class_0` …), in class-id order. */
  readonly classes: readonly string[];
  readonly rows: readonly TrainingRow[];
  /** Unsigned 32-bit. */
  readonly seed: number;
  /** Share of ordinary events that may be flagged as outliers, 0 to 1; 0.02 by default. */
  readonly outlierRate?: number;
}

/** Called between steps of a training with the share done (0 to 1). Throwing from it cancels the training. */
export type Progress = (share: number, step: string) => void;

/** What the engine says of one vector of decision-point values. */
export interface Verdict {
  /** Index into the model's classes. */
  readonly choice: number;
  /** One probability for each class, summing to 1. */
  readonly probabilities: readonly number[];
  /** Calibrated probability that the choice is right, 0 to 1. */
  readonly confidence: number;
  readonly outlier: boolean;
  /** 0 (ordinary) to 1 (unlike anything trained on). */
  readonly outlierScore: number;
  /** Closeness of the nearest labelled bucket, 0 to 1; never a confidence. */
  readonly similarity: number;
  /** Whether the bucket itself carried votes when the model was trained. */
  readonly labelled: boolean;
}

/** One decision point's part in a verdict; `weight` in log-odds of the chosen class, above 0 = towards it. */
export interface Reason {
  readonly point: string;
  readonly value: PointValue;
  readonly weight: number;
}

/** A labelled bucket near the one being explained. */
export interface Neighbour {
  readonly key: string;
  readonly similarity: number;
  readonly votes: readonly number[];
  readonly agree: readonly string[];
  readonly differ: readonly { readonly point: string; readonly here: PointValue; readonly there: PointValue }[];
}

export interface Explanation {
  readonly verdict: Verdict;
  readonly towards: readonly Reason[];
  readonly against: readonly Reason[];
  readonly neighbours: readonly Neighbour[];
  /** Each learner's own probabilities. */
  readonly learners: readonly { readonly name: string; readonly probabilities: readonly number[]; readonly weight: number }[];
}

/** Figures kept with a model. All on rows it was not fitted to (out of fold or held out). */
export interface ModelMetrics {
  readonly rows: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly logLoss: number;
  readonly brier: number;
  /** Expected calibration error, 15 equal-width bins on the top probability. */
  readonly ece: number;
  /** Rows are the people's consensus, columns the model's choice, both in class order. */
  readonly confusion: readonly (readonly number[])[];
  /** Longest most-confident-first prefix with at least 95 % right, as a share. */
  readonly shareAt95: number;
  readonly reliability: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
}
