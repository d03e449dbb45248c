import { copyJson, isList, isObject, type Json, type JsonObject, textOf } from '../context/index.ts';

/** What a command puts into the War Room. */
export interface Entry {
  readonly Type: number;
  readonly ContentsFormat: string;
  readonly Contents: Json;
  readonly ReadableContentsFormat?: string;
  readonly HumanReadable?: string;
  readonly EntryContext?: JsonObject;
  /** Not done yet: this command is to be run with `PollingArgs` in `NextRun` seconds, for at most `Timeout` seconds in all. */
  readonly PollingCommand?: string;
  readonly NextRun?: number;
  readonly Timeout?: number;
  readonly PollingArgs?: JsonObject;
}

/** XSOAR's numbers of the types of entries. */
export const ENTRY_TYPES = {
  note: 1,
  downloadAgent: 2,
  file: 3,
  error: 4,
  pinned: 5,
  userManagement: 6,
  image: 7,
  playgroundError: 8,
  entryInfoFile: 9,
  warning: 11,
  map: 15,
  debug: 16,
  widget: 17,
} as const;

export const FORMATS = {
  html: 'html',
  table: 'table',
  json: 'json',
  text: 'text',
  dbotResponse: 'dbotCommandResponse',
  markdown: 'markdown',
} as const;

export function isError(entry: Entry): boolean {
  return entry.Type === ENTRY_TYPES.error || entry.Type === ENTRY_TYPES.playgroundError;
}

export function errorEntry(sentence: string): Entry {
  return { Type: ENTRY_TYPES.error, ContentsFormat: FORMATS.text, Contents: sentence };
}

export function noteEntry(text: string): Entry {
  return { Type: ENTRY_TYPES.note, ContentsFormat: FORMATS.text, Contents: text };
}

/** What an entry says to a person: the readable text, else the contents. */
export function readableText(entry: Entry): string {
  if (entry.HumanReadable !== undefined && entry.HumanReadable !== '') return entry.HumanReadable;
  return isObject(entry.Contents) || isList(entry.Contents) ? JSON.stringify(entry.Contents, null, 2) : textOf(entry.Contents);
}

/**
 * The entries that a script's result stands for, as XSOAR takes it: a text, an entry, a list of both, or any other value, which becomes
 * the contents of one. Nothing gives no entry.
 * @throws ContextError where the result is too large or too deep.
 */
export function entriesOf(result: unknown): Entry[] {
  if (result === undefined || result === null) return [];
  const json = copyJson(result);
  return isList(json) ? json.map(entryOf) : [entryOf(json)];
}

function entryOf(json: Json): Entry {
  if (!isObject(json)) return isList(json) ? jsonEntry(json) : noteEntry(textOf(json));
  if (typeof json.Type !== 'number') return jsonEntry(json);
  return {
    Type: json.Type,
    ContentsFormat: typeof json.ContentsFormat === 'string' ? json.ContentsFormat : FORMATS.text,
    Contents: json.Contents ?? null,
    ...(typeof json.ReadableContentsFormat === 'string' ? { ReadableContentsFormat: json.ReadableContentsFormat } : {}),
    ...(typeof json.HumanReadable === 'string' ? { HumanReadable: json.HumanReadable } : {}),
    ...(isObject(json.EntryContext) ? { EntryContext: json.EntryContext } : {}),
    ...(typeof json.PollingCommand === 'string' ? polling(json, json.PollingCommand) : {}),
  };
}

function polling(json: JsonObject, command: string): Partial<Entry> {
  return {
    PollingCommand: command,
    NextRun: secondsOf(json.NextRun, 30),
    Timeout: secondsOf(json.Timeout, 600),
    PollingArgs: isObject(json.PollingArgs) ? json.PollingArgs : {},
  };
}

function secondsOf(value: Json | undefined, otherwise: number): number {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return seconds > 0 ? seconds : otherwise;
}

function jsonEntry(json: Json): Entry {
  return { Type: ENTRY_TYPES.note, ContentsFormat: FORMATS.json, Contents: json };
}
