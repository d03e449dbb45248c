import { describe, expect, it } from 'vitest';
import { ordinaryDays } from './alerts.ts';

const HOUR_MS = 3_600_000;
const DAYS = 21;

describe('ordinaryDays', () => {
  const at = (end: number) => ordinaryDays(7, 300, 'demo', end, DAYS);
  const told = (end: number) =>
    at(end).map(({ id, title, truth, body }) => {
      const { host, user, threat_intel: intel, change } = body;
      return { id, title, truth, host, user, intel, change };
    });

  it('tells the same at whatever hour it is asked, so that each demo has the same figures', () => {
    const noon = Date.UTC(2026, 10, 28, 12);
    const first = told(noon);
    for (const hours of [1, 11, 35, 100]) expect(told(noon + hours * HOUR_MS)).toEqual(first);
  });

  it('has the times of the days before the end, in their order', () => {
    const end = Date.UTC(2026, 10, 28, 12);
    const times = at(end).map(({ body }) => Date.parse(String(body['@timestamp'])));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(end - DAYS * 24 * HOUR_MS);
    expect(times.at(-1)).toBeLessThanOrEqual(end);
  });
});
