import { type Fields, fail } from './platform.ts';

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members whose names are to be kept, in a new object. */
export function fieldsWhere(fields: Fields, keeps: (name: string) => boolean): Fields {
  const kept: Record<string, unknown> = {};
  Object.keys(fields)
    .filter(keeps)
    .forEach((name) => {
      kept[name] = fields[name];
    });
  return kept;
}

/**
 * An argument as text, without blanks around it; '' where there is none. What comes out of the context may be a list with one value.
 */
export function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) {
    if (value.length > 1) fail(`${name} has ${value.length} values (${value.join(', ')}): give one.`);
    return textOf(value[0], name);
  }
  if (typeof value === 'object') fail(`${name} is an object: give a text.`);
  return String(value).replace(/^\s+|\s+$/g, '');
}

/** A field of an incident, whether XSOAR keeps it as its own or as a custom one. */
export function fieldOf(incident: Fields, name: string): string {
  const custom = isObject(incident.CustomFields) ? incident.CustomFields : {};
  return textOf(incident[name], name) || textOf(custom[name], name);
}

/** Why an incident was closed: the field that says so by agreement, or XSOAR's own where that one is empty. */
export function reasonIn(incident: Fields, field: string): string {
  return fieldOf(incident, field) || textOf(incident.closeReason, 'closeReason');
}

/** Like {@link textOf}, of an argument that has to be there. */
export function neededText(value: unknown, name: string): string {
  return textOf(value, name) || fail(`${name} is empty: give it.`);
}

/** A number that may be absent; refused in a sentence where it is none. */
export function numberOf(value: unknown, name: string): number | undefined {
  const text = textOf(value, name);
  if (text === '') return undefined;
  const number = Number(text);
  return Math.abs(number) <= Number.MAX_VALUE ? number : fail(`${name} must be a number, not “${text}”.`);
}

/** Seconds from an argument, at least 1, or `otherwise` where there is none. */
export function secondsOf(value: unknown, name: string, otherwise: number): number {
  const seconds = numberOf(value, name);
  if (seconds === undefined) return otherwise;
  return seconds >= 1 ? Math.round(seconds) : fail(`${name} must be 1 second or more, not ${seconds}.`);
}

export function isTrue(value: unknown): boolean {
  return value === true || /^(true|yes)$/i.test(typeof value === 'string' ? value : '');
}

/** A list from an argument: a list, its JSON, or texts with commas between them. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return [value];
  if (/^\s*\[/.test(value)) {
    const parsed = parseJson(value);
    if (Array.isArray(parsed)) return parsed;
  }
  return value
    .split(',')
    .map((part) => part.replace(/^\s+|\s+$/g, ''))
    .filter((part) => part !== '');
}

/** Undefined where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (_) {
    return undefined;
  }
}

/**
 * The alert as JSON text. A text is taken as it is, because parsing and writing again would change numbers that are too long.
 */
export function alertText(value: unknown, name: string): string {
  const given = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (isObject(given)) return JSON.stringify(given);
  const text = typeof given === 'string' ? given : '';
  if (!isObject(parseJson(text))) fail(`${name} must be a JSON object such as {"rule": {"name": "…"}}; this is none.`);
  return text;
}

/** A JSON object as text, out of members that are JSON text already; the empty ones are left out. */
export function objectText(members: Readonly<Record<string, string | undefined>>): string {
  const parts: string[] = [];
  Object.keys(members).forEach((name) => {
    const text = members[name];
    if (text !== undefined) parts.push(`${JSON.stringify(name)}:${text}`);
  });
  return `{${parts.join(',')}}`;
}

/** Text out of alerts for Markdown: letters that mean something there are shown as they are. */
export function plain(value: unknown): string {
  return String(value)
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&');
}
