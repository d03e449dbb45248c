import { fitsPattern } from './pattern.ts';
import type { SearchDocument } from './query.ts';
import { numberOf, type Scalar, TIME_FIELDS, textOf, timeOf } from './value.ts';

/** One key that hits are sorted by; the newest event first where all are equal. */
export interface SortKey {
  readonly field: string;
  readonly descending: boolean;
  readonly missingFirst: boolean;
}

/** Which members of a hit are wanted: patterns of paths; `false` = none at all. */
export type SourceFilter = false | { readonly includes: readonly string[]; readonly excludes: readonly string[] };

/** What a hit is sorted by, comparable: a rank of its type first, so that mixed types have one order. */
export type SortValue = readonly [rank: number, value: number | string] | null;

/** The newest first. */
export const NEWEST: readonly SortKey[] = [{ field: '@timestamp', descending: true, missingFirst: false }];

/** Values of a document for its place in the order: of several, the smallest when ascending, the largest when descending. */
export function sortValues(document: SearchDocument, keys: readonly SortKey[]): SortValue[] {
  return keys.map(({ field, descending }) => {
    if (field === '_doc') return [1, document.seq];
    if (field === '@timestamp') return [2, document.times(field)[0]!];
    let best: SortValue = null;
    for (const value of document.values(field)) {
      const next = sortValue(value);
      if (best === null || compareValues(next, best) * (descending ? -1 : 1) < 0) best = next;
    }
    return best;
  });
}

/** What stands for a value in an order: booleans before numbers before times before texts. */
export function sortValue(value: Scalar): readonly [number, number | string] {
  if (typeof value === 'boolean') return [0, value ? 1 : 0];
  const number = numberOf(value);
  if (number !== null) return [1, number];
  const time = timeOf(value);
  return time === null ? [3, textOf(value)] : [2, time];
}

export function compareValues(a: readonly [number, number | string], b: readonly [number, number | string]): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

/** Something with a place in the order. */
export interface Placed {
  readonly seq: number;
  readonly sort: readonly SortValue[];
}

export function comparePlaced(keys: readonly SortKey[]): (a: Placed, b: Placed) => number {
  return (a, b) => {
    for (const [index, { descending, missingFirst }] of keys.entries()) {
      const [left, right] = [a.sort[index] ?? null, b.sort[index] ?? null];
      if (left === null || right === null) {
        if (left === right) continue;
        return (left === null) === missingFirst ? -1 : 1;
      }
      const order = compareValues(left, right);
      if (order !== 0) return descending ? -order : order;
    }
    return b.seq - a.seq;
  };
}

/** A sort value as Elasticsearch answers it: times in milliseconds. */
export function shownSort(value: SortValue, field: string): unknown {
  if (value === null) return null;
  if (value[0] === 0) return value[1] === 1;
  return value[0] === 2 || TIME_FIELDS.has(field) ? Math.floor(Number(value[1]) / 1000) : value[1];
}

/** Keeps the first so many of all that are offered. */
export class Best<T extends Placed> {
  readonly #most: number;
  readonly #compare: (a: Placed, b: Placed) => number;
  #kept: T[] = [];
  #last: T | undefined;

  constructor(most: number, keys: readonly SortKey[]) {
    this.#most = most;
    this.#compare = comparePlaced(keys);
  }

  /** The last of those that are kept, once there are enough: whatever does not come before it is not kept. */
  get last(): T | undefined {
    return this.#last;
  }

  /** `make` is asked for only when it will be among the first. */
  offer(place: Placed, make: () => T): void {
    if (this.#most === 0) return;
    if (this.#last !== undefined && this.#compare(place, this.#last) >= 0) return;
    this.#kept.push(make());
    // Cut now and then, so that a long walk sorts a little each time and holds little.
    if (this.#kept.length >= 2 * this.#most + 100) this.#cut();
  }

  /** In their order. */
  list(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort(this.#compare);
    this.#kept.length = Math.min(this.#kept.length, this.#most);
    if (this.#kept.length === this.#most) this.#last = this.#kept.at(-1);
  }
}

/** The members of a document that are wanted. Parents of what is wanted stay; arrays are gone through. */
export function filterSource(source: Readonly<Record<string, unknown>>, filter: SourceFilter): Record<string, unknown> {
  if (filter === false) return {};
  if (filter.includes.length === 0 && filter.excludes.length === 0) return { ...source };
  return (pick(source, '', filter, filter.includes.length === 0) ?? {}) as Record<string, unknown>;
}

function pick(value: unknown, path: string, filter: Exclude<SourceFilter, false>, included: boolean): unknown {
  if (Array.isArray(value)) {
    const kept = value.map((element) => pick(element, path, filter, included)).filter((element) => element !== undefined);
    return kept.length > 0 || (included && value.length === 0) ? kept : undefined;
  }
  if (typeof value !== 'object' || value === null) return included ? value : undefined;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`;
    if (filter.excludes.some((pattern) => fitsPattern(here, pattern))) continue;
    const wanted = included || filter.includes.some((pattern) => fitsPattern(here, pattern));
    const picked = pick(member, here, filter, wanted);
    if (picked !== undefined)
      Object.defineProperty(kept, name, { value: picked, enumerable: true, writable: true, configurable: true });
  }
  return Object.keys(kept).length > 0 || (included && Object.keys(value).length === 0) ? kept : undefined;
}
