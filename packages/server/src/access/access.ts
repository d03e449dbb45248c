import { randomBytes } from 'node:crypto';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import type { Storage } from '../storage/storage.ts';
import { Authenticator } from './authenticator.ts';
import { KeyService, type Random } from './key-service.ts';
import { Passwords } from './passwords.ts';
import { Vault } from './secrets.ts';
import { SessionService } from './session-service.ts';
import { SetupService } from './setup-service.ts';
import { SignIn } from './sign-in.ts';
import { TokenService } from './token-service.ts';
import { UserService } from './user-service.ts';

/** Everything about who may come in. */
export interface Access {
  readonly keys: KeyService;
  readonly users: UserService;
  readonly sessions: SessionService;
  readonly setup: SetupService;
  readonly tokens: TokenService;
  readonly vault: Vault;
  readonly authenticator: Authenticator;
  /** Makes the key file at the first start. `vault.problem()` says afterwards what is wrong with it, if anything. */
  start(): Promise<void>;
  /** Writes down what is still in memory: when keys and sessions were last used. */
  stop(): Promise<void>;
}

/** Wires the services of this folder, each made once. */
export function createAccess(storage: Storage, clock: Clock, audit: AuditTrail, random: Random = randomBytes): Access {
  const passwords = new Passwords();
  const signIn = new SignIn(storage, clock, passwords);
  const keys = new KeyService(storage, clock, audit, random);
  const sessions = new SessionService(storage, clock, audit, signIn, random);
  const users = new UserService(storage, clock, audit, passwords, sessions, keys);
  const setup = new SetupService(users, clock, random);
  const tokens = new TokenService(storage, clock, signIn, keys);
  const vault = new Vault(storage, random);
  const authenticator = new Authenticator(keys, sessions);
  return {
    keys,
    users,
    sessions,
    setup,
    tokens,
    vault,
    authenticator,
    start: () => vault.prepare(),
    async stop() {
      await keys.flush();
      await sessions.flush();
    },
  };
}
