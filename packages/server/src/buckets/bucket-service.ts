import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Job, sharesFeedback } from '../jobs/job.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { type Bucket, type KnowledgeState, knowledgeState } from './bucket.ts';
import { type BucketFacts, type BucketQueue, sortIntoQueues } from './bucket-queue.ts';
import * as store from './bucket-store.ts';

/** A bucket that a batch of events belongs to, before its row is known. */
export interface BucketPlace {
  readonly jobId: number;
  readonly pointsVersion: number;
  readonly key: string;
  /** Canonical text of the values. */
  readonly values: string;
}

/** Buckets looked at between two turns of the main thread, and how long the lists made of them serve, in milliseconds. */
const AT_ONCE = 400;
const FRESH_MS = 1_500;

/** Buckets: find, make, count. Everything that changes them takes the unit it belongs to. */
export class BucketService {
  readonly #storage: Storage;
  readonly #queues = new Map<string, { readonly until: number; readonly lists: Promise<Record<BucketQueue, number[]>> }>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The ids of these buckets, made where missing; touched in the order of their keys, so that two writers never wait for each other in a circle. */
  async ensureIn(tx: Tx, places: Iterable<BucketPlace>, at: number): Promise<Map<string, number>> {
    const byPlace = new Map<string, BucketPlace>();
    for (const place of places) byPlace.set(placeName(place), place);
    const ids = new Map<string, number>();
    for (const name of [...byPlace.keys()].sort()) {
      const place = byPlace.get(name)!;
      ids.set(name, await store.ensureBucket(tx, place.jobId, place.pointsVersion, place.key, place.values, at));
    }
    return ids;
  }

  /** Adds to the counts of buckets, in the order of their ids. */
  async countIn(tx: Tx, added: ReadonlyMap<number, number>, at: number): Promise<void> {
    for (const id of [...added.keys()].sort((a, b) => a - b)) await store.countInBucket(tx, id, added.get(id)!, at);
  }

  async getIn(tx: ReadTx, id: number): Promise<Bucket | undefined> {
    return store.getBucket(tx, id);
  }

  async get(id: number): Promise<Bucket | undefined> {
    return this.#storage.read((tx) => store.getBucket(tx, id));
  }

  async getByKey(jobId: number, pointsVersion: number, key: string): Promise<Bucket | undefined> {
    return this.#storage.read((tx) => store.getBucketByKey(tx, jobId, pointsVersion, key));
  }

  /** Buckets of the job's current decision points, biggest first. */
  async list(jobId: number, pointsVersion: number, limit: number, offset: number): Promise<Bucket[]> {
    return this.#storage.read((tx) => store.listBuckets(tx, jobId, pointsVersion, limit, offset));
  }

  /**
   * The numbers of the job's buckets in the lists that people label from. All buckets are looked at, a part at a time; who asks again
   * within a second or so gets the same lists.
   */
  async queues(job: Job): Promise<Record<BucketQueue, number[]>> {
    const name = `${job.id}:${job.pointsVersion}`;
    const now = performance.now();
    for (const [key, { until }] of this.#queues) if (until < now) this.#queues.delete(key);
    const known = this.#queues.get(name);
    if (known) return known.lists;
    const lists = this.#sortAll(job);
    this.#queues.set(name, { until: now + FRESH_MS, lists });
    lists.catch(() => this.#queues.delete(name));
    return lists;
  }

  /** What was known of the lists is old: somebody labelled. */
  forgetQueues(): void {
    this.#queues.clear();
  }

  async #sortAll(job: Job): Promise<Record<BucketQueue, number[]>> {
    const place = { id: job.id, pointsVersion: job.pointsVersion, shared: sharesFeedback(job.category) };
    const all: BucketFacts[] = [];
    let after: string | undefined = '';
    while (after !== undefined) {
      const from: string = after;
      const { facts, last } = await this.#storage.read((tx) => store.bucketFacts(tx, place, from, AT_ONCE));
      all.push(...facts);
      after = last;
      await nextTurn();
    }
    return sortIntoQueues(all);
  }

  /** The state of a unit under a model. `unit` as in the model's knowledge base: `b:` and the bucket's key, or `e:` and the event's number. */
  async stateIn(tx: ReadTx, unit: string, consensus: number | undefined, modelId: number | null): Promise<KnowledgeState> {
    const trainedOn = modelId === null ? undefined : await store.trainedClass(tx, modelId, unit);
    return knowledgeState(consensus, trainedOn);
  }
}

/** One name for each place, in an order that all writers share. */
export function placeName(place: BucketPlace): string {
  return `${place.jobId}:${place.pointsVersion}:${place.key}`;
}
