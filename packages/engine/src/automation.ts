/** Whether one decision may be acted on without a person, and why: the last word, made of what the guard promises and what it never frees. */
import type { GuardState } from './guard.ts';
import { percent } from './sentences.ts';

/** What matters about one decision besides its confidence. */
export interface AutomationFacts {
  /** `null`: no decision was made. */
  readonly label: string | null;
  /** Calibrated confidence, 0 to 1. */
  readonly confidence: number;
  readonly outlier: boolean;
  /** Whether people have voted on the bucket and not agreed. */
  readonly undecided: boolean;
  /** Protected decision points whose value the model has never seen. */
  readonly unseenProtected: readonly string[];
  /** Whether the alert was drawn for an audit, so that a person labels it blind. */
  readonly audited?: boolean;
}

/** Who has allowed what in the use case. */
export interface AutomationSwitches {
  /** The one switch that closes all. */
  readonly closedForAll: boolean;
  /** The guard of the decided label under the active model; `undefined` where no lead has opened one. */
  readonly guard: GuardState | undefined;
}

/** The answer for one decision. */
export interface Automation {
  readonly automation: 'allowed' | 'ask';
  readonly reason: string;
}

/**
 * Says whether a decision may be acted on.
 * @throws RangeError when the guard is that of another label.
 */
export function automationFor(facts: AutomationFacts, switches: AutomationSwitches): Automation {
  const { guard } = switches;
  if (facts.label === null) return ask('There is no decision to act on.');
  if (switches.closedForAll) return ask('Automation is switched off for everything.');
  if (guard === undefined) return ask(`Nobody has allowed acting on "${facts.label}" without a person.`);
  if (guard.label !== facts.label) throw new RangeError(`The guard is about "${guard.label}", the decision "${facts.label}".`);
  if (guard.closed !== null) return ask(guard.closed);
  if (guard.passed === 0) return ask(`There is not enough audited feedback yet to act on "${facts.label}" without a person.`);
  const exclusion = exclusionOf(facts);
  if (exclusion !== null) return ask(exclusion);
  const threshold = guard.thresholds[guard.passed - 1]!;
  if (!(facts.confidence >= threshold))
    return ask(`The confidence is ${percent(facts.confidence)}; acting on "${facts.label}" needs ${percent(threshold)}.`);
  if (facts.audited === true) return ask('Drawn at random for an audit: a person labels it.');
  return {
    automation: 'allowed',
    reason: `Confidence ${percent(facts.confidence)} is at least ${percent(threshold)}, where at most ${percent(guard.maxErrorRate)} of "${facts.label}" decisions are wrong (${percent(guard.confidence)} sure, by ${guard.audits} audits).`,
  };
}

/**
 * Why a decision is left to people whatever its confidence, in a sentence; `null` where nothing speaks against. An audit of such a decision
 * is `excluded` from the guard's evidence.
 */
export function exclusionOf(facts: Pick<AutomationFacts, 'outlier' | 'undecided' | 'unseenProtected'>): string | null {
  if (facts.outlier) return 'The alert is an outlier: unlike anything the model was trained on.';
  if (facts.undecided) return 'People have labelled such alerts and not agreed.';
  const [first, ...others] = facts.unseenProtected;
  if (first === undefined) return null;
  return others.length === 0
    ? `The protected decision point "${first}" has a value that the model has never seen.`
    : `${others.length + 1} protected decision points have values that the model has never seen, "${first}" among them.`;
}

function ask(reason: string): Automation {
  return { automation: 'ask', reason };
}
