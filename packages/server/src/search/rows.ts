import type { ColumnPiece } from './column-piece.ts';
import type { SearchDocument } from './query.ts';

/** Events that are looked at together: their places are numbers from 0. */
export interface Block {
  seq(place: number): number;
  job(place: number): number;
  /** The event's own time, microseconds. */
  time(place: number): number;
  document(place: number): SearchDocument;
  /**
   * What the events of the block have at a field, where that is known without looking at each of them.
   * @param wanted how many events are of interest: for a few it is not worth finding out.
   */
  column(field: string, wanted: number): ColumnPiece | undefined;
}

/** Some events of a block, in the order in which they are meant. */
export interface Rows {
  readonly block: Block;
  readonly places: Int32Array;
}

/** Documents as a block of their own, in their order. */
export function rowsOfDocuments(documents: readonly SearchDocument[]): Rows {
  return { block: new DocumentBlock(documents), places: Int32Array.from(documents.keys()) };
}

class DocumentBlock implements Block {
  readonly #documents: readonly SearchDocument[];

  constructor(documents: readonly SearchDocument[]) {
    this.#documents = documents;
  }

  seq(place: number): number {
    return this.#documents[place]!.seq;
  }

  job(place: number): number {
    return this.#documents[place]!.jobId;
  }

  time(place: number): number {
    return this.#documents[place]!.times('@timestamp')[0]!;
  }

  document(place: number): SearchDocument {
    return this.#documents[place]!;
  }

  column(): undefined {
    return undefined;
  }
}

/** The places for which something holds, in their order. */
export function keep(places: Int32Array, holds: (place: number) => boolean): Int32Array {
  const kept = new Int32Array(places.length);
  let count = 0;
  for (const place of places) if (holds(place)) kept[count++] = place;
  return count === places.length ? places : kept.subarray(0, count);
}
