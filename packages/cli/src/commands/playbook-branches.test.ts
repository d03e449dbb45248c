// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import { VerdictClient } from '@verdict/client';
import type { JsonObject } from '@verdict/xsoar';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  alertOf,
  branchOf,
  freePort,
  labelledAlerts,
  names,
  openGate,
  openGuardOfDrop,
  openSoc,
  type Soc,
} from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Our playbooks against a trained service, in the branches that need something special of it. */

let soc: Soc;

beforeAll(async () => {
  soc = await openSoc({ audit_rate: 1 });
  await soc.learn(labelledAlerts(300), 'rule.name');
});

afterAll(() => soc.close());

it('Retrain starts a training, waits for it and comes to its end', async () => {
  const inputs = { job_id: soc.jobId, poll_interval: 0.02 };
  const answer = await soc.run('Retrain', soc.incident(alertOf('scan 1')), { inputs });
  expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(answer)).not.toContain('Look at the training in Verdict');
  expect((await soc.admin.app.job(soc.jobId)).active_model_id).not.toBeNull();
});

it('Triage closes a Drop by itself once audits have opened the guard, and only where the input says so', async () => {
  await openGuardOfDrop(
    soc,
    Array.from({ length: 40 }, (_, n) => alertOf(`scan ${n % 5}`)),
  );
  const inputs = { auto_close: 'true' };
  const closed = await soc.triage(soc.incident(alertOf('scan 1')), { inputs });
  expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(closed)).toContain('Close the incident');
  expect(closed.incident).toMatchObject({ status: 2, closeReason: 'False Positive' });
  expect(closed.context).toMatchObject({
    Arcanna: { Event: { automation: 'allowed' } },
    Verdict: { ClosedBy: 'Verdict - Triage' },
  });

  const asked = await soc.triage(soc.incident(alertOf('scan 1')), { answers: { 'Ask the analyst': 'Drop' } });
  expect(names(asked)).not.toContain('Close the incident');
  const escalated = await soc.triage(soc.incident(alertOf('beacon 0')), { inputs, answers: { 'Ask the analyst': 'Escalate' } });
  expect(names(escalated)).toContain('Assign the escalated incident');
  expect(escalated.incident).toMatchObject({ status: 1 });
});

it('Triage that is run again after a failure says no more that it failed', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const answers = { 'Review the incident by hand': 'done', 'Ask the analyst': 'Drop' };
  const failed = await soc.triage(soc.incident(alertOf('scan 1')), { answers, url: nowhere });
  expect(failed.incident).toMatchObject({ CustomFields: { verdicterrormessage: expect.stringContaining('not sent') } });
  const again = await soc.triage(soc.write('again.json', failed.incident), { answers });
  expect(again.trace).toMatchObject({ state: 'completed', problem: null });
  expect(again.incident).toMatchObject({ CustomFields: { verdicterrormessage: '', verdictdecision: 'Drop' } });
});

