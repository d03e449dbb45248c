import type { Scalar } from './value.ts';

/**
 * Numbers of events in one piece of a column: so few that the newest events, which are not in a piece yet, are read one by one in no time; so
 * many that a million events are five hundred pieces.
 */
export const PIECE = 2_048;
/** Most characters of the different values of one piece: a field with more of them is text, which a column does not make faster. */
const MOST_CHARACTERS = 256 * 1024;

/** What events can have at a path: their values, and whether there is anything at all (an object has no values of its own). */
export class Entry {
  readonly values: readonly Scalar[];
  readonly exists: boolean;

  constructor(values: readonly Scalar[], exists: boolean) {
    this.values = values;
    this.exists = exists;
  }
}

/** What the events of a piece have at one path: for each the number of an entry. */
export interface ColumnPiece {
  readonly codes: Uint8Array | Uint16Array;
  readonly entries: readonly Entry[];
}

/** A piece as it is stored: `codes` is empty where all events have the same, `entries` has one line of JSON for each entry. */
export interface StoredPiece {
  readonly codes: Uint8Array;
  readonly entries: string;
}

/** Nothing there, and something there without values of its own. */
const NOTHING = '[]';
const SOMETHING = '{}';

/** Gathers what the events of one piece have at a path. */
export class PieceBuilder {
  readonly #numbers = new Map<string, number>([[NOTHING, 0]]);
  readonly #codes = new Uint16Array(PIECE);
  #characters = 0;

  /** @param at the place of the event in the piece. */
  set(at: number, values: readonly Scalar[], exists: boolean): void {
    // JSON writes no line break of its own, so that lines can be told apart.
    const line = values.length > 0 ? JSON.stringify(values) : exists ? SOMETHING : NOTHING;
    let number = this.#numbers.get(line);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(line, number);
      this.#characters += line.length;
    }
    this.#codes[at] = number;
  }

  /** The piece to store; null where it would be too large. */
  finish(): StoredPiece | null {
    if (this.#characters > MOST_CHARACTERS) return null;
    const entries = [...this.#numbers.keys()].join('\n');
    if (this.#codes.every((code) => code === this.#codes[0])) {
      const line = [...this.#numbers.keys()][this.#codes[0]!]!;
      return { codes: new Uint8Array(0), entries: line };
    }
    const codes =
      this.#numbers.size <= 256 ? Uint8Array.from(this.#codes) : new Uint8Array(this.#codes.buffer, 0, this.#codes.byteLength);
    return { codes, entries };
  }
}

/** The piece that was stored. Lines that are known already become the entries that they became before. */
export function readPiece({ codes, entries }: StoredPiece, known: Map<string, Entry>): ColumnPiece {
  const list = entries.split('\n').map((line) => {
    let entry = known.get(line);
    if (!entry) {
      entry = line === SOMETHING ? new Entry([], true) : entryOf(JSON.parse(line) as Scalar[]);
      known.set(line, entry);
    }
    return entry;
  });
  if (codes.length === 0) return { codes: SAME, entries: list };
  if (codes.length === PIECE) return { codes, entries: list };
  return { codes: new Uint16Array(codes.buffer.slice(codes.byteOffset, codes.byteOffset + codes.byteLength)), entries: list };
}

const SAME = new Uint8Array(PIECE);

function entryOf(values: readonly Scalar[]): Entry {
  return new Entry(values, values.length > 0);
}
