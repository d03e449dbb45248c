/**
 * The guard: how far decisions for one label may be acted on without a person, while at most a share x of them is wrong.
 *
 * Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei, 2021): from the strictest confidence threshold down, each claim "at least x of
 * what this threshold frees is wrong" has to be refuted before the next one counts; the first that stands ends the row. Thresholds are chosen
 * without looking at audits, so the chance of ever freeing at a threshold that breaks the promise is at most 1 − confidence. Each claim is
 * tested by betting (`guard-evidence.ts`), which stays true however often someone looks.
 *
 * What the promise rests on, and the caller has to keep: audits are drawn at random from the traffic with a known chance, labelled blind, not
 * trained on by the model under test and decided by it; they come **in the order in which they were drawn**, each once; one that nobody
 * answers in time comes as `unanswered`. (Taken in the order of their answers, easy alerts would come first and the evidence flatter.)
 */
import {
  type AboveGame,
  type BelowGame,
  NEW_BELOW_GAME,
  newAboveGame,
  playAbove,
  playBelow,
  trialsToGo,
  wonSinceAnyStart,
  wonSinceStart,
} from './guard-evidence.ts';
import { log, quantile } from './math.ts';
import { percent } from './sentences.ts';

/** One alert drawn at random and labelled blind, as the model under test decided it. */
export interface Audit {
  /** The label that the model decided. */
  readonly label: string;
  /** The model's confidence, 0 to 1. */
  readonly confidence: number;
  /**
   * Whether the guard would have left this alert to people whatever its confidence (outlier, undecided bucket, unseen value in a protected
   * decision point: see `exclusionOf`). Such an audit says nothing about what is freed.
   */
  readonly excluded: boolean;
  /** `unanswered`: nobody labelled it in time, or the voters did not agree. Counts as wrong for opening, and not at all for closing. */
  readonly outcome: 'right' | 'wrong' | 'unanswered';
  /** The chance with which this alert was drawn, above 0, at most 1. */
  readonly chance: number;
  /**
   * The least chance that any alert with this label had at that time; `chance` itself when left out. Where some are drawn more often than
   * others, this keeps them from counting more.
   */
  readonly leastChance?: number;
}

/** What a lead has asked for. */
export interface GuardRule {
  /** The label whose decisions may be acted on. */
  readonly label: string;
  /** The share x of freed decisions that may be wrong, above 0 and at most 0.5. */
  readonly maxErrorRate: number;
  /** Confidence thresholds, strictest first; chosen without looking at audits ({@link guardThresholds}). */
  readonly thresholds?: readonly number[];
  /** How sure the promise has to be, at least 0.5 and below 1; 0.95 by default. */
  readonly confidence?: number;
}

/** All that is known about one promise of one model: plain JSON, to be kept between audits. */
export interface GuardState {
  readonly version: 1;
  readonly label: string;
  readonly maxErrorRate: number;
  readonly confidence: number;
  readonly thresholds: readonly number[];
  /** Audits with this label that were not excluded. */
  readonly audits: number;
  /** One game for each threshold. */
  readonly games: readonly BelowGame[];
  /** Unanswered ones of each threshold. */
  readonly unanswered: readonly number[];
  /** How many thresholds hold now, from the strictest. */
  readonly passed: number;
  /** Played on freed audits since the first threshold passed. */
  readonly live: AboveGame;
  /** Why the guard has closed, in a sentence; `null` while it has not. It stays closed: a lead starts a new one. */
  readonly closed: string | null;
}

/** One threshold in a {@link GuardVerdict}. */
export interface GuardStep {
  readonly threshold: number;
  /** Audits at or above the threshold (by weight, where chances differ). */
  readonly audits: number;
  /** Wrong ones among them, unanswered ones included. */
  readonly wrong: number;
  readonly unanswered: number;
  /** Evidence so far, as a share of what is needed: 1 = passed (a ratio of logarithms, so it grows about evenly with the audits). */
  readonly evidence: number;
  readonly passed: boolean;
}

/** How many more audits a threshold needs. */
export interface GuardNeed {
  readonly threshold: number;
  /** Audits of decisions at or above the threshold, if no more of them is wrong. */
  readonly ifAllRight: number | null;
  /** The same if as many are wrong as until now; `null` where that would not do. */
  readonly atPresentRate: number | null;
}

/** What the audits say. */
export interface GuardVerdict {
  /** `gathering`: no threshold has passed yet. */
  readonly status: 'open' | 'gathering' | 'closed';
  /** Decisions with at least this confidence are freed; `null` unless open. */
  readonly threshold: number | null;
  readonly steps: readonly GuardStep[];
  /** For the first threshold that has not passed; `null` where all have, or the guard has closed. */
  readonly needs: GuardNeed | null;
  /** All of this for people, in one or two sentences. */
  readonly sentence: string;
}

