import { availableParallelism } from 'node:os';
import type { PartResult, Training, TrainingInput, TrainingPart } from '@verdict/engine';
import { startThread } from '../thread.ts';
import type { Comparison } from './comparison.ts';
import type { Ground } from './judge.ts';
import type { TrainOrder } from './train-thread.ts';

/** What the second thread of a training is asked. */
export type ToMate =
  /** Do parts: each is taken by adding one to `next`, which the other thread does too. */
  | { readonly type: 'parts'; readonly parts: readonly TrainingPart[]; readonly next: Int32Array }
  | { readonly type: 'judge'; readonly ground: Ground; readonly order: TrainOrder };

/** What it answers. */
export type FromMate =
  | { readonly type: 'part'; readonly index: number; readonly result: PartResult }
  | { readonly type: 'judged'; readonly comparison: Comparison };

/**
 * Of fewer rows a training is over before a second thread has begun; of more there is one fold only, so little to share, and the second copy of
 * everything takes memory.
 */
const ROWS = { least: 200, most: 3_000 } as const;

/** Takes the next of `parts` parts; undefined when all are taken. */
export function takePart(next: Int32Array, parts: number): number | undefined {
  const index = Atomics.add(next, 0, 1);
  return index < parts ? index : undefined;
}

/**
 * The second thread of a training: the machines this runs on have two cores or more, and half of a training needs nothing of the other. It
 * changes how long a training takes, never what comes out. Where there is none, or it ends early (its memory ran out), the
 * training thread does everything by itself.
 */
export class Mate {
  readonly #worker: ReturnType<typeof startThread> | undefined;
  readonly #parts = new Map<number, PartResult>();
  #comparison: Comparison | undefined;
  #ended: boolean;
  #wake = () => {};

  /** @param cores that may be used; 1 = no second thread. */
  constructor(input: TrainingInput, cores = availableParallelism()) {
    const rows = input.rows.length;
    this.#ended = cores < 2 || rows < ROWS.least || rows > ROWS.most;
    if (this.#ended) return;
    this.#worker = startThread(import.meta.url, 'train-mate', { workerData: input });
    this.#worker.on('message', (message: FromMate) => {
      if (message.type === 'part') this.#parts.set(message.index, message.result);
      else this.#comparison = message.comparison;
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', end);
  }

  /**
   * Does parts of a training, both threads together.
   * @param meanwhile done first in this thread, while the other one begins.
   * @param done called before each part that this thread does.
   * @param next shared memory in which both threads count the parts taken.
   * @returns in the order of the parts.
   */
  async work(
    training: Training,
    parts: readonly TrainingPart[],
    done: () => void,
    meanwhile: () => void = () => {},
    next = new Int32Array(new SharedArrayBuffer(4)),
  ): Promise<PartResult[]> {
    this.#parts.clear();
    this.#ask({ type: 'parts', parts, next });
    meanwhile();
    const mine = new Map<number, PartResult>();
    for (let index = takePart(next, parts.length); index !== undefined; index = takePart(next, parts.length)) {
      done();
      mine.set(index, training.work(parts[index]!));
    }
    await this.#until(() => mine.size + this.#parts.size >= parts.length);
    return parts.map((part, index) => mine.get(index) ?? this.#parts.get(index) ?? training.work(part));
  }

  /** Asks for the comparison on a ground, before any parts; {@link judged} has it. */
  judge(ground: Ground, order: TrainOrder): void {
    this.#ask({ type: 'judge', ground, order });
  }

  /** The comparison asked for; undefined when it has to be made here. */
  async judged(): Promise<Comparison | undefined> {
    await this.#until(() => this.#comparison !== undefined);
    return this.#comparison;
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #ask(message: ToMate): void {
    if (!this.#ended) this.#worker?.postMessage(message);
  }

  async #until(there: () => boolean): Promise<void> {
    while (!there() && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
