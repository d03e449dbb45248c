import type { OfferedCommand } from '../sandbox/index.ts';
import { COMMON_ARGUMENTS } from './war-room.ts';

/** What the terminal itself understands besides the commands, with what can follow. */
export const TERMINAL_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  context: [],
  exit: [],
  help: [],
  incident: ['load ', 'show'],
};

/**
 * What could stand where the cursor is: names of commands, arguments not said yet, and after `=` the values that are known.
 * @returns the candidates, and the piece of the line that they would replace.
 */
export function complete(line: string, commands: readonly OfferedCommand[], instances: readonly string[]): [string[], string] {
  const start = /^\s*(!?[\w.-]*)$/.exec(line)?.[1];
  if (start !== undefined) {
    const names = [...commands.map(({ name }) => name), ...Object.keys(TERMINAL_COMMANDS)].sort();
    return [names.map((name) => `!${name} `).filter((name) => name.startsWith(start) || name.startsWith(`!${start}`)), start];
  }
  const name = /^\s*!([\w.-]+)\s/.exec(line)?.[1] ?? '';
  // A blank inside of quotes does not end a piece, be they closed or not.
  const piece = /(?:[^\s"]|"[^"]*(?:"|$))*$/.exec(line)?.[0] ?? '';
  const begins = (candidates: readonly string[]): [string[], string] => [
    candidates.filter((one) => one.startsWith(piece)),
    piece,
  ];
  if (name === 'help') return begins(commands.map((command) => command.name));
  const own = TERMINAL_COMMANDS[name];
  if (own !== undefined) return begins(own);
  const command = commands.find((one) => one.name === name);
  if (command === undefined) return [[], piece];
  const [, argument, typed] = /^([\w.-]+)=(.*)$/.exec(piece) ?? [];
  if (argument !== undefined && typed !== undefined) {
    const values = argument === 'using' ? command.instances : valuesOf(command, argument);
    const fits = values.filter((value) => value.startsWith(typed) || quoted(value).startsWith(typed));
    return [fits.map((value) => `${quoted(value)} `), typed];
  }
  const said = new Set([...line.matchAll(/\s([\w.-]+)=/g)].map((match) => match[1]));
  const common = Object.keys(COMMON_ARGUMENTS).filter((one) => one !== 'using' || instances.length > 1);
  return begins([...command.arguments.map((one) => one.name), ...common].filter((one) => !said.has(one)).map((one) => `${one}=`));
}

function valuesOf(command: OfferedCommand, argument: string): readonly string[] {
  if (argument === 'raw-response' || argument === 'ignore-outputs') return ['true', 'false'];
  return command.arguments.find(({ name }) => name === argument)?.predefined ?? [];
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}
