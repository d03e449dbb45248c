import { type Context, ContextError, copyJson, isList, isObject, type Json, memberOf, withMember } from './json.ts';
import { mergeEntryContext } from './merge.ts';
import { type Leg, parsePath } from './path.ts';

/**
 * Sets what a path names and changes nothing else, as XSOAR's script `Set` does.
 * @param path names with dots, and `[0]` for an item that is there; with `append` also a selector at the end.
 * @param append adds to what is there (see `mergeEntryContext`) in place of replacing it.
 * @throws ContextError
 */
export function setPath(context: Context, path: string, value: unknown, append = false): Context {
  if (append) return mergeEntryContext(context, { [path]: value });
  const legs = plainLegs(path);
  const set = copyJson(value);
  const changed = changeLegs(context, legs, () => set);
  if (!isObject(changed)) throw new ContextError(`"${path}" does not begin with a name.`);
  return changed;
}

/**
 * Removes what a path names; through a list, from each of its objects. Where nothing is there, the same context comes back.
 * @throws ContextError
 */
export function deletePath(context: Context, path: string): Context {
  const changed = removeLegs(context, plainLegs(path));
  return isObject(changed) ? changed : context;
}

function plainLegs(path: string): readonly Leg[] {
  const { legs, mutator } = parsePath(path);
  const plain = legs.every(({ step, where }) => where === undefined && (step.kind === 'key' || step.kind === 'index'));
  if (!plain || mutator !== undefined || legs.length === 0) {
    throw new ContextError(`"${path}" does not name one place: write names with dots, and [0] for an item.`);
  }
  return legs;
}

function changeLegs(there: Json | undefined, legs: readonly Leg[], change: () => Json): Json {
  const [leg, ...rest] = legs;
  if (leg === undefined) return change();
  if (leg.step.kind === 'index') {
    const list = isList(there) ? there : there === undefined ? [] : [there];
    const { index } = leg.step;
    if (index >= list.length) throw new ContextError(`There is no item [${index}]; the list has ${list.length}.`);
    return list.with(index, changeLegs(list[index], rest, change));
  }
  const key = leg.step.kind === 'key' ? leg.step.key : '';
  if (isList(there) && there.some(isObject)) return there.map((item) => (isObject(item) ? changeLegs(item, legs, change) : item));
  const object = isObject(there) ? there : {};
  return withMember(object, key, changeLegs(memberOf(object, key), rest, change));
}

function removeLegs(there: Json | undefined, legs: readonly Leg[]): Json | undefined {
  const [leg, ...rest] = legs;
  if (leg === undefined) return undefined;
  if (leg.step.kind === 'index') {
    const { index } = leg.step;
    if (!isList(there)) return index === 0 ? removeLegs(there, rest) : there;
    if (index >= there.length) return there;
    const item = removeLegs(there[index], rest);
    return item === undefined ? there.toSpliced(index, 1) : there.with(index, item);
  }
  if (isList(there)) return there.map((item) => (isObject(item) ? (removeLegs(item, legs) ?? null) : item));
  if (!isObject(there) || leg.step.kind !== 'key') return there;
  const { key } = leg.step;
  const member = memberOf(there, key);
  return member === undefined ? there : withMember(there, key, removeLegs(member, rest));
}
