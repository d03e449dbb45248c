import { readFileSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten-core';
import { ContextError, copyJson, isObject, type Json, type JsonObject, readPath } from '../context/index.ts';
import { sleepUntilAnswer } from './bell.ts';
import { ENTRY_TYPES, FORMATS } from './entry.ts';
import {
  type Answer,
  duration,
  type FromSandbox,
  type HttpRequest,
  type LogLevel,
  type Question,
  type SandboxOrder,
  timeoutSentence,
} from './protocol.ts';

const order: SandboxOrder = workerData;
/** The version of XSOAR that this acts as. */
const PLATFORM = '6.10.0';
const STACK = 512 * 1024;
const MOST_QUESTIONS = 1_000;
const MOST_LOG_LINES = 1_000;
const LONGEST_LOG_LINE = 10_000;
const LONGEST_SENTENCE = 10_000;

let waited = 0;
let questions = 0;
let logLines = 0;
/** Why the interpreter was stopped, where it was. */
let stopped: string | undefined;

const port: MessagePort = order.port;
const module = await newQuickJSWASMModuleFromVariant(import('@jitl/quickjs-wasmfile-release-sync'));
say({ type: 'ready' });
const started = performance.now();
say(run(module.newContext()));

function run(vm: QuickJSContext): FromSandbox {
  vm.runtime.setMemoryLimit(order.limits.memory);
  vm.runtime.setMaxStackSize(STACK);
  vm.runtime.setInterruptHandler(() => {
    const now = performance.now() - started;
    if (now > order.limits.timeoutMs) stopped = timeoutSentence(order.name, order.limits.timeoutMs);
    else if (now - waited > order.limits.computeMs) {
      stopped = `${order.name} computed for more than ${duration(order.limits.computeMs)} without an end and was stopped.`;
    }
    return stopped !== undefined;
  });
  try {
    const tools = prepare(vm);
    const compiled = vm.evalCode(`(function () {${order.script}\n})`, `${order.name}.js`);
    const returned = compiled.error ? compiled : vm.callFunction(compiled.value, vm.global);
    if (returned.error) return threw(vm, tools, returned.error);
    const finish = vm.getProp(tools, 'finish');
    const json = vm.callFunction(finish, vm.undefined, returned.value);
    if (stopped !== undefined) return fail(stopped);
    if (json.error) return threw(vm, tools, json.error);
    if (vm.typeof(json.value) !== 'string') return { type: 'returned', json: undefined };
    const text = vm.getString(json.value);
    if (text.length > order.limits.output) return fail(`${order.name} returned more than ${megabytes(order.limits.output)}.`);
    return { type: 'returned', json: text };
  } catch (error) {
    return fail(stopped ?? `${order.name} could not be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Sets the globals up; gives what reads the result. */
function prepare(vm: QuickJSContext): QuickJSHandle {
  const code = readFileSync(new URL('./prelude.js', import.meta.url), 'utf8');
  const prelude = vm.unwrapResult(vm.evalCode(code, 'prelude.js'));
  const host = vm.newFunction('host', (kind, json) => {
    const answer = answerTo(vm.getString(kind), vm.getString(json));
    return vm.newString(JSON.stringify(answer));
  });
  const { command, args, params, incidents, context, integrationContext } = order;
  const input = {
    command,
    args,
    params,
    incidents,
    context,
    integrationContext,
    entryTypes: ENTRY_TYPES,
    formats: FORMATS,
    platformVersion: PLATFORM,
  };
  const given = vm.unwrapResult(vm.evalCode(`JSON.parse(${JSON.stringify(JSON.stringify(input))})`));
  return vm.unwrapResult(vm.callFunction(prelude, vm.global, host, given));
}

function answerTo(kind: string, json: string): Answer {
  try {
    const value = copyJson(JSON.parse(json));
    switch (kind) {
      case 'http':
        return ask({ kind, request: httpRequestOf(value) });
      case 'executeCommand':
        return ask({ kind, command: member(value, 'command'), args: isObject(value) && isObject(value.args) ? value.args : {} });
      case 'setContext':
        return ask({ kind, key: member(value, 'key'), value: (isObject(value) ? value.value : undefined) ?? null });
      case 'dq':
        return { value: (isObject(value) ? readPath(value.value ?? null, member(value, 'path')) : undefined) ?? null };
      case 'wait':
        return pause(typeof value === 'number' ? value : 0);
      case 'log':
        return log(member(value, 'level') === 'error' ? 'error' : member(value, 'level') === 'debug' ? 'debug' : 'info', value);
      case 'setIntegrationContext':
        say({ type: 'integrationContext', value });
        return { value: null };
      default:
        return { error: `There is no ${kind}.` };
    }
  } catch (error) {
    if (error instanceof ContextError) return { error: error.message };
    throw error;
  }
}

function httpRequestOf(value: Json): HttpRequest {
  const object: JsonObject = isObject(value) ? value : {};
  return {
    url: member(value, 'url'),
    options: object.options ?? {},
    insecure: object.insecure === true,
    proxy: object.proxy === true,
  };
}

/** Puts a question to the main thread and sleeps until the answer is there. */
function ask(question: Question): Answer {
  questions += 1;
  if (questions > MOST_QUESTIONS) return { error: `More than ${MOST_QUESTIONS} requests and commands in one run.` };
  const from = performance.now();
  say({ type: 'question', question });
  const answer = sleepUntilAnswer<Answer>(port, order.bell, remaining());
  waited += performance.now() - from;
  if (answer === undefined) {
    stopped = timeoutSentence(order.name, order.limits.timeoutMs);
    return { error: stopped };
  }
  return answer.message;
}

function pause(forSeconds: number): Answer {
  const from = performance.now();
  const wanted = Math.max(forSeconds, 0) * 1000 || 0;
  const ms = Math.min(wanted, remaining());
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  waited += performance.now() - from;
  if (ms < wanted) stopped = timeoutSentence(order.name, order.limits.timeoutMs);
  return { value: null };
}

function log(level: LogLevel, value: Json): Answer {
  logLines += 1;
  if (logLines <= MOST_LOG_LINES) say({ type: 'log', level, text: member(value, 'text').slice(0, LONGEST_LOG_LINE) });
  return { value: null };
}

/** Says what was thrown; nothing of the script can catch that it was stopped. */
function threw(vm: QuickJSContext, tools: QuickJSHandle, error: QuickJSHandle): FromSandbox {
  if (stopped !== undefined) return fail(stopped);
  const explained = vm.callFunction(vm.getProp(tools, 'explain'), vm.undefined, error);
  if (stopped !== undefined) return fail(stopped);
  if (explained.error) return fail(`${order.name} ended without saying why; it may have used all of its memory.`);
  const what = copyJson(JSON.parse(vm.getString(explained.value)));
  if (isObject(what) && what.entry !== undefined) return { type: 'threw', entry: what.entry };
  const sentence = member(what, 'sentence');
  const known = /out of memory/.test(sentence)
    ? `${order.name} used more than ${megabytes(order.limits.memory)} of memory.`
    : sentence;
  return fail(known.length > LONGEST_SENTENCE ? `${known.slice(0, LONGEST_SENTENCE)}…` : known);
}

function remaining(): number {
  return Math.max(0, order.limits.timeoutMs - (performance.now() - started));
}

function fail(sentence: string): FromSandbox {
  return { type: 'failed', sentence };
}

function say(message: FromSandbox): void {
  parentPort?.postMessage(message);
}

function member(value: Json, name: string): string {
  const found = isObject(value) ? value[name] : undefined;
  return typeof found === 'string' ? found : '';
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
