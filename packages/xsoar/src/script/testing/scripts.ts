import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { packFolder } from '../../pack/pack-folder.ts';
import { answerAndRing, type Bell, newBell } from '../../sandbox/bell.ts';
import type { Fields } from '../platform.ts';

/** How long a script waits for an answer of the service, in milliseconds: as long as a test may take. */
const LONGEST_ANSWER = 180_000;

/** What a script ended with: its result, or what it threw. */
export interface Ended {
  readonly result?: unknown;
  readonly thrown?: string;
  /** Fields that it wrote to incidents. */
  readonly noted: readonly Fields[];
  /** Seconds that it asked the platform to wait. */
  readonly waited: number;
}

/** An entry as far as tests look at it. */
export interface TestEntry {
  readonly Contents: Fields;
  readonly HumanReadable: string;
  readonly EntryContext: Fields;
  readonly PollingCommand?: string;
  readonly PollingArgs?: Fields;
}

/** What XSOAR gives a script for one run. */
export interface RunOf {
  readonly script?: 'Verdict' | 'VerdictCloseFeedback' | 'VerdictResendFeedback';
  readonly command?: string;
  readonly args?: Fields;
  readonly params?: Fields;
  readonly incident?: Fields;
  readonly context?: Fields;
  /** What `getIncidents` finds. */
  readonly found?: readonly Fields[];
  /** The version that the platform says it has. */
  readonly version?: string;
  /** Answers in place of a server, by `METHOD /path`; the last one stays. */
  readonly canned?: Readonly<Record<string, readonly object[]>>;
}

/** The built code of the pack. */
export function builtCode(script: NonNullable<RunOf['script']>): string {
  const folder = script === 'Verdict' ? 'Integrations' : 'Scripts';
  return readFileSync(join(packFolder(), folder, script, `${script}.js`), 'utf8');
}

/**
 * The globals of XSOAR that the scripts use, in ES5.1, and `runOne(run, http)`, which runs one script with them. `executeCommand`
 * runs commands of the integration itself. Runs in Node and in duktape.
 */
export function harness(): string {
  const names = ['Verdict', 'VerdictCloseFeedback', 'VerdictResendFeedback'] as const;
  const functions = names.map(
    (name) =>
      `${JSON.stringify(name)}: function (params, args, command, incidents, invContext, http, executeCommand, wait, isDemistoVersionGE) {\n${builtCode(name)}}`,
  );
  return `
var entryTypes = { note: 1, error: 4 };
var formats = { json: 'json', text: 'text', markdown: 'markdown' };
var memory = {};
function getIntegrationContext() { return memory; }
function setIntegrationContext(context) { memory = context; }
function tableToMarkdown(title, rows, headers) {
  function cell(value) {
    if (value === null || value === undefined) return ' ';
    return String(typeof value === 'object' ? JSON.stringify(value) : value).replace(/\\|/g, '\\\\|');
  }
  var lines = ['### ' + title, '| ' + headers.join(' | ') + ' |'];
  rows.forEach(function (row) {
    lines.push('| ' + headers.map(function (name) { return cell(row[name]); }).join(' | ') + ' |');
  });
  return lines.join('\\n') + '\\n';
}
var scripts = {${functions.join(',\n')}};
function runOne(run, http) {
  var noted = [];
  var waited = 0;
  function newer(version) { return !run.version || run.version >= version; }
  function wait(seconds) { waited += seconds; }
  function executeCommand(name, args) {
    if (name === 'setIncident') { noted.push(args); return [{ Type: 1, Contents: 'done' }]; }
    if (name === 'getIncidents') {
      var found = (run.found || []).slice(args.page * args.size, (args.page + 1) * args.size);
      return [{ Type: 1, Contents: { data: found.length > 0 ? found : null, total: 0 } }];
    }
    try {
      return [scripts.Verdict(run.params || {}, args, name, [], {}, http, executeCommand, wait, newer)];
    } catch (thrown) {
      return [{ Type: 4, ContentsFormat: 'text', Contents: String(thrown) }];
    }
  }
  var name = run.script || 'Verdict';
  try {
    var result = scripts[name](run.params || {}, run.args || {}, run.command || '', run.incident ? [run.incident] : [], run.context || {}, http, executeCommand, wait, newer);
    return { result: result, noted: noted, waited: waited };
  } catch (thrown) {
    return { thrown: typeof thrown === 'string' ? thrown : 'NOT A TEXT: ' + thrown, noted: noted, waited: waited };
  }
}
function cannedHttp(canned, calls) {
  var left = {};
  return function (url, request) {
    var key = request.Method + ' ' + url.replace(/^https?:\\/\\/[^\\/]+/, '');
    calls.push({ key: key, body: request.Body, headers: request.Headers });
    var list = canned[key];
    if (!list) throw 'no canned answer for ' + key;
    var turn = left[key] || 0;
    left[key] = turn + 1;
    var answer = list[Math.min(turn, list.length - 1)];
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
}
`;
}

