import { Refusal } from '../errors.ts';
import type { Call } from './route.ts';

/** Aborts, with a Refusal `caller_gone`, when the caller has gone before the answer: nobody needs it any more. */
export function callerGone({ reply }: Pick<Call, 'reply'>): AbortSignal {
  const control = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) control.abort(new Refusal('caller_gone', 'The caller has gone.'));
  });
  return control.signal;
}
