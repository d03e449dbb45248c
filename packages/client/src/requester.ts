import type { ErrorBody } from '@verdict/contract';
import { VerdictError, VerdictUnreachable } from './errors.ts';
import type { Incoming, Transport } from './transport.ts';

/** Values of a query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query;
  /** An object goes out as JSON; text and bytes are taken to be JSON already, so that numbers stay as they are spelled. */
  readonly body?: unknown;
  /** Whether the call may be sent again after a failure; by default for GET, PUT and DELETE. */
  readonly repeatable?: boolean;
  /** Milliseconds for one attempt. */
  readonly timeout?: number;
  /** Statuses that are answers too, not errors. */
  readonly accept?: readonly number[];
}

export interface RequesterOptions {
  readonly transport: Transport;
  readonly key: string | undefined;
  readonly timeout: number;
  readonly retries: number;
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);
/** Statuses after which the same call may succeed. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Sends calls: key, JSON, errors as {@link VerdictError}, and again what may be sent again. */
export class Requester {
  readonly #transport: Transport;
  readonly #key: string | undefined;
  readonly #timeout: number;
  readonly #retries: number;

  constructor(options: RequesterOptions) {
    this.#transport = options.transport;
    this.#key = options.key;
    this.#timeout = options.timeout;
    this.#retries = options.retries;
  }

  /**
   * Sends a call and reads the answer's JSON.
   * @throws VerdictError for an answer that is an error; VerdictUnreachable without one.
   */
  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const answer = await this.#send(method, path, options);
    if (answer.text === '') return undefined as T;
    try {
      return JSON.parse(answer.text) as T;
    } catch {
      throw new VerdictError(
        answer.status,
        `The answer to ${method} ${path} is not JSON. Is this the address of a Verdict service?`,
      );
    }
  }

  /** The same for an answer that is text. */
  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    return (await this.#send(method, path, options)).text;
  }

  async #send(method: string, path: string, options: CallOptions): Promise<Incoming> {
    const { body } = options;
    const sent = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (sent !== undefined) headers['content-type'] = 'application/json';
    if (this.#key !== undefined) headers['x-arcanna-api-key'] = this.#key;
    const outgoing = {
      method,
      path: withQuery(path, options.query ?? {}),
      headers,
      body: sent,
      timeout: options.timeout ?? this.#timeout,
    };
    const attempts = (options.repeatable ?? REPEATABLE.has(method)) ? this.#retries + 1 : 1;
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= attempts;
      let wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
      try {
        const answer = await this.#transport(outgoing);
        if (answer.status < 300 || options.accept?.includes(answer.status)) return answer;
        if (last || !BUSY.has(answer.status)) throw errorOf(answer);
        if (answer.retryAfter !== undefined) wait = Math.min(LONGEST_WAIT_MS, answer.retryAfter * 1000);
      } catch (error) {
        if (last || !(error instanceof VerdictUnreachable)) throw error;
      }
      await sleep(wait);
    }
  }
}

/** A part of a path, with everything in it that has a meaning in paths written so that it has none. */
export function part(value: string | number): string {
  return encodeURIComponent(String(value));
}

function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** The error that an answer tells of. */
export function errorOf({ status, text }: Pick<Incoming, 'status' | 'text'>): VerdictError {
  let body: Partial<ErrorBody> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Partial<ErrorBody>;
  } catch {
    // A proxy's own page; the status has to do.
  }
  const detail = body.detail ?? body.error_message ?? `The service answered with status ${status}.`;
  return new VerdictError(status, String(detail), Array.isArray(body.errors) ? body.errors : []);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
