import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresOf, pairsOf } from './figures.ts';

type Row = readonly [precision: number, recall: number, f1: number, tnFpFnTp: readonly number[]];

/** Made by bench/peers/agreement.py with scikit-learn 1.2.1. */
const SCIKIT_LEARN: Readonly<
  Record<string, { matrix: number[][]; accuracy: number; macro: readonly number[]; labels: readonly Row[] }>
> = {
  'two labels': {
    matrix: [
      [40, 2],
      [3, 55],
    ],
    accuracy: 0.95,
    macro: [0.9475724194206446, 0.9503284072249589, 0.9488491048593349],
    labels: [
      [0.9302325581395349, 0.9523809523809523, 0.9411764705882352, [55, 3, 2, 40]],
      [0.9649122807017544, 0.9482758620689655, 0.9565217391304347, [40, 2, 3, 55]],
    ],
  },
  'three labels, one rare': {
    matrix: [
      [5, 1, 2],
      [3, 900, 10],
      [0, 12, 40],
    ],
    accuracy: 0.9712230215827338,
    macro: [0.7933306653186172, 0.7933306653186172, 0.7933306653186172],
    labels: [
      [0.625, 0.625, 0.625, [962, 3, 3, 5]],
      [0.9857612267250822, 0.9857612267250822, 0.9857612267250822, [47, 13, 13, 900]],
      [0.7692307692307693, 0.7692307692307693, 0.7692307692307693, [909, 12, 12, 40]],
    ],
  },
  'never decided so': {
    matrix: [
      [10, 5, 0],
      [2, 30, 0],
      [4, 1, 0],
    ],
    accuracy: 0.7692307692307693,
    macro: [0.48611111111111116, 0.5347222222222222, 0.5091714104996837],
    labels: [
      [0.625, 0.6666666666666666, 0.6451612903225806, [31, 6, 5, 10]],
      [0.8333333333333334, 0.9375, 0.8823529411764706, [14, 6, 2, 30]],
      [0.0, 0.0, 0.0, [47, 0, 5, 0]],
    ],
  },
  'never labelled so': {
    matrix: [
      [10, 2, 3],
      [1, 20, 4],
      [0, 0, 0],
    ],
    accuracy: 0.75,
    macro: [0.6060606060606061, 0.48888888888888893, 0.5400981996726678],
    labels: [
      [0.9090909090909091, 0.6666666666666666, 0.7692307692307692, [24, 1, 5, 10]],
      [0.9090909090909091, 0.8, 0.8510638297872342, [13, 2, 5, 20]],
      [0.0, 0.0, 0.0, [33, 7, 0, 0]],
    ],
  },
  neither: {
    matrix: [
      [7, 1, 0],
      [2, 9, 0],
      [0, 0, 0],
    ],
    accuracy: 0.8421052631578947,
    macro: [0.8388888888888889, 0.8465909090909092, 0.8403361344537816],
    labels: [
      [0.7777777777777778, 0.875, 0.823529411764706, [9, 2, 1, 7]],
      [0.9, 0.8181818181818182, 0.8571428571428572, [7, 1, 2, 9]],
      [0.0, 0.0, 0.0, [19, 0, 0, 0]],
    ],
  },
  'all wrong': {
    matrix: [
      [0, 3],
      [4, 0],
    ],
    accuracy: 0.0,
    macro: [0.0, 0.0, 0.0],
    labels: [
      [0.0, 0.0, 0.0, [0.0, 4.0, 3.0, 0.0]],
      [0.0, 0.0, 0.0, [0.0, 3.0, 4.0, 0.0]],
    ],
  },
};

describe.each(Object.entries(SCIKIT_LEARN))('%s', (_name, { matrix, accuracy, macro, labels }) => {
  const classNos = matrix.map((_, index) => index);
  const figures = figuresOf(classNos, pairsOf(classNos, matrix));

  it("has scikit-learn's overall figures", () => {
    expect(figures.confusion).toEqual(matrix);
    expect(figures.accuracy).toBeCloseTo(accuracy, 12);
    for (const [index, share] of [figures.precision, figures.recall, figures.f1].entries())
      expect(share).toBeCloseTo(macro[index]!, 12);
  });

  it("has scikit-learn's figures of each label; null where scikit-learn divides by nothing and says 0", () => {
    for (const [index, [precision, recall, f1, [tn, fp, fn, tp]]] of labels.entries()) {
      const label = figures.labels[index]!;
      expect([label.trueNegatives, label.falsePositives, label.falseNegatives, label.truePositives]).toEqual([tn, fp, fn, tp]);
      expect(label.precision === null).toBe(tp! + fp! === 0);
      expect(label.recall === null).toBe(tp! + fn! === 0);
      expect(label.f1 === null).toBe(tp! + fp! + fn! === 0);
      expect(label.precision ?? 0).toBeCloseTo(precision, 12);
      expect(label.recall ?? 0).toBeCloseTo(recall, 12);
      expect(label.f1 ?? 0).toBeCloseTo(f1, 12);
    }
  });
});

describe('figures', () => {
  it('are null without anything to judge, with a row for each label all the same', () => {
    const nothing = figuresOf([0, 1], []);
    expect(nothing).toMatchObject({ judged: 0, right: 0, accuracy: null, precision: null, recall: null, f1: null });
    expect(nothing.confusion).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(nothing.labels.map(({ precision, recall, f1 }) => [precision, recall, f1])).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
    expect(figuresOf([], []).confusion).toEqual([]);
  });

  it('give a class that is not among those named its own place in class-id order', () => {
    const figures = figuresOf([0, 4], [{ agreed: 2, decided: 0, count: 3 }]);
    expect(figures.labels.map(({ classNo }) => classNo)).toEqual([0, 2, 4]);
    expect(figures.confusion).toEqual([
      [0, 0, 0],
      [3, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('hold together whatever is counted', () => {
    const pair = fc.record({ agreed: fc.nat(4), decided: fc.nat(4), count: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const figures = figuresOf([0, 1], pairs);
        const total = pairs.reduce((sum, { count }) => sum + count, 0);
        expect(figures.judged).toBe(total);
        for (const label of figures.labels) {
          expect(label.truePositives + label.trueNegatives + label.falsePositives + label.falseNegatives).toBe(total);
          for (const count of [label.trueNegatives, label.falsePositives, label.falseNegatives])
            expect(count).toBeGreaterThanOrEqual(0);
        }
        for (const share of [figures.accuracy, figures.precision, figures.recall, figures.f1]) {
          expect(share === null).toBe(total === 0);
          expect(share ?? 0).toBeGreaterThanOrEqual(0);
          expect(share ?? 0).toBeLessThanOrEqual(1);
        }
        // The order in which the pairs come does not matter, nor whether they come in one piece.
        expect(figuresOf([0, 1], [...pairs, ...pairs].reverse()).accuracy).toBe(figures.accuracy);
      }),
    );
  });
});
