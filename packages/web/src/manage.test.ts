import { readFile } from 'node:fs/promises';
import { VerdictClient } from '@verdict/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, PASSWORD, startTestWeb, type TestWeb } from './testing.ts';

/** What an administrator does: integrations and keys, use cases as a whole, people, settings. */
describe.skipIf(CHROMIUM === undefined)('managing the service', () => {
  let web: TestWeb;
  let page: Page;
  let key = '';

  beforeAll(async () => {
    web = await startTestWeb();
    page = await web.signedIn();
  });
  afterAll(() => web?.stop());

  const dialog = () => page.getByRole('dialog');
  const secret = async () => (await page.locator('.secret').innerText()).trim();

  test('a key is shown once, and the test of the connection notices the first call with it', async () => {
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Connect External REST API' }).click();
    await page.getByLabel('Title').fill('Scripts');
    await page.getByRole('button', { name: 'Confirm' }).click();
    key = await secret();
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await dialog().getByText('Waiting for a call').waitFor();
    expect(await page.content()).not.toContain(key);
    expect(await axeFindings(page)).toEqual([]);
    await new VerdictClient({ baseUrl: web.url, key }).v1.health();
    await dialog().getByText('It works').waitFor();
    await dialog().getByRole('button', { name: 'Done' }).click();
  });

  test('a new key takes the place of the old one', async () => {
    await page.getByRole('button', { name: 'Actions for Scripts' }).click();
    await page.getByRole('menuitem', { name: /New key/ }).click();
    await dialog().getByRole('button', { name: 'Make a new key' }).click();
    const old = key;
    key = await secret();
    expect(key).not.toBe(old);
    await dialog().getByRole('button', { name: 'Done' }).click();
    const [integration] = await web.operator.app.integrations();
    expect(integration?.key?.last4).toBe(key.slice(-4));
  });

  test('a use case is made, stopped with undo, cloned, exported, deleted with its name, and imported again', async () => {
    await page.goto('/jobs');
    await page.getByRole('button', { name: 'Create use case' }).click();
    await page.getByRole('textbox', { name: 'Title' }).fill('Mail alerts');
    await page.getByRole('combobox', { name: 'Input integration' }).click();
    await page.getByRole('option', { name: /Scripts/ }).click();
    await page.getByRole('button', { name: 'Add a label' }).click();
    await page.getByLabel('Name of the label').last().fill('Ask the user');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'Mail alerts' }).waitFor();
    await page.goto('/jobs');
    await page.getByRole('button', { name: 'Start Mail alerts' }).click();
    await page.getByText('“Mail alerts” is running.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await web.operator.app.jobs())[0]?.status).toBe('DISABLED');

    const menu = () => page.getByRole('button', { name: 'Actions for Mail alerts', exact: true });
    await menu().click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Export as a document' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('mail-alerts.json');
    const path = await file.path();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      resources: { use_case: { type: 'job', properties: { title: 'Mail alerts' } } },
    });
    await menu().click();
    await page.getByRole('menuitem', { name: 'Clone' }).click();
    await page.getByRole('link', { name: 'Mail alerts (copy)' }).waitFor();

    await menu().click();
    await page.getByRole('menuitem', { name: /Delete/ }).click();
    const remove = dialog().getByRole('button', { name: 'Delete for good' });
    await dialog().getByLabel('Type its title to confirm').fill('Mail');
    expect(await remove.isDisabled()).toBe(true);
    await dialog().getByLabel('Type its title to confirm').fill('Mail alerts');
    await remove.click();
    await expect.poll(async () => (await web.operator.app.jobs()).map(({ title }) => title)).toEqual(['Mail alerts (copy)']);

    await page.locator('input[type=file]').setInputFiles(path);
    await page.getByRole('link', { name: 'Mail alerts', exact: true }).waitFor();
    const back = (await web.operator.app.jobs()).find(({ title }) => title === 'Mail alerts');
    expect(back?.labels.map(({ name }) => name)).toEqual(['Escalate', 'Drop', 'Investigate', 'Ask the user']);
    expect(back?.integrations.length).toBe(1);
    // The same again is refused in a sentence, and so is what is no document.
    await page.locator('input[type=file]').setInputFiles(path);
    await page.getByRole('alert').getByText('exists already').waitFor();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('not json') });
    await page.getByRole('alert').getByText('This file is no JSON').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test('the overview keeps its span of time in the address, and the assumption of time saved can be changed', async () => {
    const job = (await web.operator.app.jobs()).find(({ title }) => title === 'Mail alerts')!;
    await page.goto(`/jobs/${job.job_id}?days=7`);
    expect(await page.getByRole('radio', { name: 'Week' }).isChecked()).toBe(true);
    await page.getByRole('button', { name: '10 minutes' }).click();
    await page.getByLabel('Minutes an analyst spends on one alert').fill('25');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: '25 minutes' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: '10 minutes' }).waitFor();
    await page.getByText('Choose decision points first').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test('people, their roles and passwords; a management key with its scopes, revoked', async () => {
    await page.goto('/settings/users');
    await page.getByRole('button', { name: 'Add a user' }).click();
    await dialog().getByLabel('User name').fill('ben');
    await dialog().getByRole('textbox', { name: 'First password' }).fill(PASSWORD);
    await dialog().getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'New password for ben' }).click();
    await dialog().getByRole('textbox', { name: 'New password' }).fill(`${PASSWORD} staple`);
    await dialog().getByRole('button', { name: 'Set the password' }).click();
    await page.getByText('ben has a new password').waitFor();

    await page.goto('/settings/keys');
    await page.getByRole('button', { name: 'Make a management key' }).click();
    await dialog().getByLabel('Name').fill('dashboard');
    await dialog().getByRole('combobox', { name: 'Scopes' }).click();
    await page.getByRole('option', { name: 'read:resources' }).click();
    await dialog().getByLabel('Name').click();
    await dialog().getByRole('button', { name: 'Make the key' }).click();
    const value = await secret();
    await dialog().getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(value);
    await page.getByRole('button', { name: 'Revoke dashboard' }).click();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await expect
      .poll(async () => (await web.operator.app.keys()).find(({ name }) => name === 'dashboard')?.state)
      .toBe('revoked');
  });

  test('the audit trail shows who changed what, and its filter is in the address', async () => {
    await page.goto('/settings/audit?what=user.add');
    await page.getByRole('cell', { name: 'user.add' }).first().waitFor();
    await page.getByRole('button', { name: 'Show' }).first().click();
    await page.locator('.changes ins', { hasText: 'ben' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('What', { exact: true }).fill('job.delete');
    await page.waitForURL(/what=job\.delete/);
    await page.getByRole('cell', { name: 'job.delete' }).first().waitFor();
  });

  test('retention is set for a use case, and undone; a backup is listed with its size', async () => {
    await page.goto('/settings/data');
    const days = page.getByLabel('Days that Mail alerts keeps events', { exact: true });
    await days.fill('90');
    await days.press('Enter');
    const kept = async () =>
      (await web.operator.app.jobs()).find(({ title }) => title === 'Mail alerts')?.settings.retention_days;
    await expect.poll(kept).toBe(90);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(kept).toBe(null);
    await page.getByRole('button', { name: 'Make a backup' }).click();
    await page.getByRole('cell', { name: /kB|MB/ }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test('an analyst sees what there is, and what is not theirs is switched off', async () => {
    const ben = await web.page();
    await ben.goto('/sign-in');
    await ben.getByLabel('User name').fill('ben');
    await ben.getByRole('textbox', { name: 'Password' }).fill(`${PASSWORD} staple`);
    await ben.getByRole('button', { name: 'Sign in' }).click();
    await ben.getByRole('link', { name: 'Mail alerts', exact: true }).waitFor();
    expect(await ben.getByRole('button', { name: 'Create use case' }).isDisabled()).toBe(true);
    expect(await ben.getByRole('button', { name: 'Import' }).isDisabled()).toBe(true);
    await ben.goto('/settings/users');
    await ben.getByText('This page is for administrators.').waitFor();
    await ben.context().close();
  });

  test('when the session ends in the middle of a form, signing in again sends it', async () => {
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Connect Cortex XSOAR' }).click();
    await page.getByLabel('Title').fill('Typed before the end');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Confirm' }).click();
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.secret').waitFor();
    expect((await web.operator.app.integrations()).map(({ title }) => title)).toContain('Typed before the end');
  });

  test('by keyboard alone: past the navigation, into a page, to a dialog and out of it', async () => {
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Connect Cortex XSOAR' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Connect Cortex XSOAR' }).focus();
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Title').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Connect Cortex XSOAR');
  });

  test('many integrations and use cases are searched; a row names few of its use cases until it is asked for all', async () => {
    const { app } = web.operator;
    const { integration } = await app.createIntegration({ title: 'Shared SOAR', type: 'Cortex XSOAR', parameters: {} });
    const integrations = [{ integration_id: integration.integration_id, role: 'input' as const }];
    for (let n = 0; n < 11; n += 1) {
      await app.createIntegration({ title: `Branch ${n}`, type: 'External REST API', parameters: {} });
      await app.createJob({ title: `Region ${n}`, integrations });
    }
    await page.goto('/integrations');
    const search = page.getByRole('textbox', { name: 'Search the integrations' });
    await search.fill('region 10');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    const row = page.getByRole('row', { name: /Shared SOAR/ });
    expect(await row.getByRole('link').count()).toBe(4);
    await row.getByRole('button', { name: 'and 7 more' }).click();
    expect(await row.getByRole('link').count()).toBe(11);
    expect(await axeFindings(page)).toEqual([]);
    await search.fill('nothing of that name');
    await page.getByText('No integration fits the search').waitFor();
    await page.getByRole('button', { name: 'To the catalogue' }).click();
    await page.keyboard.type('REST');
    expect(await page.getByLabel('Search the catalogue').inputValue()).toBe('REST');
    await page.goto('/jobs');
    await page.getByRole('textbox', { name: 'Search the use cases' }).fill('region 7');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(await axeFindings(page)).toEqual([]);
  });

  test('nothing went wrong in the pages, and they asked no other host', () => {
    expect(web.problems).toEqual([]);
  });
});
