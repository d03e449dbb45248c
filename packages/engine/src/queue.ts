/**
 * What to label next: the alerts from which the next model learns most with the fewest clicks.
 *
 * Most slots go to alerts that stand for many others which no labelled alert resembles yet (greedy facility location: Wei, Iyer and Bilmes
 * 2015), counting all events (`diverse`), or those that the model is unsure of (`uncertain`), or those on which the model and the nearest
 * labelled bucket differ (`disagreement`). Weighing whole neighbourhoods keeps the queue from chasing oddities and noise, where picking the
 * smallest margin can do worse than no order at all. Some slots go to the biggest buckets, and some are drawn at random, so that what the
 * model is sure of and wrong about is found too.
 */
import { compareStrings, normalisedEntropy, type Random, random } from './math.ts';
import type { Model } from './model.ts';
import { sketches, squaredDistance } from './queue-space.ts';
import type { PointType, PointValues } from './types.ts';

/** A bucket without labels. */
export interface QueueCandidate {
  readonly key: string;
  /** In the order of the input's points. */
  readonly values: PointValues;
  /** Events in the bucket; finite, 0 or more. */
  readonly events: number;
  /** Set where an event of it was drawn for an audit of the guard, with the chance of that; such buckets come first. */
  readonly audit?: { readonly chance: number };
}

/** A bucket with labels. */
export interface QueueLabelled {
  readonly key: string;
  readonly values: PointValues;
  /** Voters for each class, in the order of the model's classes. */
  readonly votes: readonly number[];
}

/** What {@link recommend} chooses from. */
export interface QueueInput {
  readonly points: readonly string[];
  /** Types that a person has set. */
  readonly pointTypes?: Readonly<Record<string, PointType>>;
  readonly candidates: readonly QueueCandidate[];
  readonly labelled: readonly QueueLabelled[];
  /** The active model; its points in the order of `points`. */
  readonly model?: Model;
  /** How many are wanted, 0 or more. */
  readonly batch: number;
  /** Unsigned 32-bit. */
  readonly seed: number;
}

export type QueueReason = 'biggest' | 'diverse' | 'uncertain' | 'disagreement' | 'audit' | 'random';

/** One bucket to label next. */
export interface Recommendation {
  readonly key: string;
  readonly reason: QueueReason;
  /** For `audit`: the chance it was drawn with. For `random`: its chance among those left at that draw (its share of their events). */
  readonly chance?: number;
}

/** Buckets that are compared with each other; of more, a sample by events. */
const MOST_COMPARED = 1200;
const MOST_LABELLED = 2000;

/** Slots in turn, so that however few people label, the mix is kept. */
const WITH_MODEL: readonly QueueReason[] = [
  'uncertain',
  'diverse',
  'random',
  'diverse',
  'uncertain',
  'disagreement',
  'diverse',
  'random',
  'biggest',
  'diverse',
];
const WITHOUT_MODEL: readonly QueueReason[] = ['biggest', 'diverse', 'diverse', 'random', 'diverse'];

/**
 * Chooses the next buckets to label, in order. The same input and seed give the same answer, in whatever order candidates and labelled buckets
 * come. At most as many as there are candidates; those that are labelled already are left out.
 * @throws RangeError when the number wanted, a count of events or a number of values is wrong.
 */
