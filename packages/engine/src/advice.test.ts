import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Advice, createFieldStatistics } from './advice.ts';
import { random } from './math.ts';

const RULES = ['Brute force', 'Port scan', 'New admin', 'Malware found'];

/** Alerts in which the rule decides most, the host a little, and all the traps are set. */
function alertsOf(count: number) {
  const source = random(7);
  const pick = (n: number) => Math.floor(source.next() * n);
  return Array.from({ length: count }, (_, i) => {
    const rule = pick(4);
    const host = pick(6);
    const label = (rule < 2 && pick(20) > 0) || host === 0 ? 'Drop' : 'Escalate';
    const alert = {
      id: `${1_000_000 + i * 3}`,
      sequence: i,
      '@timestamp': new Date(1_700_000_000_000 + i * 61_000).toISOString(),
      created: `${i} seconds past`,
      vendor: 'Acme',
      nearly: i === 5 ? 'other' : 'same',
      rule: { name: RULES[rule], id: 5_000 + rule },
      host: { name: `srv-${host}` },
      noise: `n${pick(5)}`,
      bytes: 1_000 + pick(1_000_000) + (label === 'Drop' ? 2_000_000 : 0),
      tags: label === 'Drop' ? ['common', `t${pick(9)}`] : ['common', `t${pick(9)}`, 'odd'],
      command: `powershell -enc ${pick(1e9).toString(36)} ${label === 'Drop' ? 'backup job' : 'download string'} ${pick(1e9)}`,
      source: { ip: `10.0.${pick(3)}.${pick(20)}` },
      ...(i % 150 === 0 ? { seldom: 'x' } : {}),
      closeReason: label === 'Drop' ? 'not real' : 'real',
      answer: label,
    };
    return { alert, label };
  });
}

function adviceOn(count: number, labelEvery: number): { byPath: Map<string, Advice>; all: Advice[] } {
  const statistics = createFieldStatistics();
  for (const [i, { alert, label }] of alertsOf(count).entries())
    statistics.add(alert, labelEvery > 0 && i % labelEvery === 0 ? label : undefined);
  const all = statistics.advice();
  return { all, byPath: new Map(all.map((one) => [one.path, one])) };
}

