import { request } from 'node:http';
import { seconds, type Transport, unreachable } from './transport.ts';

/** Calls over a Unix socket: who can open it is the operator and needs no key. */
export function overSocket(socketPath: string): Transport {
  return ({ method, path, headers, body, timeout }) =>
    new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(unreachable(socketPath, error, timeout));
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const call = request(
        { socketPath, method, path, headers: { ...headers, ...length, host: 'localhost' }, signal: AbortSignal.timeout(timeout) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers['content-type'] ?? '',
              retryAfter: seconds(response.headers['retry-after'] ?? null),
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      call.on('error', fail);
      call.end(body);
    });
}
