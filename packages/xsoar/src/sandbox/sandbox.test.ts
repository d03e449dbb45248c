import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../context/index.ts';
import { ENTRY_TYPES, type Entry, type RunLimits, runScript, type ScriptHost, type ScriptRun } from './index.ts';

interface Heard {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const heard: Heard[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    heard.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() });
    if (request.url === '/silent') return;
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' });
    else response.writeHead(201, { 'x-two': ['a', 'b'], 'content-type': 'application/json' });
    response.end('{"ok":"é"}');
  });
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const run = (script: string, some: Partial<ScriptRun> = {}, host?: ScriptHost, limits?: RunLimits): Promise<Entry[]> =>
  runScript({ name: 'Test', script, command: 'test', args: {}, params: {}, ...some }, host, limits);

/** The contents of the one entry that a script gives. */
async function contents(script: string, some: Partial<ScriptRun> = {}, host?: ScriptHost): Promise<Json> {
  const [entry, ...more] = await run(script, some, host);
  expect(more).toEqual([]);
  expect(entry?.Type).toBe(ENTRY_TYPES.note);
  return entry?.Contents ?? null;
}

async function error(script: string, limits?: RunLimits, some: Partial<ScriptRun> = {}): Promise<string> {
  const entries = await run(script, some, undefined, limits);
  expect(entries).toEqual([{ Type: ENTRY_TYPES.error, ContentsFormat: 'text', Contents: expect.any(String) }]);
  return String(entries[0]?.Contents);
}

describe('what a script returns', () => {
  it('is a text, an entry, a list of both, any other value, or nothing', async () => {
    expect(await run("return 'ok';")).toEqual([{ Type: 1, ContentsFormat: 'text', Contents: 'ok' }]);
    const entry = { Type: 1, ContentsFormat: 'json', Contents: { a: 1 }, HumanReadable: '### T', EntryContext: { A: 1 } };
    expect(await run('return args.entry;', { args: { entry } })).toEqual([entry]);
    expect(await run("return ['a', {Type: entryTypes.note, Contents: 'b', ContentsFormat: formats.text}, [1, 2]];")).toEqual([
      { Type: 1, ContentsFormat: 'text', Contents: 'a' },
      { Type: 1, ContentsFormat: 'text', Contents: 'b' },
      { Type: 1, ContentsFormat: 'json', Contents: [1, 2] },
    ]);
    expect(await run('return {a: 1};')).toEqual([{ Type: 1, ContentsFormat: 'json', Contents: { a: 1 } }]);
    expect(await run('var nothing;')).toEqual([]);
  });

  it('is an error entry where it throws', async () => {
    expect(await error("throw 'No such job.';")).toBe('No such job.');
    expect(await error("throw new Error('No such job.');")).toBe('No such job.');
    expect(await error('\nnothing.at.all;')).toMatch(/^ReferenceError: .*nothing.* \(line 2 of the script\)$/);
    expect(await error('return }')).toMatch(/^SyntaxError/);
    expect(await error("throw {Type: entryTypes.error, ContentsFormat: 'text', Contents: 'x'};")).toBe('x');
    expect(await error('throw {status: 404};')).toBe('{"status":404}');
    expect(await error('throw undefined;')).toBe('undefined');
  });
});

describe('what a script sees', () => {
  it('is the command, arguments, parameters, incident and context', async () => {
    const some = {
      command: 'c',
      args: { a: '1' },
      params: { p: true },
      incidents: [{ name: 'i' }],
      context: { L: [{ id: 1 }, { id: 2 }] },
    };
    const script =
      "return {all: [command, args.a, params.p, incidents[0].name, dq(invContext, 'L(val.id == 2).id'), dq(invContext, 'x')]};";
    expect(await contents(script, some)).toEqual({ all: ['c', '1', true, 'i', 2, null] });
  });

  it('is the table of XSOAR, with text from outside kept in its cell', async () => {
    // The form of the function's own description in XSOAR's CommonServer: title, headings, one line for each row.
    const table = await contents(
      "return tableToMarkdown('Jobs', [{id: 1, t: 'a|b\\nc', l: ['x', 'y']}, {id: 2}], ['id', 't', 'l']);",
    );
    expect(table).toBe('### Jobs\n| id | t | l |\n| --- | --- | --- |\n| 1 | a\\|b<br>c | x,y |\n| 2 |   |   |\n');
    expect(await contents("return tableToMarkdown('None', []);")).toBe('No data returned\n');
    expect(await contents("return tableToMarkdown('', ['a', 'b'], 'V', '', function (h) { return h + '!'; });")).toBe(
      '| V! |\n| --- |\n| a |\n| b |\n',
    );
  });

  it('is nothing of the machine', async () => {
    const names = [
      'process',
      'require',
      'module',
      'fetch',
      'XMLHttpRequest',
      'setTimeout',
      'WebAssembly',
      'console',
      'std',
      'os',
      'host',
      'ask',
    ];
    const script = `return {found: ${JSON.stringify(names)}.filter(function (n) { return typeof globalThis[n] !== 'undefined'; })};`;
    expect(await contents(script)).toEqual({ found: [] });
    expect(await contents("return Function('return typeof process')();")).toBe('undefined');
    expect(await error("return import('node:fs').then(1), undefinedName;")).toMatch(/undefinedName/);
  });

  it('is a store of its own between runs, and a log', async () => {
    const kept: Json[] = [];
    const lines: string[] = [];
    const host: ScriptHost = {
      setIntegrationContext: (value) => kept.push(value),
      log: (level, text) => lines.push(`${level} ${text}`),
    };
    const script =
      "setIntegrationContext({n: getIntegrationContext().n + 1}); log('a', {b: 1}); logError('c'); return String(getIntegrationContext().n);";
    expect(await contents(script, { integrationContext: { n: 4 } }, host)).toBe('5');
    expect(kept).toEqual([{ n: 5 }]);
    expect(lines).toEqual(['info a {"b":1}', 'error c']);
  });

  it('is the commands that it may call', async () => {
    const calls: unknown[] = [];
    const host: ScriptHost = {
      async executeCommand(command, args) {
        calls.push([command, args]);
        return [{ Type: command === 'bad' ? 4 : 1, ContentsFormat: 'json', Contents: { said: command } }];
      },
      setContext: (key, value) => calls.push([key, value]),
    };
    const script = `setContext('A.b', [1]);
      var good = executeCommand('good', {x: 1}), bad = executeCommand('bad');
      return {good: good[0].Contents.said, isError: [isError(good[0]), isError(bad[0])]};`;
    expect(await contents(script, {}, host)).toEqual({ good: 'good', isError: [false, true] });
    expect(calls).toEqual([
      ['A.b', [1]],
      ['good', { x: 1 }],
      ['bad', {}],
    ]);
    expect(await error("executeCommand('x')")).toBe('There is no command x here.');
  });
});

