import { timingSafeEqual } from 'node:crypto';
import { fastifyCookie } from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import type { Principal } from '../http/principal.ts';
import type { KeyFault } from './key.ts';
import type { KeyOutcome, KeyService } from './key-service.ts';
import type { Session, SessionService } from './session-service.ts';

/** The cookie that a browser's session lives in. */
export const SESSION_COOKIE = 'verdict_session';
/** The header that keys come in. */
export const KEY_HEADER = 'x-arcanna-api-key';
/** The header that proves that a call that changes something was made by our own page. */
export const CSRF_HEADER = 'x-verdict-csrf';

/** What a call says of its caller: the headers as they came. */
export interface Credentials {
  readonly key?: string | undefined;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly csrf?: string | undefined;
  readonly origin?: string | undefined;
  /** `sec-fetch-site`. */
  readonly site?: string | undefined;
  /** The host that the call was made to, already checked against the allow-list. */
  readonly host?: string | undefined;
}

const FAULTS: Readonly<Record<KeyFault, string>> = {
  unknown: 'This API key is not known here. Check that it was pasted whole and belongs to this service.',
  revoked: 'This API key was revoked. Ask an administrator for a new one.',
  expired: 'This API key has expired. Ask an administrator for a new one.',
};

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Tells who is calling, by key or by session. */
export class Authenticator {
  readonly #keys: KeyService;
  readonly #sessions: SessionService;

  constructor(keys: KeyService, sessions: SessionService) {
    this.#keys = keys;
    this.#sessions = sessions;
  }

  /**
   * A key where there is one, else the session of the cookie. Known keys are answered without waiting.
   * @throws Refusal `no_key`, `bad_key`, `bad_session`, `csrf`.
   */
  authenticate(credentials: Credentials, method: string): Principal | Promise<Principal> {
    const key = credentials.key ?? bearer(credentials.authorization);
    if (key !== undefined && key !== '') {
      const outcome = this.#keys.authenticate(key);
      return outcome instanceof Promise ? outcome.then(accept) : accept(outcome);
    }
    const token = sessionToken(credentials.cookie);
    if (token === null) {
      throw new Refusal('no_key', `No API key was sent. Send one in the header ${KEY_HEADER}, or sign in.`);
    }
    return this.#bySession(token, credentials, method);
  }

  /** The same for a request of the HTTP shell. */
  readonly ofRequest = (request: FastifyRequest): Principal | Promise<Principal> =>
    this.authenticate(credentialsOf(request), request.method);

  /** The session of a cookie header; null when there is none. Whether the call may change something is not checked here. */
  async session(cookie: string | undefined): Promise<Session | null> {
    const token = sessionToken(cookie);
    return token === null ? null : this.#sessions.find(token);
  }

  async #bySession(token: string, credentials: Credentials, method: string): Promise<Principal> {
    const session = await this.#sessions.find(token);
    if (!session) throw new Refusal('bad_session', 'The session has ended. Sign in again.');
    if (!SAFE.has(method)) {
      refuseForeign(credentials);
      if (!sameText(credentials.csrf ?? '', session.csrf)) {
        throw new Refusal(
          'csrf',
          `A call that changes something needs the header ${CSRF_HEADER} with the session's token. Reload the page.`,
        );
      }
    }
    return session.principal;
  }
}

/** What a request says of its caller. */
export function credentialsOf(request: FastifyRequest): Credentials {
  const { headers } = request;
  return {
    key: one(headers[KEY_HEADER]),
    authorization: headers.authorization,
    cookie: headers.cookie,
    csrf: one(headers[CSRF_HEADER]),
    origin: headers.origin,
    site: one(headers['sec-fetch-site']),
    host: request.host,
  };
}

/**
 * Another site's page must not act in a signed-in person's name, nor sign them in as somebody else. Browsers say where a call comes from;
 * programs that are none say nothing, and have no cookie to misuse.
 * @throws Refusal `csrf`.
 */
export function refuseForeign({ origin, site, host }: Credentials): void {
  const foreign = (site !== undefined && site !== 'same-origin') || (origin !== undefined && !sameHost(origin, host));
  if (foreign) throw new Refusal('csrf', 'This call came from a page of another site. Open Verdict itself and try again.');
}

/** The token in a cookie header; null when there is none. */
export function sessionToken(cookie: string | undefined): string | null {
  if (cookie === undefined || !cookie.includes(SESSION_COOKIE) || cookie.length > 16_384) return null;
  return fastifyCookie.parse(cookie)[SESSION_COOKIE] || null;
}

function accept(outcome: KeyOutcome): Principal {
  if ('principal' in outcome) return outcome.principal;
  throw new Refusal('bad_key', FAULTS[outcome.fault]);
}

function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^bearer +(\S{1,1000}) *$/i.exec(authorization)?.[1];
}

/** A header sent more than once is no credential: the parts may come from different hands. */
function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

/** The scheme may differ behind a TLS proxy; the host with its port may not. */
function sameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  try {
    const url = new URL(origin);
    return (url.protocol === 'http:' || url.protocol === 'https:') && new URL(`${url.protocol}//${host}`).host === url.host;
  } catch {
    return false;
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
