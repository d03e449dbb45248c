import { parseAlert } from '@verdict/engine';
import type Database from 'better-sqlite3';
import { PIECE, PieceBuilder, type StoredPiece } from './column-piece.ts';
import { existsAt, leavesAt } from './value.ts';

/** Raised when columns are kept in another way: they are built anew then, without the terms of the index. */
const VERSION = '1';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS piece_rows (piece INTEGER PRIMARY KEY, jobs BLOB NOT NULL, times BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS piece_live (piece INTEGER PRIMARY KEY, version INTEGER NOT NULL, live BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS columns (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, kept INTEGER NOT NULL DEFAULT 0, point INTEGER NOT NULL DEFAULT 0,
  asks INTEGER NOT NULL DEFAULT 0, asked_at INTEGER NOT NULL DEFAULT 0, too_large INTEGER NOT NULL DEFAULT 0
);
-- The id is the column's, shifted by 32 bits, and the number of the piece. No codes: the piece is too large to keep.
CREATE TABLE IF NOT EXISTS column_pieces (id INTEGER PRIMARY KEY, codes BLOB, entries TEXT NOT NULL);
`;
const TABLES = ['piece_rows', 'piece_live', 'columns', 'column_pieces'];

/** Most columns at once, and most of them that are decision points. */
const MOST_COLUMNS = 64;
const MOST_POINTS = 48;
/** A field that was asked for so often gets a column. */
const ASKS_ENOUGH = 2;
/** Most fields whose asking is counted, so that a caller cannot fill the file with names. */
const MOST_COUNTED = 1_000;
/** A column that nobody asked for so long goes, in milliseconds. */
const COLD_MS = 14 * 86_400_000;
/** Pieces too large to keep after which a field is left alone, when they are more than half of all. */
const TOO_LARGE_ENOUGH = 4;
/** Most pieces that events are taken into while an earlier one cannot be stored yet. */
const MOST_OPEN = 4;
const SHIFT = 2 ** 32;

interface Kept {
  readonly id: number;
  readonly path: string;
  /** Pieces that are stored. */
  readonly pieces: Set<number>;
  tooLarge: number;
}

/**
 * The writing side of the columns: what all events have at the fields that people ask for, in pieces of {@link PIECE} numbers of events. Beside each
 * piece stands which job its events belong to, when they were, and which of them are current. Decision points come first, then what is asked for
 * more than once; what nobody asks for any more goes. What may change of an event (`arcanna`) is never in here.
 */
export class ColumnStore {
  readonly #index: Database.Database;
  readonly #events: Database.Database;
  #kept = new Map<string, Kept>();
  /** Pieces that events are being taken into. */
  readonly #open = new Map<number, OpenPiece>();
  /** The number of the last event that was noted, or stood in the index when this began. */
  #lastNoted = 0;

  /** @param index the file of the index. @param events the main database, for reading. */
  constructor(index: Database.Database, events: Database.Database) {
    this.#index = index;
    this.#events = events;
    this.#index.transaction(() => this.#prepare())();
    this.#load();
  }

  /** Pieces that are there without a gap, counted from the first. */
  get pieces(): number {
    return Number(this.#state('pieces'));
  }

  /** How far the list of events that are gone was taken in. */
  get goneUntil(): number {
    return Number(this.#state('gone_until'));
  }

  /** Pieces of columns that are still to be built. */
  get missing(): number {
    let missing = 0;
    const all = this.pieces;
    for (const { pieces } of this.#kept.values()) missing += all - pieces.size;
    return missing;
  }

  /** Paths that have a column, whole or still being built. */
  get paths(): readonly string[] {
    return [...this.#kept.keys()];
  }

  /** Takes note of the next event, in the order of their numbers, so that its alert need not be read again. */
  note(seq: number, alert: unknown): void {
    const piece = Math.floor(seq / PIECE);
    let open = this.#open.get(piece);
    if (!open) {
      // One that was begun before this thread started, or behind many that wait, is built from the events instead.
      const whole = this.#lastNoted < piece * PIECE && this.#open.size < MOST_OPEN;
      open = new OpenPiece(whole ? [...this.#kept.values()].map(({ path }) => path) : []);
      this.#open.set(piece, open);
    }
    open.set(seq % PIECE, alert);
    this.#lastNoted = seq;
  }

  /** The next event is one of which what it holds may still change: its piece is built from the events once it is full. */
  noteLater(seq: number): void {
    this.#open.set(Math.floor(seq / PIECE), new OpenPiece([]));
    this.#lastNoted = seq;
  }

  /** Every event up to here is in the index and stays as it is. Pieces that are full are stored. @returns whether there may be more to store. */
  advance(lastSeq: number): boolean {
    this.#lastNoted = Math.max(this.#lastNoted, lastSeq);
    const piece = this.pieces;
    if ((piece + 1) * PIECE - 1 > lastSeq) return false;
    const open = this.#open.get(piece);
    this.#open.delete(piece);
    this.#index.transaction(() => {
      this.#storeRows(piece);
      if (open) for (const [path, builder] of open.builders) this.#storePiece(path, piece, builder.finish());
      this.#note('pieces', piece + 1);
    })();
    return true;
  }

  /** Takes in which events are not current any more. @returns whether there may be more. */
  forget(): boolean {
    const after = this.goneUntil;
    const gone = this.#events.prepare('SELECT n, seq FROM gone_events WHERE n > ? ORDER BY n LIMIT 5000').all(after) as {
      n: number;
      seq: number;
    }[];
    const last = gone.at(-1);
    if (!last) return false;
    const pieces = this.pieces;
    const touched = new Set(gone.map(({ seq }) => Math.floor(seq / PIECE)).filter((piece) => piece < pieces));
    this.#index.transaction(() => {
      const version = Number(this.#state('live_version')) + 1;
      for (const piece of touched) this.#storeLive(piece, version, this.#rowsOf(piece));
      if (touched.size > 0) this.#note('live_version', version);
      this.#note('gone_until', last.n);
    })();
    return true;
  }

  /** Builds the newest piece that a column lacks. @returns whether there was one. */
  build(): boolean {
    const piece = this.#newestMissing();
    if (piece < 0) return false;
    const lacking = [...this.#kept.values()].filter(({ pieces }) => !pieces.has(piece)).map(({ path }) => path);
    const open = new OpenPiece(lacking);
    const rows = this.#events
      .prepare(
        `SELECT e.seq, b.body FROM events e JOIN event_records b ON b.seq = e.seq WHERE e.seq BETWEEN ? AND ? AND e.is_current = 1`,
      )
      .raw()
      .iterate(piece * PIECE, (piece + 1) * PIECE - 1) as IterableIterator<[number, string]>;
    for (const [seq, body] of rows) open.set(seq % PIECE, parseAlert(body));
    this.#index.transaction(() => {
      for (const [path, builder] of open.builders) this.#storePiece(path, piece, builder.finish());
    })();
    return true;
  }

  /** Counts that fields were asked for. @param now milliseconds since 1970. */
  asked(paths: readonly string[], now: number): void {
    this.#index.transaction(() => {
      const count = this.#index.prepare(
        'INSERT INTO columns (path, asks, asked_at) VALUES (?, 1, ?) ON CONFLICT (path) DO UPDATE SET asks = asks + 1, asked_at = excluded.asked_at',
      );
      for (const path of paths) {
        count.run(path, now);
        this.#promote(path);
      }
      this.#index
        .prepare(
          'DELETE FROM columns WHERE kept = 0 AND id NOT IN (SELECT id FROM columns WHERE kept = 0 ORDER BY asked_at DESC, id DESC LIMIT ?)',
        )
        .run(MOST_COUNTED);
    })();
    this.#load();
  }

  /** Looks which decision points jobs have now, and drops what nobody asks for any more. @param now milliseconds since 1970. */
  choose(now: number): void {
    const points = this.#points();
    this.#index.transaction(() => {
      this.#markPoints(points, now);
      const cold = this.#index
        .prepare('SELECT id FROM columns WHERE point = 0 AND asked_at < ?')
        .pluck()
        .all(now - COLD_MS) as number[];
      for (const id of cold) this.#drop(id);
      const over = this.#index
        .prepare('SELECT id FROM columns WHERE kept = 1 ORDER BY point DESC, asked_at DESC, id LIMIT -1 OFFSET ?')
        .pluck()
        .all(MOST_COLUMNS) as number[];
      for (const id of over) this.#drop(id);
    })();
    this.#load();
  }

  #promote(path: string): void {
    const row = this.#index.prepare('SELECT id, kept, asks, too_large FROM columns WHERE path = ?').get(path) as {
      id: number;
      kept: number;
      asks: number;
      too_large: number;
    };
    if (row.kept === 1 || row.asks < ASKS_ENOUGH || row.too_large === 1) return;
    const kept = this.#index.prepare('SELECT count(*) FROM columns WHERE kept = 1').pluck().get() as number;
    if (kept >= MOST_COLUMNS) {
      const coldest = this.#index
        .prepare('SELECT id FROM columns WHERE kept = 1 AND point = 0 ORDER BY asked_at, id LIMIT 1')
        .pluck()
        .get() as number | undefined;
      if (coldest === undefined) return;
      this.#drop(coldest);
    }
    this.#index.prepare('UPDATE columns SET kept = 1 WHERE id = ?').run(row.id);
  }

  /** Decision points of the jobs as they are now, those of the jobs with most events first. */
  #points(): string[] {
    const rows = this.#events
      .prepare(
        `SELECT v.points FROM jobs j JOIN point_versions v ON v.job_id = j.id AND v.version = j.points_version
         LEFT JOIN job_counters c ON c.job_id = j.id ORDER BY c.events DESC, j.id`,
      )
      .pluck()
      .all() as string[];
    return [...new Set(rows.flatMap((points) => JSON.parse(points) as string[]))].slice(0, MOST_POINTS);
  }

  #markPoints(points: readonly string[], now: number): void {
    const before = this.#index.prepare('SELECT path FROM columns WHERE point = 1').pluck().all() as string[];
    // Mostly nothing changed, and nothing is written then.
    if (before.length === points.length && points.every((path) => before.includes(path))) return;
    this.#index.prepare('UPDATE columns SET point = 0 WHERE point = 1').run();
    const mark = this.#index.prepare(
      'INSERT INTO columns (path, kept, point, asked_at) VALUES (?, 1, 1, ?) ON CONFLICT (path) DO UPDATE SET point = 1, kept = (too_large = 0)',
    );
    for (const path of points) mark.run(path, now);
  }

  #newestMissing(): number {
    const pieces = this.pieces;
    let newest = -1;
    for (const kept of this.#kept.values()) {
      for (let piece = pieces - 1; piece > newest; piece--) {
        if (kept.pieces.has(piece)) continue;
        newest = piece;
        break;
      }
    }
    return newest;
  }

  #storeRows(piece: number): void {
    const rows = this.#rowsOf(piece);
    const jobs = new Int32Array(PIECE);
    const times = new Float64Array(PIECE);
    for (const [seq, job, time] of rows) {
      jobs[seq % PIECE] = job;
      times[seq % PIECE] = time;
    }
    this.#index
      .prepare('INSERT OR REPLACE INTO piece_rows (piece, jobs, times) VALUES (?, ?, ?)')
      .run(piece, bytesOf(jobs), bytesOf(times));
    this.#storeLive(piece, Number(this.#state('live_version')), rows);
  }

  #rowsOf(piece: number): PieceRow[] {
    return this.#events
      .prepare('SELECT seq, job_id, event_at FROM events WHERE seq BETWEEN ? AND ? AND is_current = 1')
      .raw()
      .all(piece * PIECE, (piece + 1) * PIECE - 1) as PieceRow[];
  }

  #storeLive(piece: number, version: number, rows: readonly PieceRow[]): void {
    const live = new Uint8Array(PIECE / 8);
    for (const [seq] of rows) live[(seq % PIECE) >> 3]! |= 1 << (seq & 7);
    this.#index
      .prepare('INSERT OR REPLACE INTO piece_live (piece, version, live) VALUES (?, ?, ?)')
      .run(piece, version, bytesOf(live));
  }

  #storePiece(path: string, piece: number, stored: StoredPiece | null): void {
    const kept = this.#kept.get(path);
    if (!kept) return;
    this.#index
      .prepare('INSERT OR REPLACE INTO column_pieces (id, codes, entries) VALUES (?, ?, ?)')
      .run(kept.id * SHIFT + piece, stored ? bytesOf(stored.codes) : null, stored?.entries ?? '');
    kept.pieces.add(piece);
    if (stored) return;
    kept.tooLarge++;
    if (kept.tooLarge < TOO_LARGE_ENOUGH || kept.tooLarge * 2 <= kept.pieces.size) return;
    this.#removePieces(kept.id);
    this.#index.prepare('UPDATE columns SET kept = 0, too_large = 1 WHERE id = ?').run(kept.id);
    this.#kept.delete(path);
  }

  #drop(id: number): void {
    this.#removePieces(id);
    this.#index.prepare('DELETE FROM columns WHERE id = ?').run(id);
  }

  #removePieces(id: number): void {
    this.#index.prepare('DELETE FROM column_pieces WHERE id >= ? AND id < ?').run(id * SHIFT, (id + 1) * SHIFT);
  }

  #load(): void {
    const rows = this.#index.prepare('SELECT id, path FROM columns WHERE kept = 1').all() as { id: number; path: string }[];
    const before = this.#kept;
    const pieces = this.#index.prepare('SELECT id, codes IS NULL FROM column_pieces WHERE id >= ? AND id < ?').raw();
    this.#kept = new Map(
      rows.map(({ id, path }) => {
        const known = before.get(path);
        if (known?.id === id) return [path, known];
        const stored = pieces.all(id * SHIFT, (id + 1) * SHIFT) as [number, number][];
        const numbers = new Set(stored.map(([at]) => at - id * SHIFT));
        return [path, { id, path, pieces: numbers, tooLarge: stored.filter(([, empty]) => empty === 1).length }];
      }),
    );
  }

  #prepare(): void {
    const gone = Number(this.#events.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'gone_events'`).pluck().get() ?? 0);
    if (this.#state('columns') !== VERSION || this.goneUntil > gone) {
      for (const table of TABLES) this.#index.exec(`DROP TABLE IF EXISTS ${table}`);
      const write = this.#index.prepare('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)');
      // What went before the first piece is built is not in it.
      for (const [name, value] of Object.entries({ columns: VERSION, pieces: 0, gone_until: gone, live_version: 0 }))
        write.run(name, value);
    }
    this.#index.exec(SCHEMA);
    this.#lastNoted = Number(this.#state('last_seq'));
  }

  #state(name: string): unknown {
    return this.#index.prepare('SELECT value FROM state WHERE name = ?').pluck().get(name);
  }

  #note(name: string, value: number): void {
    this.#index.prepare('UPDATE state SET value = ? WHERE name = ?').run(value, name);
  }
}

type PieceRow = [seq: number, job: number, time: number];

/** What the events of a piece have at some paths, as far as they were taken in. */
class OpenPiece {
  readonly builders: ReadonlyMap<string, PieceBuilder>;

  constructor(paths: readonly string[]) {
    this.builders = new Map(paths.map((path) => [path, new PieceBuilder()]));
  }

  set(at: number, alert: unknown): void {
    for (const [path, builder] of this.builders) {
      const values = leavesAt(alert, path);
      builder.set(at, values, values.length > 0 || existsAt(alert, path));
    }
  }
}

function bytesOf(array: Int32Array | Float64Array | Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
