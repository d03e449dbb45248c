import { isList, type Json, sameJson, textOf } from '../context/json.ts';
import { findAll } from './safe-regex.ts';
import {
  flagFrom,
  type Given,
  isEmpty,
  listOf,
  listOfArgument,
  momentFrom,
  NotKnown,
  numberFrom,
  textFrom,
  ValueError,
} from './values.ts';

/** How an operator compares: `item` operators hold for a list where they hold for one of its items, `whole` ones take the list. */
interface Operator {
  readonly takes: 'item' | 'whole';
  readonly holds: (left: Given, right: Given, ignoreCase: boolean) => boolean;
}

const folded = (value: Given, ignoreCase: boolean) => (ignoreCase ? textFrom(value).toLowerCase() : textFrom(value));

const item = (holds: Operator['holds']): Operator => ({ takes: 'item', holds });
const whole = (holds: Operator['holds']): Operator => ({ takes: 'whole', holds });
const not = ({ takes, holds }: Operator): Operator => ({
  takes,
  holds: (left, right, ignoreCase) => !holds(left, right, ignoreCase),
});

/** A list on the right is enough where one of its items will do. */
const anyRight =
  (holds: (left: string, right: string) => boolean) =>
  (left: Given, right: Given, ignoreCase: boolean): boolean => {
    const text = folded(left, ignoreCase);
    return (isList(right) ? right : [right ?? '']).some((one) => holds(text, folded(one, ignoreCase)));
  };

const numbers = (holds: (left: number, right: number) => boolean) =>
  item((left, right) => holds(numberFrom(left), numberFrom(right)));
const moments = (holds: (left: number, right: number) => boolean) =>
  item((left, right) => holds(momentFrom(left), momentFrom(right)));

const equalText = item((left, right, ignoreCase) => folded(left, ignoreCase) === folded(right, ignoreCase));
const equalAny = item((left, right, ignoreCase) =>
  left !== null && typeof left === 'object'
    ? sameJson(left, typeof right === 'string' ? parsed(right) : (right ?? null))
    : folded(left, ignoreCase) === textOrFolded(right, ignoreCase),
);
const containsText = item(anyRight((left, right) => left.includes(right)));
const startsWith = item(anyRight((left, right) => left.startsWith(right)));
const endsWith = item(anyRight((left, right) => left.endsWith(right)));
const within = item((left, right, ignoreCase) =>
  listOfArgument(right).some((one) => textOrFolded(one, ignoreCase) === textOrFolded(left, ignoreCase)),
);
const containsItem = whole((left, right, ignoreCase) => {
  const wanted = isList(right) ? right : [right ?? ''];
  return listOf(left).some((one) => wanted.some((other) => textOrFolded(one, ignoreCase) === textOrFolded(other, ignoreCase)));
});
const matches = item((left, right, ignoreCase) => findAll(textFrom(right), textFrom(left), { ignoreCase }).length > 0);
const empty = whole((left) => isEmpty(left));
const exists = whole((left) => left !== undefined && left !== null && !(isList(left) && left.length === 0));

/** The operators of XSOAR's filters and conditions, by the names that playbooks have them under. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  isEqualString: equalText,
  isNotEqualString: not(equalText),
  isIdenticalString: equalText,
  isEqual: equalAny,
  isNotEqual: not(equalAny),
  isEqualNumber: numbers((left, right) => left === right),
  isNotEqualNumber: numbers((left, right) => left !== right),
  greaterThan: numbers((left, right) => left > right),
  greaterThanOrEqual: numbers((left, right) => left >= right),
  lessThan: numbers((left, right) => left < right),
  lessThanOrEqual: numbers((left, right) => left <= right),
  isExists: exists,
  isNotExists: not(exists),
  isEmpty: empty,
  isNotEmpty: not(empty),
  isTrue: item((left) => flagFrom(left)),
  isFalse: item((left) => !flagFrom(left)),
  containsString: containsText,
  notContainsString: not(containsText),
  containsGeneral: containsItem,
  notContainsGeneral: not(containsItem),
  in: within,
  inList: within,
  notIn: not(within),
  notInList: not(within),
  startWith: startsWith,
  startsWith,
  notStartWith: not(startsWith),
  endWith: endsWith,
  endsWith,
  notEndWith: not(endsWith),
  match: matches,
  isMatch: matches,
  notMatch: not(matches),
  hasLength: whole((left, right) => listOf(left).length === numberFrom(right)),
  stringHasLength: item((left, right) => textFrom(left).length === numberFrom(right)),
  isBefore: moments((left, right) => left < right),
  before: moments((left, right) => left < right),
  isAfter: moments((left, right) => left > right),
  after: moments((left, right) => left > right),
  isSame: moments((left, right) => left === right),
  sameAs: moments((left, right) => left === right),
};

/** The names that `compare` knows. */
export const OPERATOR_NAMES: readonly string[] = Object.keys(OPERATORS);

/** Operators that look at their left side only. */
export const ONE_SIDED: ReadonlySet<string> = new Set(['isExists', 'isNotExists', 'isEmpty', 'isNotEmpty', 'isTrue', 'isFalse']);

/**
 * Whether a comparison of a playbook holds. As in XSOAR, an operator that expects one item and gets a list holds where one of the items does.
 *
 * @throws NotKnown where the operator is not known, ValueError where a side cannot be read as what it expects.
 */
export function compare(operator: string, left: Given, right: Given, ignoreCase = false): boolean {
  const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (known === undefined) throw new NotKnown(`the operator ${operator} is not known here`);
  // What is not there compares with nothing but the operators that ask for it; "no severity" is not an error, and not before 2020.
  if (known.takes === 'item' && (left === undefined || left === null || left === ''))
    return holdsForNothing(operator, known, right, ignoreCase);
  if (known.takes === 'whole' || !isList(left)) return known.holds(left, right, ignoreCase);
  return left.some((one) => known.holds(one, right, ignoreCase));
}

function holdsForNothing(operator: string, known: Operator, right: Given, ignoreCase: boolean): boolean {
  try {
    return known.holds('', right, ignoreCase);
  } catch (error) {
    if (error instanceof ValueError) return operator.startsWith('isNot');
    throw error;
  }
}

function textOrFolded(value: Given, ignoreCase: boolean): string {
  const text = value !== null && typeof value === 'object' ? JSON.stringify(value) : textOf(value);
  return ignoreCase ? text.toLowerCase() : text;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
