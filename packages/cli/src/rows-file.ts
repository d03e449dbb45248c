import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from './io.ts';

/** A line of a file. */
export interface Line {
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  /** Share of the file read when it came, 0 to 1. */
  readonly share: number;
}

/** A line longer than this is no alert. */
const LONGEST_LINE = 128 * 1024 * 1024;
const LINE_END = 0x0a;

/**
 * Reads the lines of a file, gzipped or not (told by its first bytes), without holding more than one of them. Empty lines are left out but counted.
 * @throws CliError when the file cannot be read, is damaged, or has a line that no alert can have.
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  const { size, gzipped } = await look(file);
  let read = 0;
  const source = createReadStream(file, { highWaterMark: 32 * 1024 });
  source.on('data', (chunk) => {
    read += chunk.length;
  });
  const stream = pipeline(
    source,
    gzipped ? createGunzip() : new Transform({ transform: (chunk, _, done) => done(null, chunk) }),
    () => {},
  );
  let number = 0;
  let rest: Buffer[] = [];
  let pending = 0;
  const line = (bytes: Buffer): Line => ({ bytes, number, share: size === 0 ? 1 : read / size });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
        const bytes = trimmed(
          rest.length === 0 ? chunk.subarray(from, end) : Buffer.concat([...rest, chunk.subarray(from, end)]),
          number === 0,
        );
        rest = [];
        pending = 0;
        from = end + 1;
        number++;
        if (bytes.length > 0) yield line(bytes);
      }
      if (from < chunk.length) {
        rest.push(chunk.subarray(from));
        pending += chunk.length - from;
        if (pending > LONGEST_LINE) throw new CliError(`Line ${number + 1} of ${file} does not end: this is no JSON Lines file.`);
      }
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      `${file} is damaged or ends early after line ${number}: ${error instanceof Error ? error.message : error}`,
    );
  }
  const last = trimmed(Buffer.concat(rest), number === 0);
  number++;
  if (last.length > 0) yield line(last);
}

async function look(file: string): Promise<{ size: number; gzipped: boolean }> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new CliError(`${file} is not a file.`);
    const handle = await open(file);
    try {
      const start = Buffer.alloc(2);
      await handle.read(start, 0, 2, 0);
      return { size: found.size, gzipped: start[0] === 0x1f && start[1] === 0x8b };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw new CliError(
      code === 'ENOENT'
        ? `There is no file ${file}.`
        : `${file} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Without the mark that some editors put before the first line, and without the blanks around. */
function trimmed(bytes: Buffer, first: boolean): Buffer {
  let from = first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let to = bytes.length;
  while (from < to && isBlank(bytes[from]!)) from++;
  while (to > from && isBlank(bytes[to - 1]!)) to--;
  return bytes.subarray(from, to);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
