import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../settings.ts';
import { completeDocument } from './openapi-document.ts';
import type { HttpOptions } from './server.ts';

/** Groups of the API page, in the order in which people need them. */
const TAGS: readonly (readonly [string, string])[] = [
  ['v1: events', 'What a SOAR speaks: alerts in, decisions out, feedback back.'],
  ['v1: jobs', 'The AI use cases that an input key sees.'],
  ['v2: resources', 'Jobs, integrations and keys as a document.'],
  ['v2: jobs', 'Start, stop, train.'],
  ['v2: events', 'Ask about events.'],
  ['v2: code steps', 'Code that runs on each event before the decision.'],
  ['v2: metrics', 'How good the decisions are.'],
  ['v2: tokens', 'Management keys that end by themselves.'],
  ['app: AI use cases', 'The API that the web app and the command line use.'],
  ['app: integrations', 'What use cases are wired to.'],
  ['app: events', 'Events and buckets.'],
  ['app: feedback', 'What people say.'],
  ['app: guard', 'How far automation may go.'],
  ['app: training', 'Training and models.'],
  ['app: tasks', 'Long work: progress and cancel.'],
  ['app: people', 'Users and sessions.'],
  ['app: API keys', 'Keys of SOARs and for management.'],
  ['app: audit trail', 'Who changed what.'],
  ['agents', 'The Model Context Protocol: tools for agents.'],
  ['operations', 'Health, measures, backups.'],
];

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 32" height="32"><rect width="32" height="32" rx="7" fill="#10b981"/><path d="M8 10l8 13 8-13" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/><text x="42" y="23" font-family="sans-serif" font-size="21" font-weight="600" fill="#fff">Verdict</text></svg>';

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
      tags: TAGS.map(([name, description]) => ({ name, description })),
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
      const entry = route.config?.entry;
      if (!entry) return { url, schema };
      return { url, schema: { ...schema, ...(entry.right.public ? { security: [] } : {}) } };
    },
    transformObject: (document) =>
      'openapiObject' in document ? completeDocument(document.openapiObject, options.routes) : document.swaggerObject,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: true, displayRequestDuration: true, validatorUrl: null },
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO), href: '/docs', target: '_self' },
    theme: {
      title: 'Verdict API',
      favicon: [{ filename: 'verdict.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: LOGO }],
    },
    uiHooks: guard,
  });
  app.get('/openapi.json', { ...guard, schema: { hide: true } }, async () => app.swagger());
}
