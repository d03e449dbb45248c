import type { Scalar } from './value.ts';

/** A bound of a range, read once. */
export type Bound =
  | { readonly kind: 'number'; readonly value: number }
  /** Microseconds. */
  | { readonly kind: 'time'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string };

/** From one value to another; what is undefined is open. */
export interface Range {
  readonly gt?: Bound;
  readonly gte?: Bound;
  readonly lt?: Bound;
  readonly lte?: Bound;
}

/** Which field: a path, or with `glob` every path of the alert that fits a pattern (`*` = any field). */
export interface FieldRef {
  readonly path: string;
  readonly glob: boolean;
}

/** What is asked of an event: plain data, with the present moment already in it, so that threads can pass it on. */
export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'and'; readonly of: readonly Query[] }
  /** At least so many of them. */
  | { readonly kind: 'some'; readonly least: number; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  /** One value has one of these equality keys. */
  | { readonly kind: 'equals'; readonly field: string; readonly keys: readonly string[] }
  /** At least so many of these words stand in the field, in any of its values. */
  | { readonly kind: 'words'; readonly field: FieldRef; readonly words: readonly string[]; readonly least: number }
  /** One value holds these pieces one after the other. */
  | { readonly kind: 'phrase'; readonly field: FieldRef; readonly pieces: readonly string[] }
  /** One whole value (`words`: or one of its words) fits a pattern; `fold` = in small letters. */
  | {
      readonly kind: 'pattern';
      readonly field: FieldRef;
      readonly pattern: string;
      readonly fold: boolean;
      readonly words: boolean;
    }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'range'; readonly field: string; readonly range: Range }
  /** The id of the event is one of these. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] };

/** An event as search sees it: the alert's own members at the top, `arcanna`, `metadata` and the rest beside them, as in the export. */
export interface SearchDocument {
  readonly id: string;
  readonly jobId: number;
  readonly seq: number;
  /** Scalars at a path, arrays gone through; empty where there is nothing. */
  values(path: string): readonly Scalar[];
  /** The times among them, in microseconds. */
  times(path: string): readonly number[];
  exists(path: string): boolean;
  /** Every scalar that words are looked for in: those of the alert, its id and title. */
  leaves(visit: (path: string, value: Scalar) => void): void;
  /** The whole of it. */
  source(): Readonly<Record<string, unknown>>;
}

/** All fields that a query names; globs are not among them. */
export function fieldsOf(query: Query, into: Set<string> = new Set()): Set<string> {
  switch (query.kind) {
    case 'and':
    case 'some':
      for (const part of query.of) fieldsOf(part, into);
      break;
    case 'not':
      fieldsOf(query.of, into);
      break;
    case 'equals':
    case 'exists':
    case 'range':
      into.add(query.field);
      break;
    case 'words':
    case 'phrase':
    case 'pattern':
      if (!query.field.glob) into.add(query.field.path);
  }
  return into;
}
