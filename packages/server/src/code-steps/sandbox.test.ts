import { parseAlert } from '@verdict/engine';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isPython, LIMITS, type RunnableStep } from './code-step.ts';
import { CodeThreads } from './code-threads.ts';
import { keepNumbers } from './keep-numbers.ts';

const threads = new CodeThreads(1);
afterAll(() => threads.stop());

const step = (source: string, more: Partial<RunnableStep> = {}): RunnableStep => ({
  title: 'mine',
  source,
  variables: {},
  limits: { cpuSeconds: 0.3, memoryMb: LIMITS.memoryMb.least },
  ...more,
});
const run = (source: string, record: unknown = { a: 1 }, more: Partial<RunnableStep> = {}) =>
  threads.run({
    steps: [step(source, more)],
    record: typeof record === 'string' ? record : JSON.stringify(record),
    recordMax: 10_000,
  });

describe('a code step', () => {
  it('changes the record, sees its variables and says things', async () => {
    const ran = await run(
      `function transform(record) {
         console.log('seen', record.a, { b: [1] }); console.error('careful');
         record.where = env_variables.SITE; return record; }`,
      { a: 1 },
      { variables: { SITE: 'Lyon' } },
    );
    expect(ran).toEqual({
      stdout: 'seen 1 {"b":[1]}',
      stderr: 'careful',
      record: '{"a":1,"where":"Lyon"}',
      failure: null,
      exhausted: false,
    });
  });

  it('runs after another on what that one returned; when one fails none counts', async () => {
    const first = step('const transform = (record) => ({ ...record, first: true })');
    const second = step('function transform(record) { return { saw: record.first } }');
    const broken = step('function transform() { return null.x }', { title: 'broken' });
    const order = { record: '{}', recordMax: 100 };
    expect((await threads.run({ ...order, steps: [first, second] })).record).toBe('{"saw":true}');
    const failed = await threads.run({ ...order, steps: [first, broken] });
    expect(failed).toMatchObject({
      record: null,
      failure: `The code step "broken" failed: TypeError: cannot read property 'x' of null`,
    });
    expect(failed.stderr).toContain('step.js:1');
  });

  it.each([
    ['return undefined', 'must return the record'],
    ['return null', 'must return the record'],
    ['return [record]', 'must return the record'],
    ['return Promise.resolve(record)', 'not a promise'],
    ['return { toJSON() { return 5 } }', 'can be written as JSON'],
    ['throw "just text"', 'just text'],
    ['throw { get message() { for (;;); } }', 'failed'],
    ['record.self = record; return record', 'circular'],
    ['return { big: "x".repeat(20000) }', 'at most 10000 are taken'],
    ['let p = record; for (let i = 0; i < 200; i++) p = p.a = {}; return record', 'nested too deeply'],
  ])('that says %s fails and says why', async (body, why) => {
    const ran = await run(`function transform(record) { ${body} }`);
    expect(ran.record).toBeNull();
    expect(`${ran.failure} ${ran.stderr}`).toContain(why);
  });

  it.each(['', 'const x = 1', 'function other() {}'])('without a transform says so: %j', async (source) => {
    expect((await run(source)).failure).toContain('There is no function transform(record)');
  });

  it('that is no JavaScript says where', async () => {
    expect((await run('function transform(record) { return record')).failure).toMatch(/SyntaxError/);
  });

  it.each([
    ['an endless loop', 'for (;;);'],
    ['a loop that catches everything', 'for (;;) { try { for (;;); } catch {} finally { continue } }'],
    ['a regular expression that explodes', `/^(a+)+$/.test('a'.repeat(40) + 'b')`],
    ['endless recursion in promises', 'const f = () => { for (;;); }; f()'],
  ])('with %s ends at its limit of time', async (_, body) => {
    const ran = await run(`function transform(record) { ${body}; return record }`);
    expect(ran).toMatchObject({
      record: null,
      exhausted: true,
      failure: expect.stringMatching(/longer than 0\.3 s|took too long/),
    });
  });

  it('that computes where the interpreter cannot stop it is ended with its thread, and the next one runs', async () => {
    const slow = `function transform(r) { const a = []; for (let i = 0; i < 20000; i++) a.push((i * 7919) % 20011); for (;;) a.slice().sort(); }`;
    const ran = await run(slow, {}, { limits: { cpuSeconds: 0.05, memoryMb: LIMITS.memoryMb.least } });
    expect(ran).toMatchObject({ record: null, exhausted: true });
    expect((await run('function transform(r) { return r }')).record).toBe('{"a":1}');
  });

  it.each([
    ['arrays', 'const all = []; for (;;) all.push(new Array(1000).fill(1));'],
    ['text', 'const all = []; for (let i = 0; ; i++) all.push("x".repeat(1e6) + i);'],
    ['one huge array', 'new Array(2 ** 32 - 1).fill(0)'],
  ])('that fills its memory with %s ends at its limit', async (_, body) => {
    const limits = { cpuSeconds: 3, memoryMb: LIMITS.memoryMb.least };
    const ran = await run(`function transform(record) { ${body} }`, {}, { limits });
    expect(ran).toMatchObject({ record: null, exhausted: true, failure: expect.stringContaining('24 MB of memory') });
  });

  it.each([
    ['calls itself without end', '(function f() { f() })()'],
    ['nests without end', 'let p = record; for (let i = 0; i < 1e5; i++) p = p.a = {}; JSON.stringify(record)'],
    ['parses what is nested without end', `JSON.parse('['.repeat(1e5))`],
  ])('that %s is told so, and harms nobody', async (_, body) => {
    const ran = await run(
      `function transform(record) { ${body}; return record }`,
      {},
      { limits: { cpuSeconds: 3, memoryMb: 64 } },
    );
    expect(ran.failure).toContain('stack overflow');
    expect((await run('function transform(r) { return r }')).record).toBe('{"a":1}');
  });

  it('writes without end: the rest is cut off', async () => {
    const ran = await run(`function transform(r) { for (let i = 0; i < 3000; i++) console.log('x'.repeat(100)); return r }`);
    expect(ran.stdout.length).toBeLessThan(66_000);
    expect(ran.stdout).toContain('cut off');
    expect(ran.record).toBe('{"a":1}');
  });

  it('reaches nothing outside: no network, files, timers, modules, threads', async () => {
    const names = [
      'fetch',
      'require',
      'process',
      'setTimeout',
      'WebSocket',
      'XMLHttpRequest',
      'Worker',
      'WebAssembly',
      'std',
      'os',
    ];
    const ran = await run(
      `function transform() { return { found: ${JSON.stringify(names)}.filter((name) => name in globalThis) } }`,
    );
    expect(ran.record).toBe('{"found":[]}');
    const imported = await run(`function transform(r) { import('node:fs').then(() => console.log('got it')); return r }`);
    expect(imported.stdout).toBe('');
  });

  it('leaves nothing behind for the next event, whatever it does to what is built in', async () => {
    await run(
      `JSON.stringify = () => '{"evil":1}'; Object.prototype.spoiled = 1; globalThis.kept = 1; function transform(r) { return r }`,
    );
    const ran = await run(`function transform(r) { return { kept: typeof kept, spoiled: {}.spoiled === undefined } }`);
    expect(ran.record).toBe('{"kept":"undefined","spoiled":true}');
  });

  it('takes members named __proto__ for what they are', async () => {
    const ran = await run('function transform(r) { return r }', '{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    expect(ran.record).toBe('{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('starts its thread when needed, and ends it when idle', async () => {
    const own = new CodeThreads(1, 50);
    expect(own.count).toBe(0);
    const order = { steps: [step('const transform = (r) => r')], record: '{}', recordMax: 9 };
    expect((await own.run(order)).record).toBe('{}');
    expect(own.count).toBe(1);
    await expect.poll(() => own.count).toBe(0);
    expect((await own.run(order)).record).toBe('{}');
    await own.stop();
    await expect(own.run(order)).rejects.toMatchObject({ code: 'stopping' });
  });

  it('can be ended from outside', async () => {
    const control = new AbortController();
    const running = threads.run(
      { steps: [step('for (;;);', { limits: { cpuSeconds: 10, memoryMb: 24 } })], record: '{}', recordMax: 9 },
      control.signal,
    );
    setTimeout(() => control.abort(new Error('enough')), 50);
    await expect(running).rejects.toThrow('enough');
  });
});

describe('numbers that JavaScript cannot hold', () => {
  it('keep their spelling where a step leaves them alone', async () => {
    const record = '{"id":9223372036854775807,"list":[1e400,{"__proto__":12345678901234567890}],"n":1}';
    const ran = await run('function transform(r) { r.n++; r.extra = r.id; return r }', record);
    expect(ran.record).toBe(
      '{"id":9223372036854775807,"list":[1e+400,{"__proto__":12345678901234567890}],"n":2,"extra":9223372036854776000}',
    );
  });

  it('are the step’s where it changed them', () => {
    expect(keepNumbers('{"a":9223372036854775807}', '{"a":5}')).toBe('{"a":5}');
    expect(keepNumbers('{"a":9223372036854775807}', '{"b":9223372036854776000}')).toBe('{"b":9223372036854776000}');
    expect(keepNumbers('{"a":"9223372036854775807"}', '{"a":"9223372036854775807"}')).toBe('{"a":"9223372036854775807"}');
  });

  it('any record that is returned as it came means the same afterwards', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.bigInt(10n ** 15n, 10n ** 25n), (value, big) => {
        const before = `{"value":${JSON.stringify(value)},"big":${big}}`;
        const after = keepNumbers(before, JSON.stringify(JSON.parse(before)));
        expect(parseAlert(after)).toEqual(parseAlert(before));
      }),
    );
  });
});

it('tells Python from JavaScript', () => {
  expect(isPython('def transform(input_record):\n    return input_record')).toBe(true);
  expect(isPython('  async def transform(r):\n    pass')).toBe(true);
  expect(isPython('function transform(record) {\n  // def transform(record):\n  return record }')).toBe(false);
  expect(isPython('const transform = (record) => record')).toBe(false);
});
