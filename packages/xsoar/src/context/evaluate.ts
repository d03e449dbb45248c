import type { Formula } from './expression.ts';
import { ContextError, copyJson, isList, isObject, type Json, LONGEST_TEXT, memberOf } from './json.ts';

/** What a formula can speak of: the value that is there, and in keys of an entry's context the value that comes. */
export interface Variables {
  readonly val: Json | undefined;
  readonly obj?: Json | undefined;
}

type Value = Json | undefined;

/**
 * What a formula says of these values, by the rules of JavaScript, but that a method of something that is not there gives undefined in
 * place of an error: one odd item must not spoil a whole list.
 * @throws ContextError when a text grows beyond 25 MiB.
 */
export function evaluate(formula: Formula, variables: Variables): Value {
  const value = (of: Formula) => evaluate(of, variables);
  switch (formula.kind) {
    case 'constant':
      return formula.value;
    case 'variable':
      return variables[formula.name];
    case 'member':
      return member(value(formula.of), value(formula.key));
    case 'method':
      return bounded(callMethod(value(formula.of), formula.name, formula.args.map(value)));
    case 'function':
      return callFunction(formula.name, formula.args.map(value));
    case 'prefix':
      return prefixed(formula.sign, value(formula.of));
    case 'infix':
      return infix(formula.sign, value(formula.left), () => value(formula.right));
    case 'choice':
      return truthy(value(formula.test)) ? value(formula.yes) : value(formula.no);
    case 'list':
      return formula.items.map((item) => value(item) ?? null);
    case 'object':
      return Object.fromEntries(
        formula.members.flatMap(([key, of]) => {
          const made = value(of);
          return made === undefined || key === '__proto__' ? [] : [[key, made]];
        }),
      );
  }
}

function infix(sign: string, left: Value, right: () => Value): Value {
  if (sign === '&&') return truthy(left) ? right() : left;
  if (sign === '||') return truthy(left) ? left : right();
  return bounded(combined(sign, left, right()));
}

/** Whether JavaScript takes the value for true. */
export function truthy(value: Value): boolean {
  return Boolean(value);
}

function member(of: Value, key: Value): Value {
  if (typeof of === 'string' || isList(of)) {
    if (key === 'length') return of.length;
    const index = typeof key === 'number' ? key : Number.NaN;
    return of[index];
  }
  return isObject(of) && key !== undefined ? memberOf(of, plainText(key)) : undefined;
}

function callMethod(of: Value, name: string, args: readonly Value[]): Value {
  if (of === undefined || of === null) return undefined;
  if (name === 'toString') return plainText(of);
  if (isList(of)) return callListMethod(of, name, args);
  if (typeof of === 'string') return callTextMethod(of, name, args);
  return typeof of === 'number' && name === 'toFixed'
    ? of.toFixed(Math.min(Math.max(toNumber(args[0] ?? 0), 0), 100) || 0)
    : undefined;
}

function callListMethod(of: readonly Json[], name: string, args: readonly Value[]): Value {
  const [first, second] = args;
  switch (name) {
    case 'concat':
      return [...of, ...args.flatMap((item) => item ?? null)];
    case 'includes':
      return first !== undefined && of.includes(first);
    case 'indexOf':
      return first === undefined ? -1 : of.indexOf(first);
    case 'lastIndexOf':
      return first === undefined ? -1 : of.lastIndexOf(first);
    case 'join':
      return of.map((item) => (item === null ? '' : plainText(item))).join(first === undefined ? ',' : plainText(first));
    case 'slice':
      return of.slice(optionalNumber(first), optionalNumber(second));
    default:
      return undefined;
  }
}

