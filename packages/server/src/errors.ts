/** One place that something outside got wrong, as the wire names it. */
export interface FieldProblem {
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

/** Every way in which a call can be refused: code → HTTP status. The sentence says what to change. */
export const CATALOGUE = {
  no_key: 401,
  bad_key: 401,
  bad_session: 401,
  bad_sign_in: 401,
  forbidden: 403,
  csrf: 403,
  not_found: 404,
  job_not_found: 404,
  event_not_found: 404,
  malformed_json: 400,
  invalid: 400,
  invalid_event: 400,
  unknown_label: 400,
  wrong_host: 400,
  method_not_allowed: 405,
  job_stopped: 409,
  refused: 409,
  in_use: 409,
  /** Nobody reads the answer: the caller has gone. */
  caller_gone: 499,
  too_large: 413,
  too_many: 429,
  queue_full: 429,
  too_slow: 504,
  internal: 500,
  stopping: 503,
  store_unavailable: 503,
  secret_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

/**
 * A refusal with a sentence that a person can act on. Services throw it; the HTTP shell turns it into the wire's error body, v2 routes
 * turn `refused`, `in_use`, `unknown_label` and `job_stopped` into a request status of `NOK`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly problems: readonly FieldProblem[];
  /** Seconds after which the same call may succeed. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    sentence: string,
    more: { problems?: readonly FieldProblem[]; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.problems = more.problems ?? [];
    this.retryAfter = more.retryAfter;
  }

  get status(): number {
    return CATALOGUE[this.code];
  }
}

/** What a call is told that comes, or is cut off, while the service stops. */
export function stopping(): Refusal {
  return new Refusal('stopping', 'The service is stopping. Send it again in a moment.', { retryAfter: 5 });
}