/** Thresholds where nothing is known of the traffic. */
export const DEFAULT_GUARD_THRESHOLDS: readonly number[] = [0.999, 0.995, 0.99, 0.98, 0.97, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6];

/** At an error rate of exactly x, this many freed audits pass on average before the detector of later changes closes the guard. */
const AUDITS_BETWEEN_FALSE_CLOSINGS = 1000;
const STRICTEST_SHARE = 0.4;
const THRESHOLDS = 13;

/**
 * Thresholds that suit a model: the confidences at which 40 %, 45 % … 100 % of its decisions for the label would be freed, so that the first
 * one does not wait for audits that hardly ever come. Made from the traffic before any audit counts, so they take nothing from the promise.
 * @param confidences of recent decisions for the label, 0 to 1, in any order; the default thresholds where there are fewer than 20.
 * @returns strictest first, distinct.
 */
export function guardThresholds(confidences: readonly number[]): readonly number[] {
  if (confidences.length < 20) return DEFAULT_GUARD_THRESHOLDS;
  const sorted = Float64Array.from(confidences).sort();
  const found: number[] = [];
  for (let i = 0; i < THRESHOLDS; i++) {
    const share = STRICTEST_SHARE + (i * (1 - STRICTEST_SHARE)) / (THRESHOLDS - 1);
    const threshold = quantile(sorted, Math.max(0, 1 - share));
    if (threshold > 0 && threshold !== found.at(-1)) found.push(threshold);
  }
  return found.length > 0 ? found : DEFAULT_GUARD_THRESHOLDS;
}

/**
 * A guard before any audit.
 * @throws RangeError with a sentence when the rule makes no sense.
 */
export function createGuard(rule: GuardRule): GuardState {
  const { label, maxErrorRate, confidence = 0.95, thresholds = DEFAULT_GUARD_THRESHOLDS } = rule;
  if (!(maxErrorRate > 0 && maxErrorRate <= 0.5))
    throw new RangeError('The share that may be wrong must be above 0 and at most 0.5; 0.01 is one in a hundred.');
  if (!(confidence >= 0.5 && confidence < 1))
    throw new RangeError('How sure the promise has to be must be at least 0.5 and below 1.');
  if (thresholds.length === 0 || thresholds.length > 100) throw new RangeError('The guard needs between 1 and 100 thresholds.');
  thresholds.forEach((threshold, i) => {
    if (!(threshold >= 0 && threshold <= 1) || (i > 0 && threshold >= thresholds[i - 1]!))
      throw new RangeError('Thresholds must lie between 0 and 1, the strictest (highest) first, none twice.');
  });
  return {
    version: 1,
    label,
    maxErrorRate,
    confidence,
    thresholds: [...thresholds],
    audits: 0,
    games: thresholds.map(() => NEW_BELOW_GAME),
    unanswered: thresholds.map(() => 0),
    passed: 0,
    live: newAboveGame(maxErrorRate),
    closed: null,
  };
}

/**
 * Takes one more audit, the next in the order of drawing. One with another label, or excluded, changes nothing; nor does any after the guard
 * has closed.
 * @throws RangeError when the confidence or a chance is out of range.
 */
export function addAudit(state: GuardState, audit: Audit): GuardState {
  const { confidence, chance, leastChance = chance, outcome } = audit;
  if (!(confidence >= 0 && confidence <= 1)) throw new RangeError('The confidence of an audit must be between 0 and 1.');
  if (!(leastChance > 0 && leastChance <= chance && chance <= 1))
    throw new RangeError('The chance of an audit must be above 0, at most 1, and not below the least chance.');
  if (state.closed !== null || audit.label !== state.label || audit.excluded) return state;
  const weight = leastChance / chance;
  const reached = state.thresholds.map((threshold) => confidence >= threshold);
  const goal = goalOf(state);
  // What has been freed at some time goes on being watched, also while its evidence is not enough for the moment.
  const everPassed = lengthWhile(state.games, (game) => game.peak >= goal);
  const freed = everPassed > 0 && reached[everPassed - 1]!;
  const live =
    freed && outcome !== 'unanswered' ? playAbove(state.live, outcome === 'wrong', weight, state.maxErrorRate) : state.live;
  const games = state.games.map((game, t) =>
    reached[t] ? playBelow(game, outcome !== 'right', weight, state.maxErrorRate) : game,
  );
  return {
    ...state,
    audits: state.audits + 1,
    games,
    unanswered: state.unanswered.map((count, t) => (reached[t] && outcome === 'unanswered' ? count + 1 : count)),
    passed: lengthWhile(games, (game) => holds(game, goal)),
    live,
    closed: broken(live, goal) ? closingSentence(state, live) : null,
  };
}

