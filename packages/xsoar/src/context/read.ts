import { evaluate, truthy } from './evaluate.ts';
import type { Formula } from './expression.ts';
import { copyJson, isList, isObject, type Json, memberOf } from './json.ts';
import { type Path, parsePath, type Step } from './path.ts';

/**
 * Finds what an expression of DT says, as XSOAR's page "Cortex XSOAR Transform Language (DT)" describes: a step through a list goes
 * into each item; a selector keeps the values for which it is true; a mutator makes something of each. One value found on the way
 * through a list is given as itself, several as a list.
 * @param root the context with what else can be named (`incident`, `inputs`), or any value.
 * @returns undefined where nothing is found.
 * @throws ContextError where the expression is not understood or uses what is not supported.
 */
export function readPath(root: Json, expression: string): Json | undefined {
  return readParsed(root, parsePath(expression));
}

/** The same for an expression that was read before. */
export function readParsed(root: Json, path: Path): Json | undefined {
  let value: Json | undefined = root;
  for (const { step, where } of path.legs) {
    value = take(value, step);
    if (where !== undefined) value = select(value, where);
    if (value === undefined) return undefined;
  }
  return path.mutator === undefined || value === undefined ? value : mutate(value, path.mutator);
}

function take(value: Json | undefined, step: Step): Json | undefined {
  switch (step.kind) {
    case 'key': {
      if (isObject(value)) return memberOf(value, step.key);
      return isList(value)
        ? oneOrMany(through(value, (item) => (isObject(item) ? memberOf(item, step.key) : undefined)))
        : undefined;
    }
    case 'index':
      // XSOAR keeps a list of one as its item, so the first of what is no list is the thing itself.
      return isList(value) ? value[step.index] : step.index === 0 ? value : undefined;
    case 'range':
      return isList(value) ? value.slice(step.from, step.to + 1) : step.from === 0 ? value : undefined;
    case 'all':
      if (isObject(value)) return Object.values(value);
      return isList(value) ? through(value, (item) => (isObject(item) ? Object.values(item) : item)) : undefined;
  }
}

function select(value: Json | undefined, where: Formula): Json | undefined {
  if (value === undefined) return undefined;
  if (isList(value)) return oneOrMany(value.filter((val) => truthy(evaluate(where, { val }))));
  return truthy(evaluate(where, { val: value })) ? value : undefined;
}

function mutate(value: Json, mutator: Formula): Json | undefined {
  const made = (val: Json) => {
    const result = evaluate(mutator, { val });
    return result === undefined ? undefined : copyJson(result);
  };
  return isList(value) ? value.map(made).filter((item) => item !== undefined) : made(value);
}

/** What stands one step further in each item, lists among it laid end to end. */
function through(list: readonly Json[], next: (item: Json) => Json | undefined): Json[] {
  return list.flatMap((item) => next(item) ?? []);
}

function oneOrMany(values: readonly Json[]): Json | undefined {
  return values.length > 1 ? values : values[0];
}
