import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';

/** What the index thread is told. */
export interface IndexOrder {
  /** The main database. */
  readonly events: string;
  readonly index: string;
  /** Milliseconds between two batches while there is more to do. */
  readonly pauseMs: number;
}

/** What it is told later. */
export type ToIndexing =
  | { readonly type: 'stop' }
  /** Fields that a search read, and when, in milliseconds since 1970. */
  | { readonly type: 'asked'; readonly paths: readonly string[]; readonly now: number };

/** What the index thread says: how far it is. */
export interface FromIndexing {
  readonly lastSeq: number;
  readonly newestSeq: number;
  /** How far it took in which events are not current any more. */
  readonly goneUntil: number;
  /** Pieces of columns that are still to be built. */
  readonly missing: number;
}

/** The file of the index inside a data folder. */
export const INDEX_FILE = 'search.db';

/** The index thread is given another chance so many times, then searches do without it until the next start. */
const MOST_STARTS = 5;
const RESTART_MS = 5_000;
/** Searches wait so long for an index that is being opened, and then do without it. */
const OPENING_MS = 10_000;
/** Entries of the list of gone events that stay. */
const GONE_KEPT = 10_000;

/** The search index of a data folder, and the thread that keeps it up with the events. Searches work without it too, by looking at every event. */
export class SearchIndex {
  readonly #order: IndexOrder;
  readonly #onError: (error: unknown) => void;
  #removeGone: ((until: number) => Promise<number>) | undefined;
  /** Entries of the list of gone events up to here are removed, or being removed. */
  #removed = 0;
  #removing = false;
  #worker: Worker | undefined;
  #state: FromIndexing | undefined;
  #starts = 0;
  /** Settled when the thread has said how far it is, has ended, or takes too long. */
  #opened: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param onError told when the thread ends by itself. */
  constructor(databaseFile: string, folder: string, onError: (error: unknown) => void, pauseMs = 0) {
    this.#order = { events: databaseFile, index: join(folder, INDEX_FILE), pauseMs };
    this.#onError = onError;
  }

  /** The file that readers look into; null while there is none. */
  get file(): string | null {
    return this.#state ? this.#order.index : null;
  }

  /** Events that are not in the index yet: searches look at each of them. 0 before it runs. */
  get lag(): number {
    return this.#state ? Math.max(0, this.#state.newestSeq - this.#state.lastSeq) : 0;
  }

  /** Pieces of columns that are still to be built. */
  get missing(): number {
    return this.#state?.missing ?? 0;
  }

  /** The number of the last event in the index. */
  get lastSeq(): number {
    return this.#state?.lastSeq ?? 0;
  }

  /** How far it took in which events are not current any more: what was noted of these is not needed again. */
  get goneUntil(): number {
    return this.#state?.goneUntil ?? 0;
  }

  /** Tells that a search read these fields of alerts; those that are read more than once get a column. @param now milliseconds since 1970. */
  asked(paths: readonly string[], now: number): void {
    if (paths.length > 0) this.#worker?.postMessage({ type: 'asked', paths, now } satisfies ToIndexing);
  }

  /** Waits for the index of a service that has just been started: without it a search reads every alert there is. */
  opened(): Promise<void> {
    return this.#opened;
  }

  start(): void {
    this.#starts++;
    const worker = startThread(import.meta.url, 'index-worker', {
      workerData: this.#order,
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker = worker;
    worker.unref();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opened = promise;
    setTimeout(resolve, OPENING_MS).unref();
    worker.once('message', () => resolve());
    worker.once('exit', () => resolve());
    worker.on('message', (state: FromIndexing) => {
      this.#state = state;
      void this.#tidy(state.goneUntil);
    });
    worker.on('error', (error) => this.#onError(error));
    worker.on('exit', () => {
      this.#worker = undefined;
      if (this.#stopped || this.#starts >= MOST_STARTS) return;
      this.#again = setTimeout(() => this.start(), RESTART_MS).unref();
    });
  }

  /** How entries of the list of gone events are removed, once the index has taken them in. @param remove up to a number; says how far it came. */
  onTakenIn(remove: (until: number) => Promise<number>): void {
    this.#removeGone = remove;
  }

  /** Some are left: a search may look at an index of a moment ago. */
  async #tidy(goneUntil: number): Promise<void> {
    const until = goneUntil - GONE_KEPT;
    if (!this.#removeGone || this.#removing || this.#stopped || until - this.#removed < GONE_KEPT) return;
    this.#removing = true;
    try {
      this.#removed = await this.#removeGone(until);
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#removing = false;
    }
  }

  /** Ends the thread after the batch it is at. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage({ type: 'stop' } satisfies ToIndexing);
    await ended;
  }
}
