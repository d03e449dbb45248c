import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { Io } from './io.ts';
import { run } from './program.ts';

/** What a command did. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as from a shell, over a folder of its own. */
export interface Shell {
  readonly folder: string;
  readonly dataDir: string;
  verdict(
    argv: readonly string[],
    options?: { stdin?: string; env?: Record<string, string>; signal?: Io['signal'] },
  ): Promise<Ran>;
  /** The same, expecting status 0, with stdout read as JSON. */
  json<T>(argv: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<T>;
  remove(): void;
}

export function openShell(): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-cli-'));
  const dataDir = join(folder, 'data');
  const verdict: Shell['verdict'] = async (argv, options = {}) => {
    const [out, err] = [collector(), collector()];
    const io: Io = {
      in: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
      out: out.stream,
      err: err.stream,
      env: { VERDICT_DATA_DIR: dataDir, ...options.env },
      signal: options.signal ?? new AbortController().signal,
      endAtOnce() {},
    };
    const status = await run(argv, io);
    return { status, out: out.text(), err: err.text() };
  };
  return {
    folder,
    dataDir,
    verdict,
    async json<T>(argv: readonly string[], options = {}) {
      const ran = await verdict([...argv, '--json'], options);
      if (ran.status !== 0) throw new Error(`status ${ran.status}: ${ran.err}`);
      return JSON.parse(ran.out) as T;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function collector(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat([...chunks, stream.read() ?? Buffer.alloc(0)]).toString() };
}
