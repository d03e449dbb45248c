import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { answerAndRing, type Bell, newBell, sleepUntilAnswer } from './bell.ts';

/** A thread that waits for `count` answers, one after the other, and says what it got. */
function sleeper(bell: Bell, count: number, milliseconds: number) {
  const { port1, port2 } = new MessageChannel();
  const code = `
const { workerData, parentPort } = require('node:worker_threads');
const { port, bell, count, milliseconds, module } = workerData;
import(module).then(({ sleepUntilAnswer }) => {
  parentPort.postMessage('asleep');
  const got = [];
  for (let turn = 0; turn < count; turn++) got.push(sleepUntilAnswer(port, bell, milliseconds)?.message);
  parentPort.postMessage(got);
});`;
  const module = new URL('./bell.ts', import.meta.url).href;
  const worker = new Worker(code, {
    eval: true,
    workerData: { port: port2, bell, count, milliseconds, module },
    transferList: [port2],
  });
  return { port: port1, worker };
}

test('a ring that comes late wakes nobody for good: the answer to the next question is waited for', async () => {
  const bell = newBell();
  const { port, worker } = sleeper(bell, 3, 60_000);
  expect(await once(worker, 'message')).toEqual(['asleep']);
  for (const answer of ['one', 'two', undefined]) {
    // The end of a ring whose answer was taken before: first only the waking, then the count too.
    Atomics.notify(bell, 0);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    answerAndRing(port, bell, answer);
  }
  expect(await once(worker, 'message')).toEqual([['one', 'two', undefined]]);
  port.close();
  await worker.terminate();
});

test('many answers in a row come each to its own question', async () => {
  const bell = newBell();
  const { port, worker } = sleeper(bell, 2_000, 60_000);
  expect(await once(worker, 'message')).toEqual(['asleep']);
  const sent = Array.from({ length: 2_000 }, (_, n) => n);
  for (const n of sent) answerAndRing(port, bell, n);
  expect(await once(worker, 'message')).toEqual([sent]);
  port.close();
  await worker.terminate();
});

test('where no answer comes the sleep ends', async () => {
  const bell = newBell();
  const { port1, port2 } = new MessageChannel();
  expect(sleepUntilAnswer(port2, bell, 20)).toBeUndefined();
  expect(sleepUntilAnswer(port2, bell, 0)).toBeUndefined();
  expect(sleepUntilAnswer(port2, bell, Number.NaN)).toBeUndefined();
  answerAndRing(port1, bell, null);
  expect(sleepUntilAnswer(port2, bell, 0)).toEqual({ message: null });
  port1.close();
});
