import { isList, isObject, type Json, type JsonObject, memberOf, withMember } from './json.ts';

/**
 * The context with what stands at the end of the names changed. Objects are made on the way where none are; a list on the way is
 * gone through, each of its objects being changed.
 * @param change gets undefined where nothing is there, and may leave it so.
 */
export function changeAt(
  context: JsonObject,
  keys: readonly string[],
  change: (there: Json | undefined) => Json | undefined,
): JsonObject {
  const [key, ...rest] = keys;
  if (key === undefined) return context;
  const there = memberOf(context, key);
  if (rest.length === 0) return withMember(context, key, change(there));
  const inside = (object: JsonObject) => changeAt(object, rest, change);
  if (!isList(there)) return withMember(context, key, inside(isObject(there) ? there : {}));
  const changed = there.some(isObject) ? there.map((item) => (isObject(item) ? inside(item) : item)) : [...there, inside({})];
  return withMember(context, key, changed);
}
