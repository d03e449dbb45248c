import { type Static, Type } from 'typebox';
import { EVENT_ID_PATTERN, examplesOf, Lenient, Nullable, Open, RequestStatus } from './common.ts';
import { ArcannaBlock } from './v1-event.ts';

/** Asking about events: `/api/v2/events/query`, `raw_es_query`, `/api/v2/filters/…`, and reprocessing what was found. */

export const FILTER_OPERATORS = [
  'is',
  'is not',
  'is one of',
  'is not one of',
  'starts with',
  'not starts with',
  'contains',
  'not contains',
  'exists',
  'not exists',
  'lt',
  'lte',
  'gt',
  'gte',
] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export const SORT_ORDERS = ['asc', 'desc'] as const;
/** What a query takes when it does not say: events of each job, page, time and order. */
export const QUERY_DEFAULTS = {
  size: 5,
  page: 0,
  date_field: '@timestamp',
  sort_by_column: '@timestamp',
  sort_order: 'desc',
} as const;

const AnyMembers = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description });
const oneOrMore = <T extends Type.TSchema>(schema: T, description: string) =>
  Lenient(Type.Union([schema, Type.Array(schema)]), description);

export const Filter = Open(
  {
    field: Type.String({ description: 'A path of the raw event, or arcanna.…; a .keyword suffix means the same field.' }),
    operator: Type.Enum([...FILTER_OPERATORS], { description: 'How it is compared.' }),
    value: Type.Optional(Type.Unknown({ description: 'What with; a list for is one of; left out for exists.' })),
  },
  {
    description: 'One condition; several all have to hold.',
    examples: [{ field: 'rule.name', operator: 'contains', value: 'scan' }],
  },
);
export type Filter = Static<typeof Filter>;

const jobMembers = {
  job_ids: oneOrMore(Type.Integer(), 'Numbers of jobs; all jobs when neither these nor titles are given.'),
  job_titles: oneOrMore(Type.String(), 'Titles of jobs.'),
};
const timeMembers = {
  start_date: Lenient(Type.String(), 'From then on; ISO 8601, UTC without a zone.'),
  end_date: Lenient(Type.String(), 'Until then.'),
  date_field: Lenient(Type.String(), 'The time that counts; @timestamp when absent.'),
  filters: Lenient(Type.Array(Filter), 'Conditions; all have to hold.'),
};

/** Body of `POST /api/v2/events/query`. */
export const EventQuery = Open(
  {
    ...jobMembers,
    event_ids: oneOrMore(Type.String({ pattern: EVENT_ID_PATTERN }), 'Ids of events.'),
    decision_points_only: Lenient(Type.Boolean(), 'Whether the raw events are left out.'),
    count_results_only: Lenient(Type.Boolean(), 'Whether only the count is wanted.'),
    ...timeMembers,
    size: Lenient(Type.Integer({ minimum: 0 }), 'How many of each job; 5 when absent.'),
    page: Lenient(Type.Integer({ minimum: 0 }), 'Which page, from 0.'),
    sort_by_column: Lenient(Type.String(), 'The field they are sorted by; @timestamp when absent.'),
    sort_order: Lenient(Type.Enum([...SORT_ORDERS]), 'desc when absent.'),
  },
  {
    description: 'Which events.',
    examples: [{ job_ids: [1201], size: 10, filters: [{ field: 'arcanna.result_label', operator: 'is', value: 'Escalate' }] }],
  },
);
export type EventQuery = Static<typeof EventQuery>;

const foundExample = {
  event_id: '4711',
  job_id: 1201,
  job_title: 'Endpoint alerts',
  decision_points: { 'rule.name': 'Encoded command' },
  arcanna: examplesOf(ArcannaBlock)[0],
  raw_event: { rule: { name: 'Encoded command' } },
};

export const FoundEvent = Type.Object(
  {
    event_id: Type.String({ description: 'Its id.' }),
    job_id: Type.Integer({ description: 'Its job.' }),
    job_title: Type.String({ description: 'The title of the job.' }),
    decision_points: AnyMembers('Values of the decision points by path.'),
    arcanna: ArcannaBlock,
    raw_event: Type.Optional(AnyMembers('The alert as it came; absent with decision_points_only.')),
  },
  {
    description: 'An event that was found.',
    examples: [foundExample],
  },
);
export type FoundEvent = Static<typeof FoundEvent>;

/** Answer of `POST /api/v2/events/query`. */
export const EventQueryAnswer = Type.Object(
  {
    events: Type.Array(FoundEvent, { description: 'The events of this page; empty with count_results_only.' }),
    total_count: Type.Integer({ description: 'How many there are on all pages.' }),
  },
  { description: 'The events found.', examples: [{ events: [foundExample], total_count: 1 }] },
);
export type EventQueryAnswer = Static<typeof EventQueryAnswer>;

