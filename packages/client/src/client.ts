import type { Health, ReadyAnswer } from '@verdict/contract';
import { App } from './app.ts';
import { Requester } from './requester.ts';
import { overSocket } from './socket.ts';
import { overNetwork, type Transport } from './transport.ts';
import { V1 } from './v1.ts';
import { V2 } from './v2.ts';

/** Where the service is: an address, or the Unix socket in its data folder, whose callers are the operator. */
export type ClientOptions = ({ readonly baseUrl: string } | { readonly socketPath: string }) & {
  /** An API key: an input key for `v1`, a management key for the rest. The socket needs none. */
  readonly key?: string | undefined;
  /** Milliseconds for one attempt; 30,000 by default. */
  readonly timeout?: number;
  /** How often a call that may be repeated is sent again after 429, 503 or a broken connection; 4 by default, 0 = never. */
  readonly retries?: number;
};

/**
 * Talks to a Verdict service. Every method resolves with the answer's own shape and throws `VerdictError` for an error answer,
 * `VerdictUnreachable` where there was none.
 *
 * @example
 * const verdict = new VerdictClient({ baseUrl: 'http://localhost:9666', key: process.env.VERDICT_API_KEY });
 * const decision = await verdict.v1.sendAndWait('alert-4711', { job_id: 1201, raw_body: alert });
 */
export class VerdictClient {
  /** What a SOAR speaks. */
  readonly v1: V1;
  /** Management by document. */
  readonly v2: V2;
  /** What people's own clients use. */
  readonly app: App;
  readonly #send: Requester;

  constructor(options: ClientOptions) {
    const transport: Transport = 'baseUrl' in options ? overNetwork(options.baseUrl) : overSocket(options.socketPath);
    this.#send = new Requester({
      transport,
      key: options.key,
      timeout: options.timeout ?? 30_000,
      retries: options.retries ?? 4,
    });
    this.v1 = new V1(this.#send);
    this.v2 = new V2(this.#send);
    this.app = new App(this.#send);
  }

  /** Whether the process is alive. */
  health(): Promise<Health> {
    return this.#send.json('GET', '/health');
  }

  /** Whether the service can be used; `not_ready` is an answer, no error. */
  ready(): Promise<ReadyAnswer> {
    return this.#send.json('GET', '/ready', { accept: [503], repeatable: false });
  }

  /**
   * Hands on a message of the Model Context Protocol (JSON text) and resolves with the answer, empty where there is none. Never sent again by itself.
   * Answers that are errors of the protocol are answers.
   */
  mcp(message: string): Promise<string> {
    return this.#send.text('POST', '/mcp', { body: message, accept: [400] });
  }

  /** Measurements in the text form of Prometheus. */
  metrics(): Promise<string> {
    return this.#send.text('GET', '/metrics');
  }
}
