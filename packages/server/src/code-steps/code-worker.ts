/** The thread of code steps: runs one order at a time. It is ended with whatever does not end by itself. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { failedRun } from './code-step.ts';
import type { FromCode, ToCode } from './code-threads.ts';
import { Sandbox } from './sandbox.ts';

/** Below the threads that answer; 19 would be the lowest. */
const PRIORITY = 5;

const port = parentPort!;
const sandbox = new Sandbox();
lowerPriority();

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

/** On Linux the number 0 means the calling thread alone; elsewhere it would be the whole process. */
function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, PRIORITY);
  } catch {
    // Not allowed here: it works all the same, with more to share.
  }
}