export function recommend(input: QueueInput): Recommendation[] {
  const { model, seed } = input;
  const candidates = check(input);
  const source = random(seed);
  const chosen = new Set<string>();
  const found: Recommendation[] = [];
  const take = (candidate: QueueCandidate, reason: QueueReason, chance?: number) => {
    chosen.add(candidate.key);
    found.push(chance === undefined ? { key: candidate.key, reason } : { key: candidate.key, reason, chance });
  };
  for (const candidate of candidates)
    if (candidate.audit && found.length < input.batch) take(candidate, 'audit', candidate.audit.chance);
  if (found.length === input.batch) return found;

  const field = new Field(input, sample(candidates, MOST_COMPARED, source), source);
  for (const key of chosen) field.label(key);
  const pick = (reason: QueueReason) => {
    if (reason === 'biggest') return biggest(candidates, chosen);
    return reason === 'diverse' || reason === 'uncertain' || reason === 'disagreement' ? field.best(reason) : null;
  };
  const slots = model ? WITH_MODEL : WITHOUT_MODEL;
  for (let slot = 0; found.length < Math.min(input.batch, candidates.length); slot++) {
    const reason = slots[slot % slots.length]!;
    const next = pick(reason);
    if (next) take(next, reason);
    else {
      const { candidate, chance } = draw(candidates, chosen, source);
      take(candidate, 'random', chance);
    }
    field.label(found.at(-1)!.key);
  }
  return found;
}

