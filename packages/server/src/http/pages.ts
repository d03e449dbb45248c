import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What pages may load and do. The colours of labels and of the chosen scheme are set in style elements, which is why styles may be inline; scripts never. */
export const PAGE_RULES = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  upgradeInsecureRequests: null,
};

/** Addresses that are no pages: what is asked for under them and is not there is answered with an error in JSON. */
const NO_PAGE = /^\/(?:api|docs|mcp|metrics|health|ready|assets|openapi\.json)(?:[/?]|$)/;

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Verdict</title></head>
<body><main><h1>The web app is not built</h1>
<p>The service runs, and its API answers: see <a href="/docs">/docs</a>.</p>
<p>Run <code>npm run build -w packages/web</code> in the folder of Verdict, then start it again.</p></main></body></html>
`;

/**
 * Serves the web app from a folder: its files under their own names, and the one page of it wherever a browser asks for a page. An app that is built
 * anew while the service runs is served at once; the names of the one before are then gone.
 * @param folder where the built app is; null where there is none: a page says how to build it.
 * @returns what answers a call that no route took: true when it was sent a page.
 */
export async function addPages(
  app: FastifyInstance,
  folder: string | null,
): Promise<(request: FastifyRequest, reply: FastifyReply) => boolean> {
  const page = folder === null ? () => NOT_BUILT : pageOf(folder);
  if (folder !== null) {
    await app.register(async (scope) => {
      const files = (cache: string) => ({
        index: false as const,
        setHeaders(reply: { header(name: string, value: string): unknown }) {
          reply.header('x-content-type-options', 'nosniff');
          reply.header('cache-control', cache);
        },
      });
      await scope.register(fastifyStatic, {
        root: folder,
        wildcard: false,
        globIgnore: ['**/index.html', 'assets/**'],
        ...files('no-cache'),
      });
      // Their names change with what is in them.
      await scope.register(fastifyStatic, {
        root: join(folder, 'assets'),
        prefix: '/assets/',
        decorateReply: false,
        ...files('public, max-age=31536000, immutable'),
      });
    });
  }
  return (request, reply) => {
    const wanted = request.method === 'GET' || request.method === 'HEAD';
    if (!wanted || NO_PAGE.test(request.url) || !wantsPage(request)) return false;
    reply.helmet({ contentSecurityPolicy: { directives: PAGE_RULES }, crossOriginEmbedderPolicy: false });
    reply.status(200).header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page());
    return true;
  };
}

/** The page of the app as it is now; the one before while it is being built. */
function pageOf(folder: string): () => Buffer {
  const file = join(folder, 'index.html');
  let page = readFileSync(file);
  return () => {
    try {
      page = readFileSync(file);
    } catch {
      // Between two builds there is none.
    }
    return page;
  };
}

/** The start page answers whoever asks, so that a look with curl or a probe finds it; elsewhere only browsers mean a page. */
function wantsPage(request: FastifyRequest): boolean {
  return /^\/(?:\?|$)/.test(request.url) || request.headers.accept?.includes('text/html') === true;
}