/** Runs scripts of the pack in a thread, where they may wait for a real server that runs in this one. */
export interface ScriptThread {
  run(run: RunOf): Promise<Ended>;
  /** The same, of a command that has to succeed. */
  entry(command: string, args: Fields, more?: RunOf): Promise<TestEntry>;
  stop(): Promise<void>;
}

/** @param params the parameters of the instance, where a run says no other. */
export function startScriptThread(params: Fields): ScriptThread {
  const code = `
const { parentPort, workerData } = require('node:worker_threads');
const { port, bell, longest } = workerData;
const runOne = new Function(workerData.harness + '\\nreturn runOne;')();
import(workerData.bellModule).then(({ sleepUntilAnswer }) => {
  const http = (url, request) => {
    port.postMessage({ url, request });
    const { message } = sleepUntilAnswer(port, bell, longest) || { message: { error: 'no answer in ' + longest + ' ms' } };
    if (message.error) throw new Error(message.error);
    return message.answer;
  };
  parentPort.on('message', (run) => parentPort.postMessage(JSON.stringify(runOne(run, http))));
});`;
  const bell = newBell();
  const bellModule = new URL('../../sandbox/bell.ts', import.meta.url).href;
  const { port1, port2 } = new MessageChannel();
  const workerData = { harness: harness(), port: port2, bell, bellModule, longest: LONGEST_ANSWER };
  const worker = new Worker(code, { eval: true, workerData, transferList: [port2] });
  port1.on('message', (asked: Asked) => answer(asked, port1, bell));
  const broken = new Promise<never>((_, reject) => {
    worker.once('error', reject);
  });
  const run: ScriptThread['run'] = (one) => {
    const ended = new Promise<Ended>((resolve) => {
      worker.once('message', (text: string) => resolve(JSON.parse(text)));
    });
    worker.postMessage({ params, ...one });
    return Promise.race([ended, broken]);
  };
  return {
    run,
    async entry(command, args, more = {}) {
      const { result, thrown } = await run({ command, args, ...more });
      if (thrown !== undefined) throw new Error(`${command}: ${thrown}`);
      return result as TestEntry;
    },
    async stop() {
      port1.close();
      await worker.terminate();
    },
  };
}

interface Asked {
  readonly url: string;
  readonly request: { readonly Method: string; readonly Headers: Record<string, string[]>; readonly Body?: string };
}

/** Sends what the script asked for, and rings. */
async function answer({ url, request }: Asked, port: MessagePort, bell: Bell): Promise<void> {
  try {
    const headers = Object.entries(request.Headers).map(([name, values]): [string, string] => [name, values.join(', ')]);
    const init: RequestInit = { method: request.Method, headers };
    if (request.Body !== undefined) init.body = request.Body;
    const response = await fetch(url, init);
    const Headers = Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]]));
    const answered = { StatusCode: response.status, Status: response.statusText, Body: await response.text(), Headers };
    answerAndRing(port, bell, { answer: answered });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    answerAndRing(port, bell, { error: `Get "${url}": dial tcp: ${cause}` });
  }
}
