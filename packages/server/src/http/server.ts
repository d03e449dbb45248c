import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { Refusal, stopping } from '../errors.ts';
import { authorise } from './authorise.ts';
import { answerBrokenRequest, drain, REQUEST_TIMEOUT_MS, watchConnections } from './connections.ts';
import { answerError, toRefusal } from './error-answer.ts';
import { hostChecker } from './hosts.ts';
import { addOpenApi } from './openapi.ts';
import { addPages, PAGE_RULES } from './pages.ts';
import type { Origin, Principal } from './principal.ts';
import type { Route } from './route.ts';
import { compileSchema, markLenient } from './validation.ts';

/** What the shell needs to know who is calling. Throws a Refusal (401, 403) when it cannot tell. */
export type Authenticate = (request: FastifyRequest) => Principal | Promise<Principal>;

/** Told of every answer, for metrics. `route` is the pattern of the path, never the path itself. */
export type Observer = (call: {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}) => void;

export interface HttpOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  readonly authenticate: Authenticate;
  readonly routes: readonly Route[];
  readonly observe?: Observer;
  /** Where the built web app is; null where there is none. */
  readonly pages?: string | null;
}

export interface Http {
  readonly app: FastifyInstance;
  /** Listens on a Unix socket whose callers are the operator: who can open it may open the data folder anyway. */
  listenOperator(path: string): Promise<void>;
  /** Stops taking calls, finishes those that were accepted. */
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    entry?: Route;
  }
}

/** Bodies of ordinary calls; events have a limit of their own. */
const ORDINARY_BODY = 1024 * 1024;

/** Builds the HTTP shell around the tables of routes: who calls, may they, is it well-formed, answer, errors. It knows no feature. */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const { config, log } = options;
  const operatorSockets = new WeakSet<Socket>();
  const serverOptions = {
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // A logger for each request costs more than reading its key; what is logged here names the request's id itself.
    childLoggerFactory: (logger: FastifyBaseLogger) => logger,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    bodyLimit: ORDINARY_BODY,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle' as const,
    // Refused below, in the shape of every other error.
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: answerBrokenRequest,
    // Paths that no route can be looked up for.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendRefusal(toRefusal(error), error, request, reply);
    },
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 2_000 },
  };
  const tls = config.tls
    ? {
        https: {
          cert: readFileSync(config.tls.certFile),
          key: readFileSync(config.tls.keyFile),
          passphrase: config.tls.passphrase,
        },
      }
    : {};
  const app: FastifyInstance = fastify({ ...serverOptions, ...tls });
  app.setValidatorCompiler(compileSchema);
  app.decorateRequest('principal', null);

  // Bodies stay bytes until the caller is known and the route says how to read them; clients that forget the content type are read too.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase();
    if (encoding && encoding !== 'identity') {
      done(
        new Refusal('invalid', 'The body is compressed, which is not understood here. Send plain JSON without content-encoding.'),
      );
    } else done(null, withoutMark(body as Buffer));
  });

  await app.register(helmet, {
    global: false,
    // Nothing here is made to be framed, and the pages of this service load nothing from elsewhere.
    contentSecurityPolicy: { directives: PAGE_RULES },
    strictTransportSecurity: config.tls !== null,
    crossOriginEmbedderPolicy: false,
  });
  // In a scope of its own: it gets its functions ready, and its hooks do not run for every alert. Sessions read and write their cookie by hand.
  await app.register(async (scope) => {
    await scope.register(cookie);
  });
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, context) =>
      new Refusal('too_many', `Too many attempts from this address. Wait ${Math.ceil(context.ttl / 1000)} seconds.`, {
        retryAfter: Math.ceil(context.ttl / 1000),
      }),
  });

  const isOperator = (request: FastifyRequest): boolean => operatorSockets.has(request.raw.socket as Socket);
  const isAllowedHost = hostChecker(config);
  let closing = false;
  /** Who calls, where that has to be asked for. */
  const admit = (request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined => {
    if (closing) throw stopping();
    const operator = isOperator(request);
    if (!operator && !isAllowedHost(request.headers.host)) {
      throw new Refusal(
        'wrong_host',
        'This service does not answer under that host name. Add it to VERDICT_ALLOWED_HOSTS, or use the address it listens on.',
      );
    }
    const entry = request.routeOptions.config.entry;
    if (!entry) return undefined;
    // Answers of the API are data: helmet's headers are for pages, and setting them all takes longer than storing an alert.
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    if (entry.right.public) {
      if (operator) request.principal = OPERATOR;
      return undefined;
    }
    const accept = (principal: Principal) => {
      authorise(principal, entry.right);
      request.principal = principal;
    };
    const principal = operator ? OPERATOR : options.authenticate(request);
    if (principal instanceof Promise) return principal.then(accept);
    accept(principal);
    return undefined;
  };
  // Hooks with a callback: what need not wait does not wait, on the way of every alert.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      const waiting = admit(request, reply);
      if (waiting) waiting.then(() => done(), done);
      else done();
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const entry = request.routeOptions.config.entry;
    try {
      if (entry && !entry.rawBody && request.body !== undefined) request.body = parseJson(request.body as Buffer);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const seconds = reply.elapsedTime / 1000;
    options.observe?.({ method: request.method, route, status: reply.statusCode, seconds });
    const level = reply.statusCode >= 500 ? 'error' : HOT.has(route) && reply.statusCode < 300 ? 'debug' : 'info';
    if (log.isLevelEnabled(level)) {
      const caller = request.principal
        ? request.principal.kind === 'operator'
          ? 'operator'
          : request.principal.name
        : undefined;
      log[level]({ reqId: request.id, method: request.method, route, status: reply.statusCode, seconds, caller }, 'answered');
    }
    done();
  });
  app.setErrorHandler((error, request, reply) => sendRefusal(toRefusal(error), error, request, reply));
  const sendPage = await addPages(app, options.pages ?? null);
  app.setNotFoundHandler((request, reply) =>
    sendPage(request, reply)
      ? reply
      : sendRefusal(
          new Refusal('not_found', `There is no ${request.method} ${request.url.split('?')[0]}. GET /docs lists what there is.`),
          null,
          request,
          reply,
        ),
  );

  await addOpenApi(app, options);
  for (const entry of options.routes) addRoute(app, entry);
  await app.ready();

  let operatorServer: Server | null = null;
  let operatorStop: (() => () => void) | null = null;
  const stop = watchConnections(app.server as Server);
  return {
    app,
    async listenOperator(path) {
      const server = createServer((request, response) => app.routing(request, response));
      operatorStop = watchConnections(server);
      server.on('connection', (socket: Socket) => operatorSockets.add(socket));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      operatorServer = server;
    },
    async close() {
      const closed = [operatorStop?.(), stop()];
      if (operatorServer) {
        operatorServer.closeIdleConnections();
        await new Promise<void>((resolve) => operatorServer!.close(() => resolve()));
      }
      closing = true;
      await app.close();
      for (const end of closed) end?.();
    },
  };
}

