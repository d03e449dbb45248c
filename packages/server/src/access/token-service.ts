import { microsToZ, TOKEN_DAYS_MAX, TOKEN_HOURS_DEFAULT, TOKEN_UNIT_SECONDS, type TokenRequest } from '@verdict/contract';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { Storage } from '../storage/storage.ts';
import type { KeyService } from './key-service.ts';
import { refuseChanged, type SignIn } from './sign-in.ts';

const SECOND = 1_000_000;
const WRONG = 'The user name or the password is wrong, or the user is not an admin.';

/** Tokens: management keys that an admin gets for a name and a password, and that end by themselves. */
export class TokenService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #signIn: SignIn;
  readonly #keys: KeyService;

  constructor(storage: Storage, clock: Clock, signIn: SignIn, keys: KeyService) {
    this.#storage = storage;
    this.#clock = clock;
    this.#signIn = signIn;
    this.#keys = keys;
  }

  /**
   * @param address the caller's, as the audit trail names it.
   * @returns the token's value and when it ends, in microseconds.
   * @throws Refusal `invalid` for a life that is too long, `bad_sign_in` with one sentence for a wrong name, password or role, `too_many`.
   */
  async create(request: TokenRequest, address: string): Promise<{ value: string; expiresAt: number }> {
    const life = lifeOf(request);
    const user = await this.#signIn.check(request.username, request.password, address, WRONG, ({ role }) => role === 'admin');
    const now = this.#clock();
    const origin: Origin = { principal: { kind: 'user', userId: user.id, name: user.name, role: user.role }, address };
    const owner = `user:${user.id}`;
    const expiresAt = now + life;
    const prepared = this.#keys.prepare(origin, { name: 'token', kind: 'management', expiresAt }, owner);
    // Two in the same microsecond must not want the same name.
    const name = `token of ${user.name}, ${microsToZ(now)} ${prepared.row.last4}`;
    await this.#storage.write(async (tx) => {
      await refuseChanged(tx, user, WRONG);
      await this.#keys.insert(tx, origin, { ...prepared, row: { ...prepared.row, name } });
    });
    return { value: prepared.value, expiresAt };
  }
}

/** Microseconds that the token shall live. */
function lifeOf({ expires_in_value, expires_in_unit }: TokenRequest): number {
  const unit = expires_in_unit ?? 'hours';
  const seconds = (expires_in_value ?? TOKEN_HOURS_DEFAULT * (3_600 / TOKEN_UNIT_SECONDS[unit])) * TOKEN_UNIT_SECONDS[unit];
  if (seconds >= 1 && seconds <= TOKEN_DAYS_MAX * 86_400) return Math.round(seconds) * SECOND;
  const msg = `must be at least a second and at most ${TOKEN_DAYS_MAX} days`;
  throw new Refusal('invalid', `The life of a token ${msg}.`, {
    problems: [{ loc: ['body', 'expires_in_value'], msg, type: 'out_of_range' }],
  });
}
