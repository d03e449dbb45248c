import type { SortKey, SourceFilter } from './hits.ts';
import { fieldsOf, type Query } from './query.ts';
import type { Scalar } from './value.ts';

/** Aggregations of one level by their names. */
export type Aggregations = Readonly<Record<string, Aggregation>>;

interface Buckets {
  readonly subs: Aggregations;
}

/** How buckets of terms are ordered: by `_count`, `_key`, or a metric among the aggregations below (`name` or `name.value`). */
export interface BucketOrder {
  readonly by: string;
  readonly descending: boolean;
}

/** One aggregation, read and checked: plain data that threads can pass on. */
export type Aggregation =
  | (Buckets & {
      readonly kind: 'terms';
      readonly field: string;
      readonly size: number;
      readonly order: readonly BucketOrder[];
      readonly least: number;
      readonly missing: Scalar | undefined;
      /** Equality keys of the values that are taken, or left out. */
      readonly include: readonly string[] | undefined;
      readonly exclude: readonly string[] | undefined;
    })
  | (Buckets & {
      readonly kind: 'date_histogram';
      readonly field: string;
      /** A calendar unit (`M`, `d`…), or a number of microseconds. */
      readonly interval: string | number;
      readonly zone: number;
      readonly offset: number;
      readonly least: number;
      readonly keyed: boolean;
      readonly missing: number | undefined;
      /** Microseconds: buckets are made from and to there also where there are no events. */
      readonly extended: readonly [number, number] | undefined;
    })
  | (Buckets & {
      readonly kind: 'histogram';
      readonly field: string;
      readonly interval: number;
      readonly offset: number;
      readonly least: number;
      readonly keyed: boolean;
      readonly missing: number | undefined;
      readonly extended: readonly [number, number] | undefined;
    })
  | (Buckets & {
      readonly kind: 'range';
      readonly field: string;
      readonly ranges: readonly { readonly key: string; readonly from: number | undefined; readonly to: number | undefined }[];
      readonly keyed: boolean;
    })
  | (Buckets & { readonly kind: 'filter'; readonly query: Query })
  | (Buckets & {
      readonly kind: 'filters';
      readonly filters: readonly { readonly key: string; readonly query: Query }[];
      readonly keyed: boolean;
      readonly other: string | undefined;
    })
  | (Buckets & { readonly kind: 'missing'; readonly field: string })
  | { readonly kind: 'cardinality'; readonly field: string; readonly missing: Scalar | undefined }
  | { readonly kind: 'value_count'; readonly field: string; readonly missing: Scalar | undefined }
  | { readonly kind: 'min' | 'max' | 'avg' | 'sum'; readonly field: string; readonly missing: Scalar | undefined }
  | {
      readonly kind: 'percentiles';
      readonly field: string;
      readonly percents: readonly number[];
      readonly keyed: boolean;
      readonly missing: Scalar | undefined;
    }
  | {
      readonly kind: 'top_hits';
      readonly size: number;
      readonly from: number;
      readonly sort: readonly SortKey[];
      readonly source: SourceFilter;
    };

/** Fields that aggregations name, those of their filters among them. */
export function aggregatedFields(aggregations: Aggregations, into: Set<string> = new Set()): Set<string> {
  for (const one of Object.values(aggregations)) {
    if ('field' in one) into.add(one.field);
    if (one.kind === 'filter') fieldsOf(one.query, into);
    if (one.kind === 'filters') for (const { query } of one.filters) fieldsOf(query, into);
    if (one.kind === 'top_hits') for (const { field } of one.sort) into.add(field);
    if ('subs' in one) aggregatedFields(one.subs, into);
  }
  return into;
}
