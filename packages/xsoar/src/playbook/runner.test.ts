import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentOf, incidentView, isClosed } from './incident.ts';
import { readPlaybook } from './read-playbook.ts';
import { draftPlaybook, isText, runDraft, type TaskDraft, testHost } from './testing.ts';
import type { RunTrace } from './trace.ts';

const start = (...next: string[]): TaskDraft => ({ type: 'start', name: '', next });
const title = (name: string, ...next: string[]): TaskDraft => ({ type: 'title', name, next });
const ids = (trace: RunTrace) => trace.tasks.map(({ id }) => id);

describe('the runner', () => {
  it('goes along the branch taken, waits for all that lead to a task, and says what it did not reach', async () => {
    const text = draftPlaybook({
      '0': start('1', '2'),
      '1': { script: 'Set', args: { key: 'A', value: 'x' }, next: ['3'] },
      '2': {
        type: 'condition',
        name: 'Which?',
        conditions: [{ label: 'yes', condition: isText('incident.name', 'An alert') }],
        next: { yes: ['4'], '#default#': ['5'] },
      },
      '3': title('Join'),
      '4': { script: 'Set', args: { key: 'B', value: '${A} of ${incident.name}' }, next: ['3'] },
      '5': title('Never', '3'),
    });
    const { host } = testHost();
    const { trace, context } = await runDraft(text, host);
    expect(trace.state).toBe('completed');
    expect(ids(trace)).toEqual(['0', '1', '2', '4', '3']);
    expect(trace.not_reached).toEqual(['5']);
    expect(context).toEqual({ A: 'x', B: 'x of An alert' });
    expect(trace.tasks.map(({ branch }) => branch)).toEqual(['#none#', '#none#', 'yes', '#none#', null]);
    expect(trace.tasks[1]!.context_changes).toEqual([{ path: 'A', to: 'x' }]);
    expect(trace.tasks[3]!.inputs).toEqual({ key: 'B', value: 'x of An alert' });
  });

  it('holds up only what comes after a failed task, continues where it should, and takes the error path', async () => {
    const fails = (next: TaskDraft['next'], more = {}): TaskDraft => ({ command: 'fail', next: next!, ...more });
    const { host } = testHost({ commands: { fail: () => new Error('The server said no.') } });
    const stopped = await runDraft(
      draftPlaybook({ '0': start('1', '2'), '1': fails(['3']), '2': title('Other'), '3': title('After') }),
      host,
    );
    expect(stopped.trace).toMatchObject({
      state: 'failed',
      problem: 'task "1" (Task 1) failed: The server said no.',
      not_reached: ['3'],
    });
    expect(ids(stopped.trace)).toEqual(['0', '1', '2']);

    const continued = await runDraft(
      draftPlaybook({ '0': start('1'), '1': fails(['2'], { continueonerror: true }), '2': title('After') }),
      host,
    );
    expect(continued.trace.tasks.map(({ state }) => state)).toEqual(['done', 'continued', 'done']);

    const handled = await runDraft(
      draftPlaybook({
        '0': start('1'),
        '1': fails({ '#none#': ['2'], '#error#': ['3'] }, { continueonerror: true, continueonerrortype: 'errorPath' }),
        '2': title('Fine'),
        '3': { script: 'AssignAnalystToIncident', args: { username: 'ada' } },
      }),
      host,
    );
    expect(ids(handled.trace)).toEqual(['0', '1', '3']);
    expect(handled.trace.tasks[1]).toMatchObject({ branch: '#error#', error: 'The server said no.' });
    expect(handled.incident.fields.owner).toBe('ada');
  });

  it('stops at once where it does not know what to run, with id and name of the task', async () => {
    const { host } = testHost();
    const unknown = async (task: TaskDraft) =>
      (
        await runDraft(
          draftPlaybook({ '0': start('1', '2'), '1': { ...task, continueonerror: true }, '2': title('Never') }),
          host,
        )
      ).trace;
    expect(await unknown({ command: 'no-such-command' })).toMatchObject({
      problem: 'task "1" (Task 1) failed: no instance has the command no-such-command',
      not_reached: ['2'],
    });
    expect((await unknown({ script: 'NoSuchScript' })).problem).toContain(
      'the script NoSuchScript is neither built in nor part of the pack',
    );
    expect((await unknown({ type: 'playbook', playbook: 'No such' })).problem).toContain(
      'the playbook "No such" is not in the pack',
    );
    expect(
      (
        await unknown({
          script: 'Print',
          args: { value: { complex: { root: 'incident', transformers: [{ operator: 'rot13' }] } } },
        })
      ).problem,
    ).toContain('the transformer rot13 is not known here');
    // XSOAR runs any JavaScript in an expression.
    expect(await unknown({ script: 'Print', args: { value: '${.=function(val) { return val.x }(val)}' } })).toMatchObject({
      problem: expect.stringContaining('which is not supported in DT here'),
      not_reached: ['2'],
    });
    expect(await unknown({ script: 'Set', args: { key: 'A(val.id.match(/x/))', value: '1', append: 'true' } })).toMatchObject({
      problem: expect.stringContaining('a regular expression, which is not supported'),
      not_reached: ['2'],
    });
    const skipped = await unknown({ command: 'no-such-command', skipunavailable: true });
    expect(skipped).toMatchObject({ state: 'completed', tasks: [{}, { state: 'skipped' }, {}] });
  });

  it('says where a condition has neither a branch that holds nor an else', async () => {
    const { host } = testHost();
    const task = {
      type: 'condition',
      name: 'Severe?',
      conditions: [{ label: 'yes', condition: isText('incident.name', 'x') }],
      next: { yes: ['2'] },
    };
    const { trace } = await runDraft(draftPlaybook({ '0': start('1'), '1': task, '2': title('Yes') }), host);
    expect(trace.problem).toBe('task "1" (Severe?) failed: no condition holds, and there is no else; the branches are yes');
  });

  it('refuses tasks that lead back to themselves', async () => {
    const { host } = testHost();
    const text = draftPlaybook({ '0': start('1'), '1': title('A', '2'), '2': title('B', '1') });
    await expect(runDraft(text, host)).rejects.toThrow('test.yml: tasks lead back to themselves: task "1" (A) → task "2" (B).');
  });

  it('runs scripts as conditions, tries again as asked, keeps outputs, and closes the incident as a playbook', async () => {
    const { host, calls, slept } = testHost({
      commands: { flaky: (_call, times) => (times < 3 ? new Error('busy') : { 'R(val.id == obj.id)': { id: 1, n: times } }) },
      scripts: { Decide: ({ args }) => (args.n === 3 ? 'YES' : 'no') },
    });
    const { trace, context, incident } = await runDraft(
      draftPlaybook({
        '0': start('1'),
        '1': {
          command: 'flaky',
          args: { 'retry-count': '5', 'retry-interval': '7', using: 'one', 'extend-context': 'Raw=.' },
          next: ['2'],
        },
        '2': { type: 'condition', script: 'Decide', args: { n: '${R.n}' }, next: { yes: ['3'], '#default#': ['4'] } },
        '3': { command: 'Builtin|||closeInvestigation', args: { closeReason: 'False Positive', closeNotes: 'n' } },
        '4': title('Not'),
      }),
      host,
    );
    expect(trace.state).toBe('completed');
    expect([calls.length, calls[0]]).toEqual([3, { command: 'flaky', args: {}, using: 'one' }]);
    expect(slept).toEqual([7000, 7000]);
    expect(context.R).toEqual({ id: 1, n: 3 });
    expect(context.Raw).toBeDefined();
    expect(isClosed(incident)).toBe(true);
    expect(incidentView(incident)).toMatchObject({
      closeReason: 'False Positive',
      closeNotes: 'n',
      closingUserId: 'DBot',
      closed: new Date(1_014_000).toISOString(),
    });
  });

  it('asks people, and waits where nobody answers', async () => {
    const form = {
      title: 'Ask.it',
      questions: [
        {
          id: '0',
          labelarg: { simple: 'Which of ${Options}?' },
          type: 'singleSelect',
          required: true,
          optionsarg: [{ simple: '${Options}' }],
        },
        { id: 'why', label: 'Why?', type: 'shortText' },
      ],
    };
    const text = draftPlaybook({
      '0': start('1'),
      '1': { script: 'Set', args: { key: 'Options', value: '["Drop","Escalate"]' }, next: ['2'] },
      '2': { type: 'collection', name: 'Ask', form, next: ['3'] },
      '3': { type: 'condition', name: 'Sure?', message: { replyOptions: ['Yes', 'No'] }, next: { Yes: ['4'], No: ['5'] } },
      '4': { name: 'By hand', next: ['6'] },
      '5': title('No'),
      '6': { script: 'Set', args: { key: 'Chosen', value: '${Ask\\.it.Answers.0}' } },
    });
    const answers = { 'Ask.0': 'drop', 'Ask.why': 'noise', 'Sure?': 'yes', 'By hand': 'done' };
    const { host, asked } = testHost({ answers });
    const { trace, context } = await runDraft(text, host);
    expect(ids(trace)).toEqual(['0', '1', '2', '3', '4', '6']);
    expect(context.Chosen).toBe('Drop');
    expect(context['Ask.it']).toEqual({ Answers: { '0': 'Drop', why: 'noise', name: 'analyst' } });
    expect(asked[0]).toMatchObject({ text: 'Which of Drop,Escalate?', options: ['Drop', 'Escalate'], required: true });

    const waits = await runDraft(text, testHost({ answers: { Ask: 'Drop' } }).host);
    expect(waits.trace).toMatchObject({
      state: 'waiting',
      problem: 'task "3" (Sure?) waits: a person has to choose among Yes, No',
    });
    const wrong = await runDraft(text, testHost({ answers: { Ask: 'Keep' } }).host);
    expect(wrong.trace.problem).toBe('task "2" (Ask) failed: "Keep" is none of Drop, Escalate');
  });

  it('sets numbers, and text that is wanted as text, as the War Room does', async () => {
    const set = (args: Record<string, string>, next: string[], script = 'Set') => ({ script, args, next });
    const text = draftPlaybook({
      '0': start('1'),
      '1': set({ key: 'A.n', value: '5' }, ['2']),
      '2': set({ key: 'A.n', value: '6', append: 'true' }, ['3']),
      '3': set({ key: 'A.t', value: '05' }, ['4']),
      '4': set({ key: 'A.s', value: '5', stringify: 'true' }, ['5']),
      '5': set({ key: 'B', value: '${nothing}' }, ['6'], 'SetAndHandleEmpty'),
      '6': set({ key: 'C', value: '', force: 'true' }, [], 'SetAndHandleEmpty'),
    });
    expect((await runDraft(text, testHost().host)).context).toEqual({ A: { n: [5, 6], t: '05', s: '5' }, C: '' });
  });

  it('deletes keys of the context, one item of a list, or everything but', async () => {
    const remove = (args: Record<string, string>, next: string[]) => ({
      script: 'DeleteContext',
      args: { key: '', ...args },
      next,
    });
    const text = draftPlaybook({
      '0': start('1'),
      '1': remove({ key: 'A.x, B', all: 'no' }, ['2']),
      '2': remove({ key: 'L', index: '1' }, ['3']),
      '3': remove({ key: 'One', index: '0' }, ['4']),
      '4': remove({ all: 'yes', keysToKeep: 'A.y,L' }, ['5']),
      '5': remove({ key: 'L', index: '2' }, []),
    });
    const context = { A: { x: 1, y: 2 }, B: 3, L: ['a', 'b', 'c'], One: ['z'], Other: 4 };
    const result = await runDraft(text, testHost().host, { context });
    expect(result.context).toEqual({ A: { y: 2 }, L: ['a', 'c'] });
    expect(result.trace.problem).toBe('task "5" (Task 5) failed: DeleteContext: L has no item 2');
    const nothing = draftPlaybook({ '0': start('1'), '1': remove({ all: 'no' }, []) });
    expect((await runDraft(nothing, testHost().host)).trace.problem).toContain('the argument key is missing');
  });

  it('changes fields of the incident, own and custom', async () => {
    const { incident, trace } = await runDraft(
      draftPlaybook({
        '0': start('1'),
        '1': {
          command: 'Builtin|||setIncident',
          args: {
            severity: 'high',
            verdictdecision: 'Drop',
            customFields: '{"verdictfeedback":"Drop"}',
            details: { simple: '' },
          },
          next: ['2'],
        },
        '2': { script: 'Print', args: { value: 'x' }, fieldMapping: [{ incidentfield: 'Owner', output: { simple: 'ada' } }] },
      }),
      testHost().host,
      { incident: incidentOf({ name: 'n', CustomFields: { old: 1 }, oddfield: 2 }) },
    );
    expect(incident).toEqual({
      fields: { id: '1', status: 1, name: 'n', severity: 3, owner: 'ada' },
      custom: { old: 1, oddfield: 2, verdictdecision: 'Drop', verdictfeedback: 'Drop' },
    });
    expect(trace.tasks[1]!.incident_changes).toContainEqual({ path: 'verdictdecision', to: 'Drop' });
  });

  it('finds labels of the incident by their type, as playbooks for mail do', async () => {
    const mail = {
      name: 'Phish',
      labels: [
        ['Email/from', 'a@b'],
        ['Email', 'x'],
        ['Email', 'y'],
      ].map(([type, value]) => ({ type: type!, value: value! })),
    };
    const { context } = await runDraft(
      draftPlaybook({
        '0': start('1'),
        '1': { script: 'Set', args: { key: 'From', value: '<${incident.labels.Email/from}>' }, next: ['2'] },
        '2': { script: 'Set', args: { key: 'To', value: { complex: { root: 'incident', accessor: 'labels.Email' } } } },
      }),
      testHost().host,
      { incident: incidentOf(mail) },
    );
    expect(context).toEqual({ From: '<a@b>', To: ['x', 'y'] });
  });

  it('keeps polling a command that asks for it, until it gives up', async () => {
    const poll = (until: number) => ({
      check: ({ args }: { args: { readonly [key: string]: unknown } }, times: number) =>
        times >= until
          ? [{ instance: 'one', entries: [{ Type: 1, Contents: 'ready', EntryContext: { Done: args.id as string } }] }]
          : [
              {
                instance: 'one',
                entries: [
                  {
                    Type: 1,
                    Contents: '',
                    PollingCommand: 'check',
                    NextRun: '15',
                    Timeout: '60',
                    PollingArgs: { id: args.id as string },
                  },
                ],
              },
            ],
    });
    const text = draftPlaybook({ '0': start('1'), '1': { command: 'check', args: { id: '7' } } });
    const ready = testHost({ commands: poll(3) });
    expect((await runDraft(text, ready.host)).context).toEqual({ Done: '7' });
    expect(ready.slept).toEqual([15_000, 15_000]);
    const late = testHost({ commands: poll(99) });
    expect((await runDraft(text, late.host)).trace.problem).toBe('task "1" (Task 1) failed: check was not through after 60 s');
    expect(late.slept.length).toBe(4);
  });

  it('ends when its time is over', async () => {
    const text = draftPlaybook({
      '0': start('1'),
      '1': { script: 'Sleep', args: { seconds: '100' }, next: ['2'] },
      '2': title('Late'),
    });
    const { trace } = await runDraft(text, testHost().host, { timeoutMs: 50_000 });
    expect(trace.problem).toBe('task "2" (Late) failed: the time that the run may take is over');
  });
});

