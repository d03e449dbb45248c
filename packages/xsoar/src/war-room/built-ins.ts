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
import { changeIncident, closeIncident, type Incident, type Incidents, setIncident } from '../playbook/incident.ts';
import {
  type FoundIncidents,
  foundSentence,
  SEARCH_ARGUMENTS,
  searchIncidents,
  searchOutputs,
} from '../playbook/incident-search.ts';
import { NotKnown, ValueError } from '../playbook/values.ts';
import { argsOf, type CommandDescription, type Entry, FORMATS, noteEntry, SandboxError } from '../sandbox/index.ts';

/** What built-in commands read and change. */
export interface Desk extends Incidents {
  readonly context: Context;
}

/** What a built-in command makes of them, and what it says; what it does not name stays as it is. */
export interface BuiltInResult extends Partial<Desk> {
  readonly entries: readonly Entry[];
}

interface BuiltIn {
  readonly description: CommandDescription;
  /** Takes arguments that are not described, such as fields of an incident. */
  readonly open?: true;
  run(context: Context, args: JsonObject, incidents: Incidents): BuiltInResult;
}

const KEY = { name: 'key', description: 'The path in the context.', required: true };
const VALUE = { name: 'value', description: 'A text, a number, or JSON.' };
const STRINGIFY = { name: 'stringify', description: 'true keeps the value as text.', predefined: ['true', 'false'] };
const ID = { name: 'id', description: 'The incident; the one at hand where it is left out.' };
const SEARCH = Object.entries(SEARCH_ARGUMENTS).map(([name, description]) => ({ name, description }));
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
    description: describe('setIncident', 'Sets fields of an incident: each argument is one.', [
      ID,
      { name: 'customFields', description: 'More fields, as a JSON object.' },
    ]),
    open: true,
    run: (_, args, incidents) => changed(incidents, args, (one) => setIncident(one, args), 'Set fields of the incident.'),
  },
  {
    description: describe('closeInvestigation', 'Closes an incident, as a playbook does.', [
      ID,
      { name: 'closeReason', description: 'Why.' },
      { name: 'closeNotes', description: 'What there is to say.' },
    ]),
    run: (_, args, incidents) => changed(incidents, args, (one) => closeIncident(one, args, Date.now()), 'Closed the incident.'),
  },
  {
    description: describe('getIncidents', 'Searches the incidents that there are; the context stays as it is.', SEARCH),
    run: (_, args, incidents) => {
      const found = search(incidents, args);
      return { entries: [{ Type: 1, ContentsFormat: FORMATS.json, Contents: { ...found } }] };
    },
  },
  {
    description: describe('SearchIncidentsV2', 'Searches the incidents that there are, and puts them into the context.', SEARCH, [
      { path: 'foundIncidents', type: 'Unknown', description: 'The incidents, by id.' },
    ]),
    run: (_, args, incidents) => ({ entries: [searchEntry(search(incidents, args))] }),
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
export function runBuiltIn(name: string, { context, ...incidents }: Desk, args: JsonObject): BuiltInResult | undefined {
  const found = BUILT_INS.find(({ description }) => description.name === name);
  return found?.run(context, found.open ? args : argsOf(found.description, args), incidents);
}

function changed(incidents: Incidents, args: JsonObject, change: (one: Incident) => Incident, sentence: string): BuiltInResult {
  return { ...inSentences(() => changeIncident(incidents, textOf(args.id), change)), entries: [noteEntry(sentence)] };
}

function search(incidents: Incidents, args: JsonObject): FoundIncidents {
  return inSentences(() => searchIncidents(incidents, args, Date.now()));
}

function searchEntry(found: FoundIncidents): Entry {
  const { contents, context } = searchOutputs(found);
  return {
    Type: 1,
    ContentsFormat: FORMATS.json,
    Contents: contents,
    ReadableContentsFormat: FORMATS.markdown,
    HumanReadable: found.data === null ? foundSentence(found) : incidentTable(found.data),
    EntryContext: context,
  };
}

const COLUMNS = ['id', 'name', 'severity', 'status', 'owner', 'created', 'closed'];

function incidentTable(incidents: readonly Json[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/[\r\n]+/g, '<br>') || ' ';
  const rows = incidents.map((one) => line(COLUMNS.map((name) => cell(textOf(isObject(one) ? one[name] : undefined)))));
  return ['### Incidents found', line(COLUMNS), line(COLUMNS.map(() => '---')), ...rows, ''].join('\n');
}

/** @throws SandboxError with the sentence of what does not understand a value. */
function inSentences<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ValueError || error instanceof NotKnown)) throw error;
    // A name at the beginning stays as it is spelled.
    throw new SandboxError(`${error.message.replace(/^the/, 'The')}.`);
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

function describe(
  name: string,
  description: string,
  args: readonly Said[],
  outputs: CommandDescription['outputs'] = [],
): CommandDescription {
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
    outputs,
  };
}
