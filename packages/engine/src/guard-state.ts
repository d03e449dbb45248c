import type { GuardState } from './guard.ts';
import type { AboveGame, BelowGame } from './guard-evidence.ts';

/**
 * Reads a guard's state back from JSON (`JSON.stringify` writes it, and loses nothing).
 * @throws RangeError when the text is no such state; a guard is never opened on something that only looks like evidence.
 */
export function parseGuardState(text: string): GuardState {
  const state = record(JSON.parse(text));
  if (state.version !== 1) throw damaged();
  const thresholds = numbers(state.thresholds);
  const games = list(state.games).map(belowGame);
  const unanswered = numbers(state.unanswered);
  const passed = number(state.passed);
  const closed = state.closed;
  if (games.length !== thresholds.length || unanswered.length !== thresholds.length || !(passed >= 0 && passed <= games.length))
    throw damaged();
  if (typeof state.label !== 'string' || (closed !== null && typeof closed !== 'string')) throw damaged();
  return {
    version: 1,
    label: state.label,
    maxErrorRate: number(state.maxErrorRate),
    confidence: number(state.confidence),
    thresholds,
    audits: number(state.audits),
    games,
    unanswered,
    passed,
    live: aboveGame(state.live),
    closed,
  };
}

function belowGame(value: unknown): BelowGame {
  const game = record(value);
  return {
    trials: number(game.trials),
    wrong: number(game.wrong),
    capital: number(game.capital),
    peak: number(game.peak),
  };
}

function aboveGame(value: unknown): AboveGame {
  const game = record(value);
  const since = numbers(game.since);
  const recent = numbers(game.recent);
  if (since.length !== recent.length || since.length === 0) throw damaged();
  return { trials: number(game.trials), wrong: number(game.wrong), since, recent };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged();
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged();
  return value;
}

function numbers(value: unknown): number[] {
  return list(value).map(number);
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw damaged();
  return value;
}

function damaged(): RangeError {
  return new RangeError('The stored state of the guard is damaged; start a new one.');
}
