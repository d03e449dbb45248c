import { ContextError, closingOf } from '../context/index.ts';

/** A command as somebody typed it; `${…}` in values is not filled in yet. */
export interface CommandLine {
  readonly command: string;
  readonly args: Readonly<Record<string, string>>;
  /** What stood without a name. */
  readonly bare: readonly string[];
}

/** A line of the War Room is not well-formed; the sentence is meant for people. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/** A service takes events of 1 MiB, where it is not told otherwise; it should be the one to say so. */
const LONGEST = 4 * 1024 * 1024;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/**
 * Reads a line as XSOAR's page "Use the Command Line Interface" describes: `!command name=value name="with blanks" name=` + "`raw`" + `.
 * Inside of quotes a backslash escapes; inside of backticks everything stands for itself. A `${…}` reaches up to its closing bracket. JSON without
 * backticks would lose its quotes, and end at its first blank, so it is refused.
 * @throws CommandLineError
 */
export function parseCommandLine(line: string): CommandLine {
  if (line.length > LONGEST) {
    throw new CommandLineError(
      'A line is longer than four million characters. Load what is large with !incident load FILE, and name it: event_json=$' +
        '{incident.rawJSON}.',
    );
  }
  const text = line.trim();
  if (!text.startsWith('!')) throw new CommandLineError('Commands begin with "!", like !help.');
  const command = /^![\w.-]+/.exec(text)?.[0].slice(1);
  if (command === undefined) throw new CommandLineError('After "!" comes the name of a command; !help lists them.');
  const args = new Map<string, string>();
  const bare: string[] = [];
  let at = command.length + 1;
  if (at < text.length && !isBlank(text[at])) throw new CommandLineError(`After ${command} comes a blank.`);
  while (at < text.length) {
    if (isBlank(text[at])) {
      at += 1;
      continue;
    }
    const name = /^([\w.-]+)=/.exec(text.slice(at, at + 200))?.[1];
    if (name !== undefined) at += name.length + 1;
    const [value, end] = readValue(text, at);
    if (looksLikeLostJson(text.slice(at, end))) {
      const example = name === undefined ? '`{"a": 1}`' : `${name}=\`{"a": 1}\``;
      throw new CommandLineError(`${name ?? 'A value'} is JSON that is not in backticks: write it like ${example}.`);
    }
    at = end;
    if (name === undefined) bare.push(value);
    else if (args.has(name)) throw new CommandLineError(`${name} is said twice.`);
    else args.set(name, value);
  }
  return { command, args: Object.fromEntries(args), bare };
}

/** A value from `from` up to a blank: pieces in quotes, in backticks and without either may follow each other. */
function readValue(text: string, from: number): [string, number] {
  let value = '';
  let at = from;
  while (at < text.length && !isBlank(text[at])) {
    const character = text[at]!;
    if (character === '`') {
      const end = text.indexOf('`', at + 1);
      if (end === -1) throw new CommandLineError('A backtick is not closed.');
      value += text.slice(at + 1, end);
      at = end + 1;
    } else if (character === '"' || character === "'") {
      const [inside, end] = readQuoted(text, at, character);
      value += inside;
      at = end;
    } else if (text.startsWith('${', at)) {
      const end = closingBracket(text, at + 1);
      value += text.slice(at, end + 1);
      at = end + 1;
    } else {
      value += character;
      at += 1;
    }
  }
  return [value, at];
}

/** Begins like JSON, and has quotes that the line takes for its own, or a bracket that is still open where a blank ends the value. */
function looksLikeLostJson(typed: string): boolean {
  if (!/^[[{]/.test(typed)) return false;
  return /["']/.test(typed) || typed.replaceAll(/[^[{]/g, '').length > typed.replaceAll(/[^\]}]/g, '').length;
}

function readQuoted(text: string, from: number, quote: string): [string, number] {
  let value = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === quote) return [value, at + 1];
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      value += ESCAPES[text[at]!] ?? text[at]!;
    } else {
      value += character;
    }
  }
  throw new CommandLineError(`A ${quote} is not closed.`);
}

function closingBracket(text: string, from: number): number {
  try {
    return closingOf(text, from);
  } catch (error) {
    if (!(error instanceof ContextError)) throw error;
    throw new CommandLineError('A ${ is not closed.');
  }
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}
