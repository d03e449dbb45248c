import { copyJson, isList, isObject, type Json, LONGEST_TEXT, memberOf, sameJson, textOf } from '../context/json.ts';
import { ifThenElse } from './if-then-else.ts';
import { regexExtractAll, regexReplace } from './regex-transformers.ts';
import { replaceEach } from './safe-regex.ts';
import {
  flagFrom,
  type Given,
  isEmpty,
  listOf,
  momentFrom,
  NotKnown,
  numberFrom,
  short,
  textFrom,
  tryJson,
  ValueError,
  wholeFrom,
} from './values.ts';

/** The arguments of a transformer, already read. */
export type TransformerArguments = Readonly<Record<string, Given>>;

/** `item` transformers change each item of a list, `whole` ones the list. */
interface Known {
  readonly takes: 'item' | 'whole';
  readonly change: (value: Given, args: TransformerArguments) => Given;
}

const item = (change: Known['change']): Known => ({ takes: 'item', change });
const whole = (change: Known['change']): Known => ({ takes: 'whole', change });
const text = (change: (text: string, args: TransformerArguments) => Json) => item((value, args) => change(textFrom(value), args));
const number = (change: (number: number, args: TransformerArguments) => number) =>
  item((value, args) => {
    const made = change(numberFrom(value), args);
    if (!Number.isFinite(made)) throw new ValueError('the calculation has no result');
    return made;
  });

const first = whole((value) => (isList(value) ? value[0] : value));
const last = whole((value) => (isList(value) ? value.at(-1) : value));

/** The transformers of XSOAR and the common ones of its pack Filters And Transformers, by the names that playbooks have them under. */
const TRANSFORMERS: Readonly<Record<string, Known>> = {
  toUpperCase: text((value) => value.toUpperCase()),
  toLowerCase: text((value) => value.toLowerCase()),
  trim: text((value) => value.trim()),
  concat: text((value, { prefix, suffix }) => textOf(prefix) + value + textOf(suffix)),
  replace: text((value, { toReplace, replaceWith, limit }) =>
    replaceTimes(value, textOf(toReplace), textOf(replaceWith), optionalWhole(limit) ?? -1),
  ),
  replaceMatch: text((value, { regex, replaceWith }) => replaceEach(textOf(regex), value, () => textOf(replaceWith))),
  RegexReplace: text(regexReplace),
  substring: text((value, { from, to }) => value.slice(optionalWhole(from) ?? 0, optionalWhole(to))),
  split: text((value, { delimiter }) => value.split(isEmpty(delimiter) ? ',' : textOf(delimiter))),
  splitAndTrim: text((value, { delimiter }) =>
    value.split(isEmpty(delimiter) ? ',' : textOf(delimiter)).map((part) => part.trim()),
  ),
  StringToArray: text((value) => [...value]),
  stripChars: text((value, { chars }) => [...value].filter((one) => !textOf(chars).includes(one)).join('')),
  RegexExtractAll: text(regexExtractAll),
  Base64Decode: text((value) => Buffer.from(value, 'base64').toString('utf8')),
  Base64Encode: text((value) => Buffer.from(value, 'utf8').toString('base64')),
  URLEncode: text((value) => encodeURIComponent(value)),
  URLDecode: text((value) => decoded(value)),
  length: text((value) => value.length),
  stringLength: text((value) => value.length),
  indexOf: whole((value, { item: wanted }) => listOf(value).findIndex((one) => sameJson(one, wanted ?? null))),

  addition: number((value, { by }) => value + numberFrom(by)),
  subtraction: number((value, { from, by }) => (by === undefined ? numberFrom(from) - value : value - numberFrom(by))),
  multiply: number((value, { by }) => value * numberFrom(by)),
  division: number((value, { by }) => value / numberFrom(by)),
  modulus: number((value, { by }) => value % numberFrom(by)),
  abs: number((value) => Math.abs(value)),
  ceil: number((value) => Math.ceil(value)),
  floor: number((value) => Math.floor(value)),
  round: number((value) => Math.round(value)),
  precision: number((value, { by }) => Number(value.toFixed(Math.min(Math.max(optionalWhole(by) ?? 0, 0), 20)))),
  SumList: whole((value) => listOf(value).reduce<number>((sum, one) => sum + numberFrom(one), 0)),

  count: whole((value) => listOf(value).length),
  uniq: whole((value) => (isList(value) ? unique(value) : value)),
  sort: whole((value, { descending }) => sorted(listOf(value), flagFrom(descending))),
  join: whole((value, { separator }) => listOf(value).map(textOrJson).join(textOf(separator))),
  append: whole((value, { item: more }) => [...listOf(value), ...listOf(more)]),
  AppendIfNotEmpty: whole((value, { item: more }) => (isEmpty(more) ? value : [...listOf(value), ...listOf(more)])),
  atIndex: whole((value, { index }) => listOf(value).at(wholeFrom(index))),
  FirstArrayElement: first,
  first,
  LastArrayElement: last,
  last,
  slice: whole((value, { from, to }) => listOf(value).slice(optionalWhole(from) ?? 0, optionalWhole(to))),
  sliceByItem: whole((value, { from, to }) => betweenItems(listOf(value), from, to)),
  ReverseList: whole((value) => listOf(value).toReversed()),
  RemoveEmpty: whole((value) => listOf(value).filter((one) => !isEmpty(one))),
  ConvertToSingleElementArray: whole((value) => listOf(value)),

  getField: item((value, { field }) => fieldOf(value, textOf(field))),
  Stringify: item((value) => (value === undefined ? '' : JSON.stringify(value))),
  StringifyArray: whole((value) => JSON.stringify(listOf(value))),
  ParseJSON: item((value) => parsed(value)),
  jsonParse: item((value) => parsed(value)),
  SetIfEmpty: whole((value, { defaultValue, applyIfEmpty }) => (isUnset(value, applyIfEmpty) ? defaultValue : value)),
  'If-Then-Else': item(ifThenElse),
  TimeStampToDate: item((value) => new Date(momentFrom(value)).toISOString()),
  'Date to string': item((value) => new Date(momentFrom(value)).toISOString()),
  toUnix: item((value) => Math.floor(momentFrom(value) / 1000)),
  FormattedDateToEpoch: item((value) => Math.floor(momentFrom(value) / 1000)),
};

