import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, SOCKET_FILE, startService } from '@verdict/server/local';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, PASSWORD, startTestWeb, type TestWeb } from './testing.ts';

/** What goes away under an open page: the service, the use case, what somebody else has changed meanwhile. */
describe.skipIf(CHROMIUM === undefined)('under an open page', () => {
  let web: TestWeb;
  let page: Page;

  beforeAll(async () => {
    web = await startTestWeb();
    page = await web.signedIn();
  });
  afterAll(() => web?.stop());

  const makeJob = async (title: string) => {
    const { app } = web.operator;
    const [there] = await app.integrations();
    const integration =
      there ?? (await app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} })).integration;
    const job = await app.createJob({
      title,
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
    });
    return job.job_id;
  };
  const change = async (on: Page, title: string) => {
    await on.getByRole('button', { name: `Actions for ${title}` }).click();
    await on.getByRole('menuitem', { name: 'Change…' }).click();
    await on.getByRole('dialog').getByRole('textbox', { name: 'Title' }).waitFor();
  };

  test('the service stops and starts: the page stays, says so, and goes on by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verdict-lost-'));
    const log = createLog({ logLevel: 'silent' });
    let service = await startService({ ...DEFAULTS, port: 0, dataDir: folder, logLevel: 'silent' }, log);
    const { port } = new URL(service.url);
    const operator = () => new VerdictClient({ socketPath: join(folder, SOCKET_FILE) });
    await operator().app.addUser({ name: 'ada', role: 'admin', password: PASSWORD });
    const job = await operator().app.createJob({ title: 'Mail' });
    const context = await web.browser.newContext({ baseURL: service.url });
    const tab = await context.newPage();
    try {
      await tab.goto(`/jobs/${job.job_id}`);
      await tab.getByLabel('User name').fill('ada');
      await tab.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await tab.getByRole('heading', { name: 'Mail', level: 1 }).waitFor();
      await change(tab, 'Mail');
      await tab.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('Mail and more');
      await service.stop();
      await tab.getByText('Verdict does not answer').waitFor();
      expect(await axeFindings(tab)).toEqual([]);
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.getByRole('alert').getByText('What you typed is still here').waitFor();
      expect(await tab.getByRole('heading', { name: 'Mail', level: 1, includeHidden: true }).count()).toBe(1);
      service = await startService({ ...DEFAULTS, port: Number(port), dataDir: folder, logLevel: 'silent' }, log);
      await tab.getByText('Verdict does not answer').waitFor({ state: 'detached' });
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.getByRole('heading', { name: 'Mail and more', level: 1 }).waitFor();
    } finally {
      await context.close();
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('two people change the same use case: what each changed alone is kept, of what both changed the second is told', async () => {
    const jobId = await makeJob('Proxy');
    await web.operator.app.addUser({ name: 'ben', role: 'lead', password: PASSWORD });
    const ben = await web.page();
    await ben.goto('/sign-in');
    await ben.getByLabel('User name').fill('ben');
    await ben.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await ben.getByRole('button', { name: 'Sign in' }).click();
    await ben.getByRole('link', { name: 'Proxy' }).waitFor();
    await page.goto('/jobs');
    await page.getByRole('button', { name: 'Actions for Proxy' }).click();
    await page.getByRole('menuitem', { name: 'Change…' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    for (const each of [page, ben]) await change(each, 'Proxy');
    const save = (on: Page) => on.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name of the label').last().fill('Ask');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('Proxy of Ada');
    await save(page);
    await page.getByText('“Proxy of Ada” is changed.').waitFor();
    await ben.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('Proxy of Ben');
    await ben.getByLabel('Description').fill('By Ben');
    await save(ben);
    await ben.getByText('the title: now Proxy of Ada').waitFor();
    expect(await axeFindings(ben)).toEqual([]);
    expect((await web.operator.app.job(jobId)).description).toBe('');
    await ben.getByRole('button', { name: 'Save mine over it' }).click();
    await ben.getByText('“Proxy of Ben” is changed.').waitFor();
    const now = await web.operator.app.job(jobId);
    expect([now.title, now.description]).toEqual(['Proxy of Ben', 'By Ben']);
    // A label that was renamed is the same label still, and Ben's form, which had its old name, left it alone.
    expect(now.labels.map(({ class_id: id, name, retired }) => [id, name, retired])).toEqual([
      ['class_0', 'Escalate', false],
      ['class_1', 'Drop', false],
      ['class_2', 'Ask', false],
    ]);
    await ben.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await web.operator.app.job(jobId)).title).toBe('Proxy of Ada');
    await ben.context().close();
  });

  test('the use case is deleted: each of its pages says so and leads on', async () => {
    for (const path of ['', '/events', '/feedback', '/decision-points']) {
      const jobId = await makeJob(`Gone ${path}`);
      await page.goto(`/jobs/${jobId}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await web.operator.app.deleteJob(jobId);
      await page.getByRole('heading', { name: 'This use case is not there' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('link', { name: 'To the AI use cases' }).click();
      await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
    }
  });

  test('what changes after a page has asked and before it listens shows by itself', async () => {
    const changes: [string, (jobId: number) => Promise<unknown>, string][] = [
      ['Slow', (jobId) => web.operator.app.changeJob(jobId, { title: 'Slow no more' }), 'Slow no more'],
      ['Short-lived', (jobId) => web.operator.app.deleteJob(jobId), 'This use case is not there'],
    ];
    for (const [title, change, shown] of changes) {
      const jobId = await makeJob(title);
      const stream = /\/api\/app\/live\?/;
      const asked = Promise.withResolvers<void>();
      const changed = Promise.withResolvers<void>();
      await page.route(stream, async (route) => {
        asked.resolve();
        await changed.promise;
        await route.continue();
      });
      await page.goto(`/jobs/${jobId}`);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await asked.promise;
      await change(jobId);
      changed.resolve();
      await page.getByRole('heading', { name: shown }).waitFor();
      await page.unroute(stream);
    }
  });

  test('a title of 10,000 characters, 40 levels and 3,000 fields stay within the page', async () => {
    const jobId = await makeJob('Long');
    const { app } = web.operator;
    const [integration] = await app.integrations();
    const { key_value: key } = await app.replaceIntegrationKey(integration!.integration_id);
    await app.startJob(jobId);
    const soar = new VerdictClient({ baseUrl: web.url, key: key! });
    await soar.v1.bulk(jobId, [
      { job_id: jobId, event_id: 'long', title: 'x'.repeat(10_000), raw_body: {} },
      { job_id: jobId, event_id: 'deep', title: 'Deep', raw_body: nested(40) },
      { job_id: jobId, event_id: 'wide', title: 'Wide', raw_body: wide(3_000) },
    ]);
    for (const id of ['long', 'deep', 'wide']) {
      await page.goto(`/jobs/${jobId}/events/${id}`);
      await page.getByRole('tab', { name: 'Alert' }).click();
      await page.getByRole('button', { name: 'Copy JSON' }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
    }
    expect(web.problems).toEqual([]);
  });
});

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? { end: true } : { down: nested(levels - 1) };
}

function wide(fields: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: fields }, (_, n) => [`field_${n}`, `value ${n}`]));
}
