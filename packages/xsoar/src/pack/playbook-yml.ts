import { createHash } from 'node:crypto';
import { graphOf } from '../playbook-picture/graph.ts';
import { layOut } from '../playbook-picture/layout.ts';
import type { CollectionTask, Comparison, ConditionTask, Next, PlaybookSource, Task, Value } from './playbooks/task.ts';

/** Error paths came with this version of XSOAR. */
export const PLAYBOOKS_FROM_VERSION = '6.8.0';
const START = '0';
const STEP_X = 430;
const STEP_Y = 175;

type Yml = Readonly<Record<string, unknown>>;

/**
 * The playbook as XSOAR's YAML has it, as a plain object: every task with its id, its place on the canvas and what XSOAR writes at
 * each. Ids are made from names, so the same source gives the same text.
 */
export function playbookYml(source: PlaybookSource): Yml {
  const start: Yml = {
    ...head(source, START, 'start', '', '', {}),
    nexttasks: { '#none#': [source.first] },
    ...tail(),
  };
  const bare = { tasks: Object.fromEntries([[START, start], ...source.tasks.map((task) => [task.id, taskYml(source, task)])]) };
  const { tasks: places } = layOut(graphOf({ name: source.name, ...bare }));
  const tasks = Object.fromEntries(
    Object.entries(bare.tasks).map(([id, task]) => {
      const { row, column } = places.get(id)!;
      const view = { position: { x: 50 + Math.round(column * STEP_X), y: 50 + row * STEP_Y } };
      return [id, { ...(task as Yml), view: JSON.stringify(view, null, 2) }];
    }),
  );
  const all = [...places.values()];
  const paper = {
    linkLabelsPosition: {},
    paper: {
      dimensions: {
        height: 65 + STEP_Y * Math.max(...all.map(({ row }) => row)),
        width: 380 + Math.round(STEP_X * Math.max(...all.map(({ column }) => column))),
        x: 50,
        y: 50,
      },
    },
  };
  return {
    id: source.name,
    version: -1,
    name: source.name,
    description: source.description,
    starttaskid: START,
    tasks,
    view: JSON.stringify(paper, null, 2),
    inputs: source.inputs.map(({ key, value, required, description }) => ({
      key,
      value: valueYml(value),
      required,
      description,
      playbookInputQuery: null,
    })),
    outputs: source.outputs.map(({ contextPath, description, type }) => ({ contextPath, description, type: type.toLowerCase() })),
    tests: source.isTest ? ['No tests'] : ['Verdict - Test'],
    fromversion: PLAYBOOKS_FROM_VERSION,
  };
}

function taskYml(source: PlaybookSource, task: Task): Yml {
  switch (task.kind) {
    case 'title':
      return {
        ...head(source, task.id, 'title', task.name, '', { type: 'title' }),
        ...(task.next === undefined ? {} : { nexttasks: ways({ '#none#': task.next }) }),
        ...tail(),
      };
    case 'manual':
      return {
        ...head(source, task.id, 'regular', task.name, task.description, { type: 'regular' }),
        nexttasks: ways({ '#none#': task.next }),
        ...tail(),
      };
    case 'command':
      return working(source, task, 'regular', {
        script: task.command,
        type: 'regular',
        iscommand: true,
        brand: task.command.split('|||')[0]!,
      });
    case 'script':
      return working(source, task, 'regular', { scriptName: task.script, type: 'regular' });
    case 'playbook':
      return {
        ...working(source, task, 'playbook', { playbookName: task.playbook, type: 'playbook' }),
        separatecontext: true,
        loop: { iscommand: false, exitCondition: '', wait: 1, max: 100 },
      };
    case 'condition':
      return conditionYml(source, task);
    case 'collection':
      return collectionYml(source, task);
  }
}

/** A task that runs something with arguments, and may have a way on for when that fails. */
function working(source: PlaybookSource, task: Extract<Task, { arguments: unknown }>, type: string, what: Yml): Yml {
  return {
    ...head(source, task.id, type, task.name, task.description, what),
    nexttasks: ways({ ...(task.onError === undefined ? {} : { '#error#': task.onError }), '#none#': task.next }),
    scriptarguments: Object.fromEntries(Object.entries(task.arguments).map(([name, value]) => [name, valueYml(value)])),
    ...(task.onError === undefined ? {} : { continueonerror: true, continueonerrortype: 'errorPath' }),
    ...tail(),
  };
}

function conditionYml(source: PlaybookSource, task: ConditionTask): Yml {
  return {
    ...head(source, task.id, 'condition', task.name, task.description, { type: 'condition' }),
    nexttasks: ways({
      '#default#': task.otherwise,
      ...Object.fromEntries(task.branches.map(({ label, next }) => [label, next])),
    }),
    conditions: task.branches.map(({ label, all }) => ({ label, condition: all.map((any) => any.map(comparisonYml)) })),
    ...tail(),
  };
}

function comparisonYml({ left, operator, right, ignoreCase }: Comparison): Yml {
  return {
    operator,
    left: { value: valueYml(left), iscontext: true },
    ...(right === undefined
      ? {}
      : {
          right: typeof right === 'string' ? { value: { simple: right } } : { value: { simple: right.context }, iscontext: true },
        }),
    ...(ignoreCase ? { ignorecase: true } : {}),
  };
}

function collectionYml(source: PlaybookSource, task: CollectionTask): Yml {
  return {
    ...head(source, task.id, 'collection', task.name, task.description, { type: 'collection' }),
    nexttasks: ways({ '#none#': task.next }),
    message: {
      to: null,
      subject: null,
      body: { simple: task.message },
      methods: [],
      format: '',
      bcc: null,
      cc: null,
      timings: { retriescount: 2, retriesinterval: 360, completeafterreplies: 1 },
    },
    form: {
      questions: task.questions.map(({ question, tooltip, required, options }, i) => ({
        id: String(i),
        label: '',
        labelarg: { simple: question },
        required,
        gridcolumns: [],
        defaultrows: [],
        type: options === undefined ? 'longText' : 'singleSelect',
        options: [],
        optionsarg: options === undefined ? [] : [valueYml(options)],
        fieldassociated: '',
        placeholder: '',
        tooltip,
        readonly: false,
      })),
      title: task.title,
      description: task.message,
      sender: '',
      expired: false,
      totalanswers: 0,
    },
    ...tail(),
  };
}

function head(source: PlaybookSource, id: string, type: string, name: string, description: string, what: Yml): Yml {
  const uuid = uuidOf(`${source.name}/${id}`);
  return { id, taskid: uuid, type, task: { id: uuid, version: -1, name, description, iscommand: false, brand: '', ...what } };
}

function tail(): Yml {
  return {
    separatecontext: false,
    note: false,
    timertriggers: [],
    ignoreworker: false,
    skipunavailable: false,
    quietmode: 0,
    isoversize: false,
    isautoswitchedtoquietmode: false,
  };
}

function ways(nexts: Readonly<Record<string, Next>>): Yml {
  return Object.fromEntries(
    Object.entries(nexts).map(([branch, next]) => [branch, typeof next === 'string' ? [next] : [...next]]),
  );
}

function valueYml(value: Value): Yml {
  if (typeof value !== 'string') return { complex: value };
  return value === '' ? {} : { simple: value };
}

/** A UUID made from a name (RFC 9562, version 5 in form). */
function uuidOf(name: string): string {
  const hex = createHash('sha1').update(name).digest('hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
