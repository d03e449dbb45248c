import {
  COMMON_ARGUMENTS,
  type CommandResult,
  type Entry,
  isError,
  type Json,
  type Look,
  type OfferedCommand,
  type Outcome,
  readableText,
  renderMarkdown,
  visible,
} from '@verdict/xsoar';
import { table } from '../table.ts';

/** What a command gave, laid out for a person. */
export function showOutcome({ results, raw, changed }: Outcome, look: Look): string {
  const named = results.length > 1;
  const texts = results.map((result) => (named ? `${heading(result.instance, look)}\n` : '') + showResult(result, raw, look));
  const wrote = changed.length === 0 ? '' : `\n${paint(`→ context: ${visible(changed.join(', '))}`, '2', look)}`;
  return texts.join('\n\n') + wrote;
}

/** A value as indented JSON, without anything that a terminal would act on. */
export function showJson(value: Json | undefined): string {
  return value === undefined ? 'Nothing is there.' : visible(JSON.stringify(value, null, 2));
}

/** All commands with the first sentence of what they do. */
export function showCommands(commands: readonly OfferedCommand[]): string {
  const rows = commands
    .filter(({ deprecated }) => !deprecated)
    .map(({ name, description }) => [`!${name}`, firstSentence(description)]);
  const own = [
    ['!context [PATH]', 'Shows the context, or what a path finds in it.'],
    ['!incident load FILE', 'Takes a JSON object for the incident; !incident show shows it.'],
    ['!help [COMMAND]', 'Lists the commands, or says what one takes.'],
    ['!exit', 'Ends. So does Ctrl-D.'],
  ];
  return table([{ heading: 'COMMAND' }, { heading: 'DOES', most: 100 }], [...rows, ...own]);
}

/** What one command takes and gives. */
export function showCommand(command: OfferedCommand): string {
  const args = command.arguments.map(({ name, description, required, defaultValue }) => [
    required ? `${name} *` : name,
    defaultValue === undefined ? description : `${description} (default: ${defaultValue})`,
  ]);
  // A script or a built-in command asks no instance.
  const common = Object.entries(COMMON_ARGUMENTS).filter(([name]) => name !== 'using' || command.instances.length > 0);
  const most = 110;
  const parts = [`!${command.name}: ${visible(command.description)}`];
  if (command.instances.length > 0) parts.push(`Instances: ${command.instances.join(', ')}`);
  const rows = [...args, ...common.map((one) => [...one])];
  if (rows.length > 0) parts.push(table([{ heading: 'ARGUMENT' }, { heading: 'MEANS', most }], rows));
  const outputs = command.outputs.map(({ path, type, description }) => [path, type, description]);
  if (outputs.length > 0) parts.push(table([{ heading: 'CONTEXT' }, { heading: 'TYPE' }, { heading: 'MEANS', most }], outputs));
  if (args.some(([name]) => name?.endsWith('*'))) parts.push('* has to be said.');
  return parts.join('\n\n');
}

function showResult({ entries }: CommandResult, raw: boolean, look: Look): string {
  if (entries.length === 0) return 'Done. The command says nothing.';
  return entries.map((entry) => showEntry(entry, raw, look)).join('\n\n');
}

function showEntry(entry: Entry, raw: boolean, look: Look): string {
  if (isError(entry)) return paint(`Error: ${visible(readableText(entry))}`, '31', look);
  if (raw) return showJson(entry.Contents);
  return isMarkdown(entry) ? renderMarkdown(readableText(entry), look) : visible(readableText(entry));
}

function isMarkdown({ HumanReadable: readable = '', ReadableContentsFormat: format, ContentsFormat: contents }: Entry): boolean {
  return readable === '' ? contents === 'markdown' : format !== 'text';
}

function heading(text: string, look: Look): string {
  return paint(text, '1;36', look);
}

function paint(text: string, code: string, { colour }: Look): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}

function firstSentence(text: string): string {
  return /^.*?[.;](?=\s|$)/s.exec(text)?.[0].replace(/;$/, '.') ?? text;
}