function callTextMethod(of: string, name: string, args: readonly Value[]): Value {
  const text = plainText(args[0]);
  const [first, second] = args.map(optionalNumber);
  switch (name) {
    case 'charAt':
      return of.charAt(first ?? 0);
    case 'concat':
      return args.reduce<string>((made, arg) => made + plainText(arg), of);
    case 'endsWith':
      return of.endsWith(text, second);
    case 'includes':
      return of.includes(text, second);
    case 'indexOf':
      return of.indexOf(text, second);
    case 'lastIndexOf':
      return of.lastIndexOf(text, second);
    case 'replace':
      return of.replace(text, () => plainText(args[1]));
    case 'slice':
      return of.slice(first, second);
    case 'split':
      return args[0] === undefined ? [of] : of.split(text, second);
    case 'startsWith':
      return of.startsWith(text, second);
    case 'substr': {
      const from = first ?? 0;
      const start = from < 0 ? Math.max(of.length + from, 0) : from;
      return of.slice(start, second === undefined ? undefined : start + Math.max(second, 0));
    }
    case 'substring':
      return of.substring(first ?? 0, second);
    case 'toLowerCase':
      return of.toLowerCase();
    case 'toUpperCase':
      return of.toUpperCase();
    case 'trim':
      return of.trim();
    default:
      return undefined;
  }
}

function callFunction(name: string, args: readonly Value[]): Value {
  const [first, second] = args;
  switch (name) {
    case 'Boolean':
      return truthy(first);
    case 'JSON.parse':
      try {
        return copyJson(JSON.parse(plainText(first)));
      } catch (error) {
        if (error instanceof ContextError) throw error;
        return undefined;
      }
    case 'JSON.stringify':
      return first === undefined ? undefined : bounded(JSON.stringify(first));
    case 'Number':
      return args.length === 0 ? 0 : toNumber(first);
    case 'parseFloat':
      return Number.parseFloat(plainText(first));
    case 'parseInt':
      return Number.parseInt(plainText(first), optionalNumber(second));
    default:
      return args.length === 0 ? '' : plainText(first);
  }
}

function prefixed(sign: string, of: Value): Value {
  if (sign === '!') return !truthy(of);
  if (sign === 'typeof') return of === undefined ? 'undefined' : typeof of;
  return sign === '-' ? -toNumber(of) : toNumber(of);
}

function combined(sign: string, left: Value, right: Value): Value {
  switch (sign) {
    case '===':
      return left === right;
    case '!==':
      return left !== right;
    case '==':
      return looselyEqual(left, right);
    case '!=':
      return !looselyEqual(left, right);
    case '+': {
      const [a, b] = [primitive(left), primitive(right)];
      return typeof a === 'string' || typeof b === 'string' ? plainText(a) + plainText(b) : toNumber(a) + toNumber(b);
    }
    case '-':
      return toNumber(left) - toNumber(right);
    case '*':
      return toNumber(left) * toNumber(right);
    case '/':
      return toNumber(left) / toNumber(right);
    case '%':
      return toNumber(left) % toNumber(right);
    default:
      return ordered(sign, primitive(left), primitive(right));
  }
}

function ordered(sign: string, left: Value, right: Value): boolean {
  const texts = typeof left === 'string' && typeof right === 'string';
  const [a, b] = texts ? [left, right] : [toNumber(left), toNumber(right)];
  if (sign === '<') return a < b;
  if (sign === '<=') return a <= b;
  return sign === '>' ? a > b : a >= b;
}

/** `==` of JavaScript. Two objects are never the same one here, since a context holds copies. */
function looselyEqual(left: Value, right: Value): boolean {
  if (left === undefined || left === null || right === undefined || right === null) {
    return (left ?? null) === null && (right ?? null) === null;
  }
  if (typeof left === 'object' && typeof right === 'object') return false;
  const [a, b] = [primitive(left), primitive(right)];
  return typeof a === typeof b ? a === b : toNumber(a) === toNumber(b);
}

function primitive(value: Value): Value {
  return typeof value === 'object' && value !== null ? plainText(value) : value;
}

function plainText(value: Value): string {
  if (isList(value)) return value.map((item) => (item === null ? '' : plainText(item))).join(',');
  return isObject(value) ? '[object Object]' : String(value);
}

function toNumber(value: Value): number {
  return value === undefined ? Number.NaN : Number(primitive(value));
}

function optionalNumber(value: Value): number | undefined {
  return value === undefined ? undefined : toNumber(value);
}

/** A chain of texts and lists put together could double with each link. */
function bounded(value: Value): Value {
  if ((typeof value === 'string' || isList(value)) && value.length > LONGEST_TEXT) {
    throw new ContextError('An expression makes a text of more than 25 MiB.');
  }
  return value;
}
