// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { SOCKET_FILE } from '@verdict/server/local';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from '../testing.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

/** What a customer does, from an empty service to an alert that is decided: each step as they do it, one after the other. */

const PASSWORD = 'correct horse battery';

let shell: Shell;
let running: Running;
let admin: VerdictClient;
let keyFile: string;

beforeAll(async () => {
  shell = openShell();
  const config = { ...DEFAULTS, port: 0, dataDir: shell.dataDir, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
  admin = new VerdictClient({ socketPath: join(shell.dataDir, SOCKET_FILE) });
  keyFile = join(shell.folder, 'key.txt');
});

afterAll(async () => {
  await running.stop();
  shell.remove();
});

interface Told {
  readonly command?: string;
  readonly entries?: readonly { readonly Contents: unknown; readonly HumanReadable?: string }[];
  readonly error?: string;
  readonly context?: { readonly Arcanna: Record<string, unknown> };
}

/** Runs lines of the War Room from a file, as `--run FILE --json` does, and gives what each said; the context is the last. */
async function warRoom(lines: readonly string[], more: readonly string[] = []): Promise<Told[]> {
  const file = join(shell.folder, 'commands.txt');
  writeFileSync(file, `# the customer's commands\n${lines.join('\n')}\n`);
  const instance = `prod=${running.url},${keyFile}`;
  const ran = await shell.verdict(['warroom', '--instance', instance, '--run', file, '--json', ...more]);
  expect(ran, ran.out).toMatchObject({ status: 0, err: '' });
  return ran.out
    .trim()
    .split('\n')
    .map((line): Told => JSON.parse(line));
}

it('all eight steps, from an empty service to an alert that Verdict drops', async () => {
  // 1 and 2: an integration with its key, and an AI use case that takes from it, both as a document; saved, and run.
  const made = await admin.v2.apply({
    key: { type: 'api_key', properties: { name: 'XSOAR production' } },
    soar: {
      type: 'integration',
      properties: {
        title: 'XSOAR',
        integration_type: 'Cortex XSOAR',
        parameters: { api_key: "{{api_keys(name='XSOAR production')}}" },
      },
    },
    triage: {
      type: 'job',
      properties: {
        title: 'Endpoint alerts',
        category: 'Decision intelligence',
        decision_points: [],
        pipeline_integrations: [{ resource: 'soar', integration_type: 'input', enabled: true, parameters: {} }],
      },
    },
  });
  expect(made).toMatchObject({
    created: [{ type: 'api_key' }, { type: 'integration' }, { type: 'job', title: 'Endpoint alerts' }],
  });
  const { value } = made.created.find(({ type }) => type === 'api_key') as { value: string };
  writeFileSync(keyFile, `${value}\n`, { mode: 0o600 });
  const [job] = await admin.app.jobs();
  const jobId = job!.job_id;
  await admin.v2.start(jobId);

  // 3: the instance, and its button Test.
  const [tested, listed] = await warRoom(['!test-module', '!arcanna-get-jobs'], ['--job-id', String(jobId)]);
  expect(tested?.entries?.[0]?.Contents).toBe('ok');
  expect(listed?.entries?.[0]?.HumanReadable).toMatch(/\| Endpoint alerts \|/);

  // 4 and 5: tasks feed each other, and what was sent is not decided yet.
  const incident = join(shell.folder, 'incident.json');
  const alert = { rule: { name: 'Encoded command' }, host: { name: 'ws-7' }, user: 'backup-svc' };
  writeFileSync(incident, JSON.stringify({ name: 'Encoded PowerShell', severity: 3, rawJSON: JSON.stringify(alert) }));
  const first = await warRoom([
    '!arcanna-get-jobs',
    `!incident load ${incident}`,
    '!arcanna-send-event job_id=${Arcanna.Jobs.job_id} title="${incident.name}" severity=${incident.severity} event_json=${incident.rawJSON} id_value=first',
    '!arcanna-get-event-status event_id=${Arcanna.Event.event_id} job_id=${Arcanna.Event.job_id}',
  ]);
  expect(first[3]?.entries?.[0]?.Contents).toMatchObject({ event_id: 'first', status: 'OK', result: 'no_decision' });
  expect(first.at(-1)?.context?.Arcanna).toMatchObject({ Event: { event_id: 'first', result_label: null, job_id: jobId } });
  const sends = Array.from({ length: 12 }, (_, n) => {
    const rule = n % 2 === 0 ? `Port scan ${n % 6}` : `Beacon ${n % 6}`;
    const text = JSON.stringify({ rule: { name: rule }, host: { name: `ws-${n}` }, user: `user${n % 3}` });
    return `!arcanna-send-event job_id=${jobId} title=Alert event_json=\`${text}\` id_value=alert-${n}`;
  });
  await warRoom(sends);
  const found = await explorer(jobId, { match: { 'rule.name': 'Encoded command' } });
  expect(found.hits.total).toEqual({ value: 1, relation: 'eq' });
  expect(found.hits.hits[0]).toMatchObject({ _id: 'first', _source: { ...alert, arcanna: { result_label: null } } });
  expect((await explorer(jobId, { query_string: { query: 'ws-7' } })).hits.total.value).toBe(2);

  // 6: decision points, after the alerts; feedback from the playbook, and by somebody in Verdict itself.
  await admin.app.changeJob(jobId, { decision_points: ['rule.name'] });
  await settled();
  await warRoom([
    `!arcanna-get-decision-set job_id=${jobId}`,
    ...Array.from({ length: 11 }, (_, n) => {
      const label = n % 2 === 0 ? 'Drop' : 'Escalate';
      return `!arcanna-send-event-feedback event_id=alert-${n} job_id=${jobId} username=ana feedback=${label} decision_set=\${Arcanna.Event.decision_set}`;
    }),
  ]);
  await admin.app.addUser({ name: 'ben', role: 'analyst', password: PASSWORD });
  await voteAs('ben', jobId, 'alert-11', { label: 'Escalate', notes: 'seen in the proxy log' });
  const voters = async (id: string) => (await admin.app.event(jobId, id)).feedback;
  expect(JSON.stringify(await voters('alert-0'))).toMatch(/"ana"/);
  expect(JSON.stringify(await voters('alert-11'))).toMatch(/ben.*seen in the proxy log|seen in the proxy log.*ben/i);
  expect((await admin.app.job(jobId)).events_with_feedback).toBe(12);

  // 7: the training.
  const [train] = await warRoom([`!arcanna-trigger-train job_id=${jobId} username=ana`]);
  expect(train?.entries?.[0]?.Contents).toEqual({ job_id: jobId, status: 'OK', error_message: '' });
  await settled();
  const [health] = await warRoom([`!verdict-get-health job_id=${jobId}`]);
  expect(health?.entries?.[0]?.Contents).toMatchObject({ job: { retrain_state: 'RETRAIN_FINISHED' } });

  // 8: an alert that it has not seen is decided, with a confidence.
  const unseen = JSON.stringify({ rule: { name: 'Port scan 4' }, host: { name: 'ws-900' }, user: 'nobody' });
  const after = await warRoom([
    `!arcanna-send-event job_id=${jobId} title=New event_json=\`${unseen}\` id_value=after`,
    '!arcanna-get-event-status event_id=${Arcanna.Event.event_id} job_id=${Arcanna.Event.job_id} polling=true interval=1 timeout=20',
  ]);
  const decided = after[1]?.entries?.[0]?.Contents as { confidence_score: number };
  expect(decided).toMatchObject({ status: 'OK', result: 'class_1', result_label: 'Drop', automation: 'ask' });
  expect(decided.confidence_score).toBeGreaterThan(60);
  expect(decided.confidence_score).toBeLessThanOrEqual(100);
});

/** What the search of the Event Explorer finds. */
function explorer(jobId: number, query: object) {
  return admin.v2.elastic({ job_ids: [jobId], query_body: { query: { ...query }, size: 10 } });
}

/** Waits until the service has nothing left to do. */
function settled(): Promise<void> {
  return vi.waitFor(async () => expect((await admin.app.tasks()).filter(({ finished_at }) => finished_at === null)).toEqual([]), {
    timeout: 60_000,
    interval: 100,
  });
}

/** Signs in as a browser does and votes. */
async function voteAs(name: string, jobId: number, eventId: string, vote: object): Promise<void> {
  const signedIn = await fetch(`${running.url}/api/app/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password: PASSWORD }),
  });
  const caller = (await signedIn.json()) as { csrf: string };
  expect(signedIn.status, JSON.stringify(caller)).toBeLessThan(300);
  const voted = await fetch(`${running.url}/api/app/jobs/${jobId}/events/${eventId}/feedback`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: signedIn.headers.getSetCookie()[0]!.split(';')[0]!,
      'x-verdict-csrf': caller.csrf,
    },
    body: JSON.stringify(vote),
  });
  expect(voted.status, await voted.text()).toBe(200);
}
