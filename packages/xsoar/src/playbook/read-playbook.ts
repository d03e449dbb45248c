import { BadYaml, type Data, readSafeYaml } from '../safe-yaml.ts';
import {
  type Branch,
  type Comparison,
  type Form,
  type Groups,
  type Loop,
  type Operand,
  type Playbook,
  TASK_TYPES,
  type Task,
  type TaskType,
  type Transformer,
  taskTitle,
  type Value,
  type Work,
} from './model.ts';

/** A playbook that cannot be read or run as it is. The message names file and task, and says what is wrong. */
export class PlaybookError extends Error {
  override readonly name = 'PlaybookError';
}

const MOST_TASKS = 2_000;

/**
 * Reads a playbook as Cortex XSOAR 6 and 8 export it and as public content packs hold it.
 *
 * @param text the YAML.
 * @param file how to call the file in messages.
 * @throws PlaybookError where it is no playbook, or a task is not as XSOAR would take it.
 */
export function readPlaybook(text: string, file: string): Playbook {
  let data: Data;
  try {
    data = readSafeYaml(text).data;
  } catch (error) {
    if (error instanceof BadYaml) throw new PlaybookError(`${file}, line ${error.line}: the file ${error.message}.`);
    throw error;
  }
  return playbookOf(data, file);
}

/** The same from data that is read already. */
export function playbookOf(data: Data, file: string): Playbook {
  const whole = new Place(file, data);
  const tasks = new Map<string, Task>();
  const listed = whole.at('tasks').entries();
  if (listed.length === 0) whole.at('tasks').refuse('are missing: a playbook has at least the task that it starts with');
  if (listed.length > MOST_TASKS) whole.at('tasks').refuse(`are more than ${MOST_TASKS}; put some into a sub-playbook`);
  for (const [key, place] of listed) tasks.set(key, readTask(key, place));
  const startId = whole.at('starttaskid').text();
  if (!tasks.has(startId)) whole.at('starttaskid').refuse(`names the task "${startId}", which is not there`);
  for (const task of tasks.values()) {
    for (const followers of task.next.values()) {
      for (const id of followers) {
        if (!tasks.has(id)) throw new PlaybookError(`${file}: ${taskTitle(task)} goes on to task "${id}", which is not there.`);
      }
    }
  }
  return {
    file,
    id: whole.at('id').text(''),
    name: whole.at('name').text(),
    description: whole.at('description').text(''),
    startId,
    tasks,
    inputs: whole
      .at('inputs')
      .items()
      .map((input) => ({
        key: input.at('key').text(),
        value: readValue(input.at('value')),
        required: input.at('required').flag(),
        description: input.at('description').text(''),
      })),
    outputs: whole
      .at('outputs')
      .items()
      .map((output) => ({
        path: output.at('contextPath').text(),
        description: output.at('description').text(''),
      })),
  };
}

function readTask(id: string, place: Place): Task {
  const inner = place.at('task');
  const task = place.named(`task "${id}"${inner.at('name').text('') === '' ? '' : ` (${inner.at('name').text('')})`}`);
  const type = task.at('type').text();
  if (!isTaskType(type)) return task.at('type').refuse(`is "${type}"; the runner knows ${TASK_TYPES.join(', ')}`);
  return {
    id,
    taskId: task.at('taskid').text(''),
    innerId: task.at('task').at('id').text(''),
    name: task.at('task').at('name').text(''),
    description: task.at('task').at('description').text(''),
    type,
    next: new Map(
      task
        .at('nexttasks')
        .entries()
        .map(([label, ids]) => [label, ids.items().map((one) => one.text())]),
    ),
    work: readWork(task.at('task')),
    playbook: task.at('task').at('playbookName').text('') || task.at('task').at('playbookId').text('') || undefined,
    arguments: readArguments(task.at('scriptarguments')),
    conditions: task.at('conditions').items().map(readBranch),
    form: task.at('form').isThere() ? readForm(task.at('form')) : undefined,
    replyOptions: task
      .at('message')
      .at('replyOptions')
      .items()
      .concat(task.at('message').at('replyoptions').items())
      .map((one) => one.text()),
    loop: readLoop(task.at('loop')),
    fieldMapping: task
      .at('fieldMapping')
      .items()
      .flatMap((mapping) => {
        const value = readValue(mapping.at('output'));
        return value === undefined ? [] : [{ field: mapping.at('incidentfield').text(), value }];
      }),
    separateContext: task.at('separatecontext').flag(),
    continueOnError: task.at('continueonerror').flag(),
    errorPath: task.at('continueonerrortype').text('') === 'errorPath',
    skipUnavailable: task.at('skipunavailable').flag(),
  };
}

function isTaskType(type: string): type is TaskType {
  return TASK_TYPES.some((one) => one === type);
}

function readWork(task: Place): Work | undefined {
  const isCommand = task.at('iscommand').flag();
  const script = task.at('script').text('') || task.at('scriptName').text('');
  if (script === '') return undefined;
  const [brand, name] = script.includes('|||') ? script.split('|||', 2) : [task.at('brand').text(''), script];
  return { kind: isCommand ? 'command' : 'script', name: name!, brand: brand! };
}

