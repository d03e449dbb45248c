import { fail, instanceParameters } from './platform.ts';
import { isObject, parseJson, textOf } from './values.ts';

/** One close reason and its label. */
export interface MappedReason {
  readonly reason: string;
  readonly label: string;
}

/** The mapping of close reasons to labels, from the parameter of the instance. */
export function closeReasons(): MappedReason[] {
  return readCloseReasons(textOf(instanceParameters().close_reason_mapping, 'The mapping of close reasons'));
}

/** The field of an incident that holds what is mapped to a label, from the parameter of the instance. */
export function closingReasonField(): string {
  return textOf(instanceParameters().closing_reason_field, 'The field with the close reason') || 'closeReason';
}

/** The label of a close reason; '' where it is not mapped. Letter case and blanks around do not matter. */
export function labelOfReason(reason: string, mapping: readonly MappedReason[]): string {
  const wanted = reason.toLowerCase();
  const found = mapping.filter((entry) => entry.reason.toLowerCase() === wanted)[0];
  return found === undefined ? '' : found.label;
}

/**
 * Reads `reason=Label` lines, a JSON object, or the older form `"reason"="label", "reason"="label"`. A reason without a label is not mapped.
 */
export function readCloseReasons(text: string): MappedReason[] {
  if (/^\{/.test(text)) return ofJson(text);
  const mapping: MappedReason[] = [];
  text.split(/\r?\n/).forEach((line) => {
    partsOf(line).forEach((part) => {
      const at = part.indexOf('=');
      if (at < 1) fail(`The mapping of close reasons has “${part}”: write one “reason=Label” a line.`);
      add(mapping, part.slice(0, at), part.slice(at + 1));
    });
  });
  return mapping;
}

function ofJson(text: string): MappedReason[] {
  const json = parseJson(text);
  if (!isObject(json)) return fail('The mapping of close reasons begins like JSON and is none: put it right in the instance.');
  const mapping: MappedReason[] = [];
  Object.keys(json).forEach((reason) => {
    add(mapping, reason, textOf(json[reason], `The label of “${reason}”`));
  });
  return mapping;
}

/** The older form has all of them on one line, each in quotes. Empty lines, and those that begin with #, have none. */
function partsOf(line: string): string[] {
  if (/^\s*(#|$)/.test(line)) return [];
  return /^\s*"[^"]*"\s*=/.test(line) ? line.match(/"[^"]*"\s*=\s*("[^"]*"|[^,"]+)/g) || [] : [line];
}

function add(mapping: MappedReason[], reason: string, label: string): void {
  const entry = { reason: bare(reason), label: bare(label) };
  if (entry.label !== '') mapping.push(entry);
}

function bare(text: string): string {
  return text.replace(/^\s*"?\s*|\s*"?\s*$/g, '');
}
