import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWindows, type DriftFinding, type DriftKind, type DriftSample, recentWindow, referenceWindow } from './drift.ts';
import { exp, log, type Random, random } from './math.ts';

const POINTS = ['rule', 'bytes', 'command', 'nothing'];

function sample(change: Partial<DriftSample> = {}): DriftSample {
  return { values: ['ssh', 10, 'ls', null], label: 'Drop', confidence: 0.9, outlier: false, ...change };
}

function many(count: number, change: (i: number) => Partial<DriftSample>): DriftSample[] {
  return Array.from({ length: count }, (_, i) => sample(change(i)));
}

function compare(then: readonly DriftSample[], now: readonly DriftSample[]) {
  const reference = referenceWindow(POINTS, then);
  return compareWindows(reference, recentWindow(reference, POINTS, now));
}

function finding(report: { readonly findings: readonly DriftFinding[] }, kind: DriftKind, name: string = kind): DriftFinding {
  return report.findings.find((one) => one.kind === kind && one.name === name)!;
}

/** One day of alerts of 20 rules in bursts: each rule's share is up to many times larger on one day than on another. */
function day(source: Random, block: number, more = 1): DriftSample[] {
  const weights = Array.from({ length: 20 }, (_, rule) => exp(normal(source)) / (rule + 1));
  weights[3] = weights[3]! * more;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: 150 }, () => {
    let at = source.next() * total;
    let rule = 0;
    while (rule < 19 && at >= weights[rule]!) at -= weights[rule++]!;
    return sample({
      values: [`rule ${rule}`, source.next() * 100, `run ${source.next()}`, null],
      label: rule % 3 === 0 ? 'Escalate' : 'Drop',
      confidence: 1 - source.next() / 3,
      outlier: source.next() < 0.02,
      agreed: source.next() < 0.95,
      block,
    });
  });
}

function normal(source: Random): number {
  return Math.sqrt(-2 * log(1 - source.next())) * Math.cos(2 * Math.PI * source.next());
}

function days(source: Random, count: number, more = 1): DriftSample[] {
  return Array.from({ length: count }, (_, block) => day(source, block, more)).flat();
}

