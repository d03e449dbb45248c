import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Audit,
  addAudit,
  closeGuard,
  createGuard,
  DEFAULT_GUARD_THRESHOLDS,
  evaluateGuard,
  type GuardState,
  guardThresholds,
  guardVerdict,
} from './guard.ts';
import { newAboveGame, playAbove, trialsToGo, wonSinceAnyStart, wonSinceStart } from './guard-evidence.ts';
import { parseGuardState } from './guard-state.ts';
import { random } from './math.ts';

const rule = { label: 'Drop', maxErrorRate: 0.01, thresholds: [0.99, 0.9] };

function audit(change: Partial<Audit> = {}): Audit {
  return { label: 'Drop', confidence: 0.995, excluded: false, outcome: 'right', chance: 0.05, ...change };
}

function audits(count: number, change: Partial<Audit> = {}): Audit[] {
  return Array.from({ length: count }, () => audit(change));
}

function add(state: GuardState, more: readonly Audit[]): GuardState {
  return more.reduce(addAudit, state);
}

const anyAudit = fc.record({
  label: fc.constantFrom('Drop', 'Escalate'),
  confidence: fc.constantFrom(0.5, 0.9, 0.95, 0.99, 1),
  excluded: fc.boolean(),
  outcome: fc.constantFrom<Audit['outcome']>('right', 'right', 'right', 'wrong', 'unanswered'),
  chance: fc.constantFrom(0.05, 0.2),
  leastChance: fc.constant(0.05),
});

describe('createGuard', () => {
  it.each([
    [{ ...rule, maxErrorRate: 0 }, 'must be above 0 and at most 0.5'],
    [{ ...rule, maxErrorRate: Number.NaN }, 'must be above 0 and at most 0.5'],
    [{ ...rule, maxErrorRate: 0.51 }, 'must be above 0 and at most 0.5'],
    [{ ...rule, confidence: 1 }, 'below 1'],
    [{ ...rule, confidence: 0.4 }, 'at least 0.5'],
    [{ ...rule, thresholds: [] }, 'between 1 and 100 thresholds'],
    [{ ...rule, thresholds: [0.9, 0.95] }, 'strictest (highest) first'],
    [{ ...rule, thresholds: [0.9, 0.9] }, 'none twice'],
    [{ ...rule, thresholds: [1.2] }, 'between 0 and 1'],
  ])('refuses %j', (wrong, words) => {
    expect(() => createGuard(wrong)).toThrow(words);
  });

  it('starts closed to everything and says what it needs', () => {
    const verdict = guardVerdict(createGuard(rule));
    expect(verdict.status).toBe('gathering');
    expect(verdict.threshold).toBeNull();
    expect(verdict.needs).toEqual({ threshold: 0.99, ifAllRight: 333, atPresentRate: 333 });
    expect(verdict.sentence).toBe(
      '"Drop" is not acted on yet. To act from 99 % confidence, it needs 333 more audits of such decisions if none of them is wrong.',
    );
  });
});

