import { type Json, type JsonObject, textOf } from '../context/json.ts';
import { findAll, type PatternFlags, type Place, replaceEach } from './safe-regex.ts';
import { flagFrom, type Given, isEmpty, NotKnown, ValueError } from './values.ts';

type Arguments = Readonly<Record<string, Given>>;

/**
 * RegexReplace of XSOAR's pack Filters And Transformers: `re.sub()` of Python, whose template names groups as `\1`, `\g<1>` and `\g<name>`, and the
 * whole match as `\0`.
 * @throws ValueError where the template names a group that there is none of, NotKnown with `action_dt`, RegexError.
 */
export function regexReplace(text: string, args: Arguments): string {
  if (!isEmpty(args.action_dt)) throw new NotKnown('action_dt of the transformer RegexReplace is not known here');
  const template = textOf(args.output_format);
  return replaceEach(textOf(args.regex), text, (place) => expand(template, place), flagsOf(args));
}

/**
 * RegexExtractAll of that pack: `findall()` of Python, which gives whole matches of a pattern without groups, the group of one that has one, and lists of
 * all groups where there are several.
 * @throws ValueError where nothing is found and `error_if_no_match` is true, RegexError.
 */
export function regexExtractAll(text: string, args: Arguments): Json {
  const found = findAll(textOf(args.regex), text, flagsOf(args)).map(([whole, ...groups]): string | string[] =>
    groups.length > 1 ? groups.map((group) => group ?? '') : ((groups.length === 1 ? groups[0] : whole) ?? ''),
  );
  if (found.length === 0 && flagFrom(args.error_if_no_match)) throw new ValueError('No results found');
  return flagFrom(args.unpack_matches) ? found.flat().filter((one) => one !== '') : found;
}

function flagsOf({ ignore_case, multi_line, period_matches_newline }: Arguments): PatternFlags {
  return { ignoreCase: flagFrom(ignore_case), multiLine: flagFrom(multi_line), dotAll: flagFrom(period_matches_newline) };
}

const ESCAPES: JsonObject = { '\\': '\\', n: '\n', r: '\r', t: '\t' };

function expand(template: string, { found, named }: Place): string {
  return template.replaceAll(
    /\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g,
    (written: string, name?: string, number?: string, one?: string) => {
      if (one !== undefined) return textOf(ESCAPES[one] ?? written);
      const group = name ?? number ?? '';
      const value = /^\d+$/.test(group) ? found[Number(group)] : Object.hasOwn(named, group) ? named[group] : undefined;
      // JSON has null for a group that took no part; that it leaves a name out is settled above.
      if (value === undefined) throw new ValueError(`the pattern has no group ${group}`);
      return value ?? '';
    },
  );
}
