import { fastifyCookie } from '@fastify/cookie';
import { AppCaller, AppOwnPassword, AppSetup, AppSetupState, AppSignIn, actionsOf, microsToZ } from '@verdict/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { Changes } from '../live/changes.ts';
import { type Authenticator, credentialsOf, refuseForeign, SESSION_COOKIE, sessionToken } from './authenticator.ts';
import { LONGEST, type NewSession, type Session, type SessionService } from './session-service.ts';
import type { SetupService } from './setup-service.ts';
import type { UserService } from './user-service.ts';

const TAG = 'app: people';

/** Signing in and out, who am I, the own password. */
export function sessionRoutesApp(deps: {
  sessions: SessionService;
  users: UserService;
  setup: SetupService;
  authenticator: Authenticator;
  changes: Changes;
}): Route[] {
  const { sessions, users, setup, authenticator, changes } = deps;
  const caller = (who: Omit<AppCaller, 'live_place'>): AppCaller => ({ ...who, live_place: changes.place() });
  return [
    route({
      method: 'GET',
      path: '/api/app/setup',
      id: 'appSetupState',
      summary: 'Is the first administrator still to be made',
      tag: TAG,
      right: { public: true },
      response: AppSetupState,
      async handler() {
        return { needed: await setup.isNeeded() };
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/setup',
      id: 'appSetUp',
      summary: 'Make the first administrator',
      description: 'With the secret of the link that the terminal shows at the start; signs the new administrator in.',
      tag: TAG,
      right: { public: true },
      guessesPerMinute: 10,
      body: AppSetup,
      response: AppCaller,
      async handler({ body, origin, request, reply }) {
        refuseForeign(credentialsOf(request));
        const user = await setup.complete({ ...origin, principal: SETUP }, body.secret, body);
        const session = await sessions.signIn(user.name, body.password, origin.address);
        setCookie(request, reply, session);
        return caller(presentCaller(session));
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/session',
      id: 'appSignIn',
      summary: 'Sign in',
      description: `Sets the cookie ${SESSION_COOKIE}; the answer has the token for the header x-verdict-csrf.`,
      tag: TAG,
      right: { public: true },
      guessesPerMinute: 30,
      body: AppSignIn,
      response: AppCaller,
      async handler({ body, origin, request, reply }) {
        refuseForeign(credentialsOf(request));
        // The session that this browser had is over, also for whoever may have planted it.
        const previous = await authenticator.session(request.headers.cookie);
        const session = await sessions.signIn(body.name, body.password, origin.address);
        const token = sessionToken(request.headers.cookie);
        if (previous && token !== null) await sessions.end({ principal: previous.principal, address: origin.address }, token);
        setCookie(request, reply, session);
        return caller(presentCaller(session));
      },
    }),
    route({
      method: 'GET',
      path: '/api/app/session',
      id: 'appSession',
      summary: 'Who am I, and what may I do',
      tag: TAG,
      right: { role: 'analyst' },
      response: AppCaller,
      async handler({ principal, request }) {
        const session = principal.kind === 'user' ? await authenticator.session(request.headers.cookie) : null;
        return caller(session ? presentCaller(session) : OPERATOR);
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/app/session',
      id: 'appSignOut',
      summary: 'Sign out',
      tag: TAG,
      right: { role: 'analyst' },
      status: 204,
      async handler({ origin, request, reply }) {
        const token = sessionToken(request.headers.cookie);
        if (token !== null) await sessions.end(origin, token);
        reply.header(
          'set-cookie',
          fastifyCookie.serialize(SESSION_COOKIE, '', { ...cookieOptions(request), expires: new Date(0) }),
        );
      },
    }),
    route({
      method: 'POST',
      path: '/api/app/session/password',
      id: 'appChangeOwnPassword',
      summary: 'Change the own password',
      description: 'Ends all sessions and tokens of the person; the answer starts a new session for this browser.',
      tag: TAG,
      right: { role: 'analyst' },
      guessesPerMinute: 30,
      body: AppOwnPassword,
      response: AppCaller,
      async handler(call: Call<unknown, unknown, AppOwnPassword>) {
        const { body, origin, principal, request, reply } = call;
        if (principal.kind !== 'user')
          throw new Refusal('refused', 'The operator has no password. Name the user whose password to set.');
        const user = await users.get(principal.userId);
        await sessions.confirm(user, body.current_password, origin.address).catch(wrongCurrent);
        await users.setPassword(origin, user.id, body.new_password, 'new_password');
        const session = await sessions.signIn(user.name, body.new_password, origin.address);
        setCookie(request, reply, session);
        return caller(presentCaller(session));
      },
    }),
  ];
}

/** Who has the link is at the terminal of the service. */
const SETUP = { kind: 'operator', name: 'set-up link' } as const;

const OPERATOR: Omit<AppCaller, 'live_place'> = {
  kind: 'operator',
  user_id: null,
  name: 'operator',
  role: 'admin',
  may: actionsOf('admin'),
  csrf: null,
  expires_at: null,
};

function presentCaller({ principal, csrf, expiresAt }: Session): Omit<AppCaller, 'live_place'> {
  const { userId, name, role } = principal;
  return { kind: 'user', user_id: userId, name, role, may: actionsOf(role), csrf, expires_at: microsToZ(expiresAt) };
}

function setCookie(request: FastifyRequest, reply: FastifyReply, { token }: NewSession): void {
  const options = { ...cookieOptions(request), maxAge: LONGEST / 1_000_000 };
  reply.header('set-cookie', fastifyCookie.serialize(SESSION_COOKIE, token, options));
}

/** `protocol` follows a trusted TLS proxy. */
function cookieOptions(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' } as const;
}

/** Signed in as they are, the session has not ended: a 401 would make a page ask for a new sign-in. */
function wrongCurrent(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== 'bad_sign_in') throw error;
  throw new Refusal('invalid', error.message, {
    problems: [{ loc: ['body', 'current_password'], msg: 'is wrong', type: 'bad_format' }],
  });
}
