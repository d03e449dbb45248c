/** The index thread: follows the events by their numbers and takes them into the search index. Nobody waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { parseAlert } from '@verdict/engine';
import { lowerPriority } from '../thread.ts';
import { termsOf } from './event-terms.ts';
import { IndexStore, isPending } from './index-store.ts';
import type { FromIndexing, IndexOrder, ToIndexing } from './search-index.ts';
import { TermHash } from './term-hash.ts';

/** How long it rests when everything is in. */
const REST_MS = 250;
/** Rests between two looks for events that are gone. */
const SWEEP_EVERY = 40;
/** Below all other threads but learning; 19 would be the lowest. */
const PRIORITY = 10;

/** Time between two looks which columns are wanted. */
const CHOOSE_MS = 10_000;
/** While events keep coming, one old piece of a column is built after so many batches. */
const BUILD_EVERY = 8;

const port = parentPort!;
const { events, index, pauseMs } = workerData as IndexOrder;
let stopped = false;
port.on('message', (message: ToIndexing) => {
  if (message.type === 'stop') stopped = true;
  else store.columns.asked(message.paths, message.now);
});

lowerPriority(PRIORITY);

const store = new IndexStore(events, index);
const hash = new TermHash(store.key);
tell();
let swept = 0;
let chosen = 0;
for (let rests = 0, batches = 0; !stopped; ) {
  if (Date.now() - chosen >= CHOOSE_MS) {
    chosen = Date.now();
    store.columns.choose(chosen);
  }
  const more = step();
  const forgot = store.columns.forget();
  const built = (!more || ++batches % BUILD_EVERY === 0) && store.columns.build();
  if (!more && !forgot && !built && ++rests % SWEEP_EVERY === 0) swept = store.sweep(swept);
  tell();
  await sleep(more || forgot || built ? pauseMs : REST_MS);
}
store.close();
port.close();

/** Takes in the next events; false when there are none. */
function step(): boolean {
  const rows = store.next(store.lastSeq);
  const last = rows.at(-1);
  if (last) {
    // A version that was replaced already is not found by anybody; the one that replaced it follows.
    const current = rows.filter((row) => row.is_current === 1);
    const replaced = current.map((row) => store.replacedBy(row)).filter((seq) => seq !== undefined);
    const taken = current.map((row) => {
      if (isPending(row)) {
        store.columns.noteLater(row.seq);
        return { seq: row.seq, terms: null };
      }
      const alert = parseAlert(row.body ?? '{}');
      store.columns.note(row.seq, alert);
      return { seq: row.seq, terms: termsOf(row, alert, hash) };
    });
    store.take(taken, replaced, last.seq);
  }
  const advanced = store.columns.advance(Math.min(store.lastSeq, store.pendingFrom - 1));
  return last !== undefined || advanced;
}

function tell(): void {
  port.postMessage({
    lastSeq: store.lastSeq,
    newestSeq: store.newestSeq,
    goneUntil: store.columns.goneUntil,
    missing: store.columns.missing,
  } satisfies FromIndexing);
}
