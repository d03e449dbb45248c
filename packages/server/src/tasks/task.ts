import type { Tx } from '../storage/storage.ts';

/** `waiting` to be started (or to go on after a restart); the last three are final. */
export const TASK_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** One long work: a row that people can watch and cancel, and that outlives the process. Times are microseconds. */
export interface Task {
  readonly id: number;
  readonly jobId: number | null;
  readonly kind: string;
  readonly state: TaskState;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where to go on: what the handler gave to `progress` last; null at the beginning. */
  readonly cursor: unknown;
  /** Share done, 0 to 1. */
  readonly share: number;
  /** What it is doing now. */
  readonly step: string;
  /** How it ended, in a sentence; empty before. */
  readonly message: string;
  readonly cancelRequested: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** How often the process ended while it ran, since it last got on. */
  readonly crashes: number;
}

/** What a handler gets to work with. */
export interface TaskContext {
  readonly taskId: number;
  readonly jobId: number | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What `progress` was given last before the task was interrupted; null at the beginning, always null for kinds that cannot resume. */
  readonly cursor: unknown;
  readonly createdBy: string;
  /** Aborted when the task must end: it was cancelled, or the service stops. */
  readonly signal: AbortSignal;
  /**
   * Tells how far it is. Kept and shown at most a few times a second, so it may be called for every item.
   * @param share 0 to 1; held to that range.
   * @param step what is being done, for people.
   * @param cursor JSON-able; where to go on after an interruption. Work done after it may be done again, so it must be idempotent.
   */
  progress(share: number, step: string, cursor?: unknown): void;
  /** Whether the task must end. */
  cancelled(): boolean;
  /** @throws Interrupted when the task must end; call it between units of work. */
  check(): void;
}

/** How a handler ends where the last step must be in the very unit that marks the task as done. */
export interface Closing {
  readonly message: string;
  /** Not run when the task was cancelled meanwhile. */
  readonly commit?: (tx: Tx) => Promise<void>;
}

/** Knows how to do one kind of task. */
export interface TaskHandler {
  readonly kind: string;
  /** Whether it can go on from its cursor; otherwise it begins again. */
  readonly resumable: boolean;
  /** How many tasks of this kind may run at once; each job has at most one of a kind running in any case. 2 by default. */
  readonly atOnce?: number;
  /** It is not started while one of these kinds waits or runs for the same job. */
  readonly after?: readonly string[];
  /**
   * It is not started while one of these kinds waits or runs, for whatever job. Where one is asked for while it runs, it is put back and goes on
   * (or begins again) afterwards.
   */
  readonly yieldsTo?: readonly string[];
  /** How often it is started again after the process ended under it without it getting on: 5 by default if resumable, else 0. */
  readonly restarts?: number;
  /**
   * Does the work; ends with the closing message.
   * @throws Interrupted (from `check`) when it must end early; TaskFailed with a sentence for people.
   */
  run(context: TaskContext): Promise<string | Closing>;
  /** Runs in the unit that ends the task, for what must agree with its state. Not called when it is put back to wait. */
  settled?(tx: Tx, task: Task, state: 'done' | 'failed' | 'cancelled', message: string): Promise<void>;
}

/** The task must end now; thrown by `TaskContext.check`. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('The task was interrupted.');
  }
}

/** The task cannot be done; the sentence says why and what to change. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed';
}
