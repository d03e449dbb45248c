/**
 * Pictures of the web app for README and docs: starts a service with demo data and writes them to `docs/images`, or where `--out DIR` says.
 * The demo's alerts come from a seed, so a later run differs only where the app does, and in times.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, SOCKET_FILE, startService } from '@verdict/server/local';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM, FLAGS } from '../bench/support/browser.ts';

const PERSON = { name: 'ada', password: 'correct horse battery' };
const SIZE = { width: 1280, height: 800 };
const MOST_BYTES = 200_000;

const { values } = parseArgs({ options: { out: { type: 'string', default: join(import.meta.dirname, '../docs/images') } } });
const out = resolve(values.out);

/** A picture: its name, what is opened, and what shows that it is whole. */
interface Shot {
  readonly name: string;
  readonly path: string;
  readonly dark?: true;
  ready(page: Page): Promise<void>;
}

function shots(jobId: number): Shot[] {
  const job = `/jobs/${jobId}`;
  const charts = async (page: Page) => {
    await page.locator('figure.chart canvas').first().waitFor();
    await page.getByText('Alerts that need attention').waitFor();
  };
  return [
    {
      name: 'jobs',
      path: '/jobs',
      ready: (page) =>
        page
          .getByText(/% right/)
          .first()
          .waitFor(),
    },
    { name: 'overview', path: job, ready: charts },
    { name: 'overview-dark', path: job, dark: true, ready: charts },
    {
      name: 'event-explorer',
      path: `${job}/events`,
      async ready(page) {
        await page.getByRole('row').nth(3).click();
        await page.getByRole('complementary', { name: 'Event' }).getByRole('heading').first().waitFor();
      },
    },
    { name: 'feedback', path: `${job}/feedback`, ready: (page) => page.getByRole('article').waitFor() },
    {
      name: 'decision-points',
      path: `${job}/decision-points`,
      ready: (page) =>
        page
          .getByLabel(/^Decide by/)
          .first()
          .waitFor(),
    },
    { name: 'models', path: `${job}/models`, ready: (page) => page.getByText('What people said and what it said').waitFor() },
    { name: 'integrations', path: '/integrations', ready: (page) => page.getByText('Main SOAR').waitFor() },
    { name: 'settings', path: '/settings/users', ready: (page) => page.getByRole('cell', { name: 'ben' }).first().waitFor() },
  ];
}

/** Demo data, a second integration that has been called, and two colleagues. @returns the number of the use case. */
async function prepare(operator: VerdictClient, url: string): Promise<number> {
  await operator.app.addUser({ ...PERSON, role: 'admin' });
  await operator.app.addUser({ name: 'ben', role: 'lead', password: PERSON.password });
  await operator.app.addUser({ name: 'chen', role: 'analyst', password: PERSON.password });
  const { job_id: jobId, task } = await operator.app.makeDemo();
  const { key_value: key } = await operator.app.createIntegration({ title: 'Main SOAR', type: 'Cortex XSOAR', parameters: {} });
  for (let state = task?.state; state === 'waiting' || state === 'running'; ) {
    await new Promise((wake) => setTimeout(wake, 300));
    const now = await operator.app.task(task!.task_id);
    state = now.state;
    if (state === 'failed' || state === 'cancelled') throw new Error(`The demo could not be filled: ${now.message}`);
  }
  if (key !== null) await new VerdictClient({ baseUrl: url, key }).v1.health();
  return jobId!;
}

async function signedIn(browser: Browser, url: string, dark: boolean): Promise<Page> {
  const context = await browser.newContext({
    viewport: SIZE,
    colorScheme: dark ? 'dark' : 'light',
    baseURL: url,
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto('/sign-in');
  await page.getByLabel('User name').fill(PERSON.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(PERSON.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
  return page;
}

async function take(page: Page, { name, path, ready }: Shot): Promise<void> {
  await page.goto(path);
  await ready(page);
  await page.waitForLoadState('load');
  // Skeletons are gone, and what fades in is there.
  while ((await page.locator('.mantine-Skeleton-root').count()) > 0) await page.waitForTimeout(100);
  await page.waitForTimeout(500);
  const file = join(out, `${name}.png`);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  process.stdout.write(`${file}  ${Math.round(size / 1_000)} kB\n`);
  if (size > MOST_BYTES) throw new Error(`${name}.png is larger than ${MOST_BYTES / 1_000} kB: make the page's content smaller.`);
}

async function main(): Promise<void> {
  if (CHROMIUM === undefined) {
    process.stderr.write('There is no Chromium here. Install it (apt-get install chromium) or name it in CHROMIUM.\n');
    process.exitCode = 1;
    return;
  }
  mkdirSync(out, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'verdict-screenshots-'));
  const service = await startService(
    { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' },
    createLog({ logLevel: 'silent' }),
  );
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  try {
    const jobId = await prepare(new VerdictClient({ socketPath: join(folder, SOCKET_FILE) }), service.url);
    const light = await signedIn(browser, service.url, false);
    const dark = await signedIn(browser, service.url, true);
    for (const shot of shots(jobId)) await take(shot.dark ? dark : light, shot);
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
