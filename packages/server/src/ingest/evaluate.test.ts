import { describe, expect, it } from 'vitest';
import { choosePoints, evaluateRows, labelsOf } from './evaluate.ts';
import type { LabelledRow } from './labelled-row.ts';

/** Alerts in time order: the rule tells the label, the host tells nothing, the incident is new each time. */
function rows(count: number, change: (row: LabelledRow, index: number) => LabelledRow = (row) => row): LabelledRow[] {
  return Array.from({ length: count }, (_, index) => {
    const label = index % 3 === 0 ? 'Escalate' : 'Drop';
    const alert = {
      rule: label === 'Escalate' ? `beacon ${index % 2}` : `scan ${index % 4}`,
      host: `h${index % 7}`,
      incident: `i-${Math.floor(index / 4)}`,
    };
    const row: LabelledRow = {
      eventId: String(index),
      body: Buffer.from(JSON.stringify(alert)),
      label,
      eventAt: 1_700_000_000_000_000 + index * 1_000_000,
      group: `i-${Math.floor(index / 4)}`,
      notes: [],
    };
    return change(row, index);
  });
}

describe('evaluation', () => {
  it('learns from the earlier alerts, judges by the later ones, and splits no group', () => {
    const found = evaluateRows(rows(200), { points: ['rule', 'host'], holdOut: 0.3, seed: 1 });
    expect(found).toMatchObject({
      alerts: 200,
      labels: ['Escalate', 'Drop'],
      pointsChosen: false,
      learned: 140,
      heldOut: 60,
      noDecision: 0,
      groups: 15,
    });
    expect(found.learnedUntil).toBe(1_700_000_139_000_000);
    expect(found.heldOutFrom).toBe(1_700_000_140_000_000);
    expect(found.metrics.accuracy).toBe(1);
    expect(found.metrics.confusion).toEqual([
      [20, 0],
      [0, 40],
    ]);
    expect(found.mostFrequentAccuracy).toBeCloseTo(40 / 60);
    expect(found.knownBuckets).toBe(60);
    expect(found.bandByGroup).toBe(false);
    // 2 × 7 and 4 × 7 buckets are all there.
    expect(found.buckets).toBe(42);
  });

  it('chooses decision points by what the earlier alerts tell, without ids that do not come back', () => {
    const found = evaluateRows(rows(400), { holdOut: 0.3, seed: 1 });
    expect(found.pointsChosen).toBe(true);
    expect(found.points).toContain('rule');
    expect(found.points).not.toContain('incident');
  });

  it('gives the same figures for the same seed', () => {
    const figures = () => {
      const { metrics, eceBand } = evaluateRows(rows(100), { points: ['rule'], holdOut: 0.3, seed: 5 });
      return { metrics, eceBand };
    };
    expect(figures()).toEqual(figures());
  });

  it('counts alerts without any decision point apart', () => {
    const found = evaluateRows(
      rows(200, (row, index) => (index >= 190 ? { ...row, body: Buffer.from('{"other":1}') } : row)),
      { points: ['rule'], holdOut: 0.3, seed: 1 },
    );
    expect(found).toMatchObject({ heldOut: 60, noDecision: 10 });
    expect(found.metrics.rows).toBe(50);
  });

  it('says what is missing', () => {
    const evaluate = (some: LabelledRow[]) => () => evaluateRows(some, { holdOut: 0.3, seed: 1 });
    expect(evaluate([])).toThrow('Only 0 alerts have a label');
    expect(evaluate(rows(50, (row) => ({ ...row, label: null })))).toThrow('Only 0 alerts have a label');
    expect(evaluate(rows(50, (row) => ({ ...row, label: 'Drop' })))).toThrow('All alerts have the label "Drop"');
    expect(evaluate(rows(50, (row) => ({ ...row, group: 'one' })))).toThrow('All alerts are in one group');
    expect(evaluate(rows(50, (row) => ({ ...row, body: Buffer.from('{}') })))).toThrow('Name decision points with --points');
  });
});

describe('labels of a file', () => {
  it('stand in the usual order, others by name, spelled as they come first', () => {
    expect(labelsOf(['zeta', 'drop', 'Escalate', 'DROP', 'Alpha'])).toEqual(['Escalate', 'drop', 'Alpha', 'zeta']);
    expect(labelsOf([])).toEqual([]);
  });
});

describe('fields to choose', () => {
  it('are the good ones that tell something, at most so many', () => {
    const advice = [
      { path: 'a', score: 0.5, kind: 'good' },
      { path: 'b', score: 0.4, kind: 'leaks_outcome' },
      { path: 'c', score: 0.3, kind: 'good' },
      { path: 'd', score: 0.001, kind: 'good' },
      { path: 'e', score: 0.2, kind: 'good' },
    ];
    expect(choosePoints(advice, 2)).toEqual(['a', 'c']);
    expect(choosePoints(advice, 9)).toEqual(['a', 'c', 'e']);
  });
});