function readArguments(place: Place): Map<string, Value> {
  return new Map(
    place.entries().flatMap(([key, one]) => {
      const value = readValue(one);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** `{simple}`, `{complex}`, plain text, or nothing where it is empty. */
function readValue(place: Place): Value | undefined {
  if (!place.isThere()) return undefined;
  if (!place.isMap()) return { kind: 'simple', text: place.text() };
  const complex = place.at('complex');
  if (complex.isThere()) {
    return {
      kind: 'complex',
      root: complex.at('root').text(''),
      accessor: complex.at('accessor').text(''),
      filters: readGroups(complex.at('filters')),
      transformers: complex.at('transformers').items().map(readTransformer),
    };
  }
  const simple = place.at('simple');
  return simple.isThere() ? { kind: 'simple', text: simple.text() } : undefined;
}

function readGroups(place: Place): Groups {
  return place.items().map((group) => group.items().map(readComparison));
}

function readComparison(place: Place): Comparison {
  const right = place.at('right');
  return {
    operator: place.at('operator').text(),
    left: readOperand(place.at('left')),
    right: right.isThere() && right.at('value').isThere() ? readOperand(right) : undefined,
    ignoreCase: place.at('ignorecase').flag() || place.at('ignoreCase').flag(),
  };
}

function readOperand(place: Place): Operand {
  const value = readValue(place.at('value')) ?? { kind: 'simple', text: '' };
  return { value, isContext: place.at('iscontext').flag() || place.at('isContext').flag() };
}

function readTransformer(place: Place): Transformer {
  return {
    operator: place.at('operator').text(),
    arguments: new Map(
      place
        .at('args')
        .entries()
        .map(([key, operand]) => [key, readOperand(operand)]),
    ),
  };
}

function readBranch(place: Place): Branch {
  return { label: place.at('label').text(), groups: readGroups(place.at('condition')) };
}

function readForm(place: Place): Form {
  return {
    title: place.at('title').text(''),
    description: place.at('description').text(''),
    questions: place
      .at('questions')
      .items()
      .map((question, index) => ({
        id: question.at('id').text(String(index)),
        label: readValue(question.at('labelarg')) ?? { kind: 'simple', text: question.at('label').text('') },
        type: question.at('type').text('shortText'),
        required: question.at('required').flag(),
        options: [
          ...question
            .at('options')
            .items()
            .map((one): Value => ({ kind: 'simple', text: one.text() })),
          ...question
            .at('optionsarg')
            .items()
            .flatMap((one) => readValue(one) ?? []),
        ],
      })),
  };
}

/** XSOAR writes an empty loop beside many sub-playbooks that run once; that is none. */
function readLoop(place: Place): Loop | undefined {
  if (!place.isThere()) return undefined;
  const name = place.at('scriptId').text('') || place.at('scriptName').text('');
  const script: Work | undefined =
    name === ''
      ? undefined
      : { kind: place.at('iscommand').flag() ? 'command' : 'script', name: name.split('|||').at(-1)!, brand: '' };
  const loop: Loop = {
    forEach: place.at('forEach').flag(),
    exit: readGroups(place.at('builtincondition')),
    script,
    scriptArguments: readArguments(place.at('scriptArguments')),
    exitLabel: place.at('exitCondition').text(''),
    most: place.at('max').number(100),
    waitMinutes: place.at('wait').number(0),
  };
  return loop.forEach || loop.exit.length > 0 || loop.script !== undefined ? loop : undefined;
}

/** A place in the file: reads what is expected there, or says what is wrong with it. */
class Place {
  readonly #where: string;
  readonly #path: string;
  readonly #data: Data | undefined;

  constructor(where: string, data: Data | undefined, path = '') {
    this.#where = where;
    this.#path = path;
    this.#data = data;
  }

  /** From here on messages say this name of the place. */
  named(name: string): Place {
    return new Place(`${this.#where}: ${name}`, this.#data);
  }

  at(key: string): Place {
    const path = this.#path === '' ? key : `${this.#path}.${key}`;
    if (this.#data === undefined || this.#data === null || this.#data === '') return new Place(this.#where, undefined, path);
    if (!isMap(this.#data)) return this.refuse('should be a map of keys and values');
    return new Place(this.#where, Object.hasOwn(this.#data, key) ? this.#data[key] : undefined, path);
  }

  isThere(): boolean {
    return this.#data !== undefined && this.#data !== null;
  }

  isMap(): boolean {
    return isMap(this.#data);
  }

  /** Numbers and truth values are taken as they are written. */
  text(otherwise?: string): string {
    if (typeof this.#data === 'string') return this.#data;
    if (typeof this.#data === 'number' || typeof this.#data === 'boolean') return String(this.#data);
    if (this.isThere()) return this.refuse('should be text');
    return otherwise ?? this.refuse('is missing');
  }

  flag(): boolean {
    if (typeof this.#data === 'boolean') return this.#data;
    return this.isThere() ? this.text().toLowerCase() === 'true' : false;
  }

  number(otherwise: number): number {
    const number = this.isThere() ? Number(this.text()) : otherwise;
    return Number.isFinite(number) && number >= 0 ? number : this.refuse('should be a number');
  }

  items(): Place[] {
    if (!this.isThere() || this.#data === '') return [];
    if (!Array.isArray(this.#data)) return this.refuse('should be a list');
    return this.#data.map((one: Data, index) => new Place(this.#where, one, `${this.#path}[${index}]`));
  }

  entries(): [string, Place][] {
    if (!this.isThere() || this.#data === '') return [];
    if (!isMap(this.#data)) return this.refuse('should be a map of keys and values');
    return Object.entries(this.#data).map(([key, one]) => [
      key,
      new Place(this.#where, one, this.#path === '' ? key : `${this.#path}.${key}`),
    ]);
  }

  refuse(problem: string): never {
    throw new PlaybookError(`${this.#where}: ${this.#path === '' ? 'the file' : this.#path} ${problem}.`);
  }
}

function isMap(data: Data | undefined): data is { readonly [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
