/** Why somebody was asked for a vote; tells later which votes are a fair sample. */
export const ASKED = ['playbook', 'queue', 'random', 'audit', 'import', 'agent', 'self'] as const;
export type Asked = (typeof ASKED)[number];

/** Who votes. `id` keeps apart people that only share a name: a name sent with a key is never a signed-in user. */
export interface Voter {
  readonly id: string;
  readonly name: string;
}

/** What was said of one event, as it was said; never changed. */
export interface Feedback {
  readonly id: number;
  readonly kind: 'vote' | 'withdraw' | 'overrule' | 'lift';
  readonly eventId: string;
  readonly eventVersion: number;
  readonly classNo: number | null;
  readonly voter: Voter;
  readonly at: number;
  readonly through: string;
  readonly asked: Asked;
  readonly reason: string | null;
  readonly closingNotes: string | null;
  /** Whether it counts; a machine that repeats our own decision does not. */
  readonly counted: boolean;
}

/** What votes are counted over: a bucket, or one version of an event on its own. */
export interface Unit {
  readonly kind: 'b' | 'e';
  readonly id: number;
}

/** What people agree on. */
export interface Consensus {
  /** null = undecided: no label has more votes than every other. */
  readonly classNo: number | null;
  /** Votes by class number. */
  readonly tally: Readonly<Record<string, number>>;
  readonly voters: number;
  /** A lead decided over the votes. */
  readonly overruled: boolean;
}

/** The name under which a lead's overrule stands among the votes of a unit. No voter can have it: theirs start with a kind. */
export const OVERRULE = '!overrule';

/**
 * What the votes of a unit come to: the label with the most voters, none when two share the top; a lead's overrule stands above.
 * @returns undefined without any vote.
 */
export function agree(votes: readonly { readonly voter: string; readonly classNo: number }[]): Consensus | undefined {
  const overrule = votes.find((vote) => vote.voter === OVERRULE);
  const own = votes.filter((vote) => vote.voter !== OVERRULE);
  if (!overrule && own.length === 0) return undefined;
  const tally: Record<string, number> = {};
  for (const { classNo } of own) tally[classNo] = (tally[classNo] ?? 0) + 1;
  return { classNo: overrule?.classNo ?? majority(tally), tally, voters: own.length, overruled: overrule !== undefined };
}

/**
 * The same after one voter changed from one label to another, without counting the others again: a bucket of imported alerts has thousands.
 * @param before what the votes came to; undefined without any.
 * @param from the voter's label until now, `to` the one from now on; undefined = none.
 */
export function agreeAfter(
  before: Consensus | undefined,
  from: number | undefined,
  to: number | undefined,
): Consensus | undefined {
  const tally: Record<string, number> = { ...before?.tally };
  if (from !== undefined) {
    const left = (tally[from] ?? 0) - 1;
    if (left > 0) tally[from] = left;
    else delete tally[from];
  }
  if (to !== undefined) tally[to] = (tally[to] ?? 0) + 1;
  const voters = (before?.voters ?? 0) - (from === undefined ? 0 : 1) + (to === undefined ? 0 : 1);
  if (before?.overruled) return { classNo: before.classNo, tally, voters, overruled: true };
  return voters === 0 ? undefined : { classNo: majority(tally), tally, voters, overruled: false };
}

/** The class number with the most voters; null when two share the top, or nobody voted. */
function majority(tally: Readonly<Record<string, number>>): number | null {
  const top = Math.max(0, ...Object.values(tally));
  const leaders = Object.keys(tally).filter((classNo) => tally[classNo] === top);
  return leaders.length === 1 ? Number(leaders[0]) : null;
}
