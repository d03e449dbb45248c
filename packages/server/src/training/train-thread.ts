import type { DriftWindow, ModelMetrics } from '@verdict/engine';
import { Interrupted, TaskFailed } from '../tasks/task.ts';
import { startThread } from '../thread.ts';
import type { Comparison, NamedLabel } from './comparison.ts';
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
  | { readonly type: 'progress'; readonly share: number; readonly step: string }
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
    }
  | { readonly type: 'refused'; readonly sentence: string };

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
  const { promise, resolve, reject } = Promise.withResolvers<Trained>();
  const worker = startThread(import.meta.url, 'train-worker', {
    workerData: order,
  });
  const stop = () => {
    reject(new Interrupted());
    void worker.terminate();
  };
  const units: (readonly TrainedUnit[])[] = [];
  worker.on('message', (message: FromTraining) => {
    if (message.type === 'progress') progress(message.share, message.step);
    else if (message.type === 'units') units.push(message.units);
    else if (message.type === 'refused') reject(new TaskFailed(message.sentence));
    else resolve({ ...message, units });
  });
  worker.on('error', (error) => reject(isOutOfMemory(error) ? new TaskFailed(OUT_OF_MEMORY) : error));
  worker.on('exit', (code) => reject(new Error(`The training thread ended with ${code} and no result.`)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => signal.removeEventListener('abort', stop));
}

const OUT_OF_MEMORY =
  'Training ran out of memory. Choose fewer decision points or ones with shorter values, or give the service more memory.';

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