describe('compareWindows', () => {
  it('agrees with an independent calculation for events that come one by one', () => {
    const labels = (counts: readonly number[]) =>
      counts.flatMap((count, c) => many(count, () => ({ label: ['Drop', 'Escalate', null][c]! })));
    const found = finding(compare(labels([600, 300, 100]), labels([300, 300, 150])), 'labels');
    expect(found.p / 3.4119361437e-17).toBeCloseTo(1, 8);
    expect(found.stability).toBeCloseTo(0.1786254727, 9);
    expect(found.divergence).toBeCloseTo(0.0319504801, 9);
    expect(found.warning).toBe(true);
    expect(found.sentence).toBe('The label mix has moved: Drop: 60 % of 1000 then, 40 % of 750 now.');
  });

  it('agrees with an independent calculation for days', () => {
    const window = (counts: readonly number[]) =>
      counts.flatMap((hits, block) => many(100, (i) => ({ outlier: i < hits, block })));
    const found = finding(compare(window([40, 43, 46, 49, 52, 55]), window([62, 64, 66, 68])), 'outliers');
    expect(found.p / 3.9665516686e-4).toBeCloseTo(1, 7);
    expect(found.sentence).toBe('The share of outliers has moved: outliers: 47.5 % of 600 then, 65 % of 400 now.');
  });

  it('finds nothing between a window and itself', () => {
    const report = compare(days(random(1), 7), days(random(1), 7));
    expect(report.warnings).toEqual([]);
    for (const found of report.findings) expect(found).toMatchObject({ warning: false, p: 1 });
  });

  it('warns of new values, of values gone missing, and of moved numbers', () => {
    const then = many(800, (i) => ({ values: [`rule ${i % 4}`, i % 100, `ls ${i}`, null] }));
    const now = many(400, (i) => ({ values: [i % 2 ? 'new' : 'rule 1', 50 + (i % 100), i % 2 ? null : `ls ${i}`, null] }));
    expect([...compare(then, now).warnings].sort()).toEqual([
      'Decision point "bytes" has moved: from 89.1: 10 % of 800 then, 60 % of 400 now.',
      'Decision point "command" has moved: length from 6: 87.5 % of 800 then, 37.5 % of 400 now.',
      'Decision point "rule" has moved: other values: 0 % of 800 then, 50 % of 400 now.',
    ]);
  });

  it('warns when confidence falls or people agree less, and not when they agree more', () => {
    const window = (agreed: number, confidence: number) =>
      many(500, (i) => ({ agreed: i % 100 < agreed, confidence: confidence - (i % 50) / 100 }));
    const worse = compare(window(95, 0.99), window(80, 0.8));
    expect(worse.warnings.map((sentence) => sentence.split(':')[0])).toEqual(['The confidence has moved', 'Agreement has moved']);
    expect(finding(worse, 'agreement').sentence).toContain('people disagreed with: 5 % of 500 then, 20 % of 500 now');
    expect(finding(compare(window(80, 0.9), window(95, 0.9)), 'agreement')).toMatchObject({ warning: false });
  });

  it('says when there is too little to tell', () => {
    const few = compare(
      many(500, () => ({})),
      many(5, () => ({ label: 'Escalate' })),
    );
    expect(finding(few, 'labels')).toMatchObject({ p: 1, warning: false });
    expect(finding(few, 'labels').sentence).toBe('The label mix: too few events to tell (500 then, 5 now).');
    expect(compare([], []).warnings).toEqual([]);
    const shortReference = compare(
      days(random(1), 3),
      many(450, () => ({ block: 9, label: 'Escalate' })),
    );
    expect(finding(shortReference, 'labels')).toMatchObject({ p: 1, warning: false });
  });

  it('cuts short what an alert could make long', () => {
    const report = compare(
      many(300, () => ({})),
      many(300, () => ({ label: 'x' })),
    );
    expect(report.warnings).toHaveLength(1);
    const long = compare(
      many(300, () => ({ label: 'y'.repeat(5000) })),
      many(300, () => ({ label: 'x' })),
    );
    expect(long.warnings[0]!.length).toBeLessThan(200);
  });

  it('raises an alarm in at most 3 of 100 worlds in which only bursts differ, and in nearly all where a rule takes over', () => {
    let quiet = 0;
    let loud = 0;
    for (let world = 0; world < 100; world++) {
      const source = random(world);
      const reference = referenceWindow(POINTS, days(source, 10));
      if (compareWindows(reference, recentWindow(reference, POINTS, days(source, 5))).warnings.length > 0) quiet++;
      if (compareWindows(reference, recentWindow(reference, POINTS, days(source, 5, 100))).warnings.length > 0) loud++;
    }
    expect(quiet).toBeLessThanOrEqual(3);
    expect(loud).toBeGreaterThanOrEqual(90);
  });

  it('refuses windows that do not belong together', () => {
    const reference = referenceWindow(
      POINTS,
      many(10, () => ({})),
    );
    const other = referenceWindow(['a'], [sample({ values: [1] })]);
    const renamed = referenceWindow(
      ['a', 'b', 'c', 'd'],
      many(10, () => ({})),
    );
    expect(() => compareWindows(reference, other)).toThrow('another reference');
    expect(() => compareWindows(reference, renamed)).toThrow('another reference');
    expect(() => recentWindow(reference, POINTS, [sample({ values: [1] })])).toThrow('1 values for 4');
  });

  it('survives JSON, keeps shares in range, and does not care for the order of samples', () => {
    const anySample = fc.record({
      values: fc.tuple(
        fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constant(null), fc.constant(['a', 'b'])),
        fc.oneof(fc.double(), fc.integer({ max: 30, min: 0 }), fc.constant('7')),
        fc.string(),
        fc.boolean(),
      ),
      label: fc.constantFrom('Drop', 'Escalate', null),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      outlier: fc.boolean(),
      block: fc.integer({ min: 0, max: 6 }),
    });
    const window = fc.array(anySample, { maxLength: 150 });
    fc.assert(
      fc.property(window, window, (then, now) => {
        const reference = referenceWindow(POINTS, then);
        expect(JSON.parse(JSON.stringify(reference))).toEqual(reference);
        const report = compareWindows(reference, recentWindow(reference, POINTS, now));
        for (const { p, divergence, stability } of report.findings) {
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
          expect(divergence).toBeGreaterThanOrEqual(0);
          expect(divergence).toBeLessThanOrEqual(1);
          expect(stability).toBeGreaterThanOrEqual(0);
        }
        const turned = referenceWindow(POINTS, [...then].reverse());
        expect(compareWindows(turned, recentWindow(turned, POINTS, [...now].reverse()))).toEqual(report);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out a decision point that is no longer there', () => {
    const reference = referenceWindow(
      POINTS,
      many(100, () => ({})),
    );
    const recent = recentWindow(
      reference,
      ['rule', 'bytes', 'command'],
      many(100, () => ({ values: ['ssh', 10, 'ls'] })),
    );
    expect(finding(compareWindows(reference, recent), 'input', 'nothing')).toMatchObject({ p: 1, warning: false });
  });
});
