import { INPUT_RIGHTS, SCOPES } from '@verdict/contract';
import type { Principal } from '../http/principal.ts';
import type { KeyRight } from './key.ts';

/** What a right of an input key lets through, in the scopes of management keys: nobody hands out a right whose scope is not theirs. */
const SCOPE_OF_RIGHT: Readonly<Record<KeyRight, string>> = {
  events: 'write:events',
  decisions: 'read:event_query',
  feedback: 'write:event_feedback',
  export: 'read:event_export',
  train: 'execute:job_operations',
  start_stop: 'execute:job_operations',
};

/** The scopes that a caller may give to a key: an administrator and the operator all, a management key its own, others none. */
export function grantableScopes(principal: Principal): ReadonlySet<string> {
  switch (principal.kind) {
    case 'operator':
      return new Set(SCOPES);
    case 'user':
      return new Set(principal.role === 'admin' ? SCOPES : []);
    case 'management':
      return principal.scopes;
    case 'input':
      return new Set();
  }
}

/** The rights that a caller may give to an input key. */
export function grantableRights(principal: Principal): readonly KeyRight[] {
  const scopes = grantableScopes(principal);
  return INPUT_RIGHTS.filter((right) => scopes.has(SCOPE_OF_RIGHT[right]));
}
