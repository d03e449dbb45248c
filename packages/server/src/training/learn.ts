import { type PartResult, type Progress, Training, type TrainingInput, type TrainResult } from '@verdict/engine';
import type { Comparison } from './comparison.ts';
import { type Ground, judge } from './judge.ts';
import type { Mate } from './mate.ts';
import type { TrainOrder } from './train-thread.ts';

/**
 * Trains, with a second thread beside this one. With an active model that thread first trains what the new model is judged by, without the
 * hold-out; else it takes parts of this training at once.
 * @param ground where the active model is compared with; null without one.
 * @param mate ended when this is over.
 * @throws TrainingError when there is nothing to learn from.
 */
export async function learn(
  input: TrainingInput,
  order: TrainOrder,
  ground: Ground | null,
  mate: Mate,
  progress: Progress = () => {},
): Promise<TrainResult & { readonly comparison: Comparison | null }> {
  progress(0, 'reading feedback');
  try {
    const judging = ground !== null && ground.missing === null;
    if (judging) mate.judge(ground, order);
    const training = new Training(input);
    const first = training.firstParts();
    const count = first.length + training.furtherPartsCount;
    const results: PartResult[] = [];
    let begun = 0;
    const next = () => {
      progress(0.05 + 0.6 * Math.min(1, begun / count), 'checking against held-back feedback');
      begun++;
    };
    results.push(...(await mate.work(training, first, next)));
    begun = results.length;
    const further = training.furtherParts(results);
    const learnAll = () => {
      progress(0.05 + 0.6 * (begun / count), 'learning from everything');
      training.learnFromEverything(results);
    };
    results.push(...(await mate.work(training, further, next, learnAll)));
    progress(0.9, 'blending and calibrating');
    const result = training.finish(results);
    progress(0.95, 'comparing with the active model');
    const comparison = ground && ((judging ? await mate.judged() : undefined) ?? judge(ground, input, order));
    return { ...result, comparison };
  } finally {
    await mate.end();
  }
}
