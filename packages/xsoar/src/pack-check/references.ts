import { ContextError, expressionsOf, parsePath } from '../context/index.ts';
import { pathOf } from '../playbook/evaluate-value.ts';
import type { Groups, Operand, Task, Value } from '../playbook/model.ts';
import { type Catalogue, isBuiltin, isBuiltinPlaybook } from './catalogue.ts';

/** Names that XSOAR gives to every playbook, beside its context. */
const GIVEN: ReadonlySet<string> = new Set([
  'alert',
  'currentPlaybookID',
  'currentTaskId',
  'demistoUrls',
  'incident',
  'inputs',
  'investigation',
  'issue',
  'lastCompletedTaskEntries',
  'lists',
  'modules',
  'object',
  'parentIncidentContext',
  'parentIncidentFields',
  'user',
]);

/** What XSOAR puts into the context by itself where it finds an indicator in an incident, and files that came with one. */
const INDICATORS: ReadonlySet<string> = new Set([
  'Account',
  'AttackPattern',
  'CVE',
  'DBotScore',
  'Domain',
  'Email',
  'Endpoint',
  'File',
  'Host',
  'IP',
  'InfoFile',
  'URL',
]);

/** A place in the context: the names that lead to it. */
export type Keys = readonly string[];

/** What a task reads of the context, `inputs` and `incident`; for expressions that cannot be read, the error that says why. */
export interface Reads {
  readonly paths: readonly { readonly text: string; readonly keys: Keys }[];
  readonly problems: readonly ContextError[];
}

/** All paths that a task's arguments, conditions, form and loop read. */
export function readsOf(task: Task): Reads {
  const values: (Value | Operand)[] = [
    ...task.arguments.values(),
    ...task.fieldMapping.map(({ value }) => value),
    ...task.conditions.flatMap(({ groups }) => operandsOf(groups)),
    ...(task.form?.questions.flatMap(({ label, options }) => [label, ...options]) ?? []),
    ...(task.loop === undefined ? [] : [...task.loop.scriptArguments.values()]),
  ];
  return readsOfValues(values);
}

export function readsOfValues(values: readonly (Value | Operand)[]): Reads {
  const texts: string[] = [];
  const problems: ContextError[] = [];
  const take = (text: string) => {
    const path = pathOf(text);
    if (path !== '') texts.push(path);
  };
  const visit = (one: Value | Operand): void => {
    if ('isContext' in one) {
      if (one.value.kind === 'simple' && one.isContext) take(one.value.text);
      else visit(one.value);
      return;
    }
    if (one.kind === 'simple') {
      try {
        for (const expression of expressionsOf(one.text)) take(expression);
      } catch (error) {
        if (!(error instanceof ContextError)) throw error;
        problems.push(error);
      }
      return;
    }
    const root = pathOf(one.root);
    if (root !== '') texts.push(one.accessor === '' ? root : `${root}.${one.accessor}`);
    for (const operand of operandsOf(one.filters)) visit(operand);
    for (const { arguments: args } of one.transformers) for (const operand of args.values()) visit(operand);
  };
  for (const one of values) visit(one);
  const paths = [...new Set(texts)].flatMap((text) => {
    try {
      return [{ text, keys: keysOf(text) }];
    } catch (error) {
      if (!(error instanceof ContextError)) throw error;
      problems.push(error);
      return [];
    }
  });
  return { paths, problems };
}

function operandsOf(groups: Groups): Operand[] {
  return groups.flatMap((group) => group.flatMap(({ left, right }) => (right === undefined ? [left] : [left, right])));
}

/** The names at the beginning of a path, up to the first index or the like. */
export function keysOf(path: string): Keys {
  const keys: string[] = [];
  for (const { step } of parsePath(path).legs) {
    if (step.kind !== 'key') break;
    keys.push(step.key);
  }
  return keys;
}

/** What a task puts into the context; `unknown` where nobody can say. */
export interface Gives {
  readonly paths: readonly Keys[];
  readonly unknown: boolean;
}

/** What a task leaves in the context, as far as the pack tells. */
export function givesOf(task: Task, catalogue: Catalogue): Gives {
  const paths: Keys[] = [];
  let unknown = false;
  for (const pair of simple(task, 'extend-context').split('::'))
    if (pair.includes('=')) paths.push(tryKeys(pair.slice(0, pair.indexOf('='))));
  if (task.form !== undefined) paths.push([task.form.title || task.name, 'Answers']);
  if (task.work !== undefined) {
    const { kind, name, brand } = task.work;
    const known = (kind === 'command' ? catalogue.commands : catalogue.scripts).get(name);
    if (name === 'Set' || name === 'SetAndHandleEmpty' || name === 'SetMultipleValues' || name === 'AppendindicatorField') {
      const key = simple(task, 'key');
      if (key === '' || key.includes('${')) unknown = true;
      else paths.push(tryKeys(key));
    } else if (name === 'SearchIncidentsV2') {
      paths.push(['foundIncidents']);
    } else if (known !== undefined) {
      paths.push(...known.outputs.map(tryKeys));
      // Scripts put things into the context in ways of their own, and many do not say so.
      unknown ||= kind === 'script' && known.outputs.length === 0;
    } else if (!isBuiltin(name, brand)) unknown = true;
  }
  if (task.playbook !== undefined) {
    const sub = catalogue.playbooks.get(task.playbook);
    if (sub !== undefined) {
      paths.push(...sub.outputs.map(({ path }) => tryKeys(path)));
      if (!task.separateContext)
        for (const inner of sub.tasks.values())
          if (inner !== task) paths.push(...givesOf({ ...inner, playbook: undefined }, catalogue).paths);
      if (!task.separateContext) unknown ||= [...sub.tasks.values()].some((inner) => inner.playbook !== undefined);
    } else if (isBuiltinPlaybook(task.playbook)) {
      const polled = catalogue.commands.get(simple(task, 'PollingCommandName'));
      if (!task.separateContext && polled !== undefined) paths.push(...polled.outputs.map(tryKeys));
      else if (!task.separateContext) unknown = true;
    } else unknown = true;
  }
  return { paths: paths.filter((keys) => keys.length > 0), unknown };
}

/** Whether what is read stands where something is given, above it or below it. */
export function isGiven(read: Keys, given: readonly Keys[]): boolean {
  if (read.length === 0 || GIVEN.has(read[0]!) || INDICATORS.has(read[0]!)) return true;
  return given.some((keys) => keys.slice(0, read.length).every((key, index) => key === read[index]));
}

/** The text of a simple argument; empty where it is not one. */
export function simple(task: Task, name: string): string {
  const value = task.arguments.get(name);
  return value?.kind === 'simple' ? value.text : '';
}

/** The keys of a path; none where it cannot be read. */
export function tryKeys(path: string): Keys {
  try {
    return keysOf(path);
  } catch (error) {
    if (error instanceof ContextError) return [];
    throw error;
  }
}
