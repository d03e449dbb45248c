import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../settings.ts';
import type { HttpOptions } from './server.ts';

/** `/openapi.json` and the interactive page `/docs`, both made from the tables of routes. Where others can reach them they want a session or a key. */
export async function addOpenApi(app: FastifyInstance, options: HttpOptions): Promise<void> {
  const guard =
    isLoopback(options.config.host) && options.config.trustedProxies.length === 0
      ? {}
      : {
          onRequest: async (request: Parameters<HttpOptions['authenticate']>[0]) => {
            await options.authenticate(request);
          },
        };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Verdict',
        version: options.version,
        description:
          'Alerts in, decisions out. v1 is what a SOAR speaks, v2 manages jobs by document, the app API serves people.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'x-arcanna-api-key', description: 'An input key or a management key.' },
          session: { type: 'apiKey', in: 'cookie', name: 'verdict_session', description: 'A signed-in person (app API only).' },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => {
      const right = route.config?.entry?.right;
      return { url, schema: right?.public ? { ...schema, security: [] } : schema };
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: true, displayRequestDuration: true, validatorUrl: null },
    theme: { title: 'Verdict API' },
    uiHooks: guard,
  });
  app.get('/openapi.json', { ...guard, schema: { hide: true } }, async () => app.swagger());
}
