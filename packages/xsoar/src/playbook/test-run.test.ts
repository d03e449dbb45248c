import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawRun } from './picture.ts';
import { readPlaybook } from './read-playbook.ts';
import { BadTest, readPlaybookTest } from './test-file.ts';
import { runPlaybookTest } from './test-run.ts';
import { draftPlaybook, isText, sentenceOf } from './testing.ts';
import { treeOf } from './tree.ts';

const PLAYBOOK = readPlaybook(
  draftPlaybook({
    '0': { type: 'start', name: '', next: ['1'] },
    '1': {
      name: 'Get',
      command: 'get',
      args: { id: '${incident.id}' },
      next: { '#none#': ['2'], '#error#': ['4'] },
      continueonerror: true,
      continueonerrortype: 'errorPath',
    },
    '2': {
      type: 'condition',
      name: 'Well?',
      conditions: [
        {
          label: 'yes',
          condition: isText('State', 'well'),
        },
      ],
      next: { yes: ['3'], '#default#': ['4'] },
    },
    '3': { name: 'Close', command: 'Builtin|||closeInvestigation', args: { closeReason: 'Resolved' } },
    '4': { name: 'Assign', script: 'AssignAnalystToIncident', args: { username: 'ada' } },
  }),
  'p.yml',
);

const run = (test: string) =>
  runPlaybookTest(
    readPlaybookTest(`playbook: p.yml\nincident: { id: '7' }\n${test}`, 't.yml'),
    PLAYBOOK,
    { id: '7' },
    () => undefined,
  );

const WELL = `
commands:
  - command: get
    args: { id: 7 }
    context: { State: well }
`;

describe('a test of a playbook', () => {
  it('passes where everything came out as expected', async () => {
    const result = await run(`${WELL}
expect:
  path: [Get, Close]
  exact_path: ['0', Get, 'Well?', Close]
  not_reached: [Assign]
  context: { State: well, Nothing: null }
  incident: { closeReason: Resolved, status: 2 }
  closed: true
  calls: [get]
`);
    expect(result.differences).toEqual([]);
    expect(result).toMatchObject({ passed: true, unused: [] });
    expect(treeOf(result.trace)).toEqual(['✓ 0 start', '✓ 1 Get', '✓ 2 Well? → yes', '✓ 3 Close']);
  });

  it('says of everything else what was expected and what was found', async () => {
    const result = await run(`
commands:
  - command: get
    error: The server said no.
  - command: get
    args: { id: other }
expect:
  ends: waiting
  path: [Close]
  exact_path: [Get]
  not_reached: [Assign]
  context: { State: well }
  incident: { owner: bob }
  closed: true
  calls: []
  problem: x
`);
    expect(result.passed).toBe(false);
    expect(result.unused).toEqual(['commands[1] (get)']);
    expect(result.differences).toEqual([
      { what: 'how it ends', expected: 'waiting', found: 'completed' },
      { what: 'problem', expected: 'x', found: null },
      { what: 'path', expected: ['Close'], found: ['0', 'Get', 'Assign'] },
      { what: 'exact_path', expected: ['Get'], found: ['0', 'Get', 'Assign'] },
      { what: 'not_reached', expected: 'not Assign', found: ['0', 'Get', 'Assign'] },
      { what: 'context State', expected: 'well', found: null },
      { what: 'incident owner', expected: 'bob', found: 'ada' },
      { what: 'closed', expected: true, found: false },
      { what: 'calls', expected: [], found: ['get'] },
    ]);
  });

  it('stops where no recorded answer fits, and fails a command by its timeout', async () => {
    const unfit = await run(
      'commands: [{ command: get, args: { id: other } }]\nexpect: { ends: failed, problem: no recorded answer of the command get fits }',
    );
    expect(unfit.differences).toEqual([]);
    const late = await run('commands: [{ command: get, timeout: 90 }]\nexpect: { path: [Get, Assign] }');
    expect(late.differences).toEqual([]);
    expect(late.trace.tasks[1]).toMatchObject({ error: 'get did not answer within 90 s', started_ms: 0, ended_ms: 90_000 });
  });

  it('knows other incidents, and compares what became of them', async () => {
    const text = draftPlaybook({
      '0': { type: 'start', next: ['1'] },
      '1': { command: 'Builtin|||getIncidents', args: { status: 'closed', 'extend-context': 'Found=data' }, next: ['2'] },
      '2': { command: 'Builtin|||setIncident', args: { id: '${Found.id}', owner: 'ada' } },
    });
    const incidents = 'incidents: [{ id: 8, status: 2 }, { id: 9 }]';
    const both = async (expected: string) => {
      const test = readPlaybookTest(`playbook: p.yml\n${incidents}\nexpect: { incidents: ${expected} }`, 't.yml');
      return (await runPlaybookTest(test, readPlaybook(text, 'p.yml'), { id: '7' }, () => undefined)).differences;
    };
    expect(await both("{ '8': { owner: ada, status: 2 }, '9': { owner: null } }")).toEqual([]);
    expect(await both("{ '9': { owner: ada }, '5': { status: 2 } }")).toEqual([
      { what: 'incident 5 status', expected: 2, found: null },
      { what: 'incident 9 owner', expected: 'ada', found: null },
    ]);
    const says = sentenceOf(BadTest, () => readPlaybookTest('playbook: p\nincidents: [{ name: x }]', 't.yml'));
    expect(says).toBe('t.yml: incidents: incident 1 of the list has no id.');
  });

  it('is drawn with the way that it took', async () => {
    const { trace } = await run(WELL);
    const svg = drawRun(PLAYBOOK, trace);
    expect(svg).toContain('>Close</text>');
    // Three ways were taken; the pale ones are the others, and the tasks that did not run.
    expect(svg.match(/stroke-width="2.5" marker-end|stroke="#2e7d32" stroke-width="2.5"[^>]*marker-end/g)).toHaveLength(3);
  });

  it('is refused where it does not say what it should', () => {
    const says = (text: string) => sentenceOf(BadTest, () => readPlaybookTest(text, 't.yml'));
    expect(says('name: x')).toBe('t.yml: playbook is missing; name the playbook’s file.');
    expect(says('playbook: p\nexpect: { pth: [] }')).toContain(
      'expect has "pth", which is not known. It can have: ends, problem, path',
    );
    expect(says('playbook: p\ncommands: [{ args: {} }]')).toBe('t.yml: commands[0] has no command.');
    expect(says('playbook: p\nexpect: { ends: soon }')).toContain('it can be completed, failed, waiting');
    expect(says('playbook: p\nincident: 7')).toContain('incident is neither');
    expect(says('a: &x 1')).toMatch(/^t\.yml, line 1: the file uses the anchor/);
  });

  it('has the form that the manual shows', () => {
    const manual = readFileSync(new URL('../../../../docs/playbook-tests.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(manual) ?? [];
    expect(readPlaybookTest(example, 'manual')).toMatchObject({
      expect: { closed: true, calls: ['arcanna-send-event'] },
      scripts: [{ name: 'MyScript' }],
    });
  });
});
