import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, PASSWORD, startTestWeb, type TestWeb } from './testing.ts';

/** The forms of those who look after the service, without a pointer: Tab, Enter, Space, arrows and Escape alone. */
describe.skipIf(CHROMIUM === undefined)('by keyboard alone', () => {
  let web: TestWeb;
  let page: Page;

  beforeAll(async () => {
    web = await startTestWeb();
    await web.operator.app.addUser({ name: 'ada', role: 'admin', password: PASSWORD });
    page = await web.page();
  });
  afterAll(() => web?.stop());

  /** What has the focus: its name, and whether it can be seen that it has it. */
  const focused = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      if (!(at instanceof HTMLElement) || at === document.body) return { name: '', seen: false, main: false };
      const labels = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? [...(at.labels ?? [])] : [];
      const name = at.getAttribute('aria-label') ?? (labels[0] ?? at).textContent ?? '';
      const marked = [at, at.closest('.mantine-Input-input'), at.nextElementSibling, labels[0]].some((part) => {
        if (!part) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(part);
        return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
      });
      const { top, bottom } = at.getBoundingClientRect();
      return { name: name.replace(' *', '').trim(), seen: marked && bottom > 0 && top < innerHeight, main: at.id === 'main' };
    });
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Tabs on until a control of this name has the focus; each on the way shows that it has it. */
  const tabTo = async (name: string | RegExp, key = 'Tab') => {
    const passed: string[] = [];
    for (let steps = 0; steps < 90; steps++) {
      await press(key);
      const now = await focused();
      passed.push(now.name);
      if (now.name !== '') expect([now.name, now.seen]).toEqual([now.name, true]);
      if (typeof name === 'string' ? now.name === name : name.test(now.name)) return;
    }
    throw new Error(`No ${String(name)} among ${passed.join(' | ')}`);
  };
  const expectFocus = (name: string) => expect.poll(async () => (await focused()).name).toBe(name);
  /** An arrow opens the choices of the field that has the focus; then these keys. */
  const choose = async (...keys: readonly string[]) => {
    await press('ArrowDown');
    await page.getByRole('option').first().waitFor();
    await press(...keys, 'Enter');
  };
  /** Enter opens the menu of the button that has the focus, at its first entry. */
  const openMenu = async (first: string) => {
    await press('Enter');
    await page.getByRole('menuitem', { name: first }).waitFor();
    await expectFocus(first);
  };
  const open = async (path: string, heading: string) => {
    await page.goto(path);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  };
  const said = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const closed = () => expect.poll(() => page.getByRole('dialog').count()).toBe(0);

  test('signing in: a wrong password leaves the focus where the right one is typed', async () => {
    await page.goto('/sign-in');
    await expectFocus('User name');
    await page.keyboard.type('ada');
    await press('Tab');
    await page.keyboard.type('wrong');
    await press('Enter');
    await page.getByRole('alert').waitFor();
    await expectFocus('Password');
    await page.keyboard.type(PASSWORD);
    await press('Enter');
    await page.getByRole('heading', { name: 'AI use cases' }).waitFor();
  });

  test('an integration: connected, its key copied, tested, renamed and taken back, a new key, disconnected', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await open('/integrations', 'Integrations');
    await page.getByRole('button', { name: 'Connect Cortex XSOAR' }).waitFor();
    await tabTo('Connect Cortex XSOAR');
    await press('Enter');
    await expectFocus('Title');
    await press('Control+a');
    await page.keyboard.type('Main SOAR');
    await tabTo('Machine users');
    await page.keyboard.type('robot');
    await press('Enter');
    await tabTo('Confirm');
    await press('Enter');
    await page.locator('.secret').waitFor();
    const key = (await page.locator('.secret').innerText()).trim();
    await tabTo('Copy the key');
    await press('Enter');
    await said('Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await tabTo('Test the connection');
    await press('Enter');
    await said('Waiting for a call');
    await page.getByRole('dialog', { name: 'Test' }).locator(':focus').waitFor();
    await tabTo('Close');
    await press('Enter');
    await closed();
    await expectFocus('Connect Cortex XSOAR');
    const [made] = await web.operator.app.integrations();
    expect(made).toMatchObject({ title: 'Main SOAR', parameters: { machine_users: ['dbot', 'robot'] } });

    await tabTo('Actions for Main SOAR', 'Shift+Tab');
    await openMenu('Change…');
    await press('Enter');
    await expectFocus('Title');
    await press('Control+a');
    await page.keyboard.type('Second SOAR');
    await press('Enter');
    await said('“Second SOAR” is changed.');
    await expectFocus('Actions for Second SOAR');
    await press('Control+z');
    await expectFocus('Actions for Main SOAR');
    expect((await web.operator.app.integrations())[0]?.title).toBe('Main SOAR');

    await openMenu('Change…');
    await press('ArrowDown', 'Enter');
    await page.getByRole('dialog', { name: /A new key/ }).waitFor();
    await tabTo('Make a new key');
    await press('Enter');
    await page.locator('.secret').waitFor();
    await press('Escape');
    await closed();
    await expectFocus('Actions for Main SOAR');

    await openMenu('Change…');
    await press('ArrowDown', 'ArrowDown', 'Enter');
    await page.getByRole('dialog', { name: /Disconnect/ }).waitFor();
    await tabTo('Disconnect');
    await press('Enter');
    await closed();
    expect(await web.operator.app.integrations()).toEqual([]);
    // Its row is gone: the keyboard goes on in the page.
    await expect.poll(async () => (await focused()).main).toBe(true);
  });

  test('a use case: made, refused without an input, changed, its label removed, deleted with its name', async () => {
    await web.operator.app.createIntegration({ title: 'Script', type: 'External REST API', parameters: {} });
    await open('/jobs', 'AI use cases');
    await page.getByRole('button', { name: 'Create use case' }).waitFor();
    await tabTo('Create use case');
    await press('Enter');
    await expectFocus('Title');
    await page.keyboard.type('Mail');
    await press('Enter');
    await said('Nothing can run without one');
    await expectFocus('Input integration');
    await choose('ArrowDown');
    await tabTo('Save and run');
    await press('Enter');
    await page.getByRole('heading', { name: 'Mail', level: 1 }).waitFor();
    await tabTo('Actions for Mail');
    await openMenu('Change…');
    await press('Enter');
    await expectFocus('Title');
    await page.keyboard.type(' alerts');
    await tabTo('Remove Investigate');
    await press('Space');
    await expectFocus('Name of the label');
    await press('Enter');
    await said('“Mail alerts” is changed.');
    await expectFocus('Actions for Mail alerts');
    const [job] = await web.operator.app.jobs();
    expect(job?.labels.filter(({ retired }) => !retired).map(({ name }) => name)).toEqual(['Escalate', 'Drop']);
    await openMenu('Change…');
    await press('ArrowUp', 'Enter');
    await expectFocus('Type its title to confirm');
    await page.keyboard.type('Mail alerts');
    await press('Enter');
    await page.getByRole('heading', { name: 'AI use cases', level: 1 }).waitFor();
    await expect.poll(async () => (await web.operator.app.jobs()).length).toBe(0);
  });

  test('people: added, another role and back, a new password', async () => {
    await open('/settings/users', 'Settings');
    await page.getByRole('cell', { name: 'ada' }).first().waitFor();
    await tabTo('Add a user');
    await press('Enter');
    await expectFocus('User name');
    await page.keyboard.type('ben');
    await tabTo('First password');
    await page.keyboard.type(`${PASSWORD} staple`);
    await press('Enter');
    await page.getByRole('cell', { name: 'ben' }).first().waitFor();
    await closed();
    await expectFocus('Add a user');
    const role = async () => (await web.operator.app.users()).find(({ name }) => name === 'ben')?.role;
    await tabTo('Role of ben');
    await choose('ArrowDown');
    await said('ben is now lead');
    expect(await role()).toBe('lead');
    await expectFocus('Role of ben');
    await press('Control+z');
    await expect.poll(role).toBe('analyst');
    await expectFocus('Role of ben');
    await tabTo('New password for ben');
    await press('Enter');
    await expectFocus('New password');
    await page.keyboard.type('short');
    await press('Enter');
    await expectFocus('New password');
    await press('Control+a');
    await page.keyboard.type('a much longer sentence');
    await press('Enter');
    await said('ben has a new password');
    await closed();
    await expectFocus('New password for ben');
    await tabTo('Disable ben');
    await press('Space');
    await said('ben is disabled');
    await expectFocus('Enable ben');
  });

  test('a management key: scopes and an end by arrows, revoked', async () => {
    await open('/settings/keys', 'Settings');
    await tabTo('Make a management key');
    await press('Enter');
    await expectFocus('Name');
    await page.keyboard.type('dashboard');
    await tabTo('Scopes');
    await page.keyboard.type('read:res');
    await press('ArrowDown', 'Enter', 'Escape');
    await tabTo('Ends after');
    await choose('ArrowUp');
    await tabTo('Make the key');
    await press('Enter');
    await page.locator('.secret').waitFor();
    await tabTo('Done');
    await press('Enter');
    await closed();
    await expectFocus('Make a management key');
    const [key] = (await web.operator.app.keys()).filter(({ name }) => name === 'dashboard');
    expect(key?.scopes).toEqual(['read:resources']);
    expect((Date.parse(key?.expires_at ?? '') - Date.now()) / 86_400_000).toBeCloseTo(30, 0);
    await tabTo('Revoke dashboard');
    await press('Enter');
    await page.getByRole('dialog', { name: /Revoke/ }).waitFor();
    await tabTo('Revoke');
    await press('Enter');
    await said('“dashboard” is revoked');
    await closed();
    // Its button is gone with it.
    await expect.poll(async () => (await focused()).main).toBe(true);
  });

  test('the audit trail is filtered, the sections are walked by arrows, a backup is made, events are kept for a time', async () => {
    const { app } = web.operator;
    const [integration] = await app.integrations();
    await app.createJob({
      title: 'Endpoint',
      integrations: [{ integration_id: integration!.integration_id, role: 'input' }],
    });
    await open('/settings/audit', 'Settings');
    await page.getByRole('cell', { name: 'key.revoke' }).first().waitFor();
    await tabTo('Who');
    await page.keyboard.type('ada');
    await tabTo('Of what');
    await page.keyboard.type('u');
    await press('ArrowUp', 'ArrowUp');
    await press('Escape');
    await tabTo('What', 'Shift+Tab');
    await page.keyboard.type('user.add');
    await page.waitForURL(/what=user\.add/);
    await page.getByRole('cell', { name: 'user.add' }).first().waitFor();
    await tabTo('Show');
    await press('Enter');
    await page.locator('.changes').first().waitFor();
    await expectFocus('Hide');
    await tabTo('Check that nothing was changed', 'Shift+Tab');
    await press('Enter');
    await page.locator('.mantine-Notification-root').first().waitFor();
    await expectFocus('Check that nothing was changed');
    await tabTo('Audit trail', 'Shift+Tab');
    await press('ArrowRight');
    await page.getByRole('heading', { name: 'Retention' }).waitFor();
    await expectFocus('Retention, backup, tasks');
    await page.getByText('Endpoint').first().waitFor();
    await tabTo('Days that Endpoint keeps events');
    await page.keyboard.type('90');
    await press('Enter');
    const kept = async () => (await app.jobs())[0]?.settings.retention_days;
    await said('keeps its events for 90 days');
    expect(await kept()).toBe(90);
    await press('Tab');
    await expectFocus('Save');
    await press('Control+z');
    await expect.poll(kept).toBe(null);
    await tabTo('Make a backup');
    await press('Enter');
    await page.getByRole('cell', { name: /kB|MB/ }).waitFor();
    await expectFocus('Make a backup');
  });

  test('colours and the own password', async () => {
    await open('/settings/appearance', 'Settings');
    await tabTo('As the system');
    await press('ArrowRight', 'ArrowRight');
    await expect.poll(() => page.evaluate(() => document.documentElement.getAttribute('data-mantine-color-scheme'))).toBe('dark');
    await press('ArrowLeft', 'ArrowLeft');
    await tabTo('Current password');
    await page.keyboard.type(PASSWORD);
    await tabTo('New password');
    await page.keyboard.type(`${PASSWORD} again`);
    await press('Enter');
    await said('Your password is changed.');
    await tabTo('Account', 'Shift+Tab');
    await openMenu('Settings');
    await press('ArrowDown', 'Enter');
    await page.getByRole('heading', { name: 'Sign in to Verdict' }).waitFor();
    expect(web.problems).toEqual([]);
  });
});
