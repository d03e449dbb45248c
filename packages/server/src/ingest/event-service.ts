import { Refusal } from '../errors.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import type { StoredEvent } from './event.ts';
import * as store from './event-store.ts';

/** Reads stored events. Who may see the job is checked before. */
export class EventService {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The current version. @throws Refusal `event_not_found`. */
  async get(jobId: number, eventId: string): Promise<StoredEvent> {
    return this.#storage.read((tx) => this.getIn(tx, jobId, eventId));
  }

  /** `get` inside a unit of work. */
  async getIn(tx: ReadTx, jobId: number, eventId: string): Promise<StoredEvent> {
    const event = await store.getEvent(tx, jobId, eventId);
    if (!event) throw new Refusal('event_not_found', `There is no event "${eventId}" in the AI use case ${jobId} for this key.`);
    return event;
  }

  /** One version by its number, or undefined. */
  async getBySeq(seq: number): Promise<StoredEvent | undefined> {
    return this.#storage.read((tx) => store.getEventBySeq(tx, seq));
  }

  /** `getBySeq` inside a unit of work. */
  async getBySeqIn(tx: ReadTx, seq: number): Promise<StoredEvent | undefined> {
    return store.getEventBySeq(tx, seq);
  }

  /** All versions, newest first. */
  async versions(jobId: number, eventId: string): Promise<StoredEvent[]> {
    return this.#storage.read((tx) => store.listVersions(tx, jobId, eventId));
  }

  /** What the event is decided by, as JSON text: what code steps made of the alert, else the alert as it came. */
  async record(seq: number): Promise<string> {
    return (await this.#storage.read((tx) => store.getRecord(tx, seq))) ?? '{}';
  }

  /** What code steps made of the alert, as JSON text; undefined where none ran. */
  async enriched(seq: number): Promise<string | undefined> {
    return this.#storage.read((tx) => store.getEnriched(tx, seq));
  }

  /** The alert's own text, byte for byte as it came. */
  async body(seq: number): Promise<string> {
    return (await this.#storage.read((tx) => store.getBody(tx, seq))) ?? '{}';
  }

  /** Current events of a job (or of one of its buckets) before a number, newest first. */
  async list(
    jobId: number,
    options: { readonly bucketId?: number | undefined; readonly before?: number | undefined; readonly limit: number },
  ): Promise<StoredEvent[]> {
    const before = options.before ?? Number.MAX_SAFE_INTEGER;
    return this.#storage.read((tx) =>
      options.bucketId === undefined
        ? store.listEvents(tx, jobId, before, options.limit)
        : store.listEventsOfBucket(tx, options.bucketId, before, options.limit),
    );
  }

  /** Points an event at another decision; the one before stays in its history. */
  async replaceDecisionIn(tx: Tx, event: StoredEvent, decisionId: number | null, why: string, now: number): Promise<void> {
    await store.replaceDecision(tx, event, decisionId, why, now);
  }
}
