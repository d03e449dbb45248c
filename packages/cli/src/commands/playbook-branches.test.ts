import { writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { SOCKET_FILE } from '@verdict/server/local';
import { type JsonObject, packFolder, type RunTrace } from '@verdict/xsoar';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from '../testing.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Our playbooks against a trained service, in the branches that need something special of it. */

interface Answer {
  readonly trace: RunTrace;
  readonly context: JsonObject;
  readonly incident: JsonObject;
}

const EVENTS = 300;
const PLAYBOOKS = join(packFolder(), 'Playbooks');

let shell: Shell;
let running: Running;
let admin: VerdictClient;
let jobId: number;
let keyFile: string;
let key: string;
let incidents = 0;

beforeAll(async () => {
  shell = openShell();
  const config = { ...DEFAULTS, port: 0, dataDir: shell.dataDir, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
  admin = new VerdictClient({ socketPath: join(shell.dataDir, SOCKET_FILE) });
  const made = await admin.app.createIntegration({ title: 'XSOAR', type: 'Cortex XSOAR', parameters: {} });
  key = made.key_value!;
  const job = await admin.app.createJob({
    title: 'Triage',
    labels: [{ name: 'Escalate' }, { name: 'Drop' }],
    integrations: [{ integration_id: made.integration.integration_id, role: 'input' }],
    settings: { audit_rate: 1 },
  });
  jobId = job.job_id;
  await admin.app.startJob(jobId);
  keyFile = join(shell.folder, 'key.txt');
  writeFileSync(keyFile, `${key}\n`);
  const lines = Array.from({ length: EVENTS }, (_, index) => {
    const escalate = index % 3 === 0;
    return JSON.stringify({
      event: alertOf(escalate ? `beacon ${index % 4}` : `scan ${index % 5}`),
      label: escalate ? 'Escalate' : 'Drop',
    });
  });
  const file = join(shell.folder, 'labelled.jsonl');
  writeFileSync(file, lines.join('\n'));
  const imported = await shell.verdict(['import', file, '--job', 'Triage', '--points', 'rule.name', '--feedback-as', 'ada']);
  expect(imported, imported.err).toMatchObject({ status: 0 });
});

afterAll(async () => {
  await running.stop();
  shell.remove();
});

const alertOf = (rule: string) => ({ rule: { name: rule }, host: 'h1' });

function incidentFile(rule: string, more: JsonObject = {}): string {
  incidents += 1;
  const file = join(shell.folder, `incident-${incidents}.json`);
  const rawJSON = JSON.stringify(alertOf(rule));
  writeFileSync(file, JSON.stringify({ id: `inc-${incidents}`, name: rule, severity: 2, rawJSON, ...more }));
  return file;
}

async function run(playbook: string, incident: string, more: readonly string[], url: string = running.url): Promise<Answer> {
  const ran = await shell.verdict([
    'playbook',
    'run',
    join(PLAYBOOKS, `playbook-${playbook}.yml`),
    '--incident',
    incident,
    '--instance',
    `one=${url},${keyFile}`,
    '--json',
    ...more,
  ]);
  expect(ran.out, ran.err).not.toBe('');
  return JSON.parse(ran.out) as Answer;
}

const triage = (incident: string, more: readonly string[], url?: string) =>
  run('Verdict_-_Triage', incident, ['--input', `job_id=${jobId}`, ...more], url);

const names = ({ trace }: Answer) => trace.tasks.map(({ name, id }) => name || id);

it('Retrain starts a training, waits for it and comes to its end', async () => {
  const answer = await run('Verdict_-_Retrain', incidentFile('scan 1'), [
    '--input',
    `job_id=${jobId}`,
    '--input',
    'poll_interval=0.02',
  ]);
  expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(answer)).not.toContain('Look at the training in Verdict');
  expect((await admin.app.job(jobId)).active_model_id).not.toBeNull();
});

it('Triage closes a Drop by itself once audits have opened the guard, and only where the input says so', async () => {
  await admin.app.openGuard(jobId, 'class_1', { max_error_rate: 0.5 });
  const soar = new VerdictClient({ baseUrl: running.url, key });
  for (let n = 0; n < 40; n++)
    await soar.v1.sendAs(`audit-${n}`, { job_id: jobId, raw_body: { ...alertOf(`scan ${n % 5}`), n } });
  for (;;) {
    const { audits } = await admin.app.guardAudits(jobId);
    if (audits.length === 0) break;
    for (const { audit_id } of audits) await admin.app.answerAudit(jobId, audit_id, { label: 'Drop' });
  }
  const [guard] = (await admin.app.guards(jobId)).guards;
  expect(guard, guard?.sentence).toMatchObject({ label: 'Drop', status: 'open' });
  // What is drawn for an audit goes to a person whatever the guard says, so that from here on next to nothing is.
  await admin.app.changeJob(jobId, { settings: { audit_rate: 1e-9 } });

  const closed = await triage(incidentFile('scan 1'), ['--input', 'auto_close=true']);
  expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
  expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(closed)).toContain('Close the incident');
  expect(closed.incident).toMatchObject({ status: 2, closeReason: 'False Positive' });
  expect(closed.context).toMatchObject({ Arcanna: { Event: { automation: 'allowed' } } });

  const asked = await triage(incidentFile('scan 1'), ['--answer', 'Ask the analyst=Drop']);
  expect(names(asked)).not.toContain('Close the incident');
  const escalated = await triage(incidentFile('beacon 0'), [
    '--input',
    'auto_close=true',
    '--answer',
    'Ask the analyst=Escalate',
  ]);
  expect(names(escalated)).toContain('Assign the escalated incident');
  expect(escalated.incident).toMatchObject({ status: 1 });
  const strange = await triage(incidentFile('never seen before'), [
    '--input',
    'auto_close=true',
    '--answer',
    'Ask the analyst=Drop',
  ]);
  expect(names(strange)).not.toContain('Close the incident');
});

