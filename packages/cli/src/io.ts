import type { Readable, Writable } from 'node:stream';

/** What a command may touch of the world around it. */
export interface Io {
  readonly in: Readable & { readonly isTTY?: boolean };
  readonly out: Writable;
  /** Progress, questions and complaints; what a command answers goes to `out`. */
  readonly err: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks long commands to end after what they are at. */
  readonly signal: Pick<AbortSignal, 'aborted'>;
  /** From here on Ctrl-C ends the command at once: it computes without a pause and leaves nothing half done. */
  endAtOnce(): void;
}

/** A sentence for the person at the terminal; the command ends with status 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

export function say(io: Io, text = ''): void {
  io.out.write(`${text}\n`);
}

export function note(io: Io, text = ''): void {
  io.err.write(`${text}\n`);
}

export function sayJson(io: Io, value: unknown): void {
  say(io, JSON.stringify(value));
}

/** A list out of `a,b,c`; blanks around and empty ones do not count. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
