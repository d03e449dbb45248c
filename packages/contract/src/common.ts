import { type Static, type TProperties, type TSchema, Type } from 'typebox';

/** Bytes one event's request body may have by default (1 MiB); the service's setting may differ. */
export const EVENT_BYTES_MAX = 1024 * 1024;
/** Bytes a bulk request body may have (64 MiB). */
export const BULK_BYTES_MAX = 64 * 1024 * 1024;
/** Events that one bulk request may carry. */
export const BULK_EVENTS_MAX = 5_000;
/** Milliseconds that `?wait_ms=` may ask for. */
export const WAIT_MS_MAX = 5_000;
/** Characters (code points) that a text may have, by what it is. */
export const TITLE_CHARS_MAX = 10_000;
export const SHORT_TEXT_CHARS_MAX = 1_000;
export const CLOSING_NOTES_CHARS_MAX = 100_000;
/** The largest id the wire accepts: 2^53. Ids beyond it are not exact in JSON readers. */
export const ID_MAX = 2 ** 53;

/** What an event id looks like, as a JSON Schema pattern; real alert ids (Splunk, QRadar, Message-IDs) fit it. */
export const EVENT_ID_PATTERN = '^[A-Za-z0-9_.:@=~+-]{1,200}$';
const EVENT_ID = new RegExp(EVENT_ID_PATTERN);

/** Whether `text` can be an event id. */
export function isEventId(text: string): boolean {
  return EVENT_ID.test(text);
}

/** The kinds of problem an input can have; `type` in an error body. */
export const PROBLEM_TYPES = [
  'missing',
  'wrong_type',
  'out_of_range',
  'too_long',
  'too_many',
  'bad_format',
  'unknown_value',
  'conflict',
] as const;
export type ProblemType = (typeof PROBLEM_TYPES)[number];

/** One thing that is wrong with a request: where (`["body","raw_body"]`), what, and of which kind. */
export const Problem = Type.Object(
  {
    loc: Type.Array(Type.String(), { description: 'Where it is: body, query or path first, then the member.' }),
    msg: Type.String({ description: 'What is wrong, and what would be right.' }),
    type: Type.String({ description: `The kind of problem: ${PROBLEM_TYPES.join(', ')}.` }),
  },
  {
    description: 'One thing that is wrong with a request.',
    examples: [{ loc: ['body', 'raw_body'], msg: 'must be the alert as a JSON object, and is missing', type: 'missing' }],
  },
);
export type Problem = Static<typeof Problem>;

/** The body of every error answer of v1. */
export const ErrorBody = Type.Object(
  {
    detail: Type.String({ description: 'One sentence a person can act on.' }),
    errors: Type.Array(Problem, { description: 'Each problem with its place; empty where the request as a whole was refused.' }),
    status: Type.Literal('ERROR', { description: 'Always ERROR.' }),
    error_message: Type.String({ description: 'The same sentence as detail.' }),
  },
  {
    description: 'The body of every error answer.',
    examples: [
      {
        detail: 'body.raw_body must be the alert as a JSON object, and is missing.',
        errors: [{ loc: ['body', 'raw_body'], msg: 'must be the alert as a JSON object, and is missing', type: 'missing' }],
        status: 'ERROR',
        error_message: 'body.raw_body must be the alert as a JSON object, and is missing.',
      },
    ],
  },
);
export type ErrorBody = Static<typeof ErrorBody>;

/** The common answer of an action in v2: a refusal of the domain is `NOK` with a reason, under status 200. */
export const RequestStatus = Type.Object(
  {
    status: Type.Union([Type.Literal('OK'), Type.Literal('NOK')], { description: 'OK, or NOK when the action was refused.' }),
    reason: Type.String({ description: 'Why it was refused; empty when OK.' }),
    reason_details: Type.String({ description: 'More to know: users of the thing, settings stored but not acted on.' }),
  },
  { description: 'Whether an action was done, and if not, why.', examples: [{ status: 'OK', reason: '', reason_details: '' }] },
);
export type RequestStatus = Static<typeof RequestStatus>;

/** A typed value, or everything that is wrong with the input it should have come from (never empty). */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: Problem[] };

/**
 * The error body that names a list of problems; the sentence names the first three and counts the rest.
 * With an empty list the sentence is general.
 */
export function errorBodyOf(problems: readonly Problem[]): ErrorBody {
  const named = problems.slice(0, 3).map((p) => `${p.loc.join('.')} ${p.msg}`);
  const rest = problems.length - named.length;
  const tail = rest > 0 ? `; and ${rest} more problem${rest === 1 ? '' : 's'}` : '';
  return errorBody(named.length === 0 ? 'The request is not valid.' : `${named.join('; ')}${tail}.`, problems);
}

/** The error body for one sentence, with the problems behind it where there are any. */
export function errorBody(detail: string, problems: readonly Problem[] = []): ErrorBody {
  return { detail, errors: [...problems], status: 'ERROR', error_message: detail };
}

/** A schema that also takes `null`. */
export function Nullable<T extends TSchema>(schema: T, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}

/** An optional request member that also takes `null`, which means absent. */
export function Lenient<T extends TSchema>(schema: T, description: string) {
  return Type.Optional(Nullable(schema, description));
}

/** The examples that a schema carries. */
export function examplesOf(schema: TSchema & { readonly examples?: unknown }): unknown[] {
  return Array.isArray(schema.examples) ? [...schema.examples] : [];
}

/** A request or answer object that may have members beyond those named. */
export function Open<T extends TProperties>(properties: T, options: { description: string; examples?: unknown[] }) {
  return Type.Object(properties, { ...options, additionalProperties: true });
}
