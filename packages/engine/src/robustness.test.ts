import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { automationFor, exclusionOf } from './automation.ts';
import { compileDecisionPoints } from './decision-points.ts';
import { addAudit, createGuard, guardThresholds, guardVerdict } from './guard.ts';
import { random } from './math.ts';
import { loadModel, type Model } from './model.ts';
import { train } from './train.ts';
import type { PointValue, TrainingRow, Verdict } from './types.ts';

const RULES = [
  'SSH brute force',
  'Suspicious PowerShell',
  'New user created',
  'Policy update',
  'Port scan seen',
  'Malware blocked',
];

/** Rows whose label follows the rule and, for one rule, the size. */
function alerts(count: number, seed = 1): TrainingRow[] {
  const source = random(seed);
  return Array.from({ length: count }, (_, r) => {
    const rule = source.below(RULES.length);
    const size = source.below(1000);
    const label = rule < 2 || (rule === 2 && size > 500) ? 1 : 0;
    const values: PointValue[] = [
      RULES[rule]!,
      `host-${source.below(30)}`,
      size,
      `cmd /c run ${source.below(50)} --flag=${rule}`,
    ];
    return { key: `k${String(r).padStart(4, '0')}`, values, votes: [label === 0 ? 1 : 0, label] };
  });
}

const POINTS = ['rule', 'host', 'size', 'command'];
const fit = (rows: readonly TrainingRow[], points = POINTS, classes = ['class_0', 'class_1']) =>
  loadModel(train({ points, classes, rows, seed: 3 }).model, { points });

function expectSound(verdict: Verdict): void {
  expect(verdict.probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
  expect(verdict.probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
  for (const share of [verdict.confidence, verdict.outlierScore, verdict.similarity]) expect(share >= 0 && share <= 1).toBe(true);
}

const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant('10.0.0.1'));
const value: fc.Arbitrary<PointValue> = fc.oneof(fc.constant(null), scalar, fc.array(scalar, { maxLength: 8 }));

describe('anything at all', () => {
  it('can be trained on and decided', () => {
    const row = fc.record({ values: fc.tuple(value, value, value), votes: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), fc.tuple(value, value, value), (drawn, fresh) => {
        const rows = drawn.map(({ values, votes }, r) => ({
          key: `k${r}`,
          values,
          votes: votes.map((count, c) => count + (c < 2 ? 1 : 0)),
        }));
        const model = fit(rows, ['a', 'b', 'c'], ['x', 'y', 'z']);
        expectSound(model.decide(fresh));
        expectSound(model.decide(rows[0]!.values, 'k0'));
        expectSound(model.explain(fresh).verdict);
      }),
      { numRuns: 8 },
    );
  });

  it('also a single row with two opinions', () => {
    const model = fit([{ key: 'only', values: ['a', 'b', 1, ''], votes: [3, 1] }]);
    const verdict = model.decide(['a', 'b', 1, ''], 'only');
    expectSound(verdict);
    expect(verdict.choice).toBe(0);
  });

  it('also the same values under many keys', () => {
    const model = fit(
      Array.from({ length: 60 }, (_, r) => ({ key: `k${r}`, values: ['a', 'b', 1, 'c'], votes: r % 3 === 0 ? [0, 1] : [1, 0] })),
    );
    expect(model.decide(['a', 'b', 1, 'c']).probabilities[0]).toBeCloseTo(0.67, 1);
  });

  it('also NaN, empty text, and a set of 5,000 values', () => {
    const rows = alerts(60).map((row, r) => ({
      ...row,
      values: r % 2 === 0 ? row.values : ['', Number.NaN, Number.POSITIVE_INFINITY, null],
    }));
    const model = fit(rows);
    expectSound(model.decide(['', Number.NaN, Number.NEGATIVE_INFINITY, Array.from({ length: 5000 }, (_, i) => `v${i}`)]));
  });

  it('also empty texts and NaN alone, of which only the shares of the labels can be learned', () => {
    const rows = Array.from({ length: 40 }, (_, r) => ({
      key: `k${r}`,
      values: ['', Number.NaN, [], null] as PointValue[],
      votes: r % 4 === 0 ? [0, 1] : [1, 0],
    }));
    const model = fit(rows);
    expect(model.decide(['', Number.NaN, [], null]).probabilities[0]).toBeCloseTo(0.75, 1);
    expectSound(model.decide(['x', 1, ['y'], 'z']));
    expectSound(model.explain(['x', 1, ['y'], 'z']).verdict);
  });
});

