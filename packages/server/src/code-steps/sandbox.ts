import release from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
  Scope,
} from 'quickjs-emscripten-core';
import { MAX_DEPTH, MAX_KEYS } from '../ingest/event.ts';
import { findMember } from '../ingest/json-scan.ts';
import { failedRun, type Ran, type RunnableStep, type RunOrder } from './code-step.ts';
import type { Interpreter } from './interpreter.ts';
import { keepNumbers } from './keep-numbers.ts';

/** What is used of WebAssembly: Node has it, its types do not. */
declare namespace WebAssembly {
  class Memory {
    constructor(pages: { readonly initial: number; readonly maximum: number });
  }
}

/** Characters of stdout and of stderr that are kept. */
const OUTPUT_MAX = 64 * 1024;
/** Bytes of the interpreter's own stack; the thread has far more, so that this limit is met first. */
const STACK_BYTES = 256 * 1024;
const WASM_PAGE = 64 * 1024;
/** Pages that the interpreter is built to begin with. */
const FIRST_PAGES = 256;
/** Characters of an error that are told. */
const ERROR_MAX = 4_000;

/**
 * Runs first in each context: gives `console` and the variables to the step, and keeps what it needs later out of the step's reach. Dates and
 * random numbers are those of the interpreter; there is no network, no file, no timer and no module to import.
 */
const BOOT = `(function (print, warn, variables) {
  'use strict';
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { freeze } = Object;
  const text = (value) => {
    if (typeof value === 'string') return value;
    try {
      const json = stringify(value);
      return json === undefined ? String(value) : json;
    } catch {
      return String(value);
    }
  };
  const to = (out) => (...values) => {
    let line = '';
    for (let i = 0; i < values.length; i++) line += (i > 0 ? ' ' : '') + text(values[i]);
    out(line);
  };
  globalThis.console = { log: to(print), info: to(print), debug: to(print), warn: to(warn), error: to(warn) };
  globalThis.env_variables = freeze(parse(variables));
  return (transform, record) => {
    if (typeof transform !== 'function') return 'There is no function transform(record) in it.';
    const made = transform(parse(record));
    if (typeof made !== 'object' || made === null || isArray(made)) return 'transform(record) must return the record, an object.';
    if (typeof made.then === 'function') return 'transform(record) must return the record itself, not a promise: it cannot wait for anything.';
    const json = stringify(made);
    return json === undefined || json[0] !== '{' ? 'transform(record) must return an object that can be written as JSON.' : [json];
  };
})`;

/** A step ended otherwise than by returning a record. */
class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly exhausted: boolean;

  constructor(message: string, exhausted = false) {
    super(message);
    this.exhausted = exhausted;
  }
}

/**
 * Runs code that customers wrote, in QuickJS: an interpreter inside WebAssembly, with memory of its own that cannot grow beyond the limit.
 * Each run has a context of its own, so that no event leaves anything behind for the next. It computes without pause, so it belongs in a
 * thread that can be ended.
 */
export class Sandbox {
  readonly #interpreter: Interpreter;
  #loaded: { readonly memoryMb: number; readonly quickjs: QuickJSWASMModule } | undefined;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  /** Runs the steps, each on what the one before it returned. @param cpuNow milliseconds of computing of this thread so far. */
  async run(order: RunOrder, cpuNow: () => number): Promise<Ran> {
    const out = new Output();
    let record = order.record;
    for (const step of order.steps) {
      try {
        const quickjs = await this.#load(step.limits.memoryMb);
        record = runStep(quickjs, step, record, out, cpuNow);
        checkRecord(record, order.recordMax);
      } catch (error) {
        // After an error of the interpreter itself nothing is known of its memory; a large one is given back.
        if (!(error instanceof StepFailed) || error.exhausted) this.#loaded = undefined;
        const message = error instanceof StepFailed ? error.message : `The interpreter failed (${nameOf(error)}).`;
        const [sentence = ''] = message.split('\n', 1);
        out.warn(message);
        return failedRun(`The code step "${step.title}" failed: ${sentence}`, {
          ...out.texts(),
          exhausted: !(error instanceof StepFailed) || error.exhausted,
        });
      }
    }
    return { ...out.texts(), record: keepNumbers(order.record, record), failure: null, exhausted: false };
  }

  async #load(memoryMb: number): Promise<QuickJSWASMModule> {
    if (this.#loaded?.memoryMb === memoryMb) return this.#loaded.quickjs;
    const maximum = Math.max(FIRST_PAGES, Math.floor((memoryMb * 1024 * 1024) / WASM_PAGE));
    const wasmMemory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum });
    const quickjs = await newQuickJSWASMModuleFromVariant(
      newVariant(synchronous(release), { wasmModule: this.#interpreter, wasmMemory }),
    );
    this.#loaded = { memoryMb, quickjs };
    return quickjs;
  }
}

