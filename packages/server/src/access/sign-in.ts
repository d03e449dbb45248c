import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { ReadTx, Storage } from '../storage/storage.ts';
import { countAttempt, forgive, guessSubjects } from './guesses.ts';
import type { Passwords } from './passwords.ts';
import { nameKey, PASSWORD_MAX } from './user.ts';
import { type StoredUser, userById, userByName } from './user-store.ts';

/** Checks a name and a password: one answer and about the same time whether the name, the password or the role is wrong. */
export class SignIn {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #passwords: Passwords;

  constructor(storage: Storage, clock: Clock, passwords: Passwords) {
    this.#storage = storage;
    this.#clock = clock;
    this.#passwords = passwords;
  }

  /**
   * @param address where the attempt comes from; its failures count together.
   * @param mayPass what else must hold of the user (a token wants an admin); counted as a failure where it does not.
   * @throws Refusal `bad_sign_in` with `sentence`; `too_many` with the seconds to wait after too many failures.
   */
  async check(
    name: string,
    password: string,
    address: string,
    sentence: string,
    mayPass: (user: StoredUser) => boolean = () => true,
  ): Promise<StoredUser> {
    const subjects = guessSubjects(name.slice(0, 1_000), address);
    const wait = await this.#storage.write((tx) => countAttempt(tx, subjects, this.#clock()));
    if (wait > 0) {
      const retryAfter = Math.ceil(wait / 1_000_000);
      const seconds = retryAfter === 1 ? '1 second' : `${retryAfter} seconds`;
      throw new Refusal('too_many', `Too many wrong attempts. Wait ${seconds} before the next one.`, { retryAfter });
    }
    const user = await this.#storage.read((tx) => userByName(tx, nameKey(name.slice(0, 1_000))));
    const fits = await this.#passwords.fits(user?.passwordHash ?? null, password.slice(0, PASSWORD_MAX + 1));
    if (!user || !fits || user.disabled || !mayPass(user)) throw new Refusal('bad_sign_in', sentence);
    await this.#storage.write((tx) => forgive(tx, subjects, this.#clock()));
    return user;
  }
}

/**
 * Between the check of a password, which takes its time outside a unit, and what it opens, the person may have been disabled or given
 * another password or role: what ended their access must not be outlived by a sign-in that was under way.
 * @throws Refusal `bad_sign_in`.
 */
export async function refuseChanged(tx: ReadTx, checked: StoredUser, sentence: string): Promise<void> {
  const user = await userById(tx, checked.id);
  if (!user || user.disabled || user.passwordHash !== checked.passwordHash || user.role !== checked.role) {
    throw new Refusal('bad_sign_in', sentence);
  }
}
