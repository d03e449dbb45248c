import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { addPages } from './pages.ts';

const folders: string[] = [];
const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function serve(folder: string | null): Promise<(path: string, accept?: string) => Promise<Response>> {
  const app = fastify();
  apps.push(app);
  await app.register(helmet, { global: false });
  const page = await addPages(app, folder);
  app.setNotFoundHandler((request, reply) => (page(request, reply) ? reply : reply.status(404).send({ detail: 'nothing' })));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return (path, accept = 'text/html,*/*') => fetch(`${url}${path}`, { headers: { accept } });
}

function built(): string {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-pages-'));
  folders.push(folder);
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<title>app</title>');
  writeFileSync(join(folder, 'assets/index-1.js'), 'export {}');
  writeFileSync(join(folder, '../outside.txt'), 'secret');
  return folder;
}

test('every address of the app answers the page, with strict rules', async () => {
  const get = await serve(built());
  for (const path of ['/', '/jobs/1201/events?q=%3Cscript%3E', '/integrations/1', '/settings/keys']) {
    const answer = await get(path);
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, '<title>app</title>']);
    const rules = answer.headers.get('content-security-policy') ?? '';
    expect(rules).toContain("script-src 'self';");
    expect(rules).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('the start page answers whoever asks, not only browsers', async () => {
  const get = await serve(built());
  expect((await get('/', '*/*')).status).toBe(200);
  expect((await get('/?from=mail', 'application/json')).status).toBe(200);
  expect((await get('/jobs', '*/*')).status).toBe(404);
});

test('files with a hash in their name are kept for ever', async () => {
  const answer = await (await serve(built()))('/assets/index-1.js', '*/*');
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  expect(answer.headers.get('content-type')).toContain('javascript');
});

test('an app that is built anew is served at once, and what is gone is an error and never the page', async () => {
  const folder = built();
  const get = await serve(folder);
  expect((await get('/assets/index-1.js')).status).toBe(200);
  rmSync(join(folder, 'assets/index-1.js'));
  rmSync(join(folder, 'index.html'));
  expect(await (await get('/jobs')).text()).toBe('<title>app</title>');
  writeFileSync(join(folder, 'assets/index-2.js'), 'export {}');
  writeFileSync(join(folder, 'index.html'), '<title>new</title>');
  expect(await (await get('/jobs')).text()).toBe('<title>new</title>');
  expect((await get('/assets/index-2.js')).status).toBe(200);
  const gone = await get('/assets/index-1.js');
  expect([gone.status, gone.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
});

test('what is not there under the API or among the files is an error, and nothing outside of the folder is served', async () => {
  const get = await serve(built());
  for (const path of ['/api/app/none', '/assets/old.js', '/docs/none', '/..%2foutside.txt', '/assets/..%2f..%2foutside.txt']) {
    const answer = await get(path);
    expect([path, (await answer.text()).includes('secret')]).toEqual([path, false]);
    if (path.startsWith('/api') || path.startsWith('/assets') || path.startsWith('/docs')) expect(answer.status).toBe(404);
  }
  expect((await get('/jobs', 'application/json')).status).toBe(404);
});

test('without a built app a page says how to build it', async () => {
  const answer = await (await serve(null))('/jobs');
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('npm run build -w packages/web');
});
