/**
 * Rows kept in memory by their hash, so that a call with a known credential costs no look-up. Holds only what exists (guesses cannot make
 * it grow) and at most `limit` entries, the oldest leaving first.
 *
 * A row read before a change is committed must not be put in after it: `load` notes the generation before reading, and what was dropped
 * meanwhile is not kept.
 */
export class RowCache<Row> {
  readonly #limit: number;
  readonly #rows = new Map<string, Row>();
  #generation = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(hash: string): Row | undefined {
    return this.#rows.get(hash);
  }

  /** Reads a row that is not held and keeps it, unless something changed while it was read. */
  async load(hash: string, read: () => Promise<Row | null>): Promise<Row | null> {
    const generation = this.#generation;
    const row = await read();
    if (row !== null && generation === this.#generation) {
      if (this.#rows.size >= this.#limit) {
        const oldest = this.#rows.keys().next();
        if (!oldest.done) this.#rows.delete(oldest.value);
      }
      this.#rows.set(hash, row);
    }
    return row;
  }

  /** Forgets everything. Changes of keys and people are rare; being wrong about one is not worth a finer rule. */
  clear(): void {
    this.#generation += 1;
    this.#rows.clear();
  }

  get size(): number {
    return this.#rows.size;
  }
}
