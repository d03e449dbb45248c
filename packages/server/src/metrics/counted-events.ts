import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstPending } from '../ingest/first-pending.ts';
import type { Storage } from '../storage/storage.ts';
import * as store from './metrics-store.ts';
import { append, type Counts, invalidate, type Piece, together } from './piece.ts';

/** What is known of a job's rows. */
interface Known {
  readonly pieces: Piece[];
  /** Rows up to here were looked through for versions that took the place of others. */
  seen: number;
}

/** A stretch of rows and what it comes to; in parts where a part is looked for. */
export interface Whole {
  readonly piece: Piece;
  readonly counted: Counts;
}

/** Where the events of a span are: stretches that are counted and lie in it whole, and rows that must be looked at one by one. Oldest first. */
export interface Cover {
  readonly whole: readonly Whole[];
  readonly cut: readonly store.Window[];
}

/**
 * The events of jobs, counted once by bucket and decision and kept in memory, so that figures of a job do not walk over all that is stored
 * each time. Rows only ever join the end; what another version replaced is found by that version, and work that changes stored rows
 * makes it forget. While such work waits or runs nothing is kept.
 */
export class CountedEvents {
  readonly #storage: Storage;
  readonly #window: number;
  readonly #known = new Map<number, Known>();
  /** The counting of each job, one after the other. */
  readonly #counting = new Map<number, Promise<unknown>>();
  /** Tasks that change stored rows, and of which job; null = of any. */
  readonly #changing = new Map<number, number | null>();

  /** @param window rows in one stretch; at least 1. */
  constructor(storage: Storage, window: number) {
    this.#storage = storage;
    this.#window = window;
  }

  /** Counts what is new or has changed, and says where the events of a span are. */
  async cover(span: store.Span): Promise<Cover> {
    const before = this.#counting.get(span.jobId);
    const covered = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#cover(span));
    this.#counting.set(span.jobId, covered);
    try {
      return await covered;
    } finally {
      if (this.#counting.get(span.jobId) === covered) this.#counting.delete(span.jobId);
    }
  }

  /** A task that changes stored rows waits, runs, or is over. @param jobId null = it may change those of any job. */
  changing(taskId: number, jobId: number | null, over: boolean): void {
    if (over) this.#changing.delete(taskId);
    else this.#changing.set(taskId, jobId);
    if (jobId === null) this.#known.clear();
    else this.#known.delete(jobId);
  }

  async #cover(span: store.Span): Promise<Cover> {
    const { jobId } = span;
    const changes = [...this.#changing.values()].some((each) => each === null || each === jobId);
    const known = (changes ? undefined : this.#known.get(jobId)) ?? { pieces: [], seen: 0 };
    if (!changes) {
      this.#known.set(jobId, known);
      await this.#followVersions(jobId, known);
    }
    const cover: { whole: Whole[]; cut: store.Window[] } = { whole: [], cut: [] };
    const add = (piece: Piece) => {
      const { counted } = piece;
      if (counted === null) throw new Error('A stretch was not counted.');
      if (counted.events === 0 || counted.last < span.from || counted.first > span.to) return;
      if (counted.first >= span.from && counted.last <= span.to) cover.whole.push({ piece, counted });
      else if (piece.parts.length === 0) cover.cut.push({ after: piece.after, upTo: piece.upTo, only: null });
      else for (const part of piece.parts) add(part);
    };
    const pending = changes ? 0 : await this.#storage.read((tx) => firstPending(tx, jobId));
    for (let after = known.pieces.at(-1)?.upTo ?? 0; ; ) {
      const window = await this.#storage.read((tx) => store.nextWindow(tx, jobId, after, this.#window));
      if (!window) break;
      const { upTo } = window;
      // Rows that wait for their code steps will get a decision; what comes after them is counted when they have it.
      if (window.full && (pending === undefined || upTo < pending))
        append(known.pieces, { after, upTo, height: 0, parts: [], counted: null });
      else cover.cut.push({ after, upTo, only: null });
      after = upTo;
      await nextTurn();
    }
    for (const piece of known.pieces) await this.#count(jobId, piece);
    for (const piece of known.pieces) add(piece);
    return cover;
  }

  async #count(jobId: number, piece: Piece): Promise<Counts> {
    if (piece.counted !== null) return piece.counted;
    if (piece.parts.length === 0) {
      piece.counted = await this.#storage.read((tx) => store.countPiece(tx, jobId, piece.after, piece.upTo));
      await nextTurn();
    } else {
      const parts: Counts[] = [];
      for (const part of piece.parts) parts.push(await this.#count(jobId, part));
      piece.counted = together(parts);
    }
    return piece.counted;
  }

  /** Each version but the first took the place of the one before it, which is not current any more. */
  async #followVersions(jobId: number, known: Known): Promise<void> {
    for (;;) {
      const { seen } = known;
      const found = await this.#storage.read(async (tx) => {
        const window = await store.nextWindow(tx, jobId, seen, this.#window);
        return window && { upTo: window.upTo, replaced: await store.replacedBy(tx, jobId, seen, window.upTo) };
      });
      if (!found) return;
      for (const seq of found.replaced) invalidate(known.pieces, seq);
      known.seen = found.upTo;
      await nextTurn();
    }
  }
}
