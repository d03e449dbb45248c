import {
  type Context,
  deletePath,
  isList,
  isObject,
  type Json,
  type JsonObject,
  readPath,
  setPath,
  textOf,
  valueToSet,
} from '../context/index.ts';
import { closeIncident, type Incident, setIncident } from '../playbook/incident.ts';
import { ValueError } from '../playbook/values.ts';
import { argsOf, type CommandDescription, type Entry, FORMATS, noteEntry, SandboxError } from '../sandbox/index.ts';

/** What built-in commands read and change. */
export interface Desk {
  readonly context: Context;
  readonly incident: Incident;
}

/** What a built-in command makes of them, and what it says; what it does not name stays as it is. */
export interface BuiltInResult extends Partial<Desk> {
  readonly entries: readonly Entry[];
}

interface BuiltIn {
  readonly description: CommandDescription;
  /** Takes arguments that are not described, such as fields of an incident. */
  readonly open?: true;
  run(context: Context, args: JsonObject, incident: Incident): BuiltInResult;
}

const KEY = { name: 'key', description: 'The path in the context.', required: true };
const VALUE = { name: 'value', description: 'A text, a number, or JSON.' };
const STRINGIFY = { name: 'stringify', description: 'true keeps the value as text.', predefined: ['true', 'false'] };
const APPEND = { name: 'append', description: 'true adds to what is there.', predefined: ['true', 'false'] };

/** Scripts that every XSOAR has, as far as the War Room offers them. */
const BUILT_INS: readonly BuiltIn[] = [
  {
    description: describe('Set', 'Sets a value in the context.', [KEY, { ...VALUE, required: true }, APPEND, STRINGIFY]),
    run: (context, args) => set(context, args, isTrue(args.append)),
  },
  {
    description: describe('SetAndHandleEmpty', 'Sets a value in the context unless it is empty.', [
      KEY,
      VALUE,
      APPEND,
      STRINGIFY,
      { name: 'force', description: 'true sets an empty value too.', predefined: ['true', 'false'] },
    ]),
    run(context, args) {
      if (isEmpty(args.value) && !isTrue(args.force))
        return { context, entries: [noteEntry('Nothing to set: the value is empty.')] };
      return set(context, args, !isFalse(args.append));
    },
  },
  {
    description: describe('DeleteContext', 'Deletes keys of the context.', [
      { name: 'key', description: 'Paths, with commas between.' },
      { name: 'all', description: 'yes deletes the whole context.', predefined: ['yes', 'no'] },
      { name: 'keysToKeep', description: 'With all=yes: paths that stay, with commas between.' },
    ]),
    run: remove,
  },
  {
    description: describe('Print', 'Prints a value.', [{ ...VALUE, required: true, isDefault: true }]),
    run: (context, { value = null }) => ({ context, entries: [printed(value)] }),
  },
  {
    description: describe('setIncident', 'Sets fields of the incident: each argument is one.', [
      { name: 'customFields', description: 'More fields, as a JSON object.' },
    ]),
    open: true,
    run: (_, args, incident) => changed(() => setIncident(incident, args), 'Set fields of the incident.'),
  },
  {
    description: describe('closeInvestigation', 'Closes the incident, as a playbook does.', [
      { name: 'closeReason', description: 'Why.' },
      { name: 'closeNotes', description: 'What there is to say.' },
    ]),
    run: (_, args, incident) => changed(() => closeIncident(incident, args, Date.now()), 'Closed the incident.'),
  },
];

/** What can be said of the built-in commands. */
export function builtInCommands(): readonly CommandDescription[] {
  return BUILT_INS.map(({ description }) => description);
}

/**
 * Runs a built-in command; undefined where there is none of that name.
 * @throws SandboxError where an argument is missing, or not known.
 */
export function runBuiltIn(name: string, { context, incident }: Desk, args: JsonObject): BuiltInResult | undefined {
  const found = BUILT_INS.find(({ description }) => description.name === name);
  return found?.run(context, found.open ? args : argsOf(found.description, args), incident);
}

function changed(change: () => Incident, sentence: string): BuiltInResult {
  try {
    return { incident: change(), entries: [noteEntry(sentence)] };
  } catch (error) {
    if (error instanceof ValueError) throw new SandboxError(`${error.message}.`);
    throw error;
  }
}

function set(context: Context, args: JsonObject, append: boolean): BuiltInResult {
  const key = textOf(args.key);
  const value = valueToSet(args.value ?? null, isTrue(args.stringify));
  return { context: setPath(context, key, value, append), entries: [noteEntry(`Key ${key} set`)] };
}

function remove(context: Context, args: JsonObject): BuiltInResult {
  const listed = (value: Json | undefined) => (isList(value) ? value.map(textOf) : textOf(value).split(','));
  const names = (value: Json | undefined) =>
    listed(value)
      .map((name) => name.trim())
      .filter((name) => name !== '');
  if (isTrue(args.all)) {
    const kept = names(args.keysToKeep).reduce<Context>((made, key) => {
      const value = readPath(context, key);
      return value === undefined ? made : setPath(made, key, value);
    }, {});
    return { context: kept, entries: [noteEntry('The context was emptied.')] };
  }
  const keys = names(args.key);
  if (keys.length === 0) throw new SandboxError('DeleteContext needs key, or all=yes.');
  const missing = keys.filter((key) => readPath(context, key) === undefined);
  if (missing.length > 0) throw new SandboxError(`There is no ${missing.join(', ')} in the context.`);
  return { context: keys.reduce(deletePath, context), entries: [noteEntry(`Deleted ${keys.join(', ')} from the context.`)] };
}

function printed(value: Json): Entry {
  return isList(value) || isObject(value) ? { Type: 1, ContentsFormat: FORMATS.json, Contents: value } : noteEntry(textOf(value));
}

function isTrue(value: Json | undefined): boolean {
  return value === true || value === 'true' || value === 'yes';
}

function isFalse(value: Json | undefined): boolean {
  return value === false || value === 'false' || value === 'no';
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (isList(value) && value.length === 0);
}

type Said = Pick<CommandDescription['arguments'][number], 'name' | 'description'> &
  Partial<CommandDescription['arguments'][number]>;

function describe(name: string, description: string, args: readonly Said[]): CommandDescription {
  return {
    name,
    description,
    deprecated: false,
    arguments: args.map((arg) => ({
      required: false,
      isDefault: false,
      isArray: false,
      defaultValue: undefined,
      predefined: [],
      ...arg,
    })),
    outputs: [],
  };
}
