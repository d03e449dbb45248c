import type { Scalar } from './value.ts';

/** Numbers of events in one piece of a column. */
const PIECE = 65_536;
/** Most different lists of values that a column is worth keeping for. */
const MOST_DISTINCT = 20_000;
/** Longest list of values kept, as JSON text. */
const LONGEST = 300;
/** Pieces of all columns together: 64 MB. */
const MOST_PIECES = 256;

interface Column {
  /** For each event the number of its values in the list, from 1; 0 = not known. */
  readonly pieces: Map<number, Int32Array>;
  readonly distinct: (readonly Scalar[])[];
  readonly numbers: Map<string, number>;
}

/**
 * What alerts hold at the paths that were asked for before, by the number of the event: an alert never changes under its number, so that one
 * that was parsed once needs no parsing for the same field again. Columns longest unused go first.
 */
export class ColumnCache {
  readonly #columns = new Map<string, Column>();
  /** Paths with too many different values, or too long ones. */
  readonly #unfit = new Set<string>();
  #pieces = 0;

  get(path: string, seq: number): readonly Scalar[] | undefined {
    const column = this.#columns.get(path);
    if (!column) return undefined;
    const number = column.pieces.get(Math.floor(seq / PIECE))?.[seq % PIECE] ?? 0;
    return number === 0 ? undefined : column.distinct[number - 1];
  }

  put(path: string, seq: number, values: readonly Scalar[]): void {
    if (this.#unfit.has(path)) return;
    const text = JSON.stringify(values);
    const column = this.#columns.get(path) ?? this.#make(path);
    let number = column.numbers.get(text);
    if (number === undefined) {
      if (text.length > LONGEST || column.distinct.length >= MOST_DISTINCT) {
        this.#drop(path);
        if (this.#unfit.size < 10_000) this.#unfit.add(path);
        return;
      }
      number = column.distinct.push(values);
      column.numbers.set(text, number);
    }
    const at = Math.floor(seq / PIECE);
    let piece = column.pieces.get(at);
    if (!piece) {
      this.#makeRoom(path);
      piece = new Int32Array(PIECE);
      column.pieces.set(at, piece);
      this.#pieces++;
    }
    piece[seq % PIECE] = number;
  }

  /** A search begins that reads these fields: they are the last to go. */
  wanted(paths: Iterable<string>): void {
    for (const path of paths) {
      const column = this.#columns.get(path);
      if (!column) continue;
      this.#columns.delete(path);
      this.#columns.set(path, column);
    }
  }

  #make(path: string): Column {
    const column: Column = { pieces: new Map(), distinct: [], numbers: new Map() };
    this.#columns.set(path, column);
    return column;
  }

  #makeRoom(path: string): void {
    for (const oldest of this.#columns.keys()) {
      if (this.#pieces < MOST_PIECES) return;
      if (oldest !== path) this.#drop(oldest);
    }
    if (this.#pieces < MOST_PIECES) return;
    const own = this.#columns.get(path);
    this.#pieces -= own?.pieces.size ?? 0;
    own?.pieces.clear();
  }

  #drop(path: string): void {
    this.#pieces -= this.#columns.get(path)?.pieces.size ?? 0;
    this.#columns.delete(path);
  }
}
