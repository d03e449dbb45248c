import type { RequestStatus } from '@verdict/contract';
import { Refusal } from '../errors.ts';

/** Refusals of the domain: v2 answers them under status 200, with `NOK` and the reason. */
const OF_THE_DOMAIN: ReadonlySet<string> = new Set(['refused', 'in_use', 'unknown_label', 'job_stopped']);

/** The request status of an action that was done; `details` are things to know, each a sentence. */
export function done(details: readonly string[] = []): RequestStatus {
  return { status: 'OK', reason: '', reason_details: details.join(' ') };
}

/**
 * The request status of what was refused.
 * @throws the error itself when it is none of the domain's refusals.
 */
export function refusedStatus(error: unknown): RequestStatus {
  if (!(error instanceof Refusal) || !OF_THE_DOMAIN.has(error.code)) throw error;
  const details = error.problems.map(({ msg }) => msg).join(' ');
  return { status: 'NOK', reason: error.message, reason_details: details };
}

/** Does something and answers with the common status of v2. */
export async function requestStatus(action: () => Promise<unknown>): Promise<RequestStatus> {
  try {
    await action();
    return done();
  } catch (error) {
    return refusedStatus(error);
  }
}
