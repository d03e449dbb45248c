import { createInterface } from 'node:readline';
import { ContextError, complete, type Json, type Outcome, SandboxError, visible, type WarRoom } from '@verdict/xsoar';
import { CliError, count, type Io, note, say, sayJson } from '../io.ts';
import { openHistory } from './history.ts';
import { incidentIn } from './incidents.ts';
import { showCommand, showCommands, showJson, showOutcome } from './show.ts';

export interface SessionOptions {
  /** A line of JSON for each command and instance, and the context at the end, in place of text. */
  readonly json: boolean;
  /** Goes on after a command that failed. */
  readonly keepGoing: boolean;
}

const PROMPT = 'warroom> ';
const LONGEST_ECHO = 2_000;

/**
 * Runs lines one after the other; empty ones and those that begin with `#` do nothing.
 * @returns whether all went well. It ends with the first that did not, unless it is told to keep going.
 */
export async function runLines(
  lines: AsyncIterable<string> | Iterable<string>,
  room: WarRoom,
  io: Io,
  options: SessionOptions,
): Promise<boolean> {
  let well = true;
  for await (const line of lines) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    if (isExit(text)) break;
    if (io.signal.aborted) {
      note(io, 'Stopped: the lines from here on were not run.');
      well = false;
      break;
    }
    if (!options.json) say(io, `${PROMPT}${echoOf(text)}`);
    const done = await runLine(text, room, io, options.json);
    if (!options.json) say(io);
    if (done) continue;
    well = false;
    if (!options.keepGoing) break;
  }
  if (options.json) sayJson(io, { context: room.context });
  return well;
}

/** Asks for lines at the terminal until `!exit` or Ctrl-D. Ctrl-C stops the command that runs. */
export async function runTerminal(room: WarRoom, io: Io): Promise<void> {
  const history = openHistory(io);
  let typed = [...history.lines];
  const terminal = createInterface({
    input: io.in,
    output: io.out,
    terminal: true,
    prompt: PROMPT,
    history: [...typed],
    historySize: 1_000,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, room.commands(), room.instances),
  });
  terminal.on('history', (lines: string[]) => {
    typed = lines;
  });
  let stop: AbortController | undefined;
  terminal.on('SIGINT', () => {
    if (stop !== undefined) return stop.abort(new SandboxError('Stopped.'));
    say(io, '^C (!exit or Ctrl-D ends)');
    terminal.prompt();
  });
  terminal.prompt();
  for await (const line of terminal) {
    const text = line.trim();
    if (isExit(text)) break;
    if (text !== '') {
      stop = new AbortController();
      await runLine(text, room, io, false, stop.signal);
      stop = undefined;
      history.save(typed);
      say(io);
    }
    terminal.prompt();
  }
  terminal.close();
  history.save(typed);
}

/** @returns whether it went well. */
async function runLine(line: string, room: WarRoom, io: Io, json: boolean, signal?: AbortSignal): Promise<boolean> {
  const [, command = '', rest = ''] = /^!(context|incident|help)(?:\s+(.*))?$/s.exec(line) ?? [];
  try {
    if (command === 'context') return tell(io, json, command, rest === '' ? room.context : room.read(rest.trim()));
    if (command === 'incident') return incident(rest.trim(), room, io, json);
    if (command === 'help') return help(rest.trim(), room, io, json);
  } catch (error) {
    if (!(error instanceof CliError || error instanceof ContextError)) throw error;
    if (json) sayJson(io, { command, instance: '', entries: [], error: error.message });
    else say(io, `Error: ${error.message}`);
    return false;
  }
  const outcome = await room.run(line, signal);
  if (json) sayOutcome(io, outcome);
  else say(io, showOutcome(outcome, lookOf(io)));
  return outcome.error === undefined;
}

function incident(rest: string, room: WarRoom, io: Io, json: boolean): boolean {
  const [, action, file = ''] = /^(load|show)(?:\s+(.+))?$/s.exec(rest) ?? [];
  if (action === 'show') return tell(io, json, 'incident', room.incident);
  if (action !== 'load' || file === '') throw new CliError('Write !incident load FILE, or !incident show.');
  room.loadIncident(incidentIn(file));
  const { name } = room.incident;
  return tell(io, json, 'incident', typeof name === 'string' ? `Loaded the incident ${name}.` : 'Loaded the incident.');
}

function help(name: string, room: WarRoom, io: Io, json: boolean): boolean {
  const commands = room.commands();
  if (name === '') {
    if (json) sayJson(io, { command: 'help', value: commands.map((command) => command.name) });
    else say(io, showCommands(commands));
    return true;
  }
  const found = commands.find((command) => command.name === name.replace(/^!/, ''));
  if (found === undefined) throw new CliError(`There is no command ${name}. !help lists them.`);
  if (json) sayJson(io, { command: 'help', value: found });
  else say(io, showCommand(found));
  return true;
}

function tell(io: Io, json: boolean, command: string, value: Json | undefined): boolean {
  if (json) sayJson(io, { command, value: value ?? null });
  else say(io, typeof value === 'string' && command === 'incident' ? visible(value) : showJson(value));
  return true;
}

function sayOutcome(io: Io, { command, results }: Outcome): void {
  for (const { instance, entries, error } of results)
    sayJson(io, { command, instance, entries, ...(error === undefined ? {} : { error }) });
}

function lookOf(io: Io): { width: number; colour: boolean } {
  const terminal = 'isTTY' in io.out && io.out.isTTY === true;
  const columns = 'columns' in io.out && typeof io.out.columns === 'number' && io.out.columns > 0 ? io.out.columns : 120;
  return { width: columns, colour: terminal && !io.env.NO_COLOR };
}

/** The line as it is shown again; a large alert in it would bury what comes of it. */
function echoOf(line: string): string {
  if (line.length <= LONGEST_ECHO) return visible(line);
  return `${visible(line.slice(0, LONGEST_ECHO))}… (${count(line.length)} characters)`;
}

function isExit(text: string): boolean {
  return /^!?(exit|quit)$/.test(text);
}

/** Says what can be done, to whoever sits at the terminal. */
export function greet(room: WarRoom, io: Io): void {
  note(io, `A War Room with ${room.instances.join(', ')}. !help lists the commands, Tab completes them, !exit ends.`);
}