/** The names that `transform` knows. */
export const TRANSFORMER_NAMES: readonly string[] = Object.keys(TRANSFORMERS);

/**
 * Changes a value as a transformer of a playbook does: those for an item are done to each item of a list; a list that one makes of an
 * item is laid out flat.
 *
 * @throws NotKnown where the transformer is not known, ValueError where a value cannot be read as what it expects, or the result is larger than 25 MiB.
 */
export function transform(name: string, value: Given, args: TransformerArguments): Given {
  const known = Object.hasOwn(TRANSFORMERS, name) ? TRANSFORMERS[name] : undefined;
  if (known === undefined) throw new NotKnown(`the transformer ${name} is not known here`);
  if (known.takes === 'whole' || !isList(value)) return bounded(known.change(value, args));
  return bounded(value.flatMap((one) => listOf(known.change(one, args))));
}

function optionalWhole(value: Given): number | undefined {
  return isEmpty(value) ? undefined : wholeFrom(value);
}

/** @param limit how often at most; less than 0 for each. */
function replaceTimes(value: string, from: string, to: string, limit: number): string {
  if (from === '') return value;
  const parts = value.split(from);
  const times = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  return [parts.slice(0, times + 1).join(to), ...parts.slice(times + 1)].join(from);
}

function unique(list: readonly Json[]): Json[] {
  const seen = new Set<string>();
  return list.filter((one) => {
    const key = typeof one === 'string' ? `"${one}` : JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
}

/** Numbers by size where all are numbers, else texts by their code units. */
function sorted(list: readonly Json[], descending: boolean): Json[] {
  const numeric = list.every((one) => typeof one === 'number');
  const order = (left: Json, right: Json) => {
    if (numeric) return Number(left) - Number(right);
    const [a, b] = [textOrJson(left), textOrJson(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  };
  return list.toSorted((left, right) => (descending ? -order(left, right) : order(left, right)));
}

function betweenItems(list: readonly Json[], from: Given, to: Given): Json[] {
  const start = isEmpty(from) ? 0 : list.findIndex((one) => textOrJson(one) === textOf(from));
  const end = isEmpty(to) ? list.length : list.findIndex((one) => textOrJson(one) === textOf(to));
  return start === -1 ? [] : list.slice(start, end === -1 ? list.length : end);
}

function fieldOf(value: Given, path: string): Given {
  return path.split('.').reduce<Given>((at, key) => (isObject(at) ? memberOf(at, key) : undefined), value);
}

function parsed(value: Given): Given {
  if (typeof value !== 'string') return value;
  const data = tryJson(value);
  if (data === undefined) throw new ValueError(`${short(value)} is not JSON`);
  return copyJson(data);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ValueError(`${short(value)} is not URL-encoded`);
  }
}

function isUnset(value: Given, applyIfEmpty: Given): boolean {
  if (value === undefined || value === null) return true;
  if (!isEmpty(applyIfEmpty) && !flagFrom(applyIfEmpty)) return false;
  return isEmpty(value) || (typeof value === 'string' && ['none', 'null'].includes(value.trim().toLowerCase()));
}

function textOrJson(value: Given): string {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : textOf(value);
}

function bounded(value: Given): Given {
  if ((typeof value === 'string' || isList(value)) && value.length > LONGEST_TEXT)
    throw new ValueError('the result is larger than 25 MiB');
  return value;
}
