import type { AppCounts } from '@verdict/contract';
import type { Job } from '../jobs/job.ts';
import { type Aggregations, aggregatedFields } from './aggregation.ts';
import type { CountsWanted } from './event-counts.ts';
import type { SortKey, SortValue, SourceFilter } from './hits.ts';
import { fieldsOf, type Query } from './query.ts';

/** What is wanted of the events found. */
export type Want =
  /** Pages of each job, in the words of `/api/v2/events/query`. */
  | {
      readonly kind: 'events';
      readonly from: number;
      readonly size: number;
      readonly sort: readonly SortKey[];
      readonly withAlerts: boolean;
    }
  /** Hits and aggregations in the shape of Elasticsearch. */
  | {
      readonly kind: 'elastic';
      readonly from: number;
      readonly size: number;
      readonly sort: readonly SortKey[];
      /** Only hits after the event with this number, in the order of `sort`. */
      readonly after: After | undefined;
      readonly source: SourceFilter;
      readonly aggregations: Aggregations;
      /** Hits hold decision points and arcanna alone. */
      readonly pointsOnly: boolean;
    }
  /** How many, when, and which values are frequent. */
  | ({ readonly kind: 'counts' } & CountsWanted)
  /** Numbers of the events, oldest first. */
  | { readonly kind: 'ids' }
  /** Ids of the events of one job, newest first, as text with one on each line. */
  | { readonly kind: 'names' }
  /** Lines of a file: a table of these columns, or whole events as JSON (null). */
  | { readonly kind: 'lines'; readonly columns: readonly string[] | null }
  /** Fields of the newest events of each job. */
  | { readonly kind: 'fields'; readonly newest: number };

/** Where a page begins: after an event, or after where it stood should it be gone. */
export interface After {
  readonly seq: number;
  readonly sort: readonly SortValue[];
}

/** One search: plain data for a reading thread. */
export interface SearchOrder {
  /** The main database. */
  readonly file: string;
  /** The search index, or null to do without. */
  readonly index: string | null;
  readonly jobs: readonly Job[];
  readonly query: Query;
  readonly want: Want;
  /** Events of which the caller must not see what the machine says: they count as not decided. */
  readonly hidden?: readonly number[] | undefined;
}

/** What a field holds in the events that were looked at. */
export interface FoundField {
  readonly path: string;
  readonly types: readonly ('string' | 'date' | 'long' | 'double' | 'boolean')[];
  /** Numbers of the jobs that have it. */
  readonly jobs: readonly number[];
}

/** What came of it. */
export type Found =
  /** The answer as JSON text, made where the events were read: alerts keep their own spelling of numbers. */
  | { readonly kind: 'json'; readonly text: string; readonly total: number }
  | { readonly kind: 'counts'; readonly counts: AppCounts }
  | { readonly kind: 'ids'; readonly ids: readonly { readonly jobId: number; readonly eventId: string }[] }
  | { readonly kind: 'fields'; readonly fields: readonly FoundField[]; readonly events: number };

/** How the events were found, for benches and tests. */
export interface Effort {
  /** Events whose rows were looked at. */
  readonly looked: number;
  /** Alerts that were parsed. */
  readonly parsed: number;
  readonly indexed: boolean;
}

/** The fields that a search names. */
export function fieldsRead(query: Query, want: Want): Set<string> {
  const fields = fieldsOf(query);
  if (want.kind === 'elastic') aggregatedFields(want.aggregations, fields);
  if (want.kind === 'counts') for (const field of want.fields) fields.add(field);
  if (want.kind === 'elastic' || want.kind === 'events') for (const { field } of want.sort) fields.add(field);
  return fields;
}
