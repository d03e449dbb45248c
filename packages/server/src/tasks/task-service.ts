import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type ReadTx, type Storage, StorageUnavailable, type Tx } from '../storage/storage.ts';
import { type Closing, type Task, TaskFailed, type TaskHandler } from './task.ts';
import { TaskRun } from './task-run.ts';
import * as store from './task-store.ts';

/** A lease is held this long beyond the last sign of life, in microseconds. */
const LEASE = 60_000_000;
/** Pause before a write that the store refused is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** Most rows of a list. */
export const MAX_LISTED = 200;

/** What can be set from outside; for tests most of all. */
export interface TaskOptions {
  /** Name of this process in leases; unique. */
  readonly owner?: string;
  /** Shortest time between two written progresses of a task, in milliseconds. */
  readonly progressMs?: number;
  /** Told of failures that nobody foresaw, for the log. */
  readonly onError?: (error: unknown, task: Task) => void;
}

/** A new task as features ask for it. */
export interface NewTask {
  readonly kind: string;
  readonly jobId: number | null;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Who asked for it, as records name callers. */
  readonly createdBy: string;
}

/** How a task ended. */
interface Ending {
  readonly state: 'done' | 'failed' | 'cancelled' | 'waiting';
  readonly message: string;
  readonly commit?: (tx: Tx) => Promise<void>;
  /** It did not come to its end by itself. */
  readonly early?: true;
}

/**
 * Does long work as rows of `tasks`. Of each kind a job has at most one task running at a time; others wait in their order. A task that
 * was running when the process ended is found at the next start and goes on at its cursor, begins again, or is marked as failed, as its
 * handler can.
 */
