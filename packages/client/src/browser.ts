/** The client for pages that the service itself serves: the browser's cookie says who calls, nothing of Node is needed. */
export type * from '@verdict/contract';
export { SCOPES } from '@verdict/contract';
export { VerdictError, VerdictUnreachable } from './errors.ts';

import type { Health, ReadyAnswer } from '@verdict/contract';
import { App } from './app.ts';
import { Requester } from './requester.ts';
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

/** Where signing in happens: a 401 there is the answer, not the end of a session. */
const SESSION = '/api/app/session';

/** Talks to the service that the page came from. Throws `VerdictError` and `VerdictUnreachable` as the other client does. */
export class BrowserClient {
  /** What the pages use. */
  readonly app: App;
  /** Use cases as documents, for export and import. */
  readonly v2: V2;
  readonly #send: Requester;

  constructor(options: BrowserOptions) {
    this.#send = new Requester({ transport: inSession(options), key: undefined, timeout: options.timeout ?? 30_000, retries: 2 });
    this.app = new App(this.#send);
    this.v2 = new V2(this.#send);
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
