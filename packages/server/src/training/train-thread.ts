import type { DriftWindow, ModelMetrics } from '@verdict/engine';
import type { Comparison, NamedLabel } from './comparison.ts';
import type { Told } from './thread-side.ts';
import { workInThread } from './thread-work.ts';
import type { SetAside } from './training.ts';
import type { TrainedUnit, TrainingSource } from './training-store.ts';

/** Of the threads that learn: below those that answer requests; 19 would be the lowest. */
export const TRAINING_PRIORITY = 10;

/** What the training thread is told to do. */
export interface TrainOrder {
  /** The database file. */
  readonly file: string;
  readonly source: TrainingSource;
  readonly seed: number;
  readonly outlierRate: number;
  /** The model that is active now: what comes out is compared with it. null = the first one. */
  readonly championId: number | null;
  readonly labels: readonly NamedLabel[];
  /** Microseconds now. */
  readonly now: number;
}

/** What the training thread says. */
export type FromTraining =
  | Told
  | { readonly type: 'units'; readonly units: readonly TrainedUnit[] }
  | {
      readonly type: 'done';
      readonly bytes: Uint8Array;
      readonly sha256: string;
      readonly metrics: ModelMetrics;
      readonly comparison: Comparison | null;
      readonly setAside: readonly SetAside[];
      readonly reference: DriftWindow;
      readonly classes: readonly string[];
    };

/** What came of a training. */
export interface Trained {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly metrics: ModelMetrics;
  readonly comparison: Comparison | null;
  readonly setAside: readonly SetAside[];
  readonly reference: DriftWindow;
  readonly classes: readonly string[];
  /** The knowledge base, in pieces. */
  readonly units: readonly (readonly TrainedUnit[])[];
}

/**
 * Trains in a thread of its own, which ends with it.
 * @param signal ends it early.
 * @throws Interrupted when `signal` was aborted; TaskFailed with a sentence when it cannot be done.
 */
export function trainInThread(
  order: TrainOrder,
  signal: AbortSignal,
  progress: (share: number, step: string) => void,
): Promise<Trained> {
  const units: (readonly TrainedUnit[])[] = [];
  return workInThread<FromTraining, Trained>('train-worker', order, signal, (message, ends) => {
    if (message.type === 'progress') progress(message.share, message.step);
    else if (message.type === 'units') units.push(message.units);
    else if (message.type === 'refused') ends.refused(message.sentence);
    else ends.done({ ...message, units });
  });
}
