import type { InputRight } from '@verdict/contract';

export { INPUT_RIGHTS, type InputRight } from '@verdict/contract';

/** What a person may do: each role may do what those before it may. */
export const ROLES = ['analyst', 'lead', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling. A call without one of these gets 401, wherever it comes from: loopback is not a credential. */
export type Principal =
  | {
      /** A key tied to an integration: it sees the jobs whose input integration uses it, and no others. */
      readonly kind: 'input';
      readonly keyId: number;
      readonly name: string;
      readonly rights: ReadonlySet<InputRight>;
    }
  | { readonly kind: 'management'; readonly keyId: number; readonly name: string; readonly scopes: ReadonlySet<string> }
  | { readonly kind: 'user'; readonly userId: number; readonly name: string; readonly role: Role }
  /** A person at the machine itself, who may open the data folder anyway: through the Unix socket in it, or the CLI with the service stopped. */
  | { readonly kind: 'operator'; readonly name: string };

/** Where a change came from, for the audit trail. */
export interface Origin {
  readonly principal: Principal;
  /** `api 10.0.0.7`, `socket`, `command line`. */
  readonly address: string;
}

/** Whether a person of `role` may do what needs `needed`. */
export function roleAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** A stable name of the caller for records: `key:3`, `user:1`, `operator`. */
export function principalId(principal: Principal): string {
  switch (principal.kind) {
    case 'input':
    case 'management':
      return `key:${principal.keyId}`;
    case 'user':
      return `user:${principal.userId}`;
    case 'operator':
      return 'operator';
  }
}
