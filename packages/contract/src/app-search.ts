import { type Static, Type } from 'typebox';

/** Most fields whose values are counted in one call. */
export const MOST_FACETS = 30;

/** Body of `POST /api/app/jobs/{job_id}/events/counts`. */
export const AppCountsRequest = Type.Object(
  {
    query: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        description: 'Which events, in Elasticsearch query DSL; all of the job when absent.',
      }),
    ),
    fields: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
        maxItems: MOST_FACETS,
        description: 'Fields whose most frequent values are counted.',
      }),
    ),
    values: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'How many values of each field; 8 when absent.' }),
    ),
    newest: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Count values in the newest so many events alone, for a quick first answer; in all of them when absent.',
      }),
    ),
    bars: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'How many spans of time at most; 80 when absent.' }),
    ),
  },
  {
    description: 'What is counted.',
    examples: [{ query: { term: { 'rule.severity': 3 } }, fields: ['rule.name', 'arcanna.result_label'], newest: 50_000 }],
  },
);
export type AppCountsRequest = Static<typeof AppCountsRequest>;

const Facet = Type.Object(
  {
    field: Type.String({ description: 'The field.' }),
    values: Type.Array(
      Type.Object(
        {
          value: Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description: 'The value.' }),
          count: Type.Integer({ description: 'Events that have it.' }),
        },
        { description: 'A value and how often it is there.' },
      ),
      { description: 'The most frequent values, most first.' },
    ),
    more: Type.Integer({ description: 'What the values that are not named here come to.' }),
  },
  { description: 'The most frequent values of a field.' },
);

/** Answer of `POST /api/app/jobs/{job_id}/events/counts`. */
export const AppCounts = Type.Object(
  {
    total: Type.Integer({ description: 'Events that are meant; always exact.' }),
    counted: Type.Integer({
      description: 'Events whose values were counted: the newest. Fewer than `total` only where `newest` was given.',
    }),
    facets: Type.Array(Facet, { description: 'In the order of `fields`.' }),
    over_time: Type.Object(
      {
        interval_ms: Type.Integer({ description: 'How long each span is; 0 without events.' }),
        bars: Type.Array(
          Type.Object(
            {
              at: Type.Integer({ description: 'Where the span begins, milliseconds since 1970.' }),
              count: Type.Integer({ description: 'Events in it.' }),
            },
            { description: 'A span of time.' },
          ),
          { description: 'From the first event to the last, without gaps.' },
        ),
      },
      { description: 'All events that are meant, by their own time; always exact.' },
    ),
  },
  {
    description: 'How many events there are, when they were, and which values are frequent.',
    examples: [
      {
        total: 61_204,
        counted: 50_000,
        facets: [{ field: 'rule.name', values: [{ value: 'Port scan', count: 20_110 }], more: 29_890 }],
        over_time: { interval_ms: 3_600_000, bars: [{ at: 1_772_442_000_000, count: 61_204 }] },
      },
    ],
  },
);
export type AppCounts = Static<typeof AppCounts>;