const OPERATOR: Principal = { kind: 'operator', name: 'operator' };

/** Routes called once for each alert: their successes are logged only at debug level. */
const HOT = new Set(['/api/v1/events/', '/api/v1/events', '/api/v1/events/:event_id', '/api/v1/events/:job_id/:event_id']);

function addRoute(app: FastifyInstance, entry: Route): void {
  if (entry.lenient || entry.rawBody) markLenient(entry.body);
  // The readers of v1 take more than its schemas say, and their sentences say more.
  if (entry.path.startsWith('/api/v1/')) for (const schema of [entry.params, entry.query]) markLenient(schema);
  app.route({
    method: entry.method,
    // Whoever watches a service asks with HEAD; an answer without end has none.
    exposeHeadRoute: entry.method === 'GET' && entry.response !== undefined,
    url: entry.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: {
      entry,
      ...(entry.guessesPerMinute ? { rateLimit: { max: entry.guessesPerMinute, timeWindow: 60_000 } } : {}),
    },
    ...(entry.bodyLimit ? { bodyLimit: entry.bodyLimit } : {}),
    schema: {
      operationId: entry.id,
      summary: entry.summary,
      tags: [entry.tag],
      ...(entry.description ? { description: entry.description } : {}),
      ...(entry.params ? { params: entry.params } : {}),
      ...(entry.query ? { querystring: entry.query } : {}),
      ...(entry.body ? { body: entry.body } : {}),
      ...(entry.response ? { response: { [entry.status ?? 200]: entry.response } } : {}),
    },
    async handler(request, reply) {
      reply.status(entry.status ?? 200);
      // Public routes have no caller of their own; what they change is recorded under the name they establish.
      const principal = request.principal ?? NOBODY;
      const origin: Origin = { principal, address: request.ip ? `api ${request.ip}` : 'socket' };
      return entry.handler({
        principal,
        origin,
        params: request.params,
        query: request.query,
        body: request.body,
        request,
        reply,
      });
    },
  });
}

const NOBODY: Principal = { kind: 'management', keyId: 0, name: 'nobody', scopes: new Set() };

/** Some editors and shells put a byte order mark before UTF-8; it says nothing about the JSON behind it. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** @throws Refusal for bytes that are not UTF-8 or not JSON. An empty body is no body. */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Refusal('malformed_json', 'The body is not UTF-8 text. Send JSON encoded as UTF-8.');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const why =
      error instanceof SyntaxError ? ` (${error.message.replace(/,? "?.*" is not valid JSON$/s, '').slice(0, 120)})` : '';
    throw new Refusal('malformed_json', `The body is not valid JSON${why}.`);
  }
}

function sendRefusal(
  refusal: Refusal,
  cause: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | Promise<FastifyReply> {
  if (refusal.status >= 500) request.log.error({ reqId: request.id, err: cause ?? refusal }, 'failed');
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter));
  const send = () => reply.status(refusal.status).type('application/json; charset=utf-8').send(answerError(refusal));
  const closes = !reply.raw.shouldKeepAlive || reply.getHeader('connection') === 'close';
  return closes && !request.raw.complete ? drain(request.raw).then(send) : send();
}
