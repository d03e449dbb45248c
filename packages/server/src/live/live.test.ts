import { describe, expect, it } from 'vitest';
import { isoWeek, liveFigures } from './live.ts';

const micros = (text: string) => Date.parse(text) * 1000;

describe('the ISO week', () => {
  it.each([
    ['2026-01-01T00:00:00Z', '2026-W01'],
    ['2025-12-29T00:00:00Z', '2026-W01'],
    ['2025-12-28T23:59:59.999Z', '2025-W52'],
    ['2021-01-03T12:00:00Z', '2020-W53'],
    ['2021-01-04T00:00:00Z', '2021-W01'],
    ['2024-12-30T00:00:00Z', '2025-W01'],
    ['2026-03-02T09:46:22Z', '2026-W10'],
  ])('of %s is %s', (text, week) => expect(isoWeek(micros(text))).toBe(week));
});

describe('live figures', () => {
  it('are kept for all, for buckets new and known to the model, and for each week', () => {
    const row = (at: string, drop: number, truth: number, known: boolean) => ({
      at: micros(at),
      probabilities: { 0: 1 - drop, 1: drop },
      truth,
      known,
    });
    const figures = liveFigures(
      [
        row('2026-03-09T00:00:00Z', 0.9, 1, true),
        row('2026-03-02T00:00:00Z', 0.8, 0, false),
        row('2026-03-03T00:00:00Z', 0.2, 0, false),
        row('2026-03-03T00:00:00Z', 0.2, 2, false),
      ],
      [0, 1],
    );
    expect(figures.classNos).toEqual([0, 1, 2]);
    expect(figures.all).toMatchObject({ rows: 4, accuracy: 0.5 });
    expect(figures.all.confusion).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(figures.newBuckets).toMatchObject({ rows: 3 });
    expect(figures.newBuckets.accuracy).toBeCloseTo(1 / 3);
    expect(figures.knownBuckets).toMatchObject({ rows: 1, accuracy: 1 });
    expect(figures.knownBuckets.brier).toBeCloseTo(0.02);
    expect(figures.weeks.map(({ week, metrics }) => [week, metrics.rows])).toEqual([
      ['2026-W10', 3],
      ['2026-W11', 1],
    ]);
  });

  it('of nothing are nothing', () => {
    expect(liveFigures([], [0, 1])).toMatchObject({ all: { rows: 0, ece: 0 }, weeks: [] });
  });
});
