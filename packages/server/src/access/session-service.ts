import { hash as digest, randomBytes } from 'node:crypto';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import type { Origin, Principal } from '../http/principal.ts';
import type { Storage, Tx } from '../storage/storage.ts';
import { sameHash } from './key.ts';
import type { Random } from './key-service.ts';
import { LastUse } from './last-use.ts';
import { RowCache } from './row-cache.ts';
import {
  deleteSession,
  deleteSessionsOf,
  insertSession,
  noteSeen,
  type StoredSession,
  sessionByHash,
  tidySessions,
} from './session-store.ts';
import { refuseChanged, type SignIn } from './sign-in.ts';
import type { User } from './user.ts';
import { noteSignIn, type StoredUser } from './user-store.ts';

const HOUR = 3_600_000_000;
/** A session ends after this long without a call, and after that long whatever happens; in microseconds. */
export const IDLE = 12 * HOUR;
export const LONGEST = 7 * 24 * HOUR;
/** What is seen last is written once a minute; a session is only removed when that cannot matter any more. */
const SLACK = HOUR;
const SESSIONS_OF_ONE = 20;
const CACHED_SESSIONS = 10_000;
const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

const WRONG = 'The user name or the password is wrong.';

/** A session as its own caller may see it. */
export interface Session {
  readonly principal: Principal & { readonly kind: 'user' };
  /** To be sent as `x-verdict-csrf` with every call that changes something. */
  readonly csrf: string;
  /** When it ends whatever happens, in microseconds. */
  readonly expiresAt: number;
}

/** A new session with the only copy of its token, which goes into the cookie. */
export interface NewSession extends Session {
  readonly token: string;
}

/** Sessions of people in a browser: 256 random bits in a cookie, their SHA-256 in the store. */
export class SessionService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #signIn: SignIn;
  readonly #random: Random;
  readonly #known = new RowCache<StoredSession>(CACHED_SESSIONS);
  readonly #seen: LastUse<string>;

  constructor(storage: Storage, clock: Clock, audit: AuditTrail, signIn: SignIn, random: Random = randomBytes) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#signIn = signIn;
    this.#random = random;
    this.#seen = new LastUse((uses) =>
      storage.write(async (tx) => {
        for (const [name, at] of uses) await noteSeen(tx, Buffer.from(name, 'base64'), at);
      }),
    );
  }

  /**
   * Signs a person in.
   * @param address the caller's, as the audit trail names it.
   * @throws Refusal `bad_sign_in`, one sentence whatever is wrong; `too_many` after too many wrong attempts.
   */
  async signIn(name: string, password: string, address: string): Promise<NewSession> {
    return this.start(await this.#signIn.check(name, password, address, WRONG), address);
  }

  /** Whether a signed-in person knows their own password. @throws Refusal `bad_sign_in`, `too_many`. */
  async confirm(user: User, password: string, address: string): Promise<void> {
    await this.#signIn.check(user.name, password, address, 'The current password is wrong.');
  }

  /** Starts a session for somebody whose password was just checked. @throws Refusal `bad_sign_in` when that has changed meanwhile. */
  async start(user: StoredUser, address: string): Promise<NewSession> {
    const now = this.#clock();
    const token = this.#random(TOKEN_BYTES).toString('base64url');
    const csrf = this.#random(TOKEN_BYTES).toString('base64url');
    const principal = { kind: 'user', userId: user.id, name: user.name, role: user.role } as const;
    const session = { hash: tokenHash(token), userId: user.id, csrf, createdAt: now, expiresAt: now + LONGEST, address };
    await this.#storage.write(async (tx) => {
      await refuseChanged(tx, user, WRONG);
      await insertSession(tx, session);
      await tidySessions(tx, now, now - IDLE - SLACK, user.id, SESSIONS_OF_ONE);
      await noteSignIn(tx, user.id, now);
      await this.#audit.record(tx, { principal, address }, { action: 'session.start', objectKind: 'user', objectId: user.id });
      tx.afterCommit(() => this.#known.clear());
    });
    return { principal, csrf, expiresAt: session.expiresAt, token };
  }

  /** The session of a cookie's token; null when there is none or it has ended. */
  async find(token: string): Promise<Session | null> {
    if (!TOKEN.test(token)) return null;
    const hash = tokenHash(token);
    const name = hash.toString('base64');
    const row =
      this.#known.get(name) ?? (await this.#known.load(name, () => this.#storage.read((tx) => sessionByHash(tx, hash))));
    if (!row || !sameHash(row.hash, hash) || row.disabled === 1) return null;
    const now = this.#clock();
    const seen = Math.max(row.last_seen_at, this.#seen.pending(name) ?? 0);
    if (now >= row.expires_at || now - seen >= IDLE) return null;
    this.#seen.note(name, now);
    return {
      principal: { kind: 'user', userId: row.user_id, name: row.user_name, role: row.role },
      csrf: row.csrf,
      expiresAt: row.expires_at,
    };
  }

  /** Ends a session; one that has ended already stays so. */
  async end(origin: Origin, token: string): Promise<void> {
    const session = await this.find(token);
    if (!session) return;
    await this.#storage.write(async (tx) => {
      await deleteSession(tx, tokenHash(token));
      await this.#audit.record(tx, origin, { action: 'session.end', objectKind: 'user', objectId: session.principal.userId });
      tx.afterCommit(() => this.#known.clear());
    });
  }

  /** Ends all sessions of a person, within the unit that changes what the person may do. @returns how many. */
  async endAllOf(tx: Tx, userId: number): Promise<number> {
    tx.afterCommit(() => this.#known.clear());
    return deleteSessionsOf(tx, userId);
  }

  /** The names or roles that sessions carry changed. */
  forget(tx: Tx): void {
    tx.afterCommit(() => this.#known.clear());
  }

  /** Writes down when sessions were last seen, without waiting for the minute. */
  flush(): Promise<void> {
    return this.#seen.flush();
  }
}

function tokenHash(token: string): Buffer {
  return digest('sha256', token, 'buffer');
}
