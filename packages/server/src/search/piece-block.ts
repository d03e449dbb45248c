import type { Unit } from '../feedback/feedback.ts';
import { unitOf } from '../feedback/feedback-service.ts';
import type { Job } from '../jobs/job.ts';
import { type ColumnPiece, Entry, PIECE } from './column-piece.ts';
import type { ColumnReader, PieceRows } from './column-reader.ts';
import type { KnownValues } from './document.ts';
import type { EventFacts } from './event-facts.ts';
import { alertPath } from './plan.ts';
import type { SearchDocument } from './query.ts';
import type { Block } from './rows.ts';
import type { ChangingRow, SearchStore } from './search-store.ts';
import { existsAt, leavesAt, type Scalar } from './value.ts';

/** For fewer events than this, what is joined is looked up for each of them. */
const WORTH_JOINING = 16;
/** Groups of events that are kept through a search. */
const MOST_GROUPS = 50_000;

/** Members of ours that are an event's own. All others are the same for all events with the same unit, bucket, decision, status and tag. */
const OWN = new Set(['original_id', 'previous_result', 'log_messages']);

/** Whether a field is one of ours that events share; also one that there is not: none of them has it. */
function isShared(field: string): boolean {
  const [first, second] = field.split('.', 2);
  return first === 'arcanna' && second !== undefined && !OWN.has(second);
}

/** Makes the blocks of one search, which share what is known of events with the same decision and votes. */
export class PieceBlocks {
  readonly #store: SearchStore;
  readonly #reader: ColumnReader;
  readonly #facts: EventFacts;
  readonly #jobs: ReadonlyMap<number, Job>;
  readonly #fields: readonly string[];
  /** By unit and by decision, which leave few to choose from. */
  readonly #groups = new Map<number, Map<number, Group[]>>();
  #count = 0;

  /** @param fields those that the search reads. */
  constructor(store: SearchStore, reader: ColumnReader, facts: EventFacts, jobs: readonly Job[], fields: ReadonlySet<string>) {
    this.#store = store;
    this.#reader = reader;
    this.#facts = facts;
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    this.#fields = [...fields].filter(isShared);
  }

  block(piece: number, rows: PieceRows): Block {
    return new PieceBlock(piece, rows, this.#store, this.#reader, this.#facts, this.#fields, () => this.#grouped(piece));
  }

  /** The events of a piece in groups that have the same shared fields. */
  #grouped(piece: number): Grouped {
    const codes = new Uint16Array(PIECE);
    const groups: Group[] = [];
    const numbers = new Map<Group, number>();
    for (const stored of this.#store.changing(piece * PIECE, (piece + 1) * PIECE - 1)) {
      const [seq, jobId, pointsVersion, bucketId, decided, status, tag] = stored;
      const decisionId = this.#facts.hides(seq) ? null : decided;
      const row: ChangingRow = [seq, jobId, pointsVersion, bucketId, decisionId, status, tag];
      const job = this.#jobs.get(jobId);
      if (!job) continue;
      const group = this.#groupOf(row, unitOf(job, { seq, bucketId }));
      let number = numbers.get(group);
      if (number === undefined) {
        number = groups.push(group) - 1;
        numbers.set(group, number);
      }
      codes[seq % PIECE] = number;
    }
    return { codes, groups };
  }

  #groupOf(row: ChangingRow, unit: Unit): Group {
    const decisionId = row[4] ?? -1;
    const unitName = unit.kind === 'b' ? 2 * unit.id : 2 * unit.id + 1;
    if (this.#count >= MOST_GROUPS) {
      this.#groups.clear();
      this.#count = 0;
    }
    let ofUnit = this.#groups.get(unitName);
    if (!ofUnit) {
      ofUnit = new Map();
      this.#groups.set(unitName, ofUnit);
    }
    let few = ofUnit.get(decisionId);
    if (!few) {
      few = [];
      ofUnit.set(decisionId, few);
    }
    let group = few.find((one) => one.holds(row));
    if (!group) {
      group = new Group(row, this.#facts, this.#fields);
      few.push(group);
      this.#count++;
    }
    return group;
  }
}

