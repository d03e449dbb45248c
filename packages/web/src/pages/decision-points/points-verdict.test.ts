import { expect, test } from 'vitest';
import { verdictOn } from './points-verdict.ts';

const made = (figures: { events: number; buckets: number; single: number; top_50: number }) =>
  verdictOn({ empty: 0, top_10: 0, labelled: 0, conflicts: 0, biggest: [], ...figures });

test('says what to change about a choice', () => {
  expect(made({ events: 0, buckets: 0, single: 0, top_50: 0 })).toContain('No events');
  expect(made({ events: 1_000, buckets: 2, single: 0, top_50: 1 })).toContain('Add a field');
  expect(made({ events: 1_000, buckets: 900, single: 850, top_50: 0.1 })).toContain('Leave out fields');
  expect(made({ events: 1_000, buckets: 120, single: 20, top_50: 0.84 })).toBe(
    'Labelling the 50 biggest buckets would cover 84 % of what comes in.',
  );
  expect(made({ events: 1_000, buckets: 400, single: 200, top_50: 0.3 })).toContain('coarser');
});
