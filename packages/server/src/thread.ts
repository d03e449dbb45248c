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

/** Whether a thread ended because it came to the end of the memory that it was given. */
export function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/**
 * Lets other threads of the machine go first; to be called in the thread itself. Does nothing where that cannot be had.
 * @param priority 1 to 19, the lowest.
 */
export function lowerPriority(priority: number): void {
  // On Linux the number 0 means the calling thread alone; elsewhere it would be the whole process.
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, priority);
  } catch {
    // Not allowed here: it works all the same, with more to share.
  }
}
