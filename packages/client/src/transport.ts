import { VerdictUnreachable } from './errors.ts';

/** A call as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** Milliseconds until it is given up. */
  readonly timeout: number;
}

/** An answer as it came in. */
export interface Incoming {
  readonly status: number;
  readonly contentType: string;
  /** Seconds that the service asks to wait before the same call; undefined where it does not. */
  readonly retryAfter: number | undefined;
  readonly text: string;
}

/** Sends one call. @throws VerdictUnreachable when there is no answer. */
export type Transport = (call: Outgoing) => Promise<Incoming>;

/** Calls over the network, at an `http` or `https` address. */
export function overNetwork(baseUrl: string): Transport {
  const base = baseUrl.replace(/\/+$/, '');
  return async ({ method, path, headers, body, timeout }) => {
    let response: Response;
    let text: string;
    try {
      // An address of another service must not get the key: nothing is followed.
      const init: RequestInit = { method, headers, redirect: 'error', signal: AbortSignal.timeout(timeout) };
      if (body !== undefined) init.body = typeof body === 'string' ? body : new Uint8Array(body);
      response = await fetch(`${base}${path}`, init);
      text = await response.text();
    } catch (error) {
      throw unreachable(base, error, timeout);
    }
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      retryAfter: seconds(response.headers.get('retry-after')),
      text,
    };
  };
}

/** Seconds of a `retry-after` header; undefined where there is none or it is a date. */
export function seconds(text: string | null): number | undefined {
  const number = Number(text);
  return text !== null && text.trim() !== '' && number >= 0 ? number : undefined;
}

/** What went wrong, in a sentence a person can act on. */
export function unreachable(where: string, error: unknown, timeout: number): VerdictUnreachable {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  const late = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  const sentence = late
    ? `No answer from ${where} within ${timeout / 1000} seconds.`
    : code === 'ECONNREFUSED' || code === 'ENOENT'
      ? `Nothing listens at ${where}. Start the service, or give another address.`
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? `The name in ${where} is not known.`
        : /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
          ? `The certificate of ${where} is not trusted (${code}). For a self-signed one set NODE_EXTRA_CA_CERTS to its cert.pem.`
          : `No connection to ${where}: ${inner instanceof Error ? inner.message : String(inner)}`;
  return new VerdictUnreachable(sentence, { cause: error });
}
