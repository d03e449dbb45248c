import type { LearningCurve } from '@verdict/engine';
import type { NamedLabel } from './comparison.ts';
import type { Told } from './thread-side.ts';
import { workInThread } from './thread-work.ts';
import type { TrainingSource } from './training-store.ts';

/** What the thread is told to work out. */
export interface CurveOrder {
  /** The database file. */
  readonly file: string;
  /** As the model was trained: its decision points and labels. */
  readonly source: TrainingSource;
  readonly modelId: number;
  /** Microseconds when the model was made: what nobody agrees on counts where it was said before. */
  readonly modelAt: number;
  readonly seed: number;
  readonly outlierRate: number;
  readonly labels: readonly NamedLabel[];
}

/** What the thread says. */
export type FromCurve = Told | { readonly type: 'done'; readonly curve: LearningCurve };

/**
 * Works out a learning curve in a thread of its own, behind everything else that the machine has to do.
 * @param signal ends it early.
 * @throws Interrupted when `signal` was aborted; TaskFailed with a sentence when it cannot be done.
 */
export function curveInThread(
  order: CurveOrder,
  signal: AbortSignal,
  progress: (share: number, step: string) => void,
): Promise<LearningCurve> {
  return workInThread<FromCurve, LearningCurve>('curve-worker', order, signal, (message, ends) => {
    if (message.type === 'progress') progress(message.share, message.step);
    else if (message.type === 'refused') ends.refused(message.sentence);
    else ends.done(message.curve);
  });
}
