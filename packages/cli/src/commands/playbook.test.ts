import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { VerdictClient } from '@verdict/client';
import { createLog, DEFAULTS, type Running, startService } from '@verdict/server';
import { SOCKET_FILE } from '@verdict/server/local';
import { type JsonObject, packFolder, type RunTrace } from '@verdict/xsoar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Ran, type Shell } from '../testing.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What `verdict playbook run --json` says. */
interface Answer {
  readonly trace: RunTrace;
  readonly context: JsonObject;
  readonly incident: JsonObject;
}

let shell: Shell;
let running: Running;
let admin: VerdictClient;
let jobId: number;
let keyFile: string;
let events = 0;

const TRIAGE = join(packFolder(), 'Playbooks/playbook-Verdict_-_Triage.yml');

beforeAll(async () => {
  shell = openShell();
  const config = { ...DEFAULTS, port: 0, dataDir: shell.dataDir, logLevel: 'silent' as const };
  running = await startService(config, createLog(config));
  admin = new VerdictClient({ socketPath: join(shell.dataDir, SOCKET_FILE) });
  const { integration, key_value: key } = await admin.app.createIntegration({
    title: 'XSOAR',
    type: 'Cortex XSOAR',
    parameters: {},
  });
  const job = await admin.app.createJob({
    title: 'Triage',
    labels: [{ name: 'Escalate' }, { name: 'Drop' }],
    integrations: [{ integration_id: integration.integration_id, role: 'input' }],
  });
  jobId = job.job_id;
  await admin.app.startJob(jobId);
  keyFile = join(shell.folder, 'key.txt');
  writeFileSync(keyFile, `${key}\n`);
});

afterAll(async () => {
  await running.stop();
  shell.remove();
});

/** An incident with a new alert; the rule decides what it is. */
function incidentFile(rule: string): string {
  events += 1;
  const file = join(shell.folder, `incident-${events}.json`);
  const alert = { rule: { name: rule }, host: `h${events % 4}` };
  writeFileSync(file, JSON.stringify({ id: `inc-${events}`, name: rule, severity: 2, rawJSON: JSON.stringify(alert) }));
  return file;
}

function triage(incident: string, more: readonly string[] = [], instance = `one=${running.url},${keyFile}`): Promise<Ran> {
  return shell.verdict([
    'playbook',
    'run',
    TRIAGE,
    '--incident',
    incident,
    '--instance',
    instance,
    '--input',
    `job_id=${jobId}`,
    ...more,
  ]);
}

async function run(incident: string, more: readonly string[] = [], instance?: string): Promise<Answer> {
  const ran = await triage(incident, [...more, '--json'], instance);
  expect(ran.out, ran.err).not.toBe('');
  return JSON.parse(ran.out) as Answer;
}

const names = ({ trace }: Answer) => trace.tasks.map(({ name, id }) => name || id);

