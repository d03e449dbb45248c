/**
 * How long the pages of the web app take over many stored events, in a real browser: from asking for the address to the page being usable, and
 * from a click or a key to what it changes. And how much the browser loads for the first page.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { alertText, kindsOfTraffic, POINTS } from './support/alerts.ts';
import { CHROMIUM, FLAGS } from './support/browser.ts';
import { readOptions } from './support/options.ts';
import { incoming, label, makeJob, OPERATOR, type Prepared, train, withFolder, withService } from './support/prepare.ts';
import { seeded } from './support/random.ts';
import { type Figure, must, quantile, report } from './support/report.ts';
import { ServerProcess } from './support/server-process.ts';

const PERSON = { name: 'ada', password: 'correct horse battery' };
const DIST = join(import.meta.dirname, '../packages/web/dist');
/** Bytes of an alert. */
const BODY = 1_000;
/** Thirty days in microseconds. */
const MONTH = 30 * 86_400_000_000;
const MAX_PAGE_MS = 1_000;
const MAX_FIRST_KB = 250;

const options = readOptions(['keep']);
const events = options.scaled(1_000_000, 2_000);
const repeats = options.size < 0.1 ? 2 : 5;

/** Stores the events, trains a model on labelled ones, and makes somebody who can sign in. */
async function fill(folder: string): Promise<Prepared> {
  return withService(folder, async (running) => {
    const job = await makeJob(running, POINTS.slice(0, 8));
    const known = options.scaled(1_000, 40);
    const now = Date.now() * 1_000;
    await label(running, job, known);
    await train(running, job);
    const traffic = kindsOfTraffic(seeded(options.seed), known, 0.02);
    for (let stored = known; stored < events; stored += 2_000) {
      const batch = Array.from({ length: Math.min(2_000, events - stored) }, (_, index) =>
        running.services.ingest.ingest({
          ...incoming(job.jobId, null, alertText(traffic.next().value, stored + index, BODY)),
          // Spread over the last thirty days, which is what the overview shows.
          eventAt: now - Math.floor((1 - (stored + index) / events) * MONTH),
        }),
      );
      await Promise.all(batch);
    }
    await running.services.access.users.add(OPERATOR, { ...PERSON, role: 'admin' });
    return job;
  });
}

/** What is kept is filled once. */
async function filled(folder: string): Promise<Prepared> {
  const file = join(folder, 'prepared.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Prepared;
  mkdirSync(folder, { recursive: true });
  const job = await fill(folder);
  writeFileSync(file, JSON.stringify(job));
  return job;
}

/** Waits until the search index has every event: what has just been stored in bulk is not how a service is met. */
async function indexed(browser: Browser, url: string): Promise<number> {
  const started = performance.now();
  const page = await signIn(browser, url);
  for (;;) {
    const about = await page.request.get('/api/app/about');
    must(about.ok(), 'What the service says about itself could not be read.');
    if (((await about.json()) as { search_lag: number }).search_lag === 0) break;
    await page.waitForTimeout(500);
  }
  await page.context().close();
  return (performance.now() - started) / 1_000;
}

/** A page that can be measured: what is opened, and what shows that it can be used. */
interface Stop {
  readonly name: string;
  readonly path: string;
  ready(page: Page): Promise<void>;
}

function stops({ jobId }: Prepared): Stop[] {
  const job = `/jobs/${jobId}`;
  return [
    { name: 'AI use cases', path: '/jobs', ready: (page) => page.getByRole('link', { name: 'Triage' }).waitFor() },
    { name: 'overview', path: job, ready: (page) => page.getByRole('button', { name: 'Train now' }).waitFor() },
    { name: 'Event Explorer', path: `${job}/events`, ready: (page) => page.getByRole('row').nth(1).waitFor() },
    { name: 'Feedback', path: `${job}/feedback`, ready: (page) => page.getByRole('article').waitFor() },
    {
      name: 'Decision points',
      path: `${job}/decision-points`,
      ready: (page) => page.getByRole('heading', { level: 1, name: 'Decision points' }).waitFor(),
    },
    {
      name: 'Models',
      path: `${job}/models`,
      ready: (page) =>
        page
          .getByRole('button', { name: /Activate|Roll back|Shadow/i })
          .or(page.getByText('What people said and what it said'))
          .first()
          .waitFor(),
    },
    {
      name: 'Integrations',
      path: '/integrations',
      ready: (page) =>
        page
          .getByRole('button', { name: /Connect/ })
          .first()
          .waitFor(),
    },
    { name: 'Settings', path: '/settings/appearance', ready: (page) => page.getByRole('tab', { name: 'API keys' }).waitFor() },
  ];
}

/** Milliseconds until a page that is opened by its address can be used; the browser knows the files already. */
async function open(page: Page, stop: Stop): Promise<number> {
  const started = performance.now();
  await page.goto(stop.path, { waitUntil: 'commit' });
  await stop.ready(page);
  return performance.now() - started;
}

async function signIn(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: url });
  const page = await context.newPage();
  page.setDefaultTimeout(options.size < 0.1 ? 20_000 : 120_000);
  await page.goto('/sign-in');
  await page.getByLabel('User name').fill(PERSON.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(PERSON.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
  return page;
}

/** What is done in pages that are open: milliseconds from the click or key to what it changes. */
async function interactions(page: Page, { jobId }: Prepared): Promise<Figure[]> {
  const figures: Figure[] = [];
  const timed = async (name: string, target: number, act: () => Promise<void>) => {
    const started = performance.now();
    await act();
    figures.push({ name, value: performance.now() - started, unit: 'ms', target: { atMost: target } });
  };
  const [, overview, explorer, feedback] = stops({ jobId, key: '' });
  await open(page, overview!);
  await page.locator('figure.chart').first().waitFor();
  await timed('overview: another span of time', 300, async () => {
    await page.getByText('Year', { exact: true }).click();
    await page.waitForURL(/days=365/);
    await page.locator('figure.chart').first().waitFor();
  });
  await timed('from the overview to the explorer', MAX_PAGE_MS, async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Event Explorer' }).click();
    await explorer!.ready(page);
  });
  await timed('explorer: open an event', 300, async () => {
    await page.getByRole('row').nth(1).click();
    await page.getByRole('complementary', { name: 'Event' }).getByRole('heading').first().waitFor();
  });
  await timed('from the explorer to Feedback', MAX_PAGE_MS, async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Feedback' }).click();
    await feedback!.ready(page);
  });
  await timed('Feedback: a label, until the next one stands there', 300, async () => {
    const before = await page.getByRole('article').innerText();
    await page.keyboard.press('1');
    while ((await page.getByRole('article').innerText()) === before) await page.waitForTimeout(5);
  });
  return figures;
}