export class TaskService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #handlers: ReadonlyMap<string, TaskHandler>;
  readonly #owner: string;
  readonly #progressMs: number;
  readonly #onError: (error: unknown, task: Task) => void;
  readonly #runs = new Map<number, { readonly run: TaskRun; readonly ended: Promise<void> }>();
  readonly #listeners = new Set<(task: Task) => void>();
  #started = false;
  #stopping = false;
  #filling: Promise<void> | null = null;
  #again = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(storage: Storage, clock: Clock, handlers: readonly TaskHandler[], options: TaskOptions = {}) {
    this.#storage = storage;
    this.#clock = clock;
    this.#handlers = new Map(handlers.map((handler) => [handler.kind, handler]));
    this.#owner = options.owner ?? randomUUID();
    this.#progressMs = options.progressMs ?? 300;
    this.#onError = options.onError ?? (() => {});
  }

  /** Finds what an earlier process left running, and begins to work. Tasks asked for before wait until then. */
  async start(): Promise<void> {
    // One process holds the data folder, so whatever another owner left running is nobody's, whatever the clock says of its lease.
    const left = await this.#storage.read((tx) => store.listLeftRunning(tx, this.#owner));
    for (const task of left) await this.#adopt(task);
    this.#started = true;
    this.#wake();
  }

  /**
   * Ends work: what can go on or begin again after a restart waits for it, the rest fails saying so. Resolves when nothing runs any more;
   * close the store after it.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#filling;
    for (const { run } of this.#runs.values()) run.abort();
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
  }

  /** Adds a task inside the unit that makes it necessary; it starts after the commit. */
  async enqueue(tx: Tx, task: NewTask): Promise<Task> {
    if (!this.#handlers.has(task.kind)) throw new RangeError(`There is no handler for tasks of kind "${task.kind}".`);
    const id = await store.insertTask(tx, { ...task, parameters: task.parameters ?? {} }, this.#clock());
    const stored = (await store.findTask(tx, id))!;
    tx.afterCommit(() => {
      this.#tell(stored);
      this.#wake();
    });
    return stored;
  }

  /** @throws Refusal `not_found`. */
  async get(id: number): Promise<Task> {
    const task = await this.#storage.read((tx) => store.findTask(tx, id));
    if (!task) throw new Refusal('not_found', `There is no task with the id ${id}.`);
    return task;
  }

  /** The newest tasks, of a job where one is named. `limit` is held to 1…MAX_LISTED. */
  async list(jobId?: number, limit = 50): Promise<Task[]> {
    const most = Math.min(MAX_LISTED, Math.max(1, limit));
    return this.#storage.read((tx) => (jobId === undefined ? store.listTasks(tx, most) : store.listTasksOfJob(tx, jobId, most)));
  }

  /** The waiting or running task of a kind of a job. */
  async activeIn(tx: ReadTx, jobId: number, kind: string): Promise<Task | undefined> {
    return store.findActive(tx, jobId, kind);
  }

  /** Removes the ended tasks of a kind of a job but the newest: for kinds that come again and again by themselves. */
  async forgetEndedIn(tx: Tx, jobId: number, kind: string, newest: number): Promise<void> {
    await store.deleteEnded(tx, jobId, kind, newest);
  }

  /** The newest task of a kind of a job, ended or not. */
  async latest(jobId: number, kind: string): Promise<Task | undefined> {
    return this.#storage.read((tx) => this.latestIn(tx, jobId, kind));
  }

  /** `latest` inside a unit. */
  async latestIn(tx: ReadTx, jobId: number, kind: string): Promise<Task | undefined> {
    return store.findLatest(tx, jobId, kind);
  }

  /** `cancelIn` in a unit of its own. */
  async cancel(id: number, before: (tx: Tx, task: Task) => Promise<void> = async () => {}): Promise<Task> {
    return this.#storage.write((tx) => this.cancelIn(tx, id, before));
  }

  /**
   * Ends a task: at once where it waits, soon where it runs (the answer then has `cancelRequested`). What it did so far stays. Cancelling
   * again changes nothing. `before` runs in the unit when something is to be cancelled (for the audit trail).
   * @throws Refusal `not_found`, or `refused` when it is over.
   */
  async cancelIn(tx: Tx, id: number, before: (tx: Tx, task: Task) => Promise<void> = async () => {}): Promise<Task> {
    const task = await store.findTask(tx, id);
    if (!task) throw new Refusal('not_found', `There is no task with the id ${id}.`);
    if (task.state === 'cancelled' || (task.state === 'running' && task.cancelRequested)) return task;
    if (task.state === 'done' || task.state === 'failed') throw new Refusal('refused', 'This task is over already.');
    await before(tx, task);
    await store.requestCancel(tx, id);
    if (task.state === 'waiting') await this.#endIn(tx, task, 'cancelled', CANCELLED, task.share);
    const after = (await store.findTask(tx, id))!;
    tx.afterCommit(() => {
      this.#runs.get(id)?.run.abort();
      this.#tell(after);
      this.#wake();
    });
    return after;
  }

  /** Told of every change of a task, after its commit. Returns what ends it. */
  onChange(listener: (task: Task) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the task once it is over. @throws Refusal `not_found`. */
  async finished(id: number): Promise<Task> {
    const { promise, resolve } = Promise.withResolvers<Task>();
    const end = this.onChange((task) => {
      if (task.id === id && isOver(task)) resolve(task);
    });
    try {
      const task = await this.get(id);
      return isOver(task) ? task : await promise;
    } finally {
      end();
    }
  }

  async #adopt(task: Task): Promise<void> {
    const handler = this.#handlers.get(task.kind);
    const crashes = task.crashes + 1;
    const allowed = handler ? restartsOf(handler) : 0;
    const changed = await this.#storage.write(async (tx) => {
      if (task.cancelRequested) await this.#endIn(tx, task, 'cancelled', CANCELLED, task.share);
      else if (crashes > allowed) {
        const message =
          allowed === 0
            ? 'Interrupted by a restart; start it again.'
            : `Interrupted by a restart ${crashes} times; start it again if you want another try.`;
        await this.#endIn(tx, task, 'failed', message, task.share);
      } else {
        const at = handler?.resumable ? { share: task.share, cursor: task.cursor } : { share: 0, cursor: null };
        await store.putBack(tx, task.id, { ...at, crashes });
      }
      return (await store.findTask(tx, task.id))!;
    });
    this.#tell(changed);
  }

  /** Starts what can be started, soon; calls that come meanwhile are one more round. */
  #wake(): void {
    if (!this.#started || this.#stopping) return;
    this.#again = true;
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
      // Asked for between the last look of the loop and here.
      if (this.#again) this.#wake();
    });
  }

  async #fill(): Promise<void> {
    while (this.#again && !this.#stopping) {
      this.#again = false;
      try {
        const active = await this.#storage.read((tx) => store.listActive(tx));
        for (const { run } of this.#runs.values()) if (this.#yields(run.task.kind, active)) run.yieldToOthers();
        for (const task of active) {
          if (this.#stopping) return;
          if (task.state === 'waiting' && this.#mayStart(task, active)) await this.#claim(task);
        }
      } catch {
        this.#again = false;
        // The store cannot be read or written now; nothing is lost by asking again.
        this.#retry = setTimeout(() => this.#wake(), RETRY_MS).unref();
        return;
      }
    }
  }

  #mayStart(task: Task, active: readonly Task[]): boolean {
    const handler = this.#handlers.get(task.kind);
    // Left by another version of the program: it waits, visible, for one that can do it.
    if (!handler) return false;
    let running = 0;
    for (const { run } of this.#runs.values()) {
      if (run.task.kind !== task.kind) continue;
      running++;
      if (run.task.jobId === task.jobId) return false;
    }
    if (running >= (handler.atOnce ?? 2)) return false;
    if (this.#yields(task.kind, active)) return false;
    return !active.some((other) => other.jobId === task.jobId && handler.after?.includes(other.kind));
  }

  #yields(kind: string, active: readonly Task[]): boolean {
    const first = this.#handlers.get(kind)?.yieldsTo ?? [];
    return first.length > 0 && active.some((other) => first.includes(other.kind));
  }

  async #claim(task: Task): Promise<void> {
    const now = this.#clock();
    await this.#storage.write(async (tx) => {
      if (!(await store.claim(tx, task.id, this.#owner, now + LEASE, now))) return;
      const claimed = (await store.findTask(tx, task.id))!;
      // Known before anything after this commit can cancel it.
      tx.afterCommit(() => this.#begin(claimed));
    });
  }

  #begin(task: Task): void {
    const run = new TaskRun(task, this.#progressMs, (progress) => this.#keepProgress(task.id, progress));
    const ended = Promise.resolve().then(() => this.#work(run, this.#handlers.get(task.kind)!));
    this.#runs.set(task.id, { run, ended });
    this.#tell(task);
  }

  async #keepProgress(id: number, progress: { share: number; step: string; cursor: unknown }): Promise<void> {
    const task = await this.#storage.write(async (tx) => {
      await store.writeProgress(tx, id, this.#owner, progress, this.#clock() + LEASE);
      return store.findTask(tx, id);
    });
    if (task) this.#tell(task);
  }

  async #work(run: TaskRun, handler: TaskHandler): Promise<void> {
    const ending = await this.#tryUntilEnded(run, handler);
    await run.flushed();
    const task = await this.#settle(run, handler, ending);
    this.#runs.delete(run.task.id);
    if (task) this.#tell(task);
    this.#wake();
  }

  async #tryUntilEnded(run: TaskRun, handler: TaskHandler): Promise<Ending> {
    for (;;) {
      try {
        const closing: string | Closing = await handler.run(run);
        return { state: 'done', ...(typeof closing === 'string' ? { message: closing } : closing) };
      } catch (error) {
        if (run.cancelled()) return interrupted(run, handler);
        if (!(error instanceof StorageUnavailable)) return this.#failed(error, run.task);
        if (!handler.resumable) {
          return { state: 'failed', message: 'The store could not be written; start it again when it can.' };
        }
      }
      // A full disk passes: what can go on does so then, instead of giving up.
      await run.pause(RETRY_MS);
      if (run.cancelled()) return interrupted(run, handler);
    }
  }

  #failed(error: unknown, task: Task): Ending {
    if (error instanceof TaskFailed || error instanceof Refusal) return { state: 'failed', message: error.message };
    this.#onError(error, task);
    const name = error instanceof Error ? error.name : 'unknown';
    return { state: 'failed', message: `An unexpected error (${name}); the log has more.` };
  }

  /** Writes how a task ended, until the store takes it or the service stops; then the next start finds it running. */
  async #settle(run: TaskRun, handler: TaskHandler, ending: Ending): Promise<Task | undefined> {
    let last = ending;
    for (;;) {
      try {
        return await this.#storage.write((tx) => this.#settleIn(tx, run, handler, last));
      } catch (error) {
        if (error instanceof StorageUnavailable) {
          if (this.#stopping) return undefined;
          await run.pause(RETRY_MS);
        } else if (last.state === 'done') {
          last = this.#failed(error, run.task);
        } else {
          this.#onError(error, run.task);
          return undefined;
        }
      }
    }
  }

  async #settleIn(tx: Tx, run: TaskRun, handler: TaskHandler, ending: Ending): Promise<Task | undefined> {
    const task = await store.findTask(tx, run.task.id);
    // Its job was deleted under it.
    if (task?.state !== 'running') return task;
    const { share, cursor } = run.latest;
    if (task.cancelRequested && (ending.early || ending.commit)) {
      await this.#endIn(tx, task, 'cancelled', CANCELLED, share);
    } else if (ending.state === 'waiting') {
      const at = handler.resumable ? { share, cursor } : { share: 0, cursor: null };
      await store.putBack(tx, task.id, { ...at, crashes: task.crashes });
    } else {
      await ending.commit?.(tx);
      await this.#endIn(tx, task, ending.state, ending.message, ending.state === 'done' ? 1 : share);
    }
    return store.findTask(tx, task.id);
  }

  async #endIn(tx: Tx, task: Task, state: 'done' | 'failed' | 'cancelled', message: string, share: number): Promise<void> {
    await store.finish(tx, task.id, { state, message, share }, this.#clock());
    await this.#handlers.get(task.kind)?.settled?.(tx, task, state, message);
  }

  #tell(task: Task): void {
    for (const listener of this.#listeners) listener(task);
  }
}

const CANCELLED = 'Cancelled.';

/** Whether a task has come to its end. */
export function isOver(task: Task): boolean {
  return task.state === 'done' || task.state === 'failed' || task.state === 'cancelled';
}

/** How a task ends that had to: a cancelled one is told from one that the stop of the service ended by its row. */
function interrupted(run: TaskRun, handler: TaskHandler): Ending {
  if (run.yielded || restartsOf(handler) > 0) return { state: 'waiting', message: '', early: true };
  return { state: 'failed', message: 'Interrupted by a restart; start it again.', early: true };
}

function restartsOf(handler: TaskHandler): number {
  return handler.restarts ?? (handler.resumable ? 5 : 0);
}
