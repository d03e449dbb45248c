import { VerdictClient } from '@verdict/client';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, picture, startTestWeb, type TestWeb } from './testing.ts';

/** How the list of the Event Explorer is arranged, and worked by a finger. */
describe.skipIf(CHROMIUM === undefined)('the columns of the Event Explorer', () => {
  let web: TestWeb;
  let page: Page;
  let jobId = 0;

  beforeAll(async () => {
    web = await startTestWeb();
    page = await web.signedIn();
    const { app } = web.operator;
    const { integration, key_value: key } = await app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} });
    const job = await app.createJob({
      title: 'Endpoint alerts',
      decision_points: ['rule.name'],
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
    });
    jobId = job.job_id;
    await app.startJob(jobId);
    await new VerdictClient({ baseUrl: web.url, key: key! }).v1.bulk(
      jobId,
      Array.from({ length: 60 }, (_, n) => ({
        job_id: jobId,
        event_id: `event-${n}`,
        title: `An alert of the rule ${n % 12}`,
        raw_body: { rule: { name: `Rule ${n % 12}` }, host: { os: n % 2 === 0 ? 'linux' : 'windows' } },
      })),
    );
  });
  afterAll(() => web?.stop());

  const open = async (search = '') => {
    await page.goto(`/jobs/${jobId}/events${search}`);
    await page.getByRole('row').nth(1).waitFor();
  };
  const edge = (name: string, on = page) => on.getByRole('separator', { name: `Width of ${name}`, exact: true });
  const wide = async (at: Locator) => Number(await at.getAttribute('aria-valuenow'));
  const heads = () => page.getByRole('columnheader').allInnerTexts();
  const names = async () => (await heads()).map((name) => name.replace(/[↑↓]/, '').trim());
  const drag = async (at: Locator, by: { readonly x?: number; readonly y?: number }) => {
    const box = (await at.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (const part of [0.3, 0.7, 1]) await page.mouse.move(x + (by.x ?? 0) * part, y + (by.y ?? 0) * part);
    await page.mouse.up();
  };

  test('an edge is dragged, and stays under the pointer; the columns before it stay as they are', async () => {
    await open();
    const before = await wide(edge('Decision'));
    const title = await wide(edge('Title'));
    const at = (await edge('Decision').boundingBox())!.x;
    await drag(edge('Decision'), { x: 60 });
    await expect.poll(() => wide(edge('Decision'))).toBe(before + 60);
    expect(Math.abs((await edge('Decision').boundingBox())!.x - at - 60)).toBeLessThan(2);
    expect(await wide(edge('Title'))).toBe(title);
    // Heads and cells keep together, and nothing was sorted by it.
    const column = (role: 'columnheader' | 'cell') => page.getByRole(role).nth(2).boundingBox();
    expect((await column('columnheader'))!.width).toBe((await column('cell'))!.width);
    expect(page.url()).not.toContain('sort');
    expect(page.url()).toMatch(/widths=\d+_\d+_\d+/);
    await picture(page, 'explorer-columns');
    expect(await axeFindings(page)).toEqual([]);
    // A click alone changes nothing; two put the usual width back.
    await edge('Feedback').click();
    expect(page.url()).toMatch(/widths=\d+_\d+_\d+(&|$)/);
    await edge('Decision').dblclick();
    await expect.poll(() => page.url()).toMatch(/widths=\d+_\d+(&|$)/);
  });

  test('an edge is moved by arrows, no narrower than it may be, and the width is there after a reload', async () => {
    await open('?columns=["rule.name","host.os"]');
    await edge('rule.name').focus();
    const before = await wide(edge('rule.name'));
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => wide(edge('rule.name'))).toBe(before - 10);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => wide(edge('rule.name'))).toBe(before + 40);
    // The row's own arrows were not meant.
    expect(await page.locator('.hit[data-focus], .hit-cell[data-chosen]').count()).toBe(0);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => wide(edge('rule.name'))).toBe(48);
    await page.waitForURL(/widths=\d+_48/);
    await page.reload();
    await page.getByRole('row').nth(1).waitFor();
    await expect.poll(() => wide(edge('rule.name'))).toBe(48);
    // The page without any address has them as they were left.
    await open();
    expect(await names()).toEqual(['Time', 'rule.name', 'host.os']);
    await expect.poll(() => wide(edge('rule.name'))).toBe(48);
    await edge('rule.name').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => wide(edge('rule.name'))).toBeGreaterThan(100);
  });

  test('columns are put in order by keyboard alone, and nothing is asked for again', async () => {
    await open();
    await page.getByRole('button', { name: 'Columns' }).focus();
    await page.keyboard.press('Enter');
    const menu = page.getByRole('dialog', { name: 'Columns' });
    await menu.locator(':focus').waitFor();
    await menu.getByRole('button', { name: 'Usual columns' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(names).toEqual(['Time', 'Title', 'Decision', 'Confidence', 'Feedback', 'State']);
    expect(await axeFindings(page)).toEqual([]);
    const asked: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));
    await menu.getByRole('button', { name: 'Move Feedback to the left' }).focus();
    for (let presses = 0; presses < 5; presses++) await page.keyboard.press('Enter');
    await expect.poll(names).toEqual(['Time', 'Feedback', 'Title', 'Decision', 'Confidence', 'State']);
    // It moved, and the focus with it; at the end it is still there.
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Move Feedback to the left');
    await menu.getByText('Feedback is column 1 of 5 now.').waitFor({ state: 'attached' });
    expect(asked).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(names).toEqual(['Time', 'Title', 'Decision', 'Confidence', 'State']);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Take Title out');
    await menu.getByRole('combobox', { name: 'Add a column' }).focus();
    await page.keyboard.type('host');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(names).toEqual(['Time', 'Title', 'Decision', 'Confidence', 'State', 'host.os']);
    await menu.getByRole('textbox', { name: 'Width of host.os in pixels' }).fill('222');
    await page.keyboard.press('Enter');
    await expect.poll(() => wide(edge('host.os'))).toBe(222);
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Columns');
  });

  test('columns are dragged into another order, and a view keeps order and widths', async () => {
    await open('?columns=["rule.name","host.os","arcanna.bucket_id"]&widths=0_90_200');
    await page.getByRole('button', { name: 'Columns' }).click();
    const menu = page.getByRole('dialog', { name: 'Columns' });
    await drag(menu.locator('.column-grip').first(), { y: 64 });
    await expect.poll(names).toEqual(['Time', 'host.os', 'Bucket', 'rule.name']);
    await picture(page, 'explorer-columns-menu');
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Save what is shown…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Narrow');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved as Narrow').waitFor();
    await open('?columns=["user"]');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Narrow', exact: true }).click();
    await expect.poll(names).toEqual(['Time', 'host.os', 'Bucket', 'rule.name']);
    await expect.poll(() => wide(edge('host.os'))).toBe(200);
    expect(await wide(edge('rule.name'))).toBe(90);
  });

  test('by finger: a tap opens the event, a tap on a value of it shows what can be done with it', async () => {
    const context = await web.browser.newContext({
      baseURL: web.url,
      viewport: { width: 1280, height: 800 },
      hasTouch: true,
      storageState: await page.context().storageState(),
    });
    const tablet = await context.newPage();
    await tablet.goto(`/jobs/${jobId}/events?columns=["rule.name","host.os"]`);
    const cell = tablet.getByRole('cell', { name: 'Rule 1', exact: true }).first();
    await cell.tap();
    await tablet.getByRole('complementary', { name: 'Event' }).getByRole('heading').first().waitFor();
    const only = tablet.getByRole('button', { name: 'Only these' });
    expect(await only.count()).toBe(0);
    const opened = tablet.url();
    await cell.tap();
    await only.waitFor();
    expect(tablet.url()).toBe(opened);
    await picture(tablet, 'explorer-touch');
    await only.tap();
    await tablet.getByText('5 events fit').waitFor();
    await context.close();
  });

  test('beside an open event the state is whole, in few words', async () => {
    for (let n = 0; n < 12; n++) await web.operator.v2.feedback(jobId, `event-${n}`, n % 2 === 0 ? 'Escalate' : 'Drop');
    await web.operator.app.train(jobId);
    await expect.poll(async () => (await web.operator.app.models(jobId)).length).toBe(1);
    await page.evaluate(() => localStorage.clear());
    await open('?event=event-0');
    await page.getByRole('complementary', { name: 'Event' }).getByRole('heading').first().waitFor();
    const cell = page.getByRole('cell', { name: 'in knowledge base' }).first();
    expect(await cell.innerText()).toContain('in model');
    const whole = () =>
      cell.locator('.state-short').evaluate((words) => {
        const [ours, room] = [words.getBoundingClientRect(), words.closest('.hit-cell')!.getBoundingClientRect()];
        return ours.width > 0 && ours.right <= room.right;
      });
    expect(await whole()).toBe(true);
    await cell.hover();
    await page.getByRole('tooltip', { name: 'in knowledge base' }).waitFor();
    await picture(page, 'explorer-state');
    expect(await axeFindings(page)).toEqual([]);
    expect(web.problems).toEqual([]);
  });
});