it('a run that is told to stop ends at its next task or pause, whatever the playbook says about errors', async () => {
  const text = draftPlaybook({
    '0': start('1'),
    '1': { script: 'Sleep', args: { seconds: '100' }, continueonerror: true, next: ['2'] },
    '2': title('Never'),
  });
  const host = (after: number) => {
    const made = testHost();
    let asked = 0;
    return { slept: made.slept, host: { ...made.host, isStopped: () => asked++ >= after } };
  };
  const early = host(1);
  expect((await runDraft(text, early.host)).trace.problem).toBe('task "1" (Task 1) failed: the run was stopped');
  expect(early.slept).toEqual([]);
  const late = host(3);
  expect((await runDraft(text, late.host)).trace).toMatchObject({
    state: 'failed',
    problem: 'task "1" (Task 1) failed: the run was stopped',
    not_reached: ['2'],
  });
  expect(late.slept).toEqual([100_000]);
});

it('an input that the playbook does not have is refused', async () => {
  const text = draftPlaybook(
    { '0': { type: 'start' } },
    {
      inputs: [
        { key: 'job_id', value: {} },
        { key: 'max', value: {} },
      ],
    },
  );
  await expect(runDraft(text, testHost().host, { inputs: { jobid: '1' } })).rejects.toThrow(
    'there is no input jobid; the inputs are: job_id, max.',
  );
});