describe('sizes', () => {
  it('a decision point with 100,000 distinct values in 300 rows is learned past, not from', () => {
    let next = 0;
    const rows = alerts(300).map((row) => ({
      ...row,
      values: [...row.values.slice(0, 3), Array.from({ length: 334 }, () => `id-${next++}`)],
    }));
    expect(next).toBeGreaterThan(100_000);
    const { model: bytes, metrics } = train({ points: POINTS, classes: ['class_0', 'class_1'], rows, seed: 3 });
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    const model = loadModel(bytes, { points: POINTS });
    const fresh = alerts(100, 9);
    const right = fresh.filter((row, r) => {
      const verdict = model.decide([...row.values.slice(0, 3), [`id-${r}`, `new-${r}`]]);
      expectSound(verdict);
      return row.votes[verdict.choice] === 1;
    });
    expect(right.length).toBeGreaterThanOrEqual(90);
  });

  it('5,000 values in one array of a labelled row weigh no more than one', () => {
    const plain = alerts(120).map((row) => ({ ...row, values: [...row.values.slice(0, 3), ['tag']] }));
    const stuffed = plain.map((row, r) =>
      r === 7 ? { ...row, values: [...row.values.slice(0, 3), Array.from({ length: 5000 }, (_, i) => `tag-${i}`)] } : row,
    );
    const [before, after] = [fit(plain), fit(stuffed)];
    const fresh = alerts(100, 9).map((row) => [...row.values.slice(0, 3), ['tag']]);
    expect(fresh.filter((values) => before.decide(values).choice !== after.decide(values).choice).length).toBeLessThanOrEqual(1);
    const own = after.decide(stuffed[7]!.values, stuffed[7]!.key);
    expectSound(own);
    expect(stuffed[7]!.votes[own.choice]).toBe(1);
  });
});

describe('labels', () => {
  it('without votes have probability 0, and adding one changes nothing else', () => {
    const rows = alerts(80);
    const before = fit(rows);
    const after = fit(
      rows.map((row) => ({ ...row, votes: [...row.votes, 0] })),
      POINTS,
      ['class_0', 'class_1', 'class_2'],
    );
    for (const row of alerts(10, 9)) {
      const { probabilities } = before.decide(row.values);
      expect(after.decide(row.values).probabilities).toEqual([...probabilities, 0]);
    }
  });

  it('added with votes leave what they are not about as it was', () => {
    const rows = alerts(120).map((row) => ({ ...row, votes: [...row.votes, 0] }));
    const added = Array.from({ length: 20 }, (_, r) => ({
      key: `z${r}`,
      values: ['Phishing kit', `mail-${r % 5}`, 7, `open attachment ${r}`] as PointValue[],
      votes: [0, 0, 1],
    }));
    const classes = ['class_0', 'class_1', 'class_2'];
    const [before, after] = [fit(rows, POINTS, classes), fit([...rows, ...added], POINTS, classes)];
    expect(after.decide(['Phishing kit', 'mail-9', 7, 'open attachment 77']).choice).toBe(2);
    const fresh = alerts(100, 9);
    const moved = fresh.filter((row) => before.decide(row.values).choice !== after.decide(row.values).choice);
    // Only those near the border of the rule that a number decides may move.
    expect(moved.length).toBeLessThanOrEqual(5);
    expect(fresh.filter((row) => after.decide(row.values).choice === 2)).toEqual([]);
  });

  it('may be renamed', () => {
    const rows = alerts(80);
    const [before, after] = [fit(rows), fit(rows, POINTS, ['zebra', 'ant'])];
    for (const row of alerts(10, 9)) expect(after.decide(row.values)).toEqual(before.decide(row.values));
  });
});

