import type Database from 'better-sqlite3';
import { type ColumnPiece, type Entry, PIECE, readPiece, type StoredPiece } from './column-piece.ts';

/** Memory for what was read, about, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Different entries of a column that are shared between its pieces. */
const MOST_SHARED = 20_000;
/** What an entry takes beside its text. */
const ENTRY_BYTES = 120;
const SHIFT = 2 ** 32;

/** The events of a piece that are current: which job each belongs to, and when it was (microseconds). */
export interface PieceRows {
  readonly jobs: Int32Array;
  readonly times: Float64Array;
  /** Places in the piece, the newest event first. */
  readonly places: Int32Array;
  /** The job of all of them; undefined when there are several. */
  readonly job: number | undefined;
  readonly earliest: number;
  readonly latest: number;
}

/** Reads columns for the searches of one thread, and remembers what it read. */
export class ColumnReader {
  readonly #database: Database.Database;
  readonly #cache = new ByteCache(MOST_BYTES);
  readonly #shared = new Map<number, Map<string, Entry>>();
  #liveVersion = -1;
  #liveVersions = new Map<number, number>();
  #pieces = 0;
  #columns = new Map<string, number>();
  /** Events that are gone since the pieces were stored. */
  #gone = new Map<number, number[]>();

  /** @param database the main one, with the search index attached as `search`. */
  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Begins a search over the state that the connection sees. */
  begin(): void {
    const state = new Map(this.#all<[string, string | number]>('SELECT name, value FROM search.state').map((row) => row));
    this.#pieces = Number(state.get('pieces') ?? 0);
    if (this.#pieces === 0) return;
    const version = Number(state.get('live_version'));
    if (version !== this.#liveVersion) {
      this.#liveVersions = new Map(this.#all<[number, number]>('SELECT piece, version FROM search.piece_live'));
      this.#liveVersion = version;
    }
    this.#columns = new Map(this.#all<[string, number]>('SELECT path, id FROM search.columns WHERE kept = 1'));
    this.#gone = new Map();
    for (const [seq] of this.#all<[number]>('SELECT seq FROM main.gone_events WHERE n > ?', Number(state.get('gone_until')))) {
      const piece = Math.floor(seq / PIECE);
      const list = this.#gone.get(piece);
      if (list) list.push(seq);
      else this.#gone.set(piece, [seq]);
    }
  }

  /** How many pieces there are, counted from the first. */
  get pieces(): number {
    return this.#pieces;
  }

  /** Whether a path has a column of which no piece is missing. */
  isWhole(path: string): boolean {
    const id = this.#columns.get(path);
    if (id === undefined) return false;
    const [row] = this.#all<[number]>(
      'SELECT count(*) FROM search.column_pieces WHERE id >= ? AND id < ? AND codes IS NOT NULL',
      id * SHIFT,
      id * SHIFT + this.#pieces,
    );
    return row![0] === this.#pieces;
  }

  rows(piece: number): PieceRows {
    const name = `rows:${piece}:${this.#liveVersions.get(piece) ?? this.#liveVersion}`;
    const cached = this.#cache.get(name) as PieceRows | undefined;
    const read = cached ?? this.#readRows(piece);
    if (!cached) this.#cache.put(name, read, read.jobs.byteLength + read.times.byteLength + read.places.byteLength + 200);
    const gone = this.#gone.get(piece);
    return gone ? without(read, gone) : read;
  }

  /** What the events of a piece have at a path; undefined where nobody kept it. */
  column(path: string, piece: number): ColumnPiece | undefined {
    const id = this.#columns.get(path);
    if (id === undefined) return undefined;
    const name = id * SHIFT + piece;
    const cached = this.#cache.get(name) as ColumnPiece | undefined;
    if (cached) return cached;
    const [row] = this.#all<[Buffer | null, string]>('SELECT codes, entries FROM search.column_pieces WHERE id = ?', name);
    if (!row || row[0] === null) return undefined;
    return this.#take(id, name, { codes: row[0], entries: row[1] });
  }

  #take(id: number, name: number, stored: StoredPiece): ColumnPiece {
    let shared = this.#shared.get(id);
    if (!shared || shared.size > MOST_SHARED) {
      shared = new Map();
      this.#shared.set(id, shared);
    }
    const before = shared.size;
    const piece = readPiece(stored, shared);
    const made = shared.size - before;
    const text = made === 0 ? 0 : Math.ceil((stored.entries.length * 2 * made) / piece.entries.length) + ENTRY_BYTES * made;
    this.#cache.put(name, piece, stored.codes.length + 8 * piece.entries.length + text + 200);
    return piece;
  }

  #readRows(piece: number): PieceRows {
    const [row] = this.#all<[Buffer, Buffer, Buffer]>(
      'SELECT r.jobs, r.times, l.live FROM search.piece_rows r JOIN search.piece_live l ON l.piece = r.piece WHERE r.piece = ?',
      piece,
    );
    const [jobs, times, live] = row!;
    return rowsOf(
      new Int32Array(copyOf(jobs)),
      new Float64Array(copyOf(times)),
      (place) => (live[place >> 3]! & (1 << (place & 7))) !== 0,
    );
  }

  #all<Row>(sql: string, ...values: number[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  readonly #statements = new Map<string, Database.Statement>();

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql).raw();
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function rowsOf(jobs: Int32Array, times: Float64Array, live: (place: number) => boolean): PieceRows {
  const places = new Int32Array(PIECE);
  let count = 0;
  let [earliest, latest] = [Infinity, -Infinity];
  let job: number | undefined;
  let several = false;
  for (let place = PIECE - 1; place >= 0; place--) {
    if (!live(place)) continue;
    places[count++] = place;
    earliest = Math.min(earliest, times[place]!);
    latest = Math.max(latest, times[place]!);
    if (job === undefined) job = jobs[place]!;
    else if (job !== jobs[place]) several = true;
  }
  return { jobs, times, places: places.slice(0, count), job: several ? undefined : job, earliest, latest };
}

function without({ jobs, times, places }: PieceRows, gone: readonly number[]): PieceRows {
  const left = new Uint8Array(PIECE);
  for (const place of places) left[place] = 1;
  for (const seq of gone) left[seq % PIECE] = 0;
  return rowsOf(jobs, times, (place) => left[place] === 1);
}

/** A copy of its own, so that numbers of several bytes stand where a typed array wants them. */
function copyOf(buffer: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(buffer);
  return copy;
}

/** Keeps what was used last, up to a number of bytes. */
class ByteCache {
  readonly #most: number;
  readonly #held = new Map<string | number, { readonly value: object; readonly bytes: number }>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string | number): object | undefined {
    const found = this.#held.get(name);
    if (!found) return undefined;
    this.#held.delete(name);
    this.#held.set(name, found);
    return found.value;
  }

  put(name: string | number, value: object, bytes: number): void {
    this.#held.set(name, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#most) return;
      this.#held.delete(oldest);
      this.#bytes -= held.bytes;
    }
  }
}
