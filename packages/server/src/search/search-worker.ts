/** A reading thread: answers one search at a time over a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { Refusal } from '../errors.ts';
import { lowerPriority } from '../thread.ts';
import type { SearchOrder } from './order.ts';
import { runSearch } from './run-search.ts';
import { SearchStore } from './search-store.ts';
import type { FromThread, SearchThreadData, ToThread } from './search-threads.ts';

/** Below the thread that takes alerts in; 19 would be the lowest. */
const PRIORITY = 5;

const port = parentPort!;
const { unwanted } = workerData as SearchThreadData;
let open: { readonly store: SearchStore; readonly file: string; readonly index: string | null } | undefined;

lowerPriority(PRIORITY);
port.on('message', ({ id, order }: ToThread) => port.postMessage(answer(id, order)));

function answer(id: number, order: SearchOrder): FromThread {
  try {
    return { type: 'found', id, ...runWithOrWithoutIndex(order, () => Atomics.load(unwanted, 0) === id) };
  } catch (error) {
    if (error instanceof Refusal) return { type: 'refused', id, sentence: error.message };
    return { type: 'failed', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** An index that cannot be read is no reason not to answer: every event can be looked at instead. */
function runWithOrWithoutIndex(order: SearchOrder, cancelled: () => boolean): ReturnType<typeof runSearch> {
  try {
    return runSearch(storeOf(order), order, cancelled);
  } catch (error) {
    if (order.index === null || error instanceof Refusal) throw error;
    const without = { ...order, index: null };
    return runSearch(storeOf(without), without, cancelled);
  }
}

function storeOf({ file, index }: SearchOrder): SearchStore {
  if (open?.file === file && open.index === index) return open.store;
  open?.store.close();
  open = { store: new SearchStore(file, index), file, index };
  return open.store;
}
