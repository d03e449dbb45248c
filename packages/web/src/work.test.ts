import { VerdictClient } from '@verdict/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, CHROMIUM, PASSWORD, picture, startTestWeb, type TestWeb } from './testing.ts';

/** The pages where analysts work, one by one: what the story does not come by. One service and one browser for all of it. */
describe.skipIf(CHROMIUM === undefined)('the pages of analysts', () => {
  let web: TestWeb;
  let page: Page;
  let soar: VerdictClient;
  let jobId = 0;

  const RULES = ['Office macro', 'Scheduled scan', 'Backup agent', 'New admin', 'Beacon', 'Print spooler'];
  const BAD = new Set(['Office macro', 'New admin', 'Beacon']);
  const HOSTS = ['windows', 'linux', 'mac', 'bsd'];

  beforeAll(async () => {
    web = await startTestWeb();
    page = await web.signedIn();
    const { app } = web.operator;
    const { integration, key_value: key } = await app.createIntegration({ title: 'SOAR', type: 'Cortex XSOAR', parameters: {} });
    soar = new VerdictClient({ baseUrl: web.url, key: key! });
    const job = await app.createJob({
      title: 'Endpoint alerts',
      decision_points: ['rule.name', 'host.os'],
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
      settings: { audit_rate: 1 },
    });
    jobId = job.job_id;
    await app.startJob(jobId);
    const events = RULES.flatMap((rule) =>
      HOSTS.flatMap((os) =>
        [0, 1].map((n) => ({
          event_id: `${rule}-${os}-${n}`.replaceAll(' ', '_'),
          title: `${rule} on ${os}`,
          raw_body: { rule: { name: rule }, host: { os }, user: `=cmd(${n})` },
        })),
      ),
    );
    await soar.v1.bulk(
      jobId,
      events.map((event) => ({ job_id: jobId, ...event })),
    );
    await app.addUser({ name: 'ben', role: 'analyst', password: PASSWORD });
  });
  afterAll(() => web?.stop());

  const buckets = async (queue: 'all' | 'undecided' = 'all') =>
    (await web.operator.app.buckets(jobId, { queue, limit: 100 })).buckets;
  const labelled = async () => (await buckets()).filter(({ consensus }) => consensus !== null).length;
  const open = async (path: string, on = page) => {
    await on.goto(`/jobs/${jobId}/${path}`);
    await on.getByRole('heading', { level: 1 }).waitFor();
  };

  test('a view is saved, shared, opened by its name and by the page itself', async () => {
    await open('events');
    await page.getByRole('row').nth(1).waitFor();
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    const form = page.locator('form');
    await form.getByRole('combobox', { name: 'Field' }).fill('rule.name');
    await form.getByRole('combobox', { name: 'How' }).click();
    await page.getByRole('option', { name: 'is', exact: true }).click();
    await form.getByRole('combobox', { name: 'Value' }).fill('bea');
    await page.getByRole('option', { name: 'Beacon' }).click();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('8 events fit').waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Save what is shown…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Beacons');
    await page.getByLabel('Everybody may use it').check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved as Beacons').waitFor();
    await page.getByRole('button', { name: 'Beacons', exact: true }).click();
    await page.getByRole('button', { name: 'Open the page with Beacons' }).click();
    await expect
      .poll(async () => await page.getByRole('button', { name: 'Open the page with Beacons' }).getAttribute('aria-pressed'))
      .toBe('true');
    expect(await axeFindings(page)).toEqual([]);
    await open('events');
    await page.getByText('8 events fit').waitFor();
    expect(page.url()).toContain('Beacon');
  });

  test('events are grouped by bucket, and all that fit are exported, safely', async () => {
    await open('events?range=all&group=bucket');
    await page.getByText('24 of 24 buckets').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'explorer-buckets');
    await page
      .getByRole('region', { name: 'Buckets' })
      .getByRole('button', { name: /Beacon/ })
      .first()
      .click();
    await page.getByText('2 events fit').waitFor();
    await page.goto(`/jobs/${jobId}/events?columns=%5B%22user%22%5D`);
    await page.getByText('48 events', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /CSV/ }).click()]);
    const chunks: Buffer[] = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\r\n');
    expect(lines).toHaveLength(49);
    expect(lines[0]).toBe('\u{feff}id,timestamp,user');
    expect(lines[1]).toMatch(/,'=cmd\([01]\)$/);
    await page.getByText('48 events are saved.').waitFor();
  });

  test('values in the list are filtered by and copied, by pointer and by keyboard', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`/jobs/${jobId}/events?columns=%5B%22rule.name%22,%22host.os%22,%22user%22%5D`);
    await page.getByText('48 events', { exact: true }).waitFor();
    const cell = page.getByRole('cell', { name: 'Beacon', exact: true }).first();
    await cell.hover();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Copy the value' }).click();
    await page.getByText('The value is copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('Beacon');
    await cell.hover();
    await page.getByRole('button', { name: 'Only these' }).click();
    await page.getByText('8 events fit').waitFor();
    // No event was opened by it, and a time has no filter.
    expect(await page.getByRole('complementary', { name: 'Event' }).count()).toBe(0);
    await page.getByRole('cell').first().hover();
    await page.getByRole('button', { name: 'Copy the value' }).waitFor();
    expect(await page.getByRole('button', { name: 'Only these' }).count()).toBe(0);
    const system = await page.getByRole('row').nth(1).getByRole('cell').nth(2).innerText();
    for (const key of ['j', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await page.keyboard.press('c');
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(system);
    await page.keyboard.press('-');
    await page.getByText('6 events fit').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('copy the value').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('beside an open event all columns of the list are to be seen; more columns than fit scroll with their heads', async () => {
    await open('events?event=Beacon-mac-0');
    await page.getByRole('complementary', { name: 'Event' }).getByRole('heading').first().waitFor();
    const edges = () =>
      page.evaluate(() => {
        const right = (selector: string) => [...document.querySelectorAll(selector)].at(-1)!.getBoundingClientRect().right;
        return { list: right('.hits'), head: right('[role=columnheader]'), cell: right('.hit:last-child .hit-cell') };
      });
    await page.getByRole('cell').first().waitFor();
    const beside = await edges();
    expect(beside.head).toBeLessThanOrEqual(beside.list);
    expect(beside.cell).toBeLessThanOrEqual(beside.list);
    await picture(page, 'explorer-beside');
    const many = ['rule.name', 'host.os', 'user', ...Array.from({ length: 12 }, (_, n) => `no.such.${n}`)];
    await page.goto(`/jobs/${jobId}/events?columns=${encodeURIComponent(JSON.stringify(many))}`);
    await page.getByRole('cell').first().waitFor();
    await page.locator('.hits').evaluate((list) => list.scrollTo(10_000, 0));
    const far = await edges();
    expect(far.head).toBeLessThanOrEqual(far.list);
    expect(Math.abs(far.head - far.cell)).toBeLessThan(2);
  });

  test('a choice of decision points is tried out before it is saved', async () => {
    await open('decision-points');
    const preview = page.getByRole('complementary', { name: 'What this choice comes to' });
    await preview.getByText('24', { exact: true }).waitFor();
    await page.getByLabel('Decide by host.os').uncheck();
    await preview.getByText('6', { exact: true }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Back to what is saved' }).click();
    await preview.getByText('24', { exact: true }).waitFor();
  });

  test('what a decision point holds is found in the data, and can be overruled for the next training', async () => {
    await open('decision-points');
    const type = page.getByRole('combobox', { name: 'Type of host.os' });
    expect(await type.locator('option:checked').innerText()).toBe('category (found)');
    await page.getByText('What the type of a decision point means').click();
    await page.getByText('a change counts from the next training on').waitFor();
    await type.selectOption('text');
    expect(await axeFindings(page)).toEqual([]);
    const types = async () => (await web.operator.app.job(jobId)).decision_point_types;
    const version = (await web.operator.app.job(jobId)).decision_points_version;
    await page.getByRole('button', { name: 'Save the types' }).click();
    await page.getByText('They count from the next training on.').waitFor();
    expect(await types()).toEqual({ 'host.os': 'text' });
    // Buckets stay as they are.
    expect((await web.operator.app.job(jobId)).decision_points_version).toBe(version);
    await page.reload();
    expect(await type.inputValue()).toBe('text');
    await type.selectOption('');
    await page.getByRole('button', { name: 'Save the types' }).click();
    await expect.poll(types).toEqual({});
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(types).toEqual({ 'host.os': 'text' });
    await expect.poll(() => type.inputValue()).toBe('text');
    await web.operator.app.changeJob(jobId, { decision_point_types: { 'host.os': null } });
  });

  test('everything that matches a filter is labelled after a look at what that comes to, and taken back', async () => {
    await open('events?where=%5B%5B%22rule.name%22%2C%22is%22%2C%22Beacon%22%5D%5D');
    await page.getByText('8 events fit').waitFor();
    await page.getByRole('button', { name: 'Label all' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/8 events match, in 4 buckets/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'label-by-filter');
    await dialog.getByRole('button', { name: 'Escalate' }).click();
    await dialog.getByRole('button', { name: 'Label 4 buckets Escalate' }).click();
    await expect.poll(labelled).toBe(4);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(labelled).toBe(0);
  });

  test('the table is worked by keys alone: mark, label with a note, undo', async () => {
    await open('feedback?queue=undecided&mode=table');
    await page.getByLabel('Mark bucket 1', { exact: true }).waitFor();
    for (const key of [' ', 'ArrowDown', ' ', 'ArrowDown', ' ']) await page.keyboard.press(key);
    await page.getByText('3 buckets marked: a label counts for 6 events').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog').getByRole('textbox').fill('seen in the weekly review');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('2');
    await expect.poll(labelled).toBe(3);
    const first = (await buckets()).find(({ consensus }) => consensus !== null)!;
    const event = await web.operator.app.event(jobId, first.example_event_id!);
    expect(event.feedback[0]?.notes).toBe('seen in the weekly review');
    // The rows are where they were: nothing moves under the hand.
    expect(await page.getByText('24 of 24 buckets, 21 without a label').count()).toBe(1);
    // The page knows it as well, and so what to take back.
    await page.getByText('3 buckets are labelled Drop.').waitFor();
    await page.keyboard.press('u');
    await expect.poll(labelled).toBe(0);
  });

  test('a key that is held down labels one bucket, and moves on through many', async () => {
    await open('feedback?queue=all');
    await page.getByText('1 of 24,').waitFor();
    // Each further `down` of a key that is down is a repetition, as of a hand that rests on it.
    for (let n = 0; n < 4; n += 1) await page.keyboard.down('2');
    await page.keyboard.up('2');
    await page.getByText('2 of 24, 23 left').waitFor();
    for (let n = 0; n < 4; n += 1) await page.keyboard.down('ArrowRight');
    await page.keyboard.up('ArrowRight');
    await page.getByText('6 of 24, 23 left').waitFor();
    await expect.poll(labelled).toBe(1);
    await page.keyboard.press('u');
    await expect.poll(labelled).toBe(0);
  });

  test('twelve labels: each has its key, printed on its button, and long names stay in their panel', async () => {
    const names = [
      ...Array.from({ length: 10 }, (_, n) => `Label ${n}`),
      'Eleventh',
      `Benign true positive, ${'approved '.repeat(8)}`,
    ];
    const { app } = web.operator;
    const { integration, key_value: key } = await app.createIntegration({
      title: 'Twelve',
      type: 'External REST API',
      parameters: {},
    });
    const { job_id: twelve } = await app.createJob({
      title: 'Twelve labels',
      labels: names.map((name) => ({ name: name.trim() })),
      decision_points: ['rule'],
      integrations: [{ integration_id: integration.integration_id, role: 'input' }],
    });
    await app.startJob(twelve);
    await new VerdictClient({ baseUrl: web.url, key: key! }).v1.bulk(twelve, [
      { job_id: twelve, event_id: 'one', title: 'One', raw_body: { rule: 'a' } },
    ]);
    await page.goto(`/jobs/${twelve}/events?event=one`);
    const panel = page.getByRole('complementary', { name: 'Event' });
    const long = panel.getByRole('button', { name: /^Benign/ });
    await long.waitFor();
    const [inner, outer] = [await long.boundingBox(), await panel.boundingBox()];
    expect(inner!.x + inner!.width).toBeLessThanOrEqual(outer!.x + outer!.width);
    expect(await panel.getByRole('button', { name: 'Eleventh' }).textContent()).toBe('EleventhQ');
    await page.keyboard.press('q');
    await expect.poll(async () => (await app.event(twelve, 'one')).feedback[0]?.label).toBe('Eleventh');
    await app.stopJob(twelve);
    await app.deleteJob(twelve);
    await app.deleteIntegration(integration.integration_id);
  });

  test('two people label at once: each sees the other, nobody loses a label', async () => {
    await open('feedback?queue=all');
    const article = page.getByRole('article');
    await article.waitFor();
    const before = await article.getByRole('link', { name: 'open the event' }).getAttribute('href');
    const eventId = decodeURIComponent(before!.split('/').at(-1)!);
    const ben = await web.page();
    await ben.goto('/sign-in');
    await ben.getByLabel('User name').fill('ben');
    await ben.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await ben.getByRole('button', { name: 'Sign in' }).click();
    await ben.getByRole('heading', { name: 'AI use cases' }).waitFor();
    await open(`events/${encodeURIComponent(eventId)}`, ben);
    await ben.getByRole('group', { name: 'Labels' }).waitFor();
    await ben.keyboard.press('1');
    await article.getByText('ben has just labelled it').waitFor();
    await article.getByText('Votes: 1 Escalate').waitFor();
    expect(await article.getByRole('link', { name: 'open the event' }).getAttribute('href')).toBe(before);
    await page.keyboard.press('2');
    await expect
      .poll(async () => (await web.operator.app.event(jobId, eventId)).consensus?.votes)
      .toEqual({ Escalate: 1, Drop: 1 });
    await open('feedback?queue=disagreements');
    await article.waitFor();
    await article.getByText('undecided').waitFor();
    await article.getByRole('button', { name: 'Overrule…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Label' }).click();
    await page.getByRole('option', { name: 'Escalate' }).click();
    await dialog.getByRole('textbox', { name: /Reason/ }).fill('Seen in the red-team report');
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Overrule' }).click();
    await expect
      .poll(async () => (await web.operator.app.event(jobId, eventId)).consensus)
      .toMatchObject({ overruled: true, label: 'Escalate' });
    await ben.context().close();
  });

  test('an audit of the guard is labelled blind, everywhere', async () => {
    for (const { example_event_id: id, decision_points: points } of await buckets())
      await web.operator.v2.feedback(jobId, id!, BAD.has(String(points[0]?.value)) ? 'Escalate' : 'Drop');
    await web.operator.app.train(jobId);
    await expect.poll(async () => (await web.operator.app.models(jobId)).length).toBe(1);
    await web.operator.app.openGuard(jobId, 'class_1', { max_error_rate: 0.2 });
    await soar.v1.sendAs('drawn', {
      job_id: jobId,
      title: 'Print spooler on linux',
      raw_body: { rule: { name: 'Print spooler' }, host: { os: 'linux' } },
    });
    await expect.poll(async () => (await web.operator.app.guards(jobId)).waiting).toBe(1);
    await open('events/drawn');
    await page.getByText(/drawn at random to check the guard/).waitFor();
    expect(await page.locator('main .confidence, main .reasons').count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    await open('feedback?queue=audits');
    await page.getByText('blind: no suggestion').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect((await web.operator.app.guardAudits(jobId)).audits).toHaveLength(1);
    expect(await page.getByRole('button', { name: /Enter/ }).count()).toBe(0);
    await page.keyboard.press('2');
    await expect.poll(async () => (await web.operator.app.guardAudits(jobId)).audits.length).toBe(0);
    await open('events/drawn');
    await page.locator('main .label-badge', { hasText: 'Drop' }).first().waitFor();
    await page.getByText('Nearest labelled buckets').waitFor();
    await picture(page, 'event-why');
  });

  test('a hostile alert does no harm in the list, the panel, the tables and the filters', async () => {
    const name = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202Efdp.exe';
    await soar.v1.sendAs('hostile', {
      job_id: jobId,
      title: '<b onmouseover=window.hacked=1>click</b> https://evil.example/x',
      raw_body: {
        rule: { name },
        host: { os: 'javascript:alert(1)' },
        big: 'A'.repeat(1_000_000),
        '<i>': { 'a.b': '\u0000\u200b' },
      },
    });
    // Some more of the kind, so that its bucket is among the first.
    for (const n of [1, 2, 3])
      await soar.v1.sendAs(`hostile-${n}`, {
        job_id: jobId,
        title: 'click',
        raw_body: { rule: { name }, host: { os: 'javascript:alert(1)' }, n },
      });
    for (const [path, shown] of [
      ['events?event=hostile&q=fdp', 'U+202E'],
      ['events?range=all&group=bucket', 'U+202E'],
      ['feedback?queue=undecided&mode=table', 'U+202E'],
      ['decision-points', '<i>'],
    ] as const) {
      await open(path);
      await page.getByText(shown).filter({ visible: true }).first().waitFor();
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      expect(
        await page
          .locator('main img[src="x"], main script, main b[onmouseover], main a[href*="evil"], main a[href^="javascript"]')
          .count(),
      ).toBe(0);
    }
    await open('events/hostile');
    await page.getByRole('tab', { name: 'Alert' }).click();
    await page.getByText('more characters').first().waitFor();
    expect(await page.evaluate('window.hacked')).toBeUndefined();
  });

  test('what is looked for in an alert is found in closed parts and far down in lists', async () => {
    const deep = {
      a: { b: { c: { d: { needle: 'deeply hidden' } } } },
      list: Array.from({ length: 300 }, (_, n) => `entry ${n}`),
    };
    await soar.v1.sendAs('deep', {
      job_id: jobId,
      title: 'Deep',
      raw_body: { rule: { name: 'Beacon' }, host: { os: 'mac' }, ...deep },
    });
    await open('events/deep');
    await page.getByRole('tab', { name: 'Alert' }).click();
    const text = page.locator('.raw');
    await text.waitFor();
    expect(await text.innerText()).not.toContain('deeply hidden');
    const search = page.getByLabel('Search in the alert');
    await search.fill('DEEPLY');
    await page.locator('.raw-line[data-hit]', { hasText: 'deeply hidden' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await search.fill('entry 287');
    await page.locator('.raw-line[data-hit]', { hasText: 'entry 287' }).waitFor();
  });

  test('models say what they missed, what they hang on and how they learned', async () => {
    await open('models');
    await page.getByText(/buckets that people labelled Escalate/).waitFor();
    await page.getByText(/on average over the newest/).waitFor();
    await page.getByText('Better with more labels?').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'models-one');
  });

  test('a session that ends in the middle loses no label of many', async () => {
    await open('feedback?queue=all&mode=table');
    await page.getByLabel('Mark bucket 1', { exact: true }).check();
    await page.getByLabel('Mark bucket 2', { exact: true }).check();
    await page.context().clearCookies();
    await page.keyboard.press('3');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Your session has ended').waitFor();
    await dialog.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('2 buckets are labelled Investigate.').waitFor();
    expect((await buckets()).filter(({ consensus }) => consensus?.votes.Investigate === 1)).toHaveLength(2);
  });

  test('the pages stand in the dark, and nothing went wrong in any of them', async () => {
    const dark = await web.signedIn({ dark: true });
    for (const [name, path] of [
      ['explorer', 'events?range=all&event=drawn'],
      ['explorer-buckets', 'events?range=all&group=bucket'],
      ['feedback-focus', 'feedback?queue=all'],
      ['feedback-table', 'feedback?queue=all&mode=table'],
      ['feedback-agents', 'feedback?queue=agents'],
      ['decision-points', 'decision-points'],
      ['models', 'models'],
    ] as const) {
      await open(path, dark);
      await dark.waitForTimeout(400);
      expect([name, await axeFindings(dark)]).toEqual([name, []]);
      await picture(dark, `dark-${name}`);
    }
    expect(web.problems).toEqual([]);
  });
});
