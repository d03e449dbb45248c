// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@verdict/xsoar';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { alertOf, labelledAlerts, openGuardOfDrop, openSoc, type Soc } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What a customer does, as tasks of a playbook: before the training, the training, and after it. */

let soc: Soc;

const params = { close_reason_mapping: 'False Positive=Drop' };

beforeAll(async () => {
  soc = await openSoc({ audit_rate: 1 });
});

afterAll(() => soc.close());

it('with a wrong key nothing is sent or closed, and the analyst sees what is wrong', async () => {
  const keyFile = join(soc.shell.folder, 'wrong.txt');
  writeFileSync(keyFile, 'vk_wrong\n', { mode: 0o600 });
  const refused = await soc.triage(soc.incident(alertOf('scan 1')), {
    inputs: { auto_close: 'true' },
    answers: { 'Review the incident by hand': 'done' },
    keyFile,
  });
  expect(refused.trace).toMatchObject({ state: 'completed', problem: null });
  const sent = refused.trace.tasks.find(({ name }) => name === 'Send the alert to Verdict');
  expect(sent).toMatchObject({ branch: '#error#', error: expect.stringMatching(/key/i) });
  expect(refused.incident).toMatchObject({
    status: 1,
    owner: 'analyst',
    CustomFields: { verdicterrormessage: 'The alert was not sent to Verdict: the War Room says why.' },
  });
  expect((await soc.admin.app.job(soc.jobId)).events).toBe(0);
});

it('a use case that is stopped takes nothing and closes nothing', async () => {
  await soc.admin.app.stopJob(soc.jobId);
  const stopped = await soc.triage(soc.incident(alertOf('scan 1')), {
    inputs: { auto_close: 'true' },
    answers: { 'Review the incident by hand': 'done' },
  });
  await soc.admin.app.startJob(soc.jobId);
  expect(stopped.incident).toMatchObject({ status: 1, owner: 'analyst' });
  expect((await soc.admin.app.job(soc.jobId)).events).toBe(0);
});

it('before the training there is no decision; feedback from the playbook stands under the user’s name', async () => {
  const steps = playbook('Before', [...SEND, ...FEEDBACK]);
  const before = await soc.run(steps, soc.incident(alertOf('scan 1'), { id: 'before-1' }), {
    more: ['--job-id', `${soc.jobId}`],
  });
  expect(before.trace).toMatchObject({ state: 'completed', problem: null });
  expect(before.context).toMatchObject({
    Arcanna: {
      Jobs: { job_id: soc.jobId, title: 'Triage' },
      Event: { event_id: 'before-1', result: 'no_decision', decision_set: ['Escalate', 'Drop'], feedback_status: 'updated' },
    },
  });
  const { feedback } = await soc.admin.app.event(soc.jobId, 'before-1');
  expect(feedback).toMatchObject([{ label: 'Drop' }]);
  expect(JSON.stringify(feedback)).toContain('"ana"');
});

it('a training is started by a task, and what was not seen before is decided after it', async () => {
  await soc.learn(labelledAlerts(300), 'rule.name');
  const training = playbook('Training', [
    ['arcanna-get-jobs', {}],
    ['arcanna-trigger-train', { job_id: '${Arcanna.Jobs.job_id}', username: 'ana' }],
  ]);
  const trained = await soc.run(training, soc.incident({}, { name: 'Nightly' }));
  expect(trained.context).toMatchObject({ Arcanna: { Train: { status: 'OK' } } });
  await vi.waitFor(async () => expect((await soc.admin.app.job(soc.jobId)).training.state).toBe('RETRAIN_FINISHED'), {
    timeout: 60_000,
    interval: 100,
  });

  const unseen = { ...alertOf('scan 1'), host: 'never seen' };
  const after = await soc.run(playbook('After', SEND), soc.incident(unseen, { id: 'after-1' }));
  expect(after.context).toMatchObject({
    Arcanna: { Event: { event_id: 'after-1', status: 'OK', result: 'class_1', result_label: 'Drop' } },
  });
  const { Event: event } = after.context.Arcanna as { Event: { confidence_score: number } };
  expect(event.confidence_score).toBeGreaterThan(60);
  expect(event.confidence_score).toBeLessThanOrEqual(100);
});