describe('our playbooks against a service', () => {
  it('ask the analyst before anything is trained, and send what is said as feedback', async () => {
    const answer = await run(incidentFile('scan 1'), ['--answer', 'Ask the analyst=Drop']);
    expect(answer.trace.problem).toBeNull();
    expect(names(answer)).toEqual(
      expect.arrayContaining(['Note that there is no decision', 'Ask the analyst', 'Send the feedback', 'Done']),
    );
    expect(names(answer)).not.toContain('Close the incident');
    expect(answer.incident).toMatchObject({ status: 1, owner: 'analyst', CustomFields: { verdictfeedback: 'Drop' } });
    const job = await admin.app.job(jobId);
    expect(job.events_with_feedback).toBe(1);
  });

  it('wait where nobody answers, and leave a trace and a picture', async () => {
    const [trace, svg] = [join(shell.folder, 'trace.json'), join(shell.folder, 'run.svg')];
    const ran = await triage(incidentFile('scan 2'), ['--trace', trace, '--svg', svg]);
    expect(ran.status).toBe(1);
    expect(ran.err).toContain('waits: a person has to answer');
    expect(ran.out).toMatch(/^✓ 0 start\n✓ 1 Send the alert\n✓ 2 Is there an alert to send\? → yes/);
    const written = JSON.parse(readFileSync(trace, 'utf8')) as RunTrace;
    expect(written).toMatchObject({ state: 'waiting', playbook: 'Verdict - Triage' });
    expect(written.tasks.map(({ started_ms, ended_ms }) => ended_ms >= started_ms)).not.toContain(false);
    const picture = readFileSync(svg, 'utf8');
    expect(picture).toMatch(/^<svg /);
    expect(picture).toContain('Ask the analyst');
  });

  it('act on decisions after training: assign, ask, close only where the guard and the input allow it', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => {
      const escalate = index % 3 === 0;
      return JSON.stringify({
        event: { rule: { name: escalate ? `beacon ${index % 4}` : `scan ${index % 5}` }, host: `h${index % 4}` },
        label: escalate ? 'Escalate' : 'Drop',
      });
    });
    const file = join(shell.folder, 'labelled.jsonl');
    writeFileSync(file, lines.join('\n'));
    expect(
      await shell.verdict(['import', file, '--job', 'Triage', '--points', 'rule.name', '--feedback-as', 'ada']),
    ).toMatchObject({ status: 0 });
    expect(await shell.verdict(['jobs', 'train', 'Triage'])).toMatchObject({ status: 0 });

    const escalated = await run(incidentFile('beacon 0'), ['--answer', 'Ask the analyst=Escalate']);
    expect(names(escalated)).toContain('Assign the escalated incident');
    expect(escalated.incident).toMatchObject({ status: 1, CustomFields: { verdictdecision: 'Escalate' } });

    const dropped = await run(incidentFile('scan 1'), ['--answer', 'Ask the analyst=Drop', '--input', 'auto_close=true']);
    expect(dropped.context).toMatchObject({ Arcanna: { Event: { result_label: 'Drop' } } });
    // Nobody has opened the guard, so the input alone closes nothing.
    expect(names(dropped)).toContain('Assign an analyst to decide');
    expect(dropped.incident).toMatchObject({ status: 1 });
  });

  it('go to a person with a wrong key, an unknown label, and a service that is down', async () => {
    const wrong = join(shell.folder, 'wrong.txt');
    writeFileSync(wrong, 'vrd_wrong');
    const refused = await run(
      incidentFile('scan 3'),
      ['--answer', 'Review the incident by hand=done'],
      `one=${running.url},${wrong}`,
    );
    expect(names(refused)).toEqual(expect.arrayContaining(['Note that the alert was not sent', 'Review the incident by hand']));
    expect(refused.trace.state).toBe('completed');

    const unknown = await run(incidentFile('scan 3'), ['--answer', 'Ask the analyst=Whatever']);
    expect(unknown.trace).toMatchObject({ state: 'failed', problem: expect.stringContaining('"Whatever" is none of') });

    const down = await run(
      incidentFile('scan 3'),
      ['--answer', 'Review the incident by hand=done'],
      `one=http://127.0.0.1:${await freePort()},${keyFile}`,
    );
    expect(names(down)).toContain('Note that the alert was not sent');
    expect(down.incident).toMatchObject({ status: 1 });
  });

  it('are recorded, and the record is a test that passes without the service', async () => {
    const out = join(shell.folder, 'recorded.yml');
    const recorded = await shell.verdict([
      'playbook',
      'record',
      TRIAGE,
      '--incident',
      incidentFile('beacon 1'),
      '--instance',
      `one=${running.url},${keyFile}`,
      '--input',
      `job_id=${jobId}`,
      '--answer',
      'Ask the analyst=Escalate',
      '--out',
      out,
    ]);
    expect(recorded).toMatchObject({ status: 0, err: expect.stringContaining('look through them before you share it') });
    expect(readFileSync(out, 'utf8')).not.toContain(readFileSync(keyFile, 'utf8').trim());
    expect(await shell.verdict(['playbook', 'test', out])).toMatchObject({ status: 0, err: '1 test: 1 passed, 0 failed.\n' });
    // Another answer of the service, and the test says what is different.
    const changed = join(shell.folder, 'changed.yml');
    writeFileSync(changed, readFileSync(out, 'utf8').replaceAll('Escalate', 'Drop'));
    const failed = await shell.verdict(['playbook', 'test', changed, out]);
    expect(failed).toMatchObject({ status: 1, err: '2 tests: 1 passed, 1 failed.\n' });
    expect(failed.out).toMatch(/^✗ .*changed\.yml: Verdict - Triage, as recorded\n {4}exact_path\n/);
    expect(failed.out).toContain('- Assign the escalated incident');
  });

  it('close a Drop where the guard and the input allow it, and nothing where only one does', async () => {
    const test = (automation: string, autoClose: boolean, expect: object) => {
      const file = join(shell.folder, `guard-${automation}-${autoClose}.yml`);
      const event = {
        event_id: 'e1',
        job_id: 1,
        status: 'OK',
        result_label: 'Drop',
        confidence_score: 97,
        outlier: false,
        automation,
      };
      const context = { 'Arcanna.Event(val.event_id && val.event_id === obj.event_id)': event };
      const commands = [
        ...['arcanna-send-event', 'arcanna-get-event-status', 'arcanna-send-event-feedback'].map((command) => ({
          command,
          context,
        })),
        { command: 'arcanna-get-decision-set', context: { 'Arcanna.Event.decision_set': ['Drop', 'Escalate'] } },
      ];
      const incident = { id: '1', name: 'scan', severity: 1, rawJSON: '{"a":1}' };
      const answers = { 'Ask the analyst': 'Drop' };
      writeFileSync(
        file,
        JSON.stringify({
          playbook: relative(shell.folder, TRIAGE),
          incident,
          answers,
          inputs: { auto_close: autoClose },
          commands,
          expect,
        }),
      );
      return file;
    };
    const ran = await shell.verdict([
      'playbook',
      'test',
      test('allowed', true, {
        closed: true,
        path: ['Say that the playbook closes it', 'Close the incident'],
        not_reached: ['Ask the analyst'],
      }),
      test('allowed', false, { closed: false, path: ['Assign an analyst to decide', 'Ask the analyst'] }),
      test('not_allowed', true, { closed: false, path: ['Assign an analyst to decide', 'Ask the analyst'] }),
    ]);
    expect(ran.out).not.toContain('✗');
    expect(ran).toMatchObject({ status: 0, err: '3 tests: 3 passed, 0 failed.\n' });
  });

  it('say what is wrong with files and options', async () => {
    const says = async (...argv: string[]) => (await shell.verdict(['playbook', ...argv])).err;
    expect(await says('run', 'no-such.yml')).toContain('There is no file no-such.yml.');
    expect(await says('run', TRIAGE, '--instance', 'one')).toContain('is no instance. Write it like');
    expect(await says('run', TRIAGE, '--instance', 'one=http://127.0.0.1:1')).toContain('The instance one has no key');
    expect(await says('run', TRIAGE, '--answer', 'x')).toContain('NAME=VALUE');
    const test = join(shell.folder, 'bad-test.yml');
    writeFileSync(test, 'playbook: x.yml\nexpekt: {}\n');
    expect((await shell.verdict(['playbook', 'test', test])).out).toContain('the file has "expekt", which is not known');
  });
});

describe('verdict pack check', () => {
  it('has nothing to say of our pack', async () => {
    expect(await shell.verdict(['pack', 'check', packFolder(), '--strict'])).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/^1 pack, \d+ files: 0 errors, 0 warnings\.\n$/),
    });
  });

  it('says where there is no pack', async () => {
    expect((await shell.verdict(['pack', 'check', join(shell.folder, 'none')])).err).toContain('is not a folder');
  });
});

/** A port on which nothing listens any more. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}
