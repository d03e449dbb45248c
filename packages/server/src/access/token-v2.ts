import { microsToZ, ScopeList, TokenAnswer, TokenRequest } from '@verdict/contract';
import { Refusal } from '../errors.ts';
import { type Route, route } from '../http/route.ts';
import type { TokenService } from './token-service.ts';

/** Tokens and the scopes of the calling key. */
export function tokenRoutesV2({ tokens }: { tokens: TokenService }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v2/token',
      id: 'createToken',
      summary: 'Get a management key that ends by itself',
      description:
        'For admins, by user name and password: 24 hours unless asked, 90 days at most. Ends with the access of its admin.',
      tag: 'v2: tokens',
      right: { public: true },
      guessesPerMinute: 30,
      body: TokenRequest,
      response: TokenAnswer,
      async handler({ body, origin, reply }) {
        try {
          const { value, expiresAt } = await tokens.create(body, origin.address);
          return { api_token: value, expire_at: microsToZ(expiresAt), error_message: '' };
        } catch (error) {
          if (!(error instanceof Refusal) || (error.code !== 'bad_sign_in' && error.code !== 'too_many')) throw error;
          if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
          reply.status(error.status);
          return { api_token: null, expire_at: null, error_message: error.message };
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v2/token/scopes',
      id: 'tokenScopes',
      summary: 'The scopes of the calling key',
      tag: 'v2: tokens',
      right: { scope: 'any', input: 'any' },
      response: ScopeList,
      async handler({ principal }) {
        return principal.kind === 'management' ? [...principal.scopes] : [];
      },
    }),
  ];
}