/** A record may be no larger, deeper or wider than an alert may. */
function checkRecord(record: string, most: number): void {
  const found = findMember(Buffer.from(`{"record":${record}}`), 'record');
  const bytes = Buffer.byteLength(record);
  if (bytes > most) throw new StepFailed(`The record it returned has ${bytes} bytes; at most ${most} are taken.`);
  if (!found || found.depth > MAX_DEPTH)
    throw new StepFailed(`The record it returned is nested too deeply; at most ${MAX_DEPTH} levels are taken.`);
  if (found.keys > MAX_KEYS)
    throw new StepFailed(`The record it returned has ${found.keys} members; at most ${MAX_KEYS} are taken.`);
}

/** The build of QuickJS; its types describe the CommonJS one, where it lies a level deeper. */
function synchronous(module: unknown): QuickJSSyncVariant {
  if (isVariant(module)) return module;
  const inner = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (isVariant(inner)) return inner;
  throw new TypeError('The QuickJS package holds no build that is known here.');
}

function isVariant(value: unknown): value is QuickJSSyncVariant {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'sync';
}

function runStep(quickjs: QuickJSWASMModule, step: RunnableStep, record: string, out: Output, cpuNow: () => number): string {
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(STACK_BYTES);
  const ends = cpuNow() + step.limits.cpuSeconds * 1_000;
  let late = false;
  runtime.setInterruptHandler(() => {
    late ||= cpuNow() > ends;
    return late;
  });
  const context = runtime.newContext();
  const free = (): void => {
    context.dispose();
    runtime.dispose();
  };
  try {
    const text = Scope.withScope((scope) => call(context, scope, step, record, out, () => late));
    free();
    return text;
  } catch (error) {
    // What was interrupted may have left something behind: it goes with its thread.
    if (error instanceof StepFailed && !error.exhausted) free();
    throw error;
  }
}

function call(
  context: QuickJSContext,
  scope: Scope,
  step: RunnableStep,
  record: string,
  out: Output,
  isLate: () => boolean,
): string {
  /** What came of a piece of code, or the step's error. */
  const take = (result: ReturnType<QuickJSContext['evalCode']>): QuickJSHandle => {
    if (!result.error) return scope.manage(result.value);
    const told = describe(context.dump(scope.manage(result.error)));
    if (isLate()) throw new StepFailed(`It took longer than ${step.limits.cpuSeconds} s of computing.`, true);
    if (told.startsWith('InternalError: out of memory'))
      throw new StepFailed(`It needed more than ${step.limits.memoryMb} MB of memory.`, true);
    throw new StepFailed(told);
  };
  const text = (value: string) => scope.manage(context.newString(value));
  const says = (name: string, tell: (line: string) => void) =>
    scope.manage(
      context.newFunction(name, (line) => {
        tell(context.getString(line));
      }),
    );
  const boot = take(context.evalCode(BOOT, 'verdict.js'));
  const print = says('print', (line) => out.print(line));
  const warn = says('warn', (line) => out.warn(line));
  const variables = text(JSON.stringify(step.variables));
  const apply = take(context.callFunction(boot, context.undefined, print, warn, variables));
  take(context.evalCode(step.source, 'step.js'));
  const transform = take(context.evalCode('typeof transform === "undefined" ? undefined : transform', 'verdict.js'));
  const made = take(context.callFunction(apply, context.undefined, transform, text(record)));
  if (context.typeof(made) === 'string') throw new StepFailed(context.getString(made));
  return context.getString(scope.manage(context.getProp(made, 0)));
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error).slice(0, ERROR_MAX);
  const { name, message, stack } = error as { name?: unknown; message?: unknown; stack?: unknown };
  const head = typeof message === 'string' ? `${typeof name === 'string' ? name : 'Error'}: ${message}` : 'It threw an object.';
  const where = typeof stack === 'string' ? stack.split('\n').filter((line) => line.includes('step.js')) : [];
  return [head.replaceAll(/\s*\n\s*/g, ' '), ...where].join('\n').slice(0, ERROR_MAX);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** What a step wrote, held to a size. */
class Output {
  #stdout = '';
  #stderr = '';

  print(line: string): void {
    this.#stdout = added(this.#stdout, line);
  }

  warn(line: string): void {
    this.#stderr = added(this.#stderr, line);
  }

  texts(): { stdout: string; stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }
}

const CUT = '\n(what follows was cut off)';

function added(text: string, line: string): string {
  if (text.endsWith(CUT)) return text;
  const all = text === '' ? line : `${text}\n${line}`;
  return all.length <= OUTPUT_MAX ? all : all.slice(0, OUTPUT_MAX) + CUT;
}
