/** The client for pages that the service itself serves: the browser's cookie says who calls, nothing of Node is needed. */
export type * from '@verdict/contract';
export { SCOPES } from '@verdict/contract';
export { VerdictError, VerdictUnreachable } from './errors.ts';

import type { AppExport, Health, ReadyAnswer } from '@verdict/contract';
import { App } from './app.ts';
import { errorOf, part, Requester } from './requester.ts';
import { overNetwork, type Transport } from './transport.ts';
import { V2 } from './v2.ts';

export interface BrowserOptions {
  /** The token of the session, sent along with what changes something; null while nobody is signed in. */
  csrf(): string | null;
  /**
   * Called where a call is answered with 401, so that the person can sign in again without losing what they typed.
   * Resolves with true to send the call again, false to give it up.
   */
  signedOut(): Promise<boolean>;
  /** Milliseconds for one attempt; 30,000 by default. */
  readonly timeout?: number;
}

/** A file on its way. */
export interface Exported {
  /** Events that it will hold. */
  readonly total: number;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Where signing in happens: a 401 there is the answer, not the end of a session. */
const SESSION = '/api/app/session';

/** Talks to the service that the page came from. Throws `VerdictError` and `VerdictUnreachable` as the other client does. */
export class BrowserClient {
  /** What the pages use. */
  readonly app: App;
  /** Use cases as documents, for export and import. */
  readonly v2: V2;
  readonly #send: Requester;
  readonly #options: BrowserOptions;

  constructor(options: BrowserOptions) {
    this.#options = options;
    this.#send = new Requester({ transport: inSession(options), key: undefined, timeout: options.timeout ?? 30_000, retries: 2 });
    this.app = new App(this.#send);
    this.v2 = new V2(this.#send);
  }

  /**
   * All events that a query finds, as they come: a table, or one JSON a line. `total` is how many there will be.
   * @throws VerdictError for a refusal; what breaks off later is an error of the stream.
   */
  async export(jobId: number, what: AppExport, signal?: AbortSignal): Promise<Exported> {
    const send = () =>
      fetch(`/api/app/jobs/${part(jobId)}/export`, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json', 'x-verdict-csrf': this.#options.csrf() ?? '' },
        body: JSON.stringify(what),
        ...(signal === undefined ? {} : { signal }),
      });
    let answer = await send();
    if (answer.status === 401 && (await this.#options.signedOut())) answer = await send();
    if (!answer.ok || answer.body === null) throw errorOf({ status: answer.status, text: await answer.text() });
    return { total: Number(answer.headers.get('x-total-count') ?? 0), body: answer.body };
  }

  /** Whether the process is alive. */
  health(): Promise<Health> {
    return this.#send.json('GET', '/health');
  }

  /** Whether the service can be used; `not_ready` is an answer, no error. */
  ready(): Promise<ReadyAnswer> {
    return this.#send.json('GET', '/ready', { accept: [503], repeatable: false });
  }
}

function inSession(options: BrowserOptions): Transport {
  const transport = overNetwork('');
  return async (call) => {
    const send = () => {
      const csrf = options.csrf();
      return transport(csrf === null ? call : { ...call, headers: { ...call.headers, 'x-verdict-csrf': csrf } });
    };
    const answer = await send();
    if (answer.status !== 401 || call.path.startsWith(SESSION)) return answer;
    return (await options.signedOut()) ? send() : answer;
  };
}
