import { isList, isObject, type Json, type JsonObject, textOf } from '../context/index.ts';
import { BadYaml, readSafeYaml } from '../safe-yaml.ts';
import { type Incident, incidentsOf } from './incident.ts';
import type { RunState } from './trace.ts';
import { ValueError } from './values.ts';

/**
 * A test of a playbook, as a YAML or JSON file:
 *
 * ```yaml
 * name: A Drop is closed where the guard is open
 * playbook: ../Playbooks/playbook-Triage.yml   # beside this file
 * pack: ..                                     # where sub-playbooks are looked for; the playbook's own folder where it is left out
 * incident: { name: An alert, severity: 2 }    # or the name of a JSON file
 * incidents: []                                # others that commands like getIncidents find, each with an id
 * inputs: { auto_close: true }
 * context: {}                                  # what is there at the start
 * answers: { Ask the analyst: Drop }           # TASK or TASK.QUESTION
 * commands:                                    # recorded answers, the first that fits
 *   - command: arcanna-send-event
 *     args: { title: An alert }                # these must be so; others are not looked at
 *     using: one                               # the instance
 *     times: 1                                 # how often it serves; without it, always
 *     context: { 'Arcanna.Event(val.event_id == obj.event_id)': { event_id: '1' } }
 *     contents: { anything: here }
 *     human_readable: '### Sent'
 *   - command: arcanna-trigger-train
 *     error: The job is stopped.               # or timeout: 60, in seconds
 * scripts:                                     # the same for scripts that are not built in
 *   - script: MyScript
 *     contents: 'yes'
 * expect:
 *   ends: completed                            # failed or waiting; completed where it is left out
 *   problem: part of the sentence
 *   path: [Send the alert, Close]              # these ran in this order, others between them
 *   exact_path: [...]                          # these and no others; a start without a name is its id
 *   not_reached: [Ask the analyst]
 *   context: { Arcanna.Event.status: OK }      # DT works on the left
 *   incident: { owner: ada }
 *   incidents: { '7': { owner: ada } }         # the others, by id
 *   closed: true
 *   calls: [arcanna-send-event]                # commands that were run, in order
 * ```
 */
export interface PlaybookTest {
  readonly name: string;
  readonly playbook: string;
  readonly pack: string | undefined;
  readonly incident: JsonObject | string;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly inputs: JsonObject;
  readonly context: JsonObject;
  readonly answers: ReadonlyMap<string, string>;
  readonly commands: readonly Recorded[];
  readonly scripts: readonly Recorded[];
  readonly expect: Expectation;
}

/** A recorded answer of a command or script. */
export interface Recorded {
  readonly name: string;
  readonly args: JsonObject;
  readonly using: string | undefined;
  readonly times: number | undefined;
  readonly context: JsonObject;
  readonly contents: Json;
  readonly humanReadable: string;
  readonly error: string | undefined;
  /** Seconds after which it fails, having said nothing. */
  readonly timeout: number | undefined;
}

export interface Expectation {
  readonly ends: RunState;
  readonly problem: string | undefined;
  readonly path: readonly string[] | undefined;
  readonly exactPath: readonly string[] | undefined;
  readonly notReached: readonly string[];
  readonly context: JsonObject;
  readonly incident: JsonObject;
  /** Fields of other incidents, by id. */
  readonly incidents: ReadonlyMap<string, JsonObject>;
  readonly closed: boolean | undefined;
  readonly calls: readonly string[] | undefined;
}

/** A test file that cannot be read; the sentence names file and place. */
export class BadTest extends Error {
  override readonly name = 'BadTest';
}

const KEYS = [
  'name',
  'playbook',
  'pack',
  'incident',
  'incidents',
  'inputs',
  'context',
  'answers',
  'commands',
  'scripts',
  'expect',
];
const RECORDED_KEYS = ['args', 'using', 'times', 'context', 'contents', 'human_readable', 'error', 'timeout'];
const EXPECT_KEYS = [
  'ends',
  'problem',
  'path',
  'exact_path',
  'not_reached',
  'context',
  'incident',
  'incidents',
  'closed',
  'calls',
];
const ENDS: readonly RunState[] = ['completed', 'failed', 'waiting'];

/**
 * Reads a test of a playbook. A name that is not known is an error, so that a slip of the pen is no test that always passes.
 * @throws BadTest
 */
