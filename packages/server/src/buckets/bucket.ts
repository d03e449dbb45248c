import type { PointValues } from '@verdict/engine';

/** All events of a job with the same values of one version of its decision points. */
export interface Bucket {
  readonly id: number;
  readonly jobId: number;
  readonly pointsVersion: number;
  /** 32 hexadecimal digits: the hash of the values in canonical form. */
  readonly key: string;
  readonly values: PointValues;
  /** Current events in it. */
  readonly events: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Where a bucket (or event) stands between people and model. Derived, never stored. */
export type KnowledgeState = 'new' | 'pending' | 'in_knowledge_base' | 'retrain';

/**
 * The state from what people agree on now and what the active model was trained on; `undefined` = nothing.
 * A consensus that came, changed or went since the training asks for another one.
 */
export function knowledgeState(consensus: number | undefined, trainedOn: number | undefined): KnowledgeState {
  if (trainedOn !== undefined) return consensus === trainedOn ? 'in_knowledge_base' : 'retrain';
  return consensus === undefined ? 'new' : 'pending';
}
