import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from './math.ts';
import { loadModel } from './model.ts';
import { type QueueCandidate, type QueueInput, recommend } from './queue.ts';
import { sketches, squaredDistance, WIDTH } from './queue-space.ts';
import { train } from './train.ts';
import type { PointValues } from './types.ts';

const POINTS = ['rule', 'host', 'bytes'];

function candidate(rule: string, i: number, events = 1): QueueCandidate {
  return { key: `${rule}/${i}`, values: [rule, `host ${i % 7}`, i], events };
}

function rules(counts: Readonly<Record<string, number>>): QueueCandidate[] {
  return Object.entries(counts).flatMap(([rule, count]) => Array.from({ length: count }, (_, i) => candidate(rule, i)));
}

function input(change: Partial<QueueInput> = {}): QueueInput {
  return { points: POINTS, candidates: rules({ a: 40, b: 20, c: 10 }), labelled: [], batch: 10, seed: 1, ...change };
}

/** A model that knows a (Drop) and b (Escalate). */
function model() {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    key: `known ${i}`,
    values: [i % 2 ? 'a' : 'b', `host ${i % 7}`, i],
    votes: i % 2 ? [1, 0] : [0, 1],
  }));
  const { model: bytes } = train({ points: POINTS, classes: ['Drop', 'Escalate'], rows, seed: 1 });
  return { labelled: rows, model: loadModel(bytes, { points: POINTS }) };
}

function ruleOf(key: string): string {
  return key.split('/')[0]!;
}