export function readPlaybookTest(text: string, file: string): PlaybookTest {
  const data = parsed(text, file);
  const root = map(data, file, 'the file', KEYS);
  const playbook = textOf(root.playbook);
  if (playbook === '') throw new BadTest(`${file}: playbook is missing; name the playbook’s file.`);
  const { incident = {} } = root;
  if (typeof incident !== 'string' && !isObject(incident))
    throw new BadTest(`${file}: incident is neither an object nor the name of a file.`);
  const answers = map(root.answers, file, 'answers');
  return {
    name: textOf(root.name) || file,
    playbook,
    pack: textOf(root.pack) || undefined,
    incident,
    incidents: others(root.incidents, file),
    inputs: map(root.inputs, file, 'inputs'),
    context: map(root.context, file, 'context'),
    answers: new Map(Object.entries(answers).map(([task, answer]) => [task, textOf(answer)])),
    commands: recorded(root.commands, file, 'commands', 'command'),
    scripts: recorded(root.scripts, file, 'scripts', 'script'),
    expect: expectation(root.expect, file),
  };
}

function parsed(text: string, file: string): Json {
  try {
    return readSafeYaml(text).data;
  } catch (error) {
    if (error instanceof BadYaml) throw new BadTest(`${file}, line ${error.line}: the file ${error.message}.`);
    throw error;
  }
}

function recorded(data: Json | undefined, file: string, list: string, key: 'command' | 'script'): Recorded[] {
  return items(data, file, list).map((one, index) => {
    const place = `${list}[${index}]`;
    const answer = map(one, file, place, [key, ...RECORDED_KEYS]);
    const name = textOf(answer[key]);
    if (name === '') throw new BadTest(`${file}: ${place} has no ${key}.`);
    return {
      name,
      args: map(answer.args, file, `${place}.args`),
      using: textOf(answer.using) || undefined,
      times: number(answer.times, file, `${place}.times`),
      context: map(answer.context, file, `${place}.context`),
      contents: answer.contents ?? null,
      humanReadable: textOf(answer.human_readable),
      error: answer.error === undefined ? undefined : textOf(answer.error),
      timeout: number(answer.timeout, file, `${place}.timeout`),
    };
  });
}

function expectation(data: Json | undefined, file: string): Expectation {
  const expect = map(data, file, 'expect', EXPECT_KEYS);
  const ends = ENDS.find((one) => one === (expect.ends ?? 'completed'));
  if (ends === undefined) throw new BadTest(`${file}: expect.ends is "${textOf(expect.ends)}"; it can be ${ENDS.join(', ')}.`);
  const names = (key: string) => (expect[key] === undefined ? undefined : items(expect[key], file, `expect.${key}`).map(textOf));
  if (expect.closed !== undefined && typeof expect.closed !== 'boolean')
    throw new BadTest(`${file}: expect.closed is neither true nor false.`);
  return {
    ends,
    problem: expect.problem === undefined ? undefined : textOf(expect.problem),
    path: names('path'),
    exactPath: names('exact_path'),
    notReached: names('not_reached') ?? [],
    context: map(expect.context, file, 'expect.context'),
    incident: map(expect.incident, file, 'expect.incident'),
    incidents: new Map(
      Object.entries(map(expect.incidents, file, 'expect.incidents')).map(([id, fields]) => [
        id,
        map(fields, file, `expect.incidents.${id}`),
      ]),
    ),
    closed: expect.closed,
    calls: names('calls'),
  };
}

function others(data: Json | undefined, file: string): Map<string, Incident> {
  try {
    return incidentsOf(data ?? []);
  } catch (error) {
    if (error instanceof ValueError) throw new BadTest(`${file}: incidents: ${error.message}.`);
    throw error;
  }
}

function map(data: Json | undefined, file: string, place: string, known?: readonly string[]): JsonObject {
  if (data === undefined || data === null) return {};
  if (!isObject(data)) throw new BadTest(`${file}: ${place} should be keys and values.`);
  const unknown = known === undefined ? undefined : Object.keys(data).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new BadTest(`${file}: ${place} has "${unknown}", which is not known. It can have: ${known!.join(', ')}.`);
  return data;
}

function items(data: Json | undefined, file: string, place: string): readonly Json[] {
  if (data === undefined || data === null) return [];
  if (!isList(data)) throw new BadTest(`${file}: ${place} should be a list.`);
  return data;
}

function number(data: Json | undefined, file: string, place: string): number | undefined {
  if (data === undefined || data === null) return undefined;
  if (typeof data !== 'number' || data < 0) throw new BadTest(`${file}: ${place} should be a number.`);
  return data;
}
