import { deletePath, type Json, type JsonObject, readPath, setPath, textOf, valueToSet } from '../context/index.ts';
import { type Frame, pause } from './host.ts';
import { changeIncident, closeIncident, type Incident, setIncident, withField } from './incident.ts';
import { foundSentence, searchIncidents, searchOutputs } from './incident-search.ts';
import { compare } from './operators.ts';
import { flagFrom, isEmpty, listOf, listOfArgument, numberFrom, ValueError, wholeFrom } from './values.ts';

/** What a script says: its contents (the branch to take in a condition), and the same for people. */
export interface Said {
  readonly contents: Json;
  readonly text: string;
  /** What goes into the context, as entries have it. */
  readonly context?: JsonObject;
}

type Script = (args: JsonObject, frame: Frame) => Said | Promise<Said>;

const MOST_SLEEP_SECONDS = 24 * 3600;

const said = (contents: Json, text = textOf(contents)): Said => ({ contents, text });
const yesNo = (yes: boolean): Said => said(yes ? 'yes' : 'no');

/** Scripts and commands that every XSOAR has, by the names that playbooks call them by. */
const BUILTINS: Readonly<Record<string, Script>> = {
  Set: (args, frame) => {
    const key = required(args, 'key');
    frame.memory.context = setPath(frame.memory.context, key, newValue(args), flagFrom(args.append));
    return said(null, `Set ${key}.`);
  },
  SetAndHandleEmpty: (args, frame) => {
    const key = required(args, 'key');
    if (isEmpty(args.value) && !flagFrom(args.force)) return said(null, `Nothing to set at ${key}.`);
    frame.memory.context = setPath(frame.memory.context, key, newValue(args), isEmpty(args.append) || flagFrom(args.append));
    return said(null, `Set ${key}.`);
  },
  DeleteContext: (args, frame) => {
    if (flagFrom(args.all)) {
      const { context } = frame.memory;
      frame.memory.context = listOfArgument(args.keysToKeep)
        .map(textOf)
        .reduce<JsonObject>((kept, key) => {
          const value = readPath(context, key);
          return value === undefined ? kept : setPath(kept, key, value);
        }, {});
      return said(null, 'Deleted the whole context.');
    }
    const keys = listOfArgument(args.key).map(textOf);
    if (keys.length === 0) throw new ValueError('the argument key is missing');
    if (!isEmpty(args.index)) return said(null, deleteItem(keys.join(','), wholeFrom(args.index), frame));
    for (const key of keys) frame.memory.context = deletePath(frame.memory.context, key);
    return said(null, `Deleted ${keys.join(', ')}.`);
  },
  Print: (args) => said(args.value ?? '', readable(args.value)),
  PrintErrorEntry: (args) => {
    throw new ValueError(readable(args.message));
  },
  Sleep: async (args, frame) => {
    const seconds = numberFrom(args.seconds);
    if (seconds < 0 || seconds > MOST_SLEEP_SECONDS) throw new ValueError(`Sleep takes from 0 to ${MOST_SLEEP_SECONDS} seconds`);
    await pause(frame.shared.host, seconds * 1000);
    return said(null, `Slept ${seconds} s.`);
  },
  AssignAnalystToIncident: (args, frame) => assign(isEmpty(args.username) ? args.email : args.username, frame),
  setOwner: (args, frame) => assign(required(args, 'owner'), frame),
  setIncident: (args, frame) => {
    Object.assign(
      frame.shared,
      changeIncident(frame.shared, textOf(args.id), (incident) => setIncident(incident, args)),
    );
    return said(null, `Set ${Object.keys(args).join(', ')}.`);
  },
  closeInvestigation: (args, frame) => {
    const close = (incident: Incident) => closeIncident(incident, args, frame.shared.host.clock.now());
    Object.assign(frame.shared, changeIncident(frame.shared, textOf(args.id), close));
    return said(null, 'Closed the incident.');
  },
  getIncidents: (args, { shared }) => {
    const found = searchIncidents(shared, args, shared.host.clock.now());
    return said({ ...found }, foundSentence(found));
  },
  SearchIncidentsV2: (args, { shared }) => {
    const found = searchIncidents(shared, args, shared.host.clock.now());
    return { ...searchOutputs(found), text: foundSentence(found) };
  },
  AreValuesEqual: (args) => yesNo(readable(args.left) === readable(args.right)),
  Exists: (args) => yesNo(!isEmpty(args.value)),
  IsGreaterThan: (args) => yesNo(compare('greaterThan', args.first, args.second)),
  IsTrue: (args) => yesNo(flagFrom(args.value)),
  isError: (args, frame) => yesNo(listOf(args.entryId).some((id) => frame.shared.errorEntries.has(textOf(id)))),
};

/** The names that `builtin` knows. */
export const BUILTIN_NAMES: ReadonlySet<string> = new Set(Object.keys(BUILTINS));

/** A built-in script or command; undefined where there is none of that name. */
export function builtin(name: string): Script | undefined {
  return Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
}

function required(args: JsonObject, name: string): string {
  const value = textOf(args[name]);
  if (value === '') throw new ValueError(`the argument ${name} is missing`);
  return value;
}

/** Takes one item out of a list of the context; the last one takes the key along. */
function deleteItem(key: string, index: number, { memory }: Frame): string {
  const items = listOf(readPath(memory.context, key));
  if (items.length === 0) return `There is no ${key}.`;
  if (index < 0 || index >= items.length) throw new ValueError(`${key} has no item ${index}`);
  const left = items.toSpliced(index, 1);
  memory.context = left.length === 0 ? deletePath(memory.context, key) : setPath(memory.context, key, left);
  return `Deleted item ${index} of ${key}.`;
}

function newValue(args: JsonObject): Json {
  return valueToSet(args.value ?? null, flagFrom(args.stringify));
}

function assign(who: Json | undefined, frame: Frame): Said {
  const owner = isEmpty(who) ? frame.shared.host.analyst : textOf(who);
  frame.shared.incident = withField(frame.shared.incident, 'owner', owner);
  return said(owner, `Assigned to ${owner}.`);
}

function readable(value: Json | undefined): string {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : textOf(value);
}
