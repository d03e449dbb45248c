import type { Consensus } from '../feedback/feedback.ts';

/** What a bucket is looked at for, in the lists that people label from. */
export const BUCKET_QUEUES = ['all', 'disagreements', 'low', 'outliers', 'undecided'] as const;
export type BucketQueue = (typeof BUCKET_QUEUES)[number];

/** Below this confidence the machine asks for attention. */
const LOW = 0.6;

/** What tells in which lists a bucket stands. */
export interface BucketFacts {
  readonly id: number;
  readonly events: number;
  readonly consensus: Consensus | undefined;
  /** What the machine says of its newest event. */
  readonly decision:
    | { readonly classNo: number | null; readonly confidence: number | null; readonly outlier: boolean }
    | undefined;
}

/** Whether a bucket belongs in a list. A lead's word settles what people disagreed on, also with the machine. */
export function belongsIn(queue: BucketQueue, { consensus, decision }: BucketFacts): boolean {
  switch (queue) {
    case 'all':
      return true;
    case 'undecided':
      return consensus === undefined || consensus.classNo === null;
    case 'low':
      return decision !== undefined && decision.confidence !== null && decision.confidence < LOW;
    case 'outliers':
      return decision?.outlier === true;
    case 'disagreements': {
      if (consensus === undefined || consensus.overruled) return false;
      if (Object.keys(consensus.tally).length > 1) return true;
      const decided = decision?.classNo ?? null;
      return consensus.classNo !== null && decided !== null && decided !== consensus.classNo;
    }
  }
}

/** The numbers of the buckets of each list: biggest first, in `undecided` those with votes that are even before those without any. */
export function sortIntoQueues(buckets: readonly BucketFacts[]): Record<BucketQueue, number[]> {
  const biggest = buckets.toSorted((a, b) => b.events - a.events || a.id - b.id);
  const list = (queue: BucketQueue): number[] => {
    const found = biggest.filter((bucket) => belongsIn(queue, bucket));
    const ordered =
      queue === 'undecided'
        ? [
            ...found.filter(({ consensus }) => consensus !== undefined),
            ...found.filter(({ consensus }) => consensus === undefined),
          ]
        : found;
    return ordered.map(({ id }) => id);
  };
  return {
    all: list('all'),
    disagreements: list('disagreements'),
    low: list('low'),
    outliers: list('outliers'),
    undecided: list('undecided'),
  };
}
