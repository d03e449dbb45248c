import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { alertOf, labelledAlerts, names, openGuardOfDrop, openRecorder, openSoc, type Soc } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Triage where XSOAR has several instances of Verdict: one would close what the other would not. */

let closes: Soc;
let other: Soc;

beforeAll(async () => {
  closes = await openSoc({ audit_rate: 1 });
  other = await openSoc();
  await closes.learn(labelledAlerts(300), 'rule.name');
  expect(await closes.shell.verdict(['jobs', 'train', 'Triage'])).toMatchObject({ status: 0 });
  await openGuardOfDrop(
    closes,
    Array.from({ length: 40 }, (_, n) => alertOf(`scan ${n % 5}`)),
  );
});

afterAll(async () => {
  await closes.close();
  await other.close();
});

it('without a name it goes to a person, says why, and closes nothing, whichever answers last', async () => {
  const answered = await closes.triage(closes.incident(alertOf('scan 1')), {
    inputs: { auto_close: 'true' },
    answers: { 'Review the incident by hand': 'done' },
    more: ['--instance', `two=${other.url},${other.keyFile}`],
  });
  expect(answered.trace).toMatchObject({ state: 'completed', problem: null });
  expect(names(answered)).toEqual(
    expect.arrayContaining(['Note that several instances answered', 'Review the incident by hand']),
  );
  expect(names(answered)).not.toContain('Close the incident');
  expect(answered.incident).toMatchObject({
    status: 1,
    owner: 'analyst',
    CustomFields: { verdicterrormessage: expect.stringContaining('name one of them in the input instance') },
  });
});

it('with a name that one alone is asked, and gets the feedback', async () => {
  const gate = await openRecorder(() => other.url);
  const keyFile = join(closes.shell.folder, 'other-key.txt');
  writeFileSync(keyFile, `${other.key}\n`, { mode: 0o600 });
  const more = ['--instance', `two=${gate.url},${keyFile}`];
  const closed = await closes.triage(closes.incident(alertOf('scan 1')), {
    inputs: { auto_close: 'true', instance: 'one' },
    more,
  });
  expect(closed.trace).toMatchObject({ state: 'completed', problem: null });
  expect(closed.incident).toMatchObject({ status: 2, CustomFields: { verdictdecision: 'Drop' } });

  const inputs = { instance: 'one', event_id: 'asked-1' };
  const asked = await closes.triage(closes.incident(alertOf('beacon 0')), {
    inputs,
    answers: { 'Ask the analyst': 'Drop' },
    more,
  });
  gate.close();
  expect(asked.incident).toMatchObject({ status: 1, CustomFields: { verdictfeedback: 'Drop' } });
  expect((await closes.admin.app.event(closes.jobId, 'asked-1')).feedback).toMatchObject([{ label: 'Drop' }]);
  expect(gate.calls).toEqual([]);
});
