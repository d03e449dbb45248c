import { MessageChannel, Worker } from 'node:worker_threads';
import { type Context, ContextError, copyJson, type Json, type JsonObject } from '../context/index.ts';
import { answerAndRing, newBell } from './bell.ts';
import { ENTRY_TYPES, type Entry, entriesOf, errorEntry } from './entry.ts';
import { answerHttp } from './http.ts';
import {
  type Answer,
  type FromSandbox,
  type Limits,
  type LogLevel,
  type Question,
  type SandboxOrder,
  timeoutSentence,
} from './protocol.ts';

/** A script and all that it can see. */
export interface ScriptRun {
  /** For sentences and line numbers. */
  readonly name: string;
  readonly script: string;
  readonly command: string;
  readonly args: JsonObject;
  readonly params: JsonObject;
  readonly incidents?: readonly Json[];
  readonly context?: Context;
  readonly integrationContext?: Json;
}

/** What of the world a script may touch besides `http`. */
export interface ScriptHost {
  /** `executeCommand` of a script; without it the script is told that there are no commands. */
  executeCommand?(command: string, args: JsonObject): Promise<readonly Entry[]>;
  setContext?(key: string, value: Json): void;
  setIntegrationContext?(value: Json): void;
  log?(level: LogLevel, text: string): void;
  /** Where the system's proxy is named. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface RunLimits extends Partial<Limits> {
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

const LIMITS: Limits = { timeoutMs: 300_000, computeMs: 30_000, memory: 128 * 1024 * 1024, output: 25 * 1024 * 1024 };
const START_MS = 30_000;
/** After the time that a script has, before its thread is ended from outside. */
const GRACE_MS = 500;
/** Of the thread around the script, in MiB. */
const THREAD_MEMORY = 512;

/**
 * Runs a script of XSOAR in a thread of its own, inside of an interpreter that has no other access to anything than `http` and what
 * `host` offers. What goes wrong (a thrown value, a limit) is an error entry, as XSOAR shows it.
 * @throws the reason of `signal` when it was aborted.
 */
export async function runScript(run: ScriptRun, host: ScriptHost = {}, { signal, ...some }: RunLimits = {}): Promise<Entry[]> {
  signal?.throwIfAborted();
  const limits: Limits = { ...LIMITS, ...some };
  const { port1, port2 } = new MessageChannel();
  const bell = newBell();
  const order: SandboxOrder = {
    name: run.name,
    script: run.script,
    command: run.command,
    args: run.args,
    params: run.params,
    incidents: run.incidents ?? [],
    context: run.context ?? {},
    integrationContext: run.integrationContext ?? {},
    limits,
    bell,
    port: port2,
  };
  const worker = startWorker(order);
  const ended = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Entry[]>();
  let timer = setTimeout(() => resolve([errorEntry(`${run.name} could not be started in time.`)]), START_MS);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const answer = (answered: Answer) => {
    if (ended.signal.aborted) return;
    answerAndRing(port1, bell, answered);
  };
  worker.on('message', (message: FromSandbox) => {
    if (message.type === 'ready') {
      clearTimeout(timer);
      timer = setTimeout(() => resolve([errorEntry(timeoutSentence(run.name, limits.timeoutMs))]), limits.timeoutMs + GRACE_MS);
    } else if (message.type === 'question') {
      const timeout = AbortSignal.any([ended.signal, AbortSignal.timeout(limits.timeoutMs)]);
      void answerTo(message.question, host, timeout).then(answer, (error: unknown) => answer({ error: sentenceOf(error) }));
    } else if (message.type === 'log') host.log?.(message.level, message.text);
    else if (message.type === 'integrationContext') host.setIntegrationContext?.(message.value);
    else resolve(entriesFrom(message, run.name));
  });
  worker.on('error', (error) => resolve([errorEntry(`${run.name} was ended: ${error.message}.`)]));
  worker.on('exit', () => resolve([errorEntry(`${run.name} ended without a result.`)]));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    ended.abort();
    port1.close();
    await worker.terminate();
  }
}

function startWorker(order: SandboxOrder): Worker {
  const source = import.meta.url.endsWith('.ts');
  return new Worker(new URL(source ? './sandbox-worker.ts' : './sandbox-worker.js', import.meta.url), {
    workerData: order,
    transferList: [order.port],
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY },
    // Nothing of this process's surroundings is for a stranger's script.
    env: {},
    ...(source ? { execArgv: ['--conditions=source'] } : {}),
  });
}

async function answerTo(question: Question, host: ScriptHost, signal: AbortSignal): Promise<Answer> {
  switch (question.kind) {
    case 'http':
      return answerHttp(question.request, signal, host.env ?? {});
    case 'executeCommand': {
      if (host.executeCommand === undefined) return { error: `There is no command ${question.command} here.` };
      return { value: copyJson(await host.executeCommand(question.command, question.args)) };
    }
    case 'setContext':
      if (host.setContext === undefined) return { error: 'There is no context here.' };
      host.setContext(question.key, question.value);
      return { value: null };
  }
}

type Ending = Extract<FromSandbox, { type: 'returned' | 'threw' | 'failed' }>;

function entriesFrom(message: Ending, name: string): Entry[] {
  if (message.type === 'failed') return [errorEntry(message.sentence)];
  try {
    if (message.type === 'threw') return entriesOf([message.entry]).map((entry) => ({ ...entry, Type: ENTRY_TYPES.error }));
    return message.json === undefined ? [] : entriesOf(JSON.parse(message.json));
  } catch (error) {
    if (error instanceof ContextError) return [errorEntry(`What ${name} returned cannot be used. ${error.message}`)];
    throw error;
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
