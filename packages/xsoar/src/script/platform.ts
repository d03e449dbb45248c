/**
 * What XSOAR gives a script, typed, and nothing else: everything else here is ours. Written for an engine that knows ES5.1 and its
 * library only (`tsconfig.script.json` holds it to that), synchronous, without modules.
 */

export type Fields = Readonly<Record<string, unknown>>;

interface HttpRequest {
  readonly Method: string;
  readonly Headers: Readonly<Record<string, readonly string[]>>;
  readonly Body?: string;
}

export interface HttpAnswer {
  readonly StatusCode?: number;
  readonly Status?: string;
  readonly Body?: string;
  readonly Headers?: Readonly<Record<string, readonly string[] | string>>;
}

/** What a command gives back: an entry of the War Room. */
export interface Entry {
  readonly Type: number;
  readonly ContentsFormat: string;
  readonly Contents: unknown;
  readonly ReadableContentsFormat?: string;
  readonly HumanReadable?: string;
  readonly EntryContext?: Fields;
  /** Ask the platform to run a command again later, in place of a result. */
  readonly PollingCommand?: string;
  readonly NextRun?: string;
  readonly Timeout?: string;
  readonly PollingArgs?: Fields;
}

declare const params: Fields;
declare const args: Fields;
declare const command: string;
declare const incidents: readonly Fields[];
declare const invContext: Fields;
declare const entryTypes: { readonly note: number; readonly error: number };
declare const formats: { readonly json: string; readonly text: string; readonly markdown: string };
declare function http(url: string, request: HttpRequest, insecure: boolean, proxy: boolean): HttpAnswer | null | undefined;
declare function tableToMarkdown(title: string, rows: readonly Fields[], headers: readonly string[]): string;
declare function executeCommand(name: string, args: Fields): readonly Entry[] | null | undefined;
// Not on every version of the platform, so they are looked for first.
declare const wait: ((seconds: number) => void) | undefined;
declare const isDemistoVersionGE: ((version: string) => boolean) | undefined;
declare const getIntegrationContext: (() => Fields | null | undefined) | undefined;
declare const setIntegrationContext: ((context: Fields) => void) | undefined;

/** Version of XSOAR from which on it runs a command again by itself. */
const SCHEDULES_FROM = '6.2.0';

export function instanceParameters(): Fields {
  return typeof params === 'undefined' || !params ? {} : params;
}

export function givenArguments(): Fields {
  return typeof args === 'undefined' || !args ? {} : args;
}

export function givenCommand(): string {
  return command;
}

export function currentIncident(): Fields {
  return typeof incidents === 'undefined' || !incidents || !incidents[0] ? {} : incidents[0];
}

/** The context of the investigation. */
export function currentContext(): Fields {
  return typeof invContext === 'undefined' || !invContext ? {} : invContext;
}

/** Ends the command with a sentence for whoever reads the War Room. Texts are what XSOAR shows without a stack around them. */
export function fail(sentence: string): never {
  throw sentence;
}

/** The sentence of whatever was thrown. */
export function sentenceOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const message = thrown && typeof thrown === 'object' ? (thrown as { message?: unknown }).message : undefined;
  return typeof message === 'string' ? message : String(thrown);
}

/** Sends a request. Where nothing answered, XSOAR throws or answers without a status: both come back as `StatusCode` 0. */
export function sendHttp(url: string, request: HttpRequest, insecure: boolean, proxy: boolean): HttpAnswer {
  try {
    return http(url, request, insecure, proxy) || { StatusCode: 0 };
  } catch (thrown) {
    return { StatusCode: 0, Status: sentenceOf(thrown) };
  }
}

/** Runs a command of the platform; what it cannot run comes back as one entry with an error. */
export function runCommand(name: string, given: Fields): readonly Entry[] {
  try {
    return executeCommand(name, given) || [];
  } catch (thrown) {
    return [{ Type: entryTypes.error, ContentsFormat: formats.text, Contents: sentenceOf(thrown) }];
  }
}

export function isErrorEntry(entry: Entry): boolean {
  return entry.Type === entryTypes.error;
}

/** True where the platform runs a command again by itself when its entry says so. */
export function canSchedule(): boolean {
  return typeof isDemistoVersionGE === 'function' ? isDemistoVersionGE(SCHEDULES_FROM) : true;
}

/**
 * Pauses the script.
 * @returns false where the platform has no way to.
 */
export function pause(seconds: number): boolean {
  if (typeof wait !== 'function') return false;
  wait(seconds);
  return true;
}

/** What the instance keeps between two commands. */
export function readMemory(): Fields {
  return (typeof getIntegrationContext === 'function' && getIntegrationContext()) || {};
}

export function writeMemory(memory: Fields): void {
  if (typeof setIntegrationContext !== 'function') {
    fail('This version of XSOAR keeps nothing for an instance: set the default job id in its parameters.');
  }
  setIntegrationContext(memory);
}

/** Both together, in a new object; the members of the second win. Written out, for engines without the copying of newer ones. */
export function merged<A extends object, B extends object>(first: A, second: B): A & B {
  const both: Record<string, unknown> = {};
  const copy = (from: Fields) => {
    Object.keys(from).forEach((name) => {
      both[name] = from[name];
    });
  };
  copy(first as Fields);
  copy(second as Fields);
  return both as A & B;
}

/** An entry with a result: JSON for playbooks, Markdown for people, and what goes into the context. */
export function resultEntry(contents: unknown, humanReadable: string, context?: Fields): Entry {
  const entry: Entry = {
    Type: entryTypes.note,
    ContentsFormat: formats.json,
    Contents: contents,
    ReadableContentsFormat: formats.markdown,
    HumanReadable: humanReadable,
  };
  return context ? merged(entry, { EntryContext: context }) : entry;
}

/** A table in Markdown, made by XSOAR’s own helper. */
export function table(title: string, rows: readonly Fields[], headers: readonly string[]): string {
  return tableToMarkdown(title, rows, headers);
}
