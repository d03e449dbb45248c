import { describe, expect, it } from 'vitest';
import { type AutomationFacts, automationFor, exclusionOf } from './automation.ts';
import { addAudit, closeGuard, createGuard, type GuardState } from './guard.ts';

const start = createGuard({ label: 'Drop', maxErrorRate: 0.01, thresholds: [0.98] });
const open = openGuard();
const facts: AutomationFacts = { label: 'Drop', confidence: 0.985, outlier: false, undecided: false, unseenProtected: [] };

function openGuard(): GuardState {
  let state = start;
  while (state.passed === 0)
    state = addAudit(state, { label: 'Drop', confidence: 0.99, excluded: false, outcome: 'right', chance: 0.05 });
  return state;
}

describe('automationFor', () => {
  it('allows what the guard has freed', () => {
    expect(automationFor(facts, { closedForAll: false, guard: open })).toEqual({
      automation: 'allowed',
      reason: 'Confidence 98.5 % is at least 98 %, where at most 1 % of "Drop" decisions are wrong (95 % sure, by 333 audits).',
    });
  });

  it.each<[string, Partial<AutomationFacts>, GuardState | undefined, boolean, string]>([
    ['no decision', { label: null }, open, false, 'There is no decision to act on.'],
    ['the switch for all', {}, open, true, 'Automation is switched off for everything.'],
    ['no guard', {}, undefined, false, 'Nobody has allowed acting on "Drop" without a person.'],
    ['a closed guard', {}, closeGuard(open, 'The label mix has moved.'), false, 'The label mix has moved.'],
    ['too little evidence', {}, start, false, 'There is not enough audited feedback yet to act on "Drop" without a person.'],
    ['an outlier', { outlier: true }, open, false, 'The alert is an outlier: unlike anything the model was trained on.'],
    ['an undecided bucket', { undecided: true }, open, false, 'People have labelled such alerts and not agreed.'],
    [
      'one unseen value',
      { unseenProtected: ['user.name'] },
      open,
      false,
      'The protected decision point "user.name" has a value that the model has never seen.',
    ],
    [
      'several unseen values',
      { unseenProtected: ['user.name', 'host'] },
      open,
      false,
      '2 protected decision points have values that the model has never seen, "user.name" among them.',
    ],
    ['low confidence', { confidence: 0.97999 }, open, false, 'The confidence is 97.99 %; acting on "Drop" needs 98 %.'],
    [
      'a confidence that is no number',
      { confidence: Number.NaN },
      open,
      false,
      'The confidence is NaN %; acting on "Drop" needs 98 %.',
    ],
    ['an audit', { audited: true }, open, false, 'Drawn at random for an audit: a person labels it.'],
  ])('asks a person for %s', (_, change, guard, closedForAll, reason) => {
    expect(automationFor({ ...facts, ...change }, { closedForAll, guard })).toEqual({ automation: 'ask', reason });
  });

  it('refuses the guard of another label', () => {
    expect(() => automationFor({ ...facts, label: 'Escalate' }, { closedForAll: false, guard: open })).toThrow('"Drop"');
  });
});

describe('exclusionOf', () => {
  it('has nothing against an ordinary decision, whatever its confidence', () => {
    expect(exclusionOf(facts)).toBeNull();
  });
});