interface Grouped {
  readonly codes: Uint16Array;
  readonly groups: readonly Group[];
}

/** Events that share what we know of them, one of which stands for all. */
class Group {
  readonly #row: ChangingRow;
  readonly #facts: EventFacts;
  readonly #fields: readonly string[];
  #entries: Map<string, Entry> | undefined;

  constructor(row: ChangingRow, facts: EventFacts, fields: readonly string[]) {
    this.#row = row;
    this.#facts = facts;
    this.#fields = fields;
  }

  /** Whether an event of the same unit and with the same decision belongs here. */
  holds([, jobId, pointsVersion, bucketId, , status, tag]: ChangingRow): boolean {
    const [, ownJob, ownVersion, ownBucket, , ownStatus, ownTag] = this.#row;
    return bucketId === ownBucket && status === ownStatus && pointsVersion === ownVersion && jobId === ownJob && tag === ownTag;
  }

  entry(field: string): Entry {
    // All that the search reads at once, and never the whole block: that would be held for each of many groups.
    if (!this.#entries) {
      const node = { arcanna: this.#facts.sharedBlock(this.#row) };
      this.#entries = new Map(this.#fields.map((name) => [name, sharedEntry(leavesAt(node, name), existsAt(node, name))]));
    }
    return this.#entries.get(field)!;
  }
}

/** Most fields of ours have a handful of values: those are one entry for all groups. */
const known = new Map<string, Entry>();

function sharedEntry(values: readonly Scalar[], exists: boolean): Entry {
  const name = JSON.stringify([values, exists]);
  let entry = known.get(name);
  if (!entry) {
    if (known.size >= 10_000) known.clear();
    entry = new Entry(values, exists);
    known.set(name, entry);
  }
  return entry;
}

class PieceBlock implements Block, KnownValues {
  readonly #piece: number;
  readonly #rows: PieceRows;
  readonly #store: SearchStore;
  readonly #reader: ColumnReader;
  readonly #facts: EventFacts;
  readonly #fields: readonly string[];
  readonly #group: () => Grouped;
  readonly #documents = new Map<number, SearchDocument>();
  #grouped: Grouped | undefined;

  constructor(
    piece: number,
    rows: PieceRows,
    store: SearchStore,
    reader: ColumnReader,
    facts: EventFacts,
    fields: readonly string[],
    group: () => Grouped,
  ) {
    this.#piece = piece;
    this.#rows = rows;
    this.#store = store;
    this.#reader = reader;
    this.#facts = facts;
    this.#fields = fields;
    this.#group = group;
  }

  seq(place: number): number {
    return this.#piece * PIECE + place;
  }

  job(place: number): number {
    return this.#rows.jobs[place]!;
  }

  time(place: number): number {
    return this.#rows.times[place]!;
  }

  document(place: number): SearchDocument {
    let document = this.#documents.get(place);
    if (!document) {
      document = this.#facts.documentAt(this.seq(place), this.job(place), this.time(place), this);
      this.#documents.set(place, document);
    }
    return document;
  }

  column(field: string, wanted: number): ColumnPiece | undefined {
    const path = alertPath(field);
    if (path !== undefined) return this.#reader.column(path, this.#piece);
    if (!this.#fields.includes(field) || (wanted < WORTH_JOINING && !this.#grouped)) return undefined;
    this.#grouped ??= this.#group();
    const { codes, groups } = this.#grouped;
    return { codes, entries: groups.map((group) => group.entry(field)) };
  }

  get(path: string, seq: number): readonly Scalar[] | undefined {
    const inAlert = alertPath(path);
    const column = inAlert === undefined ? undefined : this.#reader.column(inAlert, this.#piece);
    if (column) return column.entries[column.codes[seq % PIECE]!]!.values;
    return this.#store.remembered.get(path, seq);
  }

  put(path: string, seq: number, values: readonly Scalar[]): void {
    this.#store.remembered.put(path, seq, values);
  }
}