/** What the browser loads before the first page after signing in stands: kilobytes as they travel. */
async function firstPageKb(browser: Browser, url: string, stop: Stop): Promise<number> {
  const page = await signIn(browser, url);
  const fresh = await browser.newContext({ baseURL: url, storageState: await page.context().storageState() });
  const first = await fresh.newPage();
  const files = new Set<string>();
  first.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith('/api/')) files.add(pathname);
  });
  await first.goto(stop.path);
  await stop.ready(first);
  await fresh.close();
  await page.context().close();
  return [...files].reduce((sum, path) => sum + gzippedBytes(path), 0) / 1_000;
}

function gzippedBytes(path: string): number {
  const file = join(DIST, path);
  return gzipSync(readFileSync(existsSync(file) && path.includes('.') ? file : join(DIST, 'index.html'))).length;
}

function wholeKb(): number {
  const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|css|html|svg)$/.test(name));
  return files.reduce((sum, name) => sum + gzippedBytes(name), 0) / 1_000;
}

if (CHROMIUM === undefined) {
  process.stdout.write('Skipped: there is no Chromium here. Install it (apt-get install chromium) or name it in CHROMIUM.\n');
} else {
  must(existsSync(join(DIST, 'index.html')), 'The web app is not built: run npm run build -w packages/web first.');
  const executablePath = CHROMIUM;
  const measure = async (folder: string): Promise<void> => {
    const job = await filled(folder);
    const service = await ServerProcess.service(folder);
    const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    try {
      const url = `http://127.0.0.1:${service.port}`;
      const waited = await indexed(browser, url);
      const page = await signIn(browser, url);
      const note = `in the search index after ${waited.toFixed(0)} s`;
      const figures: Figure[] = [{ name: 'events stored', value: events, unit: 'events', note }];
      for (const stop of stops(job)) {
        const first = await open(page, stop);
        const times = [];
        for (let turn = 0; turn < repeats; turn++) times.push(await open(page, stop));
        figures.push({
          name: `${stop.name}, usable after`,
          value: quantile(times, 0.5),
          unit: 'ms',
          target: { atMost: MAX_PAGE_MS },
          note: `first ${Math.round(first).toLocaleString('en-US')} ms`,
        });
      }
      figures.push(...(await interactions(page, job)));
      const kb = await firstPageKb(browser, url, stops(job)[0]!);
      must(kb > 10, 'The first page loaded next to nothing: the measurement is broken.');
      figures.push({ name: 'first page, gzip', value: kb, unit: 'kB', target: { atMost: MAX_FIRST_KB } });
      figures.push({ name: 'all pages, gzip', value: wholeKb(), unit: 'kB' });
      report('web', options.size, figures);
    } finally {
      await browser.close();
      await service.stop();
    }
  };
  if (options.own.keep === undefined) await withFolder('web', measure);
  else await measure(options.own.keep);
}
