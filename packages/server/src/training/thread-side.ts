import { type Progress, TrainingError } from '@verdict/engine';
import { lowerPriority } from '../thread.ts';

/** Progress is told when it grew by this much or the step changed. */
const SMALLEST_STEP = 0.005;

/** What a thread that learns can say beside its result. */
export type Told =
  | { readonly type: 'progress'; readonly share: number; readonly step: string }
  | { readonly type: 'refused'; readonly sentence: string };

/**
 * Does the work of a thread that learns, in that thread; the side that waits for it is `workInThread`. What cannot be learned is told as refused.
 * @param priority see `lowerPriority`.
 * @param work given what tells its progress.
 */
export async function learnInThisThread(
  priority: number,
  tell: (message: Told) => void,
  work: (progress: Progress) => Promise<void>,
): Promise<void> {
  lowerPriority(priority);
  let told = { share: -1, step: '' };
  try {
    await work((share, step) => {
      if (step === told.step && share - told.share < SMALLEST_STEP) return;
      told = { share, step };
      tell({ type: 'progress', share, step });
    });
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    tell({ type: 'refused', sentence: error.message });
  }
}
