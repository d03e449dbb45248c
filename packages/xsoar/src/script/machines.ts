/** Names under which XSOAR closes by itself, in small letters: what they close is no person's word. */
export const MACHINES: readonly string[] = ['dbot', 'admin-dbot', 'system'];

/** The person of that name; '' for a machine, whatever the case of its name. */
export function personOf(user: string): string {
  return MACHINES.indexOf(user.toLowerCase()) < 0 ? user : '';
}