describe('the bytes of a model', () => {
  it('are these, on every machine', () => {
    const { model } = train({ points: POINTS, classes: ['class_0', 'class_1'], rows: alerts(120), seed: 3 });
    expect(createHash('sha256').update(model).digest('hex')).toBe(
      '38e0ff1715bc56fd08ab4950008a8720250042e4b70815956cfd1d126a5c2ef3',
    );
  });

  it('are the same in whatever order the fields of an alert and the values of its arrays come', () => {
    const points = compileDecisionPoints(['rule.name', 'host.name', 'size', 'tags']);
    const raw = alerts(60).map((row, r) => {
      const [rule, host, size] = row.values;
      const tags = ['a', 'b', 'c', 'd'].slice(0, 1 + (r % 4));
      return {
        row,
        one: { rule: { name: rule, id: r }, host: { name: host }, size, tags },
        other: { tags: [...tags, ...tags].reverse(), size, host: { name: host }, rule: { id: r, name: rule } },
      };
    });
    const bytesOf = (read: (alert: (typeof raw)[number]) => unknown) => {
      const rows = new Map<string, TrainingRow>();
      for (const alert of raw) {
        const values = points.values(read(alert));
        rows.set(points.key(values), { key: points.key(values), values, votes: alert.row.votes });
      }
      return train({ points: points.points, classes: ['class_0', 'class_1'], rows: [...rows.values()], seed: 3 }).model;
    };
    expect(bytesOf(({ other }) => other)).toEqual(bytesOf(({ one }) => one));
  });
});

describe('reasons', () => {
  const rows = alerts(140);
  const model = fit(rows);

  it('are faithful: taking away what is said to matter moves the answer, taking away what is not does not', () => {
    let moved = 0;
    let held = 0;
    const fresh = alerts(40, 77);
    for (const row of fresh) {
      const { verdict, towards, against } = model.explain(row.values);
      const named = new Map([...towards, ...against].map((reason) => [reason.point, reason.weight]));
      const first = towards[0]!;
      const without = row.values.map((one, p) => (POINTS[p] === first.point ? null : one));
      if (model.decide(without).probabilities[verdict.choice]! < verdict.probabilities[verdict.choice]! - 1e-6) moved++;
      const least = POINTS.reduce((a, b) => (Math.abs(named.get(b) ?? 0) < Math.abs(named.get(a) ?? 0) ? b : a));
      const change = (point: string) => {
        const other = row.values.map((one, p) => (POINTS[p] === point ? null : one));
        return Math.abs(model.decide(other).probabilities[verdict.choice]! - verdict.probabilities[verdict.choice]!);
      };
      if (change(least) <= change(first.point) + 0.02) held++;
    }
    expect(moved).toBeGreaterThanOrEqual(38);
    expect(held).toBeGreaterThanOrEqual(36);
  });

  it('name the nearest labelled buckets, what agrees and what differs, and what each learner says', () => {
    const [row] = rows;
    const { neighbours, learners, verdict } = model.explain(['SSH brute force', 'never', 10, 'cmd /c run 1 --flag=0']);
    expect(neighbours).toHaveLength(5);
    expect(neighbours[0]!.agree.length + neighbours[0]!.differ.length).toBe(4);
    expect(neighbours.map((near) => near.similarity)).toEqual(neighbours.map((near) => near.similarity).sort((a, b) => b - a));
    expect(verdict.similarity).toBe(neighbours[0]!.similarity);
    expect(learners.map((learner) => learner.name)).toEqual(['softmax', 'naive-bayes', 'boosted-trees', 'random-trees']);
    expect(learners.reduce((sum, learner) => sum + learner.weight, 0)).toBeCloseTo(1, 12);
    const own = model.explain(row!.values, row!.key).neighbours[0]!;
    expect(own).toMatchObject({ key: row!.key, agree: ['command', 'host', 'rule', 'size'], differ: [], votes: row!.votes });
  });
});

