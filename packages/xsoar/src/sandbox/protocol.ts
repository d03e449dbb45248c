import type { MessagePort } from 'node:worker_threads';
import type { Context, Json, JsonObject } from '../context/index.ts';
import type { Bell } from './bell.ts';

/** What the sandbox's thread is given. */
export interface SandboxOrder {
  readonly name: string;
  readonly script: string;
  readonly command: string;
  readonly args: JsonObject;
  readonly params: JsonObject;
  readonly incidents: readonly Json[];
  readonly context: Context;
  readonly integrationContext: Json;
  readonly limits: Limits;
  /** Wakes the thread when an answer lies in `port`. */
  readonly bell: Bell;
  readonly port: MessagePort;
}

export interface Limits {
  /** All of it, with what is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** Computing alone, in milliseconds. */
  readonly computeMs: number;
  /** Memory of the script, in bytes. */
  readonly memory: number;
  /** What the script returns, in UTF-16 units of JSON. */
  readonly output: number;
}

export interface HttpRequest {
  readonly url: string;
  readonly options: Json;
  readonly insecure: boolean;
  readonly proxy: boolean;
}

/** What a script asks of the world; each of these waits for its answer. */
export type Question =
  | { readonly kind: 'http'; readonly request: HttpRequest }
  | { readonly kind: 'executeCommand'; readonly command: string; readonly args: JsonObject }
  | { readonly kind: 'setContext'; readonly key: string; readonly value: Json };

export type Answer = { readonly value: Json } | { readonly error: string };

export type FromSandbox =
  /** The interpreter is there; the time runs from now on. */
  | { readonly type: 'ready' }
  | { readonly type: 'question'; readonly question: Question }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'integrationContext'; readonly value: Json }
  /** JSON of what the script returned, or undefined. */
  | { readonly type: 'returned'; readonly json: string | undefined }
  | { readonly type: 'threw'; readonly entry: Json }
  | { readonly type: 'failed'; readonly sentence: string };

export type LogLevel = 'debug' | 'info' | 'error';

export function timeoutSentence(name: string, timeoutMs: number): string {
  return `${name} took longer than ${duration(timeoutMs)} and was stopped.`;
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}
