import type { JsonObject } from '@verdict/xsoar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { alertOf, branchOf, names, openGate, openRecorder, openSocApart, type SocApart } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

/** Playbooks against a service that refuses, fails, or is killed while they ask it. */

const BY_HAND = { 'Review the incident by hand': 'done' };
const LOOK = { 'Look at the training in Verdict': 'looked' };

let soc: SocApart;

beforeAll(async () => {
  soc = await openSocApart();
});

afterAll(() => soc.close());

const retrain = (inputs: Readonly<Record<string, number>>, url?: string) =>
  soc.run('Retrain', soc.incident({}, { name: 'Nightly' }), {
    inputs: { job_id: soc.jobId, ...inputs },
    answers: LOOK,
    ...(url !== undefined && { url }),
  });

describe('Triage', () => {
  it('goes to a person where the alert is refused, with what the service or the script said', async () => {
    const notJson = await soc.triage(soc.incident({}, { rawJSON: 'not JSON' }), { answers: BY_HAND });
    expect(notJson.trace).toMatchObject({ state: 'completed', problem: null });
    const sent = notJson.trace.tasks.find(({ name }) => name === 'Send the alert to Verdict');
    expect(sent).toMatchObject({ branch: '#error#', error: expect.stringMatching(/event_json must be a JSON object/) });
    expect(names(notJson)).toEqual(expect.arrayContaining(['Note that the alert was not sent', 'Review the incident by hand']));
    expect(notJson.incident).toMatchObject({ status: 1, owner: 'analyst' });

    const noSuch = await soc.triage(soc.incident(alertOf('scan 1')), { inputs: { job_id: 999_999 }, answers: BY_HAND });
    const refused = noSuch.trace.tasks.find(({ name }) => name === 'Send the alert to Verdict');
    expect(refused).toMatchObject({ branch: '#error#', error: expect.stringContaining('999999') });
    expect(names(noSuch)).toContain('Review the incident by hand');

    const empty = await soc.triage(soc.incident({}, { rawJSON: '' }), { answers: BY_HAND });
    expect(names(empty)).toEqual(expect.arrayContaining(['Note that there is no alert', 'Review the incident by hand']));
  });

  it('goes to a person where the service is killed while it is asked, and the alert is not lost', async () => {
    const { jobId } = soc;
    const gate = await openGate(
      () => soc.url,
      async (call) => {
        // The first question after the alert: nobody is left to answer it.
        if (call === `GET /api/v1/events/${jobId}/killed-1`) await soc.kill();
        return true;
      },
    );
    const inputs = { event_id: 'killed-1', auto_close: 'true' };
    const killed = await soc.triage(soc.incident(alertOf('scan 1')), { inputs, answers: BY_HAND, url: gate.url });
    gate.close();
    expect(killed.trace).toMatchObject({ state: 'completed', problem: null });
    const asked = killed.trace.tasks.find(({ name }) => name === 'Ask for the decision');
    expect(asked).toMatchObject({ branch: '#error#', error: expect.stringContaining('cannot be reached') });
    expect(names(killed)).toEqual(expect.arrayContaining(['Note that Verdict did not answer', 'Review the incident by hand']));
    expect(killed.incident).toMatchObject({ status: 1, owner: 'analyst', CustomFields: { verdicteventid: 'killed-1' } });

    await soc.start();
    const again = await soc.triage(soc.incident(alertOf('scan 1')), { inputs, answers: { 'Ask the analyst': 'Drop' } });
    expect(again.trace).toMatchObject({ state: 'completed', problem: null });
    expect((await soc.admin.app.event(jobId, 'killed-1')).feedback).toMatchObject([{ label: 'Drop' }]);
    expect((await soc.admin.app.job(jobId)).events).toBe(1);
  });

  it('asks with the labels of the use case; another one reaches the service neither as an answer nor as a command', async () => {
    const { jobId } = soc;
    const before = (await soc.admin.app.job(jobId)).events_with_feedback;
    const gate = await openRecorder(() => soc.url);
    const other = await soc.triage(soc.incident(alertOf('scan 2')), {
      answers: { 'Ask the analyst': 'Harmless' },
      url: gate.url,
    });
    expect(other.trace).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('"Harmless" is none of Escalate, Drop'),
    });
    for (const label of ['Harmless', 'class_99']) {
      const line = `!arcanna-send-event-feedback event_id=killed-1 job_id=${jobId} username=ana feedback=${label}`;
      const typed = await soc.shell.verdict(['warroom', '--instance', `one=${gate.url},${soc.keyFile}`], { stdin: `${line}\n` });
      const out = expect.stringMatching(new RegExp(`“${label}” is not a label .* Nothing was sent\\.`));
      expect(typed).toMatchObject({ status: 1, out });
    }
    gate.close();
    expect(gate.calls.filter((call) => call.includes('/feedback'))).toEqual([]);
    expect((await soc.admin.app.job(jobId)).events_with_feedback).toBe(before);
  });
});