/** Closes a guard for another reason (drift, a person), which is kept as it is said. A closed guard keeps its first reason. */
export function closeGuard(state: GuardState, reason: string): GuardState {
  return state.closed === null ? { ...state, closed: reason } : state;
}

/** What the audits so far say: how far decisions may be acted on, and what is missing for more. */
export function guardVerdict(state: GuardState): GuardVerdict {
  const goal = goalOf(state);
  const steps = state.thresholds.map((threshold, t) => {
    const game = state.games[t]!;
    const passed = t < state.passed;
    const evidence = passed ? 1 : Math.max(0, Math.min(1, game.capital / goal));
    return { threshold, audits: game.trials, wrong: game.wrong, unanswered: state.unanswered[t]!, evidence, passed };
  });
  if (state.closed !== null) return { status: 'closed', threshold: null, steps, needs: null, sentence: state.closed };
  const needs = state.passed < steps.length ? needOf(state, state.passed, goal) : null;
  const threshold = state.passed > 0 ? state.thresholds[state.passed - 1]! : null;
  const status = threshold === null ? 'gathering' : 'open';
  return { status, threshold, steps, needs, sentence: sentenceOf(state, threshold, needs) };
}

/**
 * All audits at once: {@link createGuard}, then {@link addAudit} for each in order, then {@link guardVerdict}.
 * @throws RangeError as they do.
 */
export function evaluateGuard(rule: GuardRule & { readonly audits: readonly Audit[] }): GuardVerdict {
  return guardVerdict(rule.audits.reduce(addAudit, createGuard(rule)));
}

/** Logarithm of the capital that refutes a claim. */
function goalOf(state: GuardState): number {
  return -log(1 - state.confidence);
}

/** How many games from the first one on pass a test. */
function lengthWhile(games: readonly BelowGame[], test: (game: BelowGame) => boolean): number {
  const first = games.findIndex((game) => !test(game));
  return first < 0 ? games.length : first;
}

/**
 * A claim once refuted (its game has at some time reached the goal) stays so while the game is not below its start: where later audits
 * take all of the evidence back, nothing is freed on it, though the promise would allow that.
 */
function holds(game: BelowGame, goal: number): boolean {
  return game.peak >= goal && game.capital >= 0;
}

/** Either way of seeing that the promise is broken: by all freed audits since opening, or by those since some later change. */
function broken(live: AboveGame, goal: number): boolean {
  return wonSinceStart(live) >= goal || wonSinceAnyStart(live) >= AUDITS_BETWEEN_FALSE_CLOSINGS;
}

function needOf(state: GuardState, step: number, goal: number): GuardNeed {
  const game = state.games[step]!;
  const rate = game.trials > 0 ? game.wrong / game.trials : 0;
  const target = game.peak >= goal ? 0 : goal;
  return {
    threshold: state.thresholds[step]!,
    ifAllRight: trialsToGo(game, 0, state.maxErrorRate, target),
    atPresentRate: rate < state.maxErrorRate ? trialsToGo(game, rate, state.maxErrorRate, target) : null,
  };
}

function sentenceOf(state: GuardState, threshold: number | null, needs: GuardNeed | null): string {
  const promise = `at most ${percent(state.maxErrorRate)} of them wrong (${percent(state.confidence)} sure)`;
  const more = needs ? ` ${needSentence(state, needs, threshold !== null)}` : '';
  if (threshold === null) return `"${state.label}" is not acted on yet.${more}`;
  return `"${state.label}" may be acted on from ${percent(threshold)} confidence: ${promise}.${more}`;
}

function needSentence(state: GuardState, needs: GuardNeed, open: boolean): string {
  const what = `from ${percent(needs.threshold)} confidence`;
  const game = state.games[state.passed]!;
  const present = game.wrong > 0 ? ` So far ${count(game.wrong)} of ${count(game.trials)} were wrong` : '';
  const rate =
    present === ''
      ? ''
      : needs.atPresentRate === null
        ? `${present}; at that rate it does not get there.`
        : `${present}; at that rate it takes ${needs.atPresentRate}.`;
  if (needs.ifAllRight === null) return `To act ${what}, the audits so far have too many errors.${rate}`;
  return `To act ${open ? 'already ' : ''}${what}, it needs ${needs.ifAllRight} more audits of such decisions if none of them is wrong.${rate}`;
}

function closingSentence(state: GuardState, live: AboveGame): string {
  return `Closed: since it was opened, ${count(live.wrong)} of ${count(live.trials)} audited "${state.label}" decisions that were acted on were wrong; at most ${percent(state.maxErrorRate)} were promised.`;
}

function count(weight: number): string {
  return String(Math.round(weight * 10) / 10);
}
