/** The queue's thread: reads what is not labelled yet over a connection of its own and chooses what to ask about next. */
import { parentPort } from 'node:worker_threads';
import { type Model, recommend } from '@verdict/engine';
import { readSnapshot } from '../storage/sqlite.ts';
import type { ReadTx } from '../storage/storage.ts';
import { readPointTypes, readStoredModel } from '../training/stored-model.ts';
import type { Suggested } from './queue.ts';
import * as store from './queue-store.ts';
import type { FromQueue, QueueOrder, ToQueue } from './queue-thread.ts';

/** Candidates: so many of the biggest, and so many of the others, drawn. */
const BIGGEST = 5_000;
const DRAWN = 5_000;
const LABELLED = 20_000;

/** The model read last: it is asked for again and again, and never changes under its number. */
let read: { readonly name: string; readonly model: Model | undefined } | undefined;

const port = parentPort!;
port.on('message', async ({ id, order }: ToQueue) => port.postMessage(await answer(id, order)));

async function answer(id: number, order: QueueOrder): Promise<FromQueue> {
  try {
    return { id, suggested: await readSnapshot(order.file, (tx) => suggest(tx, order)) };
  } catch (error) {
    return { id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function suggest(tx: ReadTx, order: QueueOrder): Promise<Suggested[]> {
  const { field } = order;
  const seed = mix(field.jobId, await store.newestFeedback(tx, field.jobId));
  const biggest = await store.biggestUnlabelled(tx, field, BIGGEST);
  const known = new Set(biggest.map(({ id }) => id));
  const from = seed.toString(16).padStart(8, '0');
  const drawn =
    biggest.length < BIGGEST ? [] : (await store.unlabelledFrom(tx, field, from, DRAWN)).filter(({ id }) => !known.has(id));
  const candidates = [...biggest, ...drawn];
  const byKey = new Map(candidates.map((candidate) => [candidate.key, candidate]));
  const others = drawn.length === 0 ? 0 : (await store.countUnlabelled(tx, field)) - biggest.length;
  const model = await modelOf(tx, order);
  const classes = model?.classes ?? [];
  const labelled = await store.labelledBuckets(tx, field, LABELLED);
  const recommended = recommend({
    points: field.points,
    pointTypes: await readPointTypes(tx, field.jobId, field.pointsVersion),
    candidates,
    labelled: labelled.map(({ key, values, votes }) => ({
      key,
      values,
      votes: classes.map((name) => votes.get(Number(name.slice('class_'.length))) ?? 0),
    })),
    ...(model ? { model } : {}),
    batch: order.size,
    seed,
  });
  const found: Suggested[] = [];
  for (const { key, reason, chance } of recommended) {
    const bucket = byKey.get(key)!;
    const event = await store.newestEvent(tx, bucket.id);
    if (!event) continue;
    // A bucket that had to be drawn to be a candidate at all was the less likely to be drawn from them.
    const reached = known.has(bucket.id) ? 1 : Math.min(1, drawn.length / Math.max(1, others));
    found.push({
      bucketId: bucket.id,
      eventSeq: event.seq,
      eventId: event.event_id,
      events: bucket.events,
      reason,
      chance: chance === undefined ? null : chance * reached,
    });
  }
  return found;
}

async function modelOf(tx: ReadTx, { file, modelId, field }: QueueOrder): Promise<Model | undefined> {
  if (modelId === null) return undefined;
  const name = JSON.stringify([file, modelId, field.points]);
  if (read?.name !== name) read = { name, model: await readStoredModel(tx, modelId, field.points) };
  return read.model;
}

/** An unsigned 32-bit number of two (multiplicative hashing: Knuth 1973). */
function mix(a: number, b: number): number {
  return (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 0;
}
