/**
 * Whose votes to learn from. A key or a person whose labels contradict what others say of like alerts is set aside, so that poisoned feedback
 * does not turn decisions elsewhere.
 *
 * A vote is *informed* where other people labelled alerts like it; it agrees when most of the nearest five do (Cover and Hart 1967,
 * weighed by similarity). How often votes of everybody else agree, measured in the same way, is what is expected of a source; one that agrees far
 * less often than that (binomial tail; at most three fifths of it) is set aside. Only a source with less than a third of all votes is looked at:
 * a single analyst, or two who share the work, are never weighed against themselves.
 */

import { fitFeatures, sparseRow } from './features.ts';
import { exp, log } from './math.ts';
import { NearestIndex } from './novelty.ts';
import { logGamma } from './tails.ts';
import type { PointType, PointValues } from './types.ts';

/** One voter's vote on a bucket (or event). */
export interface TrustVote {
  /** Class index. */
  readonly choice: number;
  /** What it came from: the voter, the key that brought it. Each is judged on its own. */
  readonly sources: readonly string[];
}

/** A bucket (or event) with the votes on it, one for each voter. */
export interface TrustUnit {
  readonly key: string;
  /** In the order of the points. */
  readonly values: PointValues;
  /** Units of one group say nothing about each other. */
  readonly group?: string;
  readonly votes: readonly TrustVote[];
}

/** A source whose votes are not to be learned from. */
export interface Distrusted {
  readonly source: string;
  /** Its informed votes, how many of them agree with others, and how many would be expected to. */
  readonly votes: number;
  readonly agreed: number;
  readonly expected: number;
  /** Chance of agreeing so seldom for a source that is like the others. */
  readonly p: number;
}

const NEIGHBOURS = 5;
/** Similarity from which a neighbour informs. */
const ALIKE = 0.3;
/** Fewest informed votes to judge a source by. */
const FEWEST = 5;
/** A source with a larger share of all votes is the rule, not the exception. */
const LARGEST_SHARE = 1 / 3;
/** A source is given this much of the expected agreement before it looks odd: people differ in what they are shown. */
const SLACK = 0.85;
const MOST_OF_EXPECTED = 0.6;
const LEVEL = 0.005;
/** Votes that the expectation is measured on at most. */
const SAMPLE = 1_000;

/**
 * Finds the sources to set aside, by name. The same units give the same answer in whatever order they come.
 * @param points decision points, in the order of the values.
 * @param types that a person has set.
 * @returns empty where nobody stands out, also for no units or a single source.
 */
export function distrustedSources(
  points: readonly string[],
  types: Readonly<Record<string, PointType>> | undefined,
  units: readonly TrustUnit[],
): Distrusted[] {
  const sorted = [...units].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const counts = new Map<string, number>();
  let all = 0;
  for (const { votes } of sorted)
    for (const { sources } of votes) {
      all++;
      for (const source of new Set(sources)) counts.set(source, (counts.get(source) ?? 0) + 1);
    }
  const candidates = [...counts]
    .filter(([, votes]) => votes >= FEWEST && votes < all * LARGEST_SHARE)
    .map(([source]) => source)
    .sort();
  if (candidates.length === 0) return [];
  const crowd = new Crowd(points, types, sorted);
  const level = LEVEL / candidates.length;
  return candidates.flatMap((source) => {
    const own = crowd.agreement((vote) => vote.sources.includes(source), source, Number.POSITIVE_INFINITY);
    if (own.informed < FEWEST) return [];
    const others = crowd.agreement((vote) => !vote.sources.includes(source), source, SAMPLE);
    const rate = (others.agreed + 1) / (others.informed + 2);
    const expected = rate * own.informed;
    const p = binomialAtMost(own.agreed, own.informed, SLACK * rate);
    if (p >= level || own.agreed > MOST_OF_EXPECTED * expected) return [];
    return [{ source, votes: own.informed, agreed: own.agreed, expected, p }];
  });
}

/** All units, to be asked what others say of alerts like one of them. */
class Crowd {
  readonly #units: readonly TrustUnit[];
  readonly #index: NearestIndex;
  readonly #vectors: ReturnType<typeof sparseRow>[];

  constructor(points: readonly string[], types: Readonly<Record<string, PointType>> | undefined, units: readonly TrustUnit[]) {
    const order = points.map((_, p) => p).sort((a, b) => (points[a]! < points[b]! ? -1 : 1));
    const { space, raw } = fitFeatures(
      order.map((p) => points[p]!),
      order.map((p) => (types && Object.hasOwn(types, points[p]!) ? types[points[p]!] : undefined)),
      units.map((unit) => order.map((p) => unit.values[p] ?? null)),
    );
    this.#units = units;
    this.#vectors = units.map((_, row) => {
      const buffer = sparseRow();
      space.rowVector(raw, row, space.frequency, buffer);
      return buffer;
    });
    this.#index = NearestIndex.build(space, units.length, (row) => this.#vectors[row]!);
  }

  /** How many of the votes that `mine` picks are informed by votes not of `source`, and agree with them. At most about `most`, evenly picked. */
  agreement(mine: (vote: TrustVote) => boolean, source: string, most: number): { informed: number; agreed: number } {
    const picked = this.#units.flatMap(({ votes }, row) => votes.flatMap((vote) => (mine(vote) ? [{ row, vote }] : [])));
    const step = Math.max(1, picked.length / most);
    let informed = 0;
    let agreed = 0;
    for (let at = 0; at < picked.length; at += step) {
      const { row, vote } = picked[Math.floor(at)]!;
      const says = this.#others(row, vote, source);
      if (says === undefined) continue;
      informed++;
      if (says === vote.choice) agreed++;
    }
    return { informed, agreed };
  }

  /** The label that others, without `source`, give to alerts like this one; undefined where they say nothing. */
  #others(row: number, own: TrustVote, source: string): number | undefined {
    const { group } = this.#units[row]!;
    const counts = (vote: TrustVote) => vote !== own && !vote.sources.includes(source);
    const near = this.#index.nearest(this.#vectors[row]!, NEIGHBOURS, (other) => {
      const unit = this.#units[other]!;
      if (other !== row && group !== undefined && unit.group === group) return true;
      return !unit.votes.some(counts);
    });
    const weights = new Map<number, number>();
    for (const { row: other, similarity } of near) {
      if (similarity < ALIKE) continue;
      const votes = this.#units[other]!.votes.filter(counts);
      for (const { choice } of votes) weights.set(choice, (weights.get(choice) ?? 0) + similarity / votes.length);
    }
    let best: number | undefined;
    for (const [choice, weight] of [...weights].sort(([a], [b]) => a - b))
      if (best === undefined || weight > weights.get(best)!) best = choice;
    return best;
  }
}

/** Chance of at most `k` successes in `n` trials of chance `p` (0 < p < 1). */
function binomialAtMost(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i++)
    sum += exp(logGamma(n + 1) - logGamma(i + 1) - logGamma(n - i + 1) + i * log(p) + (n - i) * log(1 - p));
  return Math.min(1, sum);
}