/** Body of `POST /api/v2/events/raw_es_query`. */
export const RawQuery = Open(
  {
    ...jobMembers,
    decision_points_only: Lenient(Type.Boolean(), 'Whether hits hold decision points and arcanna alone.'),
    query_body: Open(
      {
        query: Lenient(AnyMembers('Query DSL.'), 'Which events; all when absent.'),
        size: Lenient(Type.Integer({ minimum: 0 }), 'How many hits.'),
        from: Lenient(Type.Integer({ minimum: 0 }), 'How many hits are skipped.'),
        sort: Type.Optional(Type.Unknown({ description: 'As in Elasticsearch.' })),
        search_after: Lenient(
          Type.Array(Type.Unknown(), { maxItems: 10 }),
          'The `sort` of the last hit of the page before. The last key of `sort` must be `_doc` then; a page can begin anywhere, without a furthest hit.',
        ),
        _source: Type.Optional(Type.Unknown({ description: 'As in Elasticsearch.' })),
        aggs: Lenient(AnyMembers('Aggregations.'), 'Aggregations.'),
        track_total_hits: Lenient(Type.Union([Type.Boolean(), Type.Integer()]), 'Whether all hits are counted.'),
      },
      { description: 'An Elasticsearch query. What is not supported is refused by name, never answered wrongly.' },
    ),
  },
  {
    description: 'Which events, in Elasticsearch query DSL.',
    examples: [{ job_ids: 1201, query_body: { query: { match_all: {} }, size: 1 } }],
  },
);
export type RawQuery = Static<typeof RawQuery>;

/** Answer of `POST /api/v2/events/raw_es_query`: the shape of Elasticsearch. */
export const RawQueryAnswer = Type.Object(
  {
    took: Type.Integer({ description: 'Milliseconds.' }),
    timed_out: Type.Boolean({ description: 'Whether it was ended early.' }),
    hits: Type.Object({
      total: Type.Object({
        value: Type.Integer({ description: 'How many.' }),
        relation: Type.Enum(['eq', 'gte'], { description: 'Exactly so many, or at least.' }),
      }),
      max_score: Nullable(Type.Number(), 'Always null: hits are sorted, not scored.'),
      hits: Type.Array(
        Type.Object({
          _index: Type.String({ description: 'The job.' }),
          _id: Type.String({ description: 'The id of the event.' }),
          _score: Nullable(Type.Number(), 'Always null.'),
          _source: AnyMembers('The event.'),
          sort: Type.Optional(Type.Array(Type.Unknown())),
        }),
      ),
    }),
    aggregations: Type.Optional(AnyMembers('The aggregations by name.')),
  },
  {
    description: 'The shape of Elasticsearch.',
    examples: [{ took: 3, timed_out: false, hits: { total: { value: 0, relation: 'eq' }, max_score: null, hits: [] } }],
  },
);
export type RawQueryAnswer = Static<typeof RawQueryAnswer>;

/** Body of `POST /api/v2/filters/fields` and `/fields_mapping`. */
export const FieldsRequest = Open(
  { ...jobMembers },
  { description: 'Fields of which jobs.', examples: [{ job_titles: ['Endpoint alerts'] }] },
);
export type FieldsRequest = Static<typeof FieldsRequest>;

export const FieldList = Type.Array(
  Type.Object({
    field_name: Type.String({ description: 'The path.' }),
    available_operators: Type.Array(Type.Enum([...FILTER_OPERATORS]), { description: 'How it can be compared.' }),
    available_in_jobs: Type.Array(Type.Integer(), { description: 'Numbers of the jobs that have it.' }),
  }),
  {
    description: 'The fields that can be filtered by.',
    examples: [[{ field_name: 'rule.name', available_operators: ['is', 'exists'], available_in_jobs: [1201] }]],
  },
);
export type FieldList = Static<typeof FieldList>;

export const FieldsMapping = Type.Record(Type.String(), Type.String(), {
  description: 'The Elasticsearch type of each field.',
  examples: [{ 'rule.name': 'keyword', 'source.port': 'long' }],
});
export type FieldsMapping = Static<typeof FieldsMapping>;

/** Body of `POST /api/v2/events/{job}/reprocess`. */
export const ReprocessRequest = Open(timeMembers, {
  description: 'Which events are decided anew; all when empty.',
  examples: [{ start_date: '2021-09-01' }],
});
export type ReprocessRequest = Static<typeof ReprocessRequest>;

export const ReprocessAnswer = Type.Object(
  {
    request: RequestStatus,
    events_updated: Type.Optional(Type.Integer({ description: 'How many events; absent for a single one.' })),
  },
  {
    description: 'What was decided anew.',
    examples: [{ request: { status: 'OK', reason: '', reason_details: '' }, events_updated: 120 }],
  },
);
export type ReprocessAnswer = Static<typeof ReprocessAnswer>;
