import type { ModelMetrics } from '@verdict/engine';
import type { Comparison } from './comparison.ts';

/** A trained model of a job, without its bytes. Times are microseconds. */
export interface TrainedModel {
  readonly id: number;
  readonly jobId: number;
  readonly pointsVersion: number;
  /** The decision points it was trained on, in the order of its job's then. */
  readonly points: readonly string[];
  /** Class ids it may choose. */
  readonly classes: readonly string[];
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly metrics: ModelMetrics;
  /** How it did beside the model that was active when it was trained; null for a first model. */
  readonly comparison: Comparison | null;
  /** Voters and keys whose votes it did not learn from, because they contradict what others say of like alerts. */
  readonly setAside: readonly SetAside[];
  /** Buckets (or events) with a consensus that it was trained on. */
  readonly units: number;
  readonly seed: number;
  readonly createdAt: number;
  /** Who asked for it, for people. */
  readonly createdBy: string;
  /** When it became the active one last; null if never. */
  readonly activatedAt: number | null;
  readonly message: string;
}

/** A voter or a key whose votes a training did not learn from. */
export interface SetAside {
  /** A person's name, or `key 7`. */
  readonly name: string;
  /** Votes of theirs on alerts like which others labelled some; how many of those agree, and how many would be expected to. */
  readonly votes: number;
  readonly agreed: number;
  readonly expected: number;
}

/** What a label has to learn from. */
export interface LabelledUnits {
  readonly classNo: number;
  readonly name: string;
  /** Buckets (or events) whose consensus it is. */
  readonly units: number;
}

/** Labels that must have enough to learn from. */
export const LABELS_NEEDED = 2;
/** Units that each of them needs: with one, there is nothing to check the model against. */
export const UNITS_NEEDED = 2;

/**
 * What is missing before a training can begin, as a sentence; null when nothing is.
 * @param labels the job's open labels with what they have.
 * @param unit what votes are counted over, in singular.
 */
export function whatIsMissing(labels: readonly LabelledUnits[], unit: 'bucket' | 'event'): string | null {
  if (labels.length < LABELS_NEEDED) return 'Training needs at least two labels; add another one to the AI use case first.';
  const short = labels.filter((label) => label.units < UNITS_NEEDED).sort((a, b) => b.units - a.units || a.classNo - b.classNo);
  const still = LABELS_NEEDED - (labels.length - short.length);
  if (still <= 0) return null;
  const more = short.map(({ name, units }, index) => {
    const count = UNITS_NEEDED - units;
    return index === 0 ? `${count} more ${count === 1 ? unit : `${unit}s`} labelled ${name}` : `${count} more labelled ${name}`;
  });
  const rule = `Training needs at least ${LABELS_NEEDED} labels with ${UNITS_NEEDED} ${unit}s each.`;
  if (still === 1 || more.length === 1) return `${rule} Missing: ${more.join(', or ')}.`;
  if (more.length === still) return `${rule} Missing: ${more.join(' and ')}.`;
  return `${rule} Missing: ${still} of these: ${more.join('; ')}.`;
}
