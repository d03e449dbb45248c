import { VerdictClient } from '@verdict/client';
import type { JsonObject } from '@verdict/xsoar';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { alertOf, freePort, labelledAlerts, names, openGate, openSoc, type Soc } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** The way back: what people said of an alert, with a service that is there and with one that is not. */

let soc: Soc;
let soar: VerdictClient;
let nowhere: string;

const params = { close_reason_mapping: 'False Positive=Drop\nResolved=Escalate' };

beforeAll(async () => {
  soc = await openSoc();
  soar = new VerdictClient({ baseUrl: soc.url, key: soc.key });
  nowhere = `http://127.0.0.1:${await freePort()}`;
});

afterAll(() => soc.close());

const send = (id: string, rule = 'scan 1') => soar.v1.sendAs(id, { job_id: soc.jobId, raw_body: alertOf(rule) });
const feedbackOf = async (id: string) => (await soc.admin.app.event(soc.jobId, id)).feedback;
const fieldsOf = (id: string): JsonObject => ({ verdicteventid: id, verdictjobid: String(soc.jobId) });
/** The incident of a job of XSOAR, in which Resend runs. */
const ofJob = () => soc.incident({}, { name: 'Resend' });

it('Test runs every command once: an untrained use case, and a trained one', async () => {
  const more = ['--job-id', String(soc.jobId)];
  const before = await soc.run('Test', ofJob(), { params, more });
  expect(before.trace).toMatchObject({ state: 'completed', problem: null });
  expect(before.context).toMatchObject({ Arcanna: { Event: { event_id: 'verdict-test', result: 'no_decision' } } });

  await soc.learn(labelledAlerts(60), 'rule.name');
  expect(await soc.shell.verdict(['jobs', 'train', 'Triage'])).toMatchObject({ status: 0 });
  const after = await soc.run('Test', ofJob(), { params, more });
  expect(after.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(after)).not.toContain('Fail the test');
  expect(after.context).toMatchObject({ Verdict: { CloseReason: { label: 'Drop' } } });
  const ran = after.trace.tasks.filter(({ name }) => /^(?!Done|Is everything)./.test(name)).length;
  expect(ran).toBeGreaterThanOrEqual(15);

  // Without its service it fails, and says so.
  const down = await soc.run('Test', ofJob(), { params, more, url: nowhere });
  expect(down.trace).toMatchObject({ state: 'failed', problem: expect.stringContaining('Fail the test') });
});

it('an answer at triage that an outage kept back is sent by Resend as it was given, under the name of who gave it', async () => {
  // The service goes away while the analyst is asked: what is sent before that arrives, the feedback does not.
  let alive = true;
  const gate = await openGate(
    () => soc.url,
    (call) => {
      alive &&= !call.includes('/feedback');
      return alive;
    },
  );
  const answers = { 'Ask the analyst': 'Escalate' };
  const triaged = await soc.triage(soc.incident(alertOf('scan 2')), { answers, url: gate.url });
  gate.close();
  expect(triaged.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(triaged)).toContain('Note that the feedback was not sent');
  const id = (triaged.incident.CustomFields as { verdicteventid: string }).verdicteventid;
  expect(triaged.incident.CustomFields).toMatchObject({
    verdictfeedback: expect.stringMatching(/^not sent: .*the answer was Escalate; because: /),
    verdictfeedbackuser: 'analyst',
  });
  expect(await feedbackOf(id)).toEqual([]);

  // Closed since, by a machine and for a reason that says something else; neither is what the analyst said.
  const waiting: JsonObject = { ...triaged.incident, status: 2, closingUserId: 'DBot', closeReason: 'False Positive' };
  const outage = await soc.run('Resend feedback', ofJob(), {
    params,
    url: nowhere,
    incidents: [waiting],
    answers: { 'See why feedback cannot be sent': 'seen' },
  });
  expect(outage.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(outage)).toContain('See why feedback cannot be sent');
  expect(outage.context).toMatchObject({ Verdict: { Resend: { sent: 0, failed: 1 } } });
  const verdictfeedback = expect.stringMatching(/^not sent, tried 1 time: .*the answer was Escalate; because: /);
  expect(outage.incidents).toEqual([
    { ...waiting, CustomFields: { ...(triaged.incident.CustomFields as JsonObject), verdictfeedback } },
  ]);

  const sent = await soc.run('Resend feedback', ofJob(), { params, incidents: outage.incidents! });
  expect(sent.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(sent)).not.toContain('See why feedback cannot be sent');
  expect(sent.context).toMatchObject({ Verdict: { Resend: { sent: 1, failed: 0 } } });
  expect(sent.incidents).toMatchObject([{ CustomFields: { verdictfeedback: 'Escalate', verdictfeedbackuser: 'analyst' } }]);
  const votes = await feedbackOf(id);
  expect(votes).toMatchObject([{ label: 'Escalate' }]);
  expect(JSON.stringify(votes)).toContain('analyst');

  const again = await soc.run('Resend feedback', ofJob(), { params, incidents: sent.incidents! });
  expect(again.context).toMatchObject({ Verdict: { Resend: { sent: 0, failed: 0 } } });
  expect(await feedbackOf(id)).toEqual(votes);
});

