import { hash, verify } from '@node-rs/argon2';
import { Refusal } from '../errors.ts';

/** argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. argon2id is the library's default. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** A hash of the same cost that no password fits: compared with where there is no such user, so that the answer takes as long. */
const NOBODYS = '$argon2id$v=19$m=19456,t=2,p=1$dmVyZGljdC1ub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Hashes computed at once: each takes 19 MiB and a thread of the pool that file access shares. */
const AT_ONCE = 2;
/** Calls that may wait for their turn. */
const WAITING_MAX = 32;

/** Hashes and compares passwords, a few at a time however many ask. Never called inside a unit of work. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @returns the PHC string (`$argon2id$…`) with a fresh random salt. @throws Refusal `too_many`. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, COST));
  }

  /** Whether the password fits; `null` for a user who does not exist takes as long and is false. @throws Refusal `too_many`. */
  fits(stored: string | null, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const fits = await verify(stored ?? NOBODYS, password);
      return fits && stored !== null;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= WAITING_MAX) {
        throw new Refusal('too_many', 'Too many people are signing in at once. Try again in a few seconds.', { retryAfter: 5 });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
