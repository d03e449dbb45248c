import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, SOCKET_FILE, startService } from '@verdict/server/local';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where browsers are looked for; the first that is there is taken. */
const PLACES = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser's program; undefined where there is none: then the tests in a browser are skipped. */
export const CHROMIUM = PLACES.find((path) => path !== '' && existsSync(path));

/** Quiet: no connection of the browser's own to anywhere. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const PASSWORD = 'correct horse battery';

/** A real service with the built app, and a real browser. */
export interface TestWeb {
  /** Where the service answers. */
  readonly url: string;
  /** The address of a new set-up link; undefined where there is an administrator. */
  setupLink(): Promise<string | undefined>;
  /** The operator's client. */
  readonly operator: VerdictClient;
  readonly browser: Browser;
  /** A page of a browser that knows nothing yet; what goes wrong in it is in `problems`. */
  page(options?: { readonly dark?: boolean }): Promise<Page>;
  /** The same, signed in as the administrator, who is made by the set-up link where there is none. */
  signedIn(options?: { readonly dark?: boolean }): Promise<Page>;
  /** Errors of the pages and calls to other hosts. */
  readonly problems: string[];
  stop(): Promise<void>;
}

/** Starts both. `npm test` has built the app before. @param clock microseconds since 1970; the wall's where it is left out. */
export async function startTestWeb(clock?: () => number): Promise<TestWeb> {
  const folder = mkdtempSync(join(tmpdir(), 'verdict-web-'));
  const service = await startService(
    { ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' },
    createLog({ logLevel: 'silent' }),
    clock,
  );
  const browser = await chromium.launch({ executablePath: CHROMIUM!, headless: true, args: FLAGS });
  const problems: string[] = [];
  const web: TestWeb = {
    url: service.url,
    operator: new VerdictClient({ socketPath: join(folder, SOCKET_FILE) }),
    browser,
    problems,
    async setupLink() {
      return /\/setup#[A-Za-z0-9_-]+/.exec(await service.welcome())?.[0];
    },
    async page({ dark = false } = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        colorScheme: dark ? 'dark' : 'light',
        baseURL: service.url,
        acceptDownloads: true,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/status of 4\d\d|ERR_|live/.test(message.text())) problems.push(message.text());
      });
      page.on('request', (request) => {
        const { protocol, host } = new URL(request.url());
        if (protocol !== 'data:' && protocol !== 'blob:' && host !== new URL(service.url).host)
          problems.push(`asks ${request.url()}`);
      });
      return page;
    },
    async signedIn(options) {
      const page = await web.page(options);
      const link = await web.setupLink();
      if (link) await setUp(page, link);
      else {
        await page.goto('/sign-in');
        await page.getByLabel('User name').fill('ada');
        await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
        await page.getByRole('button', { name: 'Sign in' }).click();
      }
      await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
      return page;
    },
    async stop() {
      await browser.close();
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return web;
}

/** Opens a set-up link and fills in what it asks for. */
export async function setUp(page: Page, link: string, name = 'ada'): Promise<void> {
  await page.goto(link);
  await page.getByLabel('User name').fill(name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
  await page.getByRole('textbox', { name: 'The password again' }).fill(PASSWORD);
  await page.getByRole('button', { name: /Make the administrator/ }).click();
}

declare global {
  interface Window {
    /** There once its source has run in the page. */
    readonly axe: typeof import('axe-core');
  }
}

/** What axe finds wrong with a page (WCAG 2.2 A and AA), as sentences. */
export async function axeFindings(page: Page): Promise<string[]> {
  // What moves or fades in is judged when it is there.
  await page.waitForTimeout(350);
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map((node) => node.html.slice(0, 160))
          .slice(0, 3)
          .join(' | ')}`,
    );
  });
  return found;
}

/** Keeps a picture of the page where VERDICT_SCREENS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.VERDICT_SCREENS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
