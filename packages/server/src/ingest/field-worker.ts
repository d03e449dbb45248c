/** The thread that counts fields: comparing hundreds of them takes longer than requests should wait. */
import { parentPort } from 'node:worker_threads';
import { createFieldStatistics, parseAlert } from '@verdict/engine';
import type { FromFields, ToFields } from './field-adviser.ts';

const port = parentPort!;
let current = 0;
let statistics = createFieldStatistics();

port.on('message', ({ id, alerts }: ToFields) => {
  if (id !== current) statistics = createFieldStatistics();
  current = id;
  if (alerts === 'end') {
    const found = { events: statistics.events, advice: statistics.advice() };
    statistics = createFieldStatistics();
    port.postMessage({ id, found } satisfies FromFields);
  } else for (const [alert, label] of alerts) statistics.add(parseAlert(alert), label);
});
