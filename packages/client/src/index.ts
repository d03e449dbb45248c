/** A typed HTTP client of all the APIs of Verdict. */
export type * from '@verdict/contract';
export { type ClientOptions, VerdictClient } from './client.ts';
export { VerdictError, VerdictUnreachable } from './errors.ts';