function check(input: QueueInput): QueueCandidate[] {
  if (!Number.isInteger(input.batch) || input.batch < 0)
    throw new RangeError('The number of buckets wanted must be a whole number, 0 or more.');
  for (const { key, values } of [...input.candidates, ...input.labelled])
    if (values.length !== input.points.length)
      throw new RangeError(`Bucket "${key}" has ${values.length} values for ${input.points.length} decision points.`);
  const known = new Set(input.labelled.map(({ key }) => key));
  const candidates = [...input.candidates].sort((a, b) => compareStrings(a.key, b.key));
  return candidates.filter(({ key, events }) => {
    if (!(events >= 0 && Number.isFinite(events)))
      throw new RangeError(`Bucket "${key}" has a count of events that is no number of 0 or more.`);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** The bucket with most events; `null` where all that are left have equally many, for then size tells nothing. */
function biggest(candidates: readonly QueueCandidate[], chosen: ReadonlySet<string>): QueueCandidate | null {
  let best: QueueCandidate | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (chosen.has(candidate.key)) continue;
    if (best === null || candidate.events > best.events) best = candidate;
    least = Math.min(least, candidate.events);
  }
  return best !== null && best.events > least ? best : null;
}

/** One of those left, with a chance proportional to its events (an empty bucket counts as one event). */
function draw(
  candidates: readonly QueueCandidate[],
  chosen: ReadonlySet<string>,
  source: Random,
): { readonly candidate: QueueCandidate; readonly chance: number } {
  const left = candidates.filter(({ key }) => !chosen.has(key));
  const total = left.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  let at = source.next() * total;
  let i = 0;
  while (i < left.length - 1 && at >= weightOf(left[i]!)) at -= weightOf(left[i++]!);
  return { candidate: left[i]!, chance: weightOf(left[i]!) / total };
}

function weightOf(candidate: QueueCandidate): number {
  return Math.max(1, candidate.events);
}

/** Reasons that weigh whole neighbourhoods. */
type Neighbourly = 'diverse' | 'uncertain' | 'disagreement';

/** A sampled bucket and the events it stands for. */
interface Sampled {
  readonly candidate: QueueCandidate;
  readonly weight: number;
}

/** At most about `most` buckets, drawn in steps of equal weight, so the big ones for certain (systematic sampling: Madow 1949). */
function sample(candidates: readonly QueueCandidate[], most: number, source: Random): Sampled[] {
  if (candidates.length <= most) return candidates.map((candidate) => ({ candidate, weight: weightOf(candidate) }));
  const total = candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  const step = total / most;
  let next = source.next() * step;
  let seen = 0;
  const found: Sampled[] = [];
  for (const candidate of candidates) {
    let weight = 0;
    seen += weightOf(candidate);
    for (; next < seen; next += step) weight += step;
    if (weight > 0) found.push({ candidate, weight });
  }
  return found;
}

/** The sampled buckets with all distances between them, and how far each is from what has been labelled or chosen. */
class Field {
  readonly #sampled: readonly Sampled[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #between: Float32Array;
  /** Squared distance to the nearest labelled or chosen bucket. */
  readonly #apart: Float32Array;
  readonly #taken: Uint8Array;
  readonly #weights: Readonly<Record<Neighbourly, Float64Array>>;
  /** At least what each bucket brings. */
  readonly #bounds: Readonly<Record<Neighbourly, Float64Array>>;

  constructor(input: QueueInput, sampled: readonly Sampled[], source: Random) {
    const labelled = [...input.labelled].sort((a, b) => compareStrings(a.key, b.key));
    while (labelled.length > MOST_LABELLED) labelled.splice(source.below(labelled.length), 1);
    const n = sampled.length;
    const rows = [...sampled.map(({ candidate }) => candidate.values), ...labelled.map(({ values }) => values)];
    const all = sketches(input.points, input.pointTypes, rows);
    this.#sampled = sampled;
    this.#positions = new Map(sampled.map(({ candidate }, i) => [candidate.key, i]));
    this.#taken = new Uint8Array(n);
    this.#between = new Float32Array(n * n);
    let widest = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) {
        const distance = squaredDistance(all, i, all, j);
        this.#between[i * n + j] = distance;
        this.#between[j * n + i] = distance;
        if (distance > widest) widest = distance;
      }
    this.#apart = new Float32Array(n).fill(widest);
    const nearest = new Int32Array(n).fill(-1);
    for (let i = 0; i < n; i++)
      for (let l = 0; l < labelled.length; l++) {
        const distance = squaredDistance(all, i, all, n + l);
        if (nearest[i]! >= 0 && distance >= this.#apart[i]!) continue;
        this.#apart[i] = Math.min(distance, widest);
        nearest[i] = l;
      }
    const events = Float64Array.from(sampled, ({ weight }) => weight);
    const unsure = new Float64Array(n);
    const split = new Float64Array(n);
    if (input.model) {
      for (let i = 0; i < n; i++) {
        const { candidate, weight } = sampled[i]!;
        const { probabilities, choice } = input.model.decide(candidate.values, candidate.key);
        const entropy = normalisedEntropy(probabilities, 0, probabilities.length);
        unsure[i] = weight * entropy;
        const votes = nearest[i]! >= 0 ? labelled[nearest[i]!]!.votes : [];
        if (votes.some((count) => count > (votes[choice] ?? 0))) split[i] = weight;
      }
    }
    this.#weights = { diverse: events, uncertain: unsure, disagreement: split };
    const bounds = () => new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    this.#bounds = { diverse: bounds(), uncertain: bounds(), disagreement: bounds() };
  }

  /** Counts a bucket as labelled from now on. One that is not in the sample changes nothing. */
  label(key: string): void {
    const at = this.#positions.get(key);
    if (at === undefined) return;
    this.#taken[at] = 1;
    const n = this.#sampled.length;
    for (let j = 0; j < n; j++) if (this.#between[at * n + j]! < this.#apart[j]!) this.#apart[j] = this.#between[at * n + j]!;
  }

  /**
   * The bucket that brings most weight nearer to something labelled; `null` where none brings any. What a bucket brings never grows while others
   * are chosen, so an old figure is a bound, and only those on top are worked out again (lazy greedy: Minoux 1978).
   */
  best(reason: Neighbourly): QueueCandidate | null {
    const bounds = this.#bounds[reason];
    for (;;) {
      let top = -1;
      for (let i = 0; i < bounds.length; i++) if (!this.#taken[i] && (top < 0 || bounds[i]! > bounds[top]!)) top = i;
      if (top < 0 || bounds[top]! <= 0) return null;
      const gain = this.#gain(top, this.#weights[reason]);
      if (gain === bounds[top]) return this.#sampled[top]!.candidate;
      bounds[top] = gain;
    }
  }

  #gain(i: number, weights: Float64Array): number {
    const n = this.#sampled.length;
    let gain = 0;
    for (let j = 0; j < n; j++) {
      const nearer = this.#apart[j]! - this.#between[i * n + j]!;
      if (nearer > 0) gain += weights[j]! * nearer;
    }
    return gain;
  }
}
