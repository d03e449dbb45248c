import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packFolder, type RunTrace } from '@verdict/xsoar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, labelledAlerts, names, openSoc, type Soc } from './testing/playbooks.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const TRIAGE = join(packFolder(), 'Playbooks/playbook-Verdict_-_Triage.yml');

let soc: Soc;
let hosts = 0;

beforeAll(async () => {
  soc = await openSoc();
});

afterAll(() => soc.close());

/** An incident with a new alert; the rule decides what it is. */
const incident = (rule: string) => soc.incident({ rule: { name: rule }, host: `h${hosts++ % 4}` });

describe('our playbooks against a service', () => {
  it('ask the analyst before anything is trained, and send what is said as feedback', async () => {
    const answer = await soc.triage(incident('scan 1'), { answers: { 'Ask the analyst': 'Drop' } });
    expect(answer.trace.problem).toBeNull();
    expect(names(answer)).toEqual(
      expect.arrayContaining(['Note that there is no decision', 'Ask the analyst', 'Send the feedback', 'Done']),
    );
    expect(names(answer)).not.toContain('Close the incident');
    expect(answer.incident).toMatchObject({ status: 1, owner: 'analyst', CustomFields: { verdictfeedback: 'Drop' } });
    expect((await soc.admin.app.job(soc.jobId)).events_with_feedback).toBe(1);
  });

  it('wait where nobody answers, and leave a trace and a picture', async () => {
    const [trace, svg] = [join(soc.shell.folder, 'trace.json'), join(soc.shell.folder, 'run.svg')];
    const more = ['--trace', trace, '--svg', svg];
    const ran = await soc.ran('Triage', incident('scan 2'), { inputs: { job_id: soc.jobId }, more });
    expect(ran.status).toBe(1);
    expect(ran.err).toContain('waits: a person has to answer');
    expect(ran.out).toMatch(/^✓ 0 start\n✓ 1 Send the alert\n(✓ \d+ Forget .*\n){2}✓ 2 Is there an alert to send\? → yes/);
    const written = JSON.parse(readFileSync(trace, 'utf8')) as RunTrace;
    expect(written).toMatchObject({ state: 'waiting', playbook: 'Verdict - Triage' });
    expect(written.tasks.map(({ started_ms, ended_ms }) => ended_ms >= started_ms)).not.toContain(false);
    const picture = readFileSync(svg, 'utf8');
    expect(picture).toMatch(/^<svg /);
    expect(picture).toContain('Ask the analyst');
  });

  it('act on decisions after training: assign, ask, close only where the guard and the input allow it', async () => {
    await soc.learn(labelledAlerts(300), 'rule.name');
    expect(await soc.shell.verdict(['jobs', 'train', 'Triage'])).toMatchObject({ status: 0 });

    const escalated = await soc.triage(incident('beacon 0'), { answers: { 'Ask the analyst': 'Escalate' } });
    expect(names(escalated)).toContain('Assign the escalated incident');
    expect(escalated.incident).toMatchObject({ status: 1, CustomFields: { verdictdecision: 'Escalate' } });

    const dropped = await soc.triage(incident('scan 1'), {
      inputs: { auto_close: 'true' },
      answers: { 'Ask the analyst': 'Drop' },
    });
    expect(dropped.context).toMatchObject({ Arcanna: { Event: { result_label: 'Drop' } } });
    // Nobody has opened the guard, so the input alone closes nothing.
    expect(names(dropped)).toContain('Assign an analyst to decide');
    expect(dropped.incident).toMatchObject({ status: 1 });
  });

  it('go to a person with a wrong key, an unknown label, and a service that is down', async () => {
    const byHand = { 'Review the incident by hand': 'done' };
    const wrong = soc.write('wrong.txt', 'vrd_wrong');
    const refused = await soc.triage(incident('scan 3'), { answers: byHand, keyFile: wrong });
    expect(names(refused)).toEqual(expect.arrayContaining(['Note that the alert was not sent', 'Review the incident by hand']));
    expect(refused.trace.state).toBe('completed');

    // A label that the use case does not have: the form refuses it, and nothing of it reaches the service.
    const before = (await soc.admin.app.job(soc.jobId)).events_with_feedback;
    const unknown = await soc.triage(incident('scan 3'), { answers: { 'Ask the analyst': 'Whatever' } });
    expect(unknown.trace).toMatchObject({ state: 'failed', problem: expect.stringContaining('"Whatever" is none of') });
    expect(names(unknown)).not.toContain('Send the feedback');
    expect((await soc.admin.app.job(soc.jobId)).events_with_feedback).toBe(before);

    const url = `http://127.0.0.1:${await freePort()}`;
    const down = await soc.triage(incident('scan 3'), { answers: byHand, url });
    expect(names(down)).toContain('Note that the alert was not sent');
    expect(down.incident).toMatchObject({ status: 1 });
  });

  it('are recorded, and the record is a test that passes without the service', async () => {
    const out = join(soc.shell.folder, 'recorded.yml');
    const recorded = await soc.shell.verdict([
      'playbook',
      'record',
      TRIAGE,
      '--incident',
      incident('beacon 1'),
      '--instance',
      `one=${soc.url},${soc.keyFile}`,
      '--input',
      `job_id=${soc.jobId}`,
      '--answer',
      'Ask the analyst=Escalate',
      '--out',
      out,
    ]);
    expect(recorded).toMatchObject({ status: 0, err: expect.stringContaining('look through them before you share it') });
    expect(readFileSync(out, 'utf8')).not.toContain(readFileSync(soc.keyFile, 'utf8').trim());
    expect(await soc.shell.verdict(['playbook', 'test', out])).toMatchObject({ status: 0, err: '1 test: 1 passed, 0 failed.\n' });
    // Another answer of the service, and the test says what is different.
    const changed = join(soc.shell.folder, 'changed.yml');
    writeFileSync(changed, readFileSync(out, 'utf8').replaceAll('Escalate', 'Drop'));
    const failed = await soc.shell.verdict(['playbook', 'test', changed, out]);
    expect(failed).toMatchObject({ status: 1, err: '2 tests: 1 passed, 1 failed.\n' });
    expect(failed.out).toMatch(/^✗ .*changed\.yml: Verdict - Triage, as recorded\n {4}exact_path\n/);
    expect(failed.out).toContain('- Assign the escalated incident');
  });

  it('close a Drop where the guard and the input allow it, and nothing where only one does', async () => {
    let tests = 0;
    const test = (automation: string, autoClose: boolean, expect: object, more: object = {}, answered: object[] = []) => {
      tests += 1;
      const file = join(soc.shell.folder, `guard-${tests}.yml`);
      const event = {
        event_id: 'e1',
        job_id: 1,
        status: 'OK',
        result_label: 'Drop',
        confidence_score: 97,
        outlier: false,
        automation,
        ...more,
      };
      const sent = { 'Verdict.Sent': { event_id: 'e1', job_id: 1, server: 'http://verdict' } };
      const context = { 'Arcanna.Event(val.event_id && val.event_id === obj.event_id)': event, ...sent };
      const commands = [
        ...answered,
        ...['arcanna-send-event', 'arcanna-get-event-status', 'arcanna-send-event-feedback'].map((command) => ({
          command,
          context,
        })),
        { command: 'arcanna-get-decision-set', context: { 'Arcanna.Event.decision_set': ['Drop', 'Escalate'] } },
      ];
      const incident = { id: '1', name: 'scan', severity: 1, rawJSON: '{"a":1}' };
      const answers = {
        'Ask the analyst': 'Drop',
        'Review the incident by hand': 'done',
        'See to the feedback by hand': 'seen',
      };
      writeFileSync(
        file,
        JSON.stringify({
          playbook: relative(soc.shell.folder, TRIAGE),
          incident,
          answers,
          inputs: { auto_close: autoClose },
          commands,
          expect,
        }),
      );
      return file;
    };
    const ran = await soc.shell.verdict([
      'playbook',
      'test',
      test('allowed', true, {
        closed: true,
        path: ['Say that the playbook closes it', 'Close the incident'],
        not_reached: ['Ask the analyst'],
      }),
      test('allowed', false, { closed: false, path: ['Assign an analyst to decide', 'Ask the analyst'] }),
      test('not_allowed', true, { closed: false, path: ['Assign an analyst to decide', 'Ask the analyst'] }),
      // A close that fails is taken back, so that the analyst's own close is sent.
      test(
        'allowed',
        true,
        {
          closed: false,
          path: ['Close the incident', 'Take back that the playbook closed it', 'Ask the analyst', 'Send the feedback'],
          incident: { owner: 'analyst', verdictfeedback: 'Drop' },
        },
        {},
        [{ command: 'closeInvestigation', error: 'The close reason is not known.' }],
      ),
      test(
        'allowed',
        true,
        {
          closed: false,
          path: ['Is there a decision?', 'Note that there is no decision', 'Ask the analyst'],
          not_reached: ['Close the incident'],
          incident: {
            owner: 'analyst',
            verdicterrormessage: 'Verdict has no decision (status ERROR, result class_1). a step failed',
          },
        },
        { status: 'ERROR', result: 'class_1', error_message: 'a step failed' },
      ),
      // Where nothing can be noted in the incident, a person is there all the same.
      test(
        'allowed',
        true,
        {
          ends: 'completed',
          closed: false,
          path: ['Note the event in the incident', 'Assign an analyst to review by hand', 'Review the incident by hand'],
          not_reached: ['Close the incident'],
        },
        {},
        [{ command: 'setIncident', error: 'There is no such field.' }],
      ),
      ...[
        ['verdictdecision', 'Ask the analyst'],
        ['verdictfeedback', 'See to the feedback by hand'],
      ].map(([field, task]) =>
        test('not_allowed', true, { ends: 'completed', closed: false, path: [task] }, {}, [
          { command: 'setIncident', args: { [field!]: 'Drop' }, error: 'There is no such field.' },
          { command: 'setIncident' },
        ]),
      ),
    ]);
    expect(ran.out).not.toContain('✗');
    expect(ran).toMatchObject({ status: 0, err: '8 tests: 8 passed, 0 failed.\n' });
  });

  it('end at the next task on Ctrl-C, with status 1 and what ran', async () => {
    const stop = new AbortController();
    const file = join(soc.shell.folder, 'long.yml');
    const task = (next: string[], more: object, type = 'regular') => ({
      type,
      task: { name: '', ...more },
      nexttasks: { '#none#': next },
    });
    const sleeping = { ...task(['2'], { scriptName: 'Sleep' }), scriptarguments: { seconds: { simple: '3600' } } };
    const tasks = { '0': task(['1'], {}, 'start'), '1': sleeping, '2': task([], { name: 'Never' }, 'title') };
    writeFileSync(file, JSON.stringify({ id: 'P', name: 'P', starttaskid: '0', tasks }));
    const running = soc.shell.verdict(['playbook', 'run', file, '--json'], { signal: stop.signal });
    setTimeout(() => stop.abort(), 500);
    const { status, out, err } = await running;
    expect({ status, err }).toEqual({ status: 1, err: 'P: task "1" failed: the run was stopped.\n' });
    expect(JSON.parse(out)).toMatchObject({ trace: { state: 'failed', not_reached: ['2'] } });
  });

  it('say what is wrong with files and options', async () => {
    const says = async (...argv: string[]) => (await soc.shell.verdict(['playbook', ...argv])).err;
    expect(await says('run', 'no-such.yml')).toContain('There is no file no-such.yml.');
    expect(await says('run', TRIAGE, '--instance', 'one')).toContain('is no instance. Write it like');
    expect(await says('run', TRIAGE, '--instance', 'one=http://127.0.0.1:1')).toContain('The instance one has no key');
    expect(await says('run', TRIAGE, '--answer', 'x')).toContain('NAME=VALUE');
    expect(await says('run', TRIAGE, '--input', 'jobid=1')).toMatch(/there is no input jobid; the inputs are: .*job_id/);
    const nowhere = join(soc.shell.folder, 'nowhere', 'trace.json');
    const short = join(soc.shell.folder, 'short.yml');
    writeFileSync(short, JSON.stringify({ id: 'P', name: 'P', starttaskid: '0', tasks: { '0': { type: 'start', task: {} } } }));
    expect(await says('run', short, '--trace', nowhere)).toBe(
      `P came to its end.\n${nowhere} cannot be written: its folder is not there.\n`,
    );
    expect(await says('run', short, '--svg', soc.shell.folder)).toContain('cannot be written: it is a folder.');
    const list = join(soc.shell.folder, 'a-list.json');
    writeFileSync(list, '[]');
    expect(await says('run', TRIAGE, '--incident', list)).toContain(`${list} is a list; an incident is one JSON object.`);
    const incident = soc.incident({ rule: { name: 'scan 1' } });
    expect(await says('run', TRIAGE, '--incident', incident)).toContain('Commands need an instance: --instance NAME=URL,KEYFILE');
    const one = ['--instance', `one=${soc.url},${soc.keyFile}`];
    const asked = await says(
      'run',
      TRIAGE,
      '--incident',
      incident,
      ...one,
      '--input',
      `job_id=${soc.jobId}`,
      '--answer',
      'Ask=Drop',
    );
    expect(asked).toContain('No task has asked for the answer "Ask".');
    const evil = join(soc.shell.folder, 'evil.yml');
    const named = { id: 'x', version: -1, name: '\u202eevil\u001b[31m', script: 'No\u001b[2JSuch' };
    const tasks = {
      '0': { type: 'start', task: { name: '' }, nexttasks: { '#none#': ['1'] } },
      '1': { type: 'regular', task: named },
    };
    writeFileSync(evil, JSON.stringify({ id: 'P', name: 'P', starttaskid: '0', tasks }));
    const shown = await soc.shell.verdict(['playbook', 'run', evil]);
    expect(shown.err).toContain('neither built in nor part of the pack.\nName the pack that has it with --pack FOLDER.\n');
    writeFileSync(
      evil,
      JSON.stringify({ id: 'P', name: 'P', starttaskid: '0', tasks: { '1': { type: '\u001b[2J', task: named } } }),
    );
    const refused = await soc.shell.verdict(['playbook', 'run', evil]);
    expect(refused.err).toContain('the runner knows start');
    for (const { out, err } of [shown, refused]) for (const bad of ['\u001b', '\u202e']) expect(out + err).not.toContain(bad);
    const test = join(soc.shell.folder, 'bad-test.yml');
    writeFileSync(test, 'playbook: x.yml\nexpekt: {}\n');
    expect((await soc.shell.verdict(['playbook', 'test', test])).out).toContain('the file has "expekt", which is not known');
  });
});

describe('verdict pack check', () => {
  it('has nothing to say of our pack', async () => {
    expect(await soc.shell.verdict(['pack', 'check', packFolder(), '--strict'])).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/^1 pack, \d+ files: 0 errors, 0 warnings\.\n$/),
    });
  });

  it('says where there is no pack', async () => {
    expect((await soc.shell.verdict(['pack', 'check', join(soc.shell.folder, 'none')])).err).toContain('is not a folder');
  });
});
