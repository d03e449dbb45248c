import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin, Role } from '../http/principal.ts';
import type { ReadTx, Storage, Tx } from '../storage/storage.ts';
import { forgetName, guessSubjects } from './guesses.ts';
import { refuseProblems } from './key.ts';
import type { KeyService } from './key-service.ts';
import type { Passwords } from './passwords.ts';
import type { SessionService } from './session-service.ts';
import { nameKey, passwordProblems, type User, userNameProblems } from './user.ts';
import { allUsers, countAdmins, insertUser, type StoredUser, updateUser, userById, userByName } from './user-store.ts';

/** What of a user can be changed; absent members stay. */
export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
}

/** The people who can sign in. Nobody is removed, only disabled: what they did keeps its name. */
export class UserService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #passwords: Passwords;
  readonly #sessions: SessionService;
  readonly #keys: KeyService;

  constructor(
    storage: Storage,
    clock: Clock,
    audit: AuditTrail,
    passwords: Passwords,
    sessions: SessionService,
    keys: KeyService,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#passwords = passwords;
    this.#sessions = sessions;
    this.#keys = keys;
  }

  /** All users, oldest first. */
  async list(): Promise<User[]> {
    return (await this.#storage.read(allUsers)).map(publicUser);
  }

  /** @throws Refusal `not_found`. */
  async get(id: number): Promise<User> {
    return publicUser(await this.#storage.read((tx) => found(tx, id)));
  }

  /** Whether somebody can sign in as admin: until then the first one is made from the command line. */
  async hasAdmin(): Promise<boolean> {
    return (await this.#storage.read(countAdmins)) > 0;
  }

  /** @throws Refusal `invalid` naming the places, `refused` when the name is taken in any letter case. */
  async add(origin: Origin, person: { name: string; role: Role; password: string }): Promise<User> {
    return this.#add(origin, person, async () => {});
  }

  /**
   * The same for the first administrator.
   * @throws Refusal also `refused` where there is one: of two that try at once, one is made.
   */
  async addFirst(origin: Origin, person: { name: string; password: string }): Promise<User> {
    return this.#add(origin, { ...person, role: 'admin' }, async (tx) => {
      if ((await countAdmins(tx)) > 0) throw new Refusal('refused', 'There is an administrator already. Sign in instead.');
    });
  }

  async #add(
    origin: Origin,
    { name, role, password }: { name: string; role: Role; password: string },
    check: (tx: Tx) => Promise<void>,
  ): Promise<User> {
    refuseProblems('The user cannot be added', [...userNameProblems(name), ...passwordProblems(password, name)]);
    const user = {
      name: name.normalize('NFC'),
      role,
      passwordHash: await this.#passwords.hash(password),
      disabled: false,
      createdAt: this.#clock(),
      lastSignInAt: null,
    };
    return this.#storage.write(async (tx) => {
      await check(tx);
      await refuseNamesake(tx, name, null);
      const added: StoredUser = { ...user, id: await insertUser(tx, user, nameKey(name)) };
      await this.#record(tx, origin, 'user.add', undefined, added);
      return publicUser(added);
    });
  }

  /**
   * Changes name, role or whether a person may sign in. Another role, and being disabled, ends the person's sessions and tokens.
   * @throws Refusal `not_found`, `invalid`, `refused` (name taken; the last admin).
   */
  update(origin: Origin, id: number, change: UserChange): Promise<User> {
    return this.#storage.write(async (tx) => {
      const before = await found(tx, id);
      const after: StoredUser = {
        ...before,
        name: change.name?.normalize('NFC') ?? before.name,
        role: change.role ?? before.role,
        disabled: change.disabled ?? before.disabled,
      };
      if (after.name !== before.name) {
        refuseProblems('The user cannot be changed', userNameProblems(after.name));
        await refuseNamesake(tx, after.name, id);
      }
      const wasAdmin = before.role === 'admin' && !before.disabled;
      const isAdmin = after.role === 'admin' && !after.disabled;
      if (wasAdmin && !isAdmin && (await countAdmins(tx)) === 1) {
        throw new Refusal('refused', `"${before.name}" is the last administrator. Make somebody else one first.`);
      }
      await updateUser(tx, after, nameKey(after.name));
      if (after.role !== before.role || (after.disabled && !before.disabled)) await this.#endAccess(tx, origin, id);
      this.#sessions.forget(tx);
      await this.#record(tx, origin, 'user.change', before, after);
      return publicUser(after);
    });
  }

  /**
   * Gives a person a new password; all their sessions and tokens end.
   * @param member the place of the password in the body, for the error.
   * @throws Refusal `not_found`, `invalid`.
   */
  async setPassword(origin: Origin, id: number, password: string, member = 'password'): Promise<User> {
    const { name } = await this.get(id);
    refuseProblems('The password cannot be taken', passwordProblems(password, name, member));
    const passwordHash = await this.#passwords.hash(password);
    return this.#storage.write(async (tx) => {
      const user = await found(tx, id);
      await updateUser(tx, { ...user, passwordHash }, nameKey(user.name));
      await this.#endAccess(tx, origin, id);
      await forgetName(tx, guessSubjects(user.name, ''));
      await this.#audit.record(tx, origin, { action: 'user.password', objectKind: 'user', objectId: id });
      return publicUser(user);
    });
  }

  /** Ends all sessions and tokens of a person. @returns how many sessions. @throws Refusal `not_found`. */
  endSessions(origin: Origin, id: number): Promise<number> {
    return this.#storage.write(async (tx) => {
      await found(tx, id);
      const sessions = await this.#endAccess(tx, origin, id);
      await this.#audit.record(tx, origin, {
        action: 'user.end_sessions',
        objectKind: 'user',
        objectId: id,
        after: { sessions },
      });
      return sessions;
    });
  }

  async #endAccess(tx: Tx, origin: Origin, id: number): Promise<number> {
    await this.#keys.revokeTokensOf(tx, origin, `user:${id}`);
    return this.#sessions.endAllOf(tx, id);
  }

  #record(tx: Tx, origin: Origin, action: string, before: StoredUser | undefined, after: StoredUser): Promise<void> {
    return this.#audit.record(tx, origin, {
      action,
      objectKind: 'user',
      objectId: after.id,
      before: before && view(before),
      after: view(after),
    });
  }
}

async function found(tx: ReadTx, id: number): Promise<StoredUser> {
  const user = await userById(tx, id);
  if (!user) throw new Refusal('not_found', `There is no user ${id}.`);
  return user;
}

async function refuseNamesake(tx: ReadTx, name: string, own: number | null): Promise<void> {
  const namesake = await userByName(tx, nameKey(name));
  if (!namesake || namesake.id === own) return;
  const state = namesake.disabled ? ' (disabled; it can be enabled again)' : '';
  throw new Refusal('refused', `A user named "${namesake.name}" exists already${state}. Choose another name.`);
}

function publicUser({ passwordHash: _, ...user }: StoredUser): User {
  return user;
}

/** What the audit trail keeps of a user. */
function view({ name, role, disabled }: User): Record<string, unknown> {
  return { name, role, disabled };
}
