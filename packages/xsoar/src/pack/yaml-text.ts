import { stringify } from 'yaml';

/**
 * YAML as XSOAR’s tools write it, quoting what YAML 1.1 would take for something else (`yes`, a label of conditions, for one): no folding of long lines, no references, members in the order
 * of the object.
 */
export function yamlText(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false, nullStr: '' });
}

/** JSON as the repositories of packs have it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 4)}\n`;
}
