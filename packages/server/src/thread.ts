import { setPriority } from 'node:os';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread whose file stands beside the module that starts it, as source or built, like that module itself.
 * @param beside `import.meta.url` of the module.
 * @param name of the file, without its ending.
 */
export function startThread(beside: string, name: string, options: WorkerOptions = {}): Worker {
  const source = beside.endsWith('.ts');
  return new Worker(new URL(`./${name}.${source ? 'ts' : 'js'}`, beside), {
    // From source, packages of ours are found by their source too, whatever the process was started with.
    ...(source ? { execArgv: ['--conditions=source'] } : {}),
    ...options,
  });
}

/**
 * Lets the calling thread have the processor only when others do not want it. On Linux alone: elsewhere it would be the whole process.
 * @param nice 1 (a little behind the others) to 19 (last).
 */
export function lowerPriority(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    // There the number 0 means the calling thread.
    setPriority(0, nice);
  } catch {
    // Not allowed here: it works all the same, with more to share.
  }
}
