import type { ArcannaBlock } from '@verdict/contract';
import { type PointValue, parseAlert, parsePointValues } from '@verdict/engine';
import { knowledgeState } from '../buckets/bucket.ts';
import { type ArcannaFacts, arcannaBlockOf } from '../decisions/arcanna-block.ts';
import { unitOf } from '../feedback/feedback-service.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { toEvent } from '../ingest/event-row.ts';
import type { Job } from '../jobs/job.ts';
import { type DocumentParts, documentOf, type KnownValues } from './document.ts';
import type { SearchDocument } from './query.ts';
import type { ChangingRow, NarrowRow, SearchStore } from './search-store.ts';

/** Facts kept for the events of one search: many events share a bucket and a decision. */
const KEPT = 50_000;

type Shared = Omit<ArcannaFacts, 'event' | 'before'>;

/** Looks up what is known about events, during one search over one state of the database. */
export class EventFacts {
  readonly #store: SearchStore;
  readonly #jobs: ReadonlyMap<number, Job>;
  readonly #shared = new Map<string, Shared>();
  readonly #points = new Map<string, readonly string[]>();
  readonly #pendingFrom: number;
  readonly #hidden: ReadonlySet<number>;
  /** Alerts parsed so far. */
  parsed = 0;

  /** @param hidden events that are shown as not decided. */
  constructor(store: SearchStore, jobs: readonly Job[], hidden: readonly number[] = []) {
    this.#store = store;
    this.#hidden = new Set(hidden);
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    this.#pendingFrom = store.pendingFrom();
  }

  document([seq, jobId, eventId, eventAt]: NarrowRow): SearchDocument {
    // What an alert holds may still change where code steps wait to run: nothing of it is remembered.
    const columns = seq < this.#pendingFrom ? { columns: this.#store.remembered } : {};
    return documentOf({ ...this.#partsOf(seq), jobId, eventId, eventAt, ...columns });
  }

  /** A document of which only this is known; its id is looked up when somebody wants it. */
  documentAt(seq: number, jobId: number, eventAt: number, columns: KnownValues): SearchDocument {
    const store = this.#store;
    return documentOf({
      ...this.#partsOf(seq),
      jobId,
      get eventId() {
        return store.eventId(seq);
      },
      eventAt,
      columns,
    });
  }

  #partsOf(seq: number): Pick<DocumentParts, 'seq' | 'event' | 'alert' | 'arcanna'> {
    return {
      seq,
      event: () => this.event(seq),
      alert: () => {
        this.parsed++;
        return parseAlert(this.#store.body(seq)) as Record<string, unknown>;
      },
      arcanna: () => this.arcanna(this.event(seq)),
    };
  }

  /** A document whose event is known already. */
  documentOf({ seq, jobId, eventId, eventAt }: StoredEvent): SearchDocument {
    return this.document([seq, jobId, eventId, eventAt]);
  }

  /** The row of an event that a search walked over. */
  event(seq: number): StoredEvent {
    // Walked over in the same snapshot, so it is there.
    return toEvent(this.#store.bySeq(seq)!);
  }

  /** Whether the caller must not see what the machine says of an event. */
  hides(seq: number): boolean {
    return this.#hidden.has(seq);
  }

  arcanna(event: StoredEvent): ArcannaBlock {
    const job = this.#jobs.get(event.jobId)!;
    if (this.hides(event.seq)) {
      const undecided = { ...event, decisionId: null };
      return arcannaBlockOf(job, { ...this.#sharedOf(job, undecided), event: undecided, before: undefined });
    }
    const row = this.#store.before(event.seq);
    const before = row && { classNo: row.class_no };
    return arcannaBlockOf(job, { ...this.#sharedOf(job, event), event, before });
  }

  /**
   * The same without what is an event's own (its id, errors, and the decision before), for events that share all the rest: one of them stands for
   * them.
   */
  sharedBlock([seq, jobId, pointsVersion, bucketId, decisionId, status, storageTag]: ChangingRow): ArcannaBlock {
    const job = this.#jobs.get(jobId)!;
    const event = { ...NOBODY, seq, jobId, pointsVersion, bucketId, decisionId, status, storageTag };
    return arcannaBlockOf(job, { ...this.#factsOf(job, event), event, before: undefined });
  }

  /** What the decision points held when the event was put in its bucket, by path. */
  pointValues(event: StoredEvent): Record<string, PointValue> {
    const bucket = event.bucketId === null ? undefined : this.#store.bucket(event.bucketId);
    if (!bucket) return {};
    const name = `${event.jobId}:${event.pointsVersion}`;
    const points = this.#points.get(name) ?? this.#store.points(event.jobId, event.pointsVersion);
    this.#points.set(name, points);
    const values = parsePointValues(bucket.point_values);
    return Object.fromEntries(points.map((point, index) => [point, values[index] ?? null]));
  }

  #sharedOf(job: Job, event: StoredEvent): Shared {
    const unit = unitOf(job, event);
    const name = `${unit.kind}:${unit.id}:${event.bucketId}:${event.decisionId}`;
    const known = this.#shared.get(name);
    if (known) return known;
    const made = this.#factsOf(job, event);
    if (this.#shared.size >= KEPT) this.#shared.clear();
    this.#shared.set(name, made);
    return made;
  }

  #factsOf(job: Job, event: StoredEvent): Shared {
    const unit = unitOf(job, event);
    const bucket = event.bucketId === null ? undefined : this.#store.bucket(event.bucketId);
    const consensus = this.#store.consensus(unit.kind, unit.id);
    const unitName = unit.kind === 'e' ? `e:${unit.id}` : `b:${bucket?.key ?? ''}`;
    const trainedOn = job.activeModelId === null ? undefined : this.#store.trainedClass(job.activeModelId, unitName);
    const decision = event.decisionId === null ? undefined : this.#store.decision(event.decisionId);
    return {
      bucket,
      consensus: consensus && { classNo: consensus.class_no },
      state: knowledgeState(consensus?.class_no ?? undefined, trainedOn),
      decision: decision && {
        modelId: decision.model_id,
        classNo: decision.class_no,
        confidence: decision.confidence,
        outlier: decision.outlier === 1,
        outlierScore: decision.outlier_score,
        madeAt: decision.made_at,
      },
    };
  }
}

const NOBODY: StoredEvent = {
  seq: 0,
  jobId: 0,
  eventId: '',
  version: 0,
  isCurrent: true,
  duplicated: false,
  title: null,
  severity: null,
  dataSource: null,
  storageTag: null,
  ingestedAt: 0,
  eventAt: 0,
  pointsVersion: 0,
  bucketId: null,
  decisionId: null,
  decidedAt: null,
  status: 'OK',
  error: null,
};
