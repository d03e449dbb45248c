/**
 * Evidence by betting: a fair game against a claim, in which money can only be won when the claim is false. Whoever starts with 1 reaches
 * 1/α with chance at most α while the claim holds, however often they look (Ville 1939). Bets on a share of wrong decisions in the manner
 * of Waudby-Smith and Ramdas (2023), "Estimating means of bounded random variables by betting".
 */
import { exp, log } from './math.ts';

/** A game against "at least x of such decisions are wrong"; what is won speaks for fewer. Plain JSON. */
export interface BelowGame {
  /** Trials so far, by weight. */
  readonly trials: number;
  /** Wrong ones among them, by weight. */
  readonly wrong: number;
  /** Natural logarithm of the capital now. */
  readonly capital: number;
  /** The most that `capital` has ever been. */
  readonly peak: number;
}

/** A game against "at most x of such decisions are wrong"; what is won speaks for more. Plain JSON. */
export interface AboveGame {
  readonly trials: number;
  readonly wrong: number;
  /** Logarithm of the capital of each of {@link ratesAbove}, started with 1 at the first trial. */
  readonly since: readonly number[];
  /** For each of the same rates, the sum of the capitals of games started at every trial (Shiryaev and Roberts). */
  readonly recent: readonly number[];
}

/** Before any trial. */
export const NEW_BELOW_GAME: BelowGame = { trials: 0, wrong: 0, capital: 0, peak: 0 };

/** Strength (in wrong decisions) and place (as a share of x) of the first guess at the true rate. */
const GUESS_STRENGTH = 0.5;
const GUESS_SHARE = 0.15;

/**
 * Plays one trial. The stake is the one that grows fastest if the true rate is what has been seen so far, drawn towards 0.15 x (a predictable
 * plug-in: it never looks at the trial it is about); where that guess is not below x nothing is staked.
 * @param weight 0 to 1; below 1 for an alert that was more likely to be drawn than others.
 * @param rate the claimed least share x, above 0 and below 1.
 */
export function playBelow(game: BelowGame, wrong: boolean, weight: number, rate: number): BelowGame {
  const capital = game.capital + log(1 + stake(game, rate) * (rate - (wrong ? 1 : 0)) * weight);
  return {
    trials: game.trials + weight,
    wrong: game.wrong + (wrong ? weight : 0),
    capital,
    peak: Math.max(game.peak, capital),
  };
}

/**
 * Trials that the game still needs to reach `goal` when a share `wrong` of them is wrong: the steps that the logarithm of the capital takes
 * on average.
 * @returns 0 where it has been reached, `null` where it would take more than `limit`.
 */
export function trialsToGo(game: BelowGame, wrong: number, rate: number, goal: number, limit = 100_000): number | null {
  if (game.capital >= goal) return 0;
  let { trials, wrong: seen, capital } = game;
  for (let n = 1; n <= limit; n++) {
    const bet = stake({ trials, wrong: seen }, rate);
    capital += (1 - wrong) * log(1 + bet * rate);
    if (wrong > 0) capital += wrong * log(1 - bet * (1 - rate));
    if (capital >= goal) return n;
    trials += 1;
    seen += wrong;
  }
  return null;
}

/** Before any trial. */
export function newAboveGame(rate: number): AboveGame {
  const zeros = ratesAbove(rate).map(() => 0);
  return { trials: 0, wrong: 0, since: zeros, recent: zeros };
}

/** Plays one trial with the stakes that grow fastest for each of {@link ratesAbove}; parameters as for {@link playBelow}. */
export function playAbove(game: AboveGame, wrong: boolean, weight: number, rate: number): AboveGame {
  const factors = ratesAbove(rate).map((q) => 1 + ((q - rate) / (rate * (1 - rate))) * ((wrong ? 1 : 0) - rate) * weight);
  return {
    trials: game.trials + weight,
    wrong: game.wrong + (wrong ? weight : 0),
    since: game.since.map((capital, i) => capital + log(factors[i]!)),
    recent: game.recent.map((sum, i) => (sum + 1) * factors[i]!),
  };
}

/** Logarithm of the capital of a game in which the first 1 was spread evenly over the rates. */
export function wonSinceStart(game: AboveGame): number {
  const top = Math.max(...game.since);
  return top + log(mean(game.since.map((capital) => exp(capital - top))));
}

/**
 * The e-detector of Shin, Ramdas and Rinaldo (2023): while the claim holds, it takes at least D trials on average until this reaches D; after
 * a change it grows as if the game had been started at the change.
 */
export function wonSinceAnyStart(game: AboveGame): number {
  return mean(game.recent);
}

/** Rates above `rate` that the game bets on, each below 1. */
function ratesAbove(rate: number): number[] {
  return [1.5, 3, 8, 25].map((times) => (times * rate) / (1 + (times - 1) * rate));
}

function stake(game: Pick<BelowGame, 'trials' | 'wrong'>, rate: number): number {
  const guess = (GUESS_STRENGTH + game.wrong) / (GUESS_STRENGTH / (GUESS_SHARE * rate) + game.trials);
  return Math.max(0, (rate - guess) / (rate * (1 - rate)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
