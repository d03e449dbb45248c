import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a server process does. */
export interface Sample {
  /** Longest time its loop was held up since `watch`, in milliseconds. */
  readonly stallMs: number;
  /** Of the thread that answers, since it started. */
  readonly cpuSeconds: number;
  /** Resident. */
  readonly memoryMb: number;
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts the service over a folder. Options of Node, such as `--cpu-prof`, can be given in VERDICT_BENCH_NODE. */
  static service(folder: string): Promise<ServerProcess> {
    return ServerProcess.#start(
      'serve.ts',
      [folder],
      (process.env.VERDICT_BENCH_NODE ?? '').split(' ').filter((part) => part !== ''),
    );
  }

  /** Starts the bare server that the service is compared with. */
  static bare(): Promise<ServerProcess> {
    return ServerProcess.#start('bare.ts', [], []);
  }

  /** Begins to watch the loop. */
  async watch(): Promise<void> {
    await this.#ask('watch');
  }

  async sample(): Promise<Sample> {
    return this.#ask<Sample>('sample');
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send('stop');
    await ended;
  }

  async #ask<T>(question: string): Promise<T> {
    const answered = once(this.#child, 'message');
    this.#child.send(question);
    return (await answered)[0] as T;
  }

  static async #start(file: string, args: string[], options: string[]): Promise<ServerProcess> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = fork(path, args, { execArgv: ['--conditions=source', ...options] });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${file} ended with ${String(code)} before it listened.`);
    });
    const [message] = await Promise.race([once(child, 'message'), failed]);
    return new ServerProcess(child, (message as { port: number }).port);
  }
}
