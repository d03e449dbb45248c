import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from '../testing.ts';

vi.setConfig({ testTimeout: 60_000 });

let shell: Shell;
let here: Running;
let there: Running;
const otherDir = mkdtempSync(join(tmpdir(), 'verdict-transfer-'));
const start = (dataDir: string): Promise<Running> => {
  const config = { ...DEFAULTS, port: 0, dataDir, logLevel: 'silent' as const };
  return startService(config, createLog(config));
};
const operator = (dataDir: string) => new VerdictClient({ socketPath: join(dataDir, 'verdict.sock') });

async function makeJob(client: VerdictClient, title: string): Promise<number> {
  const { integration } = await client.app.createIntegration({ title: `for ${title}`, type: 'External REST API' });
  const integrations = [{ integration_id: integration.integration_id }];
  const { job_id } = await client.app.createJob({ title, decision_points: ['kind'], integrations });
  await client.app.startJob(job_id);
  return job_id;
}

beforeAll(async () => {
  shell = openShell();
  here = await start(shell.dataDir);
  there = await start(otherDir);
});
afterAll(async () => {
  await here.stop();
  await there.stop();
  shell.remove();
  rmSync(otherDir, { recursive: true, force: true });
});

it('sends alerts to another job and another service, with labels, numbers and times kept', async () => {
  const client = operator(shell.dataDir);
  const source = await makeJob(client, 'From');
  const near = await makeJob(client, 'Near');
  const far = await makeJob(operator(otherDir), 'Far');
  const events = Array.from({ length: 205 }, (_, n) => {
    const label = n % 2 ? 'Drop' : 'Escalate';
    const time = `"@timestamp":"2026-01-02T03:04:${String(n % 60).padStart(2, '0')}Z"`;
    return `{"event_id":"t-${n}"${n < 10 ? `,"label":"${label}"` : ''},"event":{"kind":"k${n}","big":9223372036854775807,${time}}}`;
  });
  await client.app.import(source, `{"events":[${events.join()}]}`);

  const sent = await shell.json(['events', 'transfer', '--from-job', 'From', '--to-job', String(near)]);
  expect(sent).toEqual({ from_job: source, to_job: near, sent: 205, known: 0, labelled: 10, refused: [] });
  const again = await shell.json(['events', 'transfer', '--from-job', 'From', '--to-job', 'Near']);
  expect(again).toMatchObject({ sent: 0, known: 205 });
  const moved = await client.app.event(near, 't-3');
  expect(moved).toMatchObject({ consensus: { label: 'Drop' }, event_at: '2026-01-02T03:04:03.000000Z' });
  expect(moved.raw_event).toContain('9223372036854775807');
  expect(moved.feedback).toMatchObject([{ label: 'Drop', by: 'transfer from From', through: 'import' }]);

  const { value } = await operator(otherDir).app.createKey({ name: 'transfer', kind: 'management' });
  const over = ['events', 'transfer', '--from-job', 'From', '--to-job', 'Far', '--to-url', there.url];
  expect(await shell.verdict(over)).toMatchObject({ status: 1, err: expect.stringContaining('VERDICT_TO_API_KEY') });
  const ran = await shell.verdict(over, { env: { VERDICT_TO_API_KEY: value } });
  expect([ran.status, ran.out]).toEqual([0, expect.stringContaining('205 alerts sent to "Far" (10 with a label)')]);
  expect((await operator(otherDir).app.job(far)).events).toBe(205);
});

it('says what is wrong', async () => {
  const same = await shell.verdict(['events', 'transfer', '--from-job', 'From', '--to-job', 'From']);
  expect(same).toMatchObject({ status: 1, err: expect.stringContaining('the same use case') });
  const unknown = await shell.verdict(['events', 'transfer', '--from-job', 'Nothing', '--to-job', 'From']);
  expect(unknown).toMatchObject({ status: 1, err: expect.stringContaining('There is no AI use case "Nothing"') });
});
