import { evaluate, truthy } from '../context/evaluate.ts';
import { textOf } from '../context/json.ts';
import { findAll } from './safe-regex.ts';
import { type Given, listOfArgument, tryJson, ValueError } from './values.ts';

type Arguments = Readonly<Record<string, Given>>;
type Options = ReadonlyMap<string, string>;

/**
 * If-Then-Else of XSOAR's pack Filters And Transformers. The condition has two names and a sign, like `lhs==rhs`, and compares as JavaScript does, in
 * which that script is written; without one it is `value==rhs`. A second condition stands beside it where `conditionInBetween` says how.
 * @throws ValueError where a condition or the type of a value is not understood, RegexError.
 */
export function ifThenElse(value: Given, args: Arguments): Given {
  const options = optionsOf(args.options);
  const branch = decide(value, args, options) ? 'then' : 'else';
  return read(branch, value, args, options) ?? '';
}

function decide(value: Given, args: Arguments, options: Options): boolean {
  const one = decideOne(value, args, textOf(args.condition), '', options);
  const between = textOf(args.conditionInBetween).trim().toLowerCase();
  if (between === '') return one;
  const other = decideOne(value, args, textOf(args.conditionB), 'B', optionsOf(args.optionsB));
  return between === 'and' ? one && other : one || other;
}

function decideOne(value: Given, args: Arguments, condition: string, suffix: string, options: Options): boolean {
  const written = condition.trim() === '' ? `value==rhs${suffix}` : condition;
  const [, name, sign] = /^\s*(lhsB?|value)\s*(===|!==|==|!=|>=|<=|=~|>|<|in list|not in list)\s*rhsB?\s*$/.exec(written) ?? [];
  if (name === undefined || sign === undefined)
    throw new ValueError(`the condition "${condition}" of If-Then-Else is not known here`);
  const rightName = `rhs${suffix}`;
  const right = read(args[rightName] === undefined && suffix === '' ? 'equals' : rightName, value, args, options);
  return holds(sign, read(name, value, args, options), right, options);
}

function holds(sign: string, left: Given, right: Given, options: Options): boolean {
  const ignoreCase = options.has('case_insensitive');
  switch (sign) {
    case '=~': {
      const flags = { ignoreCase, multiLine: options.has('regex_multiline'), dotAll: options.has('regex_dot_all') };
      const [first] = findAll(textOf(right), textOf(left), flags);
      return first !== undefined && (!options.has('regex_full_match') || first[0]?.length === textOf(left).length);
    }
    case 'in list':
      return listOfArgument(right).some((one) => folded(textOf(one), ignoreCase) === folded(textOf(left), ignoreCase));
    case 'not in list':
      return !holds('in list', left, right, options);
    default: {
      const both = ignoreCase && typeof left === 'string' && typeof right === 'string';
      // The script lets nothing be equal to an empty text.
      const or = sign === '==' || sign === '!=' ? '' : null;
      const [val, obj] = both ? [left.toLowerCase(), right.toLowerCase()] : [left ?? or, right ?? or];
      const variable = (name: 'val' | 'obj') => ({ kind: 'variable', name }) as const;
      return truthy(evaluate({ kind: 'infix', sign, left: variable('val'), right: variable('obj') }, { val, obj }));
    }
  }
}

/** A value by its name, as the option `input_data_type:NAME` says to take it: as it is, as JSON, or the value that is transformed. */
function read(name: string, value: Given, args: Arguments, options: Options): Given {
  const given = name === 'value' ? value : args[name];
  const type = options.get(`input_data_type:${name}`) ?? 'raw';
  if (type === 'raw') return given;
  if (type === 'value') return value;
  const parsed = type === 'json' ? tryJson(textOf(given)) : undefined;
  if (parsed === undefined) throw new ValueError(`${name} of If-Then-Else cannot be read as ${type}`);
  return parsed;
}

function optionsOf(given: Given): Options {
  return new Map(
    listOfArgument(given).map((one) => {
      const text = textOf(one).trim();
      const at = text.lastIndexOf('=');
      return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function folded(text: string, ignoreCase: boolean): string {
  return ignoreCase ? text.toLowerCase() : text;
}