describe('attackers', () => {
  const rows = alerts(160);
  const before = fit(rows);
  const fresh = alerts(200, 55);

  it('who stuff one field change no more than any value of that field could', () => {
    let flipped = 0;
    for (const row of fresh) {
      const stuffed = [...row.values];
      stuffed[3] = 'cmd /c run 7 --flag=3 policy update benign '.repeat(200);
      if (before.decide(stuffed).choice !== before.decide(row.values).choice) flipped++;
    }
    expect(flipped / fresh.length).toBeLessThan(0.05);
  });

  // One key labels every twentieth bucket wrongly, and nobody finds out.
  const poisoned: TrainingRow[] = rows.map((row, r) => (r % 20 === 0 ? { ...row, votes: [row.votes[1]!, row.votes[0]!] } : row));
  const after: Model = fit(poisoned);

  it('who poison 5 % of the labels change at most 1 % of the decisions of other labelled buckets, and few of unlabelled ones', () => {
    const touched = new Set(rows.filter((_, r) => r % 20 === 0).map((row) => row.key));
    const outside = rows.filter((row) => !touched.has(row.key));
    const changed = outside.filter(
      (row) => after.decide(row.values, row.key).choice !== before.decide(row.values, row.key).choice,
    ).length;
    expect(changed / outside.length).toBeLessThanOrEqual(0.01);
    const unseen = fresh.filter((row) => after.decide(row.values).choice !== before.decide(row.values).choice).length;
    // Alerts in no labelled bucket move more: those near the border of a rule that a number decides.
    expect(unseen / fresh.length).toBeLessThanOrEqual(0.05);
  });

  it('who poison 5 % of the labels, spread over all buckets, turn no decision into an automated drop, though the guard is open', () => {
    const DROP = 0;
    const factsOf = (verdict: Verdict) => ({
      label: `class_${verdict.choice}`,
      confidence: verdict.confidence,
      outlier: verdict.outlier,
      undecided: false,
      unseenProtected: [],
    });
    const traffic = alerts(100, 56).map((row) => after.decide(row.values));
    let guard = createGuard({
      label: `class_${DROP}`,
      maxErrorRate: 0.02,
      thresholds: guardThresholds(traffic.filter(({ choice }) => choice === DROP).map(({ confidence }) => confidence)),
    });
    for (const row of alerts(1500, 57)) {
      const { label, confidence, ...facts } = factsOf(after.decide(row.values));
      const outcome = row.votes[DROP] === 1 ? 'right' : 'wrong';
      guard = addAudit(guard, { label, confidence, excluded: exclusionOf(facts) !== null, outcome, chance: 0.05 });
    }
    expect(guardVerdict(guard).status).toBe('open');
    const switches = { closedForAll: false, guard };
    const decided = alerts(1500, 58).map((row) => ({ clean: before.decide(row.values), poisoned: after.decide(row.values) }));
    const dropped = decided.filter((one) => one.poisoned.choice === DROP);
    const freed = dropped.filter((one) => automationFor(factsOf(one.poisoned), switches).automation === 'allowed');
    expect(freed.length).toBeGreaterThan(dropped.length / 3);
    // There are such decisions, and they are left to people.
    expect(dropped.filter((one) => one.clean.choice !== DROP).length).toBeGreaterThan(0);
    expect(freed.filter((one) => one.clean.choice !== DROP)).toEqual([]);
  });
});
