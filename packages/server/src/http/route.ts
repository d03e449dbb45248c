import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { InputRight, Origin, Principal, Role } from './principal.ts';

/**
 * Who may call a route. A kind of caller that is not named may not. `operator` may call whatever a user may.
 * `public` needs no credential at all.
 */
export interface Right {
  readonly public?: true;
  /** An input key with this right; `any` = whatever its rights. */
  readonly input?: InputRight | 'any';
  /** A management key with this scope; `any` = whatever its scopes. */
  readonly scope?: string;
  /** A signed-in person of at least this role. */
  readonly role?: Role;
}

/** One call of a route, already authenticated, authorised and validated. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly principal: Principal;
  readonly origin: Origin;
  readonly params: Params;
  readonly query: Query;
  /** The parsed body; for a route with `rawBody`, the bytes as they came. */
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type TypeOf<Schema> = Schema extends TSchema ? Static<Schema> : unknown;

/** One entry of a feature's table of routes: reads as a list of what it takes, who may call it and what it answers. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Operation id in the OpenAPI document. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly right: Right;
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Described in the API page; checked unless `lenient`, whose handler reads the body itself. */
  readonly body?: TSchema;
  readonly lenient?: boolean;
  /** The handler gets the body's bytes (a Buffer) and parses them itself. */
  readonly rawBody?: boolean;
  /** Largest body in bytes where it differs from the usual. */
  readonly bodyLimit?: number;
  /** Status of the success, 200 by default. */
  readonly status?: number;
  readonly response?: TSchema;
  /** Guesses a minute an address may make (sign-in, tokens). */
  readonly guessesPerMinute?: number;
  handler(call: Call): Promise<unknown>;
}

/** The same with types that follow from the schemas. */
export interface RouteOf<P, Q, B> extends Omit<Route, 'params' | 'query' | 'body' | 'handler'> {
  readonly params?: P & TSchema;
  readonly query?: Q & TSchema;
  readonly body?: B & TSchema;
  handler(call: Call<TypeOf<P>, TypeOf<Q>, TypeOf<B>>): Promise<unknown>;
}

/** Writes down a route; the handler's parameters get their types from its schemas. */
export function route<P, Q, B>(entry: RouteOf<P, Q, B>): Route {
  return entry as Route;
}
