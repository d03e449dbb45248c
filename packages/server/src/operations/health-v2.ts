import { V2Health } from '@verdict/contract';
import { type Route, route } from '../http/route.ts';
import type { Readiness } from './readiness.ts';

/** `GET /api/v2/health/`: whether the service can be used, in the words of v2. Needs no key. */
export function healthRoutesV2({ readiness }: { readonly readiness: Readiness }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v2/health/',
      id: 'v2Health',
      summary: 'Whether the service can be used',
      tag: 'v2: resources',
      right: { public: true },
      response: V2Health,
      async handler() {
        const { ready, checks } = await readiness.check();
        const wrong = checks.filter(({ ok }) => !ok).map(({ detail }) => detail);
        return { status: ready ? 'OK' : 'NOK', reason: wrong[0] ?? '', reason_details: wrong.slice(1).join(' ') };
      },
    }),
  ];
}
