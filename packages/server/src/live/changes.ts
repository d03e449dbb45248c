/** What a change is about; a page asks anew for what it shows of it. */
export type ChangeKind = 'events' | 'feedback' | 'task' | 'model' | 'job';

export interface Change {
  readonly kind: ChangeKind;
  readonly jobId: number;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** A change with its place in the order of this process. */
export interface Numbered extends Change {
  readonly seq: number;
}

export type Listener = (change: Numbered) => void;

/** Changes that are kept for listeners who come back after a broken connection. */
const KEPT = 500;
/** New events of one job are told of at most this often, in milliseconds: a page shows a button, not each alert. */
const EVENTS_EVERY = 1_000;

/**
 * Tells what was committed to whoever listens. Nothing waits for a listener, and nothing is stored: who missed too much is told to ask
 * for everything again.
 */
export class Changes {
  readonly #listeners = new Set<Listener>();
  readonly #ends = new Set<() => void>();
  readonly #kept: Numbered[] = [];
  readonly #counted = new Map<number, { count: number; readonly timer: NodeJS.Timeout }>();
  readonly run: string;
  #seq = 0;

  /** @param run what tells this process from the one before it. */
  constructor(run: string) {
    this.run = run;
  }

  /** Tells of a change that is durable now. */
  tell(change: Change): void {
    const numbered = { ...change, seq: ++this.#seq };
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /** Counts new events of a job; they are told of together. */
  countEvents(jobId: number, count: number): void {
    const waiting = this.#counted.get(jobId);
    if (waiting) {
      waiting.count += count;
      return;
    }
    const timer = setTimeout(() => {
      const counted = this.#counted.get(jobId);
      this.#counted.delete(jobId);
      this.tell({ kind: 'events', jobId, data: { count: counted?.count ?? 0 } });
    }, EVENTS_EVERY);
    timer.unref();
    this.#counted.set(jobId, { count, timer });
  }

  /**
   * Calls `listener` for every change from now on, until the returned function is called. `ended` is called when the service stops.
   * @param since the last change that was heard, as {@link place} writes it; what came after it is told first.
   * @returns `missed` is true where some of it is not known any more.
   */
  listen(listener: Listener, ended: () => void, since?: string): { readonly missed: boolean; off(): void } {
    const [run, seq] = (since ?? '').split('.');
    const from = Number(seq);
    const known = run === this.run && Number.isInteger(from) && from <= this.#seq;
    const missed = since !== undefined && (!known || (from < this.#seq && (this.#kept[0]?.seq ?? 1) > from + 1));
    if (known && !missed) for (const change of this.#kept) if (change.seq > from) listener(change);
    this.#listeners.add(listener);
    this.#ends.add(ended);
    return {
      missed,
      off: () => {
        this.#listeners.delete(listener);
        this.#ends.delete(ended);
      },
    };
  }

  /** Where a change stands, for `listen`. */
  place(seq: number = this.#seq): string {
    return `${this.run}.${seq}`;
  }

  /** The service stops: every listener is let go. */
  end(): void {
    for (const { timer } of this.#counted.values()) clearTimeout(timer);
    this.#counted.clear();
    for (const ended of [...this.#ends]) ended();
  }
}