describe('addAudit', () => {
  it.each([
    [{ confidence: 1.1 }, 'confidence'],
    [{ confidence: Number.NaN }, 'confidence'],
    [{ chance: 0 }, 'chance'],
    [{ chance: 1.5 }, 'chance'],
    [{ chance: 0.05, leastChance: 0.1 }, 'least chance'],
  ])('refuses %j', (change, words) => {
    expect(() => addAudit(createGuard(rule), audit(change))).toThrow(words);
  });

  it('opens with exactly the audits it said it needs, and not one before', () => {
    const before = add(createGuard(rule), audits(332));
    expect(guardVerdict(before)).toMatchObject({ status: 'gathering', needs: { ifAllRight: 1 } });
    const after = guardVerdict(addAudit(before, audit()));
    expect(after).toMatchObject({ status: 'open', threshold: 0.9, needs: null });
    expect(after.sentence).toBe('"Drop" may be acted on from 90 % confidence: at most 1 % of them wrong (95 % sure).');
  });

  it('never frees a lower threshold before the stricter one', () => {
    const below = add(createGuard(rule), audits(1000, { confidence: 0.95 }));
    expect(guardVerdict(below)).toMatchObject({ status: 'gathering', steps: [{ audits: 0 }, { audits: 1000, passed: false }] });
    expect(guardVerdict(add(below, audits(333)))).toMatchObject({ status: 'open', threshold: 0.9 });
  });

  it('stops at the first threshold that does not pass', () => {
    const state = add(createGuard(rule), [...audits(333), ...audits(20, { confidence: 0.95, outcome: 'wrong' })]);
    const verdict = guardVerdict({ ...state });
    expect(state.games[0]!.wrong).toBe(0);
    expect(verdict.status).toBe('closed');
    const first = add(createGuard(rule), [...audits(20, { confidence: 0.95, outcome: 'wrong' }), ...audits(333)]);
    expect(guardVerdict(first)).toMatchObject({
      status: 'open',
      threshold: 0.99,
      needs: { threshold: 0.9, atPresentRate: null },
    });
    expect(guardVerdict(first).sentence).toContain('So far 20 of 353 were wrong; at that rate it does not get there.');
  });

  it('says how many audits it takes at the present rate of errors', () => {
    const state = add(createGuard(rule), [...audits(1, { outcome: 'wrong' }), ...audits(499)]);
    const { needs, sentence } = guardVerdict(state);
    expect(needs!.atPresentRate).toBeGreaterThan(needs!.ifAllRight!);
    expect(sentence).toContain(`at that rate it takes ${needs!.atPresentRate}.`);
  });

  it('says so when the errors are too many to be outweighed', () => {
    const state = add(createGuard({ ...rule, maxErrorRate: 0.0001 }), audits(40, { outcome: 'wrong' }));
    expect(guardVerdict(state).needs).toMatchObject({ ifAllRight: null, atPresentRate: null });
    expect(guardVerdict(state).sentence).toContain('the audits so far have too many errors');
  });

  it('frees nothing more on evidence that later audits take back', () => {
    const opened = add(createGuard(rule), audits(333));
    const lost = add(opened, audits(12, { outcome: 'unanswered' }));
    expect(opened.passed).toBe(2);
    expect(lost).toMatchObject({ passed: 0, closed: null });
    const { status, needs } = guardVerdict(lost);
    expect(status).toBe('gathering');
    expect(add(lost, audits(needs!.ifAllRight! - 1)).passed).toBe(0);
    expect(add(lost, audits(needs!.ifAllRight!)).passed).toBe(2);
  });

  it('ignores other labels and what it never frees', () => {
    const state = createGuard(rule);
    expect(addAudit(state, audit({ label: 'Escalate', outcome: 'wrong' }))).toBe(state);
    expect(addAudit(state, audit({ excluded: true, outcome: 'wrong' }))).toBe(state);
  });

  it('counts an unanswered audit as wrong for opening and not at all for closing', () => {
    const wrong = add(createGuard(rule), audits(5, { outcome: 'wrong' }));
    const unanswered = add(createGuard(rule), audits(5, { outcome: 'unanswered' }));
    expect(unanswered.games).toEqual(wrong.games);
    expect(unanswered.unanswered).toEqual([5, 5]);
    const open = add(createGuard(rule), audits(333));
    expect(add(open, audits(100, { outcome: 'unanswered' })).closed).toBeNull();
  });

  it('makes an alert that was drawn more often count less', () => {
    const state = add(createGuard(rule), audits(333, { chance: 0.2, leastChance: 0.05 }));
    expect(state.games[0]!.trials).toBe(333 / 4);
    expect(state.passed).toBe(0);
  });

  it('closes for good when freed decisions turn out wrong', () => {
    const open = add(createGuard(rule), audits(400));
    const closed = add(open, audits(3, { outcome: 'wrong' }));
    expect(guardVerdict(closed)).toMatchObject({ status: 'closed', threshold: null, needs: null });
    expect(closed.closed).toBe(
      'Closed: since it was opened, 3 of 70 audited "Drop" decisions that were acted on were wrong; at most 1 % were promised.',
    );
    expect(add(closed, audits(1000))).toBe(closed);
  });

  it('closes soon after a change even when much went well before it', () => {
    let state = add(createGuard(rule), audits(5000));
    const source = random(3);
    let more = 0;
    while (state.closed === null) {
      state = addAudit(state, audit({ outcome: source.next() < 0.1 ? 'wrong' : 'right' }));
      more++;
    }
    expect(more).toBeLessThan(100);
  });

  it('does not close on errors of decisions that were not freed', () => {
    const state = add(createGuard({ ...rule, thresholds: [0.99, 0.9, 0.5] }), [
      ...audits(10, { confidence: 0.95, outcome: 'wrong' }),
      ...audits(400),
    ]);
    expect(state.passed).toBe(1);
    expect(add(state, audits(200, { confidence: 0.95, outcome: 'wrong' })).closed).toBeNull();
  });

  it('survives JSON at any point and changes nothing it was given', () => {
    fc.assert(
      fc.property(fc.array(anyAudit, { maxLength: 60 }), fc.array(anyAudit, { maxLength: 60 }), (first, then) => {
        const state = add(createGuard(rule), first);
        const text = JSON.stringify(state);
        const read = parseGuardState(text);
        expect(add(read, then)).toEqual(add(state, then));
        expect(JSON.stringify(state)).toBe(text);
      }),
    );
  });

  it('is never further open after a wrong audit in place of a right one', () => {
    fc.assert(
      fc.property(fc.array(anyAudit, { minLength: 1, maxLength: 80 }), fc.nat(), (list, at) => {
        const easy = { ...rule, maxErrorRate: 0.4 };
        const spot = at % list.length;
        const worse = list.map((one, i) => (i === spot ? { ...one, outcome: 'wrong' as const } : one));
        const [before, after] = [add(createGuard(easy), list), add(createGuard(easy), worse)];
        for (const [t, game] of after.games.entries()) expect(game.wrong).toBeGreaterThanOrEqual(before.games[t]!.wrong);
        for (const state of [before, after]) {
          const verdict = guardVerdict(state);
          expect(verdict.threshold === null).toBe(verdict.status !== 'open');
          const row = verdict.steps.map((step) => step.passed);
          expect(row).toEqual([...row].sort((a, b) => Number(b) - Number(a)));
        }
      }),
    );
  });
});

