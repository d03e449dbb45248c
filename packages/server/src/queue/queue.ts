import type { QueueReason } from '@verdict/engine';
import type { Asked } from '../feedback/feedback.ts';

/** A bucket that the queue asks about, by its newest event. */
export interface Suggested {
  readonly bucketId: number;
  readonly eventSeq: number;
  readonly eventId: string;
  /** Events in the bucket. */
  readonly events: number;
  readonly reason: QueueReason;
  /** For `audit` and `random`: the chance with which it was drawn. */
  readonly chance: number | null;
}

/** A question that was put to somebody. */
export interface Ask extends Suggested {
  /** Names the question when it is answered. */
  readonly token: string;
}

/** How a vote that answers a question is recorded: draws keep their name, because only they are a fair sample. */
export function askedFor(reason: QueueReason): Asked {
  return reason === 'random' || reason === 'audit' ? reason : 'queue';
}

/** Whether the suggestion is hidden from who is asked, so that the answer is their own. */
export function isBlind(reason: QueueReason): boolean {
  return reason === 'random' || reason === 'audit';
}
