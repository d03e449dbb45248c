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
import { leavesAt, type Scalar } from './value.ts';

/** For fewer events than this, what is joined is looked up for each of them. */
const WORTH_JOINING = 16;
/** Groups of events that are kept through a search. */
const MOST_GROUPS = 50_000;

/** Fields of ours that are the same for all events with the same unit, bucket, decision, status and tag. */
const SHARED = new Set(
  [
    'result',
    'result_label',
    'inference_status',
    'inference_result',
    'bucket_state',
    'knowledge_base_state',
    'bucket_id',
    'key_hash',
    'consensus',
    'confidence_score',
    'confidence_percentage',
    'outlier_flag',
    'outlier_score',
    'attention.low_confidence_score.attention_required',
    'attention.undecided_consensus.attention_required',
    'storage_tag',
    'pipeline_status',
    'pipeline_stage',
    'model.path',
    'model.timestamp',
  ].map((name) => `arcanna.${name}`),
);

/** Makes the blocks of one search, which share what is known of events with the same decision and votes. */
export class PieceBlocks {
  readonly #store: SearchStore;
  readonly #reader: ColumnReader;
  readonly #facts: EventFacts;
  readonly #jobs: ReadonlyMap<number, Job>;
  readonly #fields: readonly string[];
  readonly #groups = new Map<string, Group>();

  /** @param fields those that the search reads. */
  constructor(store: SearchStore, reader: ColumnReader, facts: EventFacts, jobs: readonly Job[], fields: ReadonlySet<string>) {
    this.#store = store;
    this.#reader = reader;
    this.#facts = facts;
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    this.#fields = [...fields].filter((field) => SHARED.has(field));
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
      const unit = unitOf(job, { seq, bucketId });
      const name = `${jobId}:${pointsVersion}:${unit.kind}${unit.id}:${bucketId}:${decisionId}:${status}:${tag}`;
      let group = this.#groups.get(name);
      if (!group) {
        if (this.#groups.size >= MOST_GROUPS) this.#groups.clear();
        group = new Group(row, this.#facts, this.#fields);
        this.#groups.set(name, group);
      }
      let number = numbers.get(group);
      if (number === undefined) {
        number = groups.push(group) - 1;
        numbers.set(group, number);
      }
      codes[seq % PIECE] = number;
    }
    return { codes, groups };
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

  entry(field: string): Entry {
    // All that the search reads at once, and never the whole block: that would be held for each of many groups.
    if (!this.#entries) {
      const node = { arcanna: this.#facts.sharedBlock(this.#row) };
      this.#entries = new Map(this.#fields.map((name) => [name, sharedEntry(leavesAt(node, name))]));
    }
    return this.#entries.get(field)!;
  }
}

/** Most fields of ours have a handful of values: those are one entry for all groups. */
const known = new Map<string, Entry>();

function sharedEntry(values: readonly Scalar[]): Entry {
  const name = JSON.stringify(values);
  let entry = known.get(name);
  if (!entry) {
    if (known.size >= 10_000) known.clear();
    entry = new Entry(values, values.length > 0);
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
