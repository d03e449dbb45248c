/** Names under which XSOAR closes by itself, in small letters: what they close is no person's word. */
export const MACHINES: readonly string[] = ['dbot', 'admin-dbot', 'system'];
