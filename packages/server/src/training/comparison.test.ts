import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseHoldOut, compare, type HeldOutUnit, type HoldOutRow, missesEscalation, notActivated } from './comparison.ts';

const LABELS = [
  { classNo: 0, name: 'Escalate' },
  { classNo: 1, name: 'Drop' },
  { classNo: 2, name: 'Investigate' },
];

const row = (n: number, firstSaid: number, group?: string): HoldOutRow => ({
  key: `k${n}`,
  time: firstSaid,
  firstSaid,
  ...(group === undefined ? {} : { group }),
});

describe('the hold-out', () => {
  it('is the newest of what was first labelled after the champion was made', () => {
    const rows = Array.from({ length: 200 }, (_, n) => row(n, n));
    expect(chooseHoldOut(rows, 99)).toEqual(Array.from({ length: 40 }, (_, n) => 160 + n));
    expect(chooseHoldOut(rows, 179)).toEqual(Array.from({ length: 10 }, (_, n) => 190 + n));
    expect(chooseHoldOut(rows, 196)).toEqual([197, 198, 199]);
    expect(chooseHoldOut(rows, 199)).toEqual([]);
  });

  it('is never of the champion’s knowledge, nor of a group of it, and keeps groups whole', () => {
    const rows = fc.array(
      fc.record({
        firstSaid: fc.integer({ min: 0, max: 50 }),
        group: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 50 }), (drawn, championAt) => {
        const all = drawn.map(({ firstSaid, group }, n) => row(n, firstSaid, group));
        const out = new Set(chooseHoldOut(all, championAt));
        for (const index of out) expect(all[index]!.firstSaid).toBeGreaterThan(championAt);
        for (const group of ['a', 'b', 'c']) {
          const members = all.flatMap((one, index) => (one.group === group ? [index] : []));
          const held = members.filter((index) => out.has(index)).length;
          expect([0, members.length]).toContain(held);
        }
      }),
    );
  });
});

describe('a missed escalation', () => {
  it('is an Escalate that is not given, or anything but Drop that is dropped', () => {
    expect(missesEscalation(LABELS, 0, 1)).toBe(true);
    expect(missesEscalation(LABELS, 0, 2)).toBe(true);
    expect(missesEscalation(LABELS, 2, 1)).toBe(true);
    expect(missesEscalation(LABELS, 2, 0)).toBe(false);
    expect(missesEscalation(LABELS, 1, 0)).toBe(false);
    expect(missesEscalation(LABELS, 0, 0)).toBe(false);
    // No decision goes to a person.
    expect(missesEscalation(LABELS, 0, null)).toBe(false);
  });

  it('is any wrong word against a label other than Drop where none is named Escalate', () => {
    const labels = [
      { classNo: 0, name: 'Phishing' },
      { classNo: 1, name: 'drop' },
      { classNo: 2, name: 'Malware' },
    ];
    expect(missesEscalation(labels, 0, 2)).toBe(true);
    expect(missesEscalation(labels, 1, 2)).toBe(false);
  });
});

const says = (escalate: number) => ({
  classNo: escalate >= 0.5 ? 0 : 1,
  probabilities: new Map([
    [0, escalate],
    [1, 1 - escalate],
  ]),
});
const unit = (n: number, classNo: number, champion: number, challenger: number, cluster = `k${n}`): HeldOutUnit => ({
  unit: `b:k${n}`,
  cluster,
  classNo,
  champion: says(champion),
  challenger: says(challenger),
  eventId: `e${n}`,
});
const about = { championId: 7, since: 5, unit: 'bucket' } as const;

describe('champion and challenger', () => {
  it('a challenger that drops what people escalate is worse, and says which events it misses first', () => {
    const units = Array.from({ length: 12 }, (_, n) => unit(n, n % 2, n % 2 ? 0.1 : 0.9, n % 2 || n < 2 ? 0.1 : 0.2));
    const found = compare(units, LABELS, about);
    expect(found).toMatchObject({ championId: 7, heldOut: 12, clusters: 12, since: 5, worse: true });
    expect(found.missed).toMatchObject({ champion: 0, challenger: 6, test: { worse: true } });
    expect(found.missedEscalations.map(({ eventId }) => eventId)).toEqual(['e0', 'e10', 'e2', 'e4', 'e6', 'e8']);
    expect(found.missedEscalations[0]).toEqual({ unit: 'b:k0', eventId: 'e0', classNo: 0, championSays: 0, challengerSays: 1 });
    expect(found.challenger).toMatchObject({ rows: 12, accuracy: 0.5 });
    expect(found.champion).toMatchObject({ rows: 12, accuracy: 1 });
    expect(notActivated(found)).toMatch(
      /^trained, not activated: On 12 buckets labelled since the active model was trained, it misses 6 escalations instead of 0 \(p < 0\.001\), and its log-loss is 0\.915 instead of 0\.105 \(p < 0\.001\)\. A lead can activate it all the same\.$/,
    );
  });

  it('one that is as good or better is not worse, nor is one with too little evidence', () => {
    const same = Array.from({ length: 12 }, (_, n) => unit(n, n % 2, 0.7, 0.7));
    expect(compare(same, LABELS, about)).toMatchObject({ worse: false, logLoss: { p: 0.5 } });
    const better = Array.from({ length: 12 }, (_, n) => unit(n, 0, 0.2, 0.9));
    const found = compare(better, LABELS, about);
    expect(found).toMatchObject({ worse: false, missed: { champion: 12, challenger: 0 } });
    expect(found.missedEscalations[0]).toMatchObject({ championSays: 1, challengerSays: 0 });
    const four = Array.from({ length: 4 }, (_, n) => unit(n, 0, 0.9, 0.1));
    expect(compare(four, LABELS, about).worse).toBe(false);
  });

  it('counts units of one incident as one piece of evidence', () => {
    const incident = Array.from({ length: 40 }, (_, n) => unit(n, 0, 0.9, 0.1, `incident ${n % 2}`));
    expect(compare(incident, LABELS, about)).toMatchObject({ clusters: 2, worse: false });
  });

  it('takes a label that one of them cannot say as a label it gives no chance', () => {
    const units = Array.from(
      { length: 8 },
      (_, n): HeldOutUnit => ({ ...unit(n, 2, 0.9, 0.9), challenger: { classNo: 2, probabilities: new Map([[2, 1]]) } }),
    );
    const found = compare(units, LABELS, about);
    expect(found.worse).toBe(false);
    expect(found.champion!.accuracy).toBe(0);
    expect(found.challenger!.accuracy).toBe(1);
  });

  it('says so where there is nothing to compare on', () => {
    expect(compare([], LABELS, about)).toMatchObject({
      heldOut: 0,
      worse: false,
      champion: null,
      sentence: 'No bucket was labelled since the active model was trained.',
    });
  });
});
