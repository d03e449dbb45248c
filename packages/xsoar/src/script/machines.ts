import type { Fields } from './platform.ts';
import { textOf } from './values.ts';

/** Names under which XSOAR closes by itself, in small letters: what they close is no person's word. */
export const MACHINES: readonly string[] = ['dbot', 'admin-dbot', 'system'];

/** The person of that name; '' for a machine, whatever the case of its name. */
function personOf(user: string): string {
  return MACHINES.indexOf(user.toLowerCase()) < 0 ? user : '';
}

/** The person who closed an incident, as either version of XSOAR writes it; '' where none did. */
export function closerOf(incident: Fields): string {
  return personOf(textOf(incident.closingUserId, 'closingUserId') || textOf(incident.ClosingUserId, 'ClosingUserId'));
}
