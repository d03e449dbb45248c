import type { LearningCurve, PairedInterval } from '@verdict/engine';
import { describe, expect, it } from 'vitest';
import { readingOf, whyNoCurve } from './curve.ts';
import type { TrainedModel } from './training.ts';

/** A curve whose last doubling goes from one accuracy to another. */
function curve(before: number, last: number, lastDoubling: Omit<PairedInterval, 'difference'> | null): LearningCurve {
  const point = { macroF1: 0.8, logLoss: 0.3, missedEscalations: 1, shareAt95: 0.5 };
  return {
    heldOut: 200,
    clusters: lastDoubling ? 180 : 4,
    points: [
      { buckets: 400, accuracy: before, ...point },
      { buckets: 800, accuracy: last, ...point },
    ],
    lastDoubling: lastDoubling && { difference: last - before, ...lastDoubling },
  };
}

describe('the reading of a curve', () => {
  it.each([
    [
      'pay',
      curve(0.85, 0.9, { low: 0.012, high: 0.086 }),
      'The last doubling of labels (400 to 800 buckets) brought +5.0 points of accuracy (95 % interval +1.2 to +8.6, on 200 held-out buckets): more labels of this kind pay.',
    ],
    [
      'bring little',
      curve(0.9, 0.901, { low: -0.009, high: 0.0104 }),
      'The last doubling of labels (400 to 800 buckets) brought +0.1 points of accuracy (95 % interval −0.9 to +1.0, on 200 held-out buckets): more labels of this kind bring little; other decision points may bring more.',
    ],
    [
      'bring little though the gain is no chance',
      curve(0.9, 0.908, { low: 0.001, high: 0.015 }),
      'The last doubling of labels (400 to 800 buckets) brought +0.8 points of accuracy (95 % interval +0.1 to +1.5, on 200 held-out buckets): more labels of this kind bring little; other decision points may bring more.',
    ],
    [
      'have nothing left to bring',
      curve(0.95, 0.99, { low: 0.01, high: 0.07 }),
      'The last doubling of labels (400 to 800 buckets) brought +4.0 points of accuracy (95 % interval +1.0 to +7.0, on 200 held-out buckets): 99.0 % are right already, so more labels of this kind bring little.',
    ],
    [
      'cannot be told from chance',
      curve(0.9, 0.9, { low: -0.03, high: 0.03 }),
      'The last doubling of labels (400 to 800 buckets) brought 0.0 points of accuracy (95 % interval −3.0 to +3.0, on 200 held-out buckets): the hold-out is too small to tell whether more labels pay.',
    ],
    [
      'made it worse',
      curve(0.9, 0.85, { low: -0.09, high: -0.01 }),
      'The last doubling of labels (400 to 800 buckets) cost −5.0 points of accuracy (95 % interval −9.0 to −1.0, on 200 held-out buckets): look for labels that contradict others before you label more.',
    ],
    [
      'are judged by too few groups',
      curve(0.9, 0.92, null),
      'The last doubling of labels (400 to 800 buckets) moved the accuracy by +2.0 points on 200 held-out buckets, which are of 4 groups: too few to tell that from chance.',
    ],
  ])('says when more labels %s', (_, found, sentence) => {
    expect(readingOf(found, 'bucket')).toBe(sentence);
  });

  it('names what votes are counted over', () => {
    expect(readingOf(curve(0.85, 0.9, { low: 0.012, high: 0.086 }), 'event')).toContain('(400 to 800 events)');
  });
});

describe('a curve cannot be worked out', () => {
  const model = { id: 3, units: 50, pointsVersion: 2 } as TrainedModel;

  it('for a model of other decision points, or of few labels', () => {
    expect(whyNoCurve(model, 2, 'bucket')).toBeNull();
    expect(whyNoCurve(model, 3, 'bucket')).toBe(
      'The decision points have changed since model 3 was trained, and what people said is counted by the new ones. Train a model on them and ask for its learning curve.',
    );
    expect(whyNoCurve({ ...model, units: 49 }, 2, 'event')).toBe(
      'A learning curve needs at least 50 labelled events; model 3 learned from 49. Label 1 more and train again.',
    );
  });
});
