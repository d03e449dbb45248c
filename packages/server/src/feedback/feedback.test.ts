import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agree, agreeAfter, OVERRULE } from './feedback.ts';

const votes = (...classes: number[]) => classes.map((classNo, index) => ({ voter: `user:${index}`, classNo }));

describe('agree', () => {
  it('is nothing without votes', () => {
    expect(agree([])).toBeUndefined();
  });

  it('is the label with the most voters', () => {
    expect(agree(votes(1, 0, 1))).toEqual({ classNo: 1, tally: { 0: 1, 1: 2 }, voters: 3, overruled: false });
  });

  it('is undecided when two labels share the top', () => {
    expect(agree(votes(1, 0, 1, 0, 2))).toEqual({ classNo: null, tally: { 0: 2, 1: 2, 2: 1 }, voters: 5, overruled: false });
  });

  it('is what a lead says, whatever the votes', () => {
    expect(agree([...votes(1, 1), { voter: OVERRULE, classNo: 0 }])).toEqual({
      classNo: 0,
      tally: { 1: 2 },
      voters: 2,
      overruled: true,
    });
    expect(agree([{ voter: OVERRULE, classNo: 2 }])).toEqual({ classNo: 2, tally: {}, voters: 0, overruled: true });
  });
});

describe('agreeAfter', () => {
  it('says the same as counting all votes again, whoever changes to what', () => {
    const label = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
    fc.assert(
      fc.property(label, fc.array(fc.record({ voter: fc.integer({ min: 0, max: 5 }), to: label })), (overrule, changes) => {
        const now = new Map<string, number>();
        if (overrule !== undefined) now.set(OVERRULE, overrule);
        const all = () => agree([...now].map(([voter, classNo]) => ({ voter, classNo })));
        let kept = all();
        for (const { voter, to } of changes) {
          const name = `user:${voter}`;
          kept = agreeAfter(kept, now.get(name), to);
          if (to === undefined) now.delete(name);
          else now.set(name, to);
          expect(kept).toEqual(all());
        }
      }),
    );
  });
});
