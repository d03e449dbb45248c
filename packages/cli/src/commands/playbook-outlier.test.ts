import type { JsonObject } from '@verdict/xsoar';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { branchOf, names, openGuardOfDrop, openSoc, type Soc } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What is unlike everything that the model was trained on goes to a person, however sure the model is and however open the guard. */

let soc: Soc;

beforeAll(async () => {
  soc = await openSoc({ audit_rate: 1 });
  const rows = Array.from({ length: 400 }, (_, n) => ({ event: alert(n), label: n % 3 === 0 ? 'Escalate' : 'Drop' }));
  await soc.learn(rows, 'rule.name,process.name,user,bytes,command');
  expect(await soc.shell.verdict(['jobs', 'train', 'Triage'])).toMatchObject({ status: 0 });
});

afterAll(() => soc.close());

it('an outlier that the model would drop is asked of an analyst and never closed', async () => {
  await openGuardOfDrop(
    soc,
    Array.from({ length: 60 }, (_, n) => alert(3 * n + 4)),
  );

  // With this guard and this input an ordinary Drop is closed, one like those that were audited …
  const inputs = { auto_close: 'true' };
  const ordinary = await soc.triage(soc.incident(alert(3 * 61 + 4)), { inputs });
  expect(ordinary.context).toMatchObject({ Arcanna: { Event: { result_label: 'Drop', outlier: false, automation: 'allowed' } } });
  expect(ordinary.incident).toMatchObject({ status: 2 });

  // … and one of a rule and a process that nobody has seen is not, although the model is as sure of it.
  const strange = { ...alert(1), rule: { name: 'Kernel driver loaded from temp' }, process: { name: 'zz9.exe' } };
  const asked = await soc.triage(soc.incident(strange), { inputs, answers: { 'Ask the analyst': 'Escalate' } });
  const { Event: event } = asked.context.Arcanna as { Event: JsonObject };
  expect(event).toMatchObject({ result_label: 'Drop', outlier: true });
  expect(event.confidence_score).toBeGreaterThan(60);
  expect(branchOf(asked, 'Is it ordinary, and is Verdict sure?')).toBe('#default#');
  expect(names(asked)).toEqual(expect.arrayContaining(['Assign an analyst to decide', 'Ask the analyst', 'Send the feedback']));
  expect(names(asked)).not.toContain('Close the incident');
  expect(asked.incident).toMatchObject({
    status: 1,
    owner: 'analyst',
    CustomFields: { verdictdecision: 'Drop', verdictoutlierflag: true, verdictfeedback: 'Escalate' },
  });
});

/** Alerts as spread as real ones are: every third a beacon, the others scans, by many users and with many sizes. */
function alert(n: number): JsonObject {
  const beacon = n % 3 === 0;
  const processes = beacon ? ['powershell.exe', 'rundll32.exe', 'mshta.exe'] : ['nmap.exe', 'svchost.exe', 'backup.exe'];
  return {
    rule: { name: beacon ? `Beacon to rare domain ${n % 4}` : `Port scan ${n % 5}` },
    process: { name: processes[((n * 5) % 7) % 3]! },
    user: `user${n % 23}`,
    bytes: 500 + ((n * 7919) % 4000),
    command: beacon ? `beacon c2 ${n % 9}` : `scan net ${n % 11}`,
  };
}