describe('recommend', () => {
  it('starts with the biggest bucket and then asks of every kind of alert', () => {
    const found = recommend(input({ candidates: [...rules({ a: 40, b: 20, c: 10 }), candidate('d', 99, 500)] }));
    expect(found).toHaveLength(10);
    expect(found[0]).toEqual({ key: 'd/99', reason: 'biggest' });
    expect(new Set(found.map(({ key }) => ruleOf(key)))).toEqual(new Set(['a', 'b', 'c', 'd']));
  });

  it('asks first for what no labelled bucket resembles', () => {
    const labelled = rules({ a: 15, b: 15 }).map(({ key, values }) => ({ key: `old ${key}`, values, votes: [1, 0] }));
    const found = recommend(input({ labelled, candidates: rules({ a: 40, b: 20, c: 30 }) }));
    expect(ruleOf(found.find(({ reason }) => reason === 'diverse')!.key)).toBe('c');
  });

  it('with a model asks for doubt, disagreement and a random part too', () => {
    const { labelled, model: trained } = model();
    const candidates = [...rules({ a: 60, b: 60, c: 60 }), ...[1, 2, 3, 4, 5].map((i) => candidate('a', 1000 + i, 50))];
    const found = recommend(input({ labelled, model: trained, candidates, batch: 20 }));
    const reasons = found.map(({ reason }) => reason);
    expect(reasons).toContain('biggest');
    // Two of ten slots, and those of other reasons that had nothing to offer.
    expect(reasons.filter((reason) => reason === 'random').length).toBeGreaterThanOrEqual(4);
    expect(ruleOf(found.find(({ reason }) => reason === 'uncertain')!.key)).toBe('c');
  });

  it('puts audits of the guard first, with their chance', () => {
    const candidates = [...rules({ a: 20 }), { ...candidate('z', 1), audit: { chance: 0.05 } }];
    expect(recommend(input({ candidates }))[0]).toEqual({ key: 'z/1', reason: 'audit', chance: 0.05 });
    expect(recommend(input({ candidates, batch: 1 }))).toEqual([{ key: 'z/1', reason: 'audit', chance: 0.05 }]);
  });

  it('finds the recorded chances true over many draws', () => {
    const candidates = Array.from({ length: 4 }, (_, i) => ({ key: `k${i}`, values: [null, null, null], events: i + 1 }));
    let expected = 0;
    let hits = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const found = recommend(input({ candidates, batch: 2, seed }));
      // All look the same, so after the biggest (k3) the next slot falls to chance among k0, k1 and k2.
      expect(found[0]).toEqual({ key: 'k3', reason: 'biggest' });
      expect(found[1]!.reason).toBe('random');
      if (found[1]!.key === 'k2') {
        hits++;
        expected = found[1]!.chance!;
      }
    }
    expect(expected).toBe(0.5);
    expect(Math.abs(hits / 1000 - 0.5)).toBeLessThan(0.05);
  });

  it('never asks for the same bucket twice, for a labelled one, or for more than there are', () => {
    const value = fc.oneof(fc.constantFrom('x', 'y', 'z'), fc.constant(null), fc.double(), fc.constant(['p', 'q']));
    const bucket = fc.record({
      key: fc.string({ maxLength: 2 }),
      values: fc.tuple(value, fc.string(), value),
      events: fc.nat(50),
    });
    fc.assert(
      fc.property(
        fc.array(bucket, { maxLength: 40 }),
        fc.array(bucket, { maxLength: 10 }),
        fc.nat(30),
        fc.nat(),
        (some, known, batch, seed) => {
          const labelled = known.map((one) => ({ ...one, votes: [1] }));
          const found = recommend(input({ candidates: some, labelled, batch, seed }));
          const keys = found.map(({ key }) => key);
          const free = new Set(some.map(({ key }) => key).filter((key) => !known.some((one) => one.key === key)));
          expect(keys).toHaveLength(Math.min(batch, free.size));
          expect(new Set(keys).size).toBe(keys.length);
          for (const key of keys) expect(free.has(key)).toBe(true);
          for (const { reason, chance } of found) expect(chance !== undefined).toBe(reason === 'random' || reason === 'audit');
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives the same answer in whatever order the buckets come', () => {
    const { labelled, model: trained } = model();
    const whole = input({ labelled, model: trained, candidates: rules({ a: 800, b: 400, c: 60 }), batch: 12 });
    const turned = { ...whole, candidates: [...whole.candidates].reverse(), labelled: [...labelled].reverse() };
    expect(recommend(turned)).toEqual(recommend(whole));
    expect(recommend(whole)).not.toEqual(recommend({ ...whole, seed: 2 }));
  });

  it('takes more labelled buckets than it compares', () => {
    const labelled = rules({ a: 2100 }).map((one) => ({ ...one, key: `old ${one.key}`, votes: [1, 0] }));
    expect(recommend(input({ labelled, candidates: rules({ a: 5, c: 5 }), batch: 2 }))).toHaveLength(2);
  });

  it.each<[string, Partial<QueueInput>]>([
    ['a broken number wanted', { batch: 1.5 }],
    ['a number wanted below 0', { batch: -1 }],
    ['values that are too few', { candidates: [{ key: 'a', values: [1], events: 1 }] }],
    ['labelled values that are too few', { labelled: [{ key: 'a', values: [1], votes: [1] }] }],
    ['a count of events that is none', { candidates: [{ key: 'a', values: [1, 2, 3], events: Number.NaN }] }],
    ['a count of events below 0', { candidates: [{ key: 'a', values: [1, 2, 3], events: -1 }] }],
  ])('refuses %s', (_, wrong) => {
    expect(() => recommend(input(wrong))).toThrow(RangeError);
  });

  it('has nothing to say of nothing', () => {
    expect(recommend(input({ candidates: [] }))).toEqual([]);
    expect(recommend(input({ batch: 0 }))).toEqual([]);
  });
});

describe('sketches', () => {
  const near = (rows: readonly PointValues[], a: number, b: number) => {
    const all = sketches(['x'], undefined, rows);
    return squaredDistance(all, a, all, b);
  };

  it('keep equal values together and others about 2 apart', () => {
    const values = Array.from({ length: 60 }, (_, i) => ['lion bear wolf hare crow'.split(' ')[i % 5]!]);
    const all = sketches(['x'], undefined, values);
    expect(all).toHaveLength(60 * WIDTH);
    let sum = 0;
    for (let i = 0; i < 5; i++) {
      expect(squaredDistance(all, i, all, i + 30)).toBe(0);
      sum += squaredDistance(all, i, all, i + 1);
    }
    expect(sum / 5).toBeGreaterThan(1.5);
    expect(sum / 5).toBeLessThan(2.5);
  });

  it('bring numbers, addresses, texts and sets nearer the more they share', () => {
    const source = random(4);
    const numbers = Array.from({ length: 100 }, () => [source.next() * 1000]);
    const rows = [...numbers, [100], [130], [900]];
    expect(near(rows, 100, 101)).toBeLessThan(near(rows, 100, 102));
    const ips = [['10.1.2.3'], ['10.1.2.4'], ['8.8.8.8'], ['10.1.2.3'], ['10.1.2.4'], ['8.8.8.8']];
    expect(near(ips, 0, 1)).toBeLessThan(near(ips, 0, 2));
    const texts = Array.from({ length: 40 }, (_, i) => [`${i % 2 ? 'failed login of user' : 'malware found in file'} ${i * 31}`]);
    expect(near(texts, 0, 2)).toBeLessThan(near(texts, 0, 1));
    const sets: PointValues[] = [[['a', 'b']], [['a', 'c']], [['d', 'e']], [['a', 'b', 'c', 'd', 'e']]];
    expect(near(sets, 0, 1)).toBeLessThan(near(sets, 0, 2));
  });

  it('treat values that never repeat as one kind, and times as present', () => {
    expect(near([['id-1'], ['id-2'], ['id-3']], 0, 1)).toBe(0);
    expect(near([['2026-01-01T00:00:00Z'], ['2026-02-01T09:00:00Z'], [null]], 0, 1)).toBe(0);
    expect(near([['2026-01-01T00:00:00Z'], ['2026-02-01T09:00:00Z'], [null], [null]], 0, 2)).toBeGreaterThan(0.5);
  });
});
