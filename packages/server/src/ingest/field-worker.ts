/** The thread that counts fields: comparing hundreds of them takes longer than requests should wait. */
import { parentPort } from 'node:worker_threads';
import { createFieldStatistics, parseAlert } from '@verdict/engine';
import type { FromFields, ToFields } from './field-adviser.ts';

const port = parentPort!;
const statistics = createFieldStatistics();

port.on('message', (message: ToFields) => {
  if (message !== 'end') {
    for (const [alert, label] of message) statistics.add(parseAlert(alert), label);
    return;
  }
  const answer: FromFields = { events: statistics.events, advice: statistics.advice() };
  port.postMessage(answer);
  port.close();
});
