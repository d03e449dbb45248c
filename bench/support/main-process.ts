import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HttpLine } from './http-line.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

/** The service as people start it: `main.ts` in a process of its own. */
export class MainProcess {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.pid = child.pid!;
    this.#ended = once(child, 'exit');
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-2_000);
    });
  }

  /** Starts it over a folder; it may not answer yet. */
  static async start(folder: string): Promise<MainProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, ['--conditions=source', MAIN], {
      env: { ...process.env, VERDICT_DATA_DIR: folder, VERDICT_PORT: String(port), VERDICT_LOG_LEVEL: 'error' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new MainProcess(child, port);
  }

  /** A connection, as soon as it listens. @throws Error with what it said when it ended before. */
  async open(): Promise<HttpLine> {
    for (;;) {
      try {
        return await HttpLine.open(this.port);
      } catch {
        if (this.#child.exitCode !== null) throw new Error(`The service ended before it answered: ${this.#said}`);
        await sleep(5);
      }
    }
  }

  /** Sends a signal and waits for the end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
