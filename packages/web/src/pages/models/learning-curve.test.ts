import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, PASSWORD, picture, startTestWeb, type TestWeb } from '../../testing.ts';

/** The card *Better with more labels?*: from nothing over the work to the curve, as a lead and an analyst see it. */
describe.skipIf(CHROMIUM === undefined)('the learning curve on the page Models', () => {
  let web: TestWeb;
  let page: Page;
  let jobId = 0;
  const LABELS = 200;

  beforeAll(async () => {
    web = await startTestWeb();
    page = await web.signedIn();
    const { app } = web.operator;
    const { integration } = await app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} });
    const job = await app.createJob({
      title: 'Endpoint alerts',
      decision_points: ['rule.name', 'host', 'command'],
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
    });
    jobId = job.job_id;
    await app.startJob(jobId);
    const events = Array.from({ length: LABELS }, (_, n) => ({
      event_id: `e${n}`,
      event: { rule: { name: `Rule ${n % 31}` }, host: `host-${n % 17}`, command: `cmd /c run ${n * 7919} --level ${n % 5}` },
      label: (n % 31) % 3 === 0 ? 'Escalate' : 'Drop',
      time: 1_770_000_000 + 60 * n,
    }));
    const { results } = await app.import(jobId, Buffer.from(JSON.stringify({ events })));
    expect(results.filter(({ labelled }) => labelled)).toHaveLength(LABELS);
    await train();
    await app.addUser({ name: 'ben', role: 'analyst', password: PASSWORD });
  });
  afterAll(() => web?.stop());

  async function train(): Promise<void> {
    expect((await web.operator.app.train(jobId)).ok).toBe(true);
    let state: string | null = 'RETRAIN_STARTED';
    while (state === 'RETRAIN_STARTED') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      ({ state } = await web.operator.app.training(jobId));
    }
    expect(state).toBe('RETRAIN_FINISHED');
  }
  const open = async (on = page) => {
    await on.goto(`/jobs/${jobId}/models`);
    await on.getByRole('heading', { name: 'Better with more labels?' }).waitFor();
  };
  const make = (on = page) => on.getByRole('button', { name: 'Work it out' });

  test('says what it shows and costs, and that analysts do not ask for it', async () => {
    await open();
    await page.getByText('about as long as one to four trainings').waitFor();
    expect(await make().isEnabled()).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    const analyst = await web.page();
    await analyst.goto('/sign-in');
    await analyst.getByLabel('User name').fill('ben');
    await analyst.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await analyst.getByRole('button', { name: 'Sign in' }).click();
    await analyst.getByRole('heading', { name: 'AI use cases' }).waitFor();
    await open(analyst);
    await analyst.getByText('Leads and administrators ask for it.').waitFor();
    expect(await make(analyst).isDisabled()).toBe(true);
    await analyst.context().close();
  });

  test('shows how far it is, and is cancelled', async () => {
    await open();
    await make().click();
    await page.getByRole('progressbar', { name: 'Learning curve' }).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The last try was cancelled.').waitFor();
    expect(await make().isEnabled()).toBe(true);
    expect((await web.operator.app.tasks({ job_id: jobId }))[0]).toMatchObject({ kind: 'learning_curve', state: 'cancelled' });
  });

  test('is drawn when it is there, on every open page, with its reading and its numbers, light and dark', async () => {
    const dark = await web.signedIn({ dark: true });
    await open(dark);
    await open();
    await make().click();
    // It may be done before the page asks again how far it is.
    const done = page.getByText(/^The last doubling of labels/);
    await page
      .getByText(/\d+ %: learning from \d+ of 160 buckets/)
      .or(done)
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
    for (const [name, each] of [
      ['learning-curve', page],
      ['learning-curve-dark', dark],
    ] as const) {
      await each.getByText(/^The last doubling of labels \(80 to 160 buckets\)/).waitFor();
      await each.locator('figure.chart canvas').waitFor();
      const rows = each.getByRole('table', { name: 'Learning curve' }).getByRole('row');
      expect(await rows.count()).toBe(6);
      expect(await rows.nth(5).innerText()).toMatch(/^160\s+\d+\.\d %/);
      await each.getByText(/Each judged on the same 40 newest buckets/).scrollIntoViewIfNeeded();
      expect([name, await axeFindings(each)]).toEqual([name, []]);
      await picture(each, name);
    }
    await dark.context().close();
  });

  test('is there at a second look without more work, and belongs to its model alone', async () => {
    const tasks = (await web.operator.app.tasks({ job_id: jobId })).length;
    await open();
    await page.getByText(/^The last doubling of labels/).waitFor();
    await train();
    await open();
    await page.getByRole('heading', { name: 'Model 2', exact: true }).waitFor();
    await make().waitFor();
    await page.getByRole('button', { name: 'Model 1', exact: true }).click();
    await page.getByText(/^The last doubling of labels/).waitFor();
    expect((await web.operator.app.tasks({ job_id: jobId })).length).toBe(tasks + 1);
    expect(web.problems).toEqual([]);
  });
});
