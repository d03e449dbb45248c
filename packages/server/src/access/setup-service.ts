import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { Random } from './key-service.ts';
import type { User } from './user.ts';
import type { UserService } from './user-service.ts';

/** How long a link may be used, in microseconds. */
const LIFE = 3_600_000_000;
const BYTES = 32;

/**
 * The first administrator, made from a link that only the terminal shows. Its secret has 256 random bits, stands in the part of the
 * address that browsers do not send (`#…`), serves once, for an hour, and never where an administrator exists. Only its hash is kept,
 * in memory: another start makes another link.
 */
export class SetupService {
  readonly #users: UserService;
  readonly #clock: Clock;
  readonly #random: Random;
  #link: { readonly hash: Buffer; readonly endsAt: number } | null = null;

  constructor(users: UserService, clock: Clock, random: Random = randomBytes) {
    this.#users = users;
    this.#clock = clock;
    this.#random = random;
  }

  /** Makes a new secret; the one before is dead. @returns null where there is an administrator already. */
  async issue(): Promise<string | null> {
    if (await this.#users.hasAdmin()) return null;
    const secret = this.#random(BYTES).toString('base64url');
    this.#link = { hash: sha256(secret), endsAt: this.#clock() + LIFE };
    return secret;
  }

  /** Whether nobody can sign in as administrator yet. */
  async isNeeded(): Promise<boolean> {
    return !(await this.#users.hasAdmin());
  }

  /**
   * Makes the first administrator.
   * @throws Refusal `refused` where there is one or the link does not serve, `invalid` for name or password; then the link still serves.
   */
  async complete(origin: Origin, secret: string, person: { name: string; password: string }): Promise<User> {
    if (!(await this.isNeeded())) {
      this.#link = null;
      throw new Refusal('refused', 'There is an administrator already. Sign in, or ask that person for an account.');
    }
    const link = this.#link;
    if (link === null || !timingSafeEqual(sha256(secret), link.hash) || this.#clock() >= link.endsAt) {
      throw new Refusal(
        'refused',
        'This set-up link does not serve (any more): it lasts an hour, and a new start of the service makes a new one. Start Verdict again and open the link that the terminal shows.',
      );
    }
    const user = await this.#users.addFirst(origin, person);
    this.#link = null;
    return user;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
