/** The context of an incident as XSOAR keeps it: pure functions over plain data. */
export { parseFormula } from './expression.ts';
export {
  type Context,
  ContextError,
  copyJson,
  isList,
  isObject,
  type Json,
  type JsonObject,
  sameJson,
  textOf,
  UnsupportedExpression,
} from './json.ts';
export { mergeEntryContext } from './merge.ts';
export { closingOf, parsePath } from './path.ts';
export { readPath } from './read.ts';
export { valueToSet } from './set-value.ts';
export { expressionsOf, fillTemplate } from './template.ts';
export { deletePath, setPath } from './write.ts';
