import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, startTestWeb, type TestWeb } from './testing.ts';

/** What a tab does that is open while the service is updated: files that it asks for are gone. */
describe.skipIf(CHROMIUM === undefined)('an update of the service', () => {
  let web: TestWeb;
  let page: Page;

  beforeAll(async () => {
    web = await startTestWeb();
    const { app } = web.operator;
    const { integration } = await app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} });
    await app.createJob({ title: 'Alerts', integrations: [{ integration_id: integration.integration_id, role: 'input' }] });
    page = await web.signedIn();
  });
  afterAll(() => web?.stop());

  /**
   * A part is gone, as after an update: the page of the service begins with another script then. A tab that loads a page anew finds all parts of the
   * new app.
   */
  async function update(part: string): Promise<void> {
    let opened = false;
    let updated = false;
    await page.route(`**/assets/${part}-*.js`, (route) =>
      updated ? route.continue() : route.fulfill({ status: 404, contentType: 'application/json', body: '{}' }),
    );
    await page.route('**/*', async (route) => {
      const request = route.request();
      // The first is the tab itself, which has the app of before.
      if (request.isNavigationRequest()) {
        updated = opened;
        opened = true;
      }
      if (updated || new URL(request.url()).pathname !== '/') return route.fallback();
      const answer = await route.fetch();
      const body = (await answer.text()).replaceAll('/assets/index-', '/assets/index-of-the-new-');
      return route.fulfill({ response: answer, body });
    });
  }

  /** Opens the first page; `before` is done before, so that nothing is fetched ahead of it. */
  async function openJobs(before: () => Promise<unknown>): Promise<void> {
    await page.evaluate(() => sessionStorage.clear());
    await before();
    await page.goto('/jobs', { waitUntil: 'commit' });
    await page.getByRole('link', { name: 'Alerts', exact: true }).waitFor();
  }

  test('a page that is gone is loaded anew, at its own address, and says why', async () => {
    await openJobs(() => update('integrations-page'));
    await page.getByRole('navigation').getByRole('link', { name: 'Integrations' }).click();
    await page.getByText('this page was loaded anew').waitFor();
    expect(new URL(page.url()).pathname).toBe('/integrations');
    await page.getByRole('heading', { name: 'Integrations' }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  });

  test('what stays gone is said, and not loaded again and again', async () => {
    let documents = 0;
    await openJobs(() => page.route('**/assets/integrations-page-*.js', (route) => route.fulfill({ status: 404, body: '' })));
    await page.route('**/', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('/assets/index-', '/assets/new-index-') });
    });
    page.on('request', (request) => {
      if (request.isNavigationRequest()) documents++;
    });
    await page.getByRole('navigation').getByRole('link', { name: 'Integrations' }).click();
    await page.getByText('this tab has the version before').waitFor();
    await page.getByRole('button', { name: 'Reload', exact: true }).waitFor();
    expect(documents).toBe(1);
    await page.unrouteAll({ behavior: 'wait' });
  });

  test('where somebody is writing it waits for them', async () => {
    await openJobs(() => update('create-job'));
    await page.evaluate(() => {
      const field = document.body.appendChild(document.createElement('textarea'));
      field.setAttribute('aria-label', 'Notes');
    });
    await page.getByLabel('Notes').fill('half a sentence');
    await page.getByRole('button', { name: 'Create use case' }).click();
    await page.getByText('Save or copy what you are writing').waitFor();
    expect(await page.getByLabel('Notes').inputValue()).toBe('half a sentence');
    await page.getByRole('button', { name: 'Reload', exact: true }).click();
    await page.getByText('this page was loaded anew').waitFor();
    // The new app has the part.
    await page.getByRole('button', { name: 'Create use case' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  });

  test('a service that does not answer is no update: the page stays, and trying again helps', async () => {
    // A browser that has none of the files yet.
    page = await web.signedIn();
    await page.route('**/assets/create-job-*.js', (route) => route.abort());
    await page.route('**/', (route) => (route.request().isNavigationRequest() ? route.continue() : route.abort()));
    await page.getByRole('button', { name: 'Create use case' }).click();
    await page.getByText('Is the service running?').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await page.getByRole('button', { name: 'Create use case' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).waitFor();
  });

  test('the service answers no page for a file that is gone', async () => {
    const answer = await fetch(`${web.url}/assets/gone-page-1234.js`, { headers: { accept: 'text/html,*/*' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
  });
});
