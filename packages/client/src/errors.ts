import type { Problem } from '@verdict/contract';

/** The service answered that it will not, or cannot. */
export class VerdictError extends Error {
  override readonly name = 'VerdictError';
  /** The HTTP status. */
  readonly status: number;
  /** One sentence a person can act on. */
  readonly detail: string;
  /** Each place that is wrong; empty where the request as a whole was refused. */
  readonly problems: readonly Problem[];

  constructor(status: number, detail: string, problems: readonly Problem[] = []) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.problems = problems;
  }
}

/** There was no answer: nothing listens there, the connection broke, or it took too long. `cause` has the system's error. */
export class VerdictUnreachable extends Error {
  override readonly name = 'VerdictUnreachable';
}
