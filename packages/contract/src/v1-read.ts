import {
  BULK_EVENTS_MAX,
  CLOSING_NOTES_CHARS_MAX,
  ID_MAX,
  isEventId,
  type Problem,
  type Result,
  SHORT_TEXT_CHARS_MAX,
  TITLE_CHARS_MAX,
  WAIT_MS_MAX,
} from './common.ts';
import { isObject, kindOf, notAnObject, present, Reader } from './read.ts';

/** Calls 4 and 6, read. */
export interface JobByName {
  /** Trimmed, never blank. */
  readonly job_name: string;
}

/** Calls 10 and 11, read. Blank optional texts stay as they came, except the name of the sender. */
export interface IngestInput {
  readonly job_id: number;
  /** The very object of the body: not walked, not copied. The stored text comes from the request's own bytes. */
  readonly raw_body: Readonly<Record<string, unknown>>;
  readonly title?: string;
  readonly severity?: number;
  readonly data_source?: string;
  readonly storage_tag?: string;
  readonly username?: string;
}

/** Call 13, read. */
export interface FeedbackInput {
  /** A label's name, class id or old id, trimmed, never blank; which label it is only the job knows. */
  readonly feedback: string;
  readonly username?: string;
  readonly closing_notes?: string;
  /** Any JSON, as it came. */
  readonly indicators?: unknown;
}

/** Call 15, read as far as its frame; each of `events` goes through `readBulkItem`. */
export interface BulkInput {
  /** What the client says it sends; may differ from `events.length`. */
  readonly count?: number;
  readonly events: readonly unknown[];
}

/** One event of call 15, read. `feedback` is there when the event brought its label. */
export interface BulkItemInput extends IngestInput {
  readonly event_id?: string;
  readonly feedback?: FeedbackInput;
}

/** Reads the body of calls 4 and 6: `{"job_name": string}`. */
export function readJobByName(body: unknown): Result<JobByName> {
  const r = new Reader(body, ['body']);
  const job_name = r.filled('job_name');
  if (job_name === undefined && r.problems.length === 0)
    r.note('job_name', 'must be the title of a job, and is missing', 'missing');
  return r.result(() => ({ job_name: job_name as string }));
}

/** Reads the body of calls 10 and 11. `raw_body` is only checked to be a JSON object. */
export function readIngestRequest(body: unknown): Result<IngestInput> {
  const r = new Reader(body, ['body']);
  if (r.problems.length > 0) return { ok: false, problems: r.problems };
  return ingest(r, jobId(r), voter(r));
}

/**
 * Reads the body of call 13, new form `{feedback, cortex_user, …}` or old form `{label, username}`. `feedback` wins unless it is
 * null or blank; both so is a problem. `query` may name the voter where the body does not (`?username=`).
 */
export function readFeedbackRequest(body: unknown, query: unknown = {}): Result<FeedbackInput> {
  const r = new Reader(body, ['body']);
  if (r.problems.length > 0) return { ok: false, problems: r.problems };
  const feedback = r.filled('feedback') ?? (r.problems.length === 0 ? r.filled('label') : undefined);
  if (feedback === undefined && r.problems.length === 0) {
    r.note('feedback', 'must be one of the labels of the job, and is missing', 'missing');
  }
  const inBody = voter(r);
  const fromQuery = readUsername(query);
  if (!fromQuery.ok) r.problems.push(...fromQuery.problems);
  const username = inBody ?? (fromQuery.ok ? fromQuery.value : undefined);
  return vote(r, feedback, username);
}

/** Reads the frame of call 15. Its events are read one at a time with `readBulkItem`, so that a bad one does not stop the others. */
export function readBulkRequest(body: unknown): Result<BulkInput> {
  const r = new Reader(body, ['body']);
  if (r.problems.length > 0) return { ok: false, problems: r.problems };
  const count = r.integer('count', 0, ID_MAX);
  const events = r.get('events');
  if (events === undefined) r.note('events', 'must be an array of events, and is missing', 'missing');
  else if (!Array.isArray(events)) r.note('events', `must be an array of events, not ${kindOf(events)}`, 'wrong_type');
  else if (events.length > BULK_EVENTS_MAX) {
    r.note(
      'events',
      `must have at most ${BULK_EVENTS_MAX} events, not ${events.length}; send the rest in another request`,
      'too_many',
    );
  }
  return r.result(() => ({ events: events as readonly unknown[], ...present({ count }) }));
}

/**
 * Reads event number `index` (from 0) of call 15 for the job of the path. A `job_id` of its own may be left out, but not name another
 * job. `label` may be an object, null, or the bare label; without a label in it there is no vote. A vote without a name
 * of its own is its event's sender's.
 */
export function readBulkItem(item: unknown, index: number, pathJobId: number): Result<BulkItemInput> {
  const loc = ['body', 'events', String(index)];
  const r = new Reader(item, loc);
  if (r.problems.length > 0) return { ok: false, problems: r.problems };
  const own = r.integer('job_id', 1, ID_MAX);
  if (own !== undefined && own !== pathJobId) {
    r.note('job_id', `must be ${pathJobId}, the job of the path, not ${own}; send events of another job to that job`, 'conflict');
  }
  const id = r.get('event_id');
  if (id !== undefined) r.problems.push(...problemsOf(readEventId(id, [...loc, 'event_id'])));
  const username = voter(r);
  const feedback = bulkFeedback(r, [...loc, 'label'], username);
  const event = ingest(r, pathJobId, username);
  if (!event.ok) return event;
  const event_id = id as string | undefined;
  return { ok: true, value: { ...event.value, ...present({ event_id, feedback }) } };
}

