import { describe, expect, it } from 'vitest';
import { whatIsMissing } from './training.ts';

const labels = (...units: number[]) =>
  units.map((count, classNo) => ({ classNo, name: ['Escalate', 'Drop', 'Investigate'][classNo]!, units: count }));
const RULE = 'Training needs at least 2 labels with 2 buckets each.';

describe('what a training still needs', () => {
  it('is nothing with two labels of two units each, whatever the others have', () => {
    expect(whatIsMissing(labels(2, 2, 0), 'bucket')).toBeNull();
    expect(whatIsMissing(labels(0, 5, 2), 'bucket')).toBeNull();
  });

  it('names each way to get there, the shortest first', () => {
    expect(whatIsMissing(labels(0, 5, 1), 'bucket')).toBe(
      `${RULE} Missing: 1 more bucket labelled Investigate, or 2 more labelled Escalate.`,
    );
    expect(whatIsMissing(labels(0, 9), 'event')).toBe(
      'Training needs at least 2 labels with 2 events each. Missing: 2 more events labelled Escalate.',
    );
  });

  it('names all where several are missing', () => {
    expect(whatIsMissing(labels(1, 0), 'bucket')).toBe(
      `${RULE} Missing: 1 more bucket labelled Escalate and 2 more labelled Drop.`,
    );
    expect(whatIsMissing(labels(0, 1, 0), 'bucket')).toBe(
      `${RULE} Missing: 2 of these: 1 more bucket labelled Drop; 2 more labelled Escalate; 2 more labelled Investigate.`,
    );
  });

  it('is another label where there is only one', () => {
    expect(whatIsMissing(labels(9), 'bucket')).toBe(
      'Training needs at least two labels; add another one to the AI use case first.',
    );
  });
});