it('Close feedback sends an analyst’s close, by name and with the notes, and nothing of a machine or of a reason that is not mapped', async () => {
  const mapped = ['--param', 'close_reason_mapping=False Positive=Drop'];
  const soar = new VerdictClient({ baseUrl: running.url, key });
  await soar.v1.sendAs('closed-1', { job_id: jobId, raw_body: alertOf('closed by ana') });
  const close = (more: JsonObject) =>
    incidentFile('closed', {
      CustomFields: { verdicteventid: 'closed-1', verdictjobid: String(jobId) },
      closeNotes: 'a backup',
      ...more,
    });
  const votes = async () => (await admin.app.event(jobId, 'closed-1')).feedback;

  for (const nothing of [
    close({ closingUserId: '', closeReason: 'False Positive' }),
    close({ closingUserId: 'DBot', closeReason: 'False Positive' }),
    close({ closingUserId: 'admin-dbot', closeReason: 'False Positive' }),
    close({ closingUserId: 'System', closeReason: 'False Positive' }),
    close({ closingUserId: 'ana', closeReason: 'Duplicate' }),
  ]) {
    const answer = await run('Verdict_-_Close_feedback', nothing, mapped);
    expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
    expect(await votes()).toEqual([]);
  }
  const sent = await run('Verdict_-_Close_feedback', close({ closingUserId: 'ana', closeReason: 'False Positive' }), mapped);
  expect(sent.trace).toMatchObject({ state: 'completed', problem: null });
  expect(sent.incident).toMatchObject({ CustomFields: { verdictfeedback: 'Drop' } });
  expect(JSON.stringify(await votes())).toMatch(/"ana.*a backup|a backup.*"ana/);
});

it('Triage goes to a person where the use case is stopped, and where the service goes away on the way', async () => {
  const byHand = ['--answer', 'Review the incident by hand=done'];
  await admin.app.stopJob(jobId);
  const stopped = await triage(incidentFile('scan 1'), byHand);
  expect(stopped.trace.state).toBe('completed');
  expect(names(stopped)).toEqual(expect.arrayContaining(['Note that the alert was not sent', 'Review the incident by hand']));
  await admin.app.startJob(jobId);

  // The alert arrives, then nothing answers any more.
  const gate = await gateFor(1);
  const gone = await triage(incidentFile('scan 1'), byHand, `http://127.0.0.1:${(gate.address() as AddressInfo).port}`);
  gate.close();
  expect(gone.trace.state).toBe('completed');
  expect(names(gone)).toEqual(expect.arrayContaining(['Note that Verdict did not answer', 'Review the incident by hand']));
  expect(gone.incident).toMatchObject({ status: 1 });
});

/** A way to the service that lets some calls through and breaks every later one. */
async function gateFor(calls: number): Promise<Server> {
  let left = calls;
  const gate = createServer((incoming, answer) => {
    if (left-- <= 0) return incoming.socket.destroy();
    const { method, headers, url } = incoming;
    const onward = request(new URL(url!, running.url), { method, headers }, (back) => {
      answer.writeHead(back.statusCode!, back.headers);
      back.pipe(answer);
    });
    return incoming.pipe(onward);
  });
  await new Promise<void>((listening) => gate.listen(0, '127.0.0.1', listening));
  return gate;
}