/** Reads a job id from a path or query; `loc` names the place, `["path","job_id"]` by default. */
export function readJobId(value: unknown, loc: readonly string[] = ['path', 'job_id']): Result<number> {
  const r = new Reader({ id: value }, []);
  const read = r.integer('id', 1, ID_MAX);
  if (read !== undefined) return { ok: true, value: read };
  const problem = r.problems[0];
  return problem === undefined
    ? failed(loc, 'must be the number of a job, and is missing', 'missing')
    : failed(loc, problem.msg, problem.type);
}

/** Reads an event id; it must match `EVENT_ID_PATTERN`. Numbers are refused: long ones would come out as another number. */
export function readEventId(value: unknown, loc: readonly string[] = ['path', 'event_id']): Result<string> {
  if (typeof value !== 'string') return failed(loc, `must be a string, not ${kindOf(value)}`, 'wrong_type');
  if (isEventId(value)) return { ok: true, value };
  return failed(loc, 'must be 1 to 200 characters of A-Z a-z 0-9 _ . : @ = ~ + -', 'bad_format');
}

/** Who acts, from a query or body: `cortex_user`, else `username`; blank is absent. An absent query or body names nobody. */
export function readUsername(source: unknown, place: 'query' | 'body' = 'query'): Result<string | undefined> {
  if (source === undefined || source === null) return { ok: true, value: undefined };
  const r = new Reader(source, [place]);
  const name = voter(r);
  return r.result(() => name);
}

/** `?wait_ms=` of calls 10 and 11: milliseconds from 0 to 5,000; 0 when absent. */
export function readWaitMs(query: unknown): Result<number> {
  const r = new Reader(query ?? {}, ['query']);
  const wait = r.integer('wait_ms', 0, WAIT_MS_MAX);
  return r.result(() => wait ?? 0);
}

/** `?as=` of call 5: what labels are listed by; names when absent or blank. */
export function readLabelsAs(query: unknown): Result<'names' | 'class_ids'> {
  const r = new Reader(query ?? {}, ['query']);
  const as = r.filled('as');
  if (as !== undefined && as !== 'names' && as !== 'class_ids') r.note('as', 'must be names or class_ids', 'unknown_value');
  return r.result(() => (as === 'class_ids' ? as : 'names'));
}

function ingest(r: Reader, job_id: number | undefined, username: string | undefined): Result<IngestInput> {
  const raw = r.get('raw_body');
  if (raw === undefined) r.note('raw_body', 'must be the alert as a JSON object, and is missing', 'missing');
  else if (!isObject(raw)) r.note('raw_body', `must be the alert as a JSON object, not ${kindOf(raw)}`, 'wrong_type');
  const title = r.text('title', TITLE_CHARS_MAX);
  const severity = r.number('severity');
  const data_source = r.text('data_source');
  const storage_tag = r.text('storage_tag');
  return r.result(() => ({
    job_id: job_id as number,
    raw_body: raw as Record<string, unknown>,
    ...present({ title, severity, data_source, storage_tag, username }),
  }));
}

function jobId(r: Reader): number | undefined {
  const before = r.problems.length;
  const read = r.integer('job_id', 1, ID_MAX);
  if (read === undefined && r.problems.length === before)
    r.note('job_id', 'must be the number of a job, and is missing', 'missing');
  return read;
}

function voter(r: Reader): string | undefined {
  const cortexUser = r.filled('cortex_user', SHORT_TEXT_CHARS_MAX);
  const username = r.filled('username', SHORT_TEXT_CHARS_MAX);
  return cortexUser ?? username;
}

function vote(r: Reader, feedback: string | undefined, username: string | undefined): Result<FeedbackInput> {
  const closing_notes = r.text('closing_notes', CLOSING_NOTES_CHARS_MAX);
  const indicators = r.get('indicators');
  return r.result(() => ({ feedback: feedback as string, ...present({ username, closing_notes, indicators }) }));
}

/** The vote an event of a bulk brought with it; problems inside the label are noted at their own place. */
function bulkFeedback(r: Reader, loc: readonly string[], sender: string | undefined): FeedbackInput | undefined {
  const label = r.get('label');
  if (label === undefined) return undefined;
  if (typeof label === 'string') {
    const feedback = r.filled('label');
    return feedback === undefined ? undefined : { feedback, ...present({ username: sender }) };
  }
  if (!isObject(label)) {
    r.problems.push(notAnObject(label, loc));
    return undefined;
  }
  const inner = new Reader(label, loc);
  const feedback = inner.filled('feedback');
  if (feedback === undefined && inner.problems.length === 0) return undefined;
  const read = vote(inner, feedback, voter(inner) ?? sender);
  if (read.ok) return read.value;
  r.problems.push(...read.problems);
  return undefined;
}

function problemsOf(result: Result<unknown>): Problem[] {
  return result.ok ? [] : result.problems;
}

function failed(loc: readonly string[], msg: string, type: string): { readonly ok: false; readonly problems: Problem[] } {
  return { ok: false, problems: [{ loc: [...loc], msg, type }] };
}
