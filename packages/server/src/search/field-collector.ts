import type { FoundField } from './order.ts';
import type { SearchDocument } from './query.ts';
import { eachLeaf, type Scalar, timeOf } from './value.ts';

type FieldType = FoundField['types'][number];

/** Most fields that are told of; an alert can have endlessly many names in it. */
const MOST_FIELDS = 10_000;

/** Gathers which fields events have, and of which types. */
export class FieldCollector {
  readonly #fields = new Map<string, { readonly types: Set<FieldType>; readonly jobs: Set<number> }>();

  add(document: SearchDocument): void {
    eachLeaf(document.source(), (path, value) => {
      // The alert as a whole stands there once more where it has a member named like one of ours.
      if (path === '' || path.startsWith('raw_event.')) return;
      let field = this.#fields.get(path);
      if (!field) {
        if (this.#fields.size >= MOST_FIELDS) return;
        field = { types: new Set(), jobs: new Set() };
        this.#fields.set(path, field);
      }
      field.types.add(typeOf(value));
      field.jobs.add(document.jobId);
    });
  }

  /** By their names. */
  list(): FoundField[] {
    return [...this.#fields]
      .map(([path, { types, jobs }]) => ({ path, types: [...types].sort(), jobs: [...jobs].sort((a, b) => a - b) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

function typeOf(value: Scalar): FieldType {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'double';
  return timeOf(value) === null ? 'string' : 'date';
}
