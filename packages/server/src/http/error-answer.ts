import type { ErrorBody } from '@verdict/contract';
import { Refusal, stopping } from '../errors.ts';
import { StorageUnavailable } from '../storage/storage.ts';

/** The wire's error body. */
export function answerError(refusal: Refusal): ErrorBody {
  // What cannot be read as JSON has no place inside; the body as a whole is the place.
  const problems =
    refusal.code === 'malformed_json' && refusal.problems.length === 0
      ? [{ loc: ['body'], msg: refusal.message, type: 'malformed_json' }]
      : refusal.problems;
  return {
    detail: refusal.message,
    errors: problems.map(({ loc, msg, type }) => ({ loc: [...loc], msg, type })),
    status: 'ERROR',
    error_message: refusal.message,
  };
}

/** What to tell the caller about anything that was thrown. What we did not expect is never shown, only logged. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StorageUnavailable)
    return new Refusal('store_unavailable', error.message, { retryAfter: 5, cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal(
        'too_large',
        'The body is larger than this service takes. Send less at once, or have VERDICT_EVENT_LIMIT or VERDICT_BULK_LIMIT raised.',
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refusal('invalid', 'The content type is not understood. Send JSON with content-type application/json.');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Refusal('invalid', 'The body is not as long as its content-length header says.');
    case 'FST_ERR_BAD_URL':
      return new Refusal('invalid', 'The path is not a valid URL: each % must be followed by two digits of a UTF-8 character.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Refusal('invalid', 'A part of the path is too long.');
    case 'FST_ERR_VALIDATION':
      return invalid(error);
  }
  if (error instanceof Error && 'validation' in error) return invalid(error);
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 503) return stopping();
  if (status === 429)
    return new Refusal('too_many', error instanceof Error ? error.message : 'Too many requests.', { retryAfter: 60 });
  if (status >= 400 && status < 500)
    return new Refusal('invalid', error instanceof Error ? error.message : 'The request is not valid.');
  return new Refusal('internal', 'Something failed inside the service. The log has the details under the request id.');
}

interface Finding {
  readonly instancePath?: string;
  readonly message?: string;
  readonly keyword?: string;
}

function invalid(error: unknown): Refusal {
  const { validation, validationContext } = error as { validation?: readonly Finding[]; validationContext?: string };
  const part =
    validationContext === 'querystring' ? 'query' : validationContext === 'params' ? 'path' : (validationContext ?? 'body');
  const problems = (validation ?? []).slice(0, 20).map((finding) => ({
    loc: [part, ...(finding.instancePath ?? '').split('/').filter((step) => step !== '')],
    msg: finding.message ?? 'is not valid',
    type: finding.keyword ?? 'invalid',
  }));
  const first = problems[0];
  return new Refusal('invalid', first ? `${first.loc.join('.')}: ${first.msg}.` : 'The request is not valid.', { problems });
}
