import { describe, expect, it } from 'vitest';
import { eceBand } from './ece-band.ts';

const spread = Array.from({ length: 2_000 }, (_, index) => 0.5 + (index % 50) / 100);
const alone = spread.map(() => undefined);

describe('the band of a perfectly calibrated model', () => {
  it('is nothing without rows, and for rows that are certain', () => {
    expect(eceBand([], [], 1)).toEqual([0, 0]);
    expect(eceBand([1, 1, 1], [undefined, undefined, undefined], 1)).toEqual([0, 0]);
  });

  it('narrows with more rows, and is the same for the same seed', () => {
    const [low, high] = eceBand(spread, alone, 1);
    const [few, fewHigh] = eceBand(spread.slice(0, 100), alone.slice(0, 100), 1);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(low);
    expect(high).toBeLessThan(0.06);
    expect(fewHigh - few).toBeGreaterThan(high - low);
    expect(eceBand(spread, alone, 1)).toEqual([low, high]);
    expect(eceBand(spread, alone, 2)).not.toEqual([low, high]);
  });

  it('widens where rows of a group are right or wrong together', () => {
    const grouped = eceBand(
      spread,
      spread.map((_, index) => String(index % 10)),
      1,
    );
    expect(grouped[1]).toBeGreaterThan(2 * eceBand(spread, alone, 1)[1]);
  });

  it('holds the error of outcomes drawn by the confidence itself', () => {
    // 70 % confidence, 70 of 100 right: no gap, at or below the band.
    const [, high] = eceBand(new Array<number>(100).fill(0.7), new Array<undefined>(100).fill(undefined), 3);
    // Two standard deviations of a share of 100 draws at 0.7 are 0.092.
    expect(high).toBeGreaterThan(0.06);
    expect(high).toBeLessThan(0.14);
  });
});
