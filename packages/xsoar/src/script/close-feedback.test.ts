import type { Running } from '@verdict/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptThread } from './testing/scripts.ts';
import { type ServedScripts, serveScripts } from './testing/service.ts';

let served: ServedScripts;
let running: Running;
let xsoar: ScriptThread;
let instance: ServedScripts['instance'];

beforeAll(async () => {
  served = await serveScripts();
  ({ running, xsoar, instance } = served);
});

afterAll(() => served.close());

describe('an analyst’s close', () => {
  let jobId: number;
  let incident: Record<string, unknown>;
  beforeAll(async () => {
    jobId = await served.newJob('Closed');
    await xsoar.entry('arcanna-send-event', { event_json: { user: 'x' }, title: 'x', id_value: 'closed-1', job_id: jobId });
    incident = {
      id: '77',
      closeReason: 'False Positive',
      closeNotes: 'known scanner',
      closingUserId: 'ana',
      CustomFields: { verdicteventid: 'closed-1', verdictjobid: String(jobId) },
    };
  });
  const close = (more: object = {}, context: object = {}, params: object = instance()) =>
    xsoar.run({
      script: 'VerdictCloseFeedback',
      incident: { ...incident, ...more },
      context: { ...context },
      params: { ...params },
    });

  it('is feedback under the analyst’s name, with the notes', async () => {
    const { noted, thrown } = await close();
    expect(thrown).toBeUndefined();
    expect(noted).toEqual([{ verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' }]);
    const votes = await running.services.feedback.history(jobId, 'closed-1');
    expect(JSON.stringify(votes)).toContain('known scanner');
  });

  it('takes what the form says before what the incident says, unless it is empty', async () => {
    const { noted } = await xsoar.run({
      script: 'VerdictCloseFeedback',
      incident,
      args: { closeReason: 'Resolved', closingUserId: '' },
    });
    expect(noted).toEqual([{ verdictfeedback: 'Escalate', verdictfeedbackuser: 'ana' }]);
  });

  it('is found by the event in the context too', async () => {
    const { noted } = await close({ CustomFields: {} }, { Arcanna: { Event: [{ event_id: 'closed-1', job_id: jobId }] } });
    expect(noted).toEqual([{ verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' }]);
  });

  it('is nothing where no person closed, the reason is not mapped, or the incident is no event', async () => {
    for (const [more, context, why] of [
      [{ closingUserId: '' }, {}, 'no person closed'],
      [{ closingUserId: 'DBot' }, {}, 'no person closed'],
      [{}, { Verdict: { ClosedBy: 'Verdict - Triage' } }, 'closed the incident, not a person'],
      [{ closeReason: 'Duplicate' }, {}, '“Duplicate” is not mapped'],
      [{ closeReason: '' }, {}, 'no close reason'],
      [{ CustomFields: {} }, {}, 'no event'],
    ] as const) {
      const { noted, result } = await close(more, context);
      expect(noted).toEqual([]);
      expect(JSON.stringify(result)).toContain(why);
    }
  });

  it('is never stopped by an outage, and sent later', async () => {
    const { noted, thrown, result } = await close({}, {}, instance({ url: 'http://127.0.0.1:1' }));
    expect(thrown).toBeUndefined();
    expect(result).toMatchObject({ Type: 1, HumanReadable: expect.stringMatching(/^\*\*Warning\.\*\* /) });
    expect(noted).toEqual([
      { verdictfeedback: expect.stringMatching(/^not sent: .*cannot be reached/), verdictfeedbackuser: 'ana' },
    ]);
    const waiting = { ...incident, CustomFields: { ...(incident.CustomFields as object), ...noted[0] } };
    const fine = { ...incident, id: '78', CustomFields: { verdictfeedback: 'Drop' } };
    const lost = {
      ...incident,
      id: '79',
      CustomFields: { verdicteventid: 'lost', verdictjobid: String(jobId), verdictfeedback: 'not sent: x' },
    };
    const resend = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q' }, found: [waiting, fine, lost] });
    expect(resend.result).toMatchObject({ EntryContext: { 'Verdict.Resend(true)': { sent: 1, failed: 1, skipped: 0 } } });
    expect(resend.noted).toEqual([
      { id: '77', verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' },
      { id: '79', verdictfeedback: expect.stringMatching(/^not sent, tried 1 time: /) },
    ]);
  });

  it('resends an answer as it was given, whatever the incident was closed with since, and nothing that no person said', async () => {
    const noted = (verdictfeedback: string, verdictfeedbackuser: string) => ({
      CustomFields: { ...(incident.CustomFields as object), verdictfeedback, verdictfeedbackuser },
    });
    const answered = { ...incident, ...noted('not sent: x; the answer was Escalate', 'ben'), closeReason: 'False Positive' };
    const byPlaybook = { ...answered, id: '80', closingUserId: 'DBot' };
    const byMachine = { ...incident, ...noted('not sent: x', 'ben'), id: '81', closingUserId: 'DBot' };
    const before = (await running.services.feedback.history(jobId, 'closed-1')).length;
    const found = [answered, byPlaybook, byMachine];
    const resend = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q' }, found });
    expect(resend.result).toMatchObject({ EntryContext: { 'Verdict.Resend(true)': { sent: 2, failed: 0, skipped: 1 } } });
    expect(resend.noted).toEqual([
      ...['77', '80'].map((id) => ({ id, verdictfeedback: 'Escalate', verdictfeedbackuser: 'ben' })),
      { id: '81', verdictfeedback: 'no label: no person closed the incident.' },
    ]);
    // The same person saying the same again is one vote.
    const votes = await running.services.feedback.history(jobId, 'closed-1');
    expect(votes.length).toBe(before + 1);
    expect(votes.filter((vote) => JSON.stringify(vote).includes('ben')).length).toBe(1);

    // An outage must not make it forget the answer.
    const params = instance({ url: 'http://127.0.0.1:1' });
    const failed = await xsoar.run({
      script: 'VerdictResendFeedback',
      args: { query: 'q' },
      found: [answered],
      params: { ...params },
    });
    expect(failed.result).toMatchObject({ EntryContext: { 'Verdict.Resend(true)': { sent: 0, failed: 1 } } });
    expect(failed.noted).toEqual([{ id: '77', verdictfeedback: 'not sent, tried 1 time: x; the answer was Escalate' }]);
    const again = { ...answered, CustomFields: { ...answered.CustomFields, ...failed.noted[0] } };
    const later = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q' }, found: [again] });
    expect(later.noted).toEqual([{ id: '77', verdictfeedback: 'Escalate', verdictfeedbackuser: 'ben' }]);
  });

  it('sends a waiting answer with what its analyst wrote, never with the notes of the close, and before the close of somebody else', async () => {
    const verdictfeedback = 'not sent: x; the answer was Escalate; because: odd hour; again';
    const CustomFields = { ...(incident.CustomFields as object), verdictfeedback, verdictfeedbackuser: 'eva' };
    const closed = await close({ CustomFields, closingUserId: 'fay' });
    expect(closed.noted).toEqual([{ verdictfeedback: 'Drop', verdictfeedbackuser: 'fay' }]);
    const votes = JSON.parse(JSON.stringify(await running.services.feedback.history(jobId, 'closed-1'))) as object[];
    const of = (name: string) => JSON.stringify(votes.filter((vote) => JSON.stringify(vote).includes(`"${name}"`)));
    expect(of('eva')).toContain('odd hour; again');
    expect(of('eva')).not.toContain('known scanner');
    expect(of('fay')).toContain('known scanner');

    // The outage goes on: the answer stays, whoever closes.
    const down = instance({ url: 'http://127.0.0.1:1' });
    expect((await close({ CustomFields, closingUserId: 'fay' }, {}, down)).noted).toEqual([]);
  });

  it('resends what was tried least, also beyond the limit and the first page, so that what always fails keeps no place', async () => {
    const waits = (id: string, eventId: string, verdictfeedback: string) => ({
      ...incident,
      id,
      CustomFields: { verdicteventid: eventId, verdictjobid: String(jobId), verdictfeedback, verdictfeedbackuser: 'hal' },
    });
    const lost = Array.from({ length: 120 }, (_, n) => waits(`lost-${n}`, 'lost', `not sent, tried ${n + 1} times: x`));
    const found = [...lost, waits('fine', 'closed-1', 'not sent: x')];
    const resend = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q', limit: 2 }, found });
    expect(resend.result).toMatchObject({ EntryContext: { 'Verdict.Resend(true)': { sent: 1, failed: 1, skipped: 0 } } });
    expect(resend.noted).toEqual([
      { id: 'fine', verdictfeedback: 'Drop', verdictfeedbackuser: 'ana' },
      { id: 'lost-0', verdictfeedback: expect.stringMatching(/^not sent, tried 2 times: /) },
    ]);
  });

  it('resends an answer of which XSOAR did not say who gave it, under no name of a person', async () => {
    const CustomFields = { ...(incident.CustomFields as object), verdictfeedback: 'not sent: x; the answer was Escalate' };
    const found = [{ ...incident, closingUserId: 'DBot', CustomFields }];
    const resend = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q' }, found });
    expect(resend.noted).toEqual([{ id: '77', verdictfeedback: 'Escalate', verdictfeedbackuser: 'unknown analyst' }]);
  });

  it('notes with what an outage kept which event it was, where only the context knew', async () => {
    const context = { Arcanna: { Event: [{ event_id: 'closed-1', job_id: jobId }] } };
    const { noted } = await close({ CustomFields: {} }, context, instance({ url: 'http://127.0.0.1:1' }));
    expect(noted).toEqual([
      {
        verdictfeedback: expect.stringMatching(/^not sent: /),
        verdictfeedbackuser: 'ana',
        verdicteventid: 'closed-1',
        verdictjobid: String(jobId),
      },
    ]);
  });

  it('takes the user as other versions write it, and resends the others where one incident cannot be read', async () => {
    const { noted } = await close({ closingUserId: '', ClosingUserId: 'gil' });
    expect(noted).toEqual([{ verdictfeedback: 'Drop', verdictfeedbackuser: 'gil' }]);
    const waits = (id: string, more: object) => ({
      ...incident,
      id,
      CustomFields: { ...(incident.CustomFields as object), verdictfeedback: 'not sent: x', ...more },
    });
    const found = [waits('90', { verdicteventid: ['a', 'b'] }), waits('91', {})];
    const resend = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q' }, found });
    expect(resend.result).toMatchObject({ EntryContext: { 'Verdict.Resend(true)': { sent: 1, failed: 1, skipped: 0 } } });
  });

  it('is not tried for all that wait where the service is out of reach', async () => {
    const CustomFields = { verdicteventid: 'closed-1', verdictjobid: String(jobId), verdictfeedback: 'not sent: x' };
    const found = Array.from({ length: 130 }, (_, n) => ({ ...incident, id: `wait-${n}`, CustomFields }));
    const params = { ...instance({ url: 'http://127.0.0.1:1' }) };
    const down = await xsoar.run({ script: 'VerdictResendFeedback', args: { query: 'q', limit: '120' }, found, params });
    expect(down.result).toMatchObject({
      HumanReadable: expect.stringContaining('129 more wait for the next run.'),
      EntryContext: { 'Verdict.Resend(true)': { sent: 0, failed: 1, left: 129 } },
    });
  });
});