describe('http', () => {
  it('sends what it is told and gives status, body and headers', async () => {
    const script = `return {got: http(params.url + '/x?y=1', {Method: 'POST', Headers: {'X-Key': ['k'], 'X-Two': ['1', '2']}, Body: '{"a":"ü"}'}, false, false)};`;
    expect(await contents(script, { params: { url } })).toMatchObject({
      got: {
        StatusCode: 201,
        Status: '201 Created',
        Body: '{"ok":"é"}',
        Headers: { 'Content-Type': ['application/json'], 'X-Two': ['a', 'b'] },
      },
    });
    expect(heard.at(-1)).toMatchObject({ method: 'POST', body: '{"a":"ü"}', headers: { 'x-key': 'k', 'x-two': '1, 2' } });
  });

  it('does not take a key elsewhere by a redirection', async () => {
    const script = "return String(http(params.url + '/away', {Headers: {'X-Key': ['k']}}).StatusCode);";
    expect(await contents(script, { params: { url } })).toBe('302');
  });

  it.each([
    ['http://127.0.0.1:1/', /^http:\/\/127\.0\.0\.1:1: nothing listens there \[ECONNREFUSED\]$/],
    ['file:///etc/passwd', /neither http nor https/],
    ['nonsense', /is not an address/],
  ])('says why %s cannot be reached', async (address, reason) => {
    expect(await error('http(params.url);', {}, { params: { url: address } })).toMatch(reason);
  });

  it('goes by the proxy of the system where it is told to', async () => {
    const script = "return String(http('http://verdict.invalid/through', {}, false, true).StatusCode);";
    expect(await contents(script, {}, { env: { HTTP_PROXY: url } })).toBe('201');
    expect(heard.at(-1)?.headers.host).toBe('verdict.invalid');
  });

  it('gives up on a server that says nothing', async () => {
    const started = performance.now();
    expect(await error("http(params.url + '/silent');", { timeoutMs: 700 }, { params: { url } })).toBe(
      'Test took longer than 700 ms and was stopped.',
    );
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('limits', () => {
  it('stop what never ends, even where it catches everything', async () => {
    expect(await error('while (true) {}', { computeMs: 300 })).toMatch(/computed for more than 300 ms/);
    expect(await error('while (true) { try { while (true) {} } catch (e) {} }', { computeMs: 300 })).toMatch(/computed for more/);
    expect(await error('wait(60);', { timeoutMs: 500 })).toMatch(/took longer than 500 ms/);
    expect(
      await error("/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!');", { timeoutMs: 1_500, computeMs: 500 }),
    ).toMatch(/computed for more|took longer/);
  });

  it('stop what takes all the memory, nests without end, or returns too much', async () => {
    const small = { memory: 16 * 1024 * 1024 };
    expect(await error('var a = []; while (true) a.push(new Uint8Array(1000000));', small)).toMatch(/memory/);
    expect(await error("var s = 'x'; while (true) s += s;", small)).toMatch(/memory|string/i);
    expect(await error('function f() { return f() + 1; } return f();')).toMatch(/stack|recursion/i);
    expect(await error("return new Array(2000000).join('x');", { output: 1024 * 1024 })).toBe('Test returned more than 1 MiB.');
    expect(await error('var o = {}, p = o; for (var i = 0; i < 500; i++) { p.p = {}; p = p.p; } return o;')).toMatch(
      /levels deep/,
    );
    expect(await error('var o = {}; o.o = o; return o;')).toMatch(/circular/i);
  });

  it('end with the caller', async () => {
    const stop = new AbortController();
    const running = run('wait(60);', {}, undefined, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(running).rejects.toThrow('enough');
    await expect(run("return 'ok';", {}, undefined, { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('hold against tricks with what a script can redefine', async () => {
    expect(await run("JSON.stringify = function () { return '[1]'; }; return 'x';")).toEqual([
      { Type: 1, ContentsFormat: 'text', Contents: '1' },
    ]);
    expect(
      await run('JSON.stringify = function () { while (true) {} }; return 1;', {}, undefined, { computeMs: 300 }),
    ).toMatchObject([{ Type: 4, Contents: expect.stringMatching(/computed/) }]);
    expect(await contents('Object.prototype.polluted = 1; Array.prototype.map = null; return {a: 1};')).toEqual({ a: 1 });
    const [entry] = await run(
      'return {Type: 1, ContentsFormat: "json", Contents: JSON.parse(\'{"__proto__": {"polluted": 1}}\')};',
    );
    expect(entry?.Contents).toEqual({});
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
