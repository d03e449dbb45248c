import { describe, expect, it } from 'vitest';
import { type BucketFacts, sortIntoQueues } from './bucket-queue.ts';

const bucket = (id: number, facts: Partial<BucketFacts>): BucketFacts => ({
  id,
  events: 1,
  consensus: undefined,
  decision: undefined,
  ...facts,
});
const said = (classNo: number | null, tally: Record<string, number>, overruled = false) => ({
  classNo,
  tally,
  voters: 1,
  overruled,
});

describe('the lists that people label from', () => {
  it('hold what they are named after, biggest first', () => {
    const queues = sortIntoQueues([
      bucket(1, { events: 3 }),
      bucket(2, { events: 9, decision: { classNo: 0, confidence: 0.59, outlier: false } }),
      bucket(3, { events: 5, decision: { classNo: 0, confidence: 0.6, outlier: true }, consensus: said(1, { 1: 1 }) }),
      bucket(4, { events: 4, decision: { classNo: 1, confidence: 0.9, outlier: false }, consensus: said(1, { 1: 2 }) }),
    ]);
    expect(queues).toEqual({ all: [2, 3, 4, 1], disagreements: [3], low: [2], outliers: [3], undecided: [2, 1] });
  });

  it('show even votes before buckets without any', () => {
    const queues = sortIntoQueues([bucket(1, { events: 100 }), bucket(2, { events: 1, consensus: said(null, { 0: 1, 1: 1 }) })]);
    expect(queues.undecided).toEqual([2, 1]);
    expect(queues.disagreements).toEqual([2]);
  });

  it('leave alone what a lead has settled, and decisions without a label', () => {
    const queues = sortIntoQueues([
      bucket(1, { consensus: said(0, { 0: 1, 1: 2 }, true), decision: { classNo: 1, confidence: 0.9, outlier: false } }),
      bucket(2, { consensus: said(0, { 0: 1 }), decision: { classNo: null, confidence: null, outlier: false } }),
    ]);
    expect(queues.disagreements).toEqual([]);
    expect(queues.low).toEqual([]);
  });
});
