import type { Problem, Result } from '@verdict/contract';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';

/** Where the caller reached this service: what a person's browser will open too. */
export function baseOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}

/** The value that a reader of the contract found. @throws Refusal `invalid` (400) naming the places that are wrong. */
export function expectValid<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw invalidAt(result.problems);
}

/** A 400 that names the first place in its sentence and all of them in its list. */
export function invalidAt(problems: readonly Problem[]): Refusal {
  const first = problems[0];
  const sentence = first ? `${first.loc.join('.')} ${first.msg}.` : 'The request is not valid.';
  return new Refusal('invalid', sentence, { problems });
}