it.each(['playbook', 'script'])(
  'an analyst closes during an outage all the same, by the %s, and Resend brings it later',
  async (by) => {
    const closing = closingPlaybook(by, false);
    const id = `out-${by}`;
    await send(id);
    const closed = await soc.run(closing, closedIncident(id, 'ana'), { params, url: nowhere });
    expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
    expect(closed.incident).toMatchObject({
      status: 2,
      CustomFields: { verdictfeedback: expect.stringMatching(/^not sent: /), verdictfeedbackuser: 'ana' },
    });
    expect(await feedbackOf(id)).toEqual([]);

    const resent = await soc.run('Resend feedback', ofJob(), { params, incidents: [closed.incident] });
    expect(resent.trace).toMatchObject({ state: 'completed', problem: null });
    expect(resent.context).toMatchObject({ Verdict: { Resend: { sent: 1, failed: 0, skipped: 0 } } });
    expect(resent.incidents).toMatchObject([{ CustomFields: { verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' } }]);
    expect(JSON.stringify(await feedbackOf(id))).toMatch(/ana.*a known scanner|a known scanner.*ana/);
  },
);

it.each(['playbook', 'script'])('a close of a playbook is not sent by the %s, whatever name it stands under', async (by) => {
  const id = `own-${by}`;
  await send(id);
  for (const url of [nowhere, soc.url]) {
    const closed = await soc.run(closingPlaybook(by, true), closedIncident(id, 'ana'), { params, url });
    expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
    // Nothing is noted either, so that nothing is there to be sent later.
    expect(closed.incident.CustomFields).toEqual(fieldsOf(id));
  }
  expect(await feedbackOf(id)).toEqual([]);
});

it('Resend sends no close of a machine, and nothing of what is open', async () => {
  await send('machine');
  const noted = { ...fieldsOf('machine'), verdictfeedback: 'not sent: an outage' };
  const incident = { id: 'm-1', status: 2, closeReason: 'False Positive', closingUserId: 'DBot', CustomFields: noted };
  const incidents = [
    incident,
    { ...incident, id: 'm-2', closingUserId: '' },
    { ...incident, id: 'm-3', status: 1, closingUserId: 'ana' },
  ];
  const resent = await soc.run('Resend feedback', ofJob(), { params, incidents });
  expect(resent.trace).toMatchObject({ state: 'completed', problem: null });
  expect(resent.context).toMatchObject({ Verdict: { Resend: { sent: 0, failed: 0, skipped: 2 } } });
  const verdictfeedback = 'no label: no person closed the incident.';
  expect(resent.incidents).toEqual([
    ...incidents.slice(0, 2).map((one) => ({ ...one, CustomFields: { ...noted, verdictfeedback } })),
    incidents[2],
  ]);
  expect(await feedbackOf('machine')).toEqual([]);
});

it('the script of the close does the same in the War Room', async () => {
  await send('room-1');
  const closed = async (...urls: string[]) => {
    const argv = [
      'warroom',
      ...urls.flatMap((url, index) => ['--instance', `i${index}=${url},${soc.keyFile}`]),
      '--param',
      `close_reason_mapping=${params.close_reason_mapping}`,
      '--json',
    ];
    const lines = [`!incident load ${closedIncident('room-1', 'ana')}`, '!VerdictCloseFeedback', '!incident show'];
    const ran = await soc.shell.verdict(argv, { stdin: `${lines.join('\n')}\n` });
    expect(ran, ran.out).toMatchObject({ status: 0 });
    const shown = ran.out.split('\n').map((line) => (line === '' ? {} : (JSON.parse(line) as { value?: JsonObject })));
    return shown.find(({ value }) => typeof value === 'object' && value !== null && 'CustomFields' in value)?.value;
  };
  expect(await closed(nowhere)).toMatchObject({
    CustomFields: { verdictfeedback: expect.stringMatching(/^not sent: .*cannot be reached/), verdictfeedbackuser: 'ana' },
  });
  expect(await feedbackOf('room-1')).toEqual([]);
  // With one of two instances out of reach it is kept for later, though the other took it.
  expect(await closed(nowhere, soc.url)).toMatchObject({
    CustomFields: { verdictfeedback: expect.stringMatching(/^not sent: .*cannot be reached/) },
  });
  expect(await closed(soc.url)).toMatchObject({ CustomFields: { verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' } });
  expect(JSON.stringify(await feedbackOf('room-1'))).toMatch(/ana.*a known scanner|a known scanner.*ana/);
});

it('the mark of a playbook stands for its own close: what an analyst says after the incident was opened again is sent', async () => {
  await send('reopened-1');
  const byPlaybook = closedIncident('reopened-1', 'ana');
  const byAnalyst = soc.incident(alertOf('scan 1'), {
    id: 'reopened',
    status: 2,
    closeReason: 'Resolved',
    closeNotes: 'it was real',
    closingUserId: 'ana',
    CustomFields: fieldsOf('reopened-1'),
  });
  const argv = [
    'warroom',
    '--instance',
    `one=${soc.url},${soc.keyFile}`,
    '--param',
    `close_reason_mapping=${params.close_reason_mapping}`,
  ];
  const room = async (lines: string[]) => {
    const ran = await soc.shell.verdict(argv, { stdin: `${lines.join('\n')}\n` });
    expect(ran, ran.out).toMatchObject({ status: 0 });
    return ran.out;
  };
  const marked = [`!incident load ${byPlaybook}`, '!Set key=Verdict.ClosedBy value="Verdict - Triage"', '!VerdictCloseFeedback'];
  // The same close seen twice is still the playbook's.
  expect((await room([...marked, '!VerdictCloseFeedback'])).match(/closed the incident, not a person/g)).toHaveLength(2);
  expect(await feedbackOf('reopened-1')).toEqual([]);
  await room([...marked, `!incident load ${byAnalyst}`, '!VerdictCloseFeedback']);
  expect(await feedbackOf('reopened-1')).toMatchObject([{ label: 'Escalate' }]);
});

it('a close that the mapping names wrongly is not sent, and stays noted', async () => {
  await send('wrong-1');
  const incident = closedIncident('wrong-1', 'ana');
  const answer = await soc.run('Close feedback', incident, { params: { close_reason_mapping: 'False Positive=Harmless' } });
  expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(answer)).toContain('Note that it was not sent');
  expect(await feedbackOf('wrong-1')).toEqual([]);

  // With the mapping mended it is sent, under the name and with the notes of who closed, whoever else closed it since.
  const closedSince = { ...answer.incident, status: 2, closingUserId: 'DBot', closeNotes: 'by the machine' };
  const resent = await soc.run('Resend feedback', ofJob(), { params, incidents: [closedSince] });
  expect(resent.context).toMatchObject({ Verdict: { Resend: { sent: 1, failed: 0 } } });
  expect(JSON.stringify(await feedbackOf('wrong-1'))).toMatch(/Drop.*ana.*a known scanner|Drop.*a known scanner.*ana/);
});

it('a playbook with a context of its own is told that a playbook closed', async () => {
  await send('own-1');
  const own = await soc.run('Close feedback', closedIncident('own-1', 'soc-automation'), {
    params,
    inputs: { closed_by: 'Verdict - Triage' },
  });
  expect(own.trace).toMatchObject({ state: 'completed', problem: null });
  expect(await feedbackOf('own-1')).toEqual([]);
});

it('Resend says what of its query is not understood, with the name of the task', async () => {
  const answer = await soc.run('Resend feedback', ofJob(), { params, inputs: { query: 'closed yesterday' }, incidents: [] });
  expect(answer.trace).toMatchObject({
    state: 'failed',
    problem: expect.stringMatching(/^task "1" \(Send what was not sent\) failed: the search closed yesterday is not understood/),
  });
});

/** An incident as XSOAR has it after a person, or a machine, closed it. */
function closedIncident(id: string, closingUserId: string): string {
  const close = { status: 2, closeReason: 'False Positive', closeNotes: 'a known scanner', closingUserId };
  return soc.incident(alertOf('scan 1'), { ...close, CustomFields: fieldsOf(id) });
}

/**
 * A customer's playbook that tells Verdict of a close, by our playbook or by the script that incident types run after a close.
 * @param own whether a playbook closed, which says so in the context as Triage does.
 */
function closingPlaybook(by: string, own: boolean): string {
  const task = (id: string, type: string, what: JsonObject, next: string[], given: Record<string, string> = {}) => ({
    id,
    taskid: `00000000-0000-4000-8000-00000000000${id}`,
    type,
    task: {
      id: `00000000-0000-4000-8000-00000000000${id}`,
      version: -1,
      name: `Step ${id}`,
      type,
      iscommand: false,
      brand: '',
      ...what,
    },
    nexttasks: next.length === 0 ? {} : { '#none#': next },
    scriptarguments: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, { simple: value }])),
    separatecontext: false,
  });
  const tell =
    by === 'script'
      ? task('2', 'regular', { scriptName: 'VerdictCloseFeedback' }, [])
      : task('2', 'playbook', { playbookName: 'Verdict - Close feedback' }, []);
  const mark = { key: 'Verdict.ClosedBy', value: 'Verdict - Triage' };
  const playbook = {
    id: 'Closing',
    version: -1,
    name: 'Closing',
    starttaskid: '0',
    tasks: {
      0: task('0', 'start', {}, [own ? '1' : '2']),
      ...(own && { 1: task('1', 'regular', { scriptName: 'Set' }, ['2'], mark) }),
      2: tell,
    },
    inputs: [],
    outputs: [],
  };
  return soc.write(`closing-${by}-${own}.yml`, playbook);
}
