import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../errors.ts';
import { answerError } from './error-answer.ts';

/** A request whose bytes have not all come in by then is cut off: nobody may hold a connection for ever. */
export const REQUEST_TIMEOUT_MS = 300_000;

/** Bytes and time that a refused body may still take; what goes beyond is cut off. */
const DRAIN_BYTES = 128 * 1024 * 1024;
const DRAIN_MS = 10_000;

/**
 * Reads what is left of a refused body and throws it away. A connection that is closed while its client still sends is reset, and the client
 * then reports a broken connection in place of the answer that says what is wrong.
 */
export function drain(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DRAIN_BYTES) done();
    };
    const timer = setTimeout(() => done(), DRAIN_MS);
    const done = () => {
      clearTimeout(timer);
      request.off('data', count).off('end', done).off('close', done);
      resolve();
    };
    request.on('data', count).on('end', done).on('close', done);
    request.resume();
  });
}

/** Answers bytes that are no HTTP request, in the shape of every other error, and closes the connection. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, sentence] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The headers are too large. Send at most 16 KiB of them.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request did not come in whole in time. Send it again.']
        : ['400 Bad Request', 'This is not an HTTP request that can be read. Check method, headers and content-length.'];
  const body = JSON.stringify(answerError(new Refusal('invalid', sentence)));
  if (socket.writable) {
    const headers = `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
    socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}

interface Current {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How long a stop waits for bodies that are still coming in, and how often it looks. */
const GRACE_MS = 2_000;
const SWEEP_MS = 250;

/**
 * Watches the connections of a server, so that its stop waits for the calls it has taken and for nothing else: a client that sends half a
 * request, or nothing, must not keep the service from stopping.
 * @returns what to call when the stop begins; it returns what to call when the server has closed.
 */
export function watchConnections(server: Server): () => () => void {
  const open = new Map<Socket, Current | null>();
  // Of TLS the connection behind the handshake counts: requests name that one.
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, null);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (open.has(request.socket)) open.set(request.socket, { request, response });
  });
  return () => {
    const sweep = () => {
      for (const [socket, current] of open) {
        const isTaken = current?.request.complete === true && !current.response.writableFinished;
        if (!isTaken) socket.destroy();
      }
    };
    let timer = setTimeout(function again() {
      sweep();
      timer = setTimeout(again, SWEEP_MS);
    }, GRACE_MS);
    return () => clearTimeout(timer);
  };
}
