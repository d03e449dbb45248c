/** The index thread: follows the events by their numbers and takes them into the search index. Nobody waits for it. */
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { termsOf } from './event-terms.ts';
import { IndexStore, isPending } from './index-store.ts';
import type { FromIndexing, IndexOrder } from './search-index.ts';
import { TermHash } from './term-hash.ts';

/** How long it rests when everything is in. */
const REST_MS = 250;
/** Rests between two looks for events that are gone. */
const SWEEP_EVERY = 40;
/** Below all other threads but learning; 19 would be the lowest. */
const PRIORITY = 10;

const port = parentPort!;
const { events, index, pauseMs } = workerData as IndexOrder;
let stopped = false;
port.on('message', () => {
  stopped = true;
});

if (process.platform === 'linux') {
  try {
    // On Linux the number 0 means the calling thread alone.
    setPriority(0, PRIORITY);
  } catch {
    // Not allowed here: it works all the same, with more to share.
  }
}

const store = new IndexStore(events, index);
const hash = new TermHash(store.key);
tell();
let swept = 0;
for (let rests = 0; !stopped; ) {
  if (step()) {
    tell();
    await sleep(pauseMs);
  } else {
    if (++rests % SWEEP_EVERY === 0) swept = store.sweep(swept);
    tell();
    await sleep(REST_MS);
  }
}
store.close();
port.close();

/** Takes in the next events; false when there are none. */
function step(): boolean {
  const rows = store.next(store.lastSeq);
  const last = rows.at(-1);
  if (!last) return false;
  // A version that was replaced already is not found by anybody; the one that replaced it follows.
  const current = rows.filter((row) => row.is_current === 1);
  const replaced = current.map((row) => store.replacedBy(row)).filter((seq) => seq !== undefined);
  const taken = current.map((row) => ({ seq: row.seq, terms: isPending(row) ? null : termsOf(row, hash) }));
  store.take(taken, replaced, last.seq);
  return true;
}

function tell(): void {
  port.postMessage({ lastSeq: store.lastSeq, newestSeq: store.newestSeq } satisfies FromIndexing);
}
