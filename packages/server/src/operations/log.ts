import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DestinationStream, type LogFn, type Logger, pino } from 'pino';
import type { Config } from '../config.ts';

/** Members that are never logged, wherever they sit in what is logged. Header names are lower case, as Node gives them. */
const SECRETS = [
  'x-arcanna-api-key',
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'password',
  'passphrase',
  'api_token',
  'apiKey',
  'api_key',
  'token',
  'secret',
  'csrf',
  'key',
];
/** Levels below the logged object at which secrets are looked for. Deeper things have no place in a log line. */
const DEPTH = 3;

/**
 * Members that carry what customers sent: an alert, a body, a query. Passing one to the log is a mistake of ours; it must not turn into
 * a leak.
 */
const CONTENTS = ['body', 'raw_body', 'rawBody', 'query', 'closing_notes'];

/** The longest message of an error that is logged, in characters. */
const LONGEST_MESSAGE = 2_000;

/**
 * The log: one JSON object a line, with ISO times, to stdout or `destination`. Secrets and alert contents are replaced by `[hidden]`;
 * requests are logged without body and query string, errors with their stack and without anything that hangs on them.
 */
export function createLog(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    base: { service: 'verdict' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: hiddenPaths(), censor: '[hidden]' },
    hooks: { logMethod: withCleanMessage },
    serializers: { req: describeRequest, res: describeResponse, err: describeError, error: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

function hiddenPaths(): string[] {
  return [...SECRETS, ...CONTENTS].flatMap((name) => {
    const member = /^\w+$/.test(name) ? name : `["${name}"]`;
    return Array.from({ length: DEPTH + 1 }, (_, depth) => {
      const above = Array.from({ length: depth }, () => '*').join('.');
      return above === '' ? member : member.startsWith('[') ? above + member : `${above}.${member}`;
    });
  });
}

interface LoggedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly ip?: string | undefined;
  readonly routeOptions?: { readonly url?: string | undefined } | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** Takes Fastify's requests and Node's. Never headers, body or query string. */
function describeRequest(request: LoggedRequest | IncomingMessage): object {
  const given: LoggedRequest = request;
  return {
    method: given.method,
    path: given.url?.split('?', 1)[0],
    route: given.routeOptions?.url,
    address: given.ip ?? given.socket?.remoteAddress,
  };
}

function describeResponse(response: Pick<ServerResponse, 'statusCode'>): object {
  return { status: response.statusCode };
}

interface LoggedError {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: LoggedError;
}

/** An error's type, code, message and stack, and the same of its causes (at most three). Other members may hold what customers sent. */
function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something that is no Error was thrown' };
  return {
    type: error.name,
    message: withoutQuotes(error.message).slice(0, LONGEST_MESSAGE),
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? { code: String(error.code) }
      : {}),
    ...(error.stack ? { stack: stackOf(error) } : {}),
    ...(error.cause !== undefined && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

/** A line about an error gets the error's message, also where the caller passes none or the raw one. */
function withCleanMessage(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, message] = args;
  const error: unknown =
    typeof first === 'object' && first !== null && !(first instanceof Error) && 'err' in first ? first.err : first;
  if (error instanceof Error && (message === undefined || message === error.message)) {
    method.call(this, first === error ? { err: error } : first, withoutQuotes(error.message).slice(0, LONGEST_MESSAGE));
  } else {
    method.apply(this, args);
  }
}

/** The stack begins with the message as it was when the error was made: that part is written anew. */
function stackOf(error: Error): string {
  const stack = error.stack ?? '';
  const frames = stack.search(/^\s+at /m);
  const head = `${error.name}: ${withoutQuotes(error.message).slice(0, LONGEST_MESSAGE)}`;
  return frames < 0 ? head : `${head}\n${stack.slice(frames)}`;
}

/** Node's JSON parser quotes the text it stumbled over; our own keys are recognised wherever they stand. */
function withoutQuotes(message: string): string {
  return message
    .replace(/(Unexpected token |").* is not valid JSON/s, 'the text is not valid JSON')
    .replaceAll(/vrd_[A-Za-z0-9_-]{20,}/g, '[hidden]');
}
