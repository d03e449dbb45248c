import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, setUp, startTestWeb, type TestWeb } from './testing.ts';

/** What a newcomer meets: the set-up link, what becomes of it, the first steps, and the demo. */
describe.skipIf(CHROMIUM === undefined)('first start', () => {
  let web: TestWeb;
  let now = Date.now() * 1_000;
  let page: Page;

  beforeAll(async () => {
    web = await startTestWeb(() => now);
    page = await web.page();
  });
  afterAll(() => web?.stop());

  test('the set-up page fits both schemes, and says what is missing of a link', async () => {
    const dark = await web.page({ dark: true });
    for (const each of [page, dark]) {
      await each.goto((await web.setupLink())!);
      await each.getByLabel('User name').waitFor();
      expect(await axeFindings(each)).toEqual([]);
    }
    // The secret does not stay in the address.
    expect(new URL(page.url()).hash).toBe('');
    await dark.goto('/setup');
    await dark.getByText('the part behind the # is missing').waitFor();
    await dark.context().close();
  });

  test('an older link and one that is an hour old make nobody', async () => {
    const older = (await web.setupLink())!;
    const link = (await web.setupLink())!;
    await setUp(page, older);
    await page.getByRole('alert').getByText('does not serve').waitFor();
    now += 3_600_000_000;
    // A newer link in the same tab changes only what is behind the #.
    await setUp(page, link);
    await page.getByRole('alert').getByText('does not serve').waitFor();
    expect(await web.operator.app.users()).toEqual([]);
  });

  test('a link serves once, and never where there is an administrator', async () => {
    const link = (await web.setupLink())!;
    await setUp(page, link);
    await page.getByRole('heading', { name: 'First steps' }).waitFor();
    const other = await web.page();
    await other.goto(link);
    await other.getByText('There is an administrator already').waitFor();
    await other.context().close();
    expect(await web.setupLink()).toBeUndefined();
    expect((await web.operator.app.users()).map(({ name }) => name)).toEqual(['ada']);
  });

  test('the first steps say what is next, with a command that has the right number in it', async () => {
    await page.getByText('0 of 6 done').waitFor();
    const { integration } = await web.operator.app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} });
    const job = await web.operator.app.createJob({
      title: 'Mine',
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
    });
    await page.reload();
    await page.getByText('2 of 6 done').waitFor();
    await page.getByText(`"job_id": ${job.job_id},`).waitFor();
    await page.getByText('!arcanna-send-event').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await web.operator.app.deleteJob(job.job_id);
    await web.operator.app.deleteIntegration(integration.integration_id);
  });

  test('demo data comes with one click, is marked, and goes with one click', async () => {
    await page.goto('/jobs');
    await page.getByRole('button', { name: 'Try it with demo data' }).click();
    const panel = page.getByRole('status', { name: 'Demo data' });
    await panel.getByText(/Filling the demo/).waitFor();
    await panel.getByText('This service holds demo data').waitFor({ timeout: 120_000 });
    await page.getByRole('cell').getByText('demo data', { exact: true }).waitFor();
    await page.getByText(/% right/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await panel.getByRole('link', { name: 'Look around' }).click();
    await page.getByText('Alerts that need attention').waitFor();
    await page.getByText('On ', { exact: false }).first().waitFor();
    await page.getByRole('navigation').getByText('demo data', { exact: true }).waitFor();
    expect(await axeFindings(page)).toEqual([]);

    await page.goto('/jobs');
    await page.getByRole('button', { name: 'Remove the demo data' }).click();
    await page.getByText('No AI use case yet').waitFor();
    expect([await web.operator.app.jobs(), await web.operator.app.integrations()]).toEqual([[], []]);
    await page.getByRole('heading', { name: 'First steps' }).waitFor();
  });

  test('nothing went wrong in the pages, and they asked no other host', () => {
    expect(web.problems).toEqual([]);
  });
});
