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