describe('advice with labels', () => {
  const { all, byPath } = adviceOn(600, 2);
  const kind = (path: string) => byPath.get(path)!.kind;

  it('knows each trap', () => {
    expect(Object.fromEntries(all.map(({ path, kind }) => [path, kind]))).toEqual({
      bytes: 'good',
      'rule.id': 'good',
      tags: 'good',
      command: 'good',
      'host.name': 'good',
      noise: 'good',
      'source.ip': 'good',
      'rule.name': 'duplicate',
      seldom: 'rare',
      '@timestamp': 'time',
      created: 'time',
      id: 'identifier',
      sequence: 'identifier',
      vendor: 'constant',
      nearly: 'constant',
      closeReason: 'leaks_outcome',
      answer: 'leaks_outcome',
    });
    expect(byPath.get('rule.name')!.duplicateOf).toBe('rule.id');
    expect(kind('closeReason')).toBe('leaks_outcome');
  });

  it('ranks by what a field tells about the label', () => {
    const score = (path: string) => byPath.get(path)!.score;
    for (const path of ['bytes', 'tags', 'command']) expect(score(path)).toBeGreaterThan(0.9);
    expect(score('rule.id')).toBeGreaterThan(0.3);
    expect(score('rule.id')).toBeGreaterThan(score('host.name'));
    expect(score('host.name')).toBeGreaterThan(score('noise'));
    for (const path of ['noise', 'source.ip', 'id', 'vendor', 'nearly']) expect(score(path)).toBeLessThan(0.02);
    const good = all.filter((one) => one.kind === 'good').map((one) => one.score);
    expect(good).toEqual([...good].sort((a, b) => b - a));
  });

  it('tells what it saw', () => {
    expect(byPath.get('host.name')).toMatchObject({ coverage: 1, distinct: 6, capped: false, type: 'category' });
    expect(byPath.get('seldom')).toMatchObject({ coverage: 4 / 600, distinct: 1, examples: ['x'] });
    expect(byPath.get('source.ip')!.type).toBe('ip');
    expect(byPath.get('bytes')!.type).toBe('number');
    expect(byPath.get('tags')!.type).toBe('set');
    expect(byPath.get('command')!.type).toBe('text');
    expect(byPath.get('vendor')!.sentence).toBe('No use: it is the same in all alerts.');
    expect(byPath.get('rule.name')!.sentence).toBe('Says the same as rule.id: one of the two is enough.');
    expect(byPath.get('noise')!.sentence).toBe(
      'Tells nothing about the label by itself so far; present in 100 % of the alerts, with 5 different values.',
    );
    expect(byPath.get('rule.id')!.sentence).toMatch(
      /^Explains \d\d % of the label by itself; present in 100 % of the alerts, with 4 different values\.$/,
    );
    expect(byPath.get('seldom')!.sentence).toBe(
      'Rarely of use: only present in less than 1 % of the alerts; it explains 0 % of the label.',
    );
    expect(byPath.get('id')!.sentence).toMatch(/^Better not: it looks like an identifier \(600 different values/);
    for (const { examples } of all) for (const example of examples) expect(example.length).toBeLessThanOrEqual(80);
  });

  it('is the same for the same alerts', () => {
    expect(adviceOn(600, 2).all).toEqual(all);
  });
});

describe('advice before any label', () => {
  const { all, byPath } = adviceOn(600, 0);

  it('puts first what is present, varied and repeats', () => {
    const good = all.filter((one) => one.kind === 'good').map((one) => one.path);
    expect(good.slice(0, 3)).toEqual(['tags', 'source.ip', 'host.name']);
    expect(byPath.get('id')!.kind).toBe('identifier');
    expect(byPath.get('@timestamp')!.kind).toBe('time');
    expect(byPath.get('closeReason')!.kind).toBe('leaks_outcome');
    expect(byPath.get('answer')!.kind).toBe('good');
    expect(byPath.get('host.name')!.sentence).toBe(
      'Good to start with: present in 100 % of the alerts, with 6 different values. There is too little feedback yet to say more.',
    );
  });

  it('says when it is too early', () => {
    const statistics = createFieldStatistics();
    expect(statistics.advice()).toEqual([]);
    statistics.add({ a: 1 }, 'Drop');
    expect([statistics.events, statistics.labelled, statistics.truncated]).toEqual([1, 1, false]);
    expect(statistics.advice()).toEqual([
      {
        path: 'a',
        coverage: 1,
        distinct: 1,
        capped: false,
        examples: ['1'],
        type: 'number',
        kind: 'good',
        score: 0,
        sentence: 'Too early to judge: only 1 alert seen; present in 100 % of the alerts.',
      },
    ]);
  });
});

describe('bounds', () => {
  it('holds a limited number of fields and values', () => {
    const statistics = createFieldStatistics({ maxFields: 2, maxDistinct: 10 });
    for (let i = 0; i < 100; i++) statistics.add({ a: `v${i}`, b: i % 3, c: i }, i % 2 ? 'x' : 'y');
    for (let i = 0; i < 100; i++) statistics.add({ a: `w${i}`, b: i % 3 });
    const all = statistics.advice();
    expect(statistics.truncated).toBe(true);
    expect(all.map(({ path, distinct, capped }) => ({ path, distinct, capped }))).toEqual([
      { path: 'b', distinct: 3, capped: false },
      { path: 'a', distinct: 20, capped: true },
    ]);
    expect(all[1]!.kind).toBe('identifier');
    expect(all[1]!.sentence).toContain('more than 20 different values');
  });

  it('takes long texts, large sets and many labels', () => {
    const statistics = createFieldStatistics();
    for (let i = 0; i < 70; i++) {
      const many = Array.from({ length: 100 }, (_, j) => `${j}-${'y'.repeat(200)}`);
      statistics.add({ long: `${'x'.repeat(2_000)}${i % 2}`, many, half: '\ud83d'.repeat(90) }, `label ${i}`);
    }
    const byPath = new Map(statistics.advice().map((one) => [one.path, one]));
    expect(statistics.labelled).toBe(64);
    expect(byPath.get('long')).toMatchObject({ distinct: 2, examples: [`${'x'.repeat(79)}…`, `${'x'.repeat(79)}…`] });
    expect(byPath.get('many')!.examples[0]).toHaveLength(80);
    expect(byPath.get('half')!.examples[0]!.isWellFormed()).toBe(true);
  });

  it('goes on comparing fields when its sample is full', () => {
    const statistics = createFieldStatistics();
    for (let i = 0; i < 3_000; i++)
      statistics.add({ a: `a${i % 7}`, b: `b${i % 7}`, c: `c${i % 5}`, d: i < 1_500 ? 'p' : `q${i % 7}` });
    const twins = Object.fromEntries(statistics.advice().map(({ path, duplicateOf }) => [path, duplicateOf]));
    expect(twins).toEqual({ a: undefined, b: 'a', c: undefined, d: undefined });
  });

  it('tells measures from counters, and equal numbers that hardly repeat', () => {
    const statistics = createFieldStatistics();
    const source = random(3);
    for (let i = 0; i < 200; i++) {
      const n = source.next() * 1e6;
      statistics.add({ ratio: n, again: n, size: Math.floor(n * 1e3), counter: i * 10, other: source.next() });
    }
    const found = Object.fromEntries(statistics.advice().map(({ path, kind }) => [path, kind]));
    expect(found).toEqual({ ratio: 'duplicate', again: 'good', size: 'good', counter: 'identifier', other: 'good' });
  });
});

const shared = new URL('../../../../shared/data/ait_ads.jsonl.gz', import.meta.url);

describe.runIf(existsSync(shared))('on real alerts (where ../shared/data is present)', () => {
  it('puts the rule first and its name beside it', () => {
    const statistics = createFieldStatistics();
    for (const line of gunzipSync(readFileSync(shared)).toString().trimEnd().split('\n')) {
      const { event, label } = JSON.parse(line);
      statistics.add(event, label);
    }
    const all = statistics.advice();
    expect(all[0]!.path).toMatch(/^rule\./);
    expect(all.find((one) => one.path === '@timestamp')!.kind).toBe('time');
    expect(all.filter((one) => one.kind === 'duplicate').map((one) => one.path)).toHaveLength(1);
  });
});
