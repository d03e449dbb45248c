import { changeAt } from './change.ts';
import { evaluate, truthy } from './evaluate.ts';
import type { Formula } from './expression.ts';
import { type Context, ContextError, copyJson, isList, isObject, type Json, sameJson } from './json.ts';
import { parsePath } from './path.ts';

const MOST_KEYS = 10_000;
/** Comparisons of two values that one entry may ask for. */
const MOST_COMPARISONS = 2_000_000;

/**
 * Puts the `EntryContext` of an entry into the context, and changes neither.
 *
 * - `Path(val.id && val.id == obj.id)`: each value that comes (`obj`) updates every value there (`val`) for which the selector is true,
 *   and is added where there is none. What is updated keeps its other members; objects inside are merged, all else is replaced.
 *   A list that ends up with one item is kept as that item.
 * - `Path` alone: set where nothing is, else added to what is there. What is there already is not added twice.
 *
 * From XSOAR's pages "Context and Outputs" (the contexts shown hold the one item of a list), "Cortex XSOAR Transform Language (DT)"
 * (update or add), and those of the scripts Set (`append`) and SetWithDuplicates (which exists because adding drops what is there).
 * They leave open what happens to objects inside of an updated value, and to a path that leads through a list: here it leads into each object of it.
 * @throws ContextError where a key is not understood or a value is too large.
 */
export function mergeEntryContext(context: Context, entryContext: Readonly<Record<string, unknown>>): Context {
  const entries = Object.entries(entryContext);
  if (entries.length > MOST_KEYS) throw new ContextError(`An entry has more than ${MOST_KEYS} keys for the context.`);
  let comparisons = 0;
  const compared = () => {
    comparisons += 1;
    if (comparisons > MOST_COMPARISONS) throw new ContextError('An entry compares more than two million values of the context.');
  };
  return entries.reduce<Context>((merged, [key, value]) => {
    const { keys, where } = readKey(key);
    const comes = copyJson(value);
    return changeAt(merged, keys, (there) =>
      where === undefined ? append(there, comes, compared) : link(there, comes, where, compared),
    );
  }, context);
}

function readKey(text: string): { keys: string[]; where: Formula | undefined } {
  const { legs, mutator } = parsePath(text);
  const keys = legs.map(({ step, where }, index) => {
    if (step.kind !== 'key' || (where !== undefined && index < legs.length - 1)) {
      throw new ContextError(`"${text}" is no key of a context: write names with dots, and a selector only at the end.`);
    }
    return step.key;
  });
  if (mutator !== undefined || keys.length === 0) throw new ContextError(`"${text}" is no key of a context.`);
  return { keys, where: legs.at(-1)?.where };
}

function append(there: Json | undefined, comes: Json, compared: () => void): Json {
  if (there === undefined) return comes;
  const list = [...asList(there)];
  for (const item of asList(comes)) addOnce(list, item, compared);
  return list.length === asList(there).length ? there : list;
}

function link(there: Json | undefined, comes: Json, where: Formula, compared: () => void): Json | undefined {
  const list = there === undefined ? [] : [...asList(there)];
  for (const obj of asList(comes)) {
    let found = false;
    for (const [index, val] of list.entries()) {
      compared();
      if (!truthy(evaluate(where, { val, obj }))) continue;
      list[index] = updated(val, obj);
      found = true;
    }
    if (!found) addOnce(list, obj, compared);
  }
  return list.length > 1 ? list : list[0];
}

function addOnce(list: Json[], item: Json, compared: () => void): void {
  const known = list.some((other) => {
    compared();
    return sameJson(other, item);
  });
  if (!known) list.push(item);
}

function updated(there: Json, comes: Json): Json {
  if (!isObject(there) || !isObject(comes)) return comes;
  const made = new Map(Object.entries(there));
  for (const [key, value] of Object.entries(comes)) made.set(key, updated(made.get(key) ?? null, value));
  return Object.fromEntries(made);
}

function asList(value: Json): readonly Json[] {
  return isList(value) ? value : [value];
}
