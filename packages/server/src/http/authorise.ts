import { Refusal } from '../errors.ts';
import { type Principal, roleAtLeast } from './principal.ts';
import type { Right } from './route.ts';

/** Whether the caller has a right; for what a call may do besides its own. */
export function may(principal: Principal, right: Right): boolean {
  try {
    authorise(principal, right);
    return true;
  } catch {
    return false;
  }
}

/** @throws Refusal `forbidden` with a sentence that names what is missing. */
export function authorise(principal: Principal, right: Right): void {
  switch (principal.kind) {
    case 'operator':
      if (right.role || right.scope || right.input) return;
      break;
    case 'user':
      if (right.role && roleAtLeast(principal.role, right.role)) return;
      if (right.role)
        throw new Refusal('forbidden', `This needs the role ${right.role}; you are signed in as ${principal.role}.`);
      break;
    case 'management':
      if (right.scope === 'any' || (right.scope && principal.scopes.has(right.scope))) return;
      if (right.scope) throw new Refusal('forbidden', `This key lacks the scope ${right.scope}.`);
      break;
    case 'input':
      if (right.input === 'any' || (right.input && principal.rights.has(right.input))) return;
      if (right.input)
        throw new Refusal('forbidden', `This key lacks the right "${right.input}". An administrator can switch it on.`);
      break;
  }
  throw new Refusal('forbidden', 'This call is not for this kind of credential.');
}
