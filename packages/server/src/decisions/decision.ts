/** What the machine said of one vector of decision-point values, by one model. */
export interface Decision {
  readonly id: number;
  readonly jobId: number;
  readonly modelId: number;
  /** Canonical text of the values under the model's own decision points. */
  readonly values: string;
  /** null = `no_decision`: none of the model's decision points was there. */
  readonly classNo: number | null;
  /** Probability of each class number. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Calibrated probability that the choice is right, 0 to 1; null without a choice. */
  readonly confidence: number | null;
  readonly outlier: boolean;
  readonly outlierScore: number | null;
  /** Closeness of the nearest labelled bucket, 0 to 1. */
  readonly similarity: number | null;
  /** The bucket had votes when the model was trained. */
  readonly labelled: boolean;
  readonly madeAt: number;
}

/** Below this confidence a decision asks for attention. */
export const LOW_CONFIDENCE = 0.6;

/** Whether a decision may be acted on without a person, and why. */
export interface Automation {
  readonly verdict: 'allowed' | 'ask';
  readonly reason: string;
}

/** The class number behind `class_3`; class ids travel through the engine as text. */
export function classNumber(classId: string): number {
  return Number(classId.slice('class_'.length));
}
