import { VerdictClient } from '@verdict/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, picture, startTestWeb, type TestWeb } from './testing.ts';

/** The whole way of a person from an empty service to a decision with its reasons, and back to the model before. */
describe.skipIf(CHROMIUM === undefined)('the story of a team', () => {
  let web: TestWeb;
  let page: Page;
  let key = '';
  let jobId = 0;

  beforeAll(async () => {
    web = await startTestWeb();
  });
  afterAll(() => web?.stop());

  const RULES = [
    'Office macro',
    'Scheduled scan',
    'Backup agent',
    'New admin',
    'Beacon',
    'Print spooler',
    'Port sweep',
    'VPN login',
    'Patch run',
    'Kerberoast',
    'Mail rule',
    'Cloud login',
  ];
  const BAD = new Set(['Office macro', 'New admin', 'Beacon', 'Kerberoast', 'Mail rule']);
  const alert = (rule: string, os: string) => ({
    rule: { name: rule, level: BAD.has(rule) ? 12 : 3 },
    host: { os },
    user: 'someone',
  });
  const send = (client: VerdictClient, id: string, rule: string, os: string) =>
    client.v1.sendAs(id, { job_id: jobId, title: `${rule} on ${os}`, raw_body: alert(rule, os) });

  test('set-up link, first administrator, first steps', async () => {
    page = await web.signedIn();
    await page.getByRole('heading', { name: 'First steps' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'first-steps');
  });

  test('an integration, whose key is shown once', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Integrations' }).click();
    await page.getByLabel('Search the catalogue').fill('Cortex XSOAR');
    await page.getByRole('button', { name: 'Connect Cortex XSOAR' }).click();
    await page.getByLabel('Title').fill('Main SOAR');
    await page.getByRole('button', { name: 'Confirm' }).click();
    key = (await page.locator('.secret').innerText()).trim();
    expect(key.length).toBeGreaterThan(30);
    await picture(page, 'integration-key');
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(key);
    expect(await axeFindings(page)).toEqual([]);
  });

  test('a use case that runs', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'AI use cases' }).click();
    await page.getByRole('button', { name: 'Create use case' }).first().click();
    await page.getByRole('textbox', { name: 'Title' }).fill('Endpoint alerts');
    await page.getByRole('combobox', { name: 'Input integration' }).click();
    await page.getByRole('option', { name: /Main SOAR/ }).click();
    await picture(page, 'create-use-case');
    await page.getByRole('button', { name: 'Save and run' }).click();
    await page.getByRole('heading', { name: 'Endpoint alerts' }).waitFor();
    jobId = Number(/\/jobs\/(\d+)/.exec(page.url())?.[1]);
    expect(jobId).toBeGreaterThan(0);
  });

  test('alerts sent over the API appear live', async () => {
    await page.getByRole('link', { name: 'Event Explorer' }).first().click();
    await page.getByText('No alert has come in yet').waitFor();
    const soar = new VerdictClient({ baseUrl: web.url, key });
    for (const rule of RULES)
      for (const os of ['windows', 'linux', 'mac']) await send(soar, `${rule}-${os}`.replaceAll(' ', '_'), rule, os);
    await page.getByRole('button', { name: 'Show new events' }).click();
    await page.getByText('36 events').waitFor();
    await page.getByText('Beacon on linux').first().click();
    await page.getByRole('complementary', { name: 'Event' }).getByRole('heading', { name: 'Beacon on linux' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'explorer-before');
  });

  test('decision points are chosen', async () => {
    await page.getByRole('link', { name: 'Decision points' }).click();
    await page.getByLabel('Decide by rule.name').check();
    await page.getByLabel('Decide by host.os').check();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'decision-points');
    await page.getByRole('button', { name: /Save 2 decision points/ }).click();
    await page.getByText('2 decision points are chosen').waitFor();
    await expect.poll(async () => (await web.operator.app.buckets(jobId)).buckets.length).toBe(36);
  });

  test('30 buckets are labelled by keyboard alone', async () => {
    await page.goto(`/jobs/${jobId}/feedback`);
    await page.getByRole('article').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'feedback-focus');
    for (let done = 0; done < 30; done++) {
      await page.getByText(new RegExp(`^${done + 1} of `)).waitFor();
      const text = await page.getByRole('article').innerText();
      const bad = [...BAD].some((rule) => text.includes(rule));
      await page.keyboard.press(bad ? '1' : '2');
    }
    await expect.poll(async () => (await web.operator.app.job(jobId)).events_with_feedback).toBe(30);
    // The last one was a mistake: U takes it back, and the key gives it again.
    await page.keyboard.press('u');
    await expect
      .poll(async () => (await web.operator.app.training(jobId)).labels.reduce((sum, label) => sum + label.units, 0))
      .toBe(29);
  });

  test('the table labels several at once, and undo takes back exactly those', async () => {
    await page.getByText('Table', { exact: true }).click();
    // How many wait may stand behind the name.
    await page.locator('label', { hasText: /^Undecided/ }).click();
    const before = await units();
    await page.getByLabel('Mark bucket 1', { exact: true }).check();
    await page.getByLabel('Mark bucket 2', { exact: true }).check();
    await page.getByText('2 buckets marked').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'feedback-table');
    await page.keyboard.press('3');
    await expect.poll(units).toBe(before + 2);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(units).toBe(before);
  });

  test('trained with progress, a new alert is decided Drop with its reasons', async () => {
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('button', { name: 'Train now' }).click();
    await page.getByText(/Trained on/).waitFor();
    const soar = new VerdictClient({ baseUrl: web.url, key });
    await send(soar, 'new-one', 'Patch run', 'windows');
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'overview');
    await page.goto(`/jobs/${jobId}/events/new-one`);
    await page.getByRole('heading', { name: 'Patch run on windows' }).waitFor();
    await page.locator('.label-badge', { hasText: 'Drop' }).first().waitFor();
    await page.locator('.reasons li').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'event');
  });

  test('a second model, and back to the first', async () => {
    const first = (await web.operator.app.models(jobId))[0]!.model_id;
    for (const { example_event_id: id, consensus } of (await web.operator.app.buckets(jobId)).buckets)
      if (consensus === null && id !== null) await web.operator.v2.feedback(jobId, id, 'Drop');
    await page.goto(`/jobs/${jobId}`);
    await page.getByRole('button', { name: 'Train now' }).click();
    await expect.poll(async () => (await web.operator.app.models(jobId)).length).toBe(2);
    await page.getByRole('link', { name: 'Models' }).first().click();
    await page.getByText('What people said and what it said').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'models');
    const button = page.getByRole('button', { name: /^(Roll back|Activate)$/ });
    await button.first().click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Roll back|Activate)$/ })
      .click();
    await page.getByText('decides from now on').waitFor();
    expect([first, first + 1]).toContain((await web.operator.app.job(jobId)).active_model_id);
  });

  test('a hostile alert does no harm', async () => {
    const soar = new VerdictClient({ baseUrl: web.url, key });
    const hostile = {
      rule: { name: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>' },
      host: { os: 'javascript:alert(1)' },
      file: 'invoice\u202Efdp.exe',
      big: 'A'.repeat(1_000_000),
    };
    await soar.v1.sendAs('hostile', { job_id: jobId, title: '<b onmouseover=window.hacked=1>click</b>', raw_body: hostile });
    await page.goto(`/jobs/${jobId}/events/hostile`);
    await page.getByRole('tab', { name: 'Alert' }).click();
    await page.getByText('U+202E').waitFor();
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('main img[src="x"], main script').count()).toBe(0);
    await page.goto(`/jobs/${jobId}/events?q=fdp`);
    await page.getByRole('row').nth(1).waitFor();
    await picture(page, 'explorer');
  });

  test('all pages stand in the dark too, and no page asks other hosts or fails', async () => {
    const dark = await web.signedIn({ dark: true });
    for (const [name, path] of [
      ['jobs', '/jobs'],
      ['overview', `/jobs/${jobId}`],
      ['explorer', `/jobs/${jobId}/events?event=new-one`],
      ['feedback', `/jobs/${jobId}/feedback?queue=all`],
      ['decision-points', `/jobs/${jobId}/decision-points`],
      ['models', `/jobs/${jobId}/models`],
      ['integrations', '/integrations'],
      ['settings-you', '/settings/appearance'],
      ['settings-users', '/settings/users'],
      ['settings-keys', '/settings/keys'],
      ['settings-audit', '/settings/audit'],
      ['settings-data', '/settings/data'],
      ['settings-about', '/settings/about'],
    ] as const) {
      await dark.goto(path);
      await dark.getByRole('heading', { level: 1 }).waitFor();
      await dark.waitForLoadState('load');
      await dark.waitForTimeout(500);
      expect([name, await axeFindings(dark)]).toEqual([name, []]);
      await picture(dark, `dark-${name}`);
    }
    expect(web.problems).toEqual([]);
  });

  test('when the session ends, nothing typed is lost', async () => {
    await page.goto(`/jobs/${jobId}/feedback?queue=all`);
    await page.getByRole('article').waitFor();
    await page.keyboard.press('n');
    await page.getByLabel(/Note, kept with/).fill('seen by hand');
    const ada = (await web.operator.app.users())[0]!;
    await page.context().clearCookies();
    await page.getByLabel(/Note, kept with/).press('Escape');
    await page.keyboard.press('2');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Your session has ended').waitFor();
    await dialog.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await expect
      .poll(async () => {
        const { buckets } = await web.operator.app.buckets(jobId, { limit: 1 });
        const event = await web.operator.app.event(jobId, buckets[0]!.example_event_id!);
        return event.feedback.some((entry) => entry.notes === 'seen by hand' && entry.by.includes(ada.name));
      })
      .toBe(true);
  });

  async function units(): Promise<number> {
    return (await web.operator.app.training(jobId)).labels.reduce((sum, label) => sum + label.units, 0);
  }
});
