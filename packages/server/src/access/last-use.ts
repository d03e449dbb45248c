/** How often what was used is written down, in milliseconds. */
const EVERY_MS = 60_000;

/**
 * When something was last used, gathered in memory and written once a minute in one go: a call never waits for it. A crash loses at most
 * the last minute of it.
 */
export class LastUse<Id> {
  readonly #write: (uses: ReadonlyMap<Id, number>) => Promise<void>;
  #uses = new Map<Id, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (uses: ReadonlyMap<Id, number>) => Promise<void>) {
    this.#write = write;
  }

  /** @param at microseconds. */
  note(id: Id, at: number): void {
    this.#uses.set(id, at);
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // Written again with the next use: when the store is unavailable, that is not the moment to complain about this.
      this.flush().catch(() => {});
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** A use that is not written yet. */
  pending(id: Id): number | undefined {
    return this.#uses.get(id);
  }

  /** Writes what was gathered. When that fails it is kept for the next time, and the error thrown. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.#write(uses);
    } catch (error) {
      this.#uses = new Map([...uses, ...this.#uses]);
      throw error;
    }
  }
}
