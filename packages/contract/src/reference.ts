import { ID_MAX } from './common.ts';

/**
 * How a document names another resource: by its name in the document or its stored title (which of the two only the reader of
 * the document knows; the name in the document goes first), or by a reference in double braces.
 */
export type Reference =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'integration'; readonly title: string }
  | { readonly kind: 'integration_id'; readonly internal_id: number }
  | { readonly kind: 'api_key'; readonly name: string }
  | { readonly kind: 'malformed'; readonly reason: string };

const FORMS = "{{integrations(title='…')}}, {{integrations(internal_id=1001)}} or {{api_keys(name='…')}}";

/**
 * Reads a reference. A text that does not begin with `{{` is a name, trimmed. Blanks between the parts do not matter; values stand in
 * `'` or `"`, in which a backslash takes the following quote or backslash for itself and stands for itself before anything else.
 * Never throws: what cannot be read is `malformed`, with a reason to show.
 */
export function parseReference(text: string): Reference {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{{')) {
    return trimmed === '' ? malformed('must name a resource, and is empty') : { kind: 'name', name: trimmed };
  }
  const outer = /^\{\{\s*([a-z_]+)\s*\(\s*([a-z_]+)\s*=\s*/.exec(trimmed);
  if (outer === null) return malformed(`must be a name, or one of the forms ${FORMS}`);
  const [head, collection = '', member = ''] = outer;
  const value = quoted(trimmed, head.length) ?? digits(trimmed, head.length);
  if (value === null || !/^\s*\)\s*\}\}$/.test(trimmed.slice(value.end))) {
    return malformed(`must have one value, in quotes or a number, and end with )}}, as in ${FORMS}`);
  }
  return referenceOf(collection, member, value.read);
}

/** Writes a reference so that `parseReference` reads the same again. A name that begins with `{{` or has outer blanks has no such form. */
export function writeReference(reference: Exclude<Reference, { kind: 'malformed' }>): string {
  switch (reference.kind) {
    case 'name':
      return reference.name;
    case 'integration':
      return `{{integrations(title='${escaped(reference.title)}')}}`;
    case 'integration_id':
      return `{{integrations(internal_id=${reference.internal_id})}}`;
    case 'api_key':
      return `{{api_keys(name='${escaped(reference.name)}')}}`;
  }
}

interface Value {
  readonly read: string | number;
  /** Where the text goes on behind it. */
  readonly end: number;
}

function referenceOf(collection: string, member: string, value: string | number): Reference {
  const place = `${collection}.${member}`;
  if (place === 'integrations.internal_id') {
    const internal_id = typeof value === 'number' ? value : /^\d{1,16}$/.test(value) ? Number(value) : 0;
    if (internal_id >= 1 && internal_id <= ID_MAX) return { kind: 'integration_id', internal_id };
    return malformed('must have the number of an integration as internal_id');
  }
  if (place !== 'integrations.title' && place !== 'api_keys.name') {
    return malformed(`must be one of the forms ${FORMS}; ${collection}(${member}=…) is not known`);
  }
  if (typeof value === 'number') return malformed(`must have its ${member} in quotes`);
  if (value.trim() === '') return malformed(`must have a ${member} that is not empty`);
  return place === 'api_keys.name' ? { kind: 'api_key', name: value } : { kind: 'integration', title: value };
}

function quoted(text: string, start: number): Value | null {
  const quote = text[start];
  if (quote !== "'" && quote !== '"') return null;
  let read = '';
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i] as string;
    if (char === quote) return { read, end: i + 1 };
    const next = text[i + 1];
    if (char === '\\' && (next === "'" || next === '"' || next === '\\')) {
      read += next;
      i++;
    } else read += char;
  }
  return null;
}

function digits(text: string, start: number): Value | null {
  const found = /^\d{1,16}/.exec(text.slice(start, start + 17))?.[0];
  return found === undefined ? null : { read: Number(found), end: start + found.length };
}

function escaped(text: string): string {
  return text.replace(/[\\']/g, (char) => `\\${char}`);
}

function malformed(reason: string): Reference {
  return { kind: 'malformed', reason };
}
