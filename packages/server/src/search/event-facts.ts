import type { ArcannaBlock } from '@verdict/contract';
import { type PointValue, parseAlert, parsePointValues } from '@verdict/engine';
import { knowledgeState } from '../buckets/bucket.ts';
import { type ArcannaFacts, arcannaBlockOf } from '../decisions/arcanna-block.ts';
import { unitOf } from '../feedback/feedback-service.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { toEvent } from '../ingest/event-row.ts';
import type { Job } from '../jobs/job.ts';
import { documentOf } from './document.ts';
import type { SearchDocument } from './query.ts';
import type { NarrowRow, SearchStore } from './search-store.ts';

/** Facts kept for the events of one search: many events share a bucket and a decision. */
const KEPT = 50_000;

/** Looks up what is known about events, during one search over one state of the database. */
export class EventFacts {
  readonly #store: SearchStore;
  readonly #jobs: ReadonlyMap<number, Job>;
  readonly #shared = new Map<string, Omit<ArcannaFacts, 'event' | 'before'>>();
  readonly #points = new Map<string, readonly string[]>();
  readonly #hidden: ReadonlySet<number>;
  /** Alerts parsed so far. */
  parsed = 0;

  /** @param hidden events that are shown as not decided. */
  constructor(store: SearchStore, jobs: readonly Job[], hidden: readonly number[] = []) {
    this.#store = store;
    this.#hidden = new Set(hidden);
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
  }

  document([seq, jobId, eventId, eventAt]: NarrowRow): SearchDocument {
    return documentOf({
      seq,
      jobId,
      eventId,
      eventAt,
      columns: this.#store.columns,
      event: () => this.event(seq),
      alert: () => {
        this.parsed++;
        return parseAlert(this.#store.body(seq)) as Record<string, unknown>;
      },
      arcanna: () => this.arcanna(this.event(seq)),
    });
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

  arcanna(found: StoredEvent): ArcannaBlock {
    const job = this.#jobs.get(found.jobId)!;
    if (this.#hidden.has(found.seq)) {
      const event = { ...found, decisionId: null };
      return arcannaBlockOf(job, { ...this.#sharedOf(job, event), event, before: undefined });
    }
    const event = found;
    const row = this.#store.before(event.seq);
    const before = row && { classNo: row.class_no };
    return arcannaBlockOf(job, { ...this.#sharedOf(job, event), event, before });
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

  #sharedOf(job: Job, event: StoredEvent): Omit<ArcannaFacts, 'event' | 'before'> {
    const unit = unitOf(job, event);
    const name = `${unit.kind}:${unit.id}:${event.bucketId}:${event.decisionId}`;
    const known = this.#shared.get(name);
    if (known) return known;
    const bucket = event.bucketId === null ? undefined : this.#store.bucket(event.bucketId);
    const consensus = this.#store.consensus(unit.kind, unit.id);
    const unitName = unit.kind === 'e' ? `e:${unit.id}` : `b:${bucket?.key ?? ''}`;
    const trainedOn = job.activeModelId === null ? undefined : this.#store.trainedClass(job.activeModelId, unitName);
    const decision = event.decisionId === null ? undefined : this.#store.decision(event.decisionId);
    const made: Omit<ArcannaFacts, 'event' | 'before'> = {
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
    if (this.#shared.size >= KEPT) this.#shared.clear();
    this.#shared.set(name, made);
    return made;
  }
}