it('what Triage closes by itself is never sent, by the script or by the playbook, through the close itself', async () => {
  await openGuardOfDrop(
    soc,
    Array.from({ length: 40 }, (_, n) => alertOf(`scan ${n % 5}`)),
  );
  for (const [id, tell] of [
    ['closed-by-script', { scriptName: 'VerdictCloseFeedback' }],
    ['closed-by-playbook', { playbookName: 'Verdict - Close feedback' }],
  ] as const) {
    const whole = write(`Whole ${id}`, [
      { playbookName: 'Verdict - Triage' },
      // The close stands under the name of a person, as where a playbook was started by one.
      { script: 'Builtin|||setIncident', args: { closingUserId: 'ana' } },
      tell,
      tell,
    ]);
    const ran = await soc.run(whole, soc.incident(alertOf('scan 1'), { id }), {
      params,
      inputs: {},
      more: ['--job-id', `${soc.jobId}`],
    });
    expect(ran.trace).toMatchObject({ state: 'completed', problem: null });
    expect(ran.incident).toMatchObject({ status: 2, closingUserId: 'ana', closeReason: 'False Positive' });
    expect(ran.context).toMatchObject({ Verdict: { MachineClose: { by: 'Verdict - Triage', user: 'ana' } } });
    expect((await soc.admin.app.event(soc.jobId, id)).feedback).toEqual([]);
  }
});

const EVENT = { event_id: '${Arcanna.Event.event_id}', job_id: '${Arcanna.Event.job_id}' };
const SEND: readonly Step[] = [
  ['arcanna-get-jobs', {}],
  [
    'arcanna-send-event',
    {
      job_id: '${Arcanna.Jobs.job_id}',
      title: '${incident.name}',
      severity: '${incident.severity}',
      event_json: '${incident.rawJSON}',
      id_value: '${incident.id}',
    },
  ],
  ['arcanna-get-event-status', EVENT],
];
const FEEDBACK: readonly Step[] = [
  ['arcanna-get-decision-set', { job_id: EVENT.job_id }],
  [
    'arcanna-send-event-feedback',
    // Arcanna's own playbook gives close_reason, too.
    { ...EVENT, username: 'ana', feedback: 'Drop', decision_set: '${Arcanna.Event.decision_set}', close_reason: 'Resolved' },
  ],
];

type Step = readonly [command: string, args: Readonly<Record<string, string>>];

/** A customer's playbook that runs these commands one after the other. @returns the file. */
function playbook(name: string, steps: readonly Step[]): string {
  return write(
    name,
    steps.map(([command, args]) => ({ script: `Verdict|||${command}`, args })),
  );
}

interface What {
  readonly script?: string;
  readonly scriptName?: string;
  readonly playbookName?: string;
  readonly args?: Readonly<Record<string, string>>;
}

function write(name: string, whats: readonly What[]): string {
  const task = (id: number, type: string, { args = {}, ...what }: What): JsonObject => {
    const taskid = `00000000-0000-4000-8000-0000000000${String(id).padStart(2, '0')}`;
    const given = what.playbookName === 'Verdict - Triage' ? { ...args, ...TRIAGE } : args;
    return {
      id: String(id),
      taskid,
      type,
      task: {
        id: taskid,
        version: -1,
        name: type === 'start' ? '' : `Step ${id}`,
        type,
        iscommand: what.script !== undefined,
        brand: (what.script ?? '').split('|||')[0]!,
        ...what,
      },
      nexttasks: id < whats.length ? { '#none#': [String(id + 1)] } : {},
      scriptarguments: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, { simple: value }])),
      separatecontext: false,
    };
  };
  const tasks = {
    0: task(0, 'start', {}),
    ...Object.fromEntries(
      whats.map((what, at) => [at + 1, task(at + 1, what.playbookName === undefined ? 'regular' : 'playbook', what)]),
    ),
  };
  return soc.write(`${name}.yml`, { id: name, version: -1, name, starttaskid: '0', tasks, inputs: [], outputs: [] });
}

const TRIAGE = {
  event_json: '${incident.rawJSON}',
  title: '${incident.name}',
  event_id: '${incident.id}',
  auto_close: 'true',
  drop_label: 'Drop',
  escalate_label: 'Escalate',
  min_confidence: '60',
  close_reason: 'False Positive',
  poll_interval: '1',
  poll_timeout: '5',
};
