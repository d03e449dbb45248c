import { connect, type Socket } from 'node:net';

/** An answer to a request. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * One connection that is kept open, one request on it at a time, whole requests as bytes: so lean that the process that makes the load needs a
 * fraction of what the service needs for it. Understands answers with a content-length, which is all that the service gives here.
 */
export class HttpLine {
  readonly #socket: Socket;
  #pending: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  #gathered: Buffer | null = null;
  #broken: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('The connection was closed.')));
  }

  /** @param where a port of this machine, or the path of a Unix socket. */
  static async open(where: number | string): Promise<HttpLine> {
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new HttpLine(socket);
  }

  /** Sends a request made by {@link request}. @throws Error when the connection breaks before the answer is whole. */
  send(bytes: Buffer): Promise<Answer> {
    if (this.#broken) return Promise.reject(this.#broken);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#pending = { resolve, reject };
    this.#socket.write(bytes);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#gathered ? Buffer.concat([this.#gathered, chunk]) : chunk;
    const head = bytes.indexOf(END_OF_HEAD);
    if (head >= 0) {
      const text = bytes.toString('latin1', 0, head);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const from = head + END_OF_HEAD.length;
      if (bytes.length >= from + length) {
        this.#gathered = null;
        const pending = this.#pending;
        this.#pending = null;
        pending?.resolve({ status: Number(text.slice(9, 12)), body: bytes.subarray(from, from + length) });
        return;
      }
    }
    this.#gathered = bytes;
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#pending?.reject(this.#broken);
    this.#pending = null;
  }
}

/** The bytes of a request. */
export function request(method: string, path: string, key: string, body: string | Buffer = ''): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body) : body;
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `x-arcanna-api-key: ${key}`,
    'content-type: application/json',
    `content-length: ${content.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content]);
}

/**
 * Sends all requests over so many connections, each sending its next one when the one before is answered.
 * @returns seconds from the first byte to the last answer.
 * @throws Error at an answer with another status.
 */
export async function sendAll(port: number, connections: number, requests: readonly Buffer[], status: number): Promise<number> {
  const lines = await Promise.all(Array.from({ length: connections }, () => HttpLine.open(port)));
  let next = 0;
  const started = performance.now();
  try {
    await Promise.all(
      lines.map(async (line) => {
        while (next < requests.length) {
          const answer = await line.send(requests[next++]!);
          if (answer.status !== status)
            throw new Error(`Expected ${status}, got ${answer.status}: ${answer.body.toString('utf8', 0, 300)}`);
        }
      }),
    );
  } finally {
    for (const line of lines) line.close();
  }
  return (performance.now() - started) / 1000;
}