describe('any playbook', () => {
  const graph = fc.integer({ min: 2, max: 14 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      edges: fc.array(
        fc
          .tuple(fc.nat(size - 1), fc.nat(size - 1), fc.constantFrom('yes', '#default#'), fc.nat(20))
          // Mostly forward, so that most graphs can be run.
          .map(([a, b, label, odds]): [number, number, string] => (odds === 0 || a < b ? [a, b, label] : [b, a, label]))
          .filter(([a, b]) => a !== b),
        { maxLength: 40 },
      ),
      chosen: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
    }),
  );

  const draft = ({ size, edges, chosen }: { size: number; edges: [number, number, string][]; chosen: boolean[] }) =>
    draftPlaybook(
      Object.fromEntries(
        Array.from({ length: size }, (_, id) => {
          const own = edges.filter(([from]) => from === id);
          const next: Record<string, string[]> = {};
          for (const [, to, label] of own) {
            const branch = id === 0 ? '#none#' : label;
            next[branch] = [...(next[branch] ?? []), String(to)];
          }
          if (id === 0) return [String(id), { type: 'start', next }];
          const condition = isText('incident.name', chosen[id] ? 'An alert' : 'another');
          return [
            String(id),
            { type: 'condition', conditions: [{ label: 'yes', condition }], next: { '#default#': [], ...next } },
          ];
        }),
      ),
    );

  it('ends or is refused, tells of every reached task once and after those before it, and does the same again', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (shape) => {
        const text = draft(shape);
        const run = () =>
          runDraft(text, testHost().host).then(
            ({ trace }) => trace,
            (error: Error) => error.message,
          );
        const [one, two] = [await run(), await run()];
        expect(two).toEqual(one);
        if (typeof one === 'string') {
          expect(one).toContain('lead back to themselves');
          return;
        }
        const order = ids(one);
        expect(new Set(order).size).toBe(order.length);
        expect(new Set([...order, ...one.not_reached]).size).toBe(shape.size);
        // A task ran exactly where one that ran before it took the way to it.
        const { tasks } = readPlaybook(text, 'x');
        const taken = one.tasks.flatMap(({ id, branch }) =>
          branch === null ? [] : (tasks.get(id)!.next.get(branch) ?? []).map((to) => ({ id, to })),
        );
        expect(new Set(['0', ...taken.map(({ to }) => to)])).toEqual(new Set(order));
        for (const { id, to } of taken) expect(order.indexOf(id)).toBeLessThan(order.indexOf(to));
      }),
      { numRuns: 100 },
    );
  });
});