it('Close feedback sends an analyst’s close, by name and with the notes, and nothing of a machine or of a reason that is not mapped', async () => {
  const { admin, jobId } = soc;
  const params = { close_reason_mapping: 'False Positive=Drop' };
  const soar = new VerdictClient({ baseUrl: soc.url, key: soc.key });
  await soar.v1.sendAs('closed-1', { job_id: jobId, raw_body: alertOf('closed by ana') });
  const close = (more: JsonObject) =>
    soc.incident(alertOf('closed'), {
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
    const answer = await soc.run('Close feedback', nothing, { params });
    expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
    expect(await votes()).toEqual([]);
  }
  const sent = await soc.run('Close feedback', close({ closingUserId: 'ana', closeReason: 'False Positive' }), { params });
  expect(sent.trace).toMatchObject({ state: 'completed', problem: null });
  expect(sent.incident).toMatchObject({ CustomFields: { verdictfeedback: 'Drop' } });
  expect(JSON.stringify(await votes())).toMatch(/"ana.*a backup|a backup.*"ana/);
});

it('Triage goes to a person where Verdict is not sure enough, and where its labels cannot be had', async () => {
  const inputs = { auto_close: 'true', min_confidence: 100.1 };
  const low = await soc.triage(soc.incident(alertOf('scan 1')), { inputs, answers: { 'Ask the analyst': 'Drop' } });
  expect(low.trace).toMatchObject({ state: 'completed', problem: null });
  expect(branchOf(low, 'Is it ordinary, and is Verdict sure?')).toBe('#default#');
  expect(low.context).toMatchObject({ Arcanna: { Event: { result_label: 'Drop', automation: 'allowed' } } });
  expect(low.incident).toMatchObject({ status: 1, owner: 'analyst', CustomFields: { verdictfeedback: 'Drop' } });

  const gate = await openGate(
    () => soc.url,
    (call) => !call.includes('/labels'),
  );
  const answers = { 'Review the incident by hand': 'done' };
  const incident = soc.incident(alertOf('beacon 1'), { id: 'no-labels' });
  const without = await soc.triage(incident, { answers, url: gate.url });
  gate.close();
  expect(without.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(without)).toEqual(expect.arrayContaining(['Note that the labels are not known', 'Review the incident by hand']));
  expect(without.incident).toMatchObject({
    status: 1,
    owner: 'analyst',
    CustomFields: { verdicterrormessage: 'Verdict was not asked for its labels: the War Room says why.' },
  });
  expect((await soc.admin.app.event(soc.jobId, 'no-labels')).feedback).toEqual([]);

  // When it goes well later, the error of before stands there no more.
  const later = await soc.triage(soc.write('later.json', without.incident), { answers: { 'Ask the analyst': 'Escalate' } });
  expect(later.incident).toMatchObject({ CustomFields: { verdicterrormessage: '', verdictfeedback: 'Escalate' } });
});

it('labels asked for before there is an event become part of it', async () => {
  const text = JSON.stringify(alertOf('scan 1'));
  const lines = [
    `!arcanna-get-decision-set job_id=${soc.jobId}`,
    `!arcanna-get-decision-set job_id=${soc.jobId}`,
    `!arcanna-send-event job_id=${soc.jobId} title=A event_json=\`${text}\` id_value=labels-first`,
    '!arcanna-get-event-status event_id=${Arcanna.Event.event_id} job_id=${Arcanna.Event.job_id}',
    '!arcanna-get-decision-set job_id=${Arcanna.Event.job_id}',
  ];
  const ran = await soc.shell.verdict(['warroom', '--instance', `one=${soc.url},${soc.keyFile}`, '--json'], {
    stdin: `${lines.join('\n')}\n`,
  });
  expect(ran, ran.out).toMatchObject({ status: 0 });
  const said = ran.out.split('\n').map((line) => (line === '' ? {} : (JSON.parse(line) as { context?: JsonObject })));
  expect(said.findLast(({ context }) => context !== undefined)?.context).toMatchObject({
    Arcanna: { Event: { event_id: 'labels-first', job_id: soc.jobId, decision_set: ['Escalate', 'Drop'], result_label: 'Drop' } },
  });
});

it('Triage goes to a person where the use case is stopped, and where the service goes away on the way', async () => {
  const { admin, jobId } = soc;
  const answers = { 'Review the incident by hand': 'done' };
  await admin.app.stopJob(jobId);
  const stopped = await soc.triage(soc.incident(alertOf('scan 1')), { answers });
  expect(stopped.trace.state).toBe('completed');
  expect(names(stopped)).toEqual(expect.arrayContaining(['Note that the alert was not sent', 'Review the incident by hand']));
  await admin.app.startJob(jobId);

  // The alert arrives, then nothing answers any more.
  const gate = await openGate(
    () => soc.url,
    (_, before) => before < 1,
  );
  const gone = await soc.triage(soc.incident(alertOf('scan 1')), { answers, url: gate.url });
  gate.close();
  expect(gone.trace.state).toBe('completed');
  expect(names(gone)).toEqual(expect.arrayContaining(['Note that Verdict did not answer', 'Review the incident by hand']));
  expect(gone.incident).toMatchObject({ status: 1 });
});

it('Triage goes to a person where a decision takes longer than poll_timeout', async () => {
  const { admin, jobId } = soc;
  const slow = 'function transform(r) { if (r.slow) { const end = Date.now() + 5000; while (Date.now() < end); } return r }';
  const step = { source_code: slow, input_test: {}, job_id: jobId, title: 'Slow' };
  const limits = { cpu_time_limit_seconds: 10 };
  const saved = await admin.v2.saveCodeStep({ ...step, settings: { limits } });
  expect(saved.stderr).toBe('');
  // The steps of one event run after those of the other: what comes now waits for longer than this test may take.
  const soar = new VerdictClient({ baseUrl: soc.url, key: soc.key });
  await soar.v1.bulk(
    jobId,
    Array.from({ length: 60 }, (_, n) => ({ title: 'Before', raw_body: { slow: true, n } })),
  );
  // Beside one that knows nothing of the event, and is not to be asked.
  const other = await openGate(
    () => soc.url,
    () => false,
  );
  const inputs = { poll_interval: 0.01, poll_timeout: 0.02, instance: 'one' };
  const late = await soc.triage(soc.incident({ ...alertOf('scan 1'), slow: true }), {
    inputs,
    more: ['--instance', `two=${other.url},${soc.keyFile}`],
    answers: { 'Ask the analyst': 'Drop' },
  });
  other.close();
  expect(late.trace).toMatchObject({ state: 'completed', problem: null });
  expect(branchOf(late, 'Is it still pending?')).toBe('yes');
  const polling = late.trace.tasks.find(({ name }) => name === 'GenericPolling');
  expect(polling?.output).toMatch(/^Timed out after \d+ rounds?; still pending: inc-/);
  expect(names(late)).toEqual(
    expect.arrayContaining(['Note that there is no decision', 'Assign an analyst to decide', 'Ask the analyst']),
  );
  expect(late.incident).toMatchObject({
    status: 1,
    owner: 'analyst',
    CustomFields: { verdicterrormessage: expect.stringContaining('status pending_inference'), verdictfeedback: 'Drop' },
  });

  // A command that asks to be run again gives up by itself, with what there is.
  const slowAlert = JSON.stringify({ ...alertOf('scan 1'), slow: true });
  const lines = [
    `!arcanna-send-event job_id=${jobId} title=Slow event_json=\`${slowAlert}\` id_value=slow-1`,
    `!arcanna-get-event-status event_id=slow-1 job_id=${jobId} polling=true interval=1 timeout=2`,
  ];
  const typed = await soc.shell.verdict(['warroom', '--instance', `one=${soc.url},${soc.keyFile}`, '--json'], {
    stdin: `${lines.join('\n')}\n`,
  });
  expect(typed, typed.out).toMatchObject({ status: 0 });
  const [, asked] = typed.out.split('\n').map((line) => (line === '' ? {} : JSON.parse(line)));
  expect(asked).toMatchObject({ entries: [{ Contents: { event_id: 'slow-1', status: 'pending_inference' } }] });
});
