import { Interrupted, type Task, type TaskContext } from './task.ts';

/** How far a task is. */
export interface Reached {
  readonly share: number;
  readonly step: string;
  readonly cursor: unknown;
}

/** One run of a task in this process: what its handler works with, and the thinning out of its progress. */
export class TaskRun implements TaskContext {
  readonly task: Task;
  readonly #every: number;
  readonly #keep: (progress: Reached) => Promise<void>;
  readonly #abort = new AbortController();
  #latest: Reached;
  #yielded = false;
  #changed = false;
  #timer: NodeJS.Timeout | null = null;
  #keeping: Promise<void> | null = null;
  #keptAt = Number.NEGATIVE_INFINITY;

  /** @param every milliseconds between two calls of `keep`, which writes and shows how far it is. */
  constructor(task: Task, every: number, keep: (progress: Reached) => Promise<void>) {
    this.task = task;
    this.#every = every;
    this.#keep = keep;
    this.#latest = { share: task.share, step: task.step, cursor: task.cursor };
  }

  get taskId(): number {
    return this.task.id;
  }

  get jobId(): number | null {
    return this.task.jobId;
  }

  get parameters(): Readonly<Record<string, unknown>> {
    return this.task.parameters;
  }

  /** Where a try in this process goes on after one that the store ended, else where the row says. */
  get cursor(): unknown {
    return this.#latest.cursor;
  }

  get createdBy(): string {
    return this.task.createdBy;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get latest(): Reached {
    return this.#latest;
  }

  progress(share: number, step: string, cursor?: unknown): void {
    const held = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : this.#latest.share;
    this.#latest = { share: held, step, cursor: cursor === undefined ? this.#latest.cursor : cursor };
    this.#changed = true;
    this.#schedule();
  }

  cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  check(): void {
    if (this.cancelled()) throw new Interrupted();
  }

  abort(): void {
    this.#abort.abort(new Interrupted());
  }

  /** Ends this run so that another kind may run first; the task is put back to wait. */
  yieldToOthers(): void {
    this.#yielded = true;
    this.abort();
  }

  /** Whether it ended early for another kind, and so must not fail for it. */
  get yielded(): boolean {
    return this.#yielded;
  }

  /** Waits, less long when the task must end. */
  async pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.signal.addEventListener('abort', () => resolve(), { once: true });
    if (!this.cancelled()) await promise;
    clearTimeout(timer);
  }

  /** No more progress is written after this resolves. */
  async flushed(): Promise<void> {
    this.#changed = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#keeping;
  }

  #schedule(): void {
    if (this.#timer || this.#keeping) return;
    const wait = Math.max(0, this.#keptAt + this.#every - performance.now());
    this.#timer = setTimeout(() => this.#write(), wait);
  }

  #write(): void {
    this.#timer = null;
    this.#changed = false;
    this.#keptAt = performance.now();
    this.#keeping = this.#keep(this.#latest)
      // A progress that cannot be written now is written with the next one.
      .catch(() => {})
      .finally(() => {
        this.#keeping = null;
        if (this.#changed) this.#schedule();
      });
  }
}
