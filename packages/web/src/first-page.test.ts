import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { CHROMIUM, startTestWeb, type TestWeb } from './testing.ts';

const DIST = join(import.meta.dirname, '../dist');
const STYLES = join(import.meta.dirname, '../../../node_modules/@mantine/core/styles');
/** Kilobytes as they travel; `npm run bench:web` counts the same way. */
const MAX_FIRST_KB = 250;
/** The names of Mantine's classes, as both its components and its sheets have them. */
const CLASSES = /\bm_[0-9a-f]{6,8}\b/g;

test('the styles of each Mantine component in the built app are in it', () => {
  const built = (end: string) => readdirSync(join(DIST, 'assets')).filter((name) => name.endsWith(end));
  const classesOf = (end: string) =>
    new Set(built(end).flatMap((name) => readFileSync(join(DIST, 'assets', name), 'utf8').match(CLASSES) ?? []));
  const used = classesOf('.js');
  const styled = classesOf('.css');
  const missing = readdirSync(STYLES)
    .filter((name) => name.endsWith('.css') && !name.endsWith('.layer.css'))
    .filter((name) =>
      (readFileSync(join(STYLES, name), 'utf8').match(CLASSES) ?? []).some((each) => used.has(each) && !styled.has(each)),
    );
  expect(used.size).toBeGreaterThan(50);
  expect(missing, 'add these to app/styles.ts').toEqual([]);
});

describe.skipIf(CHROMIUM === undefined)('the first page', () => {
  let web: TestWeb;
  beforeAll(async () => {
    web = await startTestWeb();
  });
  afterAll(() => web?.stop());

  it(`loads at most ${MAX_FIRST_KB} kB for somebody who is signed in`, async () => {
    const signedIn = await web.signedIn();
    const context = await web.browser.newContext({
      baseURL: web.url,
      storageState: await signedIn.context().storageState(),
    });
    const page = await context.newPage();
    const files = new Set<string>();
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith('/api/')) files.add(pathname);
    });
    await page.goto('/');
    await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
    await page.waitForLoadState('load');
    const bytes = [...files].map((path) => gzipSync(readFileSync(join(DIST, path.includes('.') ? path : 'index.html'))).length);
    expect([...files].filter((path) => path.endsWith('.js')).length).toBeGreaterThan(3);
    expect(bytes.reduce((sum, each) => sum + each, 0) / 1_000).toBeLessThanOrEqual(MAX_FIRST_KB);
    await context.close();
  });
});
