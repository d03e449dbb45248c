import { describe, expect, it } from 'vitest';
import { agree, OVERRULE } from './feedback.ts';

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
