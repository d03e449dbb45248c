/** The thread of code steps: runs one order at a time. It is ended with whatever does not end by itself. */
import { parentPort, workerData } from 'node:worker_threads';
import { lowerPriority } from '../thread.ts';
import { failedRun } from './code-step.ts';
import type { FromCode, ToCode } from './code-threads.ts';
import type { Interpreter } from './interpreter.ts';
import { Sandbox } from './sandbox.ts';

/** Below the threads that answer; 19 would be the lowest. */
const PRIORITY = 5;

const port = parentPort!;
const sandbox = new Sandbox(workerData as Interpreter);
lowerPriority(PRIORITY);

port.on('message', async ({ id, order }: ToCode) => {
  port.postMessage({ type: 'begun', id } satisfies FromCode);
  try {
    port.postMessage({ type: 'ran', id, ran: await sandbox.run(order, cpuMilliseconds) } satisfies FromCode);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    const ran = failedRun(`The code steps could not be run (${name}).`, { exhausted: true });
    port.postMessage({ type: 'ran', id, ran } satisfies FromCode);
  }
});

/** Of this thread alone: time in which others compute does not count. */
function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
