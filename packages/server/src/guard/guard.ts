import type { GuardState } from '@verdict/engine';

/** A lead's wish for one label under one model, with the evidence so far. A model that takes over starts a new one. */
export interface Guard {
  readonly id: number;
  readonly jobId: number;
  readonly modelId: number;
  /** The label that may be acted on. */
  readonly classNo: number;
  readonly maxErrorRate: number;
  /** Labels of the analysts that make such a decision wrong. */
  readonly wrong: readonly number[];
  readonly state: GuardState;
  /** Number of the last audit that the evidence holds. */
  readonly taken: number;
  readonly openedBy: string;
  readonly openedAt: number;
}

/** An event drawn at random as it came in, to be labelled blind. The number grows in the order of drawing. */
export interface DrawnAudit {
  readonly id: number;
  readonly jobId: number;
  readonly eventSeq: number;
  readonly modelId: number;
  /** What the model under test decided. */
  readonly classNo: number;
  readonly confidence: number;
  /** The guard would have left it to people whatever its confidence. */
  readonly excluded: boolean;
  readonly chance: number;
  readonly drawnAt: number;
  /** An answer after this time is a vote, but no evidence any more. */
  readonly dueAt: number;
  readonly answer: number | null;
}

/** How long an audit waits for its label: two weeks, in microseconds. Longer, and one forgotten alert holds up all that came after it. */
export const AUDIT_PATIENCE = 14 * 86_400_000_000;

/**
 * What an audit came to: `waiting` holds up the ones after it, because evidence in the order of the answers would flatter (easy alerts are
 * answered first).
 */
export function outcomeOf(
  audit: DrawnAudit,
  wrong: readonly number[],
  now: number,
): 'right' | 'wrong' | 'unanswered' | 'waiting' {
  if (audit.answer !== null) return wrong.includes(audit.answer) ? 'wrong' : 'right';
  return now >= audit.dueAt ? 'unanswered' : 'waiting';
}