describe('closeGuard', () => {
  it('keeps the first reason', () => {
    const closed = closeGuard(createGuard(rule), 'The label mix has moved.');
    expect(guardVerdict(closed).sentence).toBe('The label mix has moved.');
    expect(closeGuard(closed, 'Another.')).toBe(closed);
  });
});

describe('evaluateGuard', () => {
  it('is the same as one audit after the other', () => {
    const list = [...audits(200), ...audits(3, { outcome: 'wrong' }), ...audits(300, { confidence: 0.93 })];
    expect(evaluateGuard({ ...rule, audits: list })).toEqual(guardVerdict(add(createGuard(rule), list)));
  });
});

describe('guardThresholds', () => {
  it('falls back where little is known or nothing differs', () => {
    expect(guardThresholds([0.9])).toBe(DEFAULT_GUARD_THRESHOLDS);
    expect(guardThresholds(new Array<number>(50).fill(0))).toBe(DEFAULT_GUARD_THRESHOLDS);
    expect(guardThresholds(new Array<number>(50).fill(0.9))).toEqual([0.9]);
  });

  it('starts where 40 % would be freed and ends where all would', () => {
    const thresholds = guardThresholds(Array.from({ length: 101 }, (_, i) => i / 100));
    expect(thresholds).toHaveLength(12);
    expect(thresholds[0]).toBeCloseTo(0.6, 12);
    expect(thresholds[5]).toBeCloseTo(0.35, 12);
    expect(thresholds.at(-1)).toBeCloseTo(0.05, 12);
    expect(createGuard({ ...rule, thresholds }).thresholds).toEqual(thresholds);
  });
});

describe('parseGuardState', () => {
  const good = createGuard(rule);
  it.each([
    ['null', null],
    ['a list', []],
    ['another version', { ...good, version: 2 }],
    ['a missing game', { ...good, games: good.games.slice(1) }],
    ['a game that is none', { ...good, games: [1, 2] }],
    ['text for a number', { ...good, audits: '7' }],
    ['thresholds that are no list', { ...good, thresholds: 0.9 }],
    ['a number for the reason', { ...good, closed: 7 }],
    ['too many passed', { ...good, passed: 9 }],
    ['a live game without rates', { ...good, live: { ...good.live, since: [], recent: [] } }],
  ])('refuses %s', (_, wrong) => {
    expect(() => parseGuardState(JSON.stringify(wrong))).toThrow('start a new one');
  });
});

describe('the games', () => {
  // Values from bench/peers/guard_values.py, which plays the same games with the standard library's logarithm.
  it('agree with an independent calculation', () => {
    const outcomes = Array.from({ length: 500 }, (_, i) => i % 125 === 60);
    const list = outcomes.map((wrong, i) =>
      audit({ outcome: wrong ? 'wrong' : 'right', chance: i % 3 === 0 ? 0.1 : 0.05, leastChance: 0.05 }),
    );
    const state = add(createGuard(rule), list);
    expect(state.games[0]!.capital).toBeCloseTo(-0.8538786009, 8);
    expect(state.games[0]!.peak).toBeCloseTo(0.6633907534, 8);
    let live = newAboveGame(0.01);
    for (const one of list) live = playAbove(live, one.outcome === 'wrong', one.leastChance! / one.chance, 0.01);
    expect(wonSinceStart(live)).toBeCloseTo(-2.1857149067, 8);
    expect(wonSinceAnyStart(live)).toBeCloseTo(114.22131642, 6);
  });

  it('need nothing more once won', () => {
    expect(trialsToGo({ trials: 400, wrong: 0, capital: 3, peak: 3 }, 0, 0.01, 2.9)).toBe(0);
  });
});

describe('the promise', () => {
  it('is broken in at most 5 % of 400 worlds at exactly the promised rate, looked at after every audit', () => {
    let opened = 0;
    for (let world = 0; world < 400; world++) {
      const source = random(world);
      let state = createGuard({ ...rule, maxErrorRate: 0.05, thresholds: [0.9] });
      for (let a = 0; a < 600 && state.passed === 0; a++)
        state = addAudit(state, audit({ outcome: source.next() < 0.05 ? 'wrong' : 'right' }));
      if (state.passed > 0) opened++;
    }
    expect(opened).toBeLessThanOrEqual(20);
    expect(opened).toBeGreaterThan(4);
  });
});