describe('Retrain', () => {
  it.each([
    ['no decision points are chosen', [], /^Choose decision points first/],
    ['the labels are too few', ['rule.name'], /label/],
  ])('goes to a person where the training cannot start: %s', async (_, points, why) => {
    if (points.length > 0) await soc.admin.app.changeJob(soc.jobId, { decision_points: points });
    const answer = await retrain({ poll_interval: 0.01 });
    expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
    expect(branchOf(answer, 'Did it start?')).toBe('#default#');
    expect(answer.context).toMatchObject({ Arcanna: { Train: { status: 'ERROR', error_message: expect.stringMatching(why) } } });
    expect(names(answer)).toContain('Look at the training in Verdict');
    expect(names(answer)).not.toContain('GenericPolling');
  });

  it('goes to a person where the training takes longer than poll_timeout', async () => {
    await soc.learn(spread(1_000), 'rule.name,user,bytes,command');
    const answer = await retrain({ poll_interval: 1, poll_timeout: 0.001 });
    expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
    const polling = answer.trace.tasks.find(({ name }) => name === 'GenericPolling');
    expect(polling?.output).toBe(`Timed out after 1 round; still pending: ${soc.jobId}.`);
    expect(answer.context).toMatchObject({ Verdict: { Job: { retrain_state: 'RETRAIN_STARTED' } } });
    expect(names(answer)).toContain('Look at the training in Verdict');
    await vi.waitFor(async () => expect((await soc.admin.app.job(soc.jobId)).training.state).toBe('RETRAIN_FINISHED'), {
      timeout: 120_000,
      interval: 250,
    });
  });

  it('goes to a person where the training fails; the model before goes on deciding', async () => {
    const { jobId, admin } = soc;
    const model = (await admin.app.job(jobId)).active_model_id;
    expect(model).not.toBeNull();
    // A new label, so that there is something to train on.
    await admin.app.vote(jobId, 'killed-1', { label: 'Escalate' });
    // What crashes the service twice is not tried a third time. Polls wait at the gate meanwhile.
    let started = false;
    let failed: Promise<void> | undefined;
    const gate = await openGate(
      () => soc.url,
      async (call) => {
        if (call.includes('/train')) started = true;
        else if (started) {
          failed ??= crashTwice();
          await failed;
        }
        return true;
      },
    );
    const answer = await retrain({ poll_interval: 0.01 }, gate.url);
    gate.close();
    expect(answer.trace).toMatchObject({ state: 'completed', problem: null });
    expect(branchOf(answer, 'Did it start?')).toBe('yes');
    expect(branchOf(answer, 'Did it finish?')).toBe('#default#');
    expect(answer.context).toMatchObject({ Verdict: { Job: { retrain_state: 'RETRAIN_FAILED' } } });
    expect(names(answer)).toContain('Look at the training in Verdict');
    expect((await admin.app.job(jobId)).active_model_id).toBe(model);
    const decided = await soc.triage(soc.incident(spread(2)[1]!.event), { answers: { 'Ask the analyst': 'Drop' } });
    expect(decided.context).toMatchObject({ Arcanna: { Event: { result_label: 'Drop' } } });
  });
});

async function crashTwice(): Promise<void> {
  for (let crash = 0; crash < 2; crash += 1) {
    await trainingIs('running');
    await soc.kill();
    await soc.start();
  }
  await trainingIs('failed');
}

function trainingIs(state: string): Promise<void> {
  return vi.waitFor(
    async () => {
      const [newest] = (await soc.admin.app.tasks({ job_id: soc.jobId })).filter(({ kind }) => kind === 'train');
      expect(newest?.state).toBe(state);
    },
    { timeout: 60_000, interval: 20 },
  );
}

/** Alerts that are hardly alike, so that learning them takes its time. */
function spread(count: number): { event: JsonObject; label: string }[] {
  return Array.from({ length: count }, (_, n) => {
    const beacon = n % 3 === 0;
    const event = {
      rule: { name: beacon ? `Beacon to rare domain ${n % 40}` : `Port scan ${n % 50}` },
      user: `user${n % 230}`,
      bytes: 500 + ((n * 7919) % 40_000),
      command: beacon ? `beacon c2 ${n % 90} --sleep ${n}` : `scan net ${n % 110} --port ${n}`,
    };
    return { event, label: beacon ? 'Escalate' : 'Drop' };
  });
}
